/* Tests of core/api/guard.c: peers, certificates, rates, and how a refusal is told. SPDX-License-Identifier: MIT */
#include "tests/unit/api/guard_stage.h"

static void a_unix_peer_is_who_the_kernel_says(void **state)
{
    (void)state;
    const struct {
        uid_t uid;
        unsigned viewer, admin;
    } table[] = {
        {0, 200, 200}, {geteuid(), 200, 200}, {geteuid() + 1, 200, 403}, {(uid_t)-1, 401, 401}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("POST");
        struct oc_identity who;
        r.is_unix = true;
        r.uid = table[i].uid;
        r.headers[0].value = "whatever"; /* no page reaches a socket file */
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].viewer);
        assert_int_equal(ask(&r, &admin_route, &who), table[i].admin);
        add(&r, "Authorization", "Bearer token-viewer"); /* what is shown on purpose counts */
        assert_int_equal(ask(&r, &admin_route, &who), 403);
    }
}

static void a_certificate_has_the_role_that_was_configured(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned viewer, operator, admin;
    } table[] = {{"deploy", 200, 200, 403}, {"Deploy", 200, 403, 403}, {"somebody", 200, 403, 403}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("POST");
        struct oc_identity who;
        r.tls = true;
        r.certificate = table[i].name;
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].viewer);
        assert_int_equal(ask(&r, &operator_route, &who), table[i].operator);
        assert_int_equal(ask(&r, &admin_route, &who), table[i].admin);
        assert_true(strncmp(who.actor, "cert:", 5) == 0);
    }
}

/* Who did it is read by what is kept of the name: two of them must not become one. */
static void names_of_certificates_stay_apart(void **state)
{
    static const char *const names[][2] = {
        {"j\xc3\xbcrgen", "cert:j\xc3\xbcrgen"},
        {"j\xfcrgen", "cert:j%FCrgen"},
        {"j??rgen", "cert:j??rgen"},
        {"Doe, Jane", "cert:Doe,%20Jane"},
        {"a%20b\n", "cert:a%2520b%0A"},
        {"\xd0\xbf\xd1\x80", "cert:\xd0\xbf\xd1\x80"},
        {"\xe2\x80\xae"
         "evil",
         "cert:%E2%80%AEevil"},
    };
    char spaces[2][80], first[OC_ACTOR_MAX] = "";
    (void)state;
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        r.tls = true;
        r.certificate = names[i][0];
        assert_int_equal(ask(&r, &viewer_route, &who), 200);
        assert_string_equal(who.actor, names[i][1]);
    }
    for (size_t i = 0; i < 2; i++) { /* too long when it is escaped */
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        memset(spaces[i], ' ', 64);
        spaces[i][63] = (char)('a' + i);
        spaces[i][64] = '\0';
        r.tls = true;
        r.certificate = spaces[i];
        assert_int_equal(ask(&r, &viewer_route, &who), 200);
        assert_string_not_equal(who.actor, first);
        oc_copy(first, sizeof first, who.actor);
    }
}

static void a_foreign_certificate_is_a_wrong_credential(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    r.tls = true;
    r.certificate = "mallory";
    r.is_foreign = true;
    assert_int_equal(ask(&r, &viewer_route, &who), 401);
    assert_string_equal(reason, "bad-certificate");
    assert_int_equal(ask(&r, &public_route, &who), 200); /* nothing is asked for there */
    add(&r, "Authorization", "Bearer token-viewer");
    assert_int_equal(ask(&r, &viewer_route, &who), 200); /* what is shown on purpose counts */
}

static void where_a_certificate_is_required_nothing_is_served_without(void **state)
{
    (void)state;
    static const struct {
        const char *certificate;
        bool is_foreign;
        unsigned status;
        const char *reason;
    } table[] = {{NULL, false, 403, "no-certificate"},
                 {"mallory", true, 403, "bad-certificate"},
                 {"alice", false, 200, ""}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("GET");
        struct oc_identity who;
        r.tls = r.wants_certificate = true;
        r.certificate = table[i].certificate;
        r.is_foreign = table[i].is_foreign;
        add(&r, "Authorization", "Bearer token-admin");
        add(&r, "Accept", "text/html");
        assert_int_equal(ask(&r, &public_route, &who), table[i].status);
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].status);
        assert_string_equal(table[i].status == 200 ? "" : reason, table[i].reason);
    }
}

static void anonymous_clients_are_viewers_only_here_and_only_when_allowed(void **state)
{
    (void)state;
    static const struct {
        bool allowed, loopback;
        const char *header, *value;
        unsigned viewer, operator;
    } table[] = {{false, true, NULL, NULL, 401, 401},
                 {true, true, NULL, NULL, 200, 403},
                 {true, false, NULL, NULL, 401, 401},
                 {true, true, "X-Forwarded-For", "192.0.2.1", 401, 401},
                 {true, true, "Forwarded", "for=192.0.2.1", 401, 401},
                 {true, true, "Via", "1.1 proxy", 401, 401},
                 {true, true, "Authorization", "Bearer wrong", 401, 401},
                 {true, true, "Origin", "http://127.0.0.1:3000", 200, 403},
                 {true, true, "Origin", "https://panel.example.org", 401, 401},
                 {true, true, OC_SESSION_COOKIE, "session-gone", 401, 401}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain("POST");
        struct oc_identity who;
        api.options.anonymous = table[i].allowed;
        r.loopback = table[i].loopback;
        if (table[i].header) {
            add(&r, table[i].header, table[i].value);
        }
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].viewer);
        assert_int_equal(ask(&r, &operator_route, &who), table[i].operator);
    }
}

