/* The next generation, and the switch to it. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/package/tree.h"
#include "core/package/txn.h"
#include "core/sys/file.h"

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

size_t oc_txn_generations(const char *home, uint64_t **list)
{
    OC_VEC(uint64_t) found = {0};
    char *path = oc_path_join(home, "packages/generations");
    DIR *dir = opendir(path);
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        char *end;
        errno = 0;
        const unsigned long long number = strtoull(e->d_name, &end, 10);
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && !*end && errno == 0) {
            OC_VEC_PUSH(&found, number);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    if (found.count) {
        qsort(found.items, found.count, sizeof *found.items, by_number);
    }
    *list = found.items;
    return found.count;
}

static uint64_t next_number(const struct oc_txn *t)
{
    uint64_t *list, next = t->now.generation + 1;
    const size_t count = oc_txn_generations(t->w->home, &list);
    if (count && list[count - 1] >= next) {
        next = list[count - 1] + 1;
    }
    free(list);
    return next;
}

/* ---- writing one ---- */

static json_t *document(const struct oc_txn *t, uint64_t number, const char *op, const char *about)
{
    json_t *doc = json_object(), *rows = json_array(), *row;
    const char *name;
    oc_json_set_int(doc, "schema", OC_STATE_SCHEMA);
    oc_json_set_int(doc, "generation", (int64_t)number);
    oc_json_set_int(doc, "parent", number ? (int64_t)t->now.generation : -1);
    oc_json_set_int(doc, "made_ms", oc_time_wall());
    oc_json_set_str(doc, "op", op);
    oc_json_set_str(doc, "about", about ? about : "");
    json_object_foreach(t->rows, name, row)
    {
        json_array_append(rows, row);
    }
    oc_json_take(doc, "plugins", number ? rows : json_array());
    if (!number) {
        json_decref(rows);
    }
    return doc;
}

/* What a row's folder is, as plugins/<name> names it; owned. */
static char *target_of(const json_t *row)
{
    const char *source = oc_json_str(row, "source", "");
    if (oc_starts(source, "link:")) {
        return oc_strdup(source + strlen("link:"));
    }
    return oc_asprintf("../../../store/sha256/%s", oc_json_str(row, "digest", ""));
}

static int write_links(const json_t *doc, const char *folder, struct oc_error *err)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(doc, "plugins"), i, row)
    {
        char *target = target_of(row), *path = oc_path_join(folder, oc_json_str(row, "name", ""));
        const int rc = symlink(target, path);
        const int saved = errno;
        free(target);
        free(path);
        if (rc) {
            return oc_error_errno(err, 0, saved, "cannot write into %s", folder);
        }
    }
    return OC_OK;
}

static int write_generation(struct oc_txn *t, const json_t *doc, const char *folder)
{
    struct oc_error *err = &t->w->err;
    char *plugins = oc_path_join(folder, "plugins"), *file = oc_path_join(folder, "state.json");
    char *text = oc_json_pretty(doc);
    struct oc_state read_back;
    /* what could not be read again would take every plugin of this home with it */
    int code = oc_state_parse(text, strlen(text), &read_back, err);
    if (code == OC_OK) {
        oc_state_finish(&read_back);
        code = oc_dir_make(plugins, 0755, err);
    }
    if (code == OC_OK) {
        code = write_links(doc, plugins, err);
    }
    if (code == OC_OK) {
        code = oc_file_write(file, text, strlen(text), 0644, err);
    }
    if (code == OC_OK) {
        code = oc_tree_seal(folder, false, err);
    }
    free(text);
    free(file);
    free(plugins);
    return code;
}

/* Writes generation `number` aside, then gives it its name. */
static int add_generation(struct oc_txn *t, uint64_t number, const char *op, const char *about)
{
    char *folder = oc_txn_stage(t);
    if (!folder) {
        return t->w->err.code;
    }
    char *parent = oc_path_join(t->root, "generations");
    char *place = oc_asprintf("%s/%llu", parent, (unsigned long long)number);
    json_t *doc = document(t, number, op, about);
    int code = write_generation(t, doc, folder);
    if (code == OC_OK && rename(folder, place)) {
        code = oc_error_errno(&t->w->err, 0, errno, "cannot make %s", place);
    }
    if (code == OC_OK) {
        code = oc_tree_sync_folder(parent, &t->w->err);
    }
    json_decref(doc);
    free(place);
    free(parent);
    free(folder);
    return code;
}

/* ---- the switch ---- */

int oc_txn_switch(struct oc_txn *t, uint64_t generation)
{
    char *target = oc_asprintf("generations/%llu", (unsigned long long)generation);
    char *aside = oc_path_join(t->root, "staging/current"),
         *place = oc_path_join(t->root, "current");
    int code = OC_OK;
    if (symlink(target, aside) || rename(aside, place)) {
        code = oc_error_errno(&t->w->err, 0, errno, "cannot switch to %s", target);
    }
    if (code == OC_OK) {
        code = oc_tree_sync_folder(t->root, &t->w->err);
    }
    free(place);
    free(aside);
    free(target);
    return code;
}

static bool changed(const struct oc_txn *t)
{
    if (json_object_size(t->rows) != t->now.count) {
        return true;
    }
    for (size_t i = 0; i < t->now.count; i++) {
        if (!json_equal(t->now.plugins[i].json, json_object_get(t->rows, t->now.plugins[i].name))) {
            return true;
        }
    }
    return false;
}

/* The state before the first change has a folder, too, so that one can go back to it. */
static int keep_empty(struct oc_txn *t)
{
    char *zero = oc_path_join(t->root, "generations/0");
    const bool there = oc_file_exists(zero);
    free(zero);
    return there || t->now.generation ? OC_OK : add_generation(t, 0, "", NULL);
}

int oc_txn_commit(struct oc_txn *t, const char *op, const char *about, uint64_t *generation)
{
    *generation = t->now.generation;
    if (!changed(t)) {
        return OC_OK;
    }
    const uint64_t number = next_number(t);
    int code = keep_empty(t);
    if (code == OC_OK) {
        code = add_generation(t, number, op, about);
    }
    if (code == OC_OK) {
        code = oc_txn_switch(t, number);
    }
    if (code == OC_OK) {
        *generation = number;
    }
    return code;
}
