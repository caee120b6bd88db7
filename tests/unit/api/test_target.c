/* Tests of request targets: decoded once, strictly. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/server_internal.h"

static void expect_path(const char *target, const char *wanted, const char *wanted_query)
{
    struct oc_error err;
    oc_error_init(&err);
    char *path = NULL;
    const char *query = NULL;
    const int code = oc_target_parse(target, &path, &query, &err);
    if (!wanted) {
        assert_int_equal(code, OC_E_CONFIG);
        assert_null(path);
        assert_int_not_equal(err.hint[0], 0);
        return;
    }
    assert_int_equal(code, OC_OK);
    assert_string_equal(path, wanted);
    if (wanted_query) {
        assert_string_equal(query, wanted_query);
    } else {
        assert_null(query);
    }
    free(path);
}

static void paths_are_decoded_once(void **state)
{
    (void)state;
    expect_path("/", "/", NULL);
    expect_path("/a/b?x=1&y=%20", "/a/b", "x=1&y=%20");
    expect_path("/a%20b", "/a b", NULL);
    expect_path("/a%2fb", "/a/b", NULL);
    expect_path("/a%252e", "/a%2e", NULL);
    expect_path("/%C3%A9", "/\xc3\xa9", NULL);
    expect_path("/a/", "/a/", NULL);
}

static void paths_that_lead_elsewhere_are_refused(void **state)
{
    static const char *const bad[] = {
        "/..",   "/../etc/passwd", "/a/../b", "/%2e%2e/x", "/..%2fx", "/a/./b", "//x",
        "/a//b", "/a%2f%2fb",      "/a\\b",   "/a%5cb",    "/a%00b",  "/a%0ab", "/%ff",
        "/a%",   "/a%2",           "/a%zz",   "a",         "",        "*",      "http://x/",
        "/\x7f", "/%c0%ae",        "?x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_path(bad[i], NULL, NULL);
    }
}

static void values_of_a_query_may_hold_spaces_as_plus(void **state)
{
    (void)state;
    char *text = oc_target_decode("a+b%2B", 6, true);
    assert_string_equal(text, "a b+");
    free(text);
    text = oc_target_decode("a+b", 3, false);
    assert_string_equal(text, "a+b");
    free(text);
    assert_null(oc_target_decode("%0", 2, true));
    assert_null(oc_target_decode("%00", 3, true));
    assert_null(oc_target_decode("%412", 2, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_once),
        cmocka_unit_test(paths_that_lead_elsewhere_are_refused),
        cmocka_unit_test(values_of_a_query_may_hold_spaces_as_plus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
