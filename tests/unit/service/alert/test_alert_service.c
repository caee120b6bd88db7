/* What is told when: dedup, cooldown, repeats, acknowledgements, restarts. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CONSOLE "alerts = { channels = ( { plugin = \"console\"; } ); };"

/* One delivery of `event` is under way on the console; answers it. */
static void expect_delivery(const char *event)
{
    json_t *params = plugin_take("console");
    assert_non_null(params);
    assert_string_equal(oc_json_str(params, "event", ""), event);
    json_decref(params);
    plugin_answer("console", OC_OK, NULL);
}

static void expect_silence(void)
{
    json_t *params = plugin_take("console");
    assert_null(params);
}

static void a_firing_alert_is_delivered_with_all_its_facts(void **state)
{
    struct world *w = *state;
    world_start(w, "host = { name = \"edge-1\"; };" CONSOLE);
    fire(w, "00000000000000aa");
    json_t *params = plugin_take("console");
    const json_t *alert = json_object_get(params, "alert");
    assert_string_equal(oc_json_str(params, "event", ""), "firing");
    assert_int_equal(strlen(oc_json_str(params, "id", "")), 36);
    assert_int_equal(oc_json_int(params, "attempt", 0), 1);
    assert_string_equal(oc_json_str(json_object_get(params, "host"), "name", ""), "edge-1");
    assert_string_equal(oc_json_str(alert, "id", ""), "00000000000000aa");
    assert_string_equal(oc_json_str(alert, "severity", ""), "critical");
    assert_string_equal(oc_json_str(alert, "title", ""),
                        "rule_00000000000000aa on cache/db0 env=prod");
    assert_string_equal(oc_json_str(json_object_get(alert, "labels"), "env", ""), "prod");
    assert_string_equal(oc_json_str(alert, "starts_at", ""), "2027-01-15T08:00:00.000Z");
    json_decref(params);
    plugin_answer("console", OC_OK, NULL);
    assert_int_equal(events_of(w, "alert.firing"), 1);
    assert_int_equal(oc_json_int(event_of(w, "alert.notified"), "attempts", 0), 1);
}

static void an_alert_that_goes_on_firing_is_told_once(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    for (int i = 0; i < 10; i++) {
        fire(w, "aa");
        world_pass(OC_MINUTE);
    }
    expect_silence();
    assert_int_equal(events_of(w, "alert.firing"), 1);
}

static void the_end_of_a_told_alert_is_told(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    resolve(w, "aa");
    expect_delivery("resolved");
    assert_int_equal(events_of(w, "alert.resolved"), 1);
    resolve(w, "aa");
    resolve(w, "never-seen");
    expect_silence();
}

static void flapping_within_the_cooldown_is_recorded_and_told_at_its_end(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    resolve(w, "aa");
    expect_delivery("resolved");
    world_pass(OC_MINUTE);
    fire(w, "aa");
    expect_silence();
    assert_string_equal(oc_json_str(event_of(w, "alert.firing"), "held_by", ""), "cooldown");
    world_pass(13 * OC_MINUTE);
    expect_silence();
    world_pass(OC_MINUTE);
    expect_delivery("firing");
}

static void what_ends_within_the_cooldown_is_not_told_at_all(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    resolve(w, "aa");
    expect_delivery("resolved");
    fire(w, "aa");
    resolve(w, "aa");
    world_pass(OC_HOUR);
    expect_silence();
    assert_int_equal(events_of(w, "alert.firing"), 2);
}

static void a_rule_may_have_a_cooldown_of_its_own(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { cooldown = \"1h\"; channels = ( { plugin = \"console\"; } );"
                   " rules = ( { name = \"rule_aa\"; cooldown = \"1m\"; } ); };");
    fire(w, "aa");
    expect_delivery("firing");
    resolve(w, "aa");
    expect_delivery("resolved");
    fire(w, "aa");
    expect_silence();
    world_pass(OC_MINUTE);
    expect_delivery("firing");
}

static void an_alert_nobody_acknowledges_is_repeated(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { repeat_interval = \"1h\"; };");
    fire(w, "aa");
    expect_delivery("firing");
    world_pass(59 * OC_MINUTE);
    expect_silence();
    world_pass(2 * OC_MINUTE);
    expect_delivery("firing");
    world_pass(61 * OC_MINUTE);
    expect_delivery("firing");
}

