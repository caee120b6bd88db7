/* Tests of the tcp collector against scripted and real servers. SPDX-License-Identifier: MIT */
#include "probe/testing/fixture.h"
#include "probe/testing/peer.h"
#include "probe/testing/test.h"
#include "probe/testing/tls_server.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <openclaw/testkit.h>

static void check(int port, const char *extra)
{
    char json[1024];
    snprintf(json, sizeof json,
             "{\"targets\": [{\"name\": \"a\", \"host\": \"127.0.0.1\", \"port\": %d%s}]}", port,
             extra);
    oc_test_config(t, json);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_null(oc_test_complaint(t));
}

static void expect(int state, const char *part)
{
    assert_int_equal(oc_test_status(t, "a"), state);
    assert_non_null(strstr(oc_test_status_text(t, "a"), part));
    assert_float_equal(oc_test_sample(t, "tcp.up", "target", "a"), state != OC_STATE_CRITICAL, 0);
    assert_int_equal(oc_test_stop(t), 0);
}

/* Says its greeting, then echoes. */
static void greet(int fd, struct peer_shared *shared, const void *ctx)
{
    char buf[256];
    ssize_t n;
    (void)shared;
    peer_say(fd, ctx);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0) {
        peer_send(fd, buf, (size_t)n);
    }
}

static void drip(int fd, struct peer_shared *shared, const void *ctx)
{
    (void)shared;
    for (const char *c = ctx; *c; c++) {
        peer_send(fd, c, 1);
        usleep(3000);
    }
}

static void a_wrong_configuration_is_refused(void **state)
{
    (void)state;
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    oc_test_config(t, "{\"targets\": [{\"name\": \"x\", \"host\": \"h\"}]}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "target x: host and port must be set");
    oc_test_config(t, "{\"host\": \"h\", \"port\": 70000}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    oc_test_config(t, "{\"host\": \"::1\", \"port\": 7, \"ip_version\": \"4\"}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
}

static void two_targets_of_one_name_are_refused(void **state)
{
    (void)state;
    oc_test_config(t, "{\"host\": \"::1\", \"targets\": [{\"name\": \"x\", \"port\": 1}, "
                      "{\"name\": \"y\", \"port\": 2}, {\"name\": \"x\", \"port\": 3}]}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "two targets are named \"x\"");
}

static void a_service_that_accepts_is_up(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    (void)state;
    check(peer.port, "");
    assert_true(oc_test_sample(t, "tcp.connect_ms", "target", "a") >= 0);
    assert_true(oc_test_sample(t, "tcp.response_ms", "target", "a") > 0);
    expect(OC_STATE_OK, "connected in ");
    peer_stop(&peer);
}

static void a_single_service_is_the_instance_itself(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    char port[16];
    (void)state;
    snprintf(port, sizeof port, "%d", peer.port);
    oc_test_option(t, "host", "localhost");
    oc_test_option(t, "port", port);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void a_dead_service_is_down_with_why(void **state)
{
    (void)state;
    check(peer_dead_port(), "");
    assert_true(isnan(oc_test_sample(t, "tcp.response_ms", "target", "a")));
    expect(OC_STATE_CRITICAL, "connection refused");
}

static void the_expected_text_may_come_unasked_asked_or_in_pieces(void **state)
{
    struct peer peer = peer_start(greet, "220 mail ready\r\n");
    struct peer slow = peer_start(drip, "+PONG\r\n");
    (void)state;
    check(peer.port, ",\"expect\":\"220 \"");
    expect(OC_STATE_OK, "answered in ");
    check(peer.port, ",\"send\":\"PING\\r\\n\",\"expect\":\"PING\"");
    expect(OC_STATE_OK, "answered in ");
    check(slow.port, ",\"expect\":\"PONG\"");
    expect(OC_STATE_OK, "answered in ");
    peer_stop(&peer);
    peer_stop(&slow);
}

static void a_wrong_answer_is_critical(void **state)
{
    struct peer closing = peer_start(drip, "-ERR\r\n");
    struct peer silent = peer_start(peer_hang, NULL);
    char flood[5001];
    (void)state;
    memset(flood, 'x', sizeof flood - 1);
    flood[sizeof flood - 1] = '\0';
    struct peer flooding = peer_start(greet, flood);
    check(closing.port, ",\"expect\":\"PONG\"");
    expect(OC_STATE_CRITICAL, "closed the connection before the expected text came");
    check(silent.port, ",\"send\":\"PING\",\"expect\":\"PONG\",\"timeout\":\"200ms\"");
    expect(OC_STATE_CRITICAL, "timed out after 200ms (no response)");
    check(flooding.port, ",\"expect\":\"PONG\"");
    expect(OC_STATE_CRITICAL, "the expected text did not come");
    peer_stop(&closing);
    peer_stop(&silent);
    peer_stop(&flooding);
}

static void slowness_is_a_warning(void **state)
{
    struct peer slow = peer_start(drip, "0123456789ready");
    (void)state;
    check(slow.port, ",\"expect\":\"ready\",\"warning\":\"10ms\",\"critical\":\"4s\"");
    expect(OC_STATE_WARNING, ", slower than 10 ms");
    peer_stop(&slow);
}

static void tls_is_verified(void **state)
{
    struct tls_server s;
    char extra[256];
    (void)state;
    assert_true(tls_server_start(&s, "localhost", 30, false));
    snprintf(extra, sizeof extra, ",\"tls\":true,\"ca_file\":\"%s\"", s.ca);
    check(s.port, extra);
    assert_float_equal(oc_test_sample(t, "tcp.tls_expiry_days", "target", "a"), 29.9, 0.2);
    assert_true(oc_test_sample(t, "tcp.tls_ms", "target", "a") > 0);
    expect(OC_STATE_OK, "connected in ");
    snprintf(extra, sizeof extra,
             ",\"tls\":true,\"ca_file\":\"%s\",\"send\":\"GET / "
             "HTTP/1.0\\r\\n\\r\\n\",\"expect\":\"200 ok\"",
             s.ca);
    check(s.port, extra);
    expect(OC_STATE_OK, "answered in ");
    check(s.port, ",\"tls\":true");
    expect(OC_STATE_CRITICAL, "TLS: ");
    tls_server_stop(&s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_configuration_is_refused),
        TEST(two_targets_of_one_name_are_refused),
        TEST(a_service_that_accepts_is_up),
        TEST(a_single_service_is_the_instance_itself),
        TEST(a_dead_service_is_down_with_why),
        TEST(the_expected_text_may_come_unasked_asked_or_in_pieces),
        TEST(a_wrong_answer_is_critical),
        TEST(slowness_is_a_warning),
        TEST(tls_is_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
