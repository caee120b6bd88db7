/* What the tests of the engine of runbooks stand on: operations that count, and a runbook of its own. SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVICE_RUNBOOK_ENGINE_STAGE_H
#define TESTS_SERVICE_RUNBOOK_ENGINE_STAGE_H

#include "tests/unit/service/stage.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include "core/service/runbook/runbook.h"

struct fixture {
    struct stage s;
    struct oc_runbook *runbooks;
    struct oc_call *held[16]; /* fake.hold calls that have not answered */
    size_t holding, done, safe, gated;
    char order[256];
    bool look_ok, seen_running, refuse;
    const char *execution;
    int withdraw_code;   /* of governance.withdraw */
    char withdrawn[160]; /* by whom, what and why */
    char path[96], folder[80];
};
static struct fixture *f;

/* ---- operations that do nothing, and count ---- */

static inline void note(const char *what)
{
    size_t len = strlen(f->order);
    snprintf(f->order + len, sizeof f->order - len, "%s%s", len ? " " : "", what);
}

static inline const char *name_of(struct oc_call *call)
{
    return oc_json_str(oc_call_json(call), "name", "?");
}

static inline void op_do(struct oc_call *call, void *ctx)
{
    json_t *all = oc_kv_all(f->s.env.store, "runbook"), *doc, *step;
    const char *id;
    size_t i;
    (void)ctx;
    f->done++;
    note(name_of(call));
    json_object_foreach(all, id, doc)
    {
        json_array_foreach(json_object_get(doc, "steps"), i, step)
        {
            f->seen_running =
                f->seen_running || strcmp(oc_json_str(step, "state", ""), "running") == 0;
        }
    }
    json_decref(all);
    if (strcmp(name_of(call), "bad") == 0) {
        oc_call_failf(call, OC_E_PERMANENT, NULL, "it broke");
    } else {
        oc_call_succeed(call, json_pack("{s:s}", "made", name_of(call)));
    }
}

static inline void op_safe(struct oc_call *call, void *ctx)
{
    (void)ctx;
    f->safe++;
    note(name_of(call));
    oc_call_succeed(call, json_object());
}

static inline void hold_cancelled(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static inline void op_hold(struct oc_call *call, void *ctx)
{
    (void)ctx;
    note(name_of(call));
    f->held[f->holding++] = call;
    oc_call_on_cancel(call, hold_cancelled, NULL);
}

static inline void op_look(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("{s:b,s:s}", "ok", (int)f->look_ok, "output", "as it is"));
}

static inline void op_gated(struct oc_call *call, void *ctx)
{
    struct oc_error err;
    (void)ctx;
    f->gated++;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_APPROVAL, "tactical decision needed");
    oc_call_fail_with(call, &err, json_pack("{s:s}", "proposal", "P1"));
}

static inline void op_show(struct oc_call *call, void *ctx)
{
    json_t *p =
        json_pack("{s:s,s:s}", "id", name_of(call), "status", f->refuse ? "rejected" : "approved");
    (void)ctx;
    if (f->execution && !f->refuse) {
        json_object_set_new(
            p, "execution",
            json_pack("{s:s,s:{s:s}}", "status", f->execution, "result", "by", "P1"));
    }
    oc_call_succeed(call, p);
}

static inline void op_withdraw(struct oc_call *call, void *ctx)
{
    const json_t *p = oc_call_json(call);
    (void)ctx;
    snprintf(f->withdrawn, sizeof f->withdrawn, "%.7s %s: %s", oc_call_actor(call)->name,
             oc_json_str(p, "proposal", ""), oc_json_str(p, "reason", ""));
    if (f->withdraw_code == OC_OK) {
        f->refuse = true;
        oc_call_succeed(call, json_object());
    } else {
        oc_call_failf(call, f->withdraw_code, NULL, "it is not to be");
    }
}

struct fake_params {
    const char *name;
};
struct fake_text {
    const char *proposal, *reason;
};
static const struct oc_option fake_texts[] = {
    {.name = "proposal", .type = OC_OPT_STRING, .offset = 0, .help = "its id"},
    {.name = "reason",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct fake_text, reason),
     .help = "why"},
    {0}};
static const struct oc_option fake_options[] = {
    {.name = "name", .type = OC_OPT_STRING, .offset = 0, .help = "a name"}, {0}};

#define FAKE(n, fl, fn)                                                                            \
    {                                                                                              \
        .name = n, .summary = n, .flags = fl, .params = fake_options,                              \
        .params_size = sizeof(struct fake_params), .handler = fn                                   \
    }
