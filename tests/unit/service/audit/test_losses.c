/* What cannot be written is counted, what is refused is limited, and alerts end. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

#include <signal.h>
#include <sys/resource.h>

#include "core/store/ledger/ledger_internal.h"

static struct rlimit before;

/* No file grows beyond its first bytes any more. */
static void fill_disk(void)
{
    struct rlimit tight;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
}

static void make_room(void)
{
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

/* Until nothing is on its way to the disk any more; timers that fall due within `ms` go off. */
static void settle(int64_t ms)
{
    stage_pass(&w.s, ms);
    while (w.s.env.ledger->job || w.s.env.ledger->pending.len > 0) {
        stage_pass(&w.s, 0);
    }
}

static int begin_on_loop(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    open_ledger_in(w.s.env.loop, 8);
    return 0;
}

static size_t entries_of(const char *type)
{
    char params[64];
    snprintf(params, sizeof params, "{\"type\":\"%s\"}", type);
    stage_call(&w.s, "ledger.show", params);
    while (w.s.done == 0) {
        stage_pass(&w.s, 0);
    }
    return json_array_size(w.s.result);
}

static void what_a_full_disk_loses_is_counted_and_said_when_there_is_room(void **state)
{
    (void)state;
    operation("kept", "x");
    settle(0);
    fill_disk();
    operation("a", "x"); /* taken, and lost when it is written */
    settle(0);
    operation("b", "x"); /* refused: it failed just now */
    oc_time_advance(2 * OC_SECOND);
    operation("c", "x"); /* taken again with the count of the two, and all of that is lost */
    settle(0);
    settle(11 * OC_SECOND);
    make_room();
    assert_int_equal(w.a->unheard, 3);
    assert_int_equal(entries_of("audit_gap"), 0);
    assert_non_null(
        strstr(oc_json_str(json_array_get(stage_ask(&w.s, "audit.doctor", NULL), 1), "message", ""),
               "not in the ledger"));
    settle(11 * OC_SECOND); /* nobody has to do anything for it to be said */
    settle(11 * OC_SECOND);
    assert_true(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(w.a->unheard, 0);
    assert_int_equal(entries_of("audit_gap"), 1);
    const json_t *gap = json_object_get(json_array_get(w.s.result, 0), "entry");
    assert_int_equal(oc_json_int(gap, "entries", 0), 3);
    assert_int_equal(told("rule.firing", "ledger-unhealthy"), 1);
    assert_int_equal(told("rule.resolved", "ledger-unhealthy"), 1);
    assert_int_equal(json_array_size(stage_ask(&w.s, "audit.doctor", NULL)), 0);
}

static void a_service_that_ends_leaves_what_is_on_its_way_to_the_ledger(void **state)
{
    (void)state;
    operation("a", "x");
    shut_ledger();
    open_ledger_in(w.s.env.loop, 8);
    assert_int_equal(oc_ledger_durable(w.s.env.ledger), 1);
}

/* Nobody hears of it later. */
static void a_daemon_of_one_operation_waits_for_the_disk(void **state)
{
    (void)state;
    w.a->env.ephemeral = true;
    operation("a", "x");
    assert_int_equal(oc_ledger_durable(w.s.env.ledger), 1);
    fill_disk();
    operation("b", "x");
    make_room();
    assert_int_equal(w.a->unheard, 1);
}

static void deny(const char *op, const char *actor)
{
    oc_bus_publish(w.s.env.bus, "op.denied", json_pack("{s:s,s:s}", "op", op, "actor", actor));
    oc_bus_publish(
        w.s.env.bus, "audit",
        json_pack("{s:s,s:s,s:s,s:b}", "op", op, "actor", actor, "code", "denied", "refused", 1));
}

static void whoever_may_do_nothing_fills_no_ledger(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        deny("token.create", "token:v");
    }
    settle(0);
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 20);
    assert_int_equal(entries_of("denied"), 20);
    deny("token.create", "token:other"); /* and hides nobody else */
    settle(0);
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 21);
    settle(71 * OC_SECOND);
    assert_int_equal(entries_of("denied"), 22);
    const json_t *rest = json_object_get(json_array_get(w.s.result, 0), "entry");
    assert_string_equal(oc_json_str(rest, "actor", ""), "token:v");
    assert_int_equal(oc_json_int(rest, "left_out", 0), 80);
    deny("token.create", "token:v");
    settle(0);
    assert_int_equal(entries_of("denied"), 23);
}

/* The remedy may have been a restart. */
static void alerts_of_the_run_before_end_with_the_first_good_look(void **state)
{
    static const char *const RULES[] = {"ledger-unhealthy", "ledger-copy-failed",
                                        "ledger-copy-conflict"};
    (void)state;
    settle(61 * OC_SECOND);
    for (size_t i = 0; i < OC_COUNT(RULES); i++) {
        assert_int_equal(told("rule.resolved", RULES[i]), 1);
        assert_int_equal(told("rule.firing", RULES[i]), 0);
    }
}

