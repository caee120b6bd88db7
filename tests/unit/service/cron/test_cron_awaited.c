/* Tests of core/service/cron: runs that wait for a decision, what came of it, and taking it back. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cron/cron_stage.h"

/* ---- a governance of one proposal ---- */

static const char *status, *execution;
static int withdraw_code, withdrawals;
static char withdrawn[96];

static int ask_first(void *ctx, const struct oc_call *call, json_t **details, struct oc_error *err)
{
    (void)ctx;
    if (strcmp(oc_call_op(call)->name, "test.deed") != 0) {
        return OC_OK;
    }
    *details = json_pack("{s:s}", "proposal", "p-1");
    return oc_error_set(err, OC_E_APPROVAL, "kept for a decision");
}

static void op_show(struct oc_call *call, void *ctx)
{
    json_t *p = json_pack("{s:s,s:s,s:s}", "id", "p-1", "status", status, "reason", "too costly");
    (void)ctx;
    if (execution) {
        oc_json_take(p, "execution",
                     json_pack("{s:s,s:s,s:s,s:I,s:I,s:{s:s}}", "status", execution, "message",
                               "it broke", "code", "permanent", "started_at", (json_int_t)1000,
                               "ended_at", (json_int_t)1250, "result", "said", "approved"));
    }
    oc_call_succeed(call, p);
}

static void op_withdraw(struct oc_call *call, void *ctx)
{
    const json_t *p = oc_call_json(call);
    (void)ctx;
    withdrawals++;
    snprintf(withdrawn, sizeof withdrawn, "%s %s: %s", oc_call_actor(call)->name,
             oc_json_str(p, "proposal", ""), oc_json_str(p, "reason", ""));
    if (withdraw_code == OC_OK) {
        oc_call_succeed(call, json_object());
    } else {
        oc_call_failf(call, withdraw_code, NULL, "it is not to be");
    }
}

struct text_params {
    const char *proposal, *reason;
};
static const struct oc_option texts[] = {
    {.name = "proposal", .type = OC_OPT_STRING, .offset = 0, .help = "its id"},
    {.name = "reason",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct text_params, reason),
     .help = "why"},
    {0}};
static const struct oc_op governance_ops[] = {
    {.name = "governance.show",
     .summary = "x",
     .params = texts,
     .params_size = sizeof(struct text_params),
     .handler = op_show},
    {.name = "governance.withdraw",
     .summary = "x",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = texts,
     .params_size = sizeof(struct text_params),
     .handler = op_withdraw},
};

static int governed(void **state)
{
    setup(state);
    status = "open";
    execution = NULL;
    withdraw_code = OC_OK;
    withdrawals = 0;
    withdrawn[0] = '\0';
    for (size_t i = 0; i < OC_COUNT(governance_ops); i++) {
        oc_ops_add(st.env.ops, &governance_ops[i], NULL);
    }
    oc_ops_set_gate(st.env.ops, ask_first, NULL);
    return 0;
}

static void decide(const char *what, const char *done)
{
    status = what;
    execution = done;
    oc_bus_publish(st.env.bus, "governance.execution_ended", json_pack("{s:s}", "proposal", "p-1"));
    stage_pass(&st, 10);
}

#define DEED                                                                                       \
    "schedules = ( { name = \"a\"; cron = \"*/5 * * * *\"; op = \"test.deed\"; "                   \
    "overlap = \"skip\"; } );"

static const json_t *record_of(size_t index)
{
    return json_array_get(stage_ask(&st, "cron.history", "{\"name\":\"a\"}"), index);
}

static size_t to_be_withdrawn(void)
{
    json_t *all = oc_kv_all(st.env.store, OC_CRON_WITHDRAWALS);
    const size_t count = json_object_size(all);
    json_decref(all);
    return count;
}

/* ---- what came of it ---- */

static void what_was_approved_is_told_as_it_went(void **state)
{
    (void)state;
    configure(DEED);
    stage_pass(&st, 5 * OC_MINUTE);
    assert_string_equal(states("a"), "waiting");
    assert_string_equal(oc_json_str(record_of(0), "proposal", ""), "p-1");
    assert_null(json_object_get(record_of(0), "took_ms"));
    decide("approved", "executing");
    assert_string_equal(states("a"), "waiting");
    decide("approved", "completed");
    assert_string_equal(states("a"), "ok");
    const json_t *record = record_of(0);
    assert_string_equal(oc_json_str(record, "output", ""), "{\"said\":\"approved\"}");
    assert_int_equal(oc_json_int(record, "took_ms", 0), 250);
    assert_string_equal(oc_json_str(stage_last(&st, "cron.ended"), "state", ""), "ok");
    assert_string_equal(oc_json_str(json_object_get(row("a"), "last"), "state", ""), "ok");
    assert_true(sample("cron.failed_runs/a") == 0);
}

/* Every run that joined the proposal; and people hear of it by the alert. */
static void what_was_rejected_has_failed(void **state)
{
    (void)state;
    configure(DEED);
    stage_pass(&st, 10 * OC_MINUTE);
    assert_string_equal(states("a"), "waiting waiting");
    decide("vetoed", NULL);
    assert_string_equal(states("a"), "rejected rejected");
    assert_string_equal(oc_json_str(record_of(0), "message", ""), "governance: vetoed: too costly");
    assert_string_equal(oc_json_str(row("a"), "status", ""), "failing");
    assert_true(sample("cron.failed_runs/a") == 2);
}

