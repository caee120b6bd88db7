/* Tests core/service/access: login codes and sessions. SPDX-License-Identifier: MIT */
#include "tests/unit/service/access/world.h"

#include "core/base/text.h"

static char *code_of_link(enum oc_role role)
{
    const char *params = role == OC_ROLE_ADMIN ? NULL : "{\"role\":\"viewer\"}";
    const char *url = oc_json_str(stage_ask(&w.s, "login", params), "url", "");
    static const char head[] = "http://127.0.0.1:3000/login?code=";
    assert_true(strncmp(url, head, sizeof head - 1) == 0);
    return oc_strdup(url + sizeof head - 1);
}

static void a_link_signs_one_browser_in_once(void **state)
{
    (void)state;
    char *code = code_of_link(OC_ROLE_ADMIN);
    struct oc_identity who, again;
    char *cookie = login(code, &who);
    assert_non_null(cookie);
    assert_int_equal(who.kind, OC_IDENTITY_SESSION);
    assert_int_equal(who.role, OC_ROLE_ADMIN);
    assert_string_not_equal(cookie, code);
    assert_null(login(code, &again));
    assert_int_equal(check_session(cookie, &again), OC_OK);
    assert_string_equal(again.actor, who.actor);
    free(cookie);
    free(code);
}

static void behind_a_proxy_a_link_has_its_address(void **state)
{
    (void)state;
    json_decref(w.listeners);
    w.listeners = json_pack("[{s:s, s:s}]", "unix", "/run/api.sock", "serves", "all");
    const char *url = oc_json_str(stage_ask(&w.s, "login", NULL), "url", "");
    assert_true(strncmp(url, "/login?code=", 12) == 0);
    configure("api = { hosts = [ \"ops.example.org\", \"other.example.org\" ]; };");
    url = oc_json_str(stage_ask(&w.s, "login", NULL), "url", "");
    assert_true(strncmp(url, "https://ops.example.org/login?code=", 35) == 0);
    json_array_append_new(w.listeners,
                          json_pack("{s:s, s:s}", "url", "http://[::1]:3000", "serves", "all"));
    url = oc_json_str(stage_ask(&w.s, "login", NULL), "url", "");
    assert_true(strncmp(url, "http://[::1]:3000/login?code=", 29) == 0);
}

static void a_link_ends_after_a_quarter_of_an_hour(void **state)
{
    (void)state;
    char *code = code_of_link(OC_ROLE_VIEWER);
    struct oc_identity who;
    stage_pass(&w.s, 15 * OC_MINUTE);
    assert_null(login(code, &who));
    free(code);
    code = code_of_link(OC_ROLE_VIEWER);
    stage_pass(&w.s, 15 * OC_MINUTE - 1);
    char *cookie = login(code, &who);
    assert_non_null(cookie);
    assert_int_equal(who.role, OC_ROLE_VIEWER);
    free(cookie);
    free(code);
}

static void a_clock_that_is_set_back_gives_no_link_new_life(void **state)
{
    (void)state;
    char *code = code_of_link(OC_ROLE_ADMIN);
    struct oc_identity who;
    stage_pass(&w.s, 16 * OC_MINUTE);
    stage_set_clock(STAGE_WALL - OC_DAY);
    assert_null(login(code, &who));
    free(code);
}

static void the_oldest_of_many_links_makes_room(void **state)
{
    (void)state;
    char *first = code_of_link(OC_ROLE_ADMIN), *last = NULL;
    struct oc_identity who;
    for (int i = 0; i < OC_CODES_MAX; i++) {
        stage_pass(&w.s, 1);
        free(last);
        last = code_of_link(OC_ROLE_ADMIN);
    }
    assert_null(login(first, &who));
    char *cookie = login(last, &who);
    assert_non_null(cookie);
    free(cookie);
    free(first);
    free(last);
}

static void a_token_signs_in_with_its_role(void **state)
{
    (void)state;
    char *token = make_token("ops", "operator", "90d");
    struct oc_identity who;
    char *cookie = login(token, &who);
    assert_non_null(cookie);
    assert_int_equal(who.role, OC_ROLE_OPERATOR);
    assert_int_equal(check(cookie, &who), OC_E_AUTH);        /* a cookie is no token */
    assert_int_equal(check_session(token, &who), OC_E_AUTH); /* and a token no cookie */
    free(cookie);
    free(token);
}

