/* The lock, the staging folder and the store. SPDX-License-Identifier: MIT */
#include "core/package/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/lock.h"
#include "core/package/tree.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"

/* ---- begin and end ---- */

static int make_folders(struct oc_txn *t)
{
    static const char *const names[] = {"store/sha256", "generations", "staging"};
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < OC_COUNT(names); i++) {
        char *path = oc_path_join(t->root, names[i]);
        code = oc_tree_make(path, 0755, &t->w->err);
        free(path);
    }
    return code;
}

/* That things were moved into the staging folder is on disk before they are removed there. */
static int sync_moves(struct oc_txn *t)
{
    static const char *const names[] = {"store/sha256", "generations", ""};
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < OC_COUNT(names); i++) {
        char *path = oc_path_join(t->root, names[i]);
        code = oc_tree_sync_folder(path, &t->w->err);
        free(path);
    }
    return code;
}

/* What an interrupted change left goes; archives that a plan has fetched stay until a change is made. */
static int clean_staging(struct oc_txn *t)
{
    static const char *const names[] = {"staging/work", "staging/current"};
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < OC_COUNT(names); i++) {
        char *path = oc_path_join(t->root, names[i]);
        if (oc_file_exists(path)) {
            code = sync_moves(t);
        }
        if (code == OC_OK) {
            code = oc_tree_remove(path, &t->w->err);
        }
        free(path);
    }
    return code;
}

static void copy_rows(struct oc_txn *t)
{
    t->rows = json_object();
    for (size_t i = 0; i < t->now.count; i++) {
        json_t *row = json_deep_copy(t->now.plugins[i].json);
        oc_json_take(t->rows, t->now.plugins[i].name, row);
    }
}

static int begin(struct oc_work *w, struct oc_txn *t)
{
    *t = (struct oc_txn){.w = w, .root = oc_path_join(w->home, "packages"), .lock = -1};
    int code = oc_tree_make(t->root, 0755, &w->err);
    if (code == OC_OK) {
        char *path = oc_path_join(t->root, "lock");
        const int fd = oc_packages_lock(w, path, "plugins");
        t->lock = fd >= 0 ? fd : -1;
        code = fd >= 0 ? OC_OK : fd;
        free(path);
    }
    if (code == OC_OK) {
        code = make_folders(t);
    }
    if (code == OC_OK) {
        code = clean_staging(t);
    }
    return code;
}

int oc_txn_begin(struct oc_work *w, struct oc_txn *t)
{
    int code = begin(w, t);
    if (code == OC_OK) {
        code = oc_state_load(w->home, &t->now, &w->err);
    }
    if (code == OC_OK) {
        copy_rows(t);
    } else {
        oc_txn_finish(t);
    }
    return code;
}

/* The number that `current` names, whatever lies behind it. */
static uint64_t current_number(const struct oc_txn *t)
{
    char target[64] = "", *path = oc_path_join(t->root, "current");
    const ssize_t len = readlink(path, target, sizeof target - 1);
    const char *slash = len > 0 ? strrchr(target, '/') : NULL;
    free(path);
    return slash ? strtoull(slash + 1, NULL, 10) : 0;
}

int oc_txn_begin_damaged(struct oc_work *w, struct oc_txn *t, bool *damaged)
{
    struct oc_error err;
    oc_error_init(&err);
    const int code = begin(w, t);
    *damaged = false;
    if (code != OC_OK) {
        oc_txn_finish(t);
        return code;
    }
    if (oc_state_load(w->home, &t->now, &err) != OC_OK) {
        *damaged = true;
        t->now.generation = current_number(t);
        oc_work_warn(w, "%s", err.message);
    }
    copy_rows(t);
    return OC_OK;
}

void oc_txn_finish(struct oc_txn *t)
{
    if (t->lock >= 0) {
        struct oc_error err = t->w->err; /* the reason why we are here, if any, stays */
        clean_staging(t);
        t->w->err = err;
        oc_lock_drop(t->lock);
    }
    oc_state_finish(&t->now);
    json_decref(t->rows);
    free(t->root);
    *t = (struct oc_txn){.lock = -1};
}

char *oc_txn_stage(struct oc_txn *t)
{
    char *path = oc_asprintf("%s/staging/work/%llu", t->root, (unsigned long long)t->steps++);
    if (oc_dir_make(path, 0755, &t->w->err) != OC_OK) {
        OC_FREE(path);
    }
    return path;
}

char *oc_txn_fetched(struct oc_txn *t, const char *digest)
{
    return oc_asprintf("%s/staging/fetched/%s.ocp", t->root, digest);
}

void oc_txn_drop_fetched(struct oc_txn *t)
{
    struct oc_error err;
    oc_error_init(&err);
    char *path = oc_path_join(t->root, "staging/fetched");
    oc_tree_remove(path, &err);
    free(path);
}

/* ---- the store ---- */

char *oc_txn_artifact(const struct oc_txn *t, const char *digest)
{
    return oc_asprintf("%s/store/sha256/%s", t->root, digest);
}

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1u << 1)
#endif

/* The two change places in one step: whoever opens a file of the artifact finds it at every moment. */
static int exchange(const char *a, const char *b)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

static int put_in_place(struct oc_txn *t, const char *dir, const char *place, bool there)
{
    if (there) {
        (void)!chmod(place, 0755); /* who is not root may rename only what it may write */
    }
    if (there ? exchange(dir, place) : rename(dir, place)) {
        return oc_error_errno(&t->w->err, 0, errno, "cannot put %s into the store", place);
    }
    return OC_OK;
}

int oc_txn_publish(struct oc_txn *t, const char *dir, const char *digest)
{
    char *place = oc_txn_artifact(t, digest), *parent = oc_path_dir(place);
    const bool there = oc_file_exists(place);
    int code = oc_tree_seal(dir, true, &t->w->err);
    if (code == OC_OK) {
        code = put_in_place(t, dir, place, there);
    }
    if (code == OC_OK) {
        code = oc_tree_close(place, &t->w->err);
    }
    if (code == OC_OK) {
        code = oc_tree_sync_folder(parent, &t->w->err);
    }
    if (code == OC_OK && there) {
        /* not before the exchange is on disk: else the old one could come back without its files */
        code = oc_tree_remove(dir, &t->w->err);
    }
    free(parent);
    free(place);
    return code;
}

/* ---- rows ---- */

void oc_txn_set(struct oc_txn *t, const char *name, json_t *row)
{
    oc_json_take(t->rows, name, row);
}

void oc_txn_drop(struct oc_txn *t, const char *name)
{
    json_object_del(t->rows, name);
}
