/* What a service test stands on: real loop, bus, store and operations; timers and plugins are the test's own.
 * SPDX-License-Identifier: MIT
 *
 * The wall clock starts at STAGE_WALL (a Sunday, 02:00 UTC) and stands still; stage_pass moves it and runs the timers that
 * fall due, stage_turn runs what was posted to the loop. */
#ifndef TESTS_SERVICE_STAGE_H
#define TESTS_SERVICE_STAGE_H

#include "tests/unit/service/stage_plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/env.h"

#define STAGE_WALL INT64_C(1763863200000) /* 2025-11-23T02:00:00Z */

/* ---- timers ---- */

struct oc_timer {
    struct oc_timer *next;
    oc_loop_fn fn;
    void *ctx;
    int64_t due, repeat; /* due: monotonic; -1 = stopped */
};
static struct oc_timer *timers;

struct oc_timer *oc_timer_create(struct oc_loop *loop, oc_loop_fn fn, void *ctx)
{
    struct oc_timer *t = oc_calloc(1, sizeof *t);
    (void)loop;
    t->fn = fn;
    t->ctx = ctx;
    t->due = -1;
    t->next = timers;
    timers = t;
    return t;
}

void oc_timer_start(struct oc_timer *t, int64_t delay_ms, int64_t repeat_ms)
{
    t->due = oc_time_mono() + (delay_ms > 0 ? delay_ms : 0);
    t->repeat = repeat_ms;
}

void oc_timer_stop(struct oc_timer *t)
{
    t->due = -1;
}

bool oc_timer_active(const struct oc_timer *t)
{
    return t->due >= 0;
}

void oc_timer_destroy(struct oc_timer *t)
{
    struct oc_timer **at = &timers;
    while (*at && *at != t) {
        at = &(*at)->next;
    }
    if (t) {
        OC_ASSERT(*at);
        *at = t->next;
        free(t);
    }
}

static inline struct oc_timer *stage_due(int64_t until)
{
    struct oc_timer *first = NULL;
    for (struct oc_timer *t = timers; t; t = t->next) {
        if (t->due >= 0 && t->due <= until && (!first || t->due < first->due)) {
            first = t;
        }
    }
    return first;
}

/* ---- the stage ---- */

struct stage {
    struct oc_env env;
    struct oc_config *config;
    struct oc_diags diags;
    json_t *events; /* [[topic, data]] */
    json_t *rows;   /* of the last call */
    int done, code; /* of the last call */
    json_t *result;
    struct oc_error error;
    char warning[256];
    char home[64];
    const char *actor; /* who calls; NULL: "test" */
};

static inline void stage_event(void *ctx, const struct oc_event *event)
{
    struct stage *s = ctx;
    json_array_append_new(s->events, json_pack("[sO]", event->topic, event->data));
}

static inline void stage_begin(struct stage *s)
{
    struct oc_store_options store = {
        .path = ":memory:", .retention_ms = 30 * OC_DAY, .flush_interval_ms = OC_MINUTE};
    memset(s, 0, sizeof *s);
    snprintf(s->home, sizeof s->home, "/tmp/oc-stage-XXXXXX");
    assert_non_null(mkdtemp(s->home));
    oc_time_fake(STAGE_WALL, 1000000);
    oc_log_set_level(-1);
    s->events = json_array();
    s->env.home = s->home;
    s->env.loop = oc_loop_create();
    s->env.bus = oc_bus_create();
    s->env.store = oc_store_open(&store, NULL, s->env.bus, NULL);
    assert_non_null(s->env.store);
    s->env.ops = oc_ops_create(s->env.loop, s->env.bus);
    oc_bus_subscribe(s->env.bus, "*", stage_event, s);
}

/* After the services are destroyed. */
static inline void stage_end(struct stage *s)
{
    assert_null(instances);
    assert_null(timers);
    oc_ops_destroy(s->env.ops);
    oc_store_close(s->env.store);
    oc_bus_destroy(s->env.bus);
    oc_loop_destroy(s->env.loop);
    oc_config_destroy(s->config);
    oc_diags_finish(&s->diags);
    json_decref(s->events);
    json_decref(s->rows);
    json_decref(s->result);
    plugins_forget();
    oc_time_fake(-1, -1);
    oc_log_set_level(OC_LOG_INFO);
    assert_int_equal(rmdir(s->home), 0);
}

static inline void stage_turn(struct stage *s)
{
    for (int i = 0; i < 64; i++) {
        oc_loop_step(s->env.loop, false);
    }
}

