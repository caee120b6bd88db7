/* The matrix channel against a receiver that answers as a homeserver does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

#define SEND "PUT /_matrix/client/v3/rooms/%21r%3Aexample.org/send/m.room.message/"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "homeserver", "/");
    oc_test_option(r->t, "room", "!r:example.org");
    oc_test_option(r->t, "token", "syt_1");
    *state = r;
    return 0;
}

#define PLAIN_FACTS "\\nrule: redis\\ncategory: service\\nvalue: 0.5\\nhost: edge-1\\nteam: ops"
#define HTML_FACTS                                                                                 \
    "<br><em>rule</em>: redis<br><em>category</em>: service<br><em>value</em>: "                   \
    "0.5<br><em>host</em>"                                                                         \
    ": edge-1<br><em>team</em>: ops"
#define MESSAGE(type, plain, color, headline, html)                                                \
    "{\"msgtype\":\"" type "\",\"body\":\"" plain PLAIN_FACTS                                      \
    "\",\"format\":\"org.matrix.custom.html\",\"formatted_body\":\"<strong><font color=\\\"" color \
    "\\\">" headline "</font></strong>" html HTML_FACTS "\"}"

static void a_critical_alert_is_told_as_text_and_as_html(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                MESSAGE("m.text", "[CRITICAL] redis on cache\\nno <b> & [x](http://y) @all",
                        "#d92d20", "[CRITICAL] redis on cache",
                        "<br>no &lt;b&gt; &amp; [x](http://y) @all"));
    expect_request(r, SEND "d-1");
    expect_header(r, "Authorization", "Bearer syt_1");
}

static void what_is_over_can_be_a_notice(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "notice", "true");
    expect_body(r, RESOLVED,
                MESSAGE("m.notice", "[RESOLVED] redis on cache\\nis back", "#039855",
                        "[RESOLVED] redis on cache", "<br>is back"));
}

static void a_group_is_one_message_with_its_alerts(void **state)
{
    expect_body(*state, GROUP,
                MESSAGE("m.text",
                        "[CRITICAL] 5 alerts: 5 caches are gone\\ngone\\n- one: gone\\n(resolved) "
                        "two\\nand 3 more",
                        "#d92d20", "[CRITICAL] 5 alerts: 5 caches are gone",
                        "<br>gone<br>• one: gone<br>✅ two<br>and 3 more"));
}

static void another_try_is_the_same_transaction(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_RESET, NULL);
    assert_int_equal(room_send(r, FIRING), OC_E_RETRY);
    expect_request(r, SEND "d-1");
    assert_int_equal(room_send(r, FIRING), OC_OK);
    expect_request(r, SEND "d-1");
}

static void what_is_too_long_for_html_is_told_as_text_alone(void **state)
{
    json_t *body = send_huge(*state, "☃", true);
    expect_cut(body, "body", 8000);
    assert_null(json_object_get(body, "formatted_body"));
    assert_null(json_object_get(body, "format"));
    json_decref(body);
}

static void the_wait_is_told_in_milliseconds(void **state)
{
    struct room *r = *state;
    expect_answer(r, "429 Slow", "", "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":2500}",
                  OC_E_RETRY, 3);
    expect_answer(r, "429 Slow", "", "{\"retry_after_ms\":1e300}", OC_E_RETRY, 0);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`token`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    struct room *r = *state;
    expect_refused(r, "room", "#alias:example.org");
    assert_true(strlen(oc_test_error(r->t)->hint) > 0);
    oc_test_option(r->t, "room", "!r:example.org");
    expect_refused(r, "token", "syt\r\n1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_is_told_as_text_and_as_html),
        IN_ROOM(what_is_over_can_be_a_notice),
        IN_ROOM(a_group_is_one_message_with_its_alerts),
        IN_ROOM(another_try_is_the_same_transaction),
        IN_ROOM(what_is_too_long_for_html_is_told_as_text_alone),
        IN_ROOM(the_wait_is_told_in_milliseconds),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
