/* Tests of core/op/op.c. SPDX-License-Identifier: MIT */
#include "test_op.h"

static void a_call_binds_its_parameters_and_answers(void **state)
{
    struct answer a;
    (void)state;
    assert_null(call(&a, "test.greet", "{\"name\":\"ann\",\"wait\":\"1m\"}", OC_ROLE_OPERATOR));
    assert_int_equal(a.code, OC_OK);
    assert_int_equal(a.done, 1);
    assert_string_equal(oc_json_str(a.result, "name", ""), "ann");
    assert_int_equal(oc_json_int(a.result, "count", 0), 3);
    assert_int_equal(oc_json_int(a.result, "wait", 0), 60000);
    assert_string_equal(oc_json_str(a.result, "actor", ""), "tester");
    json_decref(a.result);
}

static void rows_progress_and_warnings_reach_the_caller_before_the_end(void **state)
{
    struct answer a;
    (void)state;
    call(&a, "test.greet", "{\"name\":\"ann\"}", OC_ROLE_ADMIN);
    assert_int_equal(a.rows, 1);
    assert_int_equal(a.warnings, 1);
    assert_string_equal(a.warning, "mind the gap");
    assert_true(a.progress == 0.5);
    json_decref(a.result);
}

static void a_parameter_that_does_not_fit_is_a_config_error_that_names_it(void **state)
{
    static const char *const bad[] = {"{}", "{\"name\":\"x\",\"count\":12}",
                                      "{\"name\":\"x\",\"cuont\":1}", "{\"name\":[7]}",
                                      "{\"name\":\"x\",\"wait\":\"soon\"}"};
    static const char *const names[] = {"name", "count", "cuont", "name", "wait"};
    struct answer a;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(call(&a, "test.greet", bad[i], OC_ROLE_ADMIN));
        assert_int_equal(a.code, OC_E_CONFIG);
        assert_non_null(strstr(a.message, names[i]));
    }
}

static void an_unknown_operation_suggests_the_nearest(void **state)
{
    struct answer a;
    (void)state;
    assert_null(call(&a, "test.gret", NULL, OC_ROLE_ADMIN));
    assert_int_equal(a.code, OC_E_NOT_FOUND);
    assert_string_equal(a.hint, "Did you mean test.greet?");
}

static void a_role_that_is_too_low_is_denied(void **state)
{
    struct answer a;
    (void)state;
    call(&a, "test.greet", "{\"name\":\"x\"}", OC_ROLE_VIEWER);
    assert_int_equal(a.code, OC_E_DENIED);
    assert_string_equal(a.message, "test.greet needs the role operator");
}

static void what_mutates_is_audited_with_its_secrets_hidden(void **state)
{
    struct answer a;
    (void)state;
    call(&a, "test.greet", "{\"name\":\"x\",\"password\":\"hunter2\"}", OC_ROLE_OPERATOR);
    json_decref(a.result);
    call(&a, "test.greet", "{\"name\":\"x\"}", OC_ROLE_VIEWER);
    call(&a, "test.refuse", NULL, OC_ROLE_VIEWER);
    assert_int_equal(json_array_size(f.audit), 2);
    const json_t *first = json_array_get(f.audit, 0), *second = json_array_get(f.audit, 1);
    assert_string_equal(oc_json_str(first, "code", ""), "ok");
    assert_string_equal(oc_json_str(first, "actor", ""), "tester");
    assert_string_equal(oc_json_str(json_object_get(first, "params"), "password", ""), "********");
    assert_string_equal(oc_json_str(second, "code", ""), "denied");
    assert_true(oc_json_bool(second, "refused", false));
    assert_null(
        json_object_get(second, "params")); /* whoever may not do it fills no disk with it */
    assert_null(json_object_get(first, "refused"));
}

static void secrets_of_operations_that_are_held_are_hidden_in_the_audit_too(void **state)
{
    struct answer a;
    (void)state;
    call(&a, "test.greet",
         "{\"name\":\"x\",\"steps\":[{\"op\":\"test.greet\",\"params\":"
         "{\"name\":\"y\",\"password\":\"hunter2\"}}]}",
         OC_ROLE_OPERATOR);
    assert_int_equal(a.code, OC_E_CONFIG); /* what is refused is audited as well */
    char *text = oc_json_text(f.audit);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "********"));
    free(text);
}

