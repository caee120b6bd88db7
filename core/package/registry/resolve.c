/* Finding the release for a name. SPDX-License-Identifier: MIT
 *
 * Names are bound to registries: every registry that could have the name is asked, and when two have it none is taken. */
#include "core/package/registry/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/vec.h"
#include "core/package/registry/client.h"
#include "core/package/registry/host.h"
#include "core/package/registry/spec.h"
#include "core/package/registry/status.h"
#include "core/package/release.h"
#include "core/package/semver.h"

#define NEAR_MAX 3

struct candidate {
    struct oc_client *client;
    char *id;
    json_t *row; /* of the shard */
};

struct candidates {
    OC_VEC(struct candidate) list;
};

static void candidates_finish(struct candidates *all)
{
    for (size_t i = 0; i < all->list.count; i++) {
        free(all->list.items[i].id);
        json_decref(all->list.items[i].row);
    }
    OC_VEC_FINISH(&all->list);
}

/* ---- who has the name ---- */

static int collect(struct oc_work *w, struct oc_client *c, const struct oc_spec *spec, bool offline,
                   struct candidates *out)
{
    const char *id;
    json_t *row;
    if (oc_client_ready(w, c, offline) != OC_OK) {
        return w->err.code;
    }
    json_t *packages = oc_client_shard(w, c, spec->name, offline);
    json_object_foreach(packages, id, row)
    {
        if (oc_spec_names(spec, id)) {
            const struct candidate found = {c, oc_strdup(id), json_incref(row)};
            OC_VEC_PUSH(&out->list, found);
        }
    }
    json_decref(packages);
    return packages ? OC_OK : w->err.code;
}

static int collect_all(struct oc_work *w, const struct oc_spec *spec, bool offline,
                       struct candidates *out)
{
    if (*spec->registry) {
        struct oc_client *c = oc_session_find(w, spec->registry);
        return c ? collect(w, c, spec, offline, out) : w->err.code;
    }
    struct oc_client *c = oc_session(w);
    int code = c ? OC_OK : w->err.code;
    for (const bool several = c && c->next; code == OC_OK && c; c = c->next) {
        code = collect(w, c, spec, offline, out);
        if (code == OC_E_NETWORK && several) {
            /* the others are not asked in its place: the name may be the one that cannot be reached */
            oc_error_hint(&w->err,
                          "Say which registry is meant, `NAME:%s`: a name is not looked for "
                          "elsewhere because a registry is away.",
                          spec->name);
        }
    }
    return code;
}

/* ---- refusals ---- */

/* Names of the search file that are near; only what was fetched before is looked at. */
static void near_names(struct oc_work *w, const char *name, struct oc_buf *out)
{
    struct oc_work quiet = {.home = w->home, .params = w->params};
    int found = 0;
    for (struct oc_client *c = oc_session(&quiet); c; c = c->next) {
        struct oc_buf text = {0};
        char id[OC_REGISTRY_ID_MAX];
        if (oc_client_search(&quiet, c, true, &text) != OC_OK) {
            oc_refuse_clear(&quiet);
        }
        for (const char *s = text.data; s && *s && found < NEAR_MAX;
             s = strchr(s, '\n'), s += s != NULL) {
            const size_t n = strcspn(s, "\t\n");
            oc_copy(id, n + 1 < sizeof id ? n + 1 : sizeof id, s);
            if (oc_edit_distance(oc_registry_bare(id), name) <= 2) {
                oc_buf_addf(out, "%s%s", found++ ? ", " : "", id);
            }
        }
        oc_buf_finish(&text);
    }
    oc_refuse_clear(&quiet);
}

static int not_found(struct oc_work *w, const char *spec_text, const struct oc_spec *spec)
{
    struct oc_buf near = {0};
    char *hint;
    near_names(w, spec->name, &near);
    hint = near.len ? oc_asprintf("Near to it: %s.", near.data)
                    : oc_strdup("`openclaw plugin search WORD` looks through what there is.");
    oc_refuse(w, OC_E_NOT_FOUND, "package-unknown", hint, "no registry has %s", spec_text);
    free(hint);
    oc_buf_finish(&near);
    return w->err.code;
}

static int ambiguous(struct oc_work *w, const struct oc_spec *spec, const struct candidates *all)
{
    const struct candidate *first = &all->list.items[0];
    bool registries = false;
    struct oc_buf names = {0};
    for (size_t i = 0; i < all->list.count; i++) {
        const struct candidate *c = &all->list.items[i];
        registries = registries || c->client != first->client;
        oc_buf_addf(&names, "%s%s:%s", i ? ", " : "", c->client->name, c->id);
    }
    char *hint = oc_asprintf("Say which is meant: %.150s.", names.data ? names.data : "");
    oc_refuse(w, registries ? OC_E_REFUSED : OC_E_CONFLICT,
              registries ? "name-confusion" : "name-ambiguous", hint, "%zu %s have a package %s",
              all->list.count, registries ? "registries" : "publishers", spec->name);
    free(hint);
    oc_buf_finish(&names);
    return w->err.code;
}