static void it_is_known_who_is_behind_a_session(void **state)
{
    (void)state;
    char *token = make_token("ann", "viewer", "1h");
    struct oc_identity who, by_token;
    char *cookie = login(token, &who);
    assert_string_equal(oc_access_behind(w.a, &who), "token:ann");
    assert_int_equal(oc_access_check_token(w.a, token, strlen(token), &by_token), OC_OK);
    assert_null(oc_access_behind(w.a, &by_token));
    free(cookie);
    free(token);
}

static void a_session_ends_with_its_token(void **state)
{
    (void)state;
    char *token = make_token("ops", "operator", "90d"), *cookie;
    struct oc_identity who;
    cookie = login(token, &who);
    stage_ask(&w.s, "token.revoke", "{\"token\":\"ops\"}");
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 2);
    free(cookie);
    free(token);
}

static void a_session_does_not_outlive_its_token(void **state)
{
    (void)state;
    char *token = make_token("ops", "operator", "1h"), *cookie;
    struct oc_identity who;
    cookie = login(token, &who);
    assert_int_equal(who.expires_ms, STAGE_WALL + OC_HOUR);
    stage_set_clock(STAGE_WALL + OC_HOUR - 1);
    assert_int_equal(check_session(cookie, &who), OC_OK);
    assert_int_equal(who.expires_ms, STAGE_WALL + OC_HOUR);
    stage_set_clock(STAGE_WALL + OC_HOUR);
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    free(cookie);
    free(token);
}

static void a_session_lives_on_while_it_is_used(void **state)
{
    (void)state;
    configure("api = { session = \"1h\"; };\n");
    char *code = code_of_link(OC_ROLE_ADMIN);
    struct oc_identity who;
    char *cookie = login(code, &who);
    for (int i = 0; i < 5; i++) {
        stage_pass(&w.s, 50 * OC_MINUTE);
        assert_int_equal(check_session(cookie, &who), OC_OK);
    }
    stage_pass(&w.s, 50 * OC_MINUTE);
    oc_access_touch(w.a, &who); /* an open connection */
    stage_pass(&w.s, 50 * OC_MINUTE);
    assert_int_equal(check_session(cookie, &who), OC_OK);
    stage_pass(&w.s, 61 * OC_MINUTE);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 1); /* the sweep tells it */
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    free(cookie);
    free(code);
}

static void no_session_lives_longer_than_a_month(void **state)
{
    (void)state;
    char *code = code_of_link(OC_ROLE_ADMIN);
    struct oc_identity who;
    char *cookie = login(code, &who);
    for (int i = 0; i < 60; i++) {
        stage_pass(&w.s, 12 * OC_HOUR - 1);
        assert_int_equal(check_session(cookie, &who), OC_OK);
    }
    stage_pass(&w.s, 60);
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    free(cookie);
    free(code);
}

static void a_session_that_nobody_uses_ends_after_a_month_as_well(void **state)
{
    (void)state;
    configure("api = { session = \"60d\"; };\n");
    char *code = code_of_link(OC_ROLE_ADMIN);
    struct oc_identity who;
    char *cookie = login(code, &who);
    assert_int_equal(who.expires_ms, STAGE_WALL + 30 * OC_DAY);
    stage_set_clock(STAGE_WALL + 40 * OC_DAY); /* no sweep has run */
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    stage_set_clock(STAGE_WALL + OC_DAY);
    w.a->sessions.list.items[0]->expires_ms = STAGE_WALL + 60 * OC_DAY; /* of an older host */
    stage_set_clock(STAGE_WALL + 40 * OC_DAY);
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    free(cookie);
    free(code);
}

static void a_session_survives_a_restart_and_a_logout_ends_it(void **state)
{
    (void)state;
    char *code = code_of_link(OC_ROLE_ADMIN);
    struct oc_identity who;
    char *cookie = login(code, &who);
    restart();
    assert_int_equal(check_session(cookie, &who), OC_OK);
    assert_int_equal(oc_access_logout(w.a, cookie, strlen(cookie)), OC_OK);
    assert_int_equal(oc_access_logout(w.a, cookie, strlen(cookie)), OC_E_AUTH);
    restart();
    assert_int_equal(check_session(cookie, &who), OC_E_AUTH);
    free(cookie);
    free(code);
}

/* How many sessions the store and the service still had, at the most, whenever the end of one was told. */
struct left {
    unsigned told;
    size_t stored, listed;
};

static void on_revoked(void *ctx, const struct oc_event *event)
{
    struct left *left = ctx;
    if (!oc_starts(oc_json_str(event->data, "actor", ""), "session:")) {
        return; /* the token that they came from */
    }
    json_t *all = oc_kv_all(w.s.env.store, "session");
    const size_t stored = json_object_size(all), listed = w.a->sessions.list.count;
    left->told++;
    left->stored = stored > left->stored ? stored : left->stored;
    left->listed = listed > left->listed ? listed : left->listed;
    json_decref(all);
}