/* Moves both clocks by `ms`, from one timer that falls due to the next. */
static inline void stage_pass(struct stage *s, int64_t ms)
{
    const int64_t until = oc_time_mono() + ms;
    struct oc_timer *t;
    stage_turn(s);
    while ((t = stage_due(until)) != NULL) {
        oc_time_advance(t->due > oc_time_mono() ? t->due - oc_time_mono() : 0);
        t->due = t->repeat ? oc_time_mono() + t->repeat : -1;
        t->fn(t->ctx);
        stage_turn(s);
    }
    oc_time_advance(until - oc_time_mono());
}

/* Somebody sets the wall clock. */
static inline void stage_set_clock(int64_t wall_ms)
{
    oc_time_fake(wall_ms, oc_time_mono());
}

/* The file, read; the one before it is kept alive in *old, which the caller destroys after configuring. */
static inline struct oc_config *stage_load(struct stage *s, const char *text)
{
    char path[96];
    snprintf(path, sizeof path, "%s/openclaw.conf", s->home);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    struct oc_config_source source = {.file = path, .no_environment = true};
    struct oc_config *old = s->config;
    struct oc_error err;
    oc_error_init(&err);
    oc_diags_finish(&s->diags);
    s->config = oc_config_load(&source, &s->diags, &err);
    unlink(path);
    if (!s->config) {
        fail_msg("%s", err.message);
    }
    return old;
}

/* ---- operations ---- */

static inline void stage_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct stage *s = ctx;
    s->done++;
    s->code = code;
    json_decref(s->result);
    s->result = result ? json_deep_copy(result) : NULL;
    oc_error_init(&s->error);
    if (err) {
        s->error = *err;
    }
}

static inline void stage_row(void *ctx, const json_t *row)
{
    struct stage *s = ctx;
    json_array_append_new(s->rows, json_deep_copy(row));
}

static inline void stage_warning(void *ctx, const char *text)
{
    struct stage *s = ctx;
    snprintf(s->warning, sizeof s->warning, "%s", text);
}

/* Begins a call with its parameters as JSON text (NULL = none); the answer is in s->code, s->result and s->error. */
static inline struct oc_call *stage_call(struct stage *s, const char *op, const char *params)
{
    struct oc_call_request req = {
        .op = op,
        .params = params ? json_loads(params, 0, NULL) : NULL,
        .actor = {.name = s->actor ? s->actor : "test", .role = OC_ROLE_ADMIN},
        .on_row = stage_row,
        .on_warning = stage_warning,
        .on_done = stage_done,
        .ctx = s};
    assert_true(!params || req.params);
    json_decref(s->rows);
    s->rows = json_array();
    s->done = 0;
    s->warning[0] = '\0';
    return oc_ops_call(s->env.ops, &req);
}

/* A call that answers at once, and well: its result, borrowed until the next call. */
static inline json_t *stage_ask(struct stage *s, const char *op, const char *params)
{
    stage_call(s, op, params);
    assert_int_equal(s->done, 1);
    if (s->code != OC_OK) {
        fail_msg("%s: %s", op, s->error.message);
    }
    return s->result;
}

/* The code of a call that is refused. */
static inline int stage_refused(struct stage *s, const char *op, const char *params)
{
    stage_call(s, op, params);
    assert_int_equal(s->done, 1);
    return s->code;
}

/* ---- what happened ---- */

static inline size_t stage_count(const struct stage *s, const char *topic)
{
    size_t i, n = 0;
    json_t *event;
    json_array_foreach(s->events, i, event)
    {
        n += strcmp(json_string_value(json_array_get(event, 0)), topic) == 0;
    }
    return n;
}

/* The data of the latest event of this topic; an empty object when there was none. */
static inline const json_t *stage_last(const struct stage *s, const char *topic)
{
    static json_t *nothing;
    for (size_t i = json_array_size(s->events); i-- > 0;) {
        const json_t *event = json_array_get(s->events, i);
        if (strcmp(json_string_value(json_array_get(event, 0)), topic) == 0) {
            return json_array_get(event, 1);
        }
    }
    return nothing;
}

/* The row of `list` whose `key` is `value`; NULL when there is none. */
static inline json_t *stage_find(const json_t *list, const char *key, const char *value)
{
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        if (strcmp(oc_json_str(row, key, ""), value) == 0) {
            return row;
        }
    }
    return NULL;
}

#endif
