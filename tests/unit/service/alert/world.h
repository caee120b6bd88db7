/* A world for the alert service, with clock and timers faked. SPDX-License-Identifier: MIT
 *
 * Bus, store and operations are the real ones. Timers and the plugin floor are replaced by what
 * this file and stub_plugin.h define, so nothing here waits and every order of events is the test's
 * own. `world_pass` moves the clock and runs what falls due. */
#ifndef TESTS_ALERT_WORLD_H
#define TESTS_ALERT_WORLD_H

#include "tests/unit/service/alert/fake_policy.h"
#include "tests/unit/service/alert/stub_plugin.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"
#include "core/service/alert/table/codec.h"
#include "core/store/journal.h"
#include "core/sys/file.h"

#define WALL INT64_C(1800000000000)

/* ---- timers ---- */

struct oc_timer {
    struct oc_timer *next;
    oc_loop_fn fn;
    void *ctx;
    int64_t due; /* monotonic; 0 = stopped */
};
static struct oc_timer *timers;

struct oc_timer *oc_timer_create(struct oc_loop *loop, oc_loop_fn fn, void *ctx)
{
    struct oc_timer *t = oc_calloc(1, sizeof *t);
    (void)loop;
    t->fn = fn;
    t->ctx = ctx;
    t->next = timers;
    timers = t;
    return t;
}

void oc_timer_start(struct oc_timer *t, int64_t delay_ms, int64_t repeat_ms)
{
    assert_int_equal(repeat_ms, 0);
    t->due = oc_time_mono() + (delay_ms > 0 ? delay_ms : 0);
}

void oc_timer_stop(struct oc_timer *t)
{
    t->due = 0;
}

bool oc_timer_active(const struct oc_timer *t)
{
    return t->due != 0;
}

void oc_timer_destroy(struct oc_timer *t)
{
    struct oc_timer **at = &timers;
    if (!t) {
        return;
    }
    while (*at && *at != t) {
        at = &(*at)->next;
    }
    OC_ASSERT(*at);
    *at = t->next;
    free(t);
}

static inline struct oc_timer *next_timer(int64_t until)
{
    struct oc_timer *first = NULL;
    for (struct oc_timer *t = timers; t; t = t->next) {
        if (t->due && t->due <= until && (!first || t->due < first->due)) {
            first = t;
        }
    }
    return first;
}

/* ---- the world ---- */

struct world {
    struct oc_env env;
    struct oc_alert_service *service;
    json_t *events;       /* [[topic, data]] */
    unsigned warnings;    /* lines at or above that level */
    bool warnings_wanted; /* else one of them fails the test */
    int log_fd;
    char dir[64];
};

static inline void world_event(void *ctx, const struct oc_event *event)
{
    struct world *w = ctx;
    json_array_append_new(w->events, json_pack("[sO]", event->topic, event->data));
}

static inline void world_log(void *ctx, const struct oc_log_line *line)
{
    struct world *w = ctx;
    w->warnings += line->level <= OC_LOG_WARN ? 1 : 0;
}

static inline void world_store(struct world *w, bool read_only)
{
    char path[96];
    struct oc_error err;
    struct oc_store_options options = {.path = path,
                                       .retention_ms = OC_DAY,
                                       .flush_interval_ms = OC_MINUTE,
                                       .read_only = read_only};
    oc_error_init(&err);
    snprintf(path, sizeof path, "%s/alert.db", w->dir);
    oc_store_close(w->env.store);
    w->env.store = oc_store_open(&options, NULL, w->env.bus, &err);
    if (!w->env.store) {
        fail_msg("%s", err.message);
    }
}

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/oc-alert-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    oc_time_fake(WALL, 1000000);
    oc_log_set(OC_LOG_WARN, OC_LOG_TEXT, w->log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC));
    oc_log_set_tap(world_log, w);
    policy_reset();
    w->events = json_array();
    w->env.bus = oc_bus_create();
    w->env.ops = oc_ops_create(NULL, w->env.bus);
    w->env.home = w->dir;
    world_store(w, false);
    oc_bus_subscribe(w->env.bus, "*", world_event, w);
}

