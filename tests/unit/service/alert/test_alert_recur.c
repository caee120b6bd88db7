/* Silences that come again, that last until resolved, that are about to end. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CONSOLE                                                                                    \
    "alerts = { repeat_interval = \"0\"; cooldown = \"0\"; channels = ( { plugin = \"console\"; }" \
    " ); };"

/* The world begins on Friday, 2027-01-15 at 08:00 UTC. */
static const json_t *only_silence(struct world *w, json_t **list)
{
    op(w, "alert.silences", NULL, list);
    assert_int_equal(json_array_size(*list), 1);
    return json_array_get(*list, 0);
}

static void expect_times(struct world *w, const char *starts, const char *ends)
{
    json_t *list;
    const json_t *silence = only_silence(w, &list);
    assert_string_equal(oc_json_str(silence, "starts", ""), starts);
    assert_string_equal(oc_json_str(silence, "ends", ""), ends);
    json_decref(list);
}

static int make(struct world *w, const char *every, const char *span, const char *zone)
{
    json_t *params = json_pack("{s:[s], s:s}", "matchers", "rule_*", "every", every);
    if (span) {
        oc_json_set_str(params, "for", span);
    }
    if (zone) {
        oc_json_set_str(params, "zone", zone);
    }
    return op(w, "alert.silence", params, NULL);
}

static char *id_of(struct world *w)
{
    json_t *list;
    char *id = oc_strdup(oc_json_str(only_silence(w, &list), "id", ""));
    json_decref(list);
    return id;
}

static void a_recurring_silence_waits_holds_and_comes_again(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(make(w, "0 2 * * sun", "2h", NULL), OC_OK);
    expect_times(w, "2027-01-17T02:00:00.000Z", "2027-01-17T04:00:00.000Z");
    char *first = id_of(w);
    world_pass(43 * OC_HOUR); /* Sunday, 03:00 */
    fire(w, "aa");
    assert_null(plugin_take("console"));
    world_pass(OC_HOUR); /* over: what fires is told, and the next one is there */
    assert_int_equal(plugin_drain("console"), 1 + 1); /* with the notice before the end */
    expect_times(w, "2027-01-24T02:00:00.000Z", "2027-01-24T04:00:00.000Z");
    char *second = id_of(w);
    assert_string_not_equal(first, second);
    assert_int_equal(kv_count(w, "silence"), 1);
    free(first);
    free(second);
}

static void it_goes_on_after_a_crash_and_a_long_sleep(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(make(w, "sun 02:00-04:00", NULL, NULL), OC_OK);
    world_pass(OC_HOUR);
    world_crash(w);
    oc_time_advance(29 * OC_DAY + 18 * OC_HOUR); /* Sunday, 2027-02-14 at 03:00 */
    world_start(w, CONSOLE);
    world_pass(100);
    expect_times(w, "2027-02-14T02:00:00.000Z", "2027-02-14T04:00:00.000Z");
    fire(w, "aa");
    assert_null(plugin_take("console"));
}

static void days_and_times_follow_the_clock_of_their_zone(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    oc_time_advance(71 * OC_DAY + 8 * OC_HOUR); /* Saturday, 2027-03-27 at 16:00 UTC */
    world_pass(100);
    assert_int_equal(make(w, "sat,sun 22:00-06:00", NULL, "Europe/Berlin"), OC_OK);
    /* From 22:00 CET to 06:00 CEST: an hour less */
    expect_times(w, "2027-03-27T21:00:00.000Z", "2027-03-28T04:00:00.000Z");
    world_pass(13 * OC_HOUR);
    expect_times(w, "2027-03-28T20:00:00.000Z", "2027-03-29T04:00:00.000Z");
}

static void one_occurrence_may_be_left_out(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    make(w, "0 2 * * sun", "2h", NULL);
    char *id = id_of(w);
    assert_int_equal(op(w, "alert.unsilence", json_pack("{s:s, s:b}", "id", id, "once", 1), NULL),
                     OC_OK);
    free(id);
    expect_times(w, "2027-01-24T02:00:00.000Z", "2027-01-24T04:00:00.000Z");
    id = id_of(w);
    assert_int_equal(op(w, "alert.unsilence", json_pack("{s:s}", "id", id), NULL), OC_OK);
    free(id);
    assert_int_equal(kv_count(w, "silence"), 0);
    world_pass(30 * OC_DAY);
    assert_int_equal(kv_count(w, "silence"), 0);
}

