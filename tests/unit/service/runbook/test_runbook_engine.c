/* The engine of runbooks: order, checks, failures, undo, crashes, decisions. SPDX-License-Identifier: MIT */
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
    char path[96], folder[80];
};
static struct fixture *f;

/* ---- operations that do nothing, and count ---- */

static void note(const char *what)
{
    size_t len = strlen(f->order);
    snprintf(f->order + len, sizeof f->order - len, "%s%s", len ? " " : "", what);
}

static const char *name_of(struct oc_call *call)
{
    return oc_json_str(oc_call_json(call), "name", "?");
}

static void op_do(struct oc_call *call, void *ctx)
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

static void op_safe(struct oc_call *call, void *ctx)
{
    (void)ctx;
    f->safe++;
    note(name_of(call));
    oc_call_succeed(call, json_object());
}

static void hold_cancelled(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void op_hold(struct oc_call *call, void *ctx)
{
    (void)ctx;
    note(name_of(call));
    f->held[f->holding++] = call;
    oc_call_on_cancel(call, hold_cancelled, NULL);
}

static void op_look(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("{s:b,s:s}", "ok", (int)f->look_ok, "output", "as it is"));
}

static void op_gated(struct oc_call *call, void *ctx)
{
    struct oc_error err;
    (void)ctx;
    f->gated++;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_APPROVAL, "tactical decision needed");
    oc_call_fail_with(call, &err, json_pack("{s:s}", "proposal", "P1"));
}

static void op_show(struct oc_call *call, void *ctx)
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

struct fake_params {
    const char *name;
};
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
    FAKE("governance.show", 0, op_show),
};

/* ---- the stage ---- */

static void begin_service(void)
{
    static const struct oc_env *env;
    env = &f->s.env;
    f->runbooks = oc_runbook_create(env);
    struct oc_config *old = stage_load(&f->s, "");
    oc_runbook_configure(f->runbooks, f->s.config, &f->s.diags);
    oc_config_destroy(old);
}

static int setup(void **state)
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
    begin_service();
    return 0;
}

static void done_nothing(void *ctx)
{
    (void)ctx;
}

static int teardown(void **state)
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
static void crash_and_come_back(void)
{
    json_t *kept = oc_kv_all(f->s.env.store, "runbook"), *doc;
    const char *id;
    oc_ops_cancel_all(f->s.env.ops);
    oc_runbook_stop(f->runbooks, 0, done_nothing, NULL);
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
    begin_service();
    stage_pass(&f->s, 400);
}

static void write_steps(const char *steps)
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

static void begin_run(const char *steps, const char *more)
{
    char params[256];
    write_steps(steps);
    f->order[0] = '\0';
    snprintf(params, sizeof params, "{\"name\":\"own\"%s}", more);
    stage_call(&f->s, "runbook.run", params);
}

static const json_t *latest(void)
{
    return stage_ask(&f->s, "runbook.status", NULL);
}

static const char *run_state(void)
{
    return oc_json_str(latest(), "state", "");
}

static const char *step_state(const char *id)
{
    return oc_json_str(stage_find(json_object_get(latest(), "steps"), "id", id), "state", "");
}

/* ---- tests ---- */

static void steps_run_in_order_and_are_written_down_before_they_run(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a'), act('safe', 'b'), act('do', 'c') }", "");
    assert_int_equal(f->s.done, 1);
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->order, "a b c");
    assert_true(f->seen_running);
    assert_string_equal(run_state(), "done");
    assert_int_equal(stage_count(&f->s, "runbook.started"), 1);
    assert_int_equal(stage_count(&f->s, "runbook.ended"), 1);
}

static void the_first_failure_leaves_the_rest_untouched(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a'), act('do', 'bad'), act('do', 'c') }", "");
    assert_int_equal(f->s.code, OC_E_PERMANENT);
    assert_string_equal(f->order, "a bad");
    assert_non_null(strstr(f->s.error.message, "it broke; 1 step was not begun"));
    assert_string_equal(oc_json_str(f->s.result, "state", ""), "failed");
    assert_string_equal(step_state("c"), "pending");
}

