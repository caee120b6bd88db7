/* Measures what a decision costs. SPDX-License-Identifier: MIT
 *
 *   bench_policy [POLICIES]     prints one JSON document; times in nanoseconds, each the best of five rounds
 *
 * A route decision for an alert of usual size with eleven channels, its conversion into Lua and the reading of the answer
 * included: through the builder with the shipped policy and with a small one, with inputs being kept, and through JSON. A call of an operation that changes something,
 * with the gate and without. A reload of a changed file. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/policy/ask.h"
#include "core/policy/inspect.h"
#include "core/service/policy/gate.h"
#include "core/sys/file.h"

#define ROUNDS   5
#define ASKED    20000
#define CHANNELS 11

static struct oc_kept *channels;
static size_t heard;

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static json_t *channel_list(void)
{
    json_t *list = json_array();
    for (int i = 0; i < CHANNELS; i++) {
        char name[32];
        snprintf(name, sizeof name, "channel%d", i);
        json_array_append_new(list, json_pack("{s:s,s:s,s:[s,s]}", "name", name, "plugin",
                                              "webhook", "levels", "critical", "warning"));
    }
    return list;
}

static void say(struct oc_args *a, void *ctx)
{
    (void)ctx;
    oc_args_object(a, 14);
    oc_args_set_str(a, "rule", "high_cpu_usage");
    oc_args_set_str(a, "severity", "critical");
    oc_args_set_str(a, "state", "firing");
    oc_args_set_str(a, "category", "resource");
    oc_args_set_str(a, "instance", "host-17.example.org:9100");
    oc_args_set_str(a, "target", "gateway");
    oc_args_set_str(a, "metric", "system.cpu_percent");
    oc_args_set_number(a, "value", 97.25);
    oc_args_set_str(a, "message", "cpu is at 97.25% on host-17.example.org:9100 for 5 minutes");
    oc_args_set_int(a, "since", 1772330400000);
    oc_args_key(a, "labels");
    oc_args_object(a, 6);
    oc_args_set_str(a, "team", "infrastructure");
    oc_args_set_str(a, "region", "eu-central-1");
    oc_args_set_str(a, "service", "gateway");
    oc_args_set_str(a, "alertname", "high_cpu_usage");
    oc_args_end(a);
    oc_args_key(a, "configured_channels");
    oc_args_kept(a, channels);
    oc_args_end(a);
    oc_args_integer(a, 1772330400000);
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct oc_answer item;
    (void)ctx;
    (void)err;
    for (size_t i = 0; oc_answer_at(answer, i, &item); i++) {
        heard += oc_answer_str(&item, NULL) != NULL;
        oc_answer_end(&item);
    }
    return OC_OK;
}

static void ask_builder(void *ctx)
{
    struct oc_error err;
    if (oc_question_ask(ctx, say, hear, NULL, &err) != OC_OK) {
        fprintf(stderr, "bench_policy: %s\n", err.message);
        exit(1);
    }
}

static void ask_json(void *ctx)
{
    json_t *result,
        *alert = json_pack("{s:s,s:s,s:s,s:s,s:f,s:{s:s,s:s,s:s,s:s}}", "rule", "high_cpu_usage",
                           "severity", "critical", "state", "firing", "message", "cpu is at 97.25%",
                           "value", 97.25, "labels", "team", "infrastructure", "region",
                           "eu-central-1", "service", "gateway", "alertname", "high_cpu_usage");
    oc_json_take(alert, "configured_channels", channel_list());
    json_t *args = json_pack("[oI]", alert, (json_int_t)1772330400000);
    struct oc_error err;
    if (oc_policy_ask(ctx, "route", args, &result, NULL, &err) != OC_OK) {
        fprintf(stderr, "bench_policy: %s\n", err.message);
        exit(1);
    }
    json_decref(result);
    json_decref(args);
}

static void op_change(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_object());
}

static const struct oc_op change = {.name = "bench.change",
                                    .summary = "Change nothing",
                                    .flags = OC_OP_MUTATES,
                                    .handler = op_change};

static void call_op(void *ctx)
{
    oc_ops_call(ctx, &(struct oc_call_request){.op = "bench.change",
                                               .actor = {.name = "bench", .role = OC_ROLE_ADMIN}});
}

static double measure(void (*fn)(void *ctx), void *ctx)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now_ns();
        for (int i = 0; i < ASKED; i++) {
            fn(ctx);
        }
        double each = (now_ns() - begun) / ASKED;
        best = each < best ? each : best;
    }
    return best;
}

/* A policy of one decision: what the host adds to what the policy does. */
static double measure_small(const char *dir)
{
    static const char TEXT[] = "function route(alert) return alert.severity == 'critical' and { "
                               "'pager', 'log' } or { 'log' } end";
    char path[64];
    snprintf(path, sizeof path, "%s/route.lua", dir);
    OC_ASSERT(oc_file_write(path, TEXT, strlen(TEXT), 0600, NULL) == OC_OK);
    struct oc_policies *policies = oc_policies_create(NULL, dir);
    struct oc_question *q = oc_question_create(policies, "route");
    double each = measure(ask_builder, q);
    oc_question_destroy(q);
    oc_policies_destroy(policies);
    unlink(path);
    return each;
}

