/* The discord channel against a receiver that answers as the service does. SPDX-License-Identifier: MIT */
#include "channel/test_channel.h"

static int setup(void **state)
{
    struct room *r = room_open();
    room_address(r, "webhook_url", "/api/webhooks/1/x");
    oc_test_option(r->t, "mention_roles", "[\"42\"]");
    *state = r;
    return 0;
}

#define FIELD(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\",\"inline\":true}"
#define FIELDS                                                                                     \
    "[" FIELD("rule", "redis") "," FIELD("category", "service") "," FIELD(                         \
        "value", "0.5") "," FIELD("host", "edge-1") "," FIELD("team", "ops") "]"

static void a_critical_alert_calls_the_roles_and_nobody_else(void **state)
{
    struct room *r = *state;
    expect_body(r, FIRING,
                "{\"content\":\"<@&42> \",\"username\":\"OpenClaw Monitor\",\"allowed_mentions\":{"
                "\"parse\":[],\"roles\":[\"42\"]},\"embeds\":[{\"title\":\"[CRITICAL] redis on "
                "cache\",\"description\":\"no \\\\<b\\\\> & \\\\[x\\\\]\\\\(http://y\\\\) "
                "@\u200ball\",\"color\":14232864,\"fields\":" FIELDS
                ",\"footer\":{\"text\":\"5f1c\"},\"timestamp\":\"2026-11-22T10:00:00.000Z\"}]}");
    expect_request(r, "POST /api/webhooks/1/x");
}

static void what_is_over_calls_nobody(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "username", "");
    expect_body(r, RESOLVED,
                "{\"content\":\"\",\"allowed_mentions\":{\"parse\":[],\"roles\":[]},\"embeds\":[{"
                "\"title\":\"[RESOLVED] redis on cache\",\"description\":\"is back\",\"color\":"
                "235605,\"fields\":" FIELDS
                ",\"footer\":{\"text\":\"5f1c\"},\"timestamp\":\"2026-11-22T10:05:00.000Z\"}]}");
}

static void a_group_is_one_embed_with_its_alerts(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_send(r, GROUP), OC_OK);
    json_t *body = room_body(r);
    assert_string_equal(text_at(body, "embeds.0.title"), "[CRITICAL] 5 alerts: 5 caches are gone");
    assert_string_equal(text_at(body, "embeds.0.description"),
                        "gone\n• one: gone\n✅ two\nand 3 more");
    assert_string_equal(text_at(body, "embeds.0.footer.text"), "k=1");
    json_decref(body);
}

/* All texts of a message together may have 6000 characters. */
static void a_message_stays_below_the_limit_for_all_its_texts(void **state)
{
    json_t *body = send_huge(*state, "☃", true), *field;
    json_t *embed = json_array_get(json_object_get(body, "embeds"), 0);
    json_t *fields = json_object_get(embed, "fields");
    size_t sum = 0, i;
    expect_cut(embed, "title", 256);
    expect_cut(embed, "description", 4000);
    json_array_foreach(fields, i, field)
    {
        assert_in_range(strlen(text_at(field, "value")), 1, 1024);
        sum += strlen(text_at(field, "name")) + strlen(text_at(field, "value"));
    }
    sum += strlen(text_at(embed, "title")) + strlen(text_at(embed, "description"));
    sum += strlen(text_at(embed, "footer.text"));
    assert_in_range(json_array_size(fields), 1, 25);
    assert_in_range(sum, 4000, 6000);
    json_decref(body);
}

static void the_wait_is_told_in_the_answer_or_in_the_header(void **state)
{
    struct room *r = *state;
    expect_answer(r, "429 Slow", "", "{\"retry_after\":1.3}", OC_E_RETRY, 2);
    expect_answer(r, "429 Slow", "Retry-After: 9\r\n", "{\"retry_after\":1.3}", OC_E_RETRY, 9);
    expect_answer(r, "429 Slow", "", "{\"retry_after\":\"soon\"}", OC_E_RETRY, 0);
    expect_answer(r, "429 Slow", "", "{\"retry_after\":-1}", OC_E_RETRY, 0);
}

static void the_answer_says_whether_another_try_makes_sense(void **state)
{
    expect_usual_answers(*state, "`webhook_url`");
}

static void wrong_options_are_refused_by_name(void **state)
{
    struct room *r = *state;
    expect_refused(r, "mention_roles", "[\"ops\"]");
    expect_refused(r, "mention_roles", "[\"\"]");
    expect_refused(r, "webhook_url", "discord.com/api/webhooks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_critical_alert_calls_the_roles_and_nobody_else),
        IN_ROOM(what_is_over_calls_nobody),
        IN_ROOM(a_group_is_one_embed_with_its_alerts),
        IN_ROOM(a_message_stays_below_the_limit_for_all_its_texts),
        IN_ROOM(the_wait_is_told_in_the_answer_or_in_the_header),
        IN_ROOM(the_answer_says_whether_another_try_makes_sense),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
