/* Tests core/service/access: refusals, bars, the trail. SPDX-License-Identifier: MIT */
#include "tests/unit/service/access/world.h"

static void refuse(const char *reason, const char *peer)
{
    oc_access_refused(w.a,
                      &(struct oc_refusal){
                          .reason = reason, .peer = peer, .method = "GET", .path = "/api/health"});
}

static size_t lines_in(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

static void a_refusal_is_a_line_and_an_event(void **state)
{
    (void)state;
    refuse("bad-origin", "192.0.2.1");
    char *text = trail("security-events.log");
    json_t *line = json_loads(text, 0, NULL);
    assert_string_equal(oc_json_str(line, "event", ""), "refused");
    assert_string_equal(oc_json_str(line, "reason", ""), "bad-origin");
    assert_string_equal(oc_json_str(line, "peer", ""), "192.0.2.1");
    assert_string_equal(oc_json_str(line, "path", ""), "/api/health");
    assert_non_null(oc_json_str(line, "time", NULL));
    assert_int_equal(stage_count(&w.s, "security.refused"), 1);
    json_decref(line);
    free(text);
}

static void what_a_client_sends_cannot_make_a_second_line(void **state)
{
    (void)state;
    oc_access_refused(w.a,
                      &(struct oc_refusal){.reason = "bad-host",
                                           .peer = "192.0.2.1",
                                           .path = "/a\n{\"event\":\"forged\"}\r\n\x1b[2J\xff"});
    char *text = trail("security-events.log");
    assert_int_equal(lines_in(text), 1);
    assert_null(strchr(text, 0x1b));
    json_t *line = json_loads(text, 0, NULL);
    assert_string_equal(oc_json_str(line, "event", ""), "refused");
    json_decref(line);
    free(text);
}

static void an_operation_that_wants_a_higher_role_is_a_line_too(void **state)
{
    (void)state;
    oc_ops_call(w.s.env.ops,
                &(struct oc_call_request){.op = "token.list",
                                          .actor = {.name = "token:v", .role = OC_ROLE_VIEWER}});
    const json_t *data = stage_last(&w.s, "security.refused");
    assert_string_equal(oc_json_str(data, "reason", ""), "role");
    assert_string_equal(oc_json_str(data, "actor", ""), "token:v");
    assert_string_equal(oc_json_str(data, "path", ""), "token.list");
    oc_bus_publish(w.s.env.bus, "op.denied",
                   json_pack("{s:s,s:s,s:s,s:s}", "op", "alert.silence", "actor", "ann", "by",
                             "policy", "reason", "not on a Sunday"));
    data = stage_last(&w.s, "security.refused");
    assert_string_equal(oc_json_str(data, "reason", ""), "policy");
    assert_string_equal(oc_json_str(data, "path", ""), "alert.silence");
}

static void who_asks_over_the_api_is_told_with_the_address(void **state)
{
    (void)state;
    const struct oc_call_request req = {.op = "token.list",
                                        .actor = {.name = "token:v", .role = OC_ROLE_VIEWER}};
    const struct oc_refusal asking = {
        .peer = "192.0.2.1", .actor = "token:v", .method = "POST", .path = "token.list"};
    oc_access_asking(w.a, &asking);
    oc_ops_call(w.s.env.ops, &req);
    const json_t *data = stage_last(&w.s, "security.refused");
    assert_string_equal(oc_json_str(data, "peer", ""), "192.0.2.1");
    assert_string_equal(oc_json_str(data, "method", ""), "POST");
    oc_bus_publish(w.s.env.bus, "op.denied",
                   json_pack("{s:s,s:s}", "op", "token.list", "actor", "plugin:p"));
    assert_null(json_object_get(stage_last(&w.s, "security.refused"), "peer")); /* somebody else */
    oc_access_asking(w.a, NULL);
    oc_ops_call(w.s.env.ops, &req);
    assert_null(json_object_get(stage_last(&w.s, "security.refused"), "peer"));
}

static void that_a_token_has_expired_is_told_once(void **state)
{
    (void)state;
    char *token = make_token("short", "viewer", "1h");
    stage_pass(&w.s, 2 * OC_HOUR);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 1);
    restart();
    stage_pass(&w.s, 2 * OC_HOUR);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 1);
    free(token);
}