static int check_near(struct oc_work *w, const struct candidate *c)
{
    const char *bare = oc_registry_bare(c->id), *near = oc_registry_near(&c->client->root, bare);
    if (!near || oc_json_bool(c->row, "reviewed", false)) {
        return OC_OK;
    }
    return oc_refuse(w, OC_E_REFUSED, "name-near-popular",
                     "If it is the one you mean, ask the registry's keeper to review its name.",
                     "%s is one letter away from the popular %s, and nobody reviewed it", c->id,
                     near);
}

static int does_not_fit(struct oc_work *w, const char *id, const char *version,
                        const struct oc_error *why)
{
    char *message = oc_strdup(why->message), *hint = oc_strdup(why->hint);
    oc_refuse(w, OC_E_UNSUPPORTED, "does-not-fit", hint, "%s %s does not fit this host: %s", id,
              version, message);
    free(message);
    free(hint);
    return w->err.code;
}

static int barred(struct oc_work *w, const char *id, const char *version, const char *why,
                  const json_t *status)
{
    const char *text = oc_json_str(status, "quarantined", oc_json_str(status, "yank_reason", ""));
    oc_work_detail(w, "status", json_incref((json_t *)(uintptr_t)status));
    return oc_refuse(w, OC_E_REFUSED, why,
                     "Take another version: `openclaw plugin info NAME` shows them.",
                     "%s %s is %s%s%s", id, version, why, *text ? ": " : "", text);
}

/* ---- which version ---- */

struct choice {
    const json_t *row, *artifact; /* borrowed */
    json_t *status;               /* owned */
};

static const char *tier_of(const struct oc_client *c, const struct oc_package *p)
{
    const json_t *tiers = json_object_get(json_object_get(c->root.json, "policy"), "tiers");
    return oc_json_str(tiers, p->delegation.community ? "community" : "publisher", NULL);
}

/* Remembers why the newest version of the range was passed over, for the message when none is left. */
struct passed {
    const json_t *row;
    const char *bar;
    json_t *status; /* owned */
    struct oc_error why;
};

static bool try_row(const json_t *row, const json_t *package_status, const char *tier,
                    struct choice *choice, struct passed *passed)
{
    struct oc_error why;
    oc_error_init(&why);
    json_t *status = oc_status_of(package_status, oc_json_str(row, "version", ""));
    const char *bar = oc_status_bars(status);
    const json_t *artifact = bar ? NULL : oc_host_pick(row, tier, &why);
    if (artifact) {
        *choice = (struct choice){row, artifact, status};
        return true;
    }
    if (!passed->row) {
        *passed = (struct passed){row, bar, json_incref(status), why};
    }
    json_decref(status);
    return false;
}

static int choose(struct oc_work *w, const struct candidate *c, const struct oc_package *p,
                  const struct oc_spec *spec, const json_t *status, struct choice *choice)
{
    struct passed passed = {0};
    int code = OC_OK;
    bool found = false;
    for (size_t i = 0; !found && i < json_array_size(p->rows); i++) {
        const json_t *row = json_array_get(p->rows, i);
        found = oc_range_matches(spec->range, oc_json_str(row, "version", "")) &&
                try_row(row, status, tier_of(c->client, p), choice, &passed);
    }
    const char *version = oc_json_str(passed.row, "version", "");
    if (!found && !passed.row) {
        code = oc_refuse(w, OC_E_NOT_FOUND, "version-unknown",
                         "`openclaw plugin info NAME` shows the versions that there are.",
                         "%s has no version %s", c->id, *spec->range ? spec->range : "yet");
    } else if (!found && passed.bar) {
        code = barred(w, c->id, version, passed.bar, passed.status);
    } else if (!found) {
        code = does_not_fit(w, c->id, version, &passed.why);
    }
    json_decref(passed.status);
    return code;
}

static json_t *keys_json(const struct oc_ring *ring)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ring->count; i++) {
        struct oc_buf text = {0};
        oc_key_public_text(&ring->keys[i], &text);
        json_array_append_new(list, json_string(text.data));
        oc_buf_finish(&text);
    }
    return list;
}

static void fill(struct oc_release *out, const struct candidate *c, const struct oc_package *p,
                 const struct choice *choice)
{
    out->id = oc_strdup(c->id);
    out->name = oc_strdup(oc_registry_bare(c->id));
    out->version = oc_strdup(oc_json_str(choice->row, "version", ""));
    out->registry = oc_strdup(c->client->name);
    out->trust = oc_strdup(p->delegation.community ? "community" : "publisher");
    out->tier = oc_strdup(tier_of(c->client, p));
    out->row = json_incref((json_t *)(uintptr_t)choice->row);
    out->artifact = choice->artifact;
    out->digest = oc_strdup(oc_json_str(choice->artifact, "sha256", ""));
    out->size = (uint64_t)oc_json_int(choice->artifact, "size", 0);
    out->keys = keys_json(&p->delegation.ring);
    out->status = json_incref(choice->status);
}

