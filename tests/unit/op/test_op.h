/* A table of operations of every temper, and one who calls them. SPDX-License-Identifier: MIT */
#ifndef TEST_OP_H
#define TEST_OP_H

#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/op/op.h"

struct answer {
    int done, code, rows, warnings;
    char message[256], hint[256], warning[128];
    json_t *result;
    double progress;
};

struct fixture {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    json_t *audit;
    struct oc_call *held;
    int cancels;
};

static struct fixture f;

struct params {
    const char *name;
    int64_t count, wait_ms;
    const char *password;
};
static const struct oc_option options[] = {{.name = "name",
                                            .type = OC_OPT_STRING,
                                            .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                            .offset = offsetof(struct params, name),
                                            .help = "a name"},
                                           {.name = "count",
                                            .type = OC_OPT_INT,
                                            .offset = offsetof(struct params, count),
                                            .default_text = "3",
                                            .min = 1,
                                            .max = 9,
                                            .help = "how many"},
                                           {.name = "wait",
                                            .type = OC_OPT_DURATION,
                                            .offset = offsetof(struct params, wait_ms),
                                            .default_text = "2s",
                                            .help = "how long"},
                                           {.name = "password",
                                            .type = OC_OPT_SECRET,
                                            .offset = offsetof(struct params, password),
                                            .help = "a secret"},
                                           {0}};

static void greet(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    (void)ctx;
    oc_call_row(call, json_string("row"));
    oc_call_progress(call, 0.5, "half way");
    oc_call_warn(call, "mind the %s", "gap");
    oc_call_succeed(call,
                    json_pack("{s:s,s:I,s:I,s:s}", "name", p->name, "count", (json_int_t)p->count,
                              "wait", (json_int_t)p->wait_ms, "actor", oc_call_actor(call)->name));
}

static void hold(struct oc_call *call, void *ctx)
{
    (void)ctx;
    f.held = call;
}

static void stopped(struct oc_call *call, void *ctx)
{
    struct fixture *fx = ctx;
    fx->cancels++;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "stopped");
}

static void stoppable(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_on_cancel(call, stopped, &f);
}

static void refuse(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_failf(call, OC_E_CONFLICT, "Try tomorrow.", "not %s", "today");
}

static void refuse_in_detail(struct oc_call *call, void *ctx)
{
    struct oc_error err;
    (void)ctx;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_VERIFY, "the digest is another");
    oc_call_fail_with(call, &err, json_pack("{s:s}", "reason", "artifact-digest"));
}

static int cannot(const struct oc_call *call, void *ctx, struct oc_error *err)
{
    (void)call;
    (void)ctx;
    return oc_error_set(err, OC_E_CONFLICT, "it could not be done");
}

static const struct oc_op ops_table[] = {
    {.name = "test.greet",
     .summary = "Greet",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = options,
     .params_size = sizeof(struct params),
     .view = "record",
     .handler = greet},
    {.name = "test.secret",
     .summary = "Tell a secret",
     .flags = OC_OP_TELLS_SECRET | OC_OP_INTERNAL,
     .handler = greet},
    {.name = "test.cannot",
     .summary = "What cannot be done",
     .flags = OC_OP_MUTATES | OC_OP_INTERNAL,
     .handler = greet,
     .check = cannot},
    {.name = "test.hold", .summary = "Hold", .handler = hold},
    {.name = "test.stoppable", .summary = "Run until stopped", .handler = stoppable},
    {.name = "test.refuse", .summary = "Refuse", .flags = OC_OP_INTERNAL, .handler = refuse},
    {.name = "test.detail",
     .summary = "Refuse in detail",
     .flags = OC_OP_INTERNAL,
     .handler = refuse_in_detail}};

static void on_audit(void *ctx, const struct oc_event *event)
{
    struct fixture *fx = ctx;
    json_array_append(fx->audit, event->data);
}

static int create(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    f.loop = oc_loop_create();
    f.bus = oc_bus_create();
    f.ops = oc_ops_create(f.loop, f.bus);
    f.audit = json_array();
    oc_bus_subscribe(f.bus, "audit", on_audit, &f);
    for (size_t i = 0; i < sizeof ops_table / sizeof *ops_table; i++) {
        oc_ops_add(f.ops, &ops_table[i], NULL);
    }
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    oc_ops_destroy(f.ops);
    oc_bus_destroy(f.bus);
    oc_loop_destroy(f.loop);
    json_decref(f.audit);
    return 0;
}

static void on_row(void *ctx, const json_t *row)
{
    struct answer *a = ctx;
    assert_string_equal(json_string_value(row), "row");
    a->rows++;
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct answer *a = ctx;
    a->progress = fraction;
    assert_string_equal(text, "half way");
}

static void on_warning(void *ctx, const char *text)
{
    struct answer *a = ctx;
    a->warnings++;
    strncpy(a->warning, text, sizeof a->warning - 1);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct answer *a = ctx;
    a->done++;
    a->code = code;
    a->result = result ? json_deep_copy(result) : NULL;
    if (err) {
        memcpy(a->message, err->message, sizeof a->message);
        memcpy(a->hint, err->hint, sizeof a->hint);
    }
}

static inline struct oc_call *call(struct answer *a, const char *op, const char *json,
                                   enum oc_role role)
{
    memset(a, 0, sizeof *a);
    struct oc_call_request req = {.op = op,
                                  .params = json ? json_loads(json, 0, NULL) : NULL,
                                  .actor = {.name = "tester", .role = role},
                                  .on_row = on_row,
                                  .on_progress = on_progress,
                                  .on_warning = on_warning,
                                  .on_done = on_done,
                                  .ctx = a};
    return oc_ops_call(f.ops, &req);
}

#endif
