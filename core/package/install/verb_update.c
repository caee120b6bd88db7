/* plugin.update and plugin.outdated. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/install/candidate.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"
#include "core/package/semver.h"

/* What its registry is asked for: the range with which it was installed goes on counting. Owned; NULL when it has none. */
static char *spec_of(const struct oc_installed *p)
{
    const char *registry = oc_json_str(p->json, "registry", NULL);
    const char *range = oc_json_str(p->json, "range", "");
    if (!registry) {
        return NULL;
    }
    /* one exact version that was asked for once is no wish to stay there: that is what a pin says */
    const bool exact = *range && oc_range_exact(range);
    return oc_asprintf(*range && !exact ? "%s:%s@%s" : "%s:%s", registry, p->id, range);
}

/* ---- update ---- */

static int update_one(struct oc_selection *s, const struct oc_installed *p)
{
    struct oc_release release = {0};
    char *spec = spec_of(p);
    int code = OC_OK;
    if (!spec) {
        oc_work_warn(s->w, "%s came from %s and has no registry to ask", p->name, p->source);
    } else if (p->pinned && !s->o.force) {
        oc_work_warn(s->w, "%s is pinned to %s", p->name, p->version);
    } else if ((code = oc_release_resolve(s->w, spec, s->o.offline, &release)) == OC_OK) {
        const int order = oc_semver_compare(release.version, p->version);
        if (order > 0 || (order == 0 && strcmp(release.digest, p->digest) != 0)) {
            code = oc_source_take_release(s, &release, spec, NULL);
            if (s->list.count && !oc_range_exact(oc_json_str(p->json, "range", ""))) {
                struct oc_candidate *c = s->list.items[s->list.count - 1];
                free(c->range);
                c->range = oc_strdup(oc_json_str(p->json, "range", NULL));
            }
        } else {
            oc_release_finish(&release);
        }
    }
    free(spec);
    return code;
}

static int add_updates(struct oc_selection *s)
{
    const json_t *names = json_object_get(s->w->params, "names"), *name;
    const char *first = json_string_value(json_array_get(names, 0));
    size_t i;
    int code = OC_OK;
    if (!first || strcmp(first, "all") == 0) {
        for (i = 0; code == OC_OK && i < s->t->now.count; i++) {
            code = update_one(s, &s->t->now.plugins[i]);
        }
        return code;
    }
    json_array_foreach(names, i, name)
    {
        const struct oc_installed *p = oc_refer_find(s->t, json_string_value(name));
        code = !p ? s->w->err.code : code == OC_OK ? update_one(s, p) : code;
    }
    return code;
}

int oc_verb_update(struct oc_work *w)
{
    struct oc_txn t;
    struct oc_selection s = {.w = w, .t = &t};
    int code = oc_install_options_read(w, &s.o);
    if (code == OC_OK) {
        code = oc_txn_begin(w, &t);
    }
    if (code != OC_OK) {
        return code;
    }
    s.o.dry_run = s.o.dry_run || oc_json_bool(w->params, "check", false);
    code = add_updates(&s);
    if (code == OC_OK) {
        code = oc_selection_run(&s, "plugin.update");
    } else {
        oc_txn_drop_fetched(&t);
    }
    oc_selection_finish(&s);
    oc_txn_finish(&t);
    return code;
}

/* ---- outdated ---- */

static json_t *outdated_row(const struct oc_installed *p, const struct oc_release *latest)
{
    json_t *row = json_object();
    oc_json_set_str(row, "name", p->name);
    oc_json_set_str(row, "id", p->id);
    oc_json_set_str(row, "installed", p->version);
    oc_json_set_str(row, "latest", latest->version);
    oc_json_set_str(row, "range", oc_json_str(p->json, "range", ""));
    oc_json_set_bool(row, "pinned", p->pinned);
    oc_json_set_str(row, "registry", latest->registry);
    if (latest->status) {
        json_object_set(row, "status", latest->status);
    }
    return row;
}

static int look(struct oc_work *w, const struct oc_installed *p, json_t *rows, bool offline)
{
    struct oc_release latest = {0};
    char *spec = spec_of(p);
    int code = OC_OK;
    if (!spec) {
        return OC_OK;
    }
    code = oc_release_resolve(w, spec, offline, &latest);
    if (code == OC_OK) {
        if (oc_semver_compare(latest.version, p->version) > 0) {
            json_array_append_new(rows, outdated_row(p, &latest));
        }
        oc_release_finish(&latest);
    } else if (code == OC_E_NOT_FOUND || code == OC_E_UNSUPPORTED) {
        oc_work_warn(w, "%s: %s", p->name, w->err.message);
        oc_refuse_clear(w); /* gone from its registry: the others are looked at all the same */
        code = OC_OK;
    }
    free(spec);
    return code;
}

int oc_verb_outdated(struct oc_work *w)
{
    struct oc_state state;
    int code = oc_state_load(w->home, &state, &w->err);
    if (code != OC_OK) {
        return code;
    }
    json_t *rows = json_array();
    for (size_t i = 0; code == OC_OK && i < state.count; i++) {
        code = look(w, &state.plugins[i], rows, oc_json_bool(w->params, "offline", false));
    }
    if (code == OC_OK) {
        oc_work_result(w, json_incref(rows));
    }
    json_decref(rows);
    oc_state_finish(&state);
    return code;
}
