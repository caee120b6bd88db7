/* The verbs that change one row of the state: enable, disable, pin, unpin, grants. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/install/plan.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"
#include "core/plugin/manifest/rights.h"

/* Changes a copy of the row; OC_OK, or what w->err says. */
typedef int (*change_fn)(struct oc_work *w, const struct oc_installed *p, json_t *row);

static json_t *action_json(const char *word, const struct oc_installed *p)
{
    json_t *a = json_object();
    oc_json_set_str(a, "do", word);
    oc_json_set_str(a, "name", p->name);
    oc_json_set_str(a, "id", p->id);
    oc_json_set_str(a, "version", p->version);
    return a;
}

static int change_one(struct oc_txn *t, const char *name, const char *word, change_fn change,
                      json_t *plan)
{
    const struct oc_installed *p = oc_refer_find(t, name);
    if (!p) {
        return t->w->err.code;
    }
    json_t *row = json_deep_copy(p->json);
    const int code = change(t->w, p, row);
    if (code != OC_OK) {
        json_decref(row);
        return code;
    }
    if (!json_equal(row, p->json)) {
        json_array_append_new(json_object_get(plan, "actions"), action_json(word, p));
    }
    oc_txn_set(t, p->name, row);
    return OC_OK;
}

static int change_rows(struct oc_work *w, const json_t *names, const char *word, const char *op,
                       change_fn change)
{
    struct oc_txn t;
    uint64_t generation = 0;
    const json_t *name;
    size_t i;
    int code = oc_txn_begin(w, &t);
    if (code != OC_OK) {
        return code;
    }
    json_t *plan = oc_plan_new();
    json_array_foreach(names, i, name)
    {
        code = code == OC_OK ? change_one(&t, json_string_value(name), word, change, plan) : code;
    }
    if (code == OC_OK) {
        char *about = oc_refer_about(json_object_get(plan, "actions"));
        code = oc_txn_commit(&t, op, about, &generation);
        free(about);
    }
    if (code == OC_OK) {
        oc_work_result(w, oc_refer_answer(plan, generation));
    }
    json_decref(plan);
    oc_txn_finish(&t);
    return code;
}

static const json_t *names_of(const struct oc_work *w)
{
    return json_object_get(w->params, "names");
}

/* ---- enable and disable ---- */

static int enable(struct oc_work *w, const struct oc_installed *p, json_t *row)
{
    (void)w;
    (void)p;
    oc_json_set_bool(row, "enabled", true);
    json_object_del(row, "disabled_why");
    json_object_del(row, "disabled_text");
    return OC_OK;
}

static int disable(struct oc_work *w, const struct oc_installed *p, json_t *row)
{
    (void)w;
    if (p->enabled) {
        oc_json_set_bool(row, "enabled", false);
        oc_json_set_str(row, "disabled_why", "user");
    }
    return OC_OK;
}

int oc_verb_enable(struct oc_work *w)
{
    return change_rows(w, names_of(w), "enable", "plugin.enable", enable);
}

int oc_verb_disable(struct oc_work *w)
{
    return change_rows(w, names_of(w), "disable", "plugin.disable", disable);
}

/* ---- pins ---- */

static int pin(struct oc_work *w, const struct oc_installed *p, json_t *row)
{
    (void)w;
    (void)p;
    oc_json_set_bool(row, "pinned", true);
    return OC_OK;
}

static int unpin(struct oc_work *w, const struct oc_installed *p, json_t *row)
{
    (void)w;
    (void)p;
    oc_json_set_bool(row, "pinned", false);
    return OC_OK;
}

int oc_verb_pin(struct oc_work *w)
{
    return change_rows(w, names_of(w), "pin", "plugin.pin", pin);
}

int oc_verb_unpin(struct oc_work *w)
{
    return change_rows(w, names_of(w), "unpin", "plugin.unpin", unpin);
}

/* ---- grants ---- */

static bool has(const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), value)) {
            return true;
        }
    }
    return false;
}

/* A grant that nobody requests would say nothing; one that is narrower than the request is what makes sense. */
static int add_grant(struct oc_work *w, const struct oc_installed *p, json_t *grants, json_t *item)
{
    const json_t *requested = json_object_get(p->json, "permissions");
    json_t *one = json_array();
    json_array_append(one, item);
    json_t *effective = oc_rights_effective(requested, one);
    int code = OC_OK;
    if (!json_array_size(effective)) {
        code = oc_refuse(w, OC_E_CONFIG, "permission-not-requested",
                         "`openclaw plugin grants NAME` shows what it requests.",
                         "%s does not request %s", p->name, json_string_value(item));
    } else if (!has(grants, item)) {
        json_array_append(grants, item);
    }
    json_decref(effective);
    json_decref(one);
    return code;
}

static int grant(struct oc_work *w, const struct oc_installed *p, json_t *row)
{
    json_t *grants = json_object_get(row, "grants"), *item;
    size_t i;
    int code = OC_OK;
    json_array_foreach(json_object_get(w->params, "permissions"), i, item)
    {
        code = code == OC_OK ? add_grant(w, p, grants, item) : code;
    }
    return code;
}

static int revoke(struct oc_work *w, const struct oc_installed *p, json_t *row)
{
    const json_t *gone = json_object_get(w->params, "permissions");
    json_t *kept = json_array(), *item;
    size_t i;
    json_array_foreach(p->grants, i, item)
    {
        if (!has(gone, item)) {
            json_array_append(kept, item);
        }
    }
    json_array_foreach(gone, i, item)
    {
        if (!has(p->grants, item)) {
            json_decref(kept);
            return oc_refuse(w, OC_E_NOT_FOUND, "permission-not-granted",
                             "`openclaw plugin grants NAME` shows what is granted.",
                             "%s was not granted %s", p->name, json_string_value(item));
        }
    }
    oc_json_take(row, "grants", kept);
    return OC_OK;
}

static int change_grants(struct oc_work *w, const char *word, const char *op, change_fn change)
{
    json_t *names = json_array();
    json_array_append_new(names, json_string(oc_json_str(w->params, "name", "")));
    const int code = change_rows(w, names, word, op, change);
    json_decref(names);
    return code;
}

int oc_verb_grants_add(struct oc_work *w)
{
    return change_grants(w, "grant", "plugin.grants.add", grant);
}

int oc_verb_grants_remove(struct oc_work *w)
{
    return change_grants(w, "revoke", "plugin.grants.remove", revoke);
}

static json_t *grant_rows(const struct oc_installed *p)
{
    const json_t *requested = json_object_get(p->json, "permissions");
    json_t *rows = json_array(), *effective = oc_rights_effective(requested, p->grants), *item;
    size_t i;
    json_array_foreach(requested, i, item)
    {
        json_t *row = json_object();
        oc_json_set_str(row, "permission", json_string_value(item));
        oc_json_set_bool(row, "granted", has(effective, item));
        json_array_append_new(rows, row);
    }
    json_array_foreach(effective, i, item)
    {
        if (!has(requested, item)) { /* narrower than what is requested */
            json_array_append_new(rows,
                                  json_pack("{s:O, s:b}", "permission", item, "granted", true));
        }
    }
    json_decref(effective);
    return rows;
}

int oc_verb_grants(struct oc_work *w)
{
    struct oc_state state;
    int code = oc_state_load(w->home, &state, &w->err);
    if (code != OC_OK) {
        return code;
    }
    const struct oc_installed *p = oc_refer_in(w, &state, oc_json_str(w->params, "name", ""));
    code = p ? OC_OK : w->err.code;
    if (p) {
        oc_work_result(w, grant_rows(p));
    }
    oc_state_finish(&state);
    return code;
}
