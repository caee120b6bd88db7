/* Usage by model, provider, agent and key, in buckets of a day and of an hour. SPDX-License-Identifier: MIT */
#include "core/service/cost/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

#define INDEX "cost.buckets" /* the space that lists the buckets */
#define MARK  '\x1f'         /* between the names of a row */

static const char *const fields[OC_USAGE_FIELDS] = {
    "requests", "failed", "input", "output", "cache_read", "cache_write", "reported"};

static char *space_of(const char *bucket)
{
    return oc_asprintf("cost:%s", bucket);
}

/* ---- rows ---- */

static char *key_of(const struct oc_usage_id *id)
{
    return oc_asprintf("%s%c%s%c%s%c%s", id->model, MARK, id->provider, MARK, id->agent, MARK,
                       id->key);
}

static struct oc_usage_row *row_create(char *key)
{
    struct oc_usage_row *row = oc_calloc(1, sizeof *row);
    const char **const names[] = {&row->id.model, &row->id.provider, &row->id.agent, &row->id.key};
    char *at = row->text = key;
    for (size_t i = 0; i < 4; i++) {
        *names[i] = at;
        at += strcspn(at, "\x1f");
        at += *at ? (*at = '\0', 1) : 0;
    }
    return row;
}

static void row_destroy(void *row)
{
    free(((struct oc_usage_row *)row)->text);
    free(row);
}

static struct oc_usage_row *add_row(struct oc_bucket *b, const char *key)
{
    struct oc_usage_row *row = row_create(oc_strdup(key));
    oc_map_set(&b->index, key, row);
    OC_VEC_PUSH(&b->rows, row);
    return row;
}

struct oc_usage_row *oc_bucket_row(struct oc_bucket *b, const struct oc_usage_id *id)
{
    static const struct oc_usage_id other = {"other", "", "", ""};
    char *key = key_of(id);
    struct oc_usage_row *row = oc_map_get(&b->index, key);
    if (!row && b->rows.count >= OC_LEDGER_ROWS_MAX) {
        free(key);
        key = key_of(&other);
        row = oc_map_get(&b->index, key);
    }
    row = row ? row : add_row(b, key);
    free(key);
    return row;
}

void oc_bucket_touch(struct oc_bucket *b, struct oc_usage_row *row)
{
    row->dirty = b->dirty = true;
}

/* ---- buckets ---- */

static void bucket_destroy(void *bucket)
{
    struct oc_bucket *b = bucket;
    for (size_t i = 0; i < b->rows.count; i++) {
        row_destroy(b->rows.items[i]);
    }
    OC_VEC_FINISH(&b->rows);
    oc_map_finish(&b->index, NULL);
    free(b);
}

static void load(struct oc_ledger *l, struct oc_bucket *b)
{
    char *space = space_of(b->name);
    json_t *all = oc_kv_all(l->store, space), *value;
    const char *key;
    json_object_foreach(all, key, value)
    {
        struct oc_usage_row *row = add_row(b, key);
        for (size_t i = 0; i < OC_USAGE_FIELDS; i++) {
            row->v[i] = oc_json_num(value, fields[i], 0);
        }
        row->reported_known = json_object_get(value, fields[OC_USAGE_REPORTED]) != NULL;
    }
    json_decref(all);
    free(space);
}

void oc_ledger_init(struct oc_ledger *l, struct oc_store *store)
{
    memset(l, 0, sizeof *l);
    l->store = store;
    json_t *all = oc_kv_all(store, INDEX), *value;
    const char *name;
    json_object_foreach(all, name, value)
    {
        oc_map_set(&l->known, name, l);
    }
    json_decref(all);
}

void oc_ledger_finish(struct oc_ledger *l)
{
    oc_map_finish(&l->buckets, bucket_destroy);
    oc_map_finish(&l->known, NULL);
}

static bool is_kept(const struct oc_ledger *l, const char *name)
{
    return oc_map_get(&l->known, name) != NULL;
}

bool oc_ledger_has(const struct oc_ledger *l, const char *name)
{
    const struct oc_bucket *b = oc_map_get(&l->buckets, name);
    return b ? b->rows.count > 0 : is_kept(l, name);
}