static void who_shows_something_wrong_is_not_anonymous(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    r.loopback = true;
    add(&r, OC_SESSION_COOKIE, "session-gone");
    assert_int_equal(ask(&r, &viewer_route, &who), 401);
    assert_string_equal(reason, "bad-session");
    assert_string_equal(r.cookie, ""); /* it changes nothing for this client */
    api.options.anonymous = true;
    assert_int_equal(ask(&r, &viewer_route, &who), 401);
    assert_string_equal(reason, "bad-session");
    assert_non_null(strstr(r.cookie, OC_SESSION_COOKIE "=; "));
    assert_non_null(strstr(r.cookie, "Max-Age=0"));
    struct oc_http_request foreign = plain("GET");
    foreign.loopback = foreign.tls = foreign.is_foreign = true;
    foreign.certificate = "mallory";
    assert_int_equal(ask(&foreign, &viewer_route, &who), 401);
    assert_string_equal(reason, "bad-certificate");
}

static void who_failed_too_often_waits_but_good_credentials_pass(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    barred = true;
    add(&r, "Authorization", "Bearer wrong");
    assert_int_equal(ask(&r, &viewer_route, &who), 429);
    assert_string_equal(r.retry_after, "7");
    assert_string_equal(reason, "barred");
    add(&r, "Authorization", "Bearer token-viewer");
    assert_int_equal(ask(&r, &viewer_route, &who), 200);
}

static void one_client_asks_only_so_often(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET"), other = plain("GET");
    struct oc_identity who;
    oc_time_fake(1000000, 1000000);
    api.options.requests_per_second = 5;
    add(&r, "Authorization", "Bearer token-viewer");
    add(&other, "Authorization", "Bearer token-admin");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(&r, &viewer_route, &who), 200);
    }
    assert_int_equal(ask(&r, &viewer_route, &who), 429);
    assert_string_equal(reason, "rate-limited");
    assert_int_equal(ask(&other, &viewer_route, &who), 200); /* of the same address */
    oc_time_advance(200);
    assert_int_equal(ask(&r, &viewer_route, &who), 200);
    assert_int_equal(ask(&r, &viewer_route, &who), 429);
}

static void a_person_is_sent_to_the_form_and_a_program_told(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *path, *accept;
        unsigned status;
        const char *location;
    } table[] = {
        {"GET", "/metrics", "/metrics", "text/html,*/*", 303, "/login?next=/metrics"},
        {"GET", "/x?a=1&b=2", "/x", "text/html", 303, "/login?next=/x%3Fa%3D1%26b%3D2"},
        {"GET", "/x\"><b", "/x\"><b", "text/html", 303, "/login?next=/x%22%3E%3Cb"},
        {"GET", "/api/docs", "/api/docs", "text/html", 303, "/login?next=/api/docs"},
        {"GET", "/api/health", "/api/health", "text/html", 401, ""},
        {"GET", "/x", "/x", "application/json", 401, ""},
        {"GET", "/x", "/x", NULL, 401, ""},
        {"POST", "/x", "/x", "text/html", 401, ""},
    };
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_http_request r = plain(table[i].method);
        struct oc_identity who;
        r.target = table[i].target;
        r.path = table[i].path;
        if (table[i].accept) {
            add(&r, "Accept", table[i].accept);
        }
        assert_int_equal(ask(&r, &viewer_route, &who), table[i].status);
        assert_string_equal(r.location, table[i].location);
        assert_int_equal(refused, table[i].status == 401);
    }
}

static void the_bridge_has_no_form(void **state)
{
    struct oc_http_request r = plain("GET");
    struct oc_identity who;
    (void)state;
    r.at_bridge = true;
    add(&r, "Accept", "text/html");
    assert_int_equal(ask(&r, &viewer_route, &who), 401);
    assert_string_equal(r.location, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_unix_peer_is_who_the_kernel_says),
        TEST(a_certificate_has_the_role_that_was_configured),
        TEST(names_of_certificates_stay_apart),
        TEST(a_foreign_certificate_is_a_wrong_credential),
        TEST(where_a_certificate_is_required_nothing_is_served_without),
        TEST(anonymous_clients_are_viewers_only_here_and_only_when_allowed),
        TEST(who_shows_something_wrong_is_not_anonymous),
        TEST(who_failed_too_often_waits_but_good_credentials_pass),
        TEST(one_client_asks_only_so_often),
        TEST(a_person_is_sent_to_the_form_and_a_program_told),
        TEST(the_bridge_has_no_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