static void optional_steps_and_those_that_go_on_do_not_end_it(void **state)
{
    (void)state;
    begin_run("{ act('do', 'bad', { optional = true }), act('do', 'b') }", "");
    assert_string_equal(f->order, "bad b");
    assert_string_equal(run_state(), "done");
}

static void a_check_before_that_fails_keeps_the_step_from_running(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { check_before = good }) }", "");
    assert_int_equal(f->done, 0);
    assert_non_null(strstr(f->s.error.message, "not begun: ok is false, expected true: as it is"));
    assert_string_equal(step_state("a"), "failed");
}

static void what_is_so_already_is_skipped(void **state)
{
    (void)state;
    f->look_ok = true;
    begin_run("{ act('do', 'a', { unless = good }), act('do', 'b') }", "");
    assert_string_equal(f->order, "b");
    assert_string_equal(step_state("a"), "skipped");
}

static void a_check_after_is_asked_again_until_it_holds_or_time_is_over(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { check_after = good }) }", "");
    assert_int_equal(f->s.done, 0);
    stage_pass(&f->s, 2500);
    assert_int_equal(f->s.done, 0);
    f->look_ok = true;
    stage_pass(&f->s, 1000);
    assert_int_equal(f->s.code, OC_OK);
    f->look_ok = false;
    begin_run("{ act('do', 'b', { check_after = good }) }", "");
    stage_pass(&f->s, 7000);
    assert_int_equal(f->s.done, 1);
    assert_non_null(strstr(f->s.error.message, "not so within 5s"));
    assert_int_equal(f->done, 2);
}

static void steps_of_a_group_run_together(void **state)
{
    (void)state;
    begin_run("{ act('hold', 'a', { parallel = 'g' }), act('hold', 'b', { parallel = 'g' }),"
              " act('do', 'c') }",
              "");
    assert_int_equal(f->holding, 2);
    oc_call_succeed(f->held[1], NULL);
    assert_string_equal(f->order, "a b");
    oc_call_succeed(f->held[0], NULL);
    assert_string_equal(f->order, "a b c");
    assert_string_equal(run_state(), "done");
}

static void undo_goes_backwards(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { undo = { op = 'fake.safe', params = { name = '-a' } } }),"
              " act('do', 'b', { undo = { op = 'fake.safe', params = { name = '-b' } } }),"
              " act('do', 'bad', { on_failure = 'undo' }) }",
              "");
    assert_string_equal(f->order, "a b bad -b -a");
    assert_string_equal(run_state(), "failed");
    assert_string_equal(step_state("a"), "undone");
    assert_int_equal(stage_refused(&f->s, "runbook.resume", "{\"run\":\"none\"}"), OC_E_NOT_FOUND);
}

static void what_this_host_cannot_do_is_refused_before_anything_is_done(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a'), { id = 'x', op = 'backup.restore' } }", "");
    assert_int_equal(f->s.code, OC_E_UNSUPPORTED);
    assert_int_equal(f->done, 0);
    begin_run("{ act('do', 'a'), { id = 'x', op = 'backup.restore' } }",
              ",\"skip_unavailable\":true");
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(step_state("x"), "skipped");
    begin_run("{ { id = 'x', op = 'backup.restore', optional = true }, act('do', 'a') }", "");
    assert_int_equal(f->s.code, OC_OK);
}

static void the_words_of_a_step_are_asked_for(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { confirm = 'yes really' }) }", "");
    assert_int_equal(f->s.code, OC_E_CANCELLED);
    assert_int_equal(f->done, 0);
    begin_run("{ act('do', 'a', { confirm = 'yes really' }) }", ",\"confirm\":\"yes really\"");
    assert_int_equal(f->s.code, OC_OK);
}

