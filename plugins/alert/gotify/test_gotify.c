/* The gotify channel against a receiver that answers as the server does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "url", "/sub/");
    oc_test_option(r->t, "token", "AbC");
    *state = r;
    return 0;
}

#define PLAIN ",\"extras\":{\"client::display\":{\"contentType\":\"text/plain\"}}}"

static void a_critical_alert_comes_to_the_front_as_plain_text(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                "{\"title\":\"[CRITICAL] redis on cache\",\"message\":\"no <b> & [x](http://y) "
                "@all\",\"priority\":9" PLAIN);
    expect_request(r, "POST /sub/message");
    expect_header(r, "X-Gotify-Key", "AbC");
}

static void what_is_over_makes_no_sound(void **state)
{
    expect_body(
        *state, RESOLVED,
        "{\"title\":\"[RESOLVED] redis on cache\",\"message\":\"is back\",\"priority\":3" PLAIN);
}

static void a_warning_makes_a_sound(void **state)
{
    expect_body(
        *state, WARNING,
        "{\"title\":\"[WARNING] redis on cache\",\"message\":\"slow\",\"priority\":6" PLAIN);
}

static void a_group_is_one_message_with_its_alerts(void **state)
{
    expect_body(*state, GROUP,
                "{\"title\":\"[CRITICAL] 5 alerts: 5 caches are gone\",\"message\":\"gone\\n- one: "
                "gone\\n(resolved) two\\nand 3 more\",\"priority\":9" PLAIN);
}

static void texts_are_cut_between_characters(void **state)
{
    json_t *body = send_huge(*state, "☃", true);
    expect_cut(body, "title", 250);
    expect_cut(body, "message", 8000);
    json_decref(body);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`token`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    struct room *r = *state;
    expect_refused(r, "token", "A\r\nHost: b");
    oc_test_option(r->t, "token", "A");
    expect_refused(r, "url", "gotify.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_comes_to_the_front_as_plain_text),
        IN_ROOM(what_is_over_makes_no_sound),
        IN_ROOM(a_warning_makes_a_sound),
        IN_ROOM(a_group_is_one_message_with_its_alerts),
        IN_ROOM(texts_are_cut_between_characters),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
