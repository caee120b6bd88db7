/* What tests of schedules stand on: the stage, operations to schedule, restarts. SPDX-License-Identifier: MIT */
#ifndef TESTS_CRON_STAGE_H
#define TESTS_CRON_STAGE_H

#include "tests/unit/service/stage.h"

#include "core/base/text.h"
#include "core/op/internal.h"
#include "core/service/cron/internal.h"

static struct stage st;
static struct oc_cron_service *cron;
static int ran, ended;                /* calls of test.* operations, and those that are over */
static OC_VEC(struct oc_call *) held; /* of test.slow and test.deed */
static char last_actor[64];
static enum oc_role last_role;
static char claimed[32]; /* the state of the run's record while its operation began */
static json_t *values;   /* the latest sample: "metric/schedule" -> number */
static struct oc_subscription *listener;

static void note_call(struct oc_call *call)
{
    const struct oc_actor *actor = oc_call_actor(call);
    ran++;
    oc_copy(last_actor, sizeof last_actor, actor->name);
    last_role = actor->role;
    json_t *all = oc_kv_all(st.env.store, "cron.run"), *record;
    const char *key, *newest = "";
    claimed[0] = '\0';
    json_object_foreach(all, key, record)
    {
        if (strcmp(key, newest) > 0) {
            newest = key;
            oc_copy(claimed, sizeof claimed, oc_json_str(record, "state", ""));
        }
    }
    json_decref(all);
}

static void op_ok(struct oc_call *call, void *ctx)
{
    (void)ctx;
    note_call(call);
    ended++;
    oc_call_succeed(call, json_pack("{s:s}", "said", "well"));
}

static void op_fail(struct oc_call *call, void *ctx)
{
    (void)ctx;
    note_call(call);
    ended++;
    oc_call_failf(call, OC_E_RETRY, "Try again.", "no luck");
}

static void let_go(struct oc_call *call, void *ctx)
{
    struct oc_error err;
    (void)ctx;
    for (size_t i = 0; i < held.count; i++) {
        if (held.items[i] == call) {
            OC_VEC_REMOVE(&held, i);
            break;
        }
    }
    ended++;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "cancelled");
    oc_call_fail(call, &err);
}

static void op_slow(struct oc_call *call, void *ctx)
{
    (void)ctx;
    note_call(call);
    OC_VEC_PUSH(&held, call);
    oc_call_on_cancel(call, let_go, NULL);
}

static inline void release_one(void)
{
    struct oc_call *call = held.items[0];
    OC_VEC_REMOVE(&held, 0);
    ended++;
    oc_call_succeed(call, json_object());
}

struct test_params {
    int64_t n;
};
static const struct oc_option test_options[] = {
    {.name = "n", .type = OC_OPT_INT, .offset = 0, .max = 9, .min = 0, .help = "a number"}, {0}};

static const struct oc_op test_ops[] = {
    {.name = "test.ok",
     .summary = "x",
     .params = test_options,
     .params_size = sizeof(struct test_params),
     .handler = op_ok},
    {.name = "test.fail", .summary = "x", .handler = op_fail},
    {.name = "test.slow", .summary = "x", .handler = op_slow},
    {.name = "test.deed",
     .summary = "x",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .handler = op_slow},
    {.name = "test.admin", .summary = "x", .role = OC_ROLE_ADMIN, .handler = op_ok},
    {.name = "test.secret",
     .summary = "x",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_TELLS_SECRET,
     .handler = op_ok},
    {.name = "test.stream", .summary = "x", .flags = OC_OP_STREAMS, .handler = op_slow},
};
static const struct oc_op late_op = {.name = "test.late", .summary = "x", .handler = op_ok};

static void on_samples(void *ctx, const struct oc_event *event)
{
    const struct oc_batch *batch = event->native;
    (void)ctx;
    for (size_t i = 0; i < batch->sample_count; i++) {
        const struct oc_series *series = batch->samples[i].series;
        char *key = oc_asprintf("%s/%s", series->name, series->labels[1].value);
        json_object_set_new(values, key, json_real(batch->samples[i].value));
        free(key);
    }
}

