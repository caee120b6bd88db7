/* The engine of runbooks: what an abort with --undo takes back, and what it says of the rest. SPDX-License-Identifier: MIT */
#include "tests/unit/service/runbook/engine_stage.h"

#define UNDO(name) "{ undo = { op = 'fake.safe', params = { name = '" name "' } } }"

static void abort_latest(const char *more)
{
    char params[128];
    snprintf(params, sizeof params, "{\"run\":\"%s\"%s}", oc_json_str(latest(), "run", ""), more);
    stage_call(&f->s, "runbook.abort", params);
    stage_pass(&f->s, 10);
}

static void resume_latest(void)
{
    char params[128];
    snprintf(params, sizeof params, "{\"run\":\"%s\"}", oc_json_str(latest(), "run", ""));
    stage_call(&f->s, "runbook.resume", params);
}

static void a_run_of_steps_without_an_undo_stays_as_it_is_and_can_be_resumed(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a'), act('do', 'b'), act('do', 'bad'), act('do', 'c') }", "");
    assert_string_equal(run_state(), "failed");
    assert_null(strstr(f->s.error.hint, "--undo"));
    abort_latest(",\"undo\":true");
    assert_int_equal(f->s.code, OC_E_CONFLICT);
    assert_non_null(strstr(f->s.error.message, "nothing was undone"));
    assert_non_null(strstr(f->s.error.message, "has an undo: a, b"));
    assert_non_null(strstr(f->s.error.hint, "openclaw runbook resume"));
    assert_string_equal(run_state(), "failed");
    assert_string_equal(step_state("a"), "done");
    resume_latest();
    assert_string_equal(f->order, "a b bad bad");
}

static void a_run_under_way_that_cannot_be_undone_is_aborted_and_says_so(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a'), act('do', 'b', { wait = '5m' }), act('do', 'c') }",
              ",\"detach\":true");
    abort_latest(",\"undo\":true");
    assert_int_equal(f->s.code, OC_E_PERMANENT);
    assert_non_null(strstr(f->s.error.message, "aborted; nothing was undone"));
    assert_string_equal(run_state(), "aborted");
    resume_latest();
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->order, "a b c");
    assert_string_equal(run_state(), "done");
}

static void what_was_undone_and_what_was_left_are_named(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', " UNDO("-a") "), act('do', 'b'), act('look', 'seen'),"
                                             " act('do', 'bad') }",
              "");
    assert_non_null(strstr(f->s.error.hint, "--undo"));
    abort_latest(",\"undo\":true");
    assert_int_equal(f->s.code, OC_E_PERMANENT);
    assert_string_equal(f->s.error.message,
                        "aborted; undone: a; left as they are, for they have no undo: b");
    assert_non_null(strstr(f->s.error.hint, "by hand"));
    assert_non_null(strstr(oc_json_str(latest(), "message", ""), "undone: a; left as they are"));
    assert_string_equal(step_state("a"), "undone");
    assert_string_equal(step_state("b"), "done");
    resume_latest();
    assert_int_equal(f->s.code, OC_E_CONFLICT);
}

static void an_undo_that_fails_is_no_success(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a', { undo = { op = 'fake.do', params = { name = 'bad' } } }),"
              " act('do', 'b', " UNDO("-b") ") }",
              "");
    abort_latest(",\"undo\":true");
    assert_int_equal(f->s.code, OC_E_PERMANENT);
    assert_string_equal(f->s.error.message, "aborted; undone: b; could not be undone: a");
}

static void all_of_it_undone_is_a_success(void **state)
{
    (void)state;
    begin_run(
        "{ act('do', 'a', " UNDO("-a") "), act('look', 'seen'), act('do', 'b', " UNDO("-b") ") }",
        "");
    abort_latest(",\"undo\":true");
    assert_int_equal(f->s.code, OC_OK);
    assert_string_equal(f->order, "a b -b -a");
    assert_string_equal(oc_json_str(f->s.result, "message", ""), "aborted; undone: a, b");
    abort_latest(",\"undo\":true");
    assert_int_equal(f->s.code, OC_E_CONFLICT); /* once */
}

static void a_failure_that_undoes_says_what_it_could_not_undo(void **state)
{
    (void)state;
    begin_run("{ act('do', 'a'), act('do', 'bad', { on_failure = 'undo' }) }", "");
    assert_non_null(strstr(f->s.error.message, "nothing was undone"));
    assert_string_equal(run_state(), "failed");
    resume_latest(); /* nothing was undone: it is no other run than before */
    assert_string_equal(f->order, "a bad bad");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_run_of_steps_without_an_undo_stays_as_it_is_and_can_be_resumed),
        T(a_run_under_way_that_cannot_be_undone_is_aborted_and_says_so),
        T(what_was_undone_and_what_was_left_are_named),
        T(an_undo_that_fails_is_no_success),
        T(all_of_it_undone_is_a_success),
        T(a_failure_that_undoes_says_what_it_could_not_undo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