static void what_is_handed_over_and_too_long_is_shortened(void **state)
{
    char *pad = oc_alloc(OC_LEDGER_ENTRY_MAX - 99);
    (void)state;
    memset(pad, 'z', OC_LEDGER_ENTRY_MAX - 100);
    pad[OC_LEDGER_ENTRY_MAX - 100] = '\0'; /* what is added to it here makes it too long */
    json_t *entry = json_pack("{s:s,s:{s:s}}", "op", "test.do", "params", "comment", pad);
    char *text = oc_json_text(entry);
    json_t *params = json_pack("{s:s,s:s}", "type", "operation", "entry", text);
    char *call = oc_json_text(params);
    w.s.actor = "cli:uid=0";
    stage_call(&w.s, "audit.note", call);
    settle(0);
    assert_int_equal(w.s.done, 1);
    assert_int_equal(w.s.code, OC_OK);
    assert_int_equal(entries_of("operation"), 1);
    const json_t *kept = json_object_get(json_array_get(w.s.result, 0), "entry");
    assert_true(oc_json_bool(kept, "shortened", false));
    assert_true(oc_json_bool(kept, "private", false));
    assert_string_equal(oc_json_str(kept, "op", ""), "test.do");
    free(call);
    json_decref(params);
    free(text);
    json_decref(entry);
    free(pad);
}

#define NOTE "{\"type\":\"operation\",\"entry\":\"{\\\"op\\\":\\\"test.do\\\"}\"}"

static void a_note_that_a_full_disk_loses_is_counted_as_well(void **state)
{
    (void)state;
    w.s.actor = "cli:uid=0";
    operation("kept", "x");
    settle(0);
    fill_disk();
    stage_call(&w.s, "audit.note", NOTE); /* taken, and lost when it is written */
    settle(0);
    assert_int_equal(w.s.code, OC_E_RETRY);
    assert_int_equal(w.a->unheard, 1);
    stage_call(&w.s, "audit.note", NOTE); /* refused: it failed just now */
    make_room();
    assert_int_equal(w.s.code, OC_E_RETRY);
    assert_int_equal(w.a->unheard, 2);
}

static void what_was_left_out_waits_until_it_can_be_written(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        deny("token.create", "token:v");
    }
    settle(0);
    fill_disk();
    operation("a", "x");
    settle(0);
    settle(71 * OC_SECOND);
    make_room();
    settle(11 * OC_SECOND);
    settle(11 * OC_SECOND);
    settle(0);
    assert_int_equal(entries_of("denied"), 21);
    const json_t *rest = json_object_get(json_array_get(w.s.result, 0), "entry");
    assert_int_equal(oc_json_int(rest, "left_out", 0), 80);
}

/* The count is lost with the entry that tells it, at whatever point that is. */
static void what_was_left_out_is_counted_when_its_entry_is_lost_below(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        deny("token.create", "token:v");
    }
    settle(0);
    oc_time_advance(OC_MINUTE); /* and the clock of the service has not looked yet */
    fill_disk();
    deny("token.create", "token:v"); /* taken with the count of the 80 before, and lost */
    settle(0);
    make_room();
    assert_int_equal(w.a->unheard, 81);
}

static void a_rest_that_is_lost_below_is_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        deny("token.create", "token:v");
    }
    settle(0);
    fill_disk();
    oc_audit_refused_settle(w.a, oc_time_mono() + OC_MINUTE);
    settle(0);
    make_room();
    assert_int_equal(w.a->unheard, 80);
}

static void a_note_that_is_on_its_way_when_the_host_ends_is_answered_and_kept(void **state)
{
    (void)state;
    w.s.actor = "cli:uid=0";
    stage_call(&w.s, "audit.note", NOTE);
    oc_ops_stop(w.s.env.ops);
    assert_int_equal(w.s.done, 1);
    assert_int_equal(w.s.code, OC_OK); /* or the other one would write it again */
    oc_audit_destroy(w.a);
    oc_ops_destroy(w.s.env.ops); /* in the order of the daemon */
    oc_ledger_close(w.s.env.ledger);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
    open_ledger_in(w.s.env.loop, 8);
    assert_int_equal(oc_ledger_durable(w.s.env.ledger), 1);
}

#define on_loop(name) cmocka_unit_test_setup_teardown(name, begin_on_loop, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_loop(what_a_full_disk_loses_is_counted_and_said_when_there_is_room),
        on_loop(a_service_that_ends_leaves_what_is_on_its_way_to_the_ledger),
        on_loop(a_daemon_of_one_operation_waits_for_the_disk),
        on_loop(whoever_may_do_nothing_fills_no_ledger),
        on_loop(alerts_of_the_run_before_end_with_the_first_good_look),
        on_loop(what_is_handed_over_and_too_long_is_shortened),
        on_loop(a_note_that_a_full_disk_loses_is_counted_as_well),
        on_loop(what_was_left_out_waits_until_it_can_be_written),
        on_loop(what_was_left_out_is_counted_when_its_entry_is_lost_below),
        on_loop(a_rest_that_is_lost_below_is_counted),
        on_loop(a_note_that_is_on_its_way_when_the_host_ends_is_answered_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
