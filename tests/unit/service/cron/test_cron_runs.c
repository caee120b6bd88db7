/* Tests of core/service/cron: what is due, missed, made up for, beside each other, interrupted. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cron/cron_stage.h"

#define ONE(rest) "schedules = ( { name = \"a\"; cron = \"*/5 * * * *\"; " rest " } );"

static void a_schedule_runs_at_its_times_as_itself(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\"; params = { n = 3; };"));
    assert_int_equal(ran, 0); /* 02:00 is now: the next is 02:05 */
    assert_string_equal(oc_json_str(row("a"), "next", ""), "2025-11-23T02:05:00.000Z");
    stage_pass(&st, 5 * OC_MINUTE - 1);
    assert_int_equal(ran, 0);
    stage_pass(&st, 1);
    assert_int_equal(ran, 1);
    assert_string_equal(last_actor, "schedule:a");
    assert_int_equal(last_role, OC_ROLE_OPERATOR);
    stage_pass(&st, 10 * OC_MINUTE);
    assert_int_equal(ran, 3);
    assert_string_equal(states("a"), "ok ok ok");
    const json_t *record = json_array_get(st.result, 0);
    assert_string_equal(oc_json_str(record, "due", ""), "2025-11-23T02:15:00.000Z");
    assert_string_equal(oc_json_str(record, "output", ""), "{\"said\":\"well\"}");
    assert_int_equal(stage_count(&st, "cron.started"), 3);
    assert_int_equal(stage_count(&st, "cron.ended"), 3);
}

static void a_run_is_on_the_disk_before_its_operation_begins(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    assert_int_equal(ran, 1);
    assert_string_equal(claimed, "running");
}

static void a_schedule_that_is_removed_in_the_turn_in_which_it_is_due_does_not_run(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.add", "{\"name\":\"b\",\"every\":\"1m\",\"op\":\"test.ok\"}");
    stage_ask(&st, "cron.add",
              "{\"name\":\"a\",\"every\":\"1m\",\"op\":\"cron.remove\",\"role\":\"admin\","
              "\"params\":\"{\\\"name\\\":\\\"b\\\"}\"}");
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(ran, 0);
    assert_string_equal(states("a"), "ok");
    assert_null(stage_find(stage_ask(&st, "cron.list", NULL), "name", "b"));
}

static void intervals_are_counted_from_the_epoch(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"a\"; every = \"7m\"; op = \"test.ok\"; } );");
    stage_pass(&st, 7 * OC_MINUTE);
    assert_int_equal(ran, 1);
    stage_ask(&st, "cron.next", "{\"name\":\"a\",\"count\":2}");
    int64_t at = 0;
    oc_time_parse(oc_json_str(json_array_get(st.result, 1), "at", ""), 0, &at);
    assert_int_equal(at % (7 * OC_MINUTE), 0);
}

/* From 02:00, with the clock at 02:23 all at once: four were due, the last of them three minutes ago. */
static void leap(const char *text)
{
    configure(text);
    stage_set_clock(STAGE_WALL + 23 * OC_MINUTE);
    stage_pass(&st, 30 * OC_SECOND);
}

static void missed_runs_are_told_and_left(void **state)
{
    (void)state;
    leap(ONE("op = \"test.ok\";"));
    assert_int_equal(ran, 0);
    assert_string_equal(states("a"), "missed");
    assert_int_equal(oc_json_int(json_array_get(st.result, 0), "count", 0), 4);
    assert_int_equal(oc_json_int(stage_last(&st, "cron.missed"), "missed", 0), 4);
    assert_true(sample("cron.missed_runs/a") == 4);
    assert_string_equal(oc_json_str(row("a"), "status", ""), "missed");
    stage_pass(&st, 2 * OC_MINUTE); /* 02:25 */
    assert_int_equal(ran, 1);
    assert_true(sample("cron.missed_runs/a") == 0); /* and the alert ends */
}

