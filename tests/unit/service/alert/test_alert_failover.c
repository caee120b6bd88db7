/* Fail-over between channels, and storm digests. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CHAIN                                                                                      \
    "alerts = { storm_limit = 0; channels = ("                                                     \
    " { plugin = \"slack\"; retries = 0; fallback = \"email\"; },"                                 \
    " { plugin = \"email\"; retries = 0; levels = []; fallback = \"console\"; },"                  \
    " { plugin = \"console\"; retries = 0; levels = []; } ); };"

static void broken(const char *name)
{
    plugin_answer(name, OC_E_PERMANENT, NULL);
    world_pass(300);
}

static void what_one_channel_cannot_deliver_another_one_does(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, CHAIN);
    fire(w, "aa");
    json_t *first = plugin_take("slack");
    broken("slack");
    json_t *params = plugin_take("email");
    assert_non_null(params);
    assert_string_equal(oc_json_str(params, "event", ""), "firing");
    assert_true(json_equal(json_object_get(params, "alert"), json_object_get(first, "alert")));
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(params, "failed_over"), 0)), "slack");
    json_decref(first);
    json_decref(params);
    broken("email");
    assert_int_equal(plugin_drain("console"), 1);
    assert_int_equal(events_of(w, "alert.failed_over"), 2);
    const json_t *event = event_of(w, "alert.failed_over");
    assert_string_equal(oc_json_str(event, "channel", ""), "email");
    assert_string_equal(oc_json_str(event, "to", ""), "console");
    world_pass(OC_HOUR);
    assert_int_equal(plugin_drain("slack") + plugin_drain("email") + plugin_drain("console"), 0);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void the_end_is_told_to_whoever_heard_of_the_alert(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, CHAIN);
    fire(w, "aa");
    broken("slack");
    assert_int_equal(plugin_drain("email"), 1);
    resolve(w, "aa");
    assert_null(plugin_take("slack"));
    assert_int_equal(plugin_drain("email"), 1);
}

static void the_last_one_of_a_chain_fails_for_good(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, CHAIN);
    fire(w, "aa");
    broken("slack");
    broken("email");
    broken("console");
    world_pass(OC_HOUR);
    assert_int_equal(events_of(w, "alert.failed"), 3);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void a_channel_that_cannot_be_used_is_passed_over(void **state)
{
    struct world *w = *state;
    world_start(w, CHAIN);
    fire(w, "aa");
    fire(w, "bb"); /* waits behind the first one */
    plugin_become("slack", OC_INSTANCE_FAILED);
    plugin_answer("slack", OC_OK, NULL);
    world_pass(300);
    assert_int_equal(plugin_drain("email"), 1);
    fire(w, "cc");
    world_pass(300);
    assert_int_equal(plugin_drain("email"), 1);
    assert_null(plugin_take("slack"));
}

#define PAIR                                                                                       \
    "alerts = { channels = ( { plugin = \"slack\"; fallback = \"email\"; },"                       \
    " { plugin = \"email\"; levels = []; } ); };"

static void a_long_pause_is_bridged_by_the_fallback(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, PAIR);
    fire(w, "aa");
    plugin_answer("slack", OC_E_RETRY, "{\"answer\":\"HTTP 429\",\"retry_after\":7200}");
    world_pass(300);
    assert_int_equal(plugin_drain("email"), 1);
    fire(w, "bb");
    world_pass(300);
    assert_int_equal(plugin_drain("email"), 1);
    assert_null(plugin_take("slack"));
    world_pass(16 * OC_MINUTE); /* it has asked for two hours, and gets a quarter of one */
    fire(w, "cc");
    world_pass(300);
    assert_int_equal(plugin_drain("slack"), 1);
    assert_int_equal(plugin_drain("email"), 0);
}

static void a_short_pause_is_waited_for(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, PAIR);
    fire(w, "aa");
    plugin_answer("slack", OC_E_RETRY, "{\"answer\":\"HTTP 429\",\"retry_after\":30}");
    fire(w, "bb");
    world_pass(29 * OC_SECOND);
    assert_int_equal(plugin_drain("slack") + plugin_drain("email"), 0);
    world_pass(2 * OC_SECOND);
    assert_int_equal(plugin_drain("slack"), 2);
}

