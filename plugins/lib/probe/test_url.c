/* Tests of URLs, addresses and requests. SPDX-License-Identifier: MIT */
#include "net/addr.h"
#include "probe/request.h"
#include "probe/testing/test.h"
#include "probe/url.h"

#include <stdlib.h>
#include <string.h>

static void expect_url(const char *text, const char *host, unsigned port, const char *path,
                       bool tls)
{
    struct oc_url url;
    const char *why = NULL;
    assert_true(oc_url_parse(&url, text, &why));
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_string_equal(url.path, path);
    assert_int_equal(url.tls, tls);
    oc_url_finish(&url);
}

static void a_url_is_taken_apart(void **state)
{
    (void)state;
    expect_url("http://Example.COM", "example.com", 80, "/", false);
    expect_url("https://h/a?b=c#frag", "h", 443, "/a?b=c", true);
    expect_url("HTTP://127.0.0.1:8080/x", "127.0.0.1", 8080, "/x", false);
    expect_url("http://[::1]:81?q", "::1", 81, "/?q", false);
    expect_url("http://h:/p", "h", 80, "/p", false);
}

static void a_bad_url_is_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {
        "ftp://x/",           "http://",           "http://u:p@h/", "http://h:0/",
        "http://h:65536/",    "http://h:8x/",      "http://[::1",   "http://a b/",
        "http://h/a\r\nX: y", "http://ex\"ample/", "//h/",          ""};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oc_url url;
        const char *why = NULL;
        assert_false(oc_url_parse(&url, bad[i], &why));
        assert_non_null(why);
    }
}

static void a_url_is_shown_without_what_may_be_secret(void **state)
{
    static const char *const cases[][2] = {
        {"http://h:1/p?token=SECRET#f", "http://h:1/p"},
        {"http://h/p?mail=a@b", "http://h/p"},
        {"https://[::1]/p", "https://[::1]/p"},
        {"http://u:SECRET@h/p", "http://********@h/p"},
        {"http://u:SE/CR?E#T@h/p?q", "http://********@h/p"},
        {"http://u:S@E@h/p", "http://********@h/p"},
        {"u:SECRET@h", "********@h"},
        {"nothing", "nothing"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *shown = oc_url_shown(cases[i][0]);
        assert_string_equal(shown, cases[i][1]);
        free(shown);
    }
}

static void a_url_that_is_too_long_is_refused(void **state)
{
    char text[OC_URL_MAX + 2];
    struct oc_url url;
    const char *why = NULL;
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "http://h/", 9);
    text[sizeof text - 1] = '\0';
    assert_false(oc_url_parse(&url, text, &why));
    text[OC_URL_MAX] = '\0';
    assert_true(oc_url_parse(&url, text, &why));
    struct oc_url next;
    assert_false(oc_url_resolve(&next, &url, text + 8,
                                &why)); /* "/aaa...": too long with the base in front */
    oc_url_finish(&url);
}

static void expect_resolved(const char *base, const char *location, const char *host, unsigned port,
                            const char *path)
{
    struct oc_url from, to;
    const char *why = NULL;
    assert_true(oc_url_parse(&from, base, &why));
    assert_true(oc_url_resolve(&to, &from, location, &why));
    assert_string_equal(to.host, host);
    assert_int_equal(to.port, port);
    assert_string_equal(to.path, path);
    oc_url_finish(&to);
    oc_url_finish(&from);
}

static void a_location_is_resolved_against_its_page(void **state)
{
    (void)state;
    expect_resolved("http://h:81/a/b?q", "/c", "h", 81, "/c");
    expect_resolved("http://h:81/a/b?q", "c?d", "h", 81, "/a/c?d");
    expect_resolved("http://h:81/a/b?q", "?d", "h", 81, "/a/b?d");
    expect_resolved("http://[::1]:81/a", "b", "::1", 81, "/b");
    expect_resolved("https://h/a", "//other/b", "other", 443, "/b");
    expect_resolved("https://h/a", "http://other:99/b", "other", 99, "/b");
}

