/* The helpers of emit.h: what is too long is cut between two characters. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <openclaw/emit.h>

static uint64_t format(char *text, uint64_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static uint64_t format(char *text, uint64_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const uint64_t len = oc_vformat(text, size, fmt, ap);
    va_end(ap);
    assert_int_equal(len, strlen(text));
    return len;
}

static void what_fits_is_left_alone(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(format(text, sizeof text, "%s", "1234567"), 7);
    assert_string_equal(text, "1234567");
    assert_int_equal(format(text, sizeof text, "%s", "1234\xe2\x82\xac"), 7);
    assert_string_equal(text, "1234\xe2\x82\xac");
    assert_int_equal(format(text, sizeof text, "%s", ""), 0);
}

static void half_a_character_is_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *given, *kept;
    } cases[] = {
        {"12345678", "1234567"},
        {"123456\xc3\xbc", "123456"},
        {"12345\xc3\xbc-", "12345\xc3\xbc"},
        {"12345\xe2\x82\xac", "12345"},
        {"123456\xe2\x82\xac", "123456"},
        {"1234\xf0\x9f\x98\x80", "1234"},
        {"12345\xf0\x9f\x98\x80", "12345"},
        {"123456\xf0\x9f\x98\x80", "123456"},
        {"123\xf0\x9f\x98\x80-", "123\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[8];
        format(text, sizeof text, "%s", cases[i].given);
        assert_string_equal(text, cases[i].kept);
    }
    char one[1] = "x", two[2];
    assert_int_equal(format(one, sizeof one, "%s", "\xc3\xbc"), 0);
    assert_int_equal(format(two, sizeof two, "%s", "\xc3\xbc"), 0);
}

/* It is no text to begin with: cut where the room ends, and never before it began. */
static void what_is_no_utf8_is_cut_all_the_same(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(format(text, sizeof text, "%s", "\x80\x80\x80\x80\x80\x80\x80\x80\x80"), 7);
}

static int32_t keep_text(void *ctx, const struct oc_record *record)
{
    snprintf(ctx, 1024, "%.*s", (int)record->text.len, record->text.ptr);
    return OC_OK;
}

static void statuses_and_errors_end_with_a_whole_character(void **state)
{
    (void)state;
    struct oc_error err = {.struct_size = sizeof err};
    char long_text[1024] = "", kept[1024];
    for (size_t i = 0; i + 3 < sizeof long_text; i += 3) {
        memcpy(long_text + i, "\xe2\x82\xac", 4);
    }
    const struct oc_sink sink = {.struct_size = sizeof sink, .ctx = kept, .emit = keep_text};
    assert_int_equal(oc_fail(&err, OC_E_RETRY, "%s", long_text), OC_E_RETRY);
    assert_int_equal(strlen(err.message), 510); /* of 511 */
    assert_memory_equal(err.message, long_text, 510);
    assert_int_equal(oc_emit_status(&sink, "", OC_STATE_OK, "%s", long_text), OC_OK);
    assert_string_equal(kept, err.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_left_alone),
        cmocka_unit_test(half_a_character_is_left_out),
        cmocka_unit_test(what_is_no_utf8_is_cut_all_the_same),
        cmocka_unit_test(statuses_and_errors_end_with_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
