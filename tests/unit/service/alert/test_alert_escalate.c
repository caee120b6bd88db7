/* Escalation: steps, their times, what ends them, what survives. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CHANNELS                                                                                   \
    "alerts = { repeat_interval = \"1d\"; channels = ( { plugin = \"console\"; }, { plugin = "     \
    "\"email\"; levels = []; }, { plugin = \"pager\"; levels = []; } ); };"

/* 15 minutes: mail; an hour: pager. Five warnings within half an hour are critical. */
static json_t *chain(const json_t *args)
{
    const json_t *alert = json_array_get(args, 0);
    int64_t at = json_integer_value(json_array_get(args, 1));
    json_int_t step = oc_json_int(alert, "step", -1);
    size_t i, count = 0;
    json_t *began;
    if (strcmp(oc_json_str(alert, "severity", ""), "critical") == 0) {
        if (step > 1) {
            return json_null();
        }
        return json_pack("{s:i, s:[s], s:s}", "after", step == 0 ? 900 : 3600, "channels",
                         step == 0 ? "email" : "pager", "reason", "nobody came");
    }
    json_array_foreach(json_object_get(alert, "occurrences"), i, began)
    {
        count += at - json_integer_value(began) <= 1800 * OC_SECOND ? 1 : 0;
    }
    return count >= 5 ? json_pack("{s:i, s:s}", "after", 0, "severity", "critical") : json_null();
}

static void start(struct world *w)
{
    fake_escalate = chain;
    world_start(w, CHANNELS);
}

/* Warns and is over, `times` times, two minutes apart. */
static void warn(struct world *w, int times)
{
    for (int i = 0; i < times; i++) {
        rule_event(w, "rule.firing", "aa", "warning");
        world_pass(OC_MINUTE);
        rule_event(w, "rule.resolved", "aa", "warning");
        world_pass(OC_MINUTE);
        plugin_drain("console");
    }
}

static void a_critical_alert_that_nobody_acknowledges_is_told_to_others(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    assert_int_equal(plugin_drain("console"), 1);
    world_pass(15 * OC_MINUTE - 1000);
    assert_null(plugin_take("email"));
    world_pass(1000);
    json_t *params = plugin_take("email");
    const json_t *alert = json_object_get(params, "alert");
    assert_string_equal(oc_json_str(params, "event", ""), "firing");
    assert_string_equal(oc_json_str(alert, "severity", ""), "critical");
    assert_string_equal(oc_json_str(json_object_get(alert, "escalation"), "reason", ""),
                        "nobody came");
    json_decref(params);
    plugin_drain("email");
    const json_t *event = event_of(w, "alert.escalated");
    assert_int_equal(oc_json_int(event, "step", 0), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(event, "channels"), 0)),
                        "email");
    world_pass(45 * OC_MINUTE);
    assert_int_equal(plugin_drain("pager"), 1);
    world_pass(12 * OC_HOUR);
    assert_int_equal(plugin_drain("email") + plugin_drain("pager"), 0);
    assert_int_equal(events_of(w, "alert.escalated"), 2);
}

static void its_end_is_told_to_those_whom_it_was_escalated_to(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    world_pass(20 * OC_MINUTE);
    plugin_drain("email");
    resolve(w, "aa");
    json_t *params = plugin_take("email");
    assert_string_equal(oc_json_str(params, "event", ""), "resolved");
    json_decref(params);
}

/* What the policy says about an alert that people have not heard of yet. */
static unsigned told_before_asked;
static json_t *told_first(const json_t *args)
{
    const json_t *alert = json_array_get(args, 0);
    const struct oc_instance *console = plugin_instance("console");
    told_before_asked += console && console->params ? 1 : 0;
    return oc_json_bool(alert, "raised", false)
               ? json_null()
               : json_pack("{s:i, s:s}", "after", 0, "severity", "critical");
}

