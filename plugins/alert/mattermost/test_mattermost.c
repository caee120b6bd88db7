/* The mattermost channel against a receiver that answers as the server does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "webhook_url", "/hooks/x");
    *state = r;
    return 0;
}

#define FIELD(title, value) "{\"title\":\"" title "\",\"value\":\"" value "\",\"short\":true}"
#define MESSAGE(text, fallback, color, said)                                                       \
    "{\"username\":\"OpenClaw Monitor\",\"text\":\"" text                                          \
    "\",\"attachments\":[{\"fallback\":\"" fallback "\",\"color\":\"" color "\",\"text\":\"" said  \
    "\",\"footer\":\"5f1c\",\"fields\":[" FIELD("rule", "redis") "," FIELD(                        \
        "category",                                                                                \
        "service") "," FIELD("value", "0.5") "," FIELD("host", "edge-1") "," FIELD("team",         \
                                                                                   "ops") "]}]}"

static void a_critical_alert_calls_the_channel_and_nobody_else(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                MESSAGE("@channel \\\\[CRITICAL\\\\] redis on cache", "[CRITICAL] redis on cache",
                        "#d92d20", "no \\\\<b\\\\> & \\\\[x\\\\]\\\\(http://y\\\\) @\u200ball"));
    expect_request(r, "POST /hooks/x");
}

static void what_is_over_calls_nobody(void **state)
{
    expect_body(*state, RESOLVED,
                MESSAGE("\\\\[RESOLVED\\\\] redis on cache", "[RESOLVED] redis on cache", "#039855",
                        "is back"));
}

static void a_group_is_one_message_with_its_alerts(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, GROUP), OC_OK);
    json_t *body = room_body(r);
    assert_string_equal(text_at(body, "text"),
                        "@channel \\[CRITICAL\\] 5 alerts: 5 caches are gone");
    assert_string_equal(text_at(body, "attachments.0.text"),
                        "gone\n- one: gone\n- :white_check_mark: two\n- and 3 more");
    assert_string_equal(text_at(body, "attachments.0.footer"), "k=1");
    json_decref(body);
}

static void who_is_called_and_where_can_be_chosen(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "mention", "[\"@here\", \"@ann\"]");
    oc_test_option(r->t, "channel", "town-square");
    oc_test_option(r->t, "icon_url", "https://example.org/i.png");
    assert_int_equal(room_send(r, FIRING), OC_OK);
    json_t *body = room_body(r);
    assert_memory_equal(text_at(body, "text"), "@here @ann \\[", 13);
    assert_string_equal(text_at(body, "channel"), "town-square");
    assert_string_equal(text_at(body, "icon_url"), "https://example.org/i.png");
    json_decref(body);
}

static void texts_are_cut_between_characters(void **state)
{
    json_t *body = send_huge(*state, "☃", false);
    expect_cut(body, "text", 8000);
    expect_cut(body, "attachments.0.text", 8000);
    expect_cut(body, "attachments.0.fields.0.value", 800);
    expect_cut(body, "attachments.0.fallback", 8000);
    expect_cut(body, "attachments.0.footer", 300);
    json_decref(body);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`webhook_url`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    static const char *const bad[] = {"[\"ann\"]", "[\"@\"]", "[\"@ann [x](http://y)\"]"};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_refused(r, "mention", bad[i]);
    }
    expect_refused(r, "icon_url", "i.png");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_calls_the_channel_and_nobody_else),
        IN_ROOM(what_is_over_calls_nobody),
        IN_ROOM(a_group_is_one_message_with_its_alerts),
        IN_ROOM(who_is_called_and_where_can_be_chosen),
        IN_ROOM(texts_are_cut_between_characters),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
