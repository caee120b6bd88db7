/* Tests of core/base/jsonwrite.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static void assert_written(const json_t *value, size_t flags,
                           void (*put)(struct oc_buf *out, const json_t *value))
{
    struct oc_buf out = {0};
    char *expected = json_dumps(value, flags);
    put(&out, value);
    assert_string_equal(out.data, expected);
    oc_buf_finish(&out);
    free(expected);
}

static void assert_as_jansson(const json_t *value)
{
    assert_written(value, JSON_COMPACT | JSON_ENCODE_ANY, oc_json_put);
    assert_written(value, OC_JSON_WIRE, oc_json_put_wire);
}

static void what_is_written_is_what_jansson_writes(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1",
        "99.3",
        "[0.30000000000000004,{\"a\":99.3}]",
        "1e300",
        "-2.5",
        "\"\"",
        "\"plain\"",
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"",
        "\"\\u00e9\\u20ac\\ud83d\\ude00\"",
        "{\"b\":1,\"a\":[1,[2,{\"c\":null}],\"x\"],\"\":{},\"q\\\"\":[[]]}"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        json_t *value = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        assert_as_jansson(value);
        json_decref(value);
    }
}

static void every_character_is_written_so_that_it_can_be_read(void **state)
{
    (void)state;
    for (int c = 1; c < 0x800; c++) {
        char text[3] = {(char)c};
        if (c >= 0x80) {
            text[0] = (char)(0xC0 | c >> 6);
            text[1] = (char)(0x80 | (c & 0x3F));
        }
        json_t *value = json_string(text);
        assert_as_jansson(value);
        json_decref(value);
    }
}

static void what_is_there_is_kept_and_nothing_is_null(void **state)
{
    struct oc_buf out = {0};
    json_t *list = json_pack("[i]", 7);
    (void)state;
    oc_buf_adds(&out, "x=");
    oc_json_put(&out, list);
    oc_json_put(&out, NULL);
    assert_string_equal(out.data, "x=[7]null");
    oc_buf_finish(&out);
    json_decref(list);
}

static void
what_others_read_has_numbers_as_people_write_them_and_what_is_kept_is_exact(void **state)
{
    struct oc_buf kept = {0}, wire = {0};
    json_t *value = json_pack("{s:[f,f]}", "value", 99.3, 0.1 + 0.2);
    (void)state;
    oc_json_put(&kept, value);
    oc_json_put_wire(&wire, value);
    assert_string_equal(kept.data, "{\"value\":[99.299999999999997,0.30000000000000004]}");
    assert_string_equal(wire.data, "{\"value\":[99.3,0.3]}");
    oc_buf_finish(&kept);
    oc_buf_finish(&wire);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_what_jansson_writes),
        cmocka_unit_test(every_character_is_written_so_that_it_can_be_read),
        cmocka_unit_test(what_is_there_is_kept_and_nothing_is_null),
        cmocka_unit_test(
            what_others_read_has_numbers_as_people_write_them_and_what_is_kept_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