static void a_crash_after_the_failure_delivers_once(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, CHAIN);
    fire(w, "aa");
    plugin_answer("slack", OC_E_PERMANENT, NULL);
    /* Nothing was written yet: slack is asked again, and nobody else. */
    world_crash(w);
    world_start(w, CHAIN);
    world_pass(300);
    assert_null(plugin_take("email"));
    json_t *again = plugin_take("slack");
    assert_non_null(again);
    json_decref(again);
    broken("slack"); /* now it is written that the mail is to be sent */
    world_crash(w);
    world_start(w, CHAIN);
    world_pass(300);
    assert_null(plugin_take("slack"));
    assert_int_equal(plugin_drain("email"), 1);
    world_pass(1000);
    world_crash(w);
    world_start(w, CHAIN);
    world_pass(OC_MINUTE);
    assert_int_equal(plugin_drain("slack") + plugin_drain("email") + plugin_drain("console"), 0);
}

static void circles_and_strangers_are_findings(void **state)
{
    struct world *w = *state;
    w->service = oc_alert_create(&w->env);
    assert_int_equal(
        world_configure(w, "alerts = { channels = ( { plugin = \"slack\"; fallback = \"email\"; },"
                           " { plugin = \"email\"; fallback = \"slack\"; } ); };"),
        2);
    assert_int_equal(
        world_configure(w, "alerts = { channels = ( { plugin = \"a\"; fallback = \"a\"; } ); };"),
        1);
    assert_int_equal(
        world_configure(w, "alerts = { channels = ( { plugin = \"a\"; fallback = \"b\"; } ); };"),
        1);
    assert_int_equal(world_configure(w, CHAIN), 0);
}

static void a_circle_ends_when_all_have_failed(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    w->service = oc_alert_create(&w->env);
    world_configure(w, "alerts = { channels = ( { plugin = \"slack\"; retries = 0; fallback = "
                       "\"email\"; }, { plugin = \"email\"; levels = []; retries = 0; fallback = "
                       "\"slack\"; } ); };");
    fire(w, "aa");
    broken("slack");
    broken("email");
    world_pass(OC_HOUR);
    assert_int_equal(plugin_drain("slack") + plugin_drain("email"), 0);
}

/* ---- storms ---- */

#define STORM                                                                                      \
    "alerts = { storm_limit = 10; channels = ( { plugin = \"console\"; levels = [\"info\", "       \
    "\"warning\", \"critical\"]; } ); };"

static void burst(struct world *w, int first, int count, const char *severity)
{
    for (int i = first; i < first + count; i++) {
        char id[17];
        snprintf(id, sizeof id, "%016x", i + 1);
        rule_event(w, "rule.firing", id, severity);
    }
    world_pass(100);
}

/* Answers everything; returns the last notice (owned) and counts what came alone. */
static json_t *drain(unsigned *alone)
{
    json_t *notice = NULL, *params;
    *alone = 0;
    while ((params = plugin_take("console"))) {
        if (strcmp(oc_json_str(params, "event", ""), "notice") == 0) {
            json_decref(notice);
            notice = json_incref(params);
        } else {
            ++*alone;
        }
        json_decref(params);
        plugin_answer("console", OC_OK, NULL);
        world_pass(1);
    }
    return notice;
}

static void what_is_too_much_is_gathered(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, STORM);
    burst(w, 0, 100, "warning");
    json_t *notice = drain(&alone);
    assert_int_equal(alone, 10);
    assert_null(notice);
    world_pass(4 * OC_MINUTE);
    assert_null(plugin_take("console"));
    world_pass(2 * OC_MINUTE);
    notice = drain(&alone);
    assert_non_null(notice);
    assert_int_equal(json_array_size(json_object_get(notice, "alerts")), 90);
    const json_t *alert = json_object_get(notice, "alert");
    assert_string_equal(oc_json_str(alert, "title", ""), "90 warning alerts in service");
    assert_string_equal(oc_json_str(notice, "text", ""), "90 warning alerts in service");
    json_decref(notice);
    assert_int_equal(oc_json_int(event_of(w, "alert.digest"), "deliveries", 0), 90);
    world_pass(1000);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void critical_ones_come_soon_and_first(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, STORM);
    burst(w, 0, 30, "warning");
    json_t *notice = drain(&alone);
    assert_null(notice);
    burst(w, 100, 3, "critical");
    world_pass(11 * OC_SECOND);
    notice = drain(&alone);
    const json_t *list = json_object_get(notice, "alerts");
    assert_int_equal(json_array_size(list), 23);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(oc_json_str(json_array_get(list, i), "severity", ""), "critical");
    }
    assert_string_equal(oc_json_str(json_object_get(notice, "alert"), "severity", ""), "critical");
    json_decref(notice);
}

