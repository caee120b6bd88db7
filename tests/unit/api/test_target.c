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
        "/\x7f", "/%c0%ae",        "?x",      "/a#b",      "/a?b#c",  "#",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_path(bad[i], NULL, NULL);
    }
}

static void expect_split(const char *target, const char *method, bool tls, const char *authority,
                         const char *rest)
{
    char *got = NULL, *left = NULL;
    assert_int_equal(oc_target_split(target, method, tls, &got, &left), authority != NULL);
    if (authority) {
        assert_string_equal(got, authority);
        assert_string_equal(left, rest);
    } else {
        assert_null(got);
        assert_null(left);
    }
    free(got);
    free(left);
}

static void a_target_may_name_the_place(void **state)
{
    (void)state;
    expect_split("http://a:1/b?c", "GET", false, "a:1", "/b?c");
    expect_split("HTTPS://[::1]:2/", "GET", true, "[::1]:2", "/");
    expect_split("http://a", "GET", false, "a", "/");
    expect_split("http://a?x=/y", "GET", false, "a", "/?x=/y");
    expect_split("http://a", "OPTIONS", false, "a", "*");
    expect_split("http://a/", "OPTIONS", false, "a", "/");
    expect_split("http://user@a/../b", "GET", false, "user@a",
                 "/../b"); /* who judges it is behind us */
    expect_split("https://a/", "GET", false, NULL, NULL);
    expect_split("http://a/", "GET", true, NULL, NULL);
    expect_split("http:///b", "GET", false, NULL, NULL);
    expect_split("ftp://a/", "GET", false, NULL, NULL);
    expect_split("/http://a/", "GET", false, NULL, NULL);
    expect_split("*", "OPTIONS", false, NULL, NULL);
    expect_split("a:80", "CONNECT", false, NULL, NULL);
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

static void what_cannot_be_decoded_in_a_query_is_refused(void **state)
{
    static const char *const good[] = {"",      "a=b", "a=b&c=%20&d",  "&&=x&",
                                       "a=%25", "a=+", "%C3%A9=%c3%a9"};
    static const char *const bad[] = {"a=%00",   "%00=a", "a=%zz", "a=%",         "a=%4",
                                      "a=b&c=%", "%&a=b", "a=%ff", "a=b&a=%c0%ae"};
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    assert_int_equal(oc_query_check(NULL, &err), OC_OK);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(oc_query_check(good[i], &err), OC_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(oc_query_check(bad[i], &err), OC_E_CONFIG);
        assert_int_not_equal(err.hint[0], 0);
    }
}

static void only_what_tries_to_leave_is_called_so(void **state)
{
    static const char *const climbing[] = {"/..",   "/a/../b", "/%2e%2e/x", "/./x",
                                           "/a\\b", "/a%5cb",  "/a%00b"};
    static const char *const clumsy[] = {"*",       "//x",         "/a//b",   "/a%zz", "/a%ff",
                                         "evil:80", "http://x/..", "/a?../b", "/..."};
    (void)state;
    for (size_t i = 0; i < sizeof climbing / sizeof *climbing; i++) {
        assert_true(oc_target_climbs(climbing[i]));
    }
    for (size_t i = 0; i < sizeof clumsy / sizeof *clumsy; i++) {
        assert_false(oc_target_climbs(clumsy[i]));
    }
}

static void a_trail_has_no_query(void **state)
{
    (void)state;
    char *text = oc_target_shown("/a/%2e?token=x");
    assert_string_equal(text, "/a/%2e");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_once),
        cmocka_unit_test(paths_that_lead_elsewhere_are_refused),
        cmocka_unit_test(a_target_may_name_the_place),
        cmocka_unit_test(values_of_a_query_may_hold_spaces_as_plus),
        cmocka_unit_test(what_cannot_be_decoded_in_a_query_is_refused),
        cmocka_unit_test(only_what_tries_to_leave_is_called_so),
        cmocka_unit_test(a_trail_has_no_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