static void a_location_of_another_scheme_is_refused(void **state)
{
    struct oc_url from, to;
    const char *why = NULL;
    (void)state;
    assert_true(oc_url_parse(&from, "http://h/", &why));
    assert_false(oc_url_resolve(&to, &from, "file:///etc/passwd", &why));
    assert_false(oc_url_resolve(&to, &from, "javascript:x", &why));
    oc_url_finish(&from);
}

static void literal_addresses_are_recognised(void **state)
{
    union oc_addr addr;
    char text[OC_ADDR_TEXT_MAX];
    (void)state;
    assert_true(oc_addr_parse(&addr, "127.0.0.1"));
    oc_addr_set_port(&addr, 80);
    assert_string_equal(oc_addr_text(&addr, text), "127.0.0.1:80");
    assert_true(oc_addr_loopback(&addr));
    assert_true(oc_addr_parse(&addr, "::1"));
    oc_addr_set_port(&addr, 8080);
    assert_string_equal(oc_addr_text(&addr, text), "[::1]:8080");
    assert_true(oc_addr_loopback(&addr));
    assert_false(oc_addr_parse(&addr, "localhost"));
    assert_false(oc_addr_parse(&addr, "1.2.3"));
    assert_false(oc_addr_parse(&addr, "1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:0"));
}

static char *build(const struct oc_request_parts *parts, bool foreign, struct oc_error *err)
{
    struct oc_url url;
    const char *why = NULL;
    uint32_t len = 0;
    assert_true(oc_url_parse(&url, "http://h:8080/p?q", &why));
    char *text = oc_request_build(&url, parts, foreign, &len, err);
    if (text) {
        assert_int_equal(strlen(text), len);
    }
    oc_url_finish(&url);
    return text;
}

static void a_plain_request_has_what_it_needs(void **state)
{
    struct oc_request_parts parts = {0};
    struct oc_error err = {.struct_size = sizeof err};
    char *text = build(&parts, false, &err);
    (void)state;
    assert_string_equal(
        text,
        "GET /p?q HTTP/1.1\r\nHost: h:8080\r\nUser-Agent: openclaw/1.0\r\nAccept: */*\r\n\r\n");
    free(text);
}

static void configured_headers_replace_ours_and_stay_at_home(void **state)
{
    const struct oc_pair headers[] = {{"host", "v"}, {"X-Key", "k"}};
    struct oc_request_parts parts = {
        .method = "POST", .body = "{}", .user = "u", .password = "p", .headers = {headers, 2}};
    struct oc_error err = {.struct_size = sizeof err};
    char *text = build(&parts, false, &err);
    (void)state;
    assert_string_equal(
        text, "POST /p?q HTTP/1.1\r\nUser-Agent: openclaw/1.0\r\nAccept: */*\r\n"
              "Authorization: Basic dTpw\r\nhost: v\r\nX-Key: k\r\nContent-Length: 2\r\n\r\n{}");
    free(text);
    text = build(&parts, true, &err);
    assert_null(strstr(text, "Authorization"));
    assert_null(strstr(text, "X-Key"));
    assert_non_null(strstr(text, "Host: h:8080\r\n"));
    free(text);
}

static void a_part_that_would_break_out_is_refused(void **state)
{
    const struct oc_pair injected[] = {{"X", "a\r\nEvil: 1"}};
    const struct oc_pair name[] = {{"X Y", "a"}};
    const struct oc_request_parts bad[] = {{.headers = {injected, 1}}, {.headers = {name, 1}},
                                           {.method = "GET /"},        {.method = ""},
                                           {.bearer = "a\nb"},         {.user = "a:b"}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oc_error err = {.struct_size = sizeof err};
        assert_null(build(&bad[i], false, &err));
        assert_int_equal(err.code, OC_E_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(a_bad_url_is_refused_with_a_reason),
        cmocka_unit_test(a_url_is_shown_without_what_may_be_secret),
        cmocka_unit_test(a_url_that_is_too_long_is_refused),
        cmocka_unit_test(a_location_is_resolved_against_its_page),
        cmocka_unit_test(a_location_of_another_scheme_is_refused),
        cmocka_unit_test(literal_addresses_are_recognised),
        cmocka_unit_test(a_plain_request_has_what_it_needs),
        cmocka_unit_test(configured_headers_replace_ours_and_stay_at_home),
        cmocka_unit_test(a_part_that_would_break_out_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