/* Configures the service with `text` (libconfig); returns the number of errors found. */
static inline size_t world_configure(struct world *w, const char *text)
{
    char path[96];
    struct oc_error err;
    struct oc_diags diags = {0};
    oc_error_init(&err);
    snprintf(path, sizeof path, "%s/openclaw.conf", w->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    struct oc_config_source source = {.file = path, .no_environment = true};
    struct oc_config *config = oc_config_load(&source, &diags, &err);
    if (!config) {
        fail_msg("%s", err.message);
    }
    oc_alert_configure(w->service, config, &diags);
    size_t errors = oc_diags_errors(&diags);
    oc_diags_finish(&diags);
    oc_config_destroy(config);
    return errors;
}

static inline void world_start(struct world *w, const char *config)
{
    w->service = oc_alert_create(&w->env);
    assert_int_equal(world_configure(w, config), 0);
}

static inline void world_stopped(void *ctx)
{
    *(bool *)ctx = true;
}

static inline void world_stop(struct world *w)
{
    bool stopped = false;
    oc_alert_stop(w->service, 100, world_stopped, &stopped);
    assert_true(stopped);
    oc_alert_destroy(w->service);
    oc_ops_destroy(w->env.ops);
    w->service = NULL;
    w->env.ops = oc_ops_create(NULL, w->env.bus);
}

/* ---- the journal's folder ---- */

struct world_file {
    char name[32];
    struct oc_buf content;
};
struct world_folder {
    OC_VEC(struct world_file) files;
};

static inline char *world_path(const struct world *w, const char *name)
{
    return oc_asprintf("%s/alerts%s%s", w->dir, name ? "/" : "", name ? name : "");
}

/* Every file of the journal, with what is in it. */
static inline void folder_read(const struct world *w, struct world_folder *folder)
{
    char *path = world_path(w, NULL);
    DIR *dir = opendir(path);
    memset(folder, 0, sizeof *folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct world_file file = {"", {0}};
        if (entry->d_name[0] != '.') {
            char *name = world_path(w, entry->d_name);
            snprintf(file.name, sizeof file.name, "%.31s", entry->d_name);
            assert_int_equal(oc_file_read(name, 64u << 20, &file.content, NULL), OC_OK);
            OC_VEC_PUSH(&folder->files, file);
            free(name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
}

static inline void folder_finish(struct world_folder *folder)
{
    for (size_t i = 0; i < folder->files.count; i++) {
        oc_buf_finish(&folder->files.items[i].content);
    }
    OC_VEC_FINISH(&folder->files);
}

static inline void folder_empty(const struct world *w)
{
    struct world_folder now;
    folder_read(w, &now);
    for (size_t i = 0; i < now.files.count; i++) {
        char *name = world_path(w, now.files.items[i].name);
        unlink(name);
        free(name);
    }
    folder_finish(&now);
}

static inline void folder_write(const struct world *w, const struct world_folder *folder)
{
    folder_empty(w);
    for (size_t i = 0; i < folder->files.count; i++) {
        const struct world_file *file = &folder->files.items[i];
        char *name = world_path(w, file->name);
        FILE *f = fopen(name, "w");
        assert_non_null(f);
        if (file->content.len > 0) {
            assert_int_equal(fwrite(file->content.data, 1, file->content.len, f),
                             file->content.len);
        }
        fclose(f);
        free(name);
    }
}

/* The end of the process, as far as the service can tell: nothing is said or written any more. */
static inline void world_crash(struct world *w)
{
    json_t *kept = oc_kv_all(w->env.store, "silence");
    struct world_folder folder;
    const char *key;
    json_t *value;
    folder_read(w, &folder);
    world_stop(w);
    folder_write(w, &folder);
    folder_finish(&folder);
    json_t *now = oc_kv_all(w->env.store, "silence");
    json_object_foreach(now, key, value)
    {
        oc_kv_remove(w->env.store, "silence", key, true, NULL);
    }
    json_decref(now);
    json_object_foreach(kept, key, value)
    {
        oc_kv_put(w->env.store, "silence", key, value, true, NULL);
    }
    json_decref(kept);
}

static inline void world_end(struct world *w)
{
    char path[160];
    static const char *const files[] = {"alert.db", "alert.db-wal", "alert.db-shm",
                                        "openclaw.conf"};
    if (w->service) {
        world_stop(w);
    }
    assert_null(instances);
    assert_null(timers);
    oc_ops_destroy(w->env.ops);
    oc_store_close(w->env.store);
    oc_bus_destroy(w->env.bus);
    oc_log_set_tap(NULL, NULL);
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
    close(w->log_fd);
    assert_true(w->warnings_wanted || w->warnings == 0);
    json_decref(w->events);
    json_decref(policy_asked);
    policy_asked = NULL;
    oc_time_fake(-1, -1);
    for (size_t i = 0; i < OC_COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        unlink(path);
    }
    folder_empty(w);
    char *folder = world_path(w, NULL);
    rmdir(folder);
    free(folder);
    rmdir(w->dir);
}

/* Lets `ms` pass, running every timer that falls due on the way. */
static inline void world_pass(int64_t ms)
{
    int64_t until = oc_time_mono() + ms;
    struct oc_timer *t;
    while ((t = next_timer(until))) {
        if (t->due > oc_time_mono()) {
            oc_time_advance(t->due - oc_time_mono());
        }
        t->due = 0;
        t->fn(t->ctx);
    }
    oc_time_advance(until - oc_time_mono());
}

/* ---- rules speak ---- */

static inline void rule_event(struct world *w, const char *topic, const char *id,
                              const char *severity)
{
    int64_t now = oc_time_wall();
    char rule[80];
    snprintf(rule, sizeof rule, "rule_%s", id);
    oc_bus_publish(w->env.bus, topic,
                   json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:s, s:f, s:s, s:I, s:I}",
                             "rule", rule, "fingerprint", id, "severity", severity, "category",
                             "service", "instance", "cache", "target", "db0", "labels", "env",
                             "prod", "metric", "redis.connected", "value", 0.0, "message",
                             "Redis connection lost", "since", (json_int_t)now, "at",
                             (json_int_t)now));
}

static inline void fire(struct world *w, const char *id)
{
    rule_event(w, "rule.firing", id, "critical");
    world_pass(10);
}

static inline void resolve(struct world *w, const char *id)
{
    rule_event(w, "rule.resolved", id, "critical");
    world_pass(10);
}

/* ---- what came of it ---- */

/* The newest event of `topic`, borrowed; NULL when there is none. */
static inline const json_t *event_of(const struct world *w, const char *topic)
{
    for (size_t i = json_array_size(w->events); i-- > 0;) {
        json_t *entry = json_array_get(w->events, i);
        if (strcmp(json_string_value(json_array_get(entry, 0)), topic) == 0) {
            return json_array_get(entry, 1);
        }
    }
    return NULL;
}

static inline size_t events_of(const struct world *w, const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(w->events); i++) {
        json_t *entry = json_array_get(w->events, i);
        count += strcmp(json_string_value(json_array_get(entry, 0)), topic) == 0;
    }
    return count;
}

struct op_result {
    bool done;
    int code;
    json_t *value;
    struct oc_error err;
};

static inline void op_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct op_result *r = ctx;
    r->done = true;
    r->code = code;
    r->value = result ? json_deep_copy(result) : NULL;
    if (err) {
        r->err = *err;
    }
}

