/* A store in a folder of its own, for the tests of it. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_STORE_KIT_H
#define OC_TESTS_STORE_KIT_H

#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/store/internal.h"
#include "core/sys/file.h"

#define KIT_NOW INT64_C(1767225600000) /* 2026-01-01, where a bucket begins */

struct kit {
    char dir[64];
    char *path;
    struct oc_store_options options;
    struct oc_bus *bus;
    struct oc_store *store;
    json_t *news; /* topics seen on the bus, in order */
    json_t *last; /* data of the last one */
};

static inline void kit_on_event(void *ctx, const struct oc_event *event)
{
    struct kit *kit = ctx;
    json_array_append_new(kit->news, json_string(event->topic));
    json_decref(kit->last);
    kit->last = json_incref(event->data);
}

static inline void kit_open(struct kit *kit)
{
    struct oc_error err;
    kit->store = oc_store_open(&kit->options, NULL, kit->bus, &err);
    if (!kit->store) {
        fail_msg("open: %s", err.message);
    }
}

/* As after kill -9: what was not flushed is gone. */
static inline void kit_crash(struct kit *kit)
{
    kit->store->mode = OC_STORE_LOOK; /* closing writes nothing */
    oc_store_close(kit->store);
    kit_open(kit);
}

static inline void kit_reopen(struct kit *kit)
{
    oc_store_close(kit->store);
    kit_open(kit);
}

static inline int kit_setup(void **state)
{
    struct kit *kit = oc_calloc(1, sizeof *kit);
    const char *tmp = getenv("TMPDIR");
    snprintf(kit->dir, sizeof kit->dir, "%.40s/oc-store-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(kit->dir));
    kit->path = oc_path_join(kit->dir, "data/openclaw.db");
    kit->options = (struct oc_store_options){
        .path = kit->path, .retention_ms = 30 * OC_DAY, .flush_interval_ms = 10 * OC_SECOND};
    kit->bus = oc_bus_create();
    kit->news = json_array();
    oc_bus_subscribe(kit->bus, "store.*", kit_on_event, kit);
    oc_log_set_level(-1);
    oc_time_fake(KIT_NOW, 1000);
    kit_open(kit);
    *state = kit;
    return 0;
}

static inline void kit_empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.') {
            char *path = oc_path_join(dir, e->d_name);
            if (unlink(path) != 0) {
                kit_empty(path);
            }
            free(path);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(dir);
}

static inline int kit_teardown(void **state)
{
    struct kit *kit = *state;
    oc_store_close(kit->store);
    oc_bus_destroy(kit->bus);
    json_decref(kit->news);
    json_decref(kit->last);
    kit_empty(kit->dir);
    free(kit->path);
    free(kit);
    oc_time_fake(-1, -1);
    return 0;
}

static inline size_t kit_heard(const struct kit *kit, const char *topic)
{
    size_t count = 0, i;
    json_t *one;
    json_array_foreach(kit->news, i, one)
    {
        count += strcmp(json_string_value(one), topic) == 0;
    }
    return count;
}

static inline struct oc_view kit_view(const char *text)
{
    return (struct oc_view){text, strlen(text)};
}

/* name{instance="test",target=...} */
static inline struct oc_series *kit_series(struct kit *kit, const char *name, const char *target)
{
    struct oc_label label = {kit_view("target"), kit_view(target)};
    struct oc_series *series =
        oc_store_series(kit->store, "test", kit_view(name), OC_KIND_GAUGE, &label, 1);
    assert_non_null(series);
    return series;
}

struct kit_points {
    OC_VEC(struct oc_point) list;
};

static inline void kit_take(void *ctx, const struct oc_point *points, size_t count)
{
    struct kit_points *out = ctx;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        OC_VEC_PUSH(&out->list, points[i]);
    }
}

static inline size_t kit_count(struct kit *kit, struct oc_series *series)
{
    struct kit_points got = {0};
    assert_int_equal(oc_store_read(kit->store, series, 0, INT64_MAX, kit_take, &got, NULL), OC_OK);
    size_t count = got.list.count;
    for (size_t i = 1; i < count; i++) {
        assert_true(got.list.items[i].time_ms > got.list.items[i - 1].time_ms);
    }
    OC_VEC_FINISH(&got.list);
    return count;
}

static inline int64_t kit_stat(struct kit *kit, const char *key)
{
    json_t *stats = oc_store_stats(kit->store);
    int64_t value = oc_json_int(stats, key, -1);
    json_decref(stats);
    return value;
}

#define kit_test(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

#endif