static void people_are_told_before_the_first_question_and_anew_when_it_is_graver(void **state)
{
    struct world *w = *state;
    told_before_asked = 0;
    fake_escalate = told_first;
    world_start(w, CHANNELS);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(1000);
    assert_true(told_before_asked > 0);
    json_t *first = plugin_take("console");
    plugin_answer("console", OC_OK, NULL);
    json_t *second = plugin_take("console");
    plugin_answer("console", OC_OK, NULL);
    assert_string_equal(oc_json_str(json_object_get(first, "alert"), "severity", ""), "warning");
    assert_string_equal(oc_json_str(json_object_get(second, "alert"), "severity", ""), "critical");
    json_decref(first);
    json_decref(second);
    assert_int_equal(plugin_drain("console"), 0);
    assert_int_equal(events_of(w, "alert.escalated"), 1);
    world_pass(1000); /* that both were sent is written */
    world_crash(w);
    world_start(w, CHANNELS);
    world_pass(OC_MINUTE);
    assert_int_equal(plugin_drain("console"), 0); /* nothing of it is forgotten */
}

static void nobody_is_polled(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    unsigned before = fake_escalate_calls;
    assert_int_equal(before, 1);
    world_pass(14 * OC_MINUTE);
    assert_int_equal(fake_escalate_calls, before);
}

static void an_acknowledgement_ends_the_chain_and_its_end_begins_it_anew(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    world_pass(10 * OC_MINUTE);
    assert_int_equal(op(w, "alert.ack", json_pack("{s:s, s:s}", "id", "aa", "for", "2h"), NULL),
                     OC_OK);
    world_pass(OC_HOUR);
    assert_int_equal(plugin_drain("email"), 0);
    plugin_drain("console");
    world_pass(OC_HOUR); /* the acknowledgement expires: people are reminded */
    assert_int_equal(plugin_drain("console"), 1);
    assert_string_equal(oc_json_str(event_of(w, "alert.acknowledged"), "reason", ""), "expired");
    world_pass(15 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 1);
}

static void an_acknowledgement_that_expires_survives_a_crash(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    plugin_drain("console");
    assert_int_equal(op(w, "alert.ack", json_pack("{s:s, s:s}", "id", "aa", "for", "2h"), NULL),
                     OC_OK);
    world_pass(1000);
    world_crash(w);
    world_start(w, CHANNELS);
    world_pass(OC_HOUR);
    assert_int_equal(plugin_drain("console"), 0);
    world_pass(OC_HOUR);
    assert_int_equal(plugin_drain("console"), 1);
}

static void a_silenced_alert_is_not_escalated(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    world_pass(OC_MINUTE);
    assert_int_equal(op(w, "alert.silence",
                        json_pack("{s:[s], s:s}", "matchers", "rule=rule_aa", "for", "1h"), NULL),
                     OC_OK);
    world_pass(59 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 0);
    world_pass(14 * OC_MINUTE); /* it begins to wait when the silence is over */
    assert_int_equal(plugin_drain("email"), 0);
    world_pass(3 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 1);
}

static void a_resolved_alert_is_not_escalated(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    world_pass(14 * OC_MINUTE);
    resolve(w, "aa");
    world_pass(OC_DAY);
    assert_int_equal(plugin_drain("email"), 0);
}

static void a_crash_neither_repeats_a_step_nor_skips_one(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    plugin_drain("console");
    world_pass(10 * OC_MINUTE);
    world_crash(w);
    world_start(w, CHANNELS);
    world_pass(4 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 0);
    world_pass(2 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 1);
    world_pass(1000);
    world_crash(w);
    world_start(w, CHANNELS);
    world_pass(43 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 0);
    assert_int_equal(plugin_drain("pager"), 0);
    world_pass(2 * OC_MINUTE);
    assert_int_equal(plugin_drain("pager"), 1);
}

