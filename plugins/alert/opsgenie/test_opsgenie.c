/* The opsgenie channel against a receiver that answers as the service does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "api_url", "/");
    oc_test_option(r->t, "api_key", "k-1");
    oc_test_option(r->t, "teams", "[\"ops\"]");
    oc_test_option(r->t, "tags", "[\"prod\", \"db\"]");
    *state = r;
    return 0;
}

static void a_critical_alert_is_created_with_its_alias(void **state)
{
    struct room *r = *state;
    expect_body(
        r, FIRING,
        "{\"message\":\"[CRITICAL] redis on cache\",\"alias\":\"5f1c\",\"description\":\"no "
        "<b> & [x](http://y) @all\",\"details\":{\"rule\":\"redis\",\"category\":"
        "\"service\",\"value\":\"0.5\",\"host\":\"edge-1\",\"team\":\"ops\"},\"entity\":"
        "\"cache:1\",\"source\":\"edge-1\",\"priority\":\"P1\",\"responders\":[{\"name\":"
        "\"ops\",\"type\":\"team\"}],\"tags\":[\"prod\",\"db\"]}");
    expect_request(r, "POST /v2/alerts");
    expect_header(r, "Authorization", "GenieKey k-1");
}

static void its_end_closes_what_has_the_alias(void **state)
{
    struct room *r = *state;
    expect_body(r, RESOLVED, "{\"source\":\"edge-1\",\"note\":\"is back\"}");
    expect_request(r, "POST /v2/alerts/5f1c/close?identifierType=alias");
    expect_header(r, "Authorization", "GenieKey k-1");
}

#define GROUP_OVER                                                                                 \
    DELIVERY("resolved", ALERT("critical", ""), ",\"group\":{\"key\":\"a/b?c=é #\",\"size\":2}")

static void the_key_of_a_group_is_escaped_in_the_address(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, GROUP_OVER), OC_OK);
    expect_request(r, "POST /v2/alerts/a%2Fb%3Fc%3D%C3%A9%20%23/close?identifierType=alias");
}

static void a_group_is_one_alert_with_its_members(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, GROUP), OC_OK);
    json_t *body = room_body(r);
    assert_string_equal(text_at(body, "alias"), "k=1");
    assert_string_equal(text_at(body, "message"), "[CRITICAL] 5 alerts: 5 caches are gone");
    assert_string_equal(text_at(body, "description"),
                        "gone\n- one: gone\n(resolved) two\nand 3 more");
    json_decref(body);
}

static void texts_are_cut_between_characters(void **state)
{
    struct room *r = *state;
    json_t *body = send_huge(r, "☃", true), *value;
    size_t sum = 0;
    const char *name;
    expect_cut(body, "message", 130);
    expect_cut(body, "description", 15000);
    expect_cut(body, "entity", 512);
    json_object_foreach(json_object_get(body, "details"), name, value)
    {
        sum += strlen(name) + json_string_length(value);
    }
    assert_in_range(sum, 4000, 8000);
    json_decref(body);
    body = send_huge(r, "☃", false);
    expect_cut(body, "alias", 512);
    json_decref(body);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    struct room *r = *state;
    expect_answer(r, "202 Accepted", "", "{\"result\":\"Request will be processed\"}", OC_OK, 0);
    expect_usual_answers(r, "`api_key`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    struct room *r = *state;
    expect_refused(r, "api_key", "k\r\nX: y");
    oc_test_option(r->t, "api_key", "k");
    expect_refused(r, "api_url", "api.opsgenie.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_is_created_with_its_alias),
        IN_ROOM(its_end_closes_what_has_the_alias),
        IN_ROOM(the_key_of_a_group_is_escaped_in_the_address),
        IN_ROOM(a_group_is_one_alert_with_its_members),
        IN_ROOM(texts_are_cut_between_characters),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