static const struct oc_op fakes[] = {
    FAKE("fake.do", OC_OP_MUTATES, op_do),
    FAKE("fake.safe", OC_OP_MUTATES | OC_OP_REPLAY_SAFE, op_safe),
    FAKE("fake.hold", OC_OP_MUTATES, op_hold),
    FAKE("fake.holdsafe", OC_OP_MUTATES | OC_OP_REPLAY_SAFE, op_hold),
    FAKE("fake.look", 0, op_look),
    FAKE("fake.later", 0, op_hold),
    FAKE("fake.gated", OC_OP_MUTATES, op_gated),
    {.name = "governance.show",
     .summary = "x",
     .params = fake_texts,
     .params_size = sizeof(struct fake_text),
     .handler = op_show},
    {.name = "governance.withdraw",
     .summary = "x",
     .flags = OC_OP_ACTS,
     .params = fake_texts,
     .params_size = sizeof(struct fake_text),
     .handler = op_withdraw},
};

/* ---- the stage ---- */

static inline void begin_service(const char *config)
{
    static const struct oc_env *env;
    env = &f->s.env;
    f->runbooks = oc_runbook_create(env);
    struct oc_config *old = stage_load(&f->s, config);
    oc_runbook_configure(f->runbooks, f->s.config, &f->s.diags);
    oc_config_destroy(old);
}

static inline int setup(void **state)
{
    f = oc_calloc(1, sizeof *f);
    *state = f;
    stage_begin(&f->s);
    for (size_t i = 0; i < OC_COUNT(fakes); i++) {
        oc_ops_add(f->s.env.ops, &fakes[i], f);
    }
    snprintf(f->folder, sizeof f->folder, "%s/runbooks", f->s.home);
    snprintf(f->path, sizeof f->path, "%s/own.lua", f->folder);
    mkdir(f->folder, 0700);
    begin_service("");
    return 0;
}

static inline void done_nothing(void *ctx)
{
    (void)ctx;
}

static inline int teardown(void **state)
{
    (void)state;
    oc_ops_cancel_all(f->s.env.ops);
    oc_runbook_stop(f->runbooks, 0, done_nothing, NULL);
    oc_runbook_destroy(f->runbooks);
    unlink(f->path);
    rmdir(f->folder);
    stage_end(&f->s);
    free(f);
    return 0;
}

/* As kill -9, for the engine: nothing is told to anybody, and the next one finds what is in the store. */
static inline void crash_and_come_back_to(const char *config)
{
    json_t *kept = oc_kv_all(f->s.env.store, "runbook"), *doc;
    const char *id;
    oc_runbook_stop(f->runbooks, 0, done_nothing, NULL);
    oc_ops_cancel_all(f->s.env.ops);
    oc_runbook_destroy(f->runbooks);
    json_object_foreach(kept, id, doc)
    {
        assert_int_equal(oc_kv_put(f->s.env.store, "runbook", id, doc, true, NULL), OC_OK);
    }
    json_decref(kept);
    for (size_t i = 0; i < OC_COUNT(fakes); i++) { /* the operations of a new process */
        oc_ops_remove(f->s.env.ops, fakes[i].name);
        oc_ops_add(f->s.env.ops, &fakes[i], f);
    }
    static const char *const ours[] = {"runbook.list",   "runbook.show",    "runbook.run",
                                       "runbook.status", "runbook.history", "runbook.resume",
                                       "runbook.abort"};
    for (size_t i = 0; i < OC_COUNT(ours); i++) {
        oc_ops_remove(f->s.env.ops, ours[i]);
    }
    f->holding = 0;
    begin_service(config);
    stage_pass(&f->s, 400);
}

static inline void crash_and_come_back(void)
{
    crash_and_come_back_to("");
}

static inline void write_steps(const char *steps)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fprintf(
        file,
        "runbook = { name = 'own', title = 'Own', severity = 'low' }\n"
        "local function act(op, name, more) local s = { id = name, op = 'fake.' .. op,"
        " params = { name = name } } for k, v in pairs(more or {}) do s[k] = v end return s end\n"
        "local good = { op = 'fake.look', expect = { ok = true }, within = '5s', every = '1s' }\n"
        "function plan() return %s end\n",
        steps);
    fclose(file);
}

static inline void begin_run(const char *steps, const char *more)
{
    char params[256];
    write_steps(steps);
    f->order[0] = '\0';
    snprintf(params, sizeof params, "{\"name\":\"own\"%s}", more);
    stage_call(&f->s, "runbook.run", params);
}

static inline const json_t *latest(void)
{
    return stage_ask(&f->s, "runbook.status", NULL);
}

static inline const char *run_state(void)
{
    return oc_json_str(latest(), "state", "");
}

static inline const char *step_state(const char *id)
{
    return oc_json_str(stage_find(json_object_get(latest(), "steps"), "id", id), "state", "");
}

/* ---- tests ---- */

#endif