static void an_acknowledgement_stops_repeats_and_survives_a_crash(void **state)
{
    struct world *w = *state;
    json_t *shown;
    world_start(w, "alerts = { repeat_interval = \"1h\"; };");
    fire(w, "00000000000000aa");
    expect_delivery("firing");
    assert_int_equal(
        op(w, "alert.ack", json_pack("{s:s, s:s}", "id", "0000", "comment", "on it"), &shown),
        OC_OK);
    assert_string_equal(oc_json_str(shown, "status", ""), "acknowledged");
    json_decref(shown);
    assert_non_null(event_of(w, "alert.acknowledged"));

    world_pass(OC_SECOND);
    world_crash(w);
    world_start(w, "alerts = { repeat_interval = \"1h\"; };");
    fire(w, "00000000000000aa");
    world_pass(5 * OC_HOUR);
    expect_silence();
    op(w, "alert.show", json_pack("{s:s}", "id", "00000000000000aa"), &shown);
    const json_t *ack = json_object_get(shown, "acknowledged");
    assert_string_equal(oc_json_str(ack, "by", ""), "cli:uid=0");
    assert_string_equal(oc_json_str(ack, "comment", ""), "on it");
    json_decref(shown);

    resolve(w, "00000000000000aa"); /* the end is told to those who heard of the beginning */
    expect_delivery("resolved");
}

static void an_acknowledgement_that_is_taken_back_lets_repeats_go_on(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { repeat_interval = \"1h\"; };");
    fire(w, "aa");
    expect_delivery("firing");
    assert_int_equal(op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL), OC_OK);
    world_pass(2 * OC_HOUR);
    expect_silence();
    assert_int_equal(op(w, "alert.unack", json_pack("{s:s}", "id", "aa"), NULL), OC_OK);
    world_pass(10);
    expect_delivery("firing");
    assert_int_equal(op(w, "alert.unack", json_pack("{s:s}", "id", "aa"), NULL), OC_E_CONFLICT);
}

static void a_new_episode_needs_a_new_acknowledgement(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { cooldown = \"0\"; };");
    fire(w, "aa");
    expect_delivery("firing");
    op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL);
    resolve(w, "aa");
    expect_delivery("resolved");
    assert_int_equal(op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL), OC_E_CONFLICT);
    fire(w, "aa");
    expect_delivery("firing");
}

static void an_alert_that_gets_graver_is_told_again(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(10);
    expect_delivery("firing");
    op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL);
    fire(w, "aa"); /* critical now */
    expect_delivery("firing");
    rule_event(w, "rule.firing", "aa", "warning"); /* less grave: kept, not told */
    world_pass(10);
    expect_silence();
    json_t *kept;
    world_crash(w);
    world_start(w, CONSOLE);
    op(w, "alert.show", json_pack("{s:s}", "id", "aa"), &kept);
    assert_string_equal(oc_json_str(kept, "severity", ""), "warning");
    json_decref(kept);
}

static void a_restart_tells_nobody_what_they_know(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    world_pass(OC_SECOND);
    world_stop(w);
    world_start(w, CONSOLE);
    fire(w, "aa");
    world_pass(OC_MINUTE);
    expect_silence();
    resolve(w, "aa");
    expect_delivery("resolved");
}

static void a_cooldown_survives_a_restart(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    resolve(w, "aa");
    expect_delivery("resolved");
    world_stop(w);
    world_start(w, CONSOLE);
    fire(w, "aa");
    world_pass(14 * OC_MINUTE);
    expect_silence();
    world_pass(2 * OC_MINUTE);
    expect_delivery("firing");
}

static void lists_show_the_gravest_first_and_filter(void **state)
{
    struct world *w = *state;
    json_t *list;
    world_start(w, CONSOLE);
    rule_event(w, "rule.firing", "bb", "warning");
    rule_event(w, "rule.firing", "aa", "critical");
    rule_event(w, "rule.firing", "cc", "warning");
    rule_event(w, "rule.resolved", "cc", "warning");
    world_pass(10);
    op(w, "alert.list", NULL, &list);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "id", ""), "aa");
    json_decref(list);
    op(w, "alert.list", json_pack("{s:s}", "state", "all"), &list);
    assert_int_equal(json_array_size(list), 3);
    json_decref(list);
    op(w, "alert.list", json_pack("{s:s, s:s}", "severity", "warning", "rule", "rule_b*"), &list);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    op(w, "alert.summary", NULL, &list);
    assert_int_equal(oc_json_int(list, "critical", -1), 1);
    assert_int_equal(oc_json_int(list, "warning", -1), 1);
    assert_int_equal(oc_json_int(json_object_get(list, "unacknowledged"), "critical", -1), 1);
    json_decref(list);
}

