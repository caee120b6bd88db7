/* Tests of core/service/message/envelope.c and history.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/message/internal.h"

#define NOW INT64_C(1795379034000) /* 2026-11-22T20:23:54.000Z */

static json_t *read_text(const char *channel, const char *text)
{
    return oc_envelope_read(channel, text, strlen(text), NOW, 7);
}

static void expect(json_t *row, const char *key, const char *value)
{
    assert_string_equal(oc_json_str(row, key, "(none)"), value);
}

static void an_envelope_is_taken_as_it_is(void **state)
{
    (void)state;
    json_t *row =
        read_text("a2a:alpha", "{\"id\":\"m1\",\"type\":\"task\",\"from\":\"steward\",\"to\":"
                               "\"alpha\",\"content\":{\"x\":1},\"timestamp\":"
                               "1795379000000,\"threadId\":\"t\",\"parentId\":\"p\","
                               "\"metadata\":{\"priority\":\"high\"}}");
    expect(row, "id", "m1");
    expect(row, "channel", "a2a:alpha");
    expect(row, "type", "task");
    expect(row, "from", "steward");
    expect(row, "thread", "t");
    expect(row, "parent", "p");
    expect(row, "time", "2026-11-22T20:23:20.000Z");
    assert_int_equal(json_integer_value(oc_json_path(row, "content.x")), 1);
    char *text = oc_envelope_write(row);
    json_t *back = json_loads(text, 0, NULL);
    assert_int_equal(oc_json_int(back, "timestamp", 0), 1795379000000);
    expect(back, "threadId", "t");
    free(text);
    json_decref(back);
    json_decref(row);
}

static void what_is_missing_is_made_up(void **state)
{
    (void)state;
    json_t *row = read_text("agent:beta:inbox", "{\"content\":\"x\",\"timestamp\":\"soon\"}");
    expect(row, "to", "beta");
    expect(row, "type", "message");
    expect(row, "from", "");
    expect(row, "time", "2026-11-22T20:23:54.000Z");
    assert_true(strlen(oc_json_str(row, "id", "")) > 4);
    json_decref(row);
}

static void what_is_no_envelope_is_text(void **state)
{
    static const char *const texts[] = {"plain", "{broken", "[1,2]", "17", "", "{\"a\":1,\"a\":2}"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        json_t *row = read_text("channel:x", texts[i]);
        expect(row, "type", "text");
        expect(row, "content", texts[i]);
        json_decref(row);
    }
}

static void names_are_cut_between_characters(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    oc_buf_adds(&text, "{\"from\":\"x");
    for (int i = 0; i < 100; i++) {
        oc_buf_adds(&text, "\xc3\xa4");
    }
    oc_buf_adds(&text, "\",\"content\":1}");
    json_t *row = read_text("channel:x", text.data);
    oc_buf_finish(&text);
    assert_int_equal(strlen(oc_json_str(row, "from", "")), 127); /* 1 + 63 * 2 */
    json_decref(row);
}

static void agents_are_named_by_their_channels(void **state)
{
    char name[OC_MESSAGE_NAME_MAX + 1];
    (void)state;
    assert_true(oc_envelope_agent("a2a:alpha", name));
    assert_string_equal(name, "alpha");
    assert_true(oc_envelope_agent("agent:beta:inbox", name));
    assert_string_equal(name, "beta");
    static const char *const none[] = {
        "a2a:",        "a2a:*",        "a2a:x:y",         "agent::inbox",
        "agent:inbox", "agent:status", "channel:general", ""};
    for (size_t i = 0; i < OC_COUNT(none); i++) {
        assert_false(oc_envelope_agent(none[i], name));
    }
}

static void channels_are_plain_words(void **state)
{
    (void)state;
    assert_true(oc_channel_valid("global-workspace:broadcast", false));
    assert_true(oc_channel_valid("a2a:*", true));
    assert_false(oc_channel_valid("a2a:*", false));
    assert_false(oc_channel_valid("", false));
    assert_false(oc_channel_valid("a b", false));
    assert_false(oc_channel_valid("a\r\nPUBLISH", false));
}

static void the_history_is_bounded_in_number_and_bytes(void **state)
{
    struct oc_message_history *h = oc_calloc(1, sizeof *h);
    char *large = oc_alloc(100001);
    (void)state;
    memset(large, 'x', 100000);
    large[100000] = '\0';
    for (int i = 0; i < 1500; i++) {
        json_t *row = json_pack("{s:i}", "n", i);
        oc_message_history_add(h, row);
        json_decref(row);
    }
    assert_int_equal(h->count, OC_MESSAGES_MAX);
    assert_int_equal(oc_json_int(oc_message_history_at(h, 0), "n", -1), 500);
    for (int i = 0; i < 100; i++) {
        json_t *row = json_pack("{s:s}", "content", large);
        oc_message_history_add(h, row);
        json_decref(row);
    }
    assert_true(h->bytes <= OC_MESSAGES_BYTES_MAX);
    assert_true(h->count < 50);
    oc_message_history_finish(h);
    assert_int_equal(h->bytes, 0);
    free(large);
    free(h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_envelope_is_taken_as_it_is),
        cmocka_unit_test(what_is_missing_is_made_up),
        cmocka_unit_test(what_is_no_envelope_is_text),
        cmocka_unit_test(names_are_cut_between_characters),
        cmocka_unit_test(agents_are_named_by_their_channels),
        cmocka_unit_test(channels_are_plain_words),
        cmocka_unit_test(the_history_is_bounded_in_number_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
