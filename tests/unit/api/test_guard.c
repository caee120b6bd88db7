/* Tests of core/api/guard.c: roles, hosts, origins, cookies. SPDX-License-Identifier: MIT */
#include "tests/unit/api/guard_stage.h"

static void each_role_opens_what_it_may(void **state)
{
    (void)state;
    static const struct {
        const char *credentials;
        unsigned viewer, operator, admin;
    } table[] = {{NULL, 401, 401, 401},
                 {"Bearer token-viewer", 200, 403, 403},
                 {"Bearer token-operator", 200, 200, 403},
                 {"Bearer token-admin", 200, 200, 200},
                 {"bearer token-admin", 200, 200, 200},
                 {"Basic eDp0b2tlbi1hZG1pbg==", 200, 200, 200}, /* x:token-admin */
                 {"Basic OnRva2VuLXZpZXdlcg==", 200, 403, 403}, /* :token-viewer */
                 {"Basic dG9rZW4tYWRtaW46", 401, 401, 401},     /* token-admin: */
                 {"Basic dG9rZW4tYWRtaW4=", 401, 401, 401},     /* token-admin */
                 {"Bearer token-admin,token-viewer", 401, 401, 401},
                 {"Bearer token-admi", 401, 401, 401},
                 {"Bearer", 401, 401, 401},
                 {"Bearer ", 401, 401, 401},
                 {"", 401, 401, 401},
                 {"token-admin", 401, 401, 401},
                 {"Digest token-admin", 401, 401, 401},
                 {"Bearer session-admin", 401, 401, 401}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("POST");
        struct oc_identity who;
        if (table[i].credentials) {
            add(&r, "Authorization", table[i].credentials);
        }
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].viewer);
        assert_int_equal(ask(&r, &operator_route, &who), table[i].operator);
        assert_int_equal(ask(&r, &admin_route, &who), table[i].admin);
        assert_int_equal(refused, table[i].admin != 200);
        assert_int_equal(ask(&r, &public_route, &who), 200);
        assert_int_equal(ask(&r, NULL, &who), 200); /* there is no such path: 404 is no secret */
    }
}

static void a_foreign_host_name_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        unsigned status;
    } table[] = {{"127.0.0.1:3000", 200},
                 {"127.0.0.1", 200},
                 {"[::1]:3000", 200},
                 {"localhost", 200},
                 {"LocalHost:3000", 200},
                 {"a.localhost:3000", 200},
                 {"192.0.2.1:3000", 200},
                 {"ops.example.org", 200},
                 {"OPS.example.org:443", 200},
                 {"ops.example.org.", 200},
                 {NULL, 400},
                 {"", 421},
                 {"evil.example", 421},
                 {"evil.example:3000", 421},
                 {"localhost.evil.example", 421},
                 {"127.0.0.1.evil.example", 421},
                 {"127.0.0.1@evil.example", 421},
                 {"ops.example.org.evil", 421},
                 {"xops.example.org", 421},
                 {"127.0.0.1:3000:1", 421},
                 {"[::1", 421},
                 {"[::1]x", 421},
                 {"[evil]", 421},
                 {"localhost:99999", 421},
                 {"localhost:-1", 421},
                 {"localhost, evil", 421},
                 {"local\thost", 421},
                 {".", 421},
                 {"0x7f.1", 421},
                 {":3000", 421}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        r.headers[0].value = table[i].host;
        r.headers[0].name = table[i].host ? "Host" : NULL;
        add(&r, "Authorization", "Bearer token-admin");
        if (ask(&r, &viewer_route, &who) != table[i].status) {
            fail_msg("Host: %s: %u", table[i].host ? table[i].host : "none", r.status);
        }
        assert_int_equal(ask(&r, &public_route, &who), table[i].status);
    }
}

static void a_foreign_origin_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *host, *origin;
        bool tls;
        unsigned status;
    } table[] = {
        {"127.0.0.1:3000", "http://127.0.0.1:3000", false, 200},
        {"localhost:3000", "http://localhost:3000", false, 200},
        {"[::1]:3000", "http://[::1]:3000", false, 200},
        {"ops.example.org", "https://ops.example.org", false, 200}, /* a proxy speaks TLS for us */
        {"ops.example.org", "http://ops.example.org", false, 200},
        {"ops.example.org:80", "http://ops.example.org", false, 200},
        {"ops.example.org", "https://ops.example.org:443", true, 200},
        {"ops.example.org", "http://ops.example.org", true, 403},
        {"127.0.0.1:3000", "https://panel.example.org", false, 200},
        {"127.0.0.1:3000", "HTTPS://Panel.Example.org", false, 200},
        {"127.0.0.1:3000", "http://panel.example.org", false, 403},
        {"127.0.0.1:3000", "https://panel.example.org.evil.example", false, 403},
        {"127.0.0.1:3000", "https://panel.example.org:8443", false, 403},
        {"127.0.0.1:3000", "http://127.0.0.1:3001", false, 403},
        {"127.0.0.1:3000", "http://localhost:3000", false, 403},
        {"127.0.0.1:3000", "http://evil.example", false, 403},
        {"127.0.0.1:3000", "http://127.0.0.1:3000.evil.example", false, 403},
        {"127.0.0.1:3000", "http://127.0.0.1:3000@evil.example", false, 403},
        {"127.0.0.1:3000", "null", false, 403},
        {"127.0.0.1:3000", "", false, 403},
        {"127.0.0.1:3000", "file://", false, 403},
        {"127.0.0.1:3000", "chrome-extension://abc", false, 403},
        {"127.0.0.1:3000", "127.0.0.1:3000", false, 403},
        {"127.0.0.1:3000", "http://", false, 403},
        {"127.0.0.1:3000", "http://127.0.0.1:3000/", false, 403},
    };
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        r.tls = table[i].tls;
        r.headers[0].value = table[i].host;
        add(&r, "Origin", table[i].origin);
        add(&r, "Authorization", "Bearer token-admin");
        if (ask(&r, &viewer_route, &who) != table[i].status) {
            fail_msg("%s at %s: %u", table[i].origin, table[i].host, r.status);
        }
        assert_int_equal(refused, table[i].status != 200);
    }
}

