/* The health service on a stage, fed with batches as the schedule would publish them. SPDX-License-Identifier: MIT */
#ifndef TESTS_HEALTH_WORLD_H
#define TESTS_HEALTH_WORLD_H

#include "tests/unit/service/stage.h"

#include "core/service/health/health.h"
#include "core/service/health/resources.h"
#include "core/service/health/table.h"

struct world {
    struct stage s;
    struct oc_health *health;
    json_t *alerts;       /* what alert.summary answers */
    json_t *silences;     /* the parameters of every alert.silence */
    json_t *ended;        /* the ids that alert.unsilence was given; the first silence is "1" */
    bool refuse_silences; /* as an alert service that cannot write */
    int64_t listed;       /* how many alerts alert.list was asked for */
};

static struct world w;

static void op_summary(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_deep_copy(w.alerts));
}

struct list_params {
    int64_t limit;
};
static const struct oc_option list_options[] = {{.name = "limit",
                                                 .type = OC_OPT_INT,
                                                 .offset = offsetof(struct list_params, limit),
                                                 .max = 1000000,
                                                 .help = "x"},
                                                {0}};

static void op_list(struct oc_call *call, void *ctx)
{
    (void)ctx;
    w.listed = ((const struct list_params *)oc_call_params(call))->limit;
    oc_call_succeed(call, json_pack("[{s:s}]", "rule", "cpu"));
}

static void op_silence(struct oc_call *call, void *ctx)
{
    (void)ctx;
    if (w.refuse_silences) {
        oc_call_failf(call, OC_E_RETRY, NULL, "the disk is full");
        return;
    }
    json_array_append_new(w.silences, json_deep_copy(oc_call_json(call)));
    oc_call_succeed(call,
                    json_pack("{s:o}", "id", json_sprintf("%zu", json_array_size(w.silences))));
}

static void op_unsilence(struct oc_call *call, void *ctx)
{
    (void)ctx;
    if (w.refuse_silences) {
        oc_call_failf(call, OC_E_RETRY, NULL, "the disk is full");
        return;
    }
    json_array_append(w.ended, json_object_get(oc_call_json(call), "id"));
    oc_call_succeed(call, NULL);
}

struct unsilence_params {
    const char *id;
};
static const struct oc_option unsilence_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct unsilence_params, id),
     .help = "x"},
    {0}};

struct silence_params {
    struct oc_list matchers;
    const char *until, *comment;
};
static const struct oc_option silence_options[] = {
    {.name = "matchers",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct silence_params, matchers),
     .help = "x"},
    {.name = "until",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, until),
     .help = "x"},
    {.name = "comment",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, comment),
     .help = "x"},
    {0}};

static const struct oc_op world_ops[] = {
    {.name = "alert.summary", .summary = "x", .handler = op_summary},
    {.name = "alert.list",
     .summary = "x",
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .handler = op_list},
    {.name = "alert.silence",
     .summary = "x",
     .params = silence_options,
     .params_size = sizeof(struct silence_params),
     .handler = op_silence},
    {.name = "alert.unsilence",
     .summary = "x",
     .params = unsilence_options,
     .params_size = sizeof(struct unsilence_params),
     .handler = op_unsilence}};

static inline int setup(void **state)
{
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    plugin_add("ok", LIBRARY);
    plugin_add("agent", LIBRARY ", \"snapshot\": \"agents\"");
    w.alerts = json_pack("{s:i, s:i}", "critical", 0, "warning", 0);
    w.silences = json_array();
    w.ended = json_array();
    for (size_t i = 0; i < OC_COUNT(world_ops); i++) {
        oc_ops_add(w.s.env.ops, &world_ops[i], NULL);
    }
    w.health = oc_health_create(&w.s.env);
    *state = &w;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    oc_ops_cancel_all(w.s.env.ops);
    oc_health_destroy(w.health);
    stage_end(&w.s);
    json_decref(w.alerts);
    json_decref(w.silences);
    json_decref(w.ended);
    return 0;
}

/* The number of errors. */
static inline size_t configure(const char *text)
{
    struct oc_config *old = stage_load(&w.s, text);
    oc_health_configure(w.health, w.s.config, &w.s.diags);
    oc_config_destroy(old);
    return oc_diags_errors(&w.s.diags);
}

/* One call of `instance` that reports one status (target NULL = none) and ends with `code`, a second after the last. */
static inline void report_of(const char *plugin, const char *instance, const char *target,
                             int32_t state, int code)
{
    struct oc_status status = {
        .target = target, .state = state, .text = state == OC_STATE_OK ? "fine" : "refused"};
    oc_time_advance(OC_SECOND);
    struct oc_batch batch = {.instance = instance,
                             .plugin = plugin,
                             .time_ms = oc_time_wall(),
                             .statuses = &status,
                             .status_count = target ? 1 : 0,
                             .last = true,
                             .code = code,
                             .error = code == OC_OK ? "" : "no answer",
                             .took_ms = 12};
    oc_bus_publish_native(w.s.env.bus, "samples", &batch);
}

static inline void report(const char *instance, const char *target, int32_t state)
{
    report_of("ok", instance, target, state, OC_OK);
}

static inline void sweep(const char *instance, int64_t since_ms)
{
    oc_bus_publish(w.s.env.bus, "collector.swept",
                   json_pack("{s:s, s:I}", "instance", instance, "since", (json_int_t)since_ms));
}

static inline const struct service *service(const char *name)
{
    const struct service *s = oc_health_find(w.health, name);
    if (!s) {
        fail_msg("there is no service %s", name);
    }
    OC_ASSERT(s);
    return s;
}

static inline const char *state_of(const char *name)
{
    return oc_check_state_name(service(name)->check.state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