static void a_step_that_fell_due_while_nobody_ran_is_taken_at_the_start(void **state)
{
    struct world *w = *state;
    start(w);
    fire(w, "aa");
    plugin_drain("console");
    world_pass(OC_MINUTE);
    world_crash(w);
    oc_time_advance(30 * OC_MINUTE);
    world_start(w, CHANNELS);
    world_pass(100);
    assert_int_equal(plugin_drain("email"), 1);
}

static void the_fifth_warning_within_half_an_hour_is_critical(void **state)
{
    struct world *w = *state;
    start(w);
    warn(w, 4);
    assert_int_equal(events_of(w, "alert.escalated"), 0);
    world_crash(w); /* the past is remembered */
    world_start(w, CHANNELS);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(100);
    assert_int_equal(events_of(w, "alert.escalated"), 1);
    const json_t *event = event_of(w, "alert.escalated");
    assert_string_equal(oc_json_str(event, "from", ""), "warning");
    assert_string_equal(oc_json_str(event, "severity", ""), "critical");
    json_t *params = plugin_take("console"); /* at once, whatever the cooldown says */
    assert_string_equal(oc_json_str(json_object_get(params, "alert"), "severity", ""), "critical");
    json_decref(params);
    plugin_drain("console");
    /* The rule goes on calling it a warning; it stays what it became, and its own chain begins. */
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(16 * OC_MINUTE);
    assert_int_equal(plugin_drain("email"), 1);
    json_t *list;
    op(w, "alert.list", json_pack("{s:s}", "state", "all"), &list);
    const json_t *row = json_is_array(list) ? json_array_get(list, 0)
                                            : json_array_get(json_object_get(list, "alerts"), 0);
    assert_string_equal(oc_json_str(row, "severity", ""), "critical");
    assert_true(oc_json_bool(json_object_get(row, "escalation"), "raised", false));
    json_decref(list);
    rule_event(w, "rule.resolved", "aa", "warning");
    world_pass(2 * OC_HOUR);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(100);
    assert_string_equal(oc_json_str(event_of(w, "alert.firing"), "severity", ""), "warning");
}

static void five_warnings_spread_over_hours_are_warnings(void **state)
{
    struct world *w = *state;
    start(w);
    for (int i = 0; i < 8; i++) {
        warn(w, 1);
        world_pass(10 * OC_MINUTE);
    }
    assert_int_equal(events_of(w, "alert.escalated"), 0);
}

static void people_escalate_by_hand(void **state)
{
    struct world *w = *state;
    json_t *row;
    start(w);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(100);
    plugin_drain("console");
    assert_int_equal(op(w, "alert.escalate",
                        json_pack("{s:s, s:[s], s:s}", "id", "aa", "channel", "pager", "comment",
                                  "look at this"),
                        &row),
                     OC_OK);
    assert_string_equal(oc_json_str(row, "severity", ""), "critical");
    json_decref(row);
    world_pass(100);
    assert_int_equal(plugin_drain("pager"), 1);
    assert_string_equal(oc_json_str(event_of(w, "alert.escalated"), "by", ""), "cli:uid=0");
    assert_int_equal(
        op(w, "alert.escalate", json_pack("{s:s, s:[s]}", "id", "aa", "channel", "no"), NULL),
        OC_E_NOT_FOUND);
    rule_event(w, "rule.resolved", "aa", "warning");
    world_pass(100);
    assert_int_equal(op(w, "alert.escalate", json_pack("{s:s}", "id", "aa"), NULL), OC_E_CONFLICT);
}

static void without_a_policy_nothing_is_escalated(void **state)
{
    struct world *w = *state;
    world_start(w, CHANNELS);
    fire(w, "aa");
    world_pass(OC_HOUR);
    assert_int_equal(events_of(w, "alert.escalated"), 0);
}

