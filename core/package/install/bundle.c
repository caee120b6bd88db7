/* Bundles: plugins, their signatures and a lock in one file, for hosts without a network. SPDX-License-Identifier: MIT
 *
 * An archive of the same kind as a plugin: openclaw.lock, artifacts/<digest>.ocp and artifacts/<digest>.ocp.minisig. It vouches
 * for nothing by itself: what is in it is verified as if it came alone, against the keys that the caller gives or that the
 * metadata of a registry names. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/archive.h"
#include "core/package/install/candidate.h"
#include "core/package/install/lockfile.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"
#include "core/package/tree.h"
#include "core/sys/file.h"

/* ---- create ---- */

/* The state without the plugins that were not named. */
static int choose(struct oc_txn *t, const json_t *names)
{
    const json_t *name;
    size_t i, kept = 0;
    json_array_foreach(names, i, name)
    {
        if (!oc_refer_find(t, json_string_value(name))) {
            return t->w->err.code;
        }
    }
    for (i = 0; i < t->now.count; i++) {
        const struct oc_installed *p = &t->now.plugins[i];
        bool wanted = json_array_size(names) == 0;
        for (size_t k = 0; k < json_array_size(names); k++) {
            const char *text = json_string_value(json_array_get(names, k));
            wanted = wanted || strcmp(text, p->name) == 0 || strcmp(text, p->id) == 0;
        }
        if (wanted) {
            t->now.plugins[kept++] = *p;
        }
    }
    t->now.count = kept;
    return kept ? OC_OK
                : oc_refuse(t->w, OC_E_NOT_FOUND, "not-installed", "Install something first.",
                            "nothing is installed");
}

static int copy_one(struct oc_txn *t, const char *digest, const char *suffix, const char *folder)
{
    char *place = oc_txn_artifact(t, digest);
    char *from = oc_asprintf("%s/.openclaw/artifact.ocp%s", place, suffix);
    char *to = oc_asprintf("%s/%s.ocp%s", folder, digest, suffix);
    int code = OC_OK;
    if (!*suffix || oc_file_exists(from)) {
        code = oc_tree_copy(from, to, &t->w->err);
    }
    free(to);
    free(from);
    free(place);
    return code;
}

static int fill(struct oc_txn *t, const char *folder, const json_t *lock)
{
    char *artifacts = oc_path_join(folder, "artifacts");
    char *file = oc_path_join(folder, "openclaw.lock"), *text = oc_json_pretty(lock);
    const json_t *row;
    size_t i;
    int code = oc_dir_make(artifacts, 0755, &t->w->err);
    if (code == OC_OK) {
        code = oc_file_write(file, text, strlen(text), 0644, &t->w->err);
    }
    json_array_foreach(json_object_get(lock, "plugins"), i, row)
    {
        const char *digest = oc_json_str(row, "digest", "");
        code = code == OC_OK ? copy_one(t, digest, "", artifacts) : code;
        code = code == OC_OK ? copy_one(t, digest, ".minisig", artifacts) : code;
    }
    free(text);
    free(file);
    free(artifacts);
    return code;
}

static int create(struct oc_txn *t, const char *path)
{
    char *folder = oc_txn_stage(t);
    int code = folder ? choose(t, json_object_get(t->w->params, "names")) : t->w->err.code;
    json_t *lock = code == OC_OK ? oc_lockfile_make(t->w, &t->now) : NULL;
    if (code == OC_OK) {
        code = fill(t, folder, lock);
    }
    if (code == OC_OK) {
        code = oc_archive_pack(t->w, folder, path);
    }
    if (code == OC_OK) {
        json_t *result = json_object();
        oc_json_set_str(result, "file", path);
        json_object_set(result, "plugins", json_object_get(lock, "plugins"));
        oc_work_result(t->w, result);
    }
    json_decref(lock);
    free(folder);
    return code;
}

