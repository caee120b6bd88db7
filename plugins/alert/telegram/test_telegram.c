/* The telegram channel against a receiver that answers as the service does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "api_url", "/");
    oc_test_option(r->t, "token", "123:AbC");
    oc_test_option(r->t, "chat_id", "-100");
    *state = r;
    return 0;
}

#define FACTS                                                                                      \
    "\\n<i>rule</i>: redis\\n<i>category</i>: service\\n<i>value</i>: 0.5\\n<i>host</i>: "         \
    "edge-1\\n<i>team</i>: ops"
#define MESSAGE(text, silent)                                                                      \
    "{\"chat_id\":\"-100\",\"parse_mode\":\"HTML\",\"link_preview_options\":{\"is_disabled\":"     \
    "true},"                                                                                       \
    "\"disable_notification\":" silent ",\"text\":\"" text "\"}"

static void a_critical_alert_makes_a_sound_and_its_tags_are_ours(void **state)
{
    struct room *r = *state;
    expect_body(
        r, FIRING,
        MESSAGE("<b>[CRITICAL] redis on cache</b>\\nno &lt;b&gt; &amp; [x](http://y) @all" FACTS,
                "false"));
    expect_request(r, "POST /bot123:AbC/sendMessage");
}

static void what_is_over_makes_no_sound(void **state)
{
    expect_body(*state, RESOLVED,
                MESSAGE("<b>[RESOLVED] redis on cache</b>\\nis back" FACTS, "true"));
}

static void a_group_is_one_message_with_its_alerts(void **state)
{
    expect_body(*state, GROUP,
                MESSAGE("<b>[CRITICAL] 5 alerts: 5 caches are gone</b>\\ngone\\n• one: gone\\n✅ "
                        "two\\nand 3 more" FACTS,
                        "false"));
}

static void a_topic_and_sounds_for_all_can_be_had(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "thread_id", "7");
    oc_test_option(r->t, "quiet", "false");
    assert_int_equal(room_send(r, WARNING), OC_OK);
    json_t *body = room_body(r);
    assert_int_equal(json_integer_value(json_object_get(body, "message_thread_id")), 7);
    assert_true(json_is_false(json_object_get(body, "disable_notification")));
    json_decref(body);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text += strlen(what)) {
        n++;
    }
    return n;
}

/* A tag or an entity that is cut in two makes the service refuse the whole message. */
static void a_long_message_loses_whole_parts_and_says_how_many(void **state)
{
    static const char *const units[] = {"☃", "<", "&"};
    struct room *r = *state;
    for (size_t i = 0; i < 3; i++) {
        json_t *body = send_huge(r, units[i], true);
        const char *text = text_at(body, "text");
        assert_in_range(strlen(text), 500, 4096);
        assert_int_equal(count(text, "<b>"), 1);
        assert_int_equal(count(text, "</b>"), 1);
        assert_int_equal(count(text, "&"), count(text, ";"));
        assert_int_equal(count(text, "\n• one: gone"), 1);
        assert_non_null(strstr(text, "\nand "));
        assert_null(strstr(text, "\nand 0 more"));
        json_decref(body);
    }
}

static void the_wait_is_told_in_the_answer(void **state)
{
    struct room *r = *state;
    expect_answer(r, "429 Slow", "", "{\"parameters\":{\"retry_after\":33}}", OC_E_RETRY, 33);
    expect_answer(r, "429 Slow", "", "{\"parameters\":33}", OC_E_RETRY, 0);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`token`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    struct room *r = *state;
    expect_refused(r, "token", "123/../AbC");
    expect_refused(r, "token", "");
    oc_test_option(r->t, "token", "123:AbC");
    expect_refused(r, "thread_id", "-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_makes_a_sound_and_its_tags_are_ours),
        IN_ROOM(what_is_over_makes_no_sound),
        IN_ROOM(a_group_is_one_message_with_its_alerts),
        IN_ROOM(a_topic_and_sounds_for_all_can_be_had),
        IN_ROOM(a_long_message_loses_whole_parts_and_says_how_many),
        IN_ROOM(the_wait_is_told_in_the_answer),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