static void only_a_configured_foreign_page_may_read_answers(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    add(&r, "Authorization", "Bearer token-viewer");
    add(&r, "Origin", "http://127.0.0.1:3000");
    assert_int_equal(ask(&r, &viewer_route, &who), 200);
    assert_string_equal(r.allow_origin, "");
    add(&r, "Origin", "https://panel.example.org");
    assert_int_equal(ask(&r, &viewer_route, &who), 200);
    assert_string_equal(r.allow_origin, "https://panel.example.org");
}

static void a_browser_may_ask_first_without_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        unsigned status;
    } table[] = {{"https://panel.example.org", 204},
                 {"http://127.0.0.1:3000", 204},
                 {"http://evil.example", 403},
                 {NULL, 401}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("OPTIONS");
        struct oc_identity who;
        add(&r, "Access-Control-Request-Method", "POST");
        if (table[i].origin) {
            add(&r, "Origin", table[i].origin);
        }
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].status);
    }
}

static void what_a_foreign_page_only_loads_is_refused_too(void **state)
{
    (void)state;
    static const struct {
        const char *site, *mode;
        unsigned viewer, open;
    } table[] = {{"same-origin", "cors", 200, 200},    {"none", "navigate", 200, 200},
                 {"cross-site", "no-cors", 403, 200},  {"same-site", "no-cors", 403, 200},
                 {"cross-site", "navigate", 200, 200}, {"cross-site", NULL, 403, 200}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        add(&r, OC_SESSION_COOKIE, "session-admin");
        add(&r, "Sec-Fetch-Site", table[i].site);
        if (table[i].mode) {
            add(&r, "Sec-Fetch-Mode", table[i].mode);
        }
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].viewer);
        assert_int_equal(ask(&r, &public_route, &who), table[i].open); /* a badge in another page */
    }
}

static void a_change_by_cookie_needs_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *method, *cookie, *csrf;
        unsigned status;
    } table[] = {{"POST", "session-admin", "1", 200},    {"POST", "session-admin", NULL, 403},
                 {"DELETE", "session-admin", NULL, 403}, {"PUT", "session-admin", NULL, 403},
                 {"BREW", "session-admin", NULL, 403},   {"GET", "session-admin", NULL, 200},
                 {"HEAD", "session-admin", NULL, 200},   {"POST", "session-viewer", "1", 403},
                 {"POST", "session-gone", "1", 401},     {"POST", "token-admin", "1", 401}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain(table[i].method);
        struct oc_identity who;
        add(&r, OC_SESSION_COOKIE, table[i].cookie);
        if (table[i].csrf) {
            add(&r, "X-Openclaw-Csrf", table[i].csrf);
        }
        if (ask(&r, &admin_route, &who) != table[i].status) {
            fail_msg("%s %s: %u", table[i].method, table[i].cookie, r.status);
        }
        assert_int_equal(ask(&r, &login_route, &who), 200);
    }
}

static void a_header_counts_more_than_a_cookie(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    add(&r, OC_SESSION_COOKIE, "session-admin");
    add(&r, "Authorization", "Bearer token-viewer");
    assert_int_equal(ask(&r, &viewer_route, &who), 200);
    assert_int_equal(who.role, OC_ROLE_VIEWER);
    add(&r, "Authorization", "Bearer wrong");
    assert_int_equal(ask(&r, &viewer_route, &who), 401);
}

static void over_tls_only_the_cookie_with_the_host_prefix_counts(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    r.tls = true;
    add(&r, OC_SESSION_COOKIE, "session-admin");
    assert_int_equal(ask(&r, &viewer_route, &who), 401);
    add(&r, "__Host-" OC_SESSION_COOKIE, "session-admin");
    assert_int_equal(ask(&r, &viewer_route, &who), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void a_scheme_that_is_not_known_is_said_to_be(void **state)
{
    (void)state;
    static const struct {
        const char *header, *reason;
    } table[] = {{"Token token-viewer", "bad-scheme"},
                 {"Digest username=\"a\"", "bad-scheme"},
                 {"token-viewer", "bad-scheme"},
                 {"Bearer wrong", "bad-token"},
                 {"Bearer", "bad-token"},
                 {"basic !", "bad-token"}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        add(&r, "Authorization", table[i].header);
        assert_int_equal(ask(&r, &viewer_route, &who), 401);
        assert_string_equal(reason, table[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_role_opens_what_it_may),
        TEST(a_foreign_host_name_is_refused),
        TEST(a_foreign_origin_is_refused),
        TEST(only_a_configured_foreign_page_may_read_answers),
        TEST(a_browser_may_ask_first_without_credentials),
        TEST(what_a_foreign_page_only_loads_is_refused_too),
        TEST(a_change_by_cookie_needs_the_header),
        TEST(a_header_counts_more_than_a_cookie),
        TEST(over_tls_only_the_cookie_with_the_host_prefix_counts),
        TEST(a_scheme_that_is_not_known_is_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
