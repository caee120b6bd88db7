/* Tests core/api/guard.c: who is let in, as tables. SPDX-License-Identifier: MIT
 *
 * The request is the test's own: headers by name, and what is known of the connection. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "core/api/guard.h"
#include "core/api/internal.h"
#include "core/api/rate.h"
#include "core/base/mem.h"
#include "core/base/time.h"

/* ---- the request ---- */

struct header {
    const char *name, *value;
};

struct oc_http_request {
    const char *method, *path, *target, *peer, *certificate;
    struct header headers[8];
    bool tls, loopback, is_unix;
    uid_t uid;
    unsigned status; /* of the answer */
    char location[256], retry_after[16], allow_origin[64], message[256];
    int code;
};

static struct oc_api api;
static int refused; /* lines of the trail since the request began */
static char reason[32];
static bool barred;

struct oc_api *oc_http_api(const struct oc_http_request *r)
{
    (void)r;
    return &api;
}

const char *oc_http_method(const struct oc_http_request *r)
{
    return r->method;
}

const char *oc_http_path(const struct oc_http_request *r)
{
    return r->path;
}

const char *oc_http_target(const struct oc_http_request *r)
{
    return r->target ? r->target : r->path;
}

const char *oc_http_header(const struct oc_http_request *r, const char *name)
{
    for (size_t i = 0; i < OC_COUNT(r->headers); i++) {
        if (r->headers[i].name && strcasecmp(r->headers[i].name, name) == 0) {
            return r->headers[i].value;
        }
    }
    return NULL;
}

struct oc_view oc_http_cookie(const struct oc_http_request *r, const char *name)
{
    const char *value = oc_http_header(r, name);
    return (struct oc_view){value, value ? strlen(value) : 0};
}

const char *oc_http_peer(const struct oc_http_request *r)
{
    return r->peer;
}

bool oc_http_is_loopback(const struct oc_http_request *r)
{
    return r->loopback;
}

bool oc_http_is_unix(const struct oc_http_request *r, uid_t *uid)
{
    *uid = r->is_unix ? r->uid : *uid;
    return r->is_unix;
}

bool oc_http_is_tls(const struct oc_http_request *r)
{
    return r->tls;
}

bool oc_http_certificate(const struct oc_http_request *r, char *name, size_t size)
{
    if (r->certificate) {
        snprintf(name, size, "%s", r->certificate);
    }
    return r->certificate;
}

void oc_http_set(struct oc_http_request *r, const char *name, const char *value)
{
    if (strcmp(name, "Location") == 0) {
        snprintf(r->location, sizeof r->location, "%s", value);
    } else if (strcmp(name, "Retry-After") == 0) {
        snprintf(r->retry_after, sizeof r->retry_after, "%s", value);
    } else if (strcmp(name, "Access-Control-Allow-Origin") == 0) {
        snprintf(r->allow_origin, sizeof r->allow_origin, "%s", value);
    }
}

void oc_http_send_empty(struct oc_http_request *r, unsigned status)
{
    r->status = status;
}

void oc_http_send_errorf(struct oc_http_request *r, unsigned status, int code, const char *hint,
                         const char *fmt, ...)
{
    (void)hint;
    (void)fmt;
    r->status = status;
    r->code = code;
}

/* ---- the access service: one token and one session of each role ---- */

static int known(const char *text, size_t len, const char *kind, enum oc_identity_kind as,
                 struct oc_identity *who)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    memset(who, 0, sizeof *who);
    for (size_t i = 0; i < OC_COUNT(roles); i++) {
        char name[32];
        snprintf(name, sizeof name, "%s-%s", kind, roles[i]);
        if (strlen(name) == len && memcmp(name, text, len) == 0) {
            who->kind = as;
            who->role = (enum oc_role)i;
            snprintf(who->actor, sizeof who->actor, "%s", name);
            return OC_OK;
        }
    }
    return OC_E_AUTH;
}

int oc_access_check_token(struct oc_access *a, const char *text, size_t len,
                          struct oc_identity *who)
{
    (void)a;
    return known(text, len, "token", OC_IDENTITY_TOKEN, who);
}

int oc_access_check_session(struct oc_access *a, const char *cookie, size_t len,
                            struct oc_identity *who)
{
    (void)a;
    return known(cookie, len, "session", OC_IDENTITY_SESSION, who);
}

void oc_access_refused(struct oc_access *a, const struct oc_refusal *refusal)
{
    (void)a;
    refused++;
    snprintf(reason, sizeof reason, "%s", refusal->reason);
}

bool oc_access_is_barred(struct oc_access *a, const char *peer)
{
    (void)a, (void)peer;
    return barred;
}

int64_t oc_access_wait(struct oc_access *a, const char *peer)
{
    (void)a, (void)peer;
    return barred ? 7 : 0;
}

/* ---- the tables ---- */

static const char *hosts[] = {"ops.example.org"}, *origins[] = {"https://panel.example.org"};
static const struct oc_api_client clients[] = {{"deploy", OC_ROLE_OPERATOR}};

static int setup(void **state)
{
    (void)state;
    memset(&api, 0, sizeof api);
    api.options.hosts = (struct oc_list){hosts, 1};
    api.options.origins = (struct oc_list){origins, 1};
    api.options.tls.clients = (struct oc_list){clients, 1};
    barred = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_rates_destroy(api.rates);
    oc_time_fake(-1, -1);
    return 0;
}

static const struct oc_route public_route = {"GET", "/", OC_ROUTE_PUBLIC, 0, NULL, NULL},
                             viewer_route = {"GET", "/v", OC_ROUTE_VIEWER, 0, NULL, NULL},
                             operator_route = {"POST", "/o", OC_ROUTE_OPERATOR, 0, NULL, NULL},
                             admin_route = {"POST", "/a", OC_ROUTE_ADMIN, 0, NULL, NULL},
                             login_route = {"POST",          "/login", OC_ROUTE_PUBLIC,
                                            OC_ROUTE_NOCSRF, NULL,     NULL};

static struct oc_http_request plain(const char *method)
{
    return (struct oc_http_request){.method = method,
                                    .path = "/api/v1/x",
                                    .peer = "127.0.0.1",
                                    .loopback = true,
                                    .headers = {{"Host", "127.0.0.1:3000"}}};
}

static void add(struct oc_http_request *r, const char *name, const char *value)
{
    size_t i = 0;
    while (r->headers[i].name && strcmp(r->headers[i].name, name) != 0) {
        i++;
    }
    r->headers[i] = (struct header){name, value};
}

static unsigned ask(struct oc_http_request *r, const struct oc_route *route,
                    struct oc_identity *who)
{
    refused = 0;
    reason[0] = '\0';
    r->status = 0;
    return oc_guard_admit(r, route, who) ? 200 : r->status;
}

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
                 {true, true, OC_SESSION_COOKIE, "session-gone", 200, 403}};
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        TEST(a_unix_peer_is_who_the_kernel_says),
        TEST(a_certificate_has_the_role_that_was_configured),
        TEST(anonymous_clients_are_viewers_only_here_and_only_when_allowed),
        TEST(who_failed_too_often_waits_but_good_credentials_pass),
        TEST(one_client_asks_only_so_often),
        TEST(a_person_is_sent_to_the_form_and_a_program_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
