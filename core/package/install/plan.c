/* The plan: what would be done, under which hash; and whether it was consented to. SPDX-License-Identifier: MIT */
#include "core/package/install/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/changelog.h"
#include "core/package/registry/refuse.h"
#include "core/package/surface.h"
#include "core/plugin/manifest/rights.h"
#include "core/sys/crypto.h"

/* ---- the hash ---- */

void oc_plan_seal(struct oc_txn *t, json_t *plan)
{
    json_t *what = json_object();
    char hex[OC_SHA256_HEX];
    oc_json_set_int(what, "generation", (int64_t)t->now.generation);
    json_object_set(what, "actions", json_object_get(plan, "actions"));
    json_object_set(what, "permissions", json_object_get(plan, "permissions"));
    char *text = oc_json_text(what); /* sorted keys: canonical */
    oc_sha256_hex(text, strlen(text), hex);
    oc_json_set_str(plan, "plan", hex);
    oc_json_set_int(plan, "generation", (int64_t)t->now.generation);
    free(text);
    json_decref(what);
}

int oc_plan_check(struct oc_work *w, const json_t *plan, const char *wanted)
{
    if (!wanted || strcmp(wanted, oc_json_str(plan, "plan", "")) == 0) {
        return OC_OK;
    }
    return oc_refuse(w, OC_E_CONFLICT, "plan-changed",
                     "Look at the plan again with --dry-run; nothing was changed.",
                     "what would be done is no longer what was shown");
}

json_t *oc_plan_new(void)
{
    json_t *plan = json_object();
    json_object_set_new(plan, "dry_run", json_true());
    json_object_set_new(plan, "actions", json_array());
    json_object_set_new(plan, "permissions", json_array());
    json_object_set_new(plan, "warnings", json_array());
    oc_json_set_str(plan, "consent", "none");
    return plan;
}

/* ---- of a selection ---- */

static const char *const do_words[] = {[OC_DO_INSTALL] = "install",
                                       [OC_DO_UPDATE] = "update",
                                       [OC_DO_REINSTALL] = "reinstall",
                                       [OC_DO_NOTHING] = "nothing"};

static json_t *action_json(const struct oc_candidate *c)
{
    json_t *a = json_object();
    oc_json_set_str(a, "do", do_words[c->action]);
    oc_json_set_str(a, "name", c->name);
    oc_json_set_str(a, "id", c->id);
    oc_json_set_str(a, "version", c->version);
    oc_json_set_str(a, "from", c->before ? oc_json_str(c->before, "version", NULL) : NULL);
    oc_json_set_str(a, "digest", c->digest);
    oc_json_set_int(a, "size", (int64_t)c->size);
    oc_json_set_str(a, "source", c->source);
    oc_json_set_str(a, "tier", c->tier);
    oc_json_set_str(a, "trust", c->trust);
    oc_json_set_bool(a, "enabled", c->enabled);
    oc_json_set_str(a, "surface", c->surface);
    if (!c->enabled && c->disabled_why) {
        oc_json_set_str(a, "disabled_why", c->disabled_why);
        oc_json_set_str(a, "disabled_text", c->disabled_text);
    }
    return a;
}

static bool has(const json_t *list, const char *text)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

static void add_permission(json_t *rows, const char *name, const char *permission, const char *why)
{
    json_t *row = json_object();
    oc_json_set_str(row, "permission", permission);
    oc_json_set_str(row, "why", why);
    oc_json_set_str(row, "name", name);
    json_array_append_new(rows, row);
}

static void add_permissions(json_t *rows, const struct oc_candidate *c)
{
    const json_t *before = json_object_get(c->before, "permissions"), *item;
    size_t i;
    json_array_foreach(c->permissions, i, item)
    {
        const char *text = json_string_value(item);
        add_permission(rows, c->name, text, has(c->fresh, text) ? "new" : "kept");
    }
    json_array_foreach(before, i, item)
    {
        if (!has(c->permissions, json_string_value(item))) {
            add_permission(rows, c->name, json_string_value(item), "gone");
        }
    }
}

/* The surface that is consented to: of one plugin its own, of several that of all together. */
static void surface_of(const struct oc_selection *s, char hex[OC_SHA256_HEX])
{
    json_t *all = json_array();
    for (size_t i = 0; i < s->list.count; i++) {
        const json_t *item;
        size_t k;
        json_array_foreach(s->list.items[i]->permissions, k, item)
        {
            if (!has(all, json_string_value(item))) {
                json_array_append(all, (json_t *)(uintptr_t)item);
            }
        }
    }
    oc_surface(all, hex);
    json_decref(all);
}