static void what_was_approved_and_broke_has_failed(void **state)
{
    (void)state;
    configure(DEED);
    stage_pass(&st, 5 * OC_MINUTE);
    decide("approved", "failed");
    assert_string_equal(states("a"), "failed");
    assert_string_equal(oc_json_str(record_of(0), "message", ""), "it broke");
    assert_true(sample("cron.failed_runs/a") == 1);
}

static void a_decision_that_fell_while_the_host_was_down_is_heard(void **state)
{
    (void)state;
    configure(DEED);
    stage_pass(&st, 6 * OC_MINUTE);
    status = "rejected";
    crash_and_restart();
    stage_pass(&st, OC_SECOND);
    assert_string_equal(states("a"), "rejected");
    decide("rejected", NULL); /* and once */
    stage_pass(&st, OC_MINUTE);
    assert_true(sample("cron.failed_runs/a") == 1);
    crash_and_restart();
    stage_pass(&st, OC_SECOND);
    assert_int_equal(oc_json_int(row("a"), "failed", 0), 1);
}

static void what_the_history_has_let_go_does_not_come_back(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"a\"; every = \"1m\"; op = \"test.deed\"; } );");
    stage_pass(&st, 60 * OC_MINUTE);
    decide("approved", "completed");
    stage_pass(&st, OC_MINUTE - OC_SECOND);
    json_t *all = oc_kv_all(st.env.store, "cron.run");
    assert_int_equal(json_object_size(all), OC_CRON_HISTORY);
    json_decref(all);
}

/* ---- taking it back ---- */

#define ADD "{\"name\":\"b\",\"every\":\"5m\",\"op\":\"test.deed\"}"

static void a_schedule_that_is_removed_takes_its_proposal_with_it(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.add", ADD);
    stage_pass(&st, 10 * OC_MINUTE); /* both wait for the same proposal */
    stage_ask(&st, "cron.remove", "{\"name\":\"b\"}");
    assert_string_equal(st.warning, "");
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(withdrawals, 1);
    assert_string_equal(withdrawn, "schedule:b p-1: the schedule that asked for it was removed");
    assert_int_equal(to_be_withdrawn(), 0);
}

static void so_does_one_that_is_not_in_the_configuration_any_more(void **state)
{
    (void)state;
    configure(DEED);
    stage_pass(&st, 5 * OC_MINUTE);
    configure("");
    stage_pass(&st, OC_SECOND);
    assert_int_equal(withdrawals, 1);
    assert_int_equal(to_be_withdrawn(), 0);
}

static void what_is_decided_already_is_named(void **state)
{
    (void)state;
    withdraw_code = OC_E_CONFLICT;
    configure("");
    stage_ask(&st, "cron.add", ADD);
    stage_pass(&st, 5 * OC_MINUTE);
    stage_ask(&st, "cron.remove", "{\"name\":\"b\"}");
    assert_string_equal(st.warning, "proposal p-1 cannot be withdrawn any more: it is not to be");
    assert_int_equal(to_be_withdrawn(), 0);
}

static void a_ledger_that_cannot_be_written_is_tried_again_also_after_a_crash(void **state)
{
    (void)state;
    withdraw_code = OC_E_RETRY;
    configure("");
    stage_ask(&st, "cron.add", ADD);
    stage_pass(&st, 5 * OC_MINUTE);
    stage_ask(&st, "cron.remove", "{\"name\":\"b\"}");
    assert_string_equal(st.warning, "proposal p-1 is still open: it is not to be");
    stage_pass(&st, OC_MINUTE);
    assert_true(withdrawals > 1 && withdrawals < 5);
    assert_int_equal(to_be_withdrawn(), 1);
    crash_and_restart();
    withdraw_code = OC_OK;
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(to_be_withdrawn(), 0);
}

static void who_changes_or_disables_it_hears_of_what_waits(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.add", ADD);
    stage_pass(&st, 5 * OC_MINUTE);
    stage_ask(&st, "cron.edit", "{\"name\":\"b\",\"op\":\"test.ok\"}");
    assert_non_null(strstr(st.warning, "`openclaw governance withdraw p-1` takes it back"));
    stage_ask(&st, "cron.disable", "{\"name\":\"b\"}");
    assert_non_null(strstr(st.warning, "governance withdraw p-1"));
    stage_ask(&st, "cron.enable", "{\"name\":\"b\"}");
    assert_string_equal(st.warning, "");
    assert_int_equal(withdrawals, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, governed, teardown)
        T(what_was_approved_is_told_as_it_went),
        T(what_was_rejected_has_failed),
        T(what_was_approved_and_broke_has_failed),
        T(a_decision_that_fell_while_the_host_was_down_is_heard),
        T(what_the_history_has_let_go_does_not_come_back),
        T(a_schedule_that_is_removed_takes_its_proposal_with_it),
        T(so_does_one_that_is_not_in_the_configuration_any_more),
        T(what_is_decided_already_is_named),
        T(a_ledger_that_cannot_be_written_is_tried_again_also_after_a_crash),
        T(who_changes_or_disables_it_hears_of_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