static int gate(void *ctx, const struct oc_call *call, json_t **details, struct oc_error *err)
{
    int *asked = ctx;
    *asked += 1;
    assert_string_equal(oc_call_op(call)->name, "test.greet");
    *details = json_pack("{s:s}", "proposal", "PROPOSAL-1");
    return oc_error_set(err, OC_E_APPROVAL, "it needs a decision");
}

static void the_gate_keeps_what_needs_a_decision_and_lets_the_decided_through(void **state)
{
    struct answer a;
    int asked = 0;
    (void)state;
    oc_ops_set_gate(f.ops, gate, &asked);
    assert_null(call(&a, "test.greet", "{\"name\":\"ann\"}", OC_ROLE_ADMIN));
    assert_int_equal(a.code, OC_E_APPROVAL);
    assert_string_equal(oc_json_str(a.result, "proposal", ""), "PROPOSAL-1");
    assert_int_equal(a.rows, 0);
    json_decref(a.result);
    call(&a, "test.greet", "{}", OC_ROLE_ADMIN); /* what is wrong is not worth a decision */
    assert_int_equal(a.code, OC_E_CONFIG);
    assert_int_equal(asked, 1);
    struct oc_call_request req = {
        .op = "test.greet",
        .params = json_pack("{s:s}", "name", "ann"),
        .actor = {.name = "tester", .role = OC_ROLE_OPERATOR, .approval = "PROPOSAL-1"},
        .on_row = on_row,
        .on_progress = on_progress,
        .on_warning = on_warning,
        .on_done = on_done,
        .ctx = &a};
    memset(&a, 0, sizeof a);
    oc_ops_call(f.ops, &req);
    assert_int_equal(a.code, OC_OK);
    json_decref(a.result);
    assert_int_equal(asked, 1);
    oc_ops_set_gate(f.ops, NULL, NULL);
}

static void what_cannot_be_done_is_refused_before_anybody_votes_on_it(void **state)
{
    struct answer a;
    int asked = 0;
    (void)state;
    oc_ops_set_gate(f.ops, gate, &asked);
    assert_null(call(&a, "test.cannot", NULL, OC_ROLE_ADMIN));
    assert_int_equal(a.code, OC_E_CONFLICT);
    assert_string_equal(a.message, "it could not be done");
    assert_int_equal(asked, 0);
    oc_ops_set_gate(f.ops, NULL, NULL);
}

static void a_call_can_be_looked_at_before_anybody_makes_it(void **state)
{
    static const struct oc_actor who = {.name = "cli", .role = OC_ROLE_OPERATOR};
    static const struct {
        const char *op, *params;
        int code;
    } calls[] = {{"test.greet", "{\"name\":\"you\"}", OC_OK},
                 {"test.greet", "{\"nmae\":\"you\"}", OC_E_CONFIG},
                 {"test.cannot", NULL, OC_E_CONFLICT},
                 {"test.none", NULL, OC_E_NOT_FOUND}};
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct answer a = {0};
        struct oc_error err;
        oc_error_init(&err);
        const struct oc_call_request req = {
            .op = calls[i].op,
            .params = calls[i].params ? json_loads(calls[i].params, 0, NULL) : NULL,
            .actor = who,
            .on_done = on_done,
            .ctx = &a};
        assert_int_equal(oc_ops_check(f.ops, &req, &err), calls[i].code);
        assert_int_equal(a.done, 0);
    }
}

static void a_secret_is_not_told_to_who_would_keep_it(void **state)
{
    static const struct oc_actor keepers[] = {
        {.name = "schedule:nightly", .role = OC_ROLE_ADMIN},
        {.name = "runbook:1", .role = OC_ROLE_ADMIN},
        {.name = "cli:uid=0", .role = OC_ROLE_ADMIN, .approval = "PROPOSAL-1"}};
    (void)state;
    for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++) {
        struct answer a = {0};
        struct oc_call_request req = {
            .op = "test.secret", .actor = keepers[i], .on_done = on_done, .ctx = &a};
        oc_ops_call(f.ops, &req);
        assert_int_equal(a.code, OC_E_DENIED);
        json_decref(a.result);
    }
}

static void a_failure_carries_code_message_and_hint(void **state)
{
    struct answer a;
    (void)state;
    call(&a, "test.refuse", NULL, OC_ROLE_VIEWER);
    assert_int_equal(a.code, OC_E_CONFLICT);
    assert_string_equal(a.message, "not today");
    assert_string_equal(a.hint, "Try tomorrow.");
}