int oc_verb_bundle_create(struct oc_work *w)
{
    struct oc_txn t;
    int code = oc_txn_begin(w, &t);
    if (code == OC_OK) {
        code = create(&t, oc_json_str(w->params, "file", ""));
        oc_txn_finish(&t);
    }
    return code;
}

/* ---- install ---- */

/* Does the metadata of its registry, where that is known here, vouch for it? Then it is as good as fetched from there. */
static int try_registry(struct oc_selection *s, const json_t *row, const char *file, bool *taken)
{
    const char *registry = oc_json_str(row, "registry", NULL);
    struct oc_release release = {0};
    int code = OC_OK;
    *taken = false;
    if (!registry) {
        return OC_OK;
    }
    char *spec = oc_asprintf("%s:%s@=%s", registry, oc_json_str(row, "id", ""),
                             oc_json_str(row, "version", ""));
    code = oc_release_resolve(s->w, spec, s->o.offline, &release);
    if (code != OC_OK && code != OC_E_REFUSED) {
        oc_refuse_clear(
            s->w); /* nobody here can say; what was withdrawn for security stays refused */
        code = OC_OK;
    } else if (code != OC_OK) {
        oc_error_prefix(&s->w->err, "%s", oc_json_str(row, "name", ""));
    } else if (strcmp(release.digest, oc_lockfile_digest(row)) != 0) {
        oc_release_finish(&release);
    } else {
        char *fetched = oc_txn_fetched(s->t, release.digest), *folder = oc_path_dir(fetched);
        *taken = true;
        code = oc_dir_make(folder, 0755, &s->w->err);
        if (code == OC_OK && !oc_file_exists(fetched)) {
            code = oc_tree_copy(file, fetched, &s->w->err);
        }
        if (code == OC_OK) {
            code = oc_source_take_release(s, &release, spec, row);
        } else {
            oc_release_finish(&release);
        }
        free(folder);
        free(fetched);
    }
    free(spec);
    return code;
}

static int add_row(struct oc_selection *s, const char *folder, const char *source,
                   const json_t *row)
{
    const char *digest = oc_lockfile_digest(row);
    char *file = oc_asprintf("%s/artifacts/%s.ocp", folder, digest);
    bool taken = false;
    int code = OC_OK;
    if (!oc_file_exists(file)) {
        code = oc_refuse(s->w, OC_E_UNSUPPORTED, "artifact-missing",
                         "Make the bundle on a host of the same kind as this one.",
                         "the bundle has no %s for %s", oc_json_str(row, "name", ""), oc_target());
    }
    if (code == OC_OK) {
        code = try_registry(s, row, file, &taken);
    }
    if (code == OC_OK && !taken) {
        code = oc_source_add_file(s, file, source);
        struct oc_candidate *c = s->list.items[s->list.count - 1];
        c->wanted = row;
        if (code == OC_OK && strcmp(c->digest, digest) != 0) {
            code = oc_refuse(s->w, OC_E_VERIFY, "artifact-swapped",
                             "Nothing was installed. Get the bundle again.",
                             "the archive of %s is not the one that the bundle's lock names",
                             oc_json_str(row, "name", ""));
        }
    }
    free(file);
    return code;
}

int oc_source_add_bundle(struct oc_selection *s, const char *path)
{
    char *folder = oc_txn_stage(s->t), *source = oc_asprintf("bundle:%s", path);
    char *file = folder ? oc_path_join(folder, "openclaw.lock") : NULL;
    const json_t *row;
    size_t i;
    int code = folder ? oc_archive_unpack(s->w, path, folder, NULL) : s->w->err.code;
    if (code == OC_OK) {
        s->bundle = oc_lockfile_read(s->w, file);
        code = s->bundle ? OC_OK : s->w->err.code;
    }
    json_array_foreach(json_object_get(s->bundle, "plugins"), i, row)
    {
        code = code == OC_OK ? add_row(s, folder, source, row) : code;
    }
    free(file);
    free(source);
    free(folder);
    return code;
}