static void what_cannot_recur_is_refused(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(make(w, "0 2 * * sun", NULL, NULL), OC_E_CONFIG);
    assert_int_equal(make(w, "sun 02:00-04:00", "2h", NULL), OC_E_CONFIG);
    assert_int_equal(make(w, "whenever", "2h", NULL), OC_E_CONFIG);
    assert_int_equal(make(w, "sun 02:00-02:00", NULL, NULL), OC_E_CONFIG);
    assert_int_equal(make(w, "0 2 * * sun", "60d", NULL), OC_E_CONFIG);
    assert_int_equal(make(w, "0 2 * * sun", "2h", "Mars/Olympus"), OC_E_CONFIG);
    assert_int_equal(kv_count(w, "silence"), 0);
}

static int until_resolved(struct world *w, const char *matcher)
{
    return op(w, "alert.silence",
              json_pack("{s:[s], s:b}", "matchers", matcher, "until_resolved", 1), NULL);
}

static void a_silence_may_last_until_its_alerts_have_ended(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(until_resolved(w, "rule_*"), OC_E_CONFLICT);
    fire(w, "aa");
    fire(w, "bb");
    plugin_drain("console");
    assert_int_equal(until_resolved(w, "rule_*"), OC_OK);
    resolve(w, "aa");
    world_pass(1000);
    assert_int_equal(kv_count(w, "silence"), 1);
    resolve(w, "bb");
    world_pass(1000);
    assert_int_equal(kv_count(w, "silence"), 0);
    assert_string_equal(oc_json_str(event_of(w, "silence.expired"), "reason", ""), "resolved");
    assert_null(plugin_take("console"));
    fire(w, "aa");
    assert_int_equal(plugin_drain("console"), 1);
}

static void what_ended_unseen_ends_the_silence_after_a_crash(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    plugin_drain("console");
    until_resolved(w, "rule_aa");
    world_pass(100);
    world_crash(w);
    w->service = oc_alert_create(&w->env);
    rule_event(w, "rule.resolved", "aa", "critical");
    world_configure(w, CONSOLE);
    world_pass(1000);
    assert_int_equal(kv_count(w, "silence"), 0);
}

static void people_are_told_before_a_silence_over_firing_alerts_ends(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(
        op(w, "alert.silence",
           json_pack("{s:[s], s:s, s:s}", "matchers", "rule_*", "for", "2h", "comment", "disks"),
           NULL),
        OC_OK);
    fire(w, "aa");
    world_pass(104 * OC_MINUTE);
    assert_null(plugin_take("console"));
    world_pass(OC_MINUTE);
    json_t *params = plugin_take("console");
    assert_string_equal(oc_json_str(params, "event", ""), "notice");
    assert_string_equal(oc_json_str(json_object_get(params, "alert"), "title", ""),
                        "a silence over 1 firing alert ends in 15m");
    json_decref(params);
    plugin_drain("console");
    assert_int_equal(oc_json_int(event_of(w, "silence.expiring"), "firing", 0), 1);
    world_pass(1000);
    world_crash(w);
    world_start(w, CONSOLE);
    world_pass(10 * OC_MINUTE);
    assert_int_equal(events_of(w, "silence.expiring"), 1);
    world_pass(6 * OC_MINUTE);
    assert_int_equal(plugin_drain("console"), 1);
}

static void a_silence_that_holds_nothing_ends_without_a_word(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    op(w, "alert.silence", json_pack("{s:[s], s:s}", "matchers", "rule_*", "for", "2h"), NULL);
    op(w, "alert.silence", json_pack("{s:[s], s:s}", "matchers", "rule_x", "for", "10m"), NULL);
    fire(w, "aa");
    resolve(w, "aa");
    world_pass(3 * OC_HOUR);
    assert_int_equal(events_of(w, "silence.expiring"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_recurring_silence_waits_holds_and_comes_again),
        IN_WORLD(it_goes_on_after_a_crash_and_a_long_sleep),
        IN_WORLD(days_and_times_follow_the_clock_of_their_zone),
        IN_WORLD(one_occurrence_may_be_left_out),
        IN_WORLD(what_cannot_recur_is_refused),
        IN_WORLD(a_silence_may_last_until_its_alerts_have_ended),
        IN_WORLD(what_ended_unseen_ends_the_silence_after_a_crash),
        IN_WORLD(people_are_told_before_a_silence_over_firing_alerts_ends),
        IN_WORLD(a_silence_that_holds_nothing_ends_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