struct reload {
    struct oc_policies *policies;
    char path[64];
    int version;
};

static double measure_reload(const char *dir)
{
    struct reload r = {.policies = oc_policies_create(NULL, dir)};
    double spent = 0;
    snprintf(r.path, sizeof r.path, "%s/route.lua", dir);
    for (int i = 0; i < 100; i++) {
        char text[64];
        snprintf(text, sizeof text, "function route() return {'v%d'} end", i);
        OC_ASSERT(oc_file_write(r.path, text, strlen(text), 0600, NULL) == OC_OK);
        double begun = now_ns();
        oc_policies_reload(r.policies);
        spent += now_ns() - begun;
    }
    oc_policies_destroy(r.policies);
    unlink(r.path);
    return spent / 100;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/oc-bench-policy-XXXXXX";
    OC_ASSERT(mkdtemp(dir) != NULL);
    oc_log_set_level(OC_LOG_ERROR);
    struct oc_env env = {.loop = oc_loop_create(), .bus = oc_bus_create()};
    env.ops = oc_ops_create(env.loop, env.bus);
    env.policies = oc_policies_create(NULL, argc > 1 ? argv[1] : NULL);
    struct oc_question *q = oc_question_create(env.policies, "route");
    channels = oc_kept_create(channel_list());
    oc_ops_add(env.ops, &change, NULL);

    json_t *out = json_object();
    oc_json_take(out, "route_ns", json_real(measure(ask_builder, q)));
    oc_json_take(out, "route_small_ns", json_real(measure_small(dir)));
    oc_json_take(out, "route_json_ns", json_real(measure(ask_json, env.policies)));
    oc_policies_keep_inputs(env.policies);
    oc_json_take(out, "route_kept_ns", json_real(measure(ask_builder, q)));
    double bare = measure(call_op, env.ops);
    struct oc_gate *gate = oc_gate_create(&env);
    double gated = measure(call_op, env.ops);
    oc_json_take(out, "call_ns", json_real(bare));
    oc_json_take(out, "call_gated_ns", json_real(gated));
    oc_json_take(out, "gate_ns", json_real(gated - bare));
    oc_json_take(out, "reload_ns", json_real(measure_reload(dir)));
    OC_ASSERT(heard > 0);
    json_dumpf(out, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');

    json_decref(out);
    oc_gate_destroy(gate);
    oc_question_destroy(q);
    oc_kept_destroy(channels);
    oc_policies_destroy(env.policies);
    oc_ops_destroy(env.ops);
    oc_bus_destroy(env.bus);
    oc_loop_destroy(env.loop);
    rmdir(dir);
    return 0;
}
