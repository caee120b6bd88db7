/* The pull reader of JSON. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/jsonscan.h"
#include "core/base/mem.h"

/* Every value of a flat object of strings, as "name=value;". */
static char *flat(const char *text)
{
    struct oc_scan s;
    struct oc_view name, value;
    struct oc_buf out = {0};
    bool first = true;
    oc_scan_init(&s, text, strlen(text));
    if (oc_scan_enter(&s, '{')) {
        while (oc_scan_member(&s, &first, &name)) {
            if (oc_scan_peek(&s) == '"') {
                oc_scan_string(&s, &value);
                oc_buf_addf(&out, "%.*s=%.*s;", (int)name.len, name.ptr, (int)value.len, value.ptr);
            } else {
                oc_scan_skip(&s);
            }
        }
    }
    if (!oc_scan_end(&s)) {
        oc_buf_clear(&out);
        oc_buf_adds(&out, "wrong");
    }
    oc_scan_finish(&s);
    return oc_buf_take(&out);
}

static void read_as(const char *text, const char *expected)
{
    char *got = flat(text);
    assert_string_equal(got, expected);
    free(got);
}

static void strings_are_read_and_the_rest_is_skipped(void **state)
{
    (void)state;
    read_as("{}", "");
    read_as(" { \"a\" : \"1\" , \"b\":\"\" } ", "a=1;b=;");
    read_as("{\"a\":[1,{\"x\":[true,false,null,-1.5e3]},\"s\"],\"b\":\"2\"}", "b=2;");
}

static void escapes_are_undone_and_bad_bytes_replaced(void **state)
{
    (void)state;
    read_as("{\"a\":\"\\\"\\\\\\/\\n\\u0041\\u00e9\\ud83d\\ude00\"}", "a=\"\\/\nAé😀;");
    read_as("{\"a\":\"\\ud83d x\"}", "a=\xef\xbf\xbd x;");
    read_as("{\"a\":\"\\u0000\"}", "a=\xef\xbf\xbd;");
    read_as("{\"a\":\"x\xffy\"}", "a=x\xef\xbf\xbdy;");
    read_as("{\"\\u0061\":\"é\"}", "a=é;");
}

static void what_is_no_json_is_wrong(void **state)
{
    static const char *const bad[] = {"",
                                      "[",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":\"1\",}",
                                      "{a:1}",
                                      "{\"a\":\"",
                                      "{\"a\":\"\n\"}",
                                      "{} x",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12\"}",
                                      "{\"a\":tru}",
                                      "{\"a\":\"1\" \"b\":\"2\"}",
                                      "{\"a\":[1,}",
                                      "{\"a\":+1}"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        read_as(bad[i], "wrong");
    }
}

static void nesting_is_bounded(void **state)
{
    struct oc_buf deep = {0};
    (void)state;
    oc_buf_adds(&deep, "{\"a\":");
    for (int i = 0; i < 100000; i++) {
        oc_buf_addc(&deep, '[');
    }
    read_as(deep.data, "wrong");
    oc_buf_finish(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_read_and_the_rest_is_skipped),
        cmocka_unit_test(escapes_are_undone_and_bad_bytes_replaced),
        cmocka_unit_test(what_is_no_json_is_wrong),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