static bool granted(const struct oc_selection *s, const char *permission)
{
    return has(s->o.grant, permission);
}

/* "none": nothing is new. "given": all of it was named. Else "needed". */
static const char *consent_of(const struct oc_selection *s, const char *surface)
{
    const bool accepted = s->o.accept && strcmp(s->o.accept, surface) == 0;
    bool asked = false, open = false;
    for (size_t i = 0; i < s->list.count; i++) {
        const json_t *item;
        size_t k;
        json_array_foreach(s->list.items[i]->fresh, k, item)
        {
            asked = true;
            open = open || !granted(s, json_string_value(item));
        }
    }
    return !asked ? "none" : accepted || !open ? "given" : "needed";
}

static void add_changelog(json_t *plan, const struct oc_candidate *c)
{
    if (c->action == OC_DO_UPDATE && c->dir) {
        char *text =
            oc_changelog_between(c->dir, oc_json_str(c->before, "version", ""), c->version);
        if (text) {
            oc_json_set_str(plan, "changelog", text);
        }
        free(text);
    }
}

static void add_status(json_t *plan, const struct oc_candidate *c)
{
    json_t *warnings = json_object_get(plan, "warnings");
    const char *deprecated = oc_json_str(c->release.status, "deprecated", NULL);
    const json_t *advisories = json_object_get(c->release.status, "advisories"), *one;
    size_t i;
    if (deprecated && *deprecated) {
        char *text = oc_asprintf("%s is deprecated: %s", c->id, deprecated);
        json_array_append_new(warnings, json_string(text));
        free(text);
    }
    json_array_foreach(advisories, i, one)
    {
        char *text = oc_asprintf("%s has an advisory: %s", c->id,
                                 oc_json_str(one, "summary", oc_json_str(one, "id", "")));
        json_array_append_new(warnings, json_string(text));
        free(text);
    }
    if (c->disabled_text && !c->enabled) {
        char *text = oc_asprintf("%s will be disabled: %s%s", c->name,
                                 strcmp(c->disabled_why, "config") == 0 ? "it needs " : "",
                                 c->disabled_text);
        json_array_append_new(warnings, json_string(text));
        free(text);
    }
}

json_t *oc_selection_plan(struct oc_selection *s)
{
    json_t *plan = oc_plan_new();
    for (size_t i = 0; i < s->list.count; i++) {
        const struct oc_candidate *c = s->list.items[i];
        if (c->action != OC_DO_NOTHING) {
            json_array_append_new(json_object_get(plan, "actions"), action_json(c));
            add_permissions(json_object_get(plan, "permissions"), c);
            add_changelog(plan, c);
        }
        add_status(plan, c);
    }
    char surface[OC_SHA256_HEX];
    surface_of(s, surface);
    oc_json_set_str(plan, "surface", surface);
    oc_json_set_str(plan, "consent", consent_of(s, surface));
    oc_plan_seal(s->t, plan);
    return plan;
}

/* ---- consent ---- */

static json_t *fresh_of(const struct oc_selection *s)
{
    json_t *all = json_array();
    for (size_t i = 0; i < s->list.count; i++) {
        const json_t *item;
        size_t k;
        json_array_foreach(s->list.items[i]->fresh, k, item)
        {
            const char *text = json_string_value(item);
            if (!granted(s, text) && !has(all, text)) {
                json_array_append(all, (json_t *)(uintptr_t)item);
            }
        }
    }
    return all;
}

int oc_selection_consent(struct oc_selection *s, const json_t *plan)
{
    if (strcmp(oc_json_str(plan, "consent", ""), "needed") != 0) {
        return OC_OK;
    }
    const char *surface = oc_json_str(plan, "surface", "");
    const bool stale = s->o.accept != NULL;
    bool update = false;
    for (size_t i = 0; i < s->list.count; i++) {
        update = update || s->list.items[i]->action == OC_DO_UPDATE;
    }
    json_t *fresh = fresh_of(s);
    const size_t count = json_array_size(fresh);
    const char *first = json_string_value(json_array_get(fresh, 0));
    oc_error_set(&s->w->err, OC_E_DENIED, "%s %zu permission%s that nobody consented to: %s%s",
                 update ? "the update wants" : "it wants", count, count == 1 ? "" : "s",
                 first ? first : "", count > 1 ? ", ..." : "");
    oc_error_hint(&s->w->err, "Look at the plan, then say --accept-permissions %s.", surface);
    oc_work_detail(s->w, "permissions", fresh);
    oc_work_detail(s->w, "surface", json_string(surface));
    return oc_work_reason(s->w, stale    ? "surface-changed"
                                : update ? "surface-widened"
                                         : "consent-needed");
}
