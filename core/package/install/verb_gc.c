/* plugin.gc: removes what no generation that is kept needs. SPDX-License-Identifier: MIT
 *
 * Kept are the generation in force and the last five. What goes is first moved into the staging folder, so that a reader
 * finds a thing whole or not at all, and is then removed; what an interruption leaves there goes with the next change. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/package/install/plan.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/tree.h"
#include "core/sys/file.h"

#define KEEP 5u

struct sweep {
    struct oc_txn *t;
    struct oc_map needed; /* digests that a kept generation names */
    json_t *plan;
    int64_t bytes;
    char *aside; /* the staging folder; owned */
    size_t moved;
};

/* ---- what goes ---- */

static void add_action(struct sweep *s, const char *kind, const char *name, const char *path)
{
    json_t *a = json_object();
    const int64_t size = (int64_t)oc_tree_size(path);
    oc_json_set_str(a, "do", "delete");
    oc_json_set_str(a, "kind", kind);
    oc_json_set_str(a, "name", name);
    oc_json_set_int(a, "size", size);
    oc_json_set_str(a, "path", path);
    json_array_append_new(json_object_get(s->plan, "actions"), a);
    s->bytes += size;
}

static void need_all(struct sweep *s, const struct oc_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        if (*state->plugins[i].digest) {
            oc_map_set(&s->needed, state->plugins[i].digest, s);
        }
    }
}

static void sort_generations(struct sweep *s)
{
    uint64_t *list;
    unsigned kept = 0;
    for (size_t i = oc_txn_generations(s->t->w->home, &list); i-- > 0;) {
        struct oc_state state;
        struct oc_error err;
        oc_error_init(&err);
        const bool current = list[i] == s->t->now.generation;
        const bool whole = oc_state_load_generation(s->t->w->home, list[i], &state, &err) == OC_OK;
        if (whole && (current || kept < KEEP)) {
            kept += !current;
            need_all(s, &state);
        } else if (!current) {
            char *path =
                oc_asprintf("%s/generations/%llu", s->t->root, (unsigned long long)list[i]);
            char name[32];
            snprintf(name, sizeof name, "%llu", (unsigned long long)list[i]);
            add_action(s, "generation", name, path);
            free(path);
        }
        oc_state_finish(&state);
    }
    free(list);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that the same plan has the same hash. */
static void sort_artifacts(struct sweep *s)
{
    char *store = oc_path_join(s->t->root, "store/sha256");
    DIR *dir = opendir(store);
    OC_VEC(char *) gone = {0};
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] != '.' && !oc_map_get(&s->needed, e->d_name)) {
            OC_VEC_PUSH(&gone, oc_strdup(e->d_name));
        }
    }
    if (gone.count) {
        qsort(gone.items, gone.count, sizeof(char *), by_text);
    }
    for (size_t i = 0; i < gone.count; i++) {
        char *path = oc_path_join(store, gone.items[i]);
        add_action(s, "artifact", gone.items[i], path);
        free(path);
        free(gone.items[i]);
    }
    OC_VEC_FINISH(&gone);
    if (dir) {
        closedir(dir);
    }
    free(store);
}

/* ---- removing ---- */

static int move_aside(struct sweep *s, const char *path)
{
    char *to = oc_asprintf("%s/%zu", s->aside, s->moved++);
    (void)!chmod(path, 0755);
    const int code = rename(path, to) && errno != ENOENT
                         ? oc_error_errno(&s->t->w->err, 0, errno, "cannot remove %s", path)
                         : OC_OK;
    free(to);
    return code;
}

static int sync_both(struct sweep *s)
{
    static const char *const names[] = {"generations", "store/sha256"};
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < OC_COUNT(names); i++) {
        char *path = oc_path_join(s->t->root, names[i]);
        code = oc_tree_sync_folder(path, &s->t->w->err);
        free(path);
    }
    return code;
}

/* Generations first: none may name an artifact that is gone. */
static int move_all(struct sweep *s, const char *kind)
{
    const json_t *a;
    size_t i;
    int code = OC_OK;
    json_array_foreach(json_object_get(s->plan, "actions"), i, a)
    {
        if (code == OC_OK && strcmp(oc_json_str(a, "kind", ""), kind) == 0) {
            code = move_aside(s, oc_json_str(a, "path", ""));
        }
    }
    return code == OC_OK ? sync_both(s) : code;
}

static int sweep_all(struct sweep *s)
{
    s->aside = oc_txn_stage(s->t);
    int code = s->aside ? move_all(s, "generation") : s->t->w->err.code;
    if (code == OC_OK) {
        code = move_all(s, "artifact");
    }
    if (code == OC_OK) {
        oc_txn_drop_fetched(s->t);
        code = oc_tree_remove(s->aside, &s->t->w->err);
    }
    return code;
}

static int run(struct sweep *s)
{
    struct oc_work *w = s->t->w;
    sort_generations(s);
    sort_artifacts(s);
    oc_json_set_int(s->plan, "bytes", s->bytes);
    oc_plan_seal(s->t, s->plan);
    if (oc_json_bool(w->params, "dry_run", false)) {
        oc_work_result(w, json_incref(s->plan));
        return OC_OK;
    }
    int code = oc_plan_check(w, s->plan, oc_json_str(w->params, "plan", NULL));
    if (code == OC_OK) {
        code = sweep_all(s);
    }
    if (code == OC_OK) {
        json_t *result = oc_refer_answer(s->plan, s->t->now.generation);
        oc_json_set_int(result, "bytes", s->bytes);
        oc_work_result(w, result);
    }
    return code;
}

int oc_verb_gc(struct oc_work *w)
{
    struct oc_txn t;
    int code = oc_txn_begin(w, &t);
    if (code != OC_OK) {
        return code;
    }
    struct sweep s = {.t = &t, .plan = oc_plan_new()};
    code = run(&s);
    json_decref(s.plan);
    oc_map_finish(&s.needed, NULL);
    free(s.aside);
    oc_txn_finish(&t);
    return code;
}
