/* The slack channel against a receiver that answers as the service does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "webhook_url", "/services/T/B/x");
    *state = r;
    return 0;
}

#define FIELD(title, value) "{\"title\":\"" title "\",\"value\":\"" value "\",\"short\":true}"
#define FIELDS                                                                                     \
    "[" FIELD("rule", "redis") "," FIELD("category", "service") "," FIELD(                         \
        "value", "0.5") "," FIELD("host", "edge-1") "," FIELD("team", "ops") "]"
#define FROM ",\"username\":\"OpenClaw Monitor\",\"icon_emoji\":\":robot_face:\"}"

static void a_critical_alert_calls_the_channel_and_is_text_otherwise(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                "{\"text\":\"<!channel> [CRITICAL] redis on cache\",\"attachments\":[{\"color\":"
                "\"#d92d20\",\"text\":\"no &lt;b&gt; &amp; [x](http://y) @all\",\"fields\":" FIELDS
                ",\"footer\":\"5f1c\"}]" FROM);
    expect_request(r, "POST /services/T/B/x");
    expect_header(r, "Content-Type", "application/json; charset=utf-8");
}

static void what_is_over_calls_nobody(void **state)
{
    expect_body(*state, RESOLVED,
                "{\"text\":\"[RESOLVED] redis on cache\",\"attachments\":[{\"color\":\"#039855\","
                "\"text\":\"is back\",\"fields\":" FIELDS ",\"footer\":\"5f1c\"}]" FROM);
}

static void a_group_is_one_message_with_its_alerts(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, GROUP), OC_OK);
    json_t *body = room_body(r);
    assert_string_equal(text_at(body, "text"), "<!channel> [CRITICAL] 5 alerts: 5 caches are gone");
    assert_string_equal(text_at(body, "attachments.0.text"),
                        "gone\n• one: gone\n:white_check_mark: two\nand 3 more");
    assert_string_equal(text_at(body, "attachments.0.footer"), "k=1");
    json_decref(body);
}

static void users_and_groups_are_called_by_id(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "mention", "[\"@here\", \"U012\", \"S34\"]");
    oc_test_option(r->t, "channel", "#ops");
    assert_int_equal(room_send(r, FIRING), OC_OK);
    json_t *body = room_body(r);
    assert_string_equal(text_at(body, "text"),
                        "<!here> <@U012> <!subteam^S34> [CRITICAL] redis on cache");
    assert_string_equal(text_at(body, "channel"), "#ops");
    json_decref(body);
}

static void a_long_text_is_cut_between_characters_and_entities(void **state)
{
    struct room *r = *state;
    json_t *body = send_huge(r, "☃", false);
    expect_cut(body, "text", 3000);
    expect_cut(body, "attachments.0.text", 3000);
    expect_cut(body, "attachments.0.fields.0.value", 300);
    expect_cut(body, "attachments.0.footer", 300);
    json_decref(body);
    body = send_huge(r, "&", false);
    const char *text = text_at(body, "attachments.0.text");
    assert_string_equal(text + strlen(text) - 8, "&amp;...");
    text = text_at(body, "attachments.0.fields.0.value");
    assert_string_equal(text + strlen(text) - 8, "&amp;...");
    json_decref(body);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`webhook_url`");
}

static void a_service_that_hangs_costs_no_more_than_the_deadline(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_HANG, NULL);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(oc_test_call(r->t, "alert.send/1", FIRING, 400), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 400);
    receiver_script(&r->receiver, STEP_HANG, NULL);
    oc_test_cancel_after(r->t, 50);
    assert_int_equal(oc_test_call(r->t, "alert.send/1", FIRING, 5000), OC_E_CANCELLED);
}

/* Whoever has the address can post: what is said about a failure goes into logs. */
static void no_failure_tells_the_address(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_RESET, NULL);
    assert_int_equal(room_send(r, FIRING), OC_E_RETRY);
    assert_null(strstr(oc_test_dump(r->t), "/services/T/B/x"));
    assert_null(strstr(oc_test_error(r->t)->message, "/services/T/B/x"));
}

static void wrong_options_are_refused_by_name(void **state)
{
    static const char *const bad[] = {"[\"@alice\"]", "[\"U\"]", "[\"U1> <!channel\"]", "[\"\"]"};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_refused(r, "mention", bad[i]);
    }
    expect_refused(r, "webhook_url", "hooks.slack.com/services");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_calls_the_channel_and_is_text_otherwise),
        IN_ROOM(what_is_over_calls_nobody),
        IN_ROOM(a_group_is_one_message_with_its_alerts),
        IN_ROOM(users_and_groups_are_called_by_id),
        IN_ROOM(a_long_text_is_cut_between_characters_and_entities),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(a_service_that_hangs_costs_no_more_than_the_deadline),
        IN_ROOM(no_failure_tells_the_address),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