static void a_failure_may_tell_more_than_its_message(void **state)
{
    struct answer a;
    (void)state;
    call(&a, "test.detail", NULL, OC_ROLE_VIEWER);
    assert_int_equal(a.code, OC_E_VERIFY);
    assert_string_equal(oc_json_str(a.result, "reason", ""), "artifact-digest");
    json_decref(a.result);
}

static void a_call_may_end_later(void **state)
{
    struct answer a;
    (void)state;
    assert_non_null(call(&a, "test.hold", NULL, OC_ROLE_VIEWER));
    assert_int_equal(a.done, 0);
    oc_call_succeed(f.held, json_integer(5));
    assert_int_equal(a.done, 1);
    assert_int_equal(json_integer_value(a.result), 5);
    json_decref(a.result);
}

static void a_cancelled_call_tells_its_handler(void **state)
{
    struct answer a;
    (void)state;
    struct oc_call *c = call(&a, "test.stoppable", NULL, OC_ROLE_VIEWER);
    oc_call_cancel(c);
    assert_int_equal(f.cancels, 1);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.code, OC_E_CANCELLED);
}

static void a_handler_that_cannot_be_told_ends_unheard(void **state)
{
    struct answer a;
    (void)state;
    struct oc_call *c = call(&a, "test.hold", NULL, OC_ROLE_VIEWER);
    oc_call_cancel(c);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.code, OC_E_CANCELLED);
    oc_call_succeed(f.held, json_integer(5));
    assert_int_equal(a.done, 1);
}

static void destroying_the_table_cancels_what_runs(void **state)
{
    struct answer a, b;
    (void)state;
    call(&a, "test.stoppable", NULL, OC_ROLE_VIEWER);
    call(&b, "test.hold", NULL, OC_ROLE_VIEWER);
    oc_ops_destroy(f.ops);
    assert_int_equal(a.code, OC_E_CANCELLED);
    assert_int_equal(b.code, OC_E_CANCELLED);
    f.ops = oc_ops_create(f.loop, f.bus);
}

static struct oc_call *outer;

static void end_both(struct oc_call *call, void *ctx)
{
    (void)ctx;
    struct oc_call *other = outer;
    outer = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "inner");
    if (other) {
        oc_call_failf(other, OC_E_CANCELLED, NULL, "outer");
    }
}

static void count_end(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)result, (void)err;
    assert_int_equal(code, OC_E_CANCELLED);
    (*(int *)ctx)++;
}

static void cancelling_all_calls_survives_calls_that_end_each_other(void **state)
{
    int ends = 0;
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct oc_call_request req = {.op = i == 2 ? "test.hold" : "test.stoppable",
                                      .actor = {.name = "test", .role = OC_ROLE_ADMIN},
                                      .on_done = count_end,
                                      .ctx = &ends};
        struct oc_call *call = oc_ops_call(f.ops, &req);
        if (i == 2) {
            outer = call;
        } else if (i == 3) {
            oc_call_on_cancel(call, end_both, NULL);
        }
    }
    oc_ops_cancel_all(f.ops);
    assert_int_equal(ends, 4);
    oc_ops_cancel_all(f.ops);
    assert_int_equal(ends, 4);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)
    const struct CMUnitTest tests[] = {
        TEST(a_call_binds_its_parameters_and_answers),
        TEST(rows_progress_and_warnings_reach_the_caller_before_the_end),
        TEST(a_parameter_that_does_not_fit_is_a_config_error_that_names_it),
        TEST(an_unknown_operation_suggests_the_nearest),
        TEST(a_role_that_is_too_low_is_denied),
        TEST(what_mutates_is_audited_with_its_secrets_hidden),
        TEST(secrets_of_operations_that_are_held_are_hidden_in_the_audit_too),
        TEST(the_gate_keeps_what_needs_a_decision_and_lets_the_decided_through),
        TEST(what_cannot_be_done_is_refused_before_anybody_votes_on_it),
        TEST(a_call_can_be_looked_at_before_anybody_makes_it),
        TEST(a_secret_is_not_told_to_who_would_keep_it),
        TEST(a_failure_carries_code_message_and_hint),
        TEST(a_call_may_end_later),
        TEST(a_cancelled_call_tells_its_handler),
        TEST(a_failure_may_tell_more_than_its_message),
        TEST(a_handler_that_cannot_be_told_ends_unheard),
        TEST(destroying_the_table_cancels_what_runs),
        TEST(cancelling_all_calls_survives_calls_that_end_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
