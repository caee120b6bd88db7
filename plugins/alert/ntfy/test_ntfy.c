/* The ntfy channel against a receiver that answers as the server does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "url", "");
    oc_test_option(r->t, "topic", "alerts");
    *state = r;
    return 0;
}

static void a_critical_alert_rings(void **state)
{
    struct room *r = *state;
    expect_body(
        r, FIRING,
        "{\"topic\":\"alerts\",\"title\":\"[CRITICAL] redis on cache\",\"message\":\"no <b> "
        "& [x](http://y) @all\",\"priority\":5,\"tags\":[\"rotating_light\"]}");
    expect_request(r, "POST /");
    assert_null(strcasestr(r->receiver.last, "\r\nauthorization:"));
}

static void what_is_over_does_not(void **state)
{
    expect_body(*state, RESOLVED,
                "{\"topic\":\"alerts\",\"title\":\"[RESOLVED] redis on cache\",\"message\":\"is "
                "back\",\"priority\":3,\"tags\":[\"white_check_mark\"]}");
}

static void a_group_is_one_notification_with_its_alerts(void **state)
{
    expect_body(*state, GROUP,
                "{\"topic\":\"alerts\",\"title\":\"[CRITICAL] 5 alerts: 5 caches are gone\","
                "\"message\":\"gone\\n- one: gone\\n(resolved) two\\nand 3 more\",\"priority\":5,"
                "\"tags\":[\"rotating_light\"]}");
}

static void a_group_is_counted_once(void **state)
{
    struct room *r = *state;
    static const char *const texts[] = {"2 alerts, critical (1), warning (1): category=c",
                                        "2 critical alerts: category=c"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char send[1024], title[128];
        snprintf(
            send, sizeof send, DELIVERY("firing", ALERT("critical", "gone"), "%s%s%s"),
            ",\"group\":{\"key\":\"k=1\",\"labels\":{},\"size\":2,\"firing\":2,\"resolved\":0},"
            "\"text\":\"",
            texts[i], "\",\"alerts\":[]");
        snprintf(title, sizeof title, "[CRITICAL] %s", texts[i]);
        assert_int_equal(room_send(r, send), OC_OK);
        json_t *body = room_body(r);
        assert_string_equal(text_at(body, "title"), title);
        json_decref(body);
    }
}

static void an_alert_without_a_text_has_its_title(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, DELIVERY("firing", ALERT("warning", ""), "")), OC_OK);
    json_t *body = room_body(r);
    assert_string_equal(text_at(body, "message"), "redis on cache");
    assert_int_equal(json_integer_value(json_object_get(body, "priority")), 4);
    json_decref(body);
}

static void a_protected_topic_gets_the_token(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "token", "tk_1");
    assert_int_equal(room_send(r, FIRING), OC_OK);
    expect_header(r, "Authorization", "Bearer tk_1");
}

/* 4096 bytes of message; of longer ones the server makes a file. */
static void texts_are_cut_between_characters(void **state)
{
    json_t *body = send_huge(*state, "☃", true);
    expect_cut(body, "title", 250);
    expect_cut(body, "message", 4000);
    json_decref(body);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`token`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    struct room *r = *state;
    expect_refused(r, "token", "tk\n1");
    oc_test_option(r->t, "token", "tk");
    expect_refused(r, "url", "ntfy.sh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_rings),
        IN_ROOM(what_is_over_does_not),
        IN_ROOM(a_group_is_one_notification_with_its_alerts),
        IN_ROOM(a_group_is_counted_once),
        IN_ROOM(an_alert_without_a_text_has_its_title),
        IN_ROOM(a_protected_topic_gets_the_token),
        IN_ROOM(texts_are_cut_between_characters),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
