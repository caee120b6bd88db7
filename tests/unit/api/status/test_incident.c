/* Tests of incidents that are made of alerts. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/status/incident.h"
#include "core/base/text.h"
#include "core/base/time.h"

static struct oc_incidents incidents;

static bool shown(void *ctx, const char *service)
{
    return oc_glob(ctx ? ctx : "*", service);
}

/* Events, the newest first. */
static void take(const char *events, const char *glob)
{
    json_t *json = json_loads(events, 0, NULL);
    assert_non_null(json);
    oc_incidents_take(&incidents, json, shown, (void *)(uintptr_t)glob);
    json_decref(json);
}

static int clear(void **state)
{
    (void)state;
    oc_incidents_finish(&incidents);
    return 0;
}

#define ALERT(topic, id, severity, more)                                                           \
    "{\"id\":1,\"time\":\"2026-11-22T10:00:00Z\",\"topic\":\"" topic "\",\"data\":{\"id\":\"" id   \
    "\",\"severity\":\"" severity "\",\"instance\":\"web\",\"target\":\"api\","                    \
    "\"message\":\"the password is hunter2\",\"starts_at\":\"2026-11-22T09:00:00Z\"" more "}}"

static void one_that_goes_on_has_no_end(void **state)
{
    (void)state;
    take("[" ALERT("alert.firing", "a", "critical", "") "]", NULL);
    assert_int_equal(incidents.list.count, 1);
    assert_string_equal(incidents.list.items[0].service, "web/api");
    assert_true(incidents.list.items[0].critical);
    assert_true(incidents.list.items[0].from_ms > 0);
    assert_int_equal(incidents.list.items[0].to_ms, 0);
}

static void the_resolution_is_its_end(void **state)
{
    (void)state;
    take("[" ALERT("alert.resolved", "a", "warning",
                   ",\"ends_at\":\"2026-11-22T09:30:00Z\"") "," ALERT("alert.firing", "a",
                                                                      "warning", "") "]",
         NULL);
    assert_int_equal(incidents.list.count, 1);
    assert_int_equal(incidents.list.items[0].to_ms - incidents.list.items[0].from_ms,
                     30 * OC_MINUTE);
}

static void each_episode_is_one(void **state)
{
    (void)state;
    take("[{\"topic\":\"alert.firing\",\"data\":{\"id\":\"a\",\"severity\":\"warning\","
         "\"instance\":\"web\","
         "\"target\":\"api\",\"starts_at\":\"2026-11-22T09:45:00Z\"}}," ALERT(
             "alert.resolved", "a", "warning",
             ",\"ends_at\":\"2026-11-22T09:30:00Z\"") "," ALERT("alert.firing", "a", "warning",
                                                                "") "]",
         NULL);
    assert_int_equal(incidents.list.count, 2);
    assert_int_equal(incidents.list.items[0].to_ms, 0);
    assert_true(incidents.list.items[1].to_ms > 0);
}

#define SPAN(from, to) ",\"starts_at\":\"2026-11-22T" from "Z\",\"ends_at\":\"2026-11-22T" to "Z\""
#define BOTH(id, severity, more)                                                                   \
    "{\"topic\":\"alert.resolved\",\"data\":{\"id\":\"" id "\"" more                               \
    "}},{\"topic\":\"alert.firing\",\"data\":{\"id\":\"" id "\",\"severity\":\"" severity          \
    "\",\"instance\":\"web\",\"target\":\"api\"" more "}}"

static void alerts_of_one_outage_are_one_incident(void **state)
{
    (void)state;
    take("[" ALERT("alert.firing", "a", "critical",
                   ",\"annotations\":{\"public\":\"We look\"}") "," ALERT("alert.firing", "b",
                                                                          "warning", "") "]",
         NULL);
    assert_int_equal(incidents.list.count, 1);
    assert_true(incidents.list.items[0].critical);
    assert_string_equal(incidents.list.items[0].text, "We look");
    assert_int_equal(incidents.list.items[0].to_ms, 0);
}

static void one_that_bridges_two_makes_them_one(void **state)
{
    (void)state;
    take("[" BOTH("a", "warning", SPAN("12:00:00", "13:00:00")) "," BOTH(
             "b", "warning",
             SPAN("10:00:00", "11:00:00")) "," BOTH("c", "critical",
                                                    SPAN("10:30:00", "12:30:00")) "]",
         NULL);
    assert_int_equal(incidents.list.count, 1);
    assert_true(incidents.list.items[0].critical);
    assert_int_equal(incidents.list.items[0].to_ms - incidents.list.items[0].from_ms, 3 * OC_HOUR);
}

static void outages_apart_stay_apart_the_newest_first(void **state)
{
    (void)state;
    take("[" BOTH("b", "warning", SPAN("08:00:00", "09:00:00")) "," BOTH(
             "a", "critical", SPAN("10:00:00", "11:00:00")) "]",
         NULL);
    assert_int_equal(incidents.list.count, 2);
    assert_true(incidents.list.items[0].critical);
    assert_false(incidents.list.items[1].critical);
}

static void only_what_is_public_is_told(void **state)
{
    (void)state;
    take("[" ALERT("alert.firing", "a", "critical", "") "]", "db/*");
    assert_int_equal(incidents.list.count, 0);
    take("[" ALERT("alert.firing", "a", "critical", ",\"labels\":{\"service\":\"db/main\"}") "]",
         "db/*");
    assert_int_equal(incidents.list.count, 1);
    assert_null(incidents.list.items[0].text); /* not the alert's message */
}

static void what_was_written_for_the_public_is_shown(void **state)
{
    (void)state;
    take("[" ALERT("alert.firing", "a", "critical",
                   ",\"annotations\":{\"public\":\"We look at it\"}") "]",
         NULL);
    assert_string_equal(incidents.list.items[0].text, "We look at it");
}

static void information_is_no_incident(void **state)
{
    (void)state;
    take("[" ALERT("alert.firing", "a", "info", "") "]", NULL);
    assert_int_equal(incidents.list.count, 0);
}

static void odd_events_are_borne(void **state)
{
    (void)state;
    take("[1,{},{\"topic\":\"alert.firing\"},{\"topic\":\"alert.resolved\",\"data\":[]},"
         "{\"topic\":\"alert.resolved\",\"data\":{\"id\":\"b\"}},{\"topic\":\"alert.resolved\","
         "\"data\":{\"id\":\"b\"}}]",
         NULL);
    assert_int_equal(incidents.list.count, 1); /* a firing one, of nobody knows what */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_that_goes_on_has_no_end, clear),
        cmocka_unit_test_teardown(the_resolution_is_its_end, clear),
        cmocka_unit_test_teardown(each_episode_is_one, clear),
        cmocka_unit_test_teardown(alerts_of_one_outage_are_one_incident, clear),
        cmocka_unit_test_teardown(one_that_bridges_two_makes_them_one, clear),
        cmocka_unit_test_teardown(outages_apart_stay_apart_the_newest_first, clear),
        cmocka_unit_test_teardown(only_what_is_public_is_told, clear),
        cmocka_unit_test_teardown(what_was_written_for_the_public_is_shown, clear),
        cmocka_unit_test_teardown(information_is_no_incident, clear),
        cmocka_unit_test_teardown(odd_events_are_borne, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
