/* The engine of runbooks: order, checks, failures, undo, and what is refused. SPDX-License-Identifier: MIT */
#include "tests/unit/service/runbook/engine_stage.h"

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

/* Such as by the plugin that was to do it: it was disabled meanwhile. */
static void a_step_that_somebody_else_cancels_has_failed(void **state)
{
    (void)state;
    begin_run("{ act('hold', 'a'), act('do', 'b') }", ",\"detach\":true");
    assert_string_equal(step_state("a"), "running");
    oc_call_cancel(f->held[0]);
    assert_string_equal(step_state("a"), "failed");
    assert_string_equal(run_state(), "failed");
    assert_string_equal(f->order, "a");
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

static bool is_refused_for(const char *steps, const char *what)
{
    f->order[0] = '\0';
    begin_run(steps, ",\"dry_run\":true");
    assert_int_equal(f->s.code, OC_E_CONFIG);
    assert_string_equal(f->order, "");
    assert_int_equal(f->holding, 0);
    return strstr(f->s.error.message, what) != NULL;
}

static void
parameters_that_an_operation_does_not_take_are_refused_before_the_first_step(void **state)
{
    (void)state;
    assert_true(is_refused_for("{ act('do', 'a'), act('do', 'b', { params = { foo = 1 } }) }",
                               "step b: params of fake.do: foo"));
    assert_true(is_refused_for("{ act('do', 'a', { params = { name = { 5 } } }) }", "name"));
    assert_true(
        is_refused_for("{ act('do', 'a', { undo = { op = 'fake.do', params = { x = 1 } } }) }",
                       "step a: params of fake.do: x"));
    assert_true(is_refused_for(
        "{ act('do', 'a', { check_after = { op = 'fake.look', params = { x = 1 } } }) }",
        "step a: params of fake.look: x"));
}

#define FACTS(text) "{} end\nfunction facts() return " text

static void facts_that_cannot_be_asked_are_mistakes_of_the_runbook(void **state)
{
    (void)state;
    assert_true(is_refused_for(FACTS("{ x = { op = 'fake.loook' } }"),
                               "own.lua): fact x: there is no operation fake.loook"));
    assert_non_null(strstr(f->s.error.message, "did you mean fake.look?"));
    assert_true(is_refused_for(FACTS("{ x = { op = 'fake.do', params = { name = 'a' } } }"),
                               "fact x: fake.do changes something"));
    assert_true(is_refused_for(FACTS("{ x = { op = 'fake.look', params = { y = 1 } } }"),
                               "fact x: params of fake.look: y"));
    assert_true(is_refused_for(FACTS("{ x = { opp = 'fake.look' } }"), "fact x: expected {op"));
    assert_true(is_refused_for(FACTS("{ { op = 'fake.look' } }"), "every fact has a name"));
    begin_run(FACTS("{ x = { op = 'fake.none', optional = true } }"), ",\"dry_run\":true");
    assert_int_equal(f->s.code, OC_OK);
}

static void a_runbook_with_such_facts_is_shown_as_failed(void **state)
{
    (void)state;
    write_steps("{} end\nrunbook.facts = { x = { op = 'fake.do' } }\nfunction other() return {}");
    const json_t *shown = stage_ask(&f->s, "runbook.show", "{\"name\":\"own\"}");
    assert_string_equal(oc_json_str(shown, "state", ""), "failed");
    assert_non_null(strstr(oc_json_str(shown, "error", ""), "fact x: fake.do changes something"));
}

static void the_history_of_what_is_no_runbook_is_not_there(void **state)
{
    (void)state;
    write_steps("{}");
    stage_call(&f->s, "runbook.history", "{\"name\":\"nope\"}");
    assert_int_equal(f->s.code, OC_E_NOT_FOUND);
    assert_int_equal(json_array_size(stage_ask(&f->s, "runbook.history", "{\"name\":\"own\"}")), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(steps_run_in_order_and_are_written_down_before_they_run),
        T(the_first_failure_leaves_the_rest_untouched),
        T(a_step_that_somebody_else_cancels_has_failed),
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
        T(parameters_that_an_operation_does_not_take_are_refused_before_the_first_step),
        T(facts_that_cannot_be_asked_are_mistakes_of_the_runbook),
        T(a_runbook_with_such_facts_is_shown_as_failed),
        T(the_history_of_what_is_no_runbook_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