static void a_token_that_seemed_to_have_expired_is_told_again_when_it_does(void **state)
{
    (void)state;
    char *token = make_token("short", "viewer", "2h");
    struct oc_identity who;
    stage_set_clock(STAGE_WALL + OC_DAY);
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 1);
    stage_set_clock(STAGE_WALL + OC_MINUTE);
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(check(token, &who), OC_OK);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 1);
    restart();
    stage_pass(&w.s, 2 * OC_HOUR);
    assert_int_equal(check(token, &who), OC_E_AUTH);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 2);
    free(token);
}

static void the_trail_is_for_its_owner_alone(void **state)
{
    (void)state;
    char path[512];
    struct stat st;
    const mode_t mask = umask(0);
    refuse("csrf", "192.0.2.1");
    umask(mask);
    logs_path(path, sizeof path, "security-events.log");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void changes_are_written_without_secrets(void **state)
{
    (void)state;
    struct oc_identity who;
    char *token = make_token("grafana", "viewer", "90d"), *cookie = login(token, &who);
    char *wrong = login("oc_wrong", &who);
    stage_ask(&w.s, "token.revoke", "{\"token\":\"grafana\"}");
    char *text = trail("security-events.log"), *events = oc_json_text(w.s.events);
    assert_null(wrong);
    assert_non_null(strstr(text, "token.created"));
    assert_non_null(strstr(text, "session.opened"));
    assert_non_null(strstr(text, "revoked"));
    assert_int_equal(lines_in(text), 4);
    assert_null(strstr(text, token + 3));
    assert_null(strstr(text, cookie + 3));
    assert_null(strstr(events, token + 3));
    assert_null(strstr(events, cookie + 3));
    free(events);
    free(text);
    free(cookie);
    free(token);
}

static void a_full_trail_is_rotated_within_a_bound(void **state)
{
    (void)state;
    w.a->trail.max = 1000;
    for (int i = 0; i < 200; i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "192.0.2.%d", i);
        refuse("bad-origin", peer);
    }
    static const char *const names[] = {"security-events.log", "security-events.log.1",
                                        "security-events.log.4"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        char *text = trail(names[i]);
        assert_true(*text && strlen(text) <= 1000);
        free(text);
    }
    char *none = trail("security-events.log.5");
    assert_string_equal(none, "");
    free(none);
}

static void a_trail_that_was_moved_away_is_begun_anew(void **state)
{
    (void)state;
    char from[512], to[512];
    refuse("csrf", "192.0.2.1");
    logs_path(from, sizeof from, "security-events.log");
    logs_path(to, sizeof to, "kept");
    assert_int_equal(rename(from, to), 0);
    refuse("role", "192.0.2.1");
    char *old = trail("kept"), *text = trail("security-events.log");
    assert_int_equal(lines_in(old), 1);
    assert_int_equal(lines_in(text), 1);
    assert_non_null(strstr(text, "\"role\""));
    free(old);
    free(text);
}

static void a_trail_is_never_written_through_a_link(void **state)
{
    (void)state;
    char dir[512], path[512], target[512];
    logs_path(dir, sizeof dir, "");
    oc_dir_make(dir, 0700, NULL);
    logs_path(path, sizeof path, "security-events.log");
    logs_path(target, sizeof target, "target");
    assert_int_equal(symlink(target, path), 0);
    refuse("csrf", "192.0.2.1");
    assert_false(oc_file_exists(target));
    assert_int_equal(stage_count(&w.s, "security.refused"), 1);
}

static void one_peer_cannot_flood_the_trail(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        refuse("csrf", "192.0.2.1");
    }
    assert_int_equal(stage_count(&w.s, "security.refused"), OC_TRAIL_LINES);
    refuse("csrf", "192.0.2.2");
    assert_int_equal(stage_count(&w.s, "security.refused"), OC_TRAIL_LINES + 1);
    stage_pass(&w.s, OC_MINUTE);
    refuse("csrf", "192.0.2.1");
    char *text = trail("security-events.log");
    assert_non_null(strstr(text, "\"left_out\":980"));
    free(text);
}