static inline struct oc_call *op_start(struct world *w, const char *op, json_t *params,
                                       struct op_result *result)
{
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = "cli:uid=0", .role = OC_ROLE_ADMIN},
                                  .on_done = op_done,
                                  .ctx = result};
    memset(result, 0, sizeof *result);
    return oc_ops_call(w->env.ops, &req);
}

/* Runs an operation that answers at once. `params` is taken; `*result` (may be NULL) is owned by
 * the caller. */
static inline int op(struct world *w, const char *name, json_t *params, json_t **result)
{
    struct op_result r;
    op_start(w, name, params, &r);
    assert_true(r.done);
    if (result) {
        *result = r.value;
    } else {
        json_decref(r.value);
    }
    return r.code;
}

struct census {
    struct oc_map alerts, promises;
};

static inline void count_record(void *ctx, uint32_t segment, unsigned type, const void *data,
                                size_t len)
{
    struct census *c = ctx;
    struct oc_map *map = type <= OC_KEEP_REMOVE ? &c->alerts : &c->promises;
    (void)segment;
    if (type == OC_KEEP_GROUP) {
        return;
    }
    if (type == OC_KEEP_REMOVE || type == OC_KEEP_ENDED) {
        size_t id = type == OC_KEEP_REMOVE ? 8 : 36;
        char *hex = oc_calloc(1, 2 * id + 1);
        for (size_t i = 0; i < id; i++) {
            snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)data)[i]);
        }
        oc_map_remove(map, hex);
        free(hex);
    } else {
        size_t id = type == OC_KEEP_PROMISE ? 36 : 8;
        char *hex = oc_calloc(1, 2 * id + 1);
        assert_true(len >= id);
        for (size_t i = 0; i < id; i++) {
            snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)data)[i]);
        }
        oc_map_set(map, hex, c);
        free(hex);
    }
}

/* How many alerts ("alert"), promises ("outbox") or silences are kept. */
static inline size_t kv_count(struct world *w, const char *space)
{
    struct census c = {{0}, {0}};
    if (strcmp(space, "silence") == 0) {
        json_t *all = oc_kv_all(w->env.store, space), *record;
        const char *id;
        size_t count = 0;
        json_object_foreach(all, id, record)
        {
            count += oc_json_bool(record, "ended", false) ? 0 : 1;
        }
        json_decref(all);
        return count;
    }
    char *path = world_path(w, NULL);
    struct oc_journal *j = oc_journal_open(path, true, NULL, count_record, &c, NULL);
    assert_non_null(j);
    oc_journal_close(j);
    free(path);
    size_t count = strcmp(space, "alert") == 0 ? c.alerts.count : c.promises.count;
    oc_map_finish(&c.alerts, NULL);
    oc_map_finish(&c.promises, NULL);
    return count;
}

static inline int with_world(void **state)
{
    struct world *w = oc_calloc(1, sizeof *w);
    world_begin(w);
    *state = w;
    return 0;
}

static inline int without_world(void **state)
{
    world_end(*state);
    free(*state);
    return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, with_world, without_world)

#endif