static void what_was_agreed_to_is_what_is_done(void **state)
{
    char more[128], hash[80];
    (void)state;
    begin_run("{ act('do', 'a') }", ",\"dry_run\":true");
    snprintf(hash, sizeof hash, "%s", oc_json_str(f->s.result, "plan", ""));
    assert_int_equal(strlen(hash), 64);
    assert_int_equal(f->done, 0);
    snprintf(more, sizeof more, ",\"plan\":\"%s\"", hash);
    begin_run("{ act('do', 'b') }", more);
    assert_int_equal(f->s.code, OC_E_CONFLICT);
    assert_int_equal(f->done, 0);
    begin_run("{ act('do', 'a') }", more);
    assert_int_equal(f->s.code, OC_OK);
}

static int ask_for_votes(void *ctx, const struct oc_call *call, json_t **details,
                         struct oc_error *err)
{
    (void)details;
    if (strcmp(oc_call_op(call)->name, "runbook.run") != 0) {
        return OC_OK;
    }
    ++*(int *)ctx;
    return oc_error_set(err, OC_E_APPROVAL, "tactical decision needed");
}

static void what_cannot_run_is_not_voted_on(void **state)
{
    int asked = 0;
    (void)state;
    oc_ops_set_gate(f->s.env.ops, ask_for_votes, &asked);
    begin_run("{ act('do', 'a', { confirm = 'yes really' }) }", "");
    assert_int_equal(f->s.code, OC_E_CANCELLED);
    begin_run("{ act('do', 'a'), { id = 'x', op = 'backup.restore' } }", "");
    assert_int_equal(f->s.code, OC_E_UNSUPPORTED);
    begin_run("{ refuse = 'not today' }", "");
    assert_int_equal(f->s.code, OC_E_CONFLICT);
    begin_run("{ act('do', 'a') }", ",\"param\":{\"x\":1}");
    assert_int_equal(f->s.code, OC_E_CONFIG);
    assert_int_equal(asked, 0);
    begin_run("{ act('do', 'a', { confirm = 'yes really' }) }", ",\"confirm\":\"yes really\"");
    assert_int_equal(f->s.code, OC_E_APPROVAL);
    assert_int_equal(asked, 1);
    oc_ops_set_gate(f->s.env.ops, NULL, NULL);
}

static void a_fact_that_answers_later_is_not_waited_for_before_the_vote(void **state)
{
    int asked = 0;
    (void)state;
    oc_ops_set_gate(f->s.env.ops, ask_for_votes, &asked);
    begin_run("{ act('do', 'a', { confirm = 'x' }) } end\n"
              "function facts() return { late = { op = 'fake.later', params = { name = 'l' } } }",
              "");
    assert_int_equal(f->s.code, OC_E_APPROVAL);
    assert_int_equal(f->holding, 1);
    oc_call_succeed(f->held[0], NULL);
    assert_int_equal(f->done, 0);
    oc_ops_set_gate(f->s.env.ops, NULL, NULL);
}

/* ---- resuming ---- */

static void resume_latest(const char *more)
{
    char params[128];
    snprintf(params, sizeof params, "{\"run\":\"%s\"%s}", oc_json_str(latest(), "run", ""), more);
    stage_call(&f->s, "runbook.resume", params);
}

static void what_is_no_longer_so_is_done_again_when_a_run_is_resumed(void **state)
{
    (void)state;
    f->look_ok = true;
    begin_run("{ act('safe', 'a', { check_after = good }), act('do', 'bad') }", "");
    assert_string_equal(f->order, "a bad");
    resume_latest(""); /* still so: only what failed is tried again */
    assert_string_equal(f->order, "a bad bad");
    f->look_ok = false;
    resume_latest("");
    assert_string_equal(f->order, "a bad bad a");
    f->look_ok = true;
    stage_pass(&f->s, 2000);
    assert_string_equal(f->order, "a bad bad a bad");
    const json_t *step = stage_find(json_object_get(latest(), "steps"), "id", "a");
    assert_string_equal(oc_json_str(step, "state", ""), "done");
    assert_non_null(strstr(oc_json_str(step, "message", ""), "done again: it was done, and then"));
}