static inline double sample(const char *key)
{
    return oc_json_num(values, key, -1);
}

static inline void make_service(void)
{
    cron = oc_cron_service_create(&st.env);
}

/* The configuration; what it says wrong is in st.diags. */
static inline void configure(const char *text)
{
    struct oc_config *old = stage_load(&st, text);
    oc_cron_service_configure(cron, st.config, &st.diags);
    oc_config_destroy(old);
    stage_pass(&st, 0);
}

static inline void remove_ops(void)
{
    static const char *const names[] = {"list",   "show",   "next",    "history", "add",   "edit",
                                        "remove", "enable", "disable", "run",     "import"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        char name[32];
        snprintf(name, sizeof name, "cron.%s", names[i]);
        oc_ops_remove(st.env.ops, name);
    }
}

/* As after kill -9: nothing is told to anybody, calls that were under way are gone. */
static inline void crash_and_restart(void)
{
    struct oc_cron_service *dead = cron;
    oc_timer_stop(dead->timer);
    oc_timer_stop(dead->flusher);
    for (size_t i = 0; i < dead->entries.count; i++) {
        dead->entries.items[i]->dirty = false;
    }
    json_array_clear(dead->records);
    for (size_t i = 0; i < dead->runs.count; i++) {
        dead->runs.items[i]->asker = NULL;
    }
    remove_ops();
    oc_cron_service_destroy(dead);
    while (held.count > 0) {
        oc_call_cancel(held.items[0]);
    }
    make_service();
    oc_cron_service_configure(cron, st.config, &st.diags);
    stage_pass(&st, 0);
}

static void stopped(void *ctx)
{
    *(bool *)ctx = true;
}

/* As the daemon does: calls end before the service is told. */
static inline void stop_and_restart(void)
{
    bool done = false;
    oc_ops_stop(st.env.ops);
    oc_cron_service_stop(cron, 0, stopped, &done);
    assert_true(done);
    remove_ops();
    oc_cron_service_destroy(cron);
    st.env.ops->stopping = false; /* the next process has another table */
    make_service();
    oc_cron_service_configure(cron, st.config, &st.diags);
    stage_pass(&st, 0);
}

static int setup(void **state)
{
    (void)state;
    stage_begin(&st);
    ran = ended = 0;
    values = json_object();
    listener = oc_bus_subscribe(st.env.bus, "samples", on_samples, NULL);
    for (size_t i = 0; i < OC_COUNT(test_ops); i++) {
        oc_ops_add(st.env.ops, &test_ops[i], NULL);
    }
    make_service();
    return 0;
}

static int teardown(void **state)
{
    bool done = false;
    (void)state;
    oc_cron_service_stop(cron, 0, stopped, &done);
    assert_true(done);
    remove_ops();
    oc_cron_service_destroy(cron);
    OC_VEC_FINISH(&held);
    oc_bus_unsubscribe(listener);
    json_decref(values);
    stage_end(&st);
    return 0;
}

/* A row of cron.list. */
static inline json_t *row(const char *name)
{
    json_t *found = stage_find(stage_ask(&st, "cron.list", NULL), "name", name);
    assert_non_null(found);
    return found;
}

/* "ok missed ...": the states of its history, the oldest first. */
static inline const char *states(const char *name)
{
    static char text[512];
    char params[96];
    snprintf(params, sizeof params, "{\"name\":\"%s\"}", name);
    const json_t *list = stage_ask(&st, "cron.history", params);
    text[0] = '\0';
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *record = json_array_get(list, i);
        const char *trigger = oc_json_str(record, "trigger", "");
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s%s%s", len ? " " : "",
                 oc_json_str(record, "state", ""),
                 strcmp(trigger, "schedule") && *trigger ? ":" : "",
                 strcmp(trigger, "schedule") ? trigger : "");
    }
    return text;
}

#endif