static int resolve_one(struct oc_work *w, const struct candidate *c, const struct oc_spec *spec,
                       bool offline, struct oc_release *out)
{
    struct oc_package p = {0};
    struct choice choice = {0};
    json_t *status = NULL;
    int code = check_near(w, c);
    if (code == OC_OK) {
        code = oc_client_package(w, c->client, c->id, c->row, offline, &p);
    }
    if (code == OC_OK) {
        status = oc_client_status(w, c->client, c->id, offline);
        code = status ? choose(w, c, &p, spec, status, &choice) : w->err.code;
    }
    if (code == OC_OK) {
        fill(out, c, &p, &choice);
    }
    json_decref(choice.status);
    json_decref(status);
    oc_package_finish(&p);
    return code;
}

int oc_release_resolve(struct oc_work *w, const char *spec_text, bool offline,
                       struct oc_release *out)
{
    struct oc_spec spec;
    struct candidates all = {0};
    *out = (struct oc_release){0};
    if (oc_spec_parse(spec_text, &spec, &w->err) != OC_OK) {
        return oc_work_reason(w, "name-invalid");
    }
    int code = collect_all(w, &spec, offline, &all);
    if (code == OC_OK && all.list.count == 0) {
        code = not_found(w, spec_text, &spec);
    } else if (code == OC_OK && all.list.count > 1) {
        code = ambiguous(w, &spec, &all);
    } else if (code == OC_OK) {
        code = resolve_one(w, &all.list.items[0], &spec, offline, out);
    }
    if (code == OC_OK && (code = oc_session_commit(w)) != OC_OK) {
        oc_release_finish(out);
    }
    candidates_finish(&all);
    return code;
}

/* ---- all versions ---- */

static json_t *version_rows(const struct candidate *c, const struct oc_package *p,
                            const json_t *status)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(p->rows); i++) {
        struct oc_error why;
        const json_t *row = json_array_get(p->rows, i);
        oc_error_init(&why);
        const bool fits = oc_host_pick(row, tier_of(c->client, p), &why) != NULL;
        json_t *copy = json_copy((json_t *)(uintptr_t)row);
        oc_json_take(copy, "status", oc_status_of(status, oc_json_str(row, "version", "")));
        oc_json_set_bool(copy, "fits", fits);
        if (!fits) {
            oc_json_set_str(copy, "why_not", why.message);
        }
        json_array_append_new(list, copy);
    }
    return list;
}

int oc_resolve_package(struct oc_work *w, const char *spec_text, bool offline,
                       struct oc_resolved *out)
{
    struct oc_spec spec;
    struct candidates all = {0};
    *out = (struct oc_resolved){0};
    if (oc_spec_parse(spec_text, &spec, &w->err) != OC_OK) {
        return oc_work_reason(w, "name-invalid");
    }
    int code = collect_all(w, &spec, offline, &all);
    if (code == OC_OK && all.list.count != 1) {
        code = all.list.count ? ambiguous(w, &spec, &all) : not_found(w, spec_text, &spec);
    }
    if (code == OC_OK) {
        struct oc_package p = {0};
        const struct candidate *c = &all.list.items[0];
        json_t *status = NULL;
        code = oc_client_package(w, c->client, c->id, c->row, offline, &p);
        if (code == OC_OK) {
            status = oc_client_status(w, c->client, c->id, offline);
            code = status ? oc_session_commit(w) : w->err.code;
        }
        if (code == OC_OK) {
            out->id = oc_strdup(c->id);
            out->registry = oc_strdup(c->client->name);
            out->trust = p.delegation.community ? "community" : "publisher";
            out->keys = keys_json(&p.delegation.ring);
            out->versions = version_rows(c, &p, status);
            out->status = json_incref(status);
        }
        json_decref(status);
        oc_package_finish(&p);
    }
    candidates_finish(&all);
    return code;
}

void oc_resolved_finish(struct oc_resolved *r)
{
    free(r->id);
    free(r->registry);
    json_decref(r->keys);
    json_decref(r->versions);
    json_decref(r->status);
    *r = (struct oc_resolved){0};
}

void oc_release_finish(struct oc_release *r)
{
    free(r->id);
    free(r->name);
    free(r->version);
    free(r->digest);
    free(r->registry);
    free(r->trust);
    free(r->tier);
    json_decref(r->keys);
    json_decref(r->row);
    json_decref(r->status);
    *r = (struct oc_release){0};
}
