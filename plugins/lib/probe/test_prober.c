/* Tests of the prober against real sockets. SPDX-License-Identifier: MIT */
#include "probe/probe.h"
#include "probe/testing/peer.h"
#include "probe/testing/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define REQUEST "ping\r\n\r\n"

struct probe {
    struct oc_probe p; /* first */
    char answer[64], reason[200];
    size_t len;
    int done, resets, code;
    uint64_t at_flush; /* flushes seen when it was done */
    uint64_t place;    /* 1: the first that was done */
};

static struct oc_prober prober;
static int32_t cancelled;
static unsigned flushes, finished;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The protocol of these tests: an answer is one line. */
static enum oc_probe_step receive(struct oc_probe *p, const char *data, size_t len)
{
    struct probe *t = (struct probe *)p;
    if (len == 0) {
        p->detail = "cut";
        return OC_PROBE_BAD;
    }
    assert_true(t->len + len < sizeof t->answer);
    memcpy(t->answer + t->len, data, len);
    t->len += len;
    p->reuse = true;
    return t->answer[t->len - 1] == '\n' ? OC_PROBE_DONE : OC_PROBE_MORE;
}

static bool done(struct oc_probe *p)
{
    struct probe *t = (struct probe *)p;
    t->done++;
    t->at_flush = flushes;
    t->place = ++finished;
    oc_probe_reason(p, t->reason, sizeof t->reason);
    if (t->code) {
        oc_prober_abort(p->prober, t->code);
    }
    return false;
}

static void reset(struct oc_probe *p)
{
    struct probe *t = (struct probe *)p;
    t->resets++;
    t->len = 0;
}

static const struct oc_probe_ops ops = {receive, done, reset};
static const struct oc_probe_ops connect_only = {NULL, done, NULL};

static int32_t on_flush(void *ctx)
{
    (void)ctx;
    flushes++;
    return OC_OK;
}

static void probe_open(struct probe *t, const char *host, int port, uint32_t timeout_ms)
{
    struct oc_error err = {.struct_size = sizeof err};
    memset(t, 0, sizeof *t);
    t->p.ops = &ops;
    t->p.to.host = host;
    t->p.to.port = (uint16_t)port;
    t->p.request = REQUEST;
    t->p.request_len = sizeof REQUEST - 1;
    t->p.timeout_ms = timeout_ms;
    assert_int_equal(oc_probe_init(&t->p, &prober, &err), OC_OK);
}

static int run(struct probe *first, size_t count, int64_t deadline_in)
{
    struct oc_error err = {.struct_size = sizeof err};
    struct oc_sink sink = {.struct_size = sizeof sink, .flush = on_flush};
    struct oc_request req = {
        .struct_size = sizeof req, .deadline_ms = now_ms() + deadline_in, .cancel = &cancelled};
    return oc_prober_run(&prober, &first->p, count, sizeof *first, &req, &sink, &err);
}

static void probes_close(struct probe *first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        oc_probe_finish(&first[i].p);
    }
}