static void what_may_not_be_repeated_stops_the_run_that_is_resumed(void **state)
{
    (void)state;
    f->look_ok = true;
    begin_run("{ act('do', 'a', { check_after = good }), act('do', 'bad') }", "");
    f->look_ok = false;
    resume_latest("");
    assert_string_equal(f->order, "a bad");
    assert_non_null(strstr(f->s.error.message, "may not be repeated unasked"));
    assert_string_equal(run_state(), "unknown");
    resume_latest(",\"unknown\":\"done\"");
    assert_string_equal(f->order, "a bad bad");
}

static void a_run_that_nobody_works_on_is_interrupted(void **state)
{
    (void)state;
    begin_run("{ act('hold', 'a') }", ",\"detach\":true");
    assert_string_equal(run_state(), "running");
    json_t *doc = json_pack("{s:s,s:s,s:s,s:[]}", "run", "99991231-000000-0000", "runbook", "own",
                            "state", "running", "steps");
    oc_json_set_int(doc, "began_ms", 4102444800000);
    assert_int_equal(oc_kv_put(f->s.env.store, "runbook", "99991231-000000-0000", doc, true, NULL),
                     OC_OK);
    json_decref(doc);
    assert_string_equal(run_state(), "interrupted");
}

/* ---- crashes ---- */

static void after_a_crash_a_step_that_may_be_repeated_is_repeated(void **state)
{
    (void)state;
    begin_run("{ act('holdsafe', 'a'), act('do', 'b') }", ",\"detach\":true");
    assert_int_equal(f->holding, 1);
    crash_and_come_back();
    assert_int_equal(f->holding, 1); /* asked for again */
    oc_call_succeed(f->held[0], NULL);
    assert_string_equal(f->order, "a a b");
    assert_string_equal(run_state(), "done");
}

static void after_a_crash_nobody_knows_of_a_step_that_may_not_be_repeated(void **state)
{
    char params[128];
    (void)state;
    begin_run("{ act('hold', 'a'), act('do', 'b') }", ",\"detach\":true");
    crash_and_come_back();
    assert_int_equal(f->holding, 0);
    assert_string_equal(run_state(), "unknown");
    assert_string_equal(step_state("b"), "pending");
    snprintf(params, sizeof params, "{\"run\":\"%s\"}", oc_json_str(latest(), "run", ""));
    assert_int_equal(stage_refused(&f->s, "runbook.resume", params), OC_E_CONFLICT);
    snprintf(params, sizeof params, "{\"run\":\"%s\",\"unknown\":\"done\"}",
             oc_json_str(latest(), "run", ""));
    stage_ask(&f->s, "runbook.resume", params);
    assert_string_equal(f->order, "a b");
    assert_string_equal(run_state(), "done");
}

static void after_a_crash_the_check_after_decides(void **state)
{
    (void)state;
    begin_run("{ act('hold', 'a', { check_after = good }), act('do', 'b') }", ",\"detach\":true");
    f->look_ok = true;
    crash_and_come_back();
    assert_int_equal(f->holding, 0);
    assert_string_equal(f->order, "a b");
    assert_string_equal(run_state(), "done");
    f->look_ok = false;
    begin_run("{ act('hold', 'c', { check_after = good }), act('do', 'd') }", ",\"detach\":true");
    stage_pass(&f->s, 10);
    crash_and_come_back();
    stage_pass(&f->s, 10000);
    assert_string_equal(f->order, "c");
    assert_string_equal(step_state("c"), "unknown");
}

static void after_a_crash_what_has_answered_is_only_checked(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { check_after = good }), act('do', 'b') }", ",\"detach\":true");
    assert_int_equal(f->done, 1);
    crash_and_come_back();
    assert_int_equal(f->done, 1);
    f->look_ok = true;
    stage_pass(&f->s, 2000);
    assert_string_equal(f->order, "a b");
    assert_string_equal(run_state(), "done");
}

static void a_crash_while_undoing_does_not_undo_twice(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { undo = { op = 'fake.safe', params = { name = '-a' } } }),"
              " act('do', 'b', { undo = { op = 'fake.hold', params = { name = '-b' } } }),"
              " act('do', 'bad', { on_failure = 'undo' }) }",
              ",\"detach\":true");
    assert_string_equal(f->order, "a b bad -b");
    crash_and_come_back();
    assert_string_equal(f->order, "a b bad -b -a");
    assert_string_equal(step_state("b"), "undo_failed");
    assert_string_equal(run_state(), "failed");
}