static void revoke_all(void)
{
    stage_ask(&w.s, "session.revoke", "{\"id\":\"all\"}");
}

static void revoke_token(void)
{
    stage_ask(&w.s, "token.revoke", "{\"token\":\"ops1\"}");
}

static void let_expire(void)
{
    stage_pass(&w.s, 13 * OC_HOUR);
}

static void sessions_that_end_together_end_in_one_transaction(void **state)
{
    (void)state;
    static void (*const ways[])(void) = {revoke_all, revoke_token, let_expire};
    for (size_t i = 0; i < OC_COUNT(ways); i++) {
        char name[8];
        struct oc_identity who;
        struct left left = {0};
        snprintf(name, sizeof name, "ops%zu", i);
        char *token = make_token(name, "operator", "90d");
        for (int k = 0; k < 3; k++) {
            free(login(token, &who));
        }
        struct oc_subscription *sub =
            oc_bus_subscribe(w.s.env.bus, "access.revoked", on_revoked, &left);
        ways[i]();
        assert_int_equal(left.told, 3);
        assert_int_equal(left.stored, 0);
        assert_int_equal(left.listed, 0);
        oc_bus_unsubscribe(sub);
        free(token);
    }
}

static void sessions_can_be_listed_and_revoked(void **state)
{
    (void)state;
    struct oc_identity who;
    char *cookies[3];
    for (int i = 0; i < 3; i++) {
        char *code = code_of_link(OC_ROLE_ADMIN);
        cookies[i] = login(code, &who);
        free(code);
    }
    json_t *list = stage_ask(&w.s, "session.list", NULL);
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "peer", ""), "192.0.2.7");
    char *params = oc_asprintf("{\"id\":\"%s\"}", oc_json_str(json_array_get(list, 0), "id", ""));
    stage_ask(&w.s, "session.revoke", params);
    assert_int_equal(check_session(cookies[0], &who), OC_E_AUTH);
    assert_int_equal(check_session(cookies[1], &who), OC_OK);
    stage_ask(&w.s, "session.revoke", "{\"id\":\"all\"}");
    assert_int_equal(check_session(cookies[1], &who), OC_E_AUTH);
    assert_int_equal(stage_refused(&w.s, "session.revoke", "{\"id\":\"x\"}"), OC_E_NOT_FOUND);
    for (int i = 0; i < 3; i++) {
        free(cookies[i]);
    }
    free(params);
}

static void too_many_sessions_push_out_the_one_that_was_unused_for_longest(void **state)
{
    (void)state;
    struct oc_identity who;
    char *cookies[3];
    w.a->sessions.max = 2;
    for (int i = 0; i < 3; i++) {
        char *code = code_of_link(OC_ROLE_ADMIN);
        cookies[i] = login(code, &who);
        free(code);
        stage_pass(&w.s, OC_SECOND);
    }
    assert_int_equal(check_session(cookies[0], &who), OC_E_AUTH);
    assert_int_equal(check_session(cookies[1], &who), OC_OK);
    assert_int_equal(check_session(cookies[2], &who), OC_OK);
    for (int i = 0; i < 3; i++) {
        free(cookies[i]);
    }
}

static void a_token_pushes_out_its_own_sessions_only(void **state)
{
    (void)state;
    struct oc_identity who;
    char *token = make_token("busy", "viewer", "90d"), *code = code_of_link(OC_ROLE_ADMIN);
    char *admin = login(code, &who), *first = login(token, &who);
    for (int i = 0; i < 40; i++) {
        stage_pass(&w.s, OC_SECOND);
        free(login(token, &who));
    }
    assert_int_equal(json_array_size(stage_ask(&w.s, "session.list", NULL)), 33);
    assert_int_equal(check_session(admin, &who), OC_OK);
    assert_int_equal(check_session(first, &who), OC_E_AUTH);
    free(first);
    free(admin);
    free(code);
    free(token);
}

static void the_first_start_is_over_when_somebody_has_signed_in(void **state)
{
    (void)state;
    struct oc_identity who;
    assert_true(oc_json_bool(stage_ask(&w.s, "access.first", NULL), "first", false));
    char *code = code_of_link(OC_ROLE_ADMIN);
    assert_true(oc_access_is_virgin(w.a)); /* a link alone is nothing yet */
    free(login(code, &who));
    assert_false(oc_json_bool(stage_ask(&w.s, "access.first", NULL), "first", true));
    free(code);
}