static void a_prefix_of_several_ids_is_refused(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "abc1");
    fire(w, "abc2");
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", "abc"), NULL), OC_E_CONFLICT);
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", "abc2"), NULL), OC_OK);
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", "zz"), NULL), OC_E_NOT_FOUND);
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", ""), NULL), OC_E_CONFIG);
}

static void old_resolved_alerts_are_forgotten(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { keep_resolved = \"1h\"; };");
    fire(w, "aa");
    expect_delivery("firing");
    resolve(w, "aa");
    expect_delivery("resolved");
    world_pass(2 * OC_HOUR);
    fire(w, "bb");
    assert_int_equal(kv_count(w, "alert"), 1);
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", "aa"), NULL), OC_E_NOT_FOUND);
}

static void nonsense_from_the_bus_is_bounded_or_ignored(void **state)
{
    struct world *w = *state;
    char *huge = oc_calloc(1, 100001);
    memset(huge, 'x', 100000);
    w->warnings_wanted = true; /* the event without a fingerprint */
    world_start(w, CONSOLE);
    oc_bus_publish(w->env.bus, "rule.firing", json_object());
    oc_bus_publish(w->env.bus, "rule.firing",
                   json_pack("{s:s, s:s, s:s, s:i, s:[i]}", "fingerprint", "aa", "message", huge,
                             "rule", huge, "severity", 7, "labels", 1));
    world_pass(10);
    json_t *shown;
    op(w, "alert.show", json_pack("{s:s}", "id", "aa"), &shown);
    assert_int_equal(strlen(oc_json_str(shown, "message", "")), OC_ALERT_TEXT_MAX);
    assert_int_equal(strlen(oc_json_str(shown, "rule", "")), OC_ALERT_NAME_MAX);
    assert_string_equal(oc_json_str(shown, "severity", ""), "info");
    json_decref(shown);
    free(huge);
    assert_int_equal(kv_count(w, "alert"), 1);
}

static void an_ephemeral_service_looks_and_tells_nobody(void **state)
{
    struct world *w = *state;
    json_t *list;
    world_start(w, CONSOLE);
    fire(w, "aa");
    expect_delivery("firing");
    world_stop(w);
    w->env.ephemeral = true;
    world_start(w, CONSOLE);
    fire(w, "bb");
    assert_null(instances);
    op(w, "alert.list", NULL, &list);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    assert_int_equal(kv_count(w, "alert"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_firing_alert_is_delivered_with_all_its_facts),
        IN_WORLD(an_alert_that_goes_on_firing_is_told_once),
        IN_WORLD(the_end_of_a_told_alert_is_told),
        IN_WORLD(flapping_within_the_cooldown_is_recorded_and_told_at_its_end),
        IN_WORLD(what_ends_within_the_cooldown_is_not_told_at_all),
        IN_WORLD(a_rule_may_have_a_cooldown_of_its_own),
        IN_WORLD(an_alert_nobody_acknowledges_is_repeated),
        IN_WORLD(an_acknowledgement_stops_repeats_and_survives_a_crash),
        IN_WORLD(an_acknowledgement_that_is_taken_back_lets_repeats_go_on),
        IN_WORLD(a_new_episode_needs_a_new_acknowledgement),
        IN_WORLD(an_alert_that_gets_graver_is_told_again),
        IN_WORLD(a_restart_tells_nobody_what_they_know),
        IN_WORLD(a_cooldown_survives_a_restart),
        IN_WORLD(lists_show_the_gravest_first_and_filter),
        IN_WORLD(a_prefix_of_several_ids_is_refused),
        IN_WORLD(old_resolved_alerts_are_forgotten),
        IN_WORLD(nonsense_from_the_bus_is_bounded_or_ignored),
        IN_WORLD(an_ephemeral_service_looks_and_tells_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