/* Down for a minute and a quarter: the run that is on time begins in the same look, and the next ones follow every ten seconds. */
static void what_a_short_schedule_missed_is_told_of_for_more_than_a_minute(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"a\"; every = \"10s\"; op = \"test.ok\"; } );");
    stage_pass(&st, 10 * OC_SECOND);
    assert_int_equal(ran, 1);
    stage_set_clock(STAGE_WALL + 95 * OC_SECOND);
    crash_and_restart();
    assert_int_equal(ran, 2);
    assert_string_equal(states("a"), "ok missed ok");
    assert_true(sample("cron.missed_runs/a") ==
                7); /* so both alerts fire, although it runs again */
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(ran, 8);
    assert_true(sample("cron.missed_runs/a") == 7);
    assert_int_equal(oc_json_int(row("a"), "missed", -1), 0);
    stage_pass(&st, 20 * OC_SECOND);
    assert_true(sample("cron.missed_runs/a") == 0); /* and end */
}

static void missed_runs_are_made_up_for_by_one(void **state)
{
    (void)state;
    leap(ONE("op = \"test.ok\"; catch_up = \"once\";"));
    assert_int_equal(ran, 1);
    assert_string_equal(states("a"), "missed ok:catch_up");
    assert_true(sample("cron.missed_runs/a") == 0);
}

static void missed_runs_are_made_up_for_one_by_one(void **state)
{
    (void)state;
    leap(ONE("op = \"test.ok\"; catch_up = \"all\";"));
    assert_int_equal(ran, 4);
    assert_string_equal(states("a"), "ok:catch_up ok:catch_up ok:catch_up ok:catch_up");
    assert_string_equal(oc_json_str(json_array_get(st.result, 3), "due", ""),
                        "2025-11-23T02:05:00.000Z");
    stage_set_clock(STAGE_WALL + 2 * OC_DAY);
    stage_pass(&st, 30 * OC_SECOND);
    assert_int_equal(ran, 15); /* ten missed ones, and the one that is on time */
    assert_int_equal(stage_count(&st, "cron.missed"), 1);
}

static void a_run_that_is_a_little_late_is_on_time(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\";"));
    stage_set_clock(STAGE_WALL + 5 * OC_MINUTE + 40 * OC_SECOND);
    stage_pass(&st, 20 * OC_SECOND - 1);
    stage_pass(&st, 1);
    stage_pass(&st, 10 * OC_SECOND);
    assert_int_equal(ran + (int)stage_count(&st, "cron.missed"), 1);
}

static void a_clock_that_goes_back_runs_nothing_twice(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\";"));
    stage_pass(&st, 10 * OC_MINUTE);
    assert_int_equal(ran, 2);
    stage_set_clock(STAGE_WALL - OC_HOUR);
    stage_pass(&st, 69 * OC_MINUTE);
    assert_int_equal(ran, 2);
    stage_pass(&st, 6 * OC_MINUTE); /* 02:15 */
    assert_int_equal(ran, 3);
    assert_int_equal(stage_count(&st, "cron.missed"), 0);
}

static void a_clock_that_was_wrong_by_years_is_followed_anew(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\";"));
    stage_set_clock(STAGE_WALL + 1500 * OC_DAY);
    stage_pass(&st, OC_MINUTE);
    stage_set_clock(STAGE_WALL);
    ran = 0;
    stage_pass(&st, 6 * OC_MINUTE);
    assert_int_equal(ran, 1);
}

static void what_is_skipped_in_spring_runs_at_the_change(void **state)
{
    (void)state;
    int64_t night;
    oc_time_parse("2026-03-29T00:30:00Z", 0, &night);
    stage_set_clock(night);
    configure("schedules = ( { name = \"a\"; cron = \"30 2 * * *\"; zone = \"Europe/Berlin\"; "
              "op = \"test.ok\"; } );");
    stage_pass(&st, 29 * OC_MINUTE);
    assert_int_equal(ran, 0);
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(ran, 1);
    stage_pass(&st, 20 * OC_HOUR);
    assert_int_equal(ran, 1);
}

/* ---- overlap ---- */

static void a_run_that_goes_on_keeps_the_next_from_starting(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\";"));
    stage_pass(&st, 11 * OC_MINUTE);
    assert_int_equal(ran, 1);
    assert_true(sample("cron.missed_runs/a") == 1);
    assert_true(sample("cron.run_seconds/a") >= 300);
    assert_int_equal(oc_json_int(row("a"), "running", 0), 1);
    release_one();
    stage_pass(&st, OC_MINUTE);
    assert_true(sample("cron.run_seconds/a") == 0);
    stage_pass(&st, 3 * OC_MINUTE);
    assert_int_equal(ran, 2);
    release_one();
    stage_pass(&st, 0);
    assert_string_equal(states("a"), "ok missed ok");
}