/* ---- decisions ---- */

static void decide(const char *execution)
{
    f->execution = execution;
    json_t *event = json_object();
    oc_json_set_str(event, "proposal", "P1");
    oc_bus_publish(f->s.env.bus, "governance.execution_ended", event);
    stage_pass(&f->s, 10);
}

static void a_step_waits_for_its_approval_and_is_not_run_twice(void **state)
{
    (void)state;
    begin_run("{ act('gated', 'a'), act('do', 'b') }", "");
    assert_int_equal(f->s.done, 0);
    decide(NULL); /* approved, not yet carried out */
    assert_int_equal(f->s.done, 0);
    decide("completed");
    assert_int_equal(f->s.code, OC_OK);
    assert_int_equal(f->gated, 1);
    assert_string_equal(f->order, "b");
    const json_t *step = stage_find(json_object_get(latest(), "steps"), "id", "a");
    assert_string_equal(oc_json_str(json_object_get(step, "result"), "by", ""), "P1");
}

static void what_was_rejected_ends_the_run(void **state)
{
    (void)state;
    begin_run("{ act('gated', 'a'), act('do', 'b') }", ",\"detach\":true");
    assert_string_equal(run_state(), "waiting");
    f->refuse = true;
    decide(NULL);
    assert_string_equal(run_state(), "failed");
    assert_int_equal(f->done, 0);
}

static void a_decision_that_fell_while_we_were_away_is_heard(void **state)
{
    (void)state;
    begin_run("{ act('gated', 'a'), act('do', 'b') }", ",\"detach\":true");
    f->execution = "completed";
    crash_and_come_back();
    stage_pass(&f->s, 6000);
    assert_int_equal(f->gated, 1);
    assert_string_equal(f->order, "b");
    assert_string_equal(run_state(), "done");
}

static void an_abort_ends_what_waits(void **state)
{
    char params[128];
    (void)state;
    begin_run("{ act('do', 'a', { undo = { op = 'fake.safe', params = { name = '-a' } } }),"
              " act('gated', 'b') }",
              ",\"detach\":true");
    snprintf(params, sizeof params, "{\"run\":\"%s\",\"undo\":true}",
             oc_json_str(latest(), "run", ""));
    stage_call(&f->s, "runbook.abort", params);
    stage_pass(&f->s, 10);
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->order, "a -a");
    assert_string_equal(run_state(), "aborted");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(steps_run_in_order_and_are_written_down_before_they_run),
        T(the_first_failure_leaves_the_rest_untouched),
        T(optional_steps_and_those_that_go_on_do_not_end_it),
        T(a_check_before_that_fails_keeps_the_step_from_running),
        T(what_is_so_already_is_skipped),
        T(a_check_after_is_asked_again_until_it_holds_or_time_is_over),
        T(steps_of_a_group_run_together),
        T(undo_goes_backwards),
        T(what_this_host_cannot_do_is_refused_before_anything_is_done),
        T(the_words_of_a_step_are_asked_for),
        T(what_was_agreed_to_is_what_is_done),
        T(what_cannot_run_is_not_voted_on),
        T(a_fact_that_answers_later_is_not_waited_for_before_the_vote),
        T(what_is_no_longer_so_is_done_again_when_a_run_is_resumed),
        T(what_may_not_be_repeated_stops_the_run_that_is_resumed),
        T(a_run_that_nobody_works_on_is_interrupted),
        T(after_a_crash_a_step_that_may_be_repeated_is_repeated),
        T(after_a_crash_nobody_knows_of_a_step_that_may_not_be_repeated),
        T(after_a_crash_the_check_after_decides),
        T(after_a_crash_what_has_answered_is_only_checked),
        T(a_crash_while_undoing_does_not_undo_twice),
        T(a_step_waits_for_its_approval_and_is_not_run_twice),
        T(what_was_rejected_ends_the_run),
        T(a_decision_that_fell_while_we_were_away_is_heard),
        T(an_abort_ends_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
