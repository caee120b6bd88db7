/* registry.sign --prune: what no snapshot that is kept names goes. SPDX-License-Identifier: MIT
 *
 * Every change leaves the files of the state before it behind, for whoever is reading that. Roots, delegations and archives stay
 * for ever: the chain of roots must not break, and a lock file may want any version. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/registry/keeper.h"
#include "core/sys/file.h"

struct pruning {
    struct oc_work *w;
    const struct oc_folder *f;
    struct oc_map needed; /* paths below the folder that a kept snapshot leads to */
    int64_t removed;
};

static void need(struct pruning *p, char *path /* taken */)
{
    oc_map_set(&p->needed, path, p);
    free(path);
}

/* ---- what is needed ---- */

static void need_packages(struct pruning *p, const json_t *packages)
{
    const char *id;
    json_t *row;
    json_object_foreach((json_t *)(uintptr_t)packages, id, row)
    {
        struct oc_file_ref ref;
        if (oc_file_ref_parse(json_object_get(row, "file"), OC_PACKAGE_MAX, &ref)) {
            need(p, oc_asprintf("v1/p/%s.%s.jsonl", id, ref.sha256));
        }
    }
}

/* A shard that cannot be read ends it: nothing is removed on a guess. */
static int need_shard(struct pruning *p, const char *path)
{
    struct oc_buf text = {0};
    json_t *packages = NULL;
    int code = oc_folder_read(p->w, p->f, path, OC_SHARD_MAX, &text);
    if (code == OC_OK) {
        code = oc_shard_parse(text.data ? text.data : "", text.len, &packages, &p->w->err);
    }
    if (code == OC_OK) {
        need_packages(p, packages);
    }
    json_decref(packages);
    oc_buf_finish(&text);
    return code;
}

static int need_files(struct pruning *p, const struct oc_snapshot *s)
{
    int code = OC_OK;
    for (unsigned n = 0; code == OC_OK && n < OC_SHARDS; n++) {
        char *shard = oc_asprintf("v1/shard/%02x.%s.json", n, s->shards[n].sha256);
        if (s->shards[n].length && !oc_map_get(&p->needed, shard)) {
            code = need_shard(p, shard);
            oc_map_set(&p->needed, shard, p);
        }
        free(shard);
        need(p, oc_asprintf("v1/status/%02x.%s.json", n, s->status[n].sha256));
    }
    need(p, oc_asprintf("v1/search.%s", s->search.sha256));
    return code;
}

static int need_snapshot(struct pruning *p, int64_t version)
{
    struct oc_buf text = {0};
    struct oc_document doc;
    struct oc_snapshot *s = oc_calloc(1, sizeof *s);
    char *path = oc_asprintf("v1/snapshot.%" PRId64 ".json", version);
    char *full = oc_folder_path(p->f, "%s", path);
    int code = OC_OK;
    if (oc_file_exists(full)) { /* one that an earlier pruning took is no loss */
        code = oc_folder_read(p->w, p->f, path, OC_SNAPSHOT_MAX, &text);
        code = code == OC_OK ? oc_document_split(text.data, text.len, &doc, &p->w->err) : code;
        code = code == OC_OK ? oc_snapshot_parse(doc.body, doc.body_len, s, &p->w->err) : code;
        code = code == OC_OK ? need_files(p, s) : code;
        oc_map_set(&p->needed, path, p);
    }
    oc_buf_finish(&text);
    free(full);
    free(path);
    free(s);
    return code;
}

/* ---- what goes ---- */

/* "aa.<64 digits>.json", "search.<64 digits>", "name.<64 digits>.jsonl", "snapshot.<number>.json": only what this program names so. */
static bool is_ours(const char *name)
{
    const char *dot = strchr(name, '.');
    const size_t digits = dot ? strspn(dot + 1, "0123456789abcdef") : 0;
    const char *end = dot ? dot + 1 + digits : "";
    const bool known = !*end || strcmp(end, ".json") == 0 || strcmp(end, ".jsonl") == 0;
    return known && (digits == 64 || (oc_starts(name, "snapshot.") && digits > 0));
}

static void sweep(struct pruning *p, const char *below)
{
    char *path = oc_folder_path(p->f, "%s", below);
    DIR *dir = opendir(path);
    const struct dirent *e;
    while (dir && (e = readdir(dir))) {
        char *file = oc_path_join(below, e->d_name), *full = oc_path_join(path, e->d_name);
        if (is_ours(e->d_name) && !oc_map_get(&p->needed, file) && unlink(full) == 0) {
            p->removed++;
        }
        free(full);
        free(file);
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
}

/* v1/p has a folder for each publisher. */
static void sweep_packages(struct pruning *p)
{
    char *path = oc_folder_path(p->f, "v1/p");
    DIR *dir = opendir(path);
    const struct dirent *e;
    while (dir && (e = readdir(dir))) {
        if (oc_registry_word(e->d_name)) {
            char *below = oc_path_join("v1/p", e->d_name);
            sweep(p, below);
            free(below);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
}

int oc_keeper_prune(struct oc_work *w, const struct oc_folder *f, int64_t keep, int64_t *removed)
{
    struct pruning p = {.w = w, .f = f};
    const int64_t last = f->timestamp.snapshot_version;
    int code = OC_OK;
    for (int64_t v = last; code == OC_OK && v > 0 && v > last - keep; v--) {
        code = need_snapshot(&p, v);
    }
    if (code == OC_OK) {
        sweep(&p, "v1");
        sweep(&p, "v1/shard");
        sweep(&p, "v1/status");
        sweep_packages(&p);
    }
    *removed = p.removed;
    oc_map_finish(&p.needed, NULL);
    return code;
}