static void one_run_waits_for_the_one_before(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\"; overlap = \"queue\";"));
    stage_pass(&st, 16 * OC_MINUTE); /* the second waits, the third finds it waiting */
    assert_int_equal(ran, 1);
    assert_int_equal(oc_json_int(row("a"), "waiting", 0), 1);
    assert_int_equal(stage_count(&st, "cron.missed"), 1);
    release_one();
    stage_pass(&st, 0);
    assert_int_equal(ran, 2);
    release_one();
    stage_pass(&st, 0);
    assert_int_equal(ran, 2);
}

static void runs_go_on_beside_each_other_up_to_ten(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\"; overlap = \"parallel\";"));
    stage_pass(&st, 61 * OC_MINUTE);
    assert_int_equal(ran, 10);
    assert_int_equal(stage_count(&st, "cron.missed"), 2);
    while (held.count > 0) {
        release_one();
    }
    stage_pass(&st, 0);
}

/* ---- failures ---- */

static void a_timeout_cancels_the_run(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\"; timeout = \"90s\";"));
    stage_pass(&st, 5 * OC_MINUTE + 89 * OC_SECOND);
    assert_int_equal(ended, 0);
    stage_pass(&st, OC_SECOND);
    assert_int_equal(ended, 1);
    assert_string_equal(states("a"), "timeout");
    assert_int_equal(oc_json_int(json_array_get(st.result, 0), "took_ms", 0), 90000);
}

static void failures_in_a_row_are_counted(void **state)
{
    (void)state;
    configure(ONE("op = \"test.fail\";"));
    stage_pass(&st, 10 * OC_MINUTE);
    assert_true(sample("cron.failed_runs/a") == 2);
    assert_string_equal(oc_json_str(row("a"), "status", ""), "failing");
    assert_string_equal(states("a"), "failed failed");
    assert_string_equal(oc_json_str(json_array_get(st.result, 0), "code", ""), "retry");
    assert_string_equal(oc_json_str(json_array_get(st.result, 0), "message", ""), "no luck");
}

static int ask_first(void *ctx, const struct oc_call *call, json_t **details, struct oc_error *err)
{
    (void)ctx;
    (void)call;
    *details = json_pack("{s:s}", "proposal", "p-1");
    return oc_error_set(err, OC_E_APPROVAL, "kept for a decision");
}