struct oc_bucket *oc_ledger_bucket(struct oc_ledger *l, const char *name)
{
    struct oc_bucket *b = oc_map_get(&l->buckets, name);
    if (!b) {
        b = oc_calloc(1, sizeof *b);
        snprintf(b->name, sizeof b->name, "%s", name);
        oc_map_set(&l->buckets, name, b);
        if (is_kept(l, name)) {
            load(l, b);
        }
    }
    return b;
}

/* ---- writing ---- */

static json_t *row_json(const struct oc_usage_row *row)
{
    json_t *o = json_object();
    for (size_t i = 0; i < OC_USAGE_FIELDS; i++) {
        if (row->v[i] != 0 || (i == OC_USAGE_REPORTED && row->reported_known)) {
            oc_json_set_num(o, fields[i], row->v[i]);
        }
    }
    return o;
}

static void write_bucket(struct oc_ledger *l, struct oc_bucket *b)
{
    char *space = space_of(b->name);
    for (size_t i = 0; i < b->rows.count; i++) {
        const struct oc_usage_row *row = b->rows.items[i];
        if (row->dirty) {
            char *key = key_of(&row->id);
            json_t *value = row_json(row);
            oc_kv_put(l->store, space, key, value, false, NULL);
            json_decref(value);
            free(key);
        }
    }
    if (!is_kept(l, b->name)) {
        json_t *mark = json_true();
        oc_kv_put(l->store, INDEX, b->name, mark, false, NULL);
        oc_map_set(&l->known, b->name, l);
    }
    free(space);
}

void oc_ledger_write(struct oc_ledger *l)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&l->buckets, &it, &name, &value)) {
        if (((struct oc_bucket *)value)->dirty) {
            write_bucket(l, value);
        }
    }
}

void oc_ledger_written(struct oc_ledger *l, bool done)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&l->buckets, &it, &name, &value)) {
        struct oc_bucket *b = value;
        for (size_t i = 0; done && b->dirty && i < b->rows.count; i++) {
            b->rows.items[i]->dirty = false;
        }
        if (b->dirty && !done) {
            oc_map_remove(&l->known, b->name); /* its mark may be missing */
        }
        b->dirty = b->dirty && !done;
    }
}

/* ---- forgetting ---- */

void oc_ledger_trim(struct oc_ledger *l, const char *day, const char *hour)
{
    size_t it = 0;
    void *value;
    const char *name;
    OC_VEC(struct oc_bucket *) gone = {0};
    while (oc_map_next(&l->buckets, &it, &name, &value)) {
        struct oc_bucket *b = value;
        if (!b->dirty && strcmp(b->name, day) != 0 && strcmp(b->name, hour) != 0) {
            OC_VEC_PUSH(&gone, b);
        }
    }
    for (size_t i = 0; i < gone.count; i++) {
        oc_map_remove(&l->buckets, gone.items[i]->name);
        bucket_destroy(gone.items[i]);
    }
    OC_VEC_FINISH(&gone);
}

static void remove_bucket(struct oc_ledger *l, const char *name)
{
    char *space = space_of(name);
    json_t *all = oc_kv_all(l->store, space), *value;
    const char *key;
    json_object_foreach(all, key, value)
    {
        oc_kv_remove(l->store, space, key, false, NULL);
    }
    oc_kv_remove(l->store, INDEX, name, false, NULL);
    void *bucket = oc_map_remove(&l->buckets, name);
    if (bucket) {
        bucket_destroy(bucket);
    }
    oc_map_remove(&l->known, name);
    json_decref(all);
    free(space);
}

void oc_ledger_expire(struct oc_ledger *l, const char *day, const char *hours)
{
    size_t it = 0;
    void *value;
    const char *name;
    OC_VEC(char *) gone = {0};
    while (oc_map_next(&l->known, &it, &name, &value)) {
        if (strcmp(name, strlen(name) == OC_ZONE_DAY - 1 ? day : hours) < 0) {
            OC_VEC_PUSH(&gone, oc_strdup(name));
        }
    }
    for (size_t i = 0; i < gone.count; i++) {
        remove_bucket(l, gone.items[i]);
        free(gone.items[i]);
    }
    OC_VEC_FINISH(&gone);
}