static void without_a_listener_there_is_no_link(void **state)
{
    (void)state;
    json_array_clear(w.listeners);
    assert_int_equal(stage_refused(&w.s, "login", NULL), OC_E_CONFLICT);
    json_array_append_new(w.listeners,
                          json_pack("{s:s, s:s}", "url", "http://[::1]:3002", "serves", "bridge"));
    json_array_append_new(w.listeners, json_pack("{s:s, s:s, s:s}", "url", "http://x", "serves",
                                                 "all", "error", "in use"));
    assert_int_equal(stage_refused(&w.s, "login", NULL), OC_E_CONFLICT);
}

static void the_doctor_warns_of_listeners_without_tls(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        int tls;
        size_t findings;
    } table[] = {{"127.0.0.1", 0, 0}, {"127.8.9.1", 0, 0}, {"::1", 0, 0},    {"0.0.0.0", 0, 1},
                 {"::", 0, 1},        {"192.0.2.1", 0, 1}, {"0.0.0.0", 1, 0}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        json_array_clear(w.listeners);
        json_array_append_new(
            w.listeners, json_pack("{s:s, s:b}", "address", table[i].address, "tls", table[i].tls));
        assert_int_equal(json_array_size(stage_ask(&w.s, "access.doctor", NULL)),
                         table[i].findings);
    }
}

static void the_doctor_tells_of_listeners_that_are_not_as_they_should_be(void **state)
{
    (void)state;
    static const struct {
        const char *error;
        bool listening;
        int64_t expires_in;
        const char *severity, *words;
    } table[] = {
        {"cannot listen: Address already in use", false, 0, "error", "does not listen"},
        {"api.tls.key: it is none", true, 90 * OC_DAY, "error", "certificate files"},
        {NULL, true, 10 * OC_DAY, "warning", "expires within two weeks"},
        {NULL, true, -OC_DAY, "error", "has expired"},
    };
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        json_t *row = json_pack("{s:s, s:i, s:b}", "address", "127.0.0.1", "port", 3000, "tls", 1);
        oc_json_set_str(row, "error", table[i].error);
        oc_json_set_str(row, "url", "https://127.0.0.1:3000");
        oc_json_set_bool(row, "listening", table[i].listening);
        if (table[i].expires_in) {
            oc_json_set_time(row, "certificate_expires_at", oc_time_wall() + table[i].expires_in);
        }
        json_array_clear(w.listeners);
        json_array_append_new(w.listeners, row);
        json_t *list = stage_ask(&w.s, "access.doctor", NULL);
        assert_int_equal(json_array_size(list), 1);
        assert_string_equal(oc_json_str(json_array_get(list, 0), "severity", ""),
                            table[i].severity);
        assert_non_null(
            strstr(oc_json_str(json_array_get(list, 0), "message", ""), table[i].words));
    }
}

static void the_doctor_tells_of_tokens_that_end_soon(void **state)
{
    (void)state;
    free(make_token("soon", "viewer", "3d"));
    free(make_token("later", "viewer", "90d"));
    free(make_token("never", "viewer", "0"));
    assert_int_equal(json_array_size(stage_ask(&w.s, "access.doctor", NULL)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_signs_one_browser_in_once),
        TEST(behind_a_proxy_a_link_has_its_address),
        TEST(a_link_ends_after_a_quarter_of_an_hour),
        TEST(a_clock_that_is_set_back_gives_no_link_new_life),
        TEST(the_oldest_of_many_links_makes_room),
        TEST(a_token_signs_in_with_its_role),
        TEST(it_is_known_who_is_behind_a_session),
        TEST(a_session_ends_with_its_token),
        TEST(a_session_does_not_outlive_its_token),
        TEST(a_session_lives_on_while_it_is_used),
        TEST(no_session_lives_longer_than_a_month),
        TEST(a_session_that_nobody_uses_ends_after_a_month_as_well),
        TEST(a_session_survives_a_restart_and_a_logout_ends_it),
        TEST(sessions_that_end_together_end_in_one_transaction),
        TEST(sessions_can_be_listed_and_revoked),
        TEST(too_many_sessions_push_out_the_one_that_was_unused_for_longest),
        TEST(a_token_pushes_out_its_own_sessions_only),
        TEST(the_first_start_is_over_when_somebody_has_signed_in),
        TEST(without_a_listener_there_is_no_link),
        TEST(the_doctor_warns_of_listeners_without_tls),
        TEST(the_doctor_tells_of_listeners_that_are_not_as_they_should_be),
        TEST(the_doctor_tells_of_tokens_that_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