static void a_run_that_needs_approval_waits_and_is_no_failure(void **state)
{
    (void)state;
    oc_ops_set_gate(st.env.ops, ask_first, NULL);
    configure(ONE("op = \"test.deed\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    assert_int_equal(ran, 0);
    assert_string_equal(states("a"), "waiting");
    assert_string_equal(oc_json_str(json_array_get(st.result, 0), "output", ""),
                        "{\"proposal\":\"p-1\"}");
    assert_int_equal(oc_json_int(row("a"), "failed", -1), 0);
}

/* ---- crashes ---- */

static void a_run_that_was_killed_is_interrupted_and_not_done_twice(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    assert_int_equal(ran, 1);
    crash_and_restart();
    stage_pass(&st, 4 * OC_MINUTE);
    assert_int_equal(ran, 1);
    assert_string_equal(states("a"), "interrupted");
    assert_true(sample("cron.failed_runs/a") == 1);
}

static void a_killed_run_is_repeated_once_where_that_is_safe(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\"; catch_up = \"once\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    crash_and_restart();
    assert_int_equal(ran, 2);
    assert_string_equal(states("a"), "interrupted running:repeat");
    crash_and_restart(); /* the second try is the last */
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(ran, 2);
    assert_string_equal(states("a"), "interrupted interrupted:repeat");
}

static void what_may_not_be_done_twice_is_not_repeated(void **state)
{
    (void)state;
    configure(ONE("op = \"test.deed\"; catch_up = \"all\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    assert_int_equal(ran, 1);
    crash_and_restart();
    stage_pass(&st, OC_MINUTE);
    assert_int_equal(ran, 1);
    assert_string_equal(states("a"), "interrupted skipped");
}

static void a_run_that_waited_when_the_host_died_was_missed(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\"; overlap = \"queue\"; catch_up = \"all\";"));
    stage_pass(&st, 12 * OC_MINUTE);
    assert_int_equal(ran, 1);
    crash_and_restart(); /* the first is repeated, then comes the second */
    assert_int_equal(ran, 2);
    release_one();
    stage_pass(&st, 0);
    assert_int_equal(ran, 3);
    release_one();
    stage_pass(&st, 0);
    assert_string_equal(states("a"), "interrupted ok:repeat ok:catch_up");
}

static void a_host_that_stops_leaves_its_runs_to_be_found(void **state)
{
    (void)state;
    configure(ONE("op = \"test.slow\"; catch_up = \"once\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    stop_and_restart();
    assert_int_equal(ran, 2);
    assert_string_equal(states("a"), "interrupted running:repeat");
}

static void a_downtime_is_judged_at_the_start(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\"; catch_up = \"once\";"));
    stage_pass(&st, 5 * OC_MINUTE);
    stage_set_clock(STAGE_WALL + 3 * OC_HOUR + 2 * OC_MINUTE);
    crash_and_restart();
    assert_int_equal(ran, 2);
    assert_string_equal(states("a"), "ok missed ok:catch_up");
}

static void history_is_bounded(void **state)
{
    (void)state;
    configure(ONE("op = \"test.ok\";"));
    stage_pass(&st, 60 * 5 * OC_MINUTE);
    assert_int_equal(ran, 60);
    json_t *all = oc_kv_all(st.env.store, "cron.run");
    assert_int_equal(json_object_size(all), OC_CRON_HISTORY);
    json_decref(all);
}

static void jitter_follows_from_name_and_time(void **state)
{
    (void)state;
    struct oc_cron_definition d;
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:s}", "name", "a", "every", "1h", "op", "x", "jitter", "10m");
    int64_t first = 0;
    bool differs = false;
    assert_int_equal(oc_cron_definition_init(&d, json, NULL), OC_OK);
    for (int i = 0; i < 100; i++) {
        int64_t due = i * OC_HOUR, start = oc_cron_definition_start(&d, due);
        assert_int_equal(start, oc_cron_definition_start(&d, due));
        assert_true(start >= due && start <= due + 10 * OC_MINUTE);
        first = i == 0 ? start : first;
        differs = differs || start - due != first;
    }
    assert_true(differs);
    oc_cron_definition_finish(&d);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_schedule_runs_at_its_times_as_itself),
        T(a_run_is_on_the_disk_before_its_operation_begins),
        T(a_schedule_that_is_removed_in_the_turn_in_which_it_is_due_does_not_run),
        T(intervals_are_counted_from_the_epoch),
        T(missed_runs_are_told_and_left),
        T(what_a_short_schedule_missed_is_told_of_for_more_than_a_minute),
        T(missed_runs_are_made_up_for_by_one),
        T(missed_runs_are_made_up_for_one_by_one),
        T(a_run_that_is_a_little_late_is_on_time),
        T(a_clock_that_goes_back_runs_nothing_twice),
        T(a_clock_that_was_wrong_by_years_is_followed_anew),
        T(what_is_skipped_in_spring_runs_at_the_change),
        T(a_run_that_goes_on_keeps_the_next_from_starting),
        T(one_run_waits_for_the_one_before),
        T(runs_go_on_beside_each_other_up_to_ten),
        T(a_timeout_cancels_the_run),
        T(failures_in_a_row_are_counted),
        T(a_run_that_needs_approval_waits_and_is_no_failure),
        T(a_run_that_was_killed_is_interrupted_and_not_done_twice),
        T(a_killed_run_is_repeated_once_where_that_is_safe),
        T(what_may_not_be_done_twice_is_not_repeated),
        T(a_run_that_waited_when_the_host_died_was_missed),
        T(a_host_that_stops_leaves_its_runs_to_be_found),
        T(a_downtime_is_judged_at_the_start),
        T(history_is_bounded),
        T(jitter_follows_from_name_and_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
