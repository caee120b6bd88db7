/* The engine of runbooks: resuming, crashes, decisions, aborting. SPDX-License-Identifier: MIT */
#include "tests/unit/service/runbook/engine_stage.h"

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

static void calls_that_end_because_the_host_goes_have_not_failed(void **state)
{
    (void)state;
    begin_run("{ act('holdsafe', 'a'), act('do', 'b') }", ",\"detach\":true");
    oc_ops_stop(f->s.env.ops); /* before any service is told */
    assert_string_equal(step_state("a"), "running");
    assert_string_equal(run_state(), "running");
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

/* The latest run, as a parameter. */
static const char *run_param(void)
{
    static char params[96];
    snprintf(params, sizeof params, "{\"run\":\"%s\"}", oc_json_str(latest(), "run", ""));
    return params;
}

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

/* Else it is carried out when people vote for it, long after. */
static void what_is_aborted_is_not_carried_out_when_it_is_voted_through(void **state)
{
    (void)state;
    begin_run("{ act('gated', 'a'), act('do', 'b') }", ",\"detach\":true");
    stage_call(&f->s, "runbook.abort", "{}");
    stage_pass(&f->s, 10);
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->withdrawn, "runbook P1: the run that asked for it was aborted");
    const json_t *step = stage_find(json_object_get(latest(), "steps"), "id", "a");
    assert_string_equal(oc_json_str(step, "message", ""),
                        "aborted while it waited for approval: proposal P1 is withdrawn");
    assert_string_equal(run_state(), "aborted");
}

static void what_was_decided_before_it_could_be_withdrawn_is_waited_for(void **state)
{
    (void)state;
    f->withdraw_code = OC_E_CONFLICT;
    begin_run("{ act('gated', 'a', { undo = { op = 'fake.safe', params = { name = '-a' } } }) }",
              ",\"detach\":true");
    stage_call(&f->s, "runbook.abort", "{\"undo\":true}");
    stage_pass(&f->s, 10);
    assert_int_equal(f->s.done, 0); /* it is being carried out */
    decide("completed");
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->order, "-a");
    assert_string_equal(run_state(), "aborted");
}

static void a_proposal_that_cannot_be_withdrawn_is_named(void **state)
{
    (void)state;
    f->withdraw_code = OC_E_RETRY;
    begin_run("{ act('gated', 'a') }", ",\"detach\":true");
    stage_call(&f->s, "runbook.abort", "{}");
    stage_pass(&f->s, 10);
    assert_string_equal(step_state("a"), "unknown");
    assert_string_equal(oc_json_str(latest(), "message", ""),
                        "aborted; step a is unknown: proposal P1 could not be withdrawn, and is "
                        "carried out when it is approved: it is not to be");
}

/* After a crash, with interrupted = "ask". */
static void a_run_that_nobody_goes_on_with_withdraws_too(void **state)
{
    (void)state;
    begin_run("{ act('gated', 'a') }", ",\"detach\":true");
    crash_and_come_back_to("runbooks = { interrupted = \"ask\"; };");
    stage_call(&f->s, "runbook.abort", run_param());
    stage_pass(&f->s, 10);
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->withdrawn, "runbook P1: the run that asked for it was aborted");
    assert_string_equal(run_state(), "aborted");
}

static void who_aborts_does_not_wait_for_a_drain_and_need_not_know_the_number(void **state)
{
    (void)state;
    assert_int_equal(stage_refused(&f->s, "runbook.abort", "{}"), OC_E_NOT_FOUND);
    begin_run("{ act('do', 'a', { undo = { op = 'fake.safe', params = { name = '-a' } } }),"
              " act('do', 'b', { wait = '5m' }), act('do', 'c') }",
              ",\"detach\":true");
    assert_string_equal(run_state(), "running");
    stage_call(&f->s, "runbook.abort", "{}");
    stage_pass(&f->s, 10);
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->order, "a b");
    assert_string_equal(run_state(), "aborted");
    assert_non_null(strstr(oc_json_str(latest(), "message", ""), "what 2 steps did stays"));
    assert_non_null(strstr(oc_json_str(latest(), "message", ""), "--undo"));
}

static void of_several_runs_the_one_to_abort_is_named(void **state)
{
    char other[112];
    (void)state;
    begin_run("{ act('hold', 'a') }", ",\"detach\":true");
    snprintf(other, sizeof other, "%s/other.lua", f->folder);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    fputs("runbook = { name = 'other', title = 'Other', severity = 'low' }\n"
          "function plan() return { { id = 'a', op = 'fake.hold' } } end\n",
          file);
    fclose(file);
    stage_call(&f->s, "runbook.run", "{\"name\":\"other\",\"detach\":true}");
    assert_int_equal(f->s.code, OC_OK);
    assert_int_equal(stage_refused(&f->s, "runbook.abort", "{}"), OC_E_CONFLICT);
    unlink(other);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(what_is_no_longer_so_is_done_again_when_a_run_is_resumed),
        T(what_may_not_be_repeated_stops_the_run_that_is_resumed),
        T(a_run_that_nobody_works_on_is_interrupted),
        T(after_a_crash_a_step_that_may_be_repeated_is_repeated),
        T(calls_that_end_because_the_host_goes_have_not_failed),
        T(after_a_crash_nobody_knows_of_a_step_that_may_not_be_repeated),
        T(after_a_crash_the_check_after_decides),
        T(after_a_crash_what_has_answered_is_only_checked),
        T(a_crash_while_undoing_does_not_undo_twice),
        T(a_step_waits_for_its_approval_and_is_not_run_twice),
        T(what_was_rejected_ends_the_run),
        T(a_decision_that_fell_while_we_were_away_is_heard),
        T(an_abort_ends_what_waits),
        T(what_is_aborted_is_not_carried_out_when_it_is_voted_through),
        T(what_was_decided_before_it_could_be_withdrawn_is_waited_for),
        T(a_proposal_that_cannot_be_withdrawn_is_named),
        T(a_run_that_nobody_goes_on_with_withdraws_too),
        T(who_aborts_does_not_wait_for_a_drain_and_need_not_know_the_number),
        T(of_several_runs_the_one_to_abort_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