/* They share what is planned; what becomes of one does not change the others. */
static void of_alerts_that_began_together_each_has_its_own_chain(void **state)
{
    struct world *w = *state;
    start(w);
    rule_event(w, "rule.firing", "aa", "critical");
    rule_event(w, "rule.firing", "bb", "critical");
    rule_event(w, "rule.firing", "cc", "critical");
    world_pass(OC_MINUTE);
    op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL);
    rule_event(w, "rule.resolved", "bb", "critical");
    world_pass(OC_MINUTE);
    plugin_drain("console");
    world_pass(13 * OC_MINUTE + OC_SECOND);
    assert_int_equal(events_of(w, "alert.escalated"), 1);
    assert_string_equal(oc_json_str(event_of(w, "alert.escalated"), "alert", ""), "cc");
}

static void alerts_that_agree_in_what_the_policy_reads_are_asked_about_once(void **state)
{
    struct world *w = *state;
    fake_reads = " severity step occurrences configured_channels ";
    start(w);
    rule_event(w, "rule.firing", "aa", "critical");
    rule_event(w, "rule.firing", "bb", "critical");
    rule_event(w, "rule.firing", "cc", "warning");
    world_pass(OC_MINUTE);
    assert_int_equal(fake_escalate_calls, 2); /* one for each severity */
    op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL);
    world_pass(15 * OC_MINUTE);
    plugin_drain("console");
    assert_int_equal(plugin_drain("email"), 1);
    assert_string_equal(oc_json_str(event_of(w, "alert.escalated"), "alert", ""), "bb");
    assert_string_equal(oc_json_str(event_of(w, "alert.escalated"), "reason", ""), "nobody came");
}

static void alerts_that_differ_in_it_are_asked_about_each(void **state)
{
    struct world *w = *state;
    fake_reads = " severity labels step ";
    start(w);
    rule_event(w, "rule.firing", "aa", "critical");
    rule_event(w, "rule.firing", "bb", "critical");
    world_pass(OC_MINUTE);
    assert_int_equal(fake_escalate_calls, 2);
}

static void an_alert_with_a_past_is_asked_about_by_itself(void **state)
{
    struct world *w = *state;
    fake_reads = " severity step occurrences configured_channels ";
    start(w);
    warn(w, 4); /* the fifth time is another matter for it, and for it alone */
    rule_event(w, "rule.firing", "bb", "warning");
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(OC_MINUTE);
    assert_int_equal(events_of(w, "alert.escalated"), 1);
    assert_string_equal(oc_json_str(event_of(w, "alert.escalated"), "alert", ""), "aa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_critical_alert_that_nobody_acknowledges_is_told_to_others),
        IN_WORLD(its_end_is_told_to_those_whom_it_was_escalated_to),
        IN_WORLD(people_are_told_before_the_first_question_and_anew_when_it_is_graver),
        IN_WORLD(nobody_is_polled),
        IN_WORLD(an_acknowledgement_ends_the_chain_and_its_end_begins_it_anew),
        IN_WORLD(an_acknowledgement_that_expires_survives_a_crash),
        IN_WORLD(a_silenced_alert_is_not_escalated),
        IN_WORLD(a_resolved_alert_is_not_escalated),
        IN_WORLD(a_crash_neither_repeats_a_step_nor_skips_one),
        IN_WORLD(a_step_that_fell_due_while_nobody_ran_is_taken_at_the_start),
        IN_WORLD(the_fifth_warning_within_half_an_hour_is_critical),
        IN_WORLD(five_warnings_spread_over_hours_are_warnings),
        IN_WORLD(of_alerts_that_began_together_each_has_its_own_chain),
        IN_WORLD(alerts_that_agree_in_what_the_policy_reads_are_asked_about_once),
        IN_WORLD(alerts_that_differ_in_it_are_asked_about_each),
        IN_WORLD(an_alert_with_a_past_is_asked_about_by_itself),
        IN_WORLD(people_escalate_by_hand),
        IN_WORLD(without_a_policy_nothing_is_escalated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