static void wrong_tokens_bar_a_peer_for_growing_times(void **state)
{
    (void)state;
    static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    for (int i = 0; i < OC_PEER_FREE - 1; i++) {
        refuse("bad-token", "192.0.2.1");
        assert_false(oc_access_is_barred(w.a, "192.0.2.1"));
    }
    for (size_t i = 0; i < OC_COUNT(waits); i++) {
        refuse("bad-token", "192.0.2.1");
        assert_true(oc_access_is_barred(w.a, "192.0.2.1"));
        assert_int_equal(oc_access_wait(w.a, "192.0.2.1"), waits[i]);
        refuse("bad-token", "192.0.2.1"); /* while it waits */
        assert_int_equal(oc_access_wait(w.a, "192.0.2.1"), waits[i]);
        stage_pass(&w.s, waits[i] * OC_SECOND);
        assert_false(oc_access_is_barred(w.a, "192.0.2.1"));
    }
    assert_false(oc_access_is_barred(w.a, "192.0.2.2"));
    stage_pass(&w.s, 2 * OC_HOUR);
    refuse("bad-token", "192.0.2.1");
    assert_false(oc_access_is_barred(w.a, "192.0.2.1")); /* an hour of quiet forgets it */
}

static void other_refusals_bar_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        refuse("bad-session", "192.0.2.1");
        refuse("csrf", "192.0.2.1");
        refuse("role", "192.0.2.1");
    }
    assert_false(oc_access_is_barred(w.a, "192.0.2.1"));
}

static void failures_are_forgotten_whatever_else_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < OC_PEER_FREE - 1; i++) {
        refuse("bad-token", "192.0.2.1");
    }
    for (int i = 0; i < 3; i++) {
        stage_pass(&w.s, 40 * OC_MINUTE);
        refuse("role", "192.0.2.1");
    }
    refuse("bad-token", "192.0.2.1");
    assert_false(oc_access_is_barred(w.a, "192.0.2.1"));
}

static void a_foreign_peer_locks_nobody_out(void **state)
{
    (void)state;
    char *token = make_token("a", "viewer", "90d");
    struct oc_identity who;
    for (int i = 0; i < 100; i++) {
        refuse("bad-token", "127.0.0.1");
    }
    assert_true(oc_access_is_barred(w.a, "127.0.0.1"));
    assert_int_equal(check(token, &who), OC_OK);
    free(token);
}

static void the_addresses_of_one_network_count_as_one(void **state)
{
    (void)state;
    static const char *const table[][2] = {{"192.0.2.1", "192.0.2.1"},
                                           {"::ffff:192.0.2.1", "192.0.2.1"},
                                           {"2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"},
                                           {"2001:db8:1:2::1", "2001:0db8:0001:0002::/64"},
                                           {"::1", "::1"},
                                           {"unix:1000", "unix:1000"},
                                           {"", "?"},
                                           {NULL, "?"}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        char key[64];
        assert_string_equal(oc_peer_key(table[i][0], key), table[i][1]);
    }
}

static void what_is_known_of_peers_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * OC_PEERS_MAX; i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "10.0.%d.%d", i / 256, i % 256);
        oc_peers_failed(&w.a->peers, peer);
        oc_time_advance(1);
    }
    assert_int_equal(w.a->peers.count, OC_PEERS_MAX);
}

/* Who is refused for something else is no reason to forget who guesses. */
static void only_who_failed_too_makes_a_failure_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < OC_PEER_FREE - 1; i++) {
        refuse("bad-token", "192.0.2.1");
    }
    for (int i = 0; i < OC_PEERS_MAX; i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "10.0.%d.%d", i / 256, i % 256);
        oc_time_advance(1);
        refuse("csrf", peer);
    }
    refuse("bad-token", "192.0.2.1");
    assert_true(oc_access_is_barred(w.a, "192.0.2.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_is_a_line_and_an_event),
        TEST(what_a_client_sends_cannot_make_a_second_line),
        TEST(an_operation_that_wants_a_higher_role_is_a_line_too),
        TEST(who_asks_over_the_api_is_told_with_the_address),
        TEST(that_a_token_has_expired_is_told_once),
        TEST(a_token_that_seemed_to_have_expired_is_told_again_when_it_does),
        TEST(the_trail_is_for_its_owner_alone),
        TEST(changes_are_written_without_secrets),
        TEST(a_full_trail_is_rotated_within_a_bound),
        TEST(a_trail_that_was_moved_away_is_begun_anew),
        TEST(a_trail_is_never_written_through_a_link),
        TEST(one_peer_cannot_flood_the_trail),
        TEST(wrong_tokens_bar_a_peer_for_growing_times),
        TEST(other_refusals_bar_nobody),
        TEST(failures_are_forgotten_whatever_else_is_refused),
        TEST(a_foreign_peer_locks_nobody_out),
        TEST(the_addresses_of_one_network_count_as_one),
        TEST(what_is_known_of_peers_is_bounded),
        TEST(only_who_failed_too_makes_a_failure_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
