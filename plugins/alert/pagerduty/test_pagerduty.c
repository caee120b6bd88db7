/* The pagerduty channel against a receiver that answers as the service does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "api_url", "/");
    oc_test_option(r->t, "routing_key", "0123abcd");
    *state = r;
    return 0;
}

static void a_critical_alert_triggers_an_incident(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                "{\"routing_key\":\"0123abcd\",\"event_action\":\"trigger\",\"dedup_key\":\"5f1c\","
                "\"client\":\"openclaw\",\"payload\":{\"summary\":\"[CRITICAL] redis on cache\","
                "\"source\":\"cache:1\",\"severity\":\"critical\",\"timestamp\":\"2026-11-22T10:"
                "00:00.000Z\",\"component\":\"cache:1\",\"group\":\"service\",\"class\":\"redis\","
                "\"custom_details\":{\"rule\":\"redis\",\"category\":\"service\",\"value\":\"0.5\","
                "\"host\":\"edge-1\",\"team\":\"ops\",\"message\":\"no <b> & [x](http://y) "
                "@all\"}}}");
    expect_request(r, "POST /v2/enqueue");
}

static void its_end_resolves_the_incident_of_the_same_key(void **state)
{
    expect_body(
        *state, RESOLVED,
        "{\"routing_key\":\"0123abcd\",\"event_action\":\"resolve\",\"dedup_key\":\"5f1c\"}");
}

static void a_group_is_one_incident_with_its_alerts(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, GROUP), OC_OK);
    json_t *body = room_body(r);
    const json_t *payload = json_object_get(body, "payload");
    const json_t *details = json_object_get(payload, "custom_details");
    const json_t *alerts = json_object_get(details, "alerts");
    assert_string_equal(text_at(body, "dedup_key"), "k=1");
    assert_string_equal(text_at(payload, "summary"), "[CRITICAL] 5 alerts: 5 caches are gone");
    assert_int_equal(json_array_size(alerts), 2);
    assert_string_equal(text_at(alerts, "0.title"), "one");
    assert_true(json_is_true(json_object_get(json_array_get(alerts, 1), "resolved")));
    assert_int_equal(json_integer_value(json_object_get(details, "alerts_left_out")), 3);
    json_decref(body);
}

static void severities_are_those_that_the_service_knows(void **state)
{
    static const struct {
        const char *delivery, *severity;
    } cases[] = {{WARNING, "warning"},
                 {DELIVERY("firing", ALERT("info", ""), ""), "info"},
                 {DELIVERY("test", ALERT("odd", ""), ""), "info"}};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(room_send(r, cases[i].delivery), OC_OK);
        json_t *body = room_body(r);
        assert_string_equal(text_at(body, "payload.severity"), cases[i].severity);
        json_decref(body);
    }
}

/* 1024 characters of summary, 255 of key, 512 KB of event. */
static void texts_are_cut_between_characters(void **state)
{
    struct room *r = *state;
    json_t *body = send_huge(r, "☃", false);
    expect_cut(body, "dedup_key", 255);
    expect_cut(body, "payload.summary", 1024);
    expect_cut(body, "payload.custom_details.message", 8000);
    json_decref(body);
    json_decref(send_huge(r, "\\", true));
    assert_in_range(strlen(r->receiver.last), 100000, 250000);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    struct room *r = *state;
    expect_answer(r, "202 Accepted", "", "{\"status\":\"success\"}", OC_OK, 0);
    expect_usual_answers(r, "`routing_key`");
}

static void a_notice_opens_no_incident_unless_it_is_grave(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, DELIVERY("notice", ALERT("info", ""), "")), OC_OK);
    assert_int_equal(r->receiver.requests, 0);
    assert_int_equal(room_send(r, DELIVERY("notice", ALERT("critical", ""), "")), OC_OK);
    assert_int_equal(r->receiver.requests, 1);
}

static void wrong_options_are_refused_by_name(void **state)
{
    expect_refused(*state, "api_url", "ftp://events.pagerduty.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_triggers_an_incident),
        IN_ROOM(its_end_resolves_the_incident_of_the_same_key),
        IN_ROOM(a_group_is_one_incident_with_its_alerts),
        IN_ROOM(severities_are_those_that_the_service_knows),
        IN_ROOM(texts_are_cut_between_characters),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(a_notice_opens_no_incident_unless_it_is_grave),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
