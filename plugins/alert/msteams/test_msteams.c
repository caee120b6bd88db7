/* The msteams channel against a receiver that answers as the service does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "webhook_url", "/workflows/1?sig=x");
    *state = r;
    return 0;
}

#define FACT(title, value) "{\"title\":\"" title "\",\"value\":\"" value "\"}"
#define FACTS                                                                                      \
    "{\"type\":\"FactSet\",\"facts\":[" FACT("rule", "redis") "," FACT(                            \
        "category", "service") "," FACT("value", "0.5") "," FACT("host",                           \
                                                                 "edge-1") "," FACT("team",        \
                                                                                    "ops") "]}"
#define CARD(body)                                                                                 \
    "{\"type\":\"message\",\"attachments\":[{\"contentType\":\"application/"                       \
    "vnd.microsoft.card.adaptive\",\"contentUrl\":null,\"content\":{\"$schema\":\"http://"         \
    "adaptivecards.io/schemas/adaptive-card.json\",\"type\":\"AdaptiveCard\",\"version\":\"1.4\"," \
    "\"msteams\":{\"width\":\"Full\"},\"body\":[" body "]}}]}"
#define TITLE(text, color)                                                                         \
    "{\"type\":\"TextBlock\",\"text\":\"" text                                                     \
    "\",\"wrap\":true,\"size\":\"Medium\",\"weight\":\"Bolder\",\"color\":\"" color "\"}"
#define BLOCK(text) "{\"type\":\"TextBlock\",\"text\":\"" text "\",\"wrap\":true}"

static void a_critical_alert_is_a_card_in_which_nothing_is_a_link(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                CARD(TITLE("\\\\[CRITICAL\\\\] redis on cache", "Attention") "," BLOCK(
                    "no \\\\<b\\\\> & \\\\[x\\\\]\\\\(http://y\\\\) @\u200ball") "," FACTS));
    expect_request(r, "POST /workflows/1?sig=x");
}

static void what_is_over_is_green(void **state)
{
    expect_body(
        *state, RESOLVED,
        CARD(TITLE("\\\\[RESOLVED\\\\] redis on cache", "Good") "," BLOCK("is back") "," FACTS));
}

static void a_group_is_one_card_with_its_alerts(void **state)
{
    expect_body(*state, GROUP,
                CARD(TITLE("\\\\[CRITICAL\\\\] 5 alerts: 5 caches are gone", "Attention") "," BLOCK(
                    "gone\\n- one: gone\\n- ✅ two\\n- and 3 more") "," FACTS));
}

/* A message may have 28 KB. */
static void a_card_stays_below_the_limit_even_when_all_is_escaped(void **state)
{
    struct room *r = *state;
    json_t *body = send_huge(r, "☃", true);
    expect_cut(body, "attachments.0.content.body.0.text", 1000);
    expect_cut(body, "attachments.0.content.body.1.text", 8000);
    expect_cut(body, "attachments.0.content.body.2.facts.0.value", 300);
    json_decref(body);
    json_decref(send_huge(r, "\\", true));
    assert_in_range(strlen(strstr(r->receiver.last, "\r\n\r\n")), 20000, 28 * 1024);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`webhook_url`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    expect_refused(*state, "webhook_url", "file:///tmp/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_is_a_card_in_which_nothing_is_a_link),
        IN_ROOM(what_is_over_is_green),
        IN_ROOM(a_group_is_one_card_with_its_alerts),
        IN_ROOM(a_card_stays_below_the_limit_even_when_all_is_escaped),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