static void every_alert_is_told_alone_or_in_a_digest_also_across_a_crash(void **state)
{
    struct world *w = *state;
    struct oc_map told = {0};
    unsigned alone = 0;
    world_start(w, STORM);
    burst(w, 0, 300, "critical");
    for (int round = 0; round < 12; round++) {
        json_t *params;
        for (int i = 0; i < 40 && (params = plugin_take("console")); i++) {
            json_t *list = json_object_get(params, "alerts"), *item;
            size_t k;
            json_array_foreach(list, k, item)
            {
                oc_map_set(&told, oc_json_str(item, "id", ""), w);
            }
            oc_map_set(&told, oc_json_str(json_object_get(params, "alert"), "id", ""), w);
            alone += json_array_size(list) == 0 ? 1 : 0;
            json_decref(params);
            plugin_answer("console", OC_OK, NULL);
            world_pass(1);
        }
        if (round == 1 || round == 3) {
            world_crash(w);
            world_start(w, STORM);
        }
        world_pass(6 * OC_SECOND);
    }
    for (int i = 0; i < 300; i++) {
        char id[17];
        snprintf(id, sizeof id, "%016x", i + 1);
        assert_non_null(oc_map_get(&told, id));
    }
    assert_true(alone < 100);
    world_pass(1000);
    assert_int_equal(kv_count(w, "outbox"), 0);
    oc_map_finish(&told, NULL);
}

static void the_storm_is_over_when_it_is_calm(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, STORM);
    burst(w, 0, 30, "warning");
    json_decref(drain(&alone));
    world_pass(6 * OC_MINUTE);
    json_decref(drain(&alone));
    burst(w, 200, 3, "warning");
    json_t *notice = drain(&alone);
    assert_null(notice);
    assert_int_equal(alone, 3);
}

static void what_ended_meanwhile_is_listed_as_ended(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, STORM);
    burst(w, 0, 12, "critical");
    json_decref(drain(&alone));
    resolve(w, "000000000000000c");
    world_pass(11 * OC_SECOND);
    json_t *notice = drain(&alone);
    const json_t *list = json_object_get(notice, "alerts");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(oc_json_str(json_array_get(list, 1), "event", ""), "resolved");
    json_decref(notice);
}

static void without_a_limit_nothing_is_gathered(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, "alerts = { storm_limit = 0; channels = ( { plugin = \"console\"; } ); };");
    burst(w, 0, 200, "critical");
    json_t *notice = drain(&alone);
    assert_null(notice);
    assert_int_equal(alone, 200);
}

static void that_all_is_over_alarms_nobody(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, STORM);
    burst(w, 0, 10, "critical");
    json_decref(drain(&alone));
    assert_int_equal(alone, 10);
    for (int i = 0; i < 10; i++) {
        char id[17];
        snprintf(id, sizeof id, "%016x", i + 1);
        resolve(w, id);
    }
    world_pass(6 * OC_MINUTE);
    json_t *notice = drain(&alone);
    assert_string_equal(oc_json_str(json_object_get(notice, "alert"), "severity", ""), "info");
    json_decref(notice);
}

static void a_channel_of_incidents_is_told_each_alone_and_its_end(void **state)
{
    struct world *w = *state;
    unsigned alone;
    world_start(w, "alerts = { storm_limit = 5; channels = ( { plugin = \"pager\"; name = "
                   "\"console\"; } ); };");
    burst(w, 0, 30, "critical");
    assert_null(drain(&alone));
    assert_int_equal(alone, 30);
    for (int i = 0; i < 30; i++) {
        char id[17];
        snprintf(id, sizeof id, "%016x", i + 1);
        resolve(w, id);
    }
    world_pass(100);
    assert_null(drain(&alone));
    assert_int_equal(alone, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_one_channel_cannot_deliver_another_one_does),
        IN_WORLD(the_end_is_told_to_whoever_heard_of_the_alert),
        IN_WORLD(the_last_one_of_a_chain_fails_for_good),
        IN_WORLD(a_channel_that_cannot_be_used_is_passed_over),
        IN_WORLD(a_long_pause_is_bridged_by_the_fallback),
        IN_WORLD(a_short_pause_is_waited_for),
        IN_WORLD(a_crash_after_the_failure_delivers_once),
        IN_WORLD(circles_and_strangers_are_findings),
        IN_WORLD(a_circle_ends_when_all_have_failed),
        IN_WORLD(what_is_too_much_is_gathered),
        IN_WORLD(critical_ones_come_soon_and_first),
        IN_WORLD(every_alert_is_told_alone_or_in_a_digest_also_across_a_crash),
        IN_WORLD(the_storm_is_over_when_it_is_calm),
        IN_WORLD(what_ended_meanwhile_is_listed_as_ended),
        IN_WORLD(that_all_is_over_alarms_nobody),
        IN_WORLD(a_channel_of_incidents_is_told_each_alone_and_its_end),
        IN_WORLD(without_a_limit_nothing_is_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
