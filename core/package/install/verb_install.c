/* plugin.install, plugin.link and plugin.bundle.install. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/install/lockfile.h"
#include "core/package/install/plan.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"

/* ---- from the lock file ---- */

static int read_lock(struct oc_selection *s)
{
    if (!s->o.locked) {
        return OC_OK;
    }
    char *path = s->o.lock_file ? oc_strdup(s->o.lock_file) : oc_lockfile_path(s->w);
    s->lock = oc_lockfile_read(s->w, path);
    free(path);
    return s->lock ? OC_OK : s->w->err.code;
}

/* Exactly what the lock file says: from the store, else from its registry. */
static int add_locked(struct oc_selection *s, const json_t *row)
{
    const char *registry = oc_json_str(row, "registry", NULL);
    int code = oc_source_add_stored(s, row);
    if (code == OC_E_NOT_FOUND && registry) {
        oc_refuse_clear(s->w);
        char *spec = oc_asprintf("%s:%s@=%s", registry, oc_json_str(row, "id", ""),
                                 oc_json_str(row, "version", ""));
        code = oc_source_add_release(s, spec, row);
        free(spec);
    }
    return code;
}

static int add_all_locked(struct oc_selection *s)
{
    const json_t *row;
    size_t i;
    int code = OC_OK;
    json_array_foreach(json_object_get(s->lock, "plugins"), i, row)
    {
        code = code == OC_OK ? add_locked(s, row) : code;
    }
    return code;
}

/* ---- from the words ---- */

static int add_source(struct oc_selection *s, const char *text)
{
    if (*text != '/' && s->o.locked) {
        char *name = oc_strndup(text, strcspn(text, "@"));
        const char *colon = strrchr(name, ':');
        const json_t *row = oc_lockfile_find(s->lock, colon ? colon + 1 : name);
        free(name);
        if (row) {
            return add_locked(s, row);
        }
    }
    return oc_source_add(s, text);
}

static int add_sources(struct oc_selection *s)
{
    const json_t *p = s->w->params, *source;
    const json_t *sources = json_object_get(p, "sources");
    const char *bundle = oc_json_str(p, "bundle", NULL), *link = oc_json_str(p, "link", NULL);
    size_t i;
    int code = OC_OK;
    if (bundle) {
        code = oc_source_add_bundle(s, bundle);
    }
    if (code == OC_OK && link) {
        code = oc_source_add_link(s, link);
    }
    json_array_foreach(sources, i, source)
    {
        const char *text = json_string_value(source);
        code = code == OC_OK ? add_source(s, text ? text : "") : code;
    }
    if (code == OC_OK && !bundle && !link && !json_array_size(sources)) {
        code = s->o.locked
                   ? add_all_locked(s)
                   : oc_refuse(s->w, OC_E_CONFIG, "source-missing",
                               "Give name[@range], a folder or a .ocp archive; --frozen installs "
                               "what the lock file says.",
                               "nothing to install is named");
    }
    return code;
}

static int install_as(struct oc_work *w, const char *op, int (*add)(struct oc_selection *s))
{
    struct oc_txn t;
    struct oc_selection s = {.w = w, .t = &t};
    int code = oc_install_options_read(w, &s.o);
    if (code != OC_OK) {
        return code;
    }
    code = oc_txn_begin(w, &t);
    if (code != OC_OK) {
        return code;
    }
    code = read_lock(&s);
    if (code == OC_OK) {
        code = add(&s);
    }
    if (code == OC_OK) {
        code = oc_selection_run(&s, op);
    } else {
        oc_txn_drop_fetched(&t);
    }
    oc_selection_finish(&s);
    oc_txn_finish(&t);
    return code;
}

int oc_verb_install(struct oc_work *w)
{
    return install_as(w, "plugin.install", add_sources);
}

/* ---- links ---- */

static int add_link(struct oc_selection *s)
{
    return oc_source_add_link(s, oc_json_str(s->w->params, "dir", ""));
}

int oc_verb_link(struct oc_work *w)
{
    return install_as(w, "plugin.link", add_link);
}

static int add_bundle(struct oc_selection *s)
{
    return oc_source_add_bundle(s, oc_json_str(s->w->params, "file", ""));
}

int oc_verb_bundle_install(struct oc_work *w)
{
    return install_as(w, "plugin.bundle.install", add_bundle);
}