static int set_up(void **state)
{
    (void)state;
    cancelled = 0;
    flushes = finished = 0;
    oc_prober_init(&prober, OC_TLS_DIR, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    oc_prober_finish(&prober);
    return 0;
}

/* ---- the ordinary ---- */

static void an_answer_is_received_and_timed(void **state)
{
    struct peer peer = peer_start(peer_reply, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.done, 1);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    assert_memory_equal(t.answer, "pong\n", 5);
    assert_true(t.p.times.connected > 0 && t.p.times.connected <= t.p.times.first_byte);
    assert_true(t.p.times.first_byte <= t.p.times.total);
    assert_int_equal(t.p.fd, -1);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void ipv6_works_as_well(void **state)
{
    struct peer peer = peer_start_on(AF_INET6, peer_reply, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "::1", peer.port, 5000);
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void a_literal_of_the_wrong_version_is_refused(void **state)
{
    struct oc_error err = {.struct_size = sizeof err};
    struct oc_endpoint to = {.host = "::1", .port = 80, .ip_version = OC_IP_4};
    (void)state;
    assert_int_equal(oc_endpoint_init(&to, &prober, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "::1 is not an IPv4 address");
}

static void a_dead_port_is_refused_with_and_without_a_request(void **state)
{
    struct probe t[2];
    int port = peer_dead_port();
    (void)state;
    probe_open(&t[0], "127.0.0.1", port, 5000);
    probe_open(&t[1], "127.0.0.1", port, 5000);
    t[1].p.request_len = 0;
    t[1].p.ops = &connect_only;
    assert_int_equal(run(t, 2, 10000), OC_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(t[i].p.outcome, OC_PROBE_CONNECT);
        assert_string_equal(t[i].reason, "connection refused");
    }
    probes_close(t, 2);
}

static void a_connection_alone_can_be_the_check(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    t.p.request_len = 0;
    t.p.ops = &connect_only;
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    assert_true(t.p.times.connected > 0);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void drip(int fd, struct peer_shared *shared, const void *ctx)
{
    peer_request(fd, shared);
    for (const char *c = ctx; *c; c++) {
        peer_send(fd, c, 1);
        usleep(5000);
    }
}

static void an_answer_may_come_byte_by_byte(void **state)
{
    struct peer peer = peer_start(drip, "slowly\n");
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    assert_memory_equal(t.answer, "slowly\n", 7);
    assert_true(t.p.times.total - t.p.times.first_byte > 20000);
    probes_close(&t, 1);
    peer_stop(&peer);
}

/* ---- faults of the peer ---- */

static void abort_connection(int fd, struct peer_shared *shared, const void *ctx)
{
    struct linger now = {1, 0};
    (void)ctx;
    peer_request(fd, shared);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void a_reset_is_reported_as_one(void **state)
{
    struct peer peer = peer_start(abort_connection, NULL);
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_IO);
    assert_string_equal(t.reason, "connection reset by the server");
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void the_protocol_judges_an_early_end(void **state)
{
    struct peer peer = peer_start(peer_reply_once, "half");
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_PROTOCOL);
    assert_string_equal(t.reason, "cut");
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void a_hung_peer_times_out_within_one_percent(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 1500);
    int64_t from = now_ms();
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_in_range(now_ms() - from, 1500, 1515);
    assert_int_equal(t.p.outcome, OC_PROBE_TIMEOUT);
    assert_string_equal(t.reason, "timed out after 1500ms (no response)");
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void hung_peers_do_not_delay_the_others(void **state)
{
    enum { COUNT = 400 };
    struct peer good = peer_start(peer_reply, "pong\n");
    int listener;
    int port;
    struct probe *t = calloc(COUNT, sizeof *t);
    (void)state;
    listener = peer_listen(AF_INET, COUNT, &port); /* the kernel accepts, nobody answers */
    for (size_t i = 0; i < COUNT; i++) {
        probe_open(&t[i], "127.0.0.1", i % 2 ? good.port : port, 2000);
    }
    assert_int_equal(run(t, COUNT, 10000), OC_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(t[i].done, 1);
        assert_int_equal(t[i].p.outcome, i % 2 ? OC_PROBE_OK : OC_PROBE_TIMEOUT);
        assert_true(t[i].place > COUNT / 2 ? i % 2 == 0 : i % 2 == 1);
        /* What was ready was handed on before the hung ones were waited for. */
        assert_true(i % 2 == 1 || t[i].at_flush >= 1);
    }
    probes_close(t, COUNT);
    free(t);
    close(listener);
    peer_stop(&good);
}

/* ---- kept connections ---- */

static void a_kept_connection_is_used_again(void **state)
{
    struct peer peer = peer_start(peer_reply, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    t.p.keep = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(&t, 1, 10000), OC_OK);
        assert_int_equal(t.p.outcome, OC_PROBE_OK);
        assert_int_equal(t.p.reused, i > 0);
    }
    assert_int_equal(peer.shared->connections, 1);
    assert_int_equal(peer.shared->requests, 3);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void a_kept_connection_that_was_closed_is_opened_anew(void **state)
{
    struct peer peer = peer_start(peer_reply_once, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    t.p.keep = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(&t, 1, 10000), OC_OK);
        assert_int_equal(t.p.outcome, OC_PROBE_OK);
        usleep(20000);
    }
    assert_int_equal(peer.shared->connections, 3);
    probes_close(&t, 1);
    peer_stop(&peer);
}

/* ---- limits of the call ---- */

static void the_deadline_of_the_call_is_kept(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 60000);
    int64_t from = now_ms();
    assert_int_equal(run(&t, 1, 500), OC_OK);
    assert_in_range(now_ms() - from, 400, 500);
    assert_int_equal(t.p.outcome, OC_PROBE_TIMEOUT);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void what_finds_no_slot_before_the_deadline_is_said_to_be_unchecked(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    struct probe t[3];
    (void)state;
    prober.max_active = 2;
    for (int i = 0; i < 3; i++) {
        probe_open(&t[i], "127.0.0.1", peer.port, 5000);
    }
    assert_int_equal(run(t, 3, 300), OC_OK);
    assert_int_equal(t[1].p.outcome, OC_PROBE_TIMEOUT);
    assert_int_equal(t[2].p.outcome, OC_PROBE_SKIPPED);
    assert_int_equal(t[2].done, 1);
    probes_close(t, 3);
    peer_stop(&peer);
}

static void a_cancel_is_seen_within_50_ms(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    struct probe t;
    (void)state;
    probe_open(&t, "127.0.0.1", peer.port, 5000);
    cancelled = 1;
    int64_t from = now_ms();
    assert_int_equal(run(&t, 1, 10000), OC_E_CANCELLED);
    assert_true(now_ms() - from < 100);
    assert_int_equal(t.p.outcome, OC_PROBE_CANCELLED);
    assert_int_equal(t.done, 1);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void a_sink_that_says_stop_ends_the_run(void **state)
{
    struct peer peer = peer_start(peer_reply, "pong\n");
    struct probe t[40];
    (void)state;
    for (int i = 0; i < 40; i++) {
        probe_open(&t[i], "127.0.0.1", peer.port, 5000);
        t[i].code = OC_E_PERMANENT;
    }
    assert_int_equal(run(t, 40, 10000), OC_E_PERMANENT);
    assert_int_equal(t[39].p.outcome, OC_PROBE_CANCELLED);
    probes_close(t, 40);
    peer_stop(&peer);
}

static void without_descriptors_probes_wait_for_one(void **state)
{
    struct peer peer = peer_start(peer_reply, "pong\n");
    struct rlimit before, few;
    struct probe t[60];
    (void)state;
    for (int i = 0; i < 60; i++) {
        probe_open(&t[i], "127.0.0.1", peer.port, 5000);
    }
    int lowest = dup(0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)lowest + 4; /* epoll and three sockets */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int code = run(t, 60, 10000);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(code, OC_OK);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(t[i].p.outcome, OC_PROBE_OK);
    }
    probes_close(t, 60);
    peer_stop(&peer);
}

/* ---- names ---- */

static void a_name_is_looked_up_once_and_then_remembered(void **state)
{
    struct peer peer = peer_start(peer_reply, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "localhost", peer.port, 5000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(&t, 1, 10000), OC_OK);
        assert_int_equal(t.p.outcome, OC_PROBE_OK);
        assert_int_equal(t.p.times.resolved > 0, i == 0);
    }
    probes_close(&t, 1);
    peer_stop(&peer);
}

/* The name of a service that moved while the connection to its old place was kept. */
static void a_kept_connection_that_was_closed_is_opened_to_where_the_name_leads(void **state)
{
    struct peer peer = peer_start(peer_reply_once, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "localhost", peer.port, 5000);
    t.p.keep = true;
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    for (unsigned i = 0; i < t.p.to.name->count; i++) {
        assert_true(oc_addr_parse(&t.p.to.name->addrs[i], "127.0.0.2")); /* nobody listens there */
    }
    t.p.to.name->fresh_until_ms = 0;
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    assert_true(t.p.resolved);
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void the_next_address_is_tried_when_one_refuses(void **state)
{
    struct peer peer = peer_start(peer_reply, "pong\n");
    struct probe t;
    (void)state;
    probe_open(&t, "two-addresses", peer.port, 5000);
    struct oc_name *name = t.p.to.name;
    name->addrs = calloc(2, sizeof name->addrs[0]);
    assert_true(oc_addr_parse(&name->addrs[0], "127.0.0.2")); /* nobody listens there */
    assert_true(oc_addr_parse(&name->addrs[1], "127.0.0.1"));
    name->count = 2;
    name->fresh_until_ms = INT64_MAX;
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_OK);
    t.p.to.ip_version = OC_IP_6;
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_string_equal(t.reason, "no address of the wanted IP version");
    probes_close(&t, 1);
    peer_stop(&peer);
}

static void a_name_that_does_not_exist_is_said_to(void **state)
{
    struct probe t;
    (void)state;
    probe_open(&t, "no-such-host.invalid", 80, 8000);
    assert_int_equal(run(&t, 1, 10000), OC_OK);
    assert_int_equal(t.p.outcome, OC_PROBE_RESOLVE);
    assert_non_null(strstr(t.reason, "cannot resolve no-such-host.invalid: the name"));
    probes_close(&t, 1);
}

static int threads(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/task");
    while (dir && readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

static void many_names_are_looked_up_at_once_and_no_thread_stays(void **state)
{
    enum { COUNT = 40 };
    static char hosts[COUNT][40];
    struct probe *t = calloc(COUNT, sizeof *t);
    int before = threads();
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(hosts[i], sizeof hosts[i], i % 2 ? "localhost" : "host-%zu.invalid", i);
        probe_open(&t[i], hosts[i], 1, 8000);
    }
    assert_int_equal(run(t, COUNT, 10000), OC_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(t[i].done, 1);
        assert_int_equal(t[i].p.outcome, i % 2 ? OC_PROBE_CONNECT : OC_PROBE_RESOLVE);
    }
    probes_close(t, COUNT);
    free(t);
    oc_prober_finish(&prober);
    assert_int_equal(threads(), before);
}

static void a_prober_can_be_finished_while_names_are_looked_up(void **state)
{
    struct probe t;
    (void)state;
    probe_open(&t, "host-0.invalid", 1, 8000);
    assert_false(oc_resolver_ready(prober.resolver, t.p.to.name, 0));
    probes_close(&t, 1);
    oc_prober_finish(&prober);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_received_and_timed),
        TEST(ipv6_works_as_well),
        TEST(a_literal_of_the_wrong_version_is_refused),
        TEST(a_dead_port_is_refused_with_and_without_a_request),
        TEST(a_connection_alone_can_be_the_check),
        TEST(an_answer_may_come_byte_by_byte),
        TEST(a_reset_is_reported_as_one),
        TEST(the_protocol_judges_an_early_end),
        TEST(a_hung_peer_times_out_within_one_percent),
        TEST(hung_peers_do_not_delay_the_others),
        TEST(a_kept_connection_is_used_again),
        TEST(a_kept_connection_that_was_closed_is_opened_anew),
        TEST(the_deadline_of_the_call_is_kept),
        TEST(what_finds_no_slot_before_the_deadline_is_said_to_be_unchecked),
        TEST(a_cancel_is_seen_within_50_ms),
        TEST(a_sink_that_says_stop_ends_the_run),
        TEST(without_descriptors_probes_wait_for_one),
        TEST(a_name_is_looked_up_once_and_then_remembered),
        TEST(a_kept_connection_that_was_closed_is_opened_to_where_the_name_leads),
        TEST(the_next_address_is_tried_when_one_refuses),
        TEST(a_name_that_does_not_exist_is_said_to),
        TEST(many_names_are_looked_up_at_once_and_no_thread_stays),
        TEST(a_prober_can_be_finished_while_names_are_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
