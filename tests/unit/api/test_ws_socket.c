/* Tests of core/api/socket/socket.c over a socket pair. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "core/api/socket/socket.h"
#include "core/base/buf.h"
#include "core/base/time.h"

struct probe {
    struct oc_loop *loop;
    struct oc_socket *socket;
    int peer;
    struct oc_buf said;
    int drained, closed;
    bool destroy; /* from within on_message */
};

static void on_message(void *ctx, bool text, const char *data, size_t len)
{
    struct probe *p = ctx;
    oc_buf_adds(&p->said, text ? "T:" : "B:");
    oc_buf_add(&p->said, data, len);
    if (p->destroy) {
        oc_socket_destroy(p->socket);
        p->socket = NULL;
    }
}

static void on_drained(void *ctx)
{
    ((struct probe *)ctx)->drained++;
}

static void on_closed(void *ctx)
{
    struct probe *p = ctx;
    p->closed++;
    p->socket = NULL;
}

static const struct oc_socket_handler handler = {on_message, on_drained, on_closed};

static void open_socket(struct probe *p, const char *extra)
{
    int ends[2], small = 4096;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    p->peer = ends[1];
    p->socket = oc_socket_open(p->loop, NULL, ends[0], (struct oc_view){extra, strlen(extra)}, 1000,
                               &handler, p);
    assert_non_null(p->socket);
}

static int create(void **state)
{
    static struct probe p;
    oc_time_fake(1000000, 1000000);
    p = (struct probe){.loop = oc_loop_create()};
    *state = &p;
    return 0;
}

static int destroy(void **state)
{
    struct probe *p = *state;
    oc_socket_destroy(p->socket);
    close(p->peer);
    oc_loop_step(p->loop, false);
    oc_loop_destroy(p->loop);
    oc_buf_finish(&p->said);
    oc_time_fake(-1, -1);
    return 0;
}

static void turn(struct probe *p)
{
    for (int i = 0; i < 4; i++) {
        oc_loop_step(p->loop, false);
    }
}

static void push(struct probe *p, size_t len, bool droppable)
{
    char *data = calloc(1, len);
    struct oc_packet *packet = oc_packet_create(OC_WS_BINARY, data, len);
    oc_socket_send(p->socket, packet, droppable);
    oc_packet_unref(packet);
    free(data);
}

static size_t read_all(struct probe *p)
{
    char chunk[65536];
    size_t sum = 0;
    ssize_t n;
    while ((n = recv(p->peer, chunk, sizeof chunk, MSG_DONTWAIT)) > 0) {
        sum += (size_t)n;
        turn(p);
    }
    return sum;
}

/* "hi", masked with zeros. */
#define HI "\x81\x82\0\0\0\0hi"

static void what_was_read_ahead_is_not_lost(void **state)
{
    struct probe *p = *state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    p->peer = ends[1];
    p->socket = oc_socket_open(p->loop, NULL, ends[0], (struct oc_view){HI, 8}, 1000, &handler, p);
    push(p, 10, false); /* a greeting */
    assert_null(p->said.data);
    turn(p);
    assert_string_equal(p->said.data, "T:hi");
}

static void a_queue_is_counted_and_drained(void **state)
{
    struct probe *p = *state;
    open_socket(p, "");
    push(p, 10, true);
    assert_int_equal(oc_socket_pending(p->socket), 0); /* the kernel took it */
    for (int i = 0; i < 100; i++) {
        push(p, 10000, true);
    }
    assert_true(oc_socket_pending(p->socket) > 500000);
    assert_int_equal(p->drained, 0);
    assert_int_equal(read_all(p), 12 + 100 * 10004);
    assert_int_equal(oc_socket_pending(p->socket), 0);
    assert_int_equal(p->drained, 1);
}

static void what_is_dropped_is_whole_packets_and_never_the_begun_one(void **state)
{
    struct probe *p = *state;
    open_socket(p, "");
    for (int i = 0; i < 20; i++) {
        push(p, 10000, true);
    }
    push(p, 500, false);
    const size_t sent = 20 * 10004 + 504 - oc_socket_pending(p->socket);
    const size_t dropped = oc_socket_drop(p->socket);
    assert_true(dropped > 0 && dropped < 20);
    const size_t whole = (20 - dropped) * 10004 + 504;
    assert_int_equal(oc_socket_pending(p->socket), whole - sent);
    assert_int_equal(read_all(p), whole);
    assert_int_equal(p->drained, 1);
}

static void a_reminder_comes_also_when_nothing_waits(void **state)
{
    struct probe *p = *state;
    open_socket(p, "");
    oc_socket_remind(p->socket);
    assert_int_equal(p->drained, 0);
    turn(p);
    assert_int_equal(p->drained, 1);
    turn(p);
    assert_int_equal(p->drained, 1);
}

static void both_say_good_bye(void **state)
{
    struct probe *p = *state;
    char answer[8];
    open_socket(p, "");
    oc_socket_close(p->socket, OC_WS_GOING, "bye");
    oc_socket_close(p->socket, OC_WS_POLICY, "not a second time");
    push(p, 10, false); /* nothing follows */
    assert_int_equal(recv(p->peer, answer, 7, MSG_DONTWAIT), 7);
    assert_memory_equal(answer,
                        "\x88\x05\x03\xe9"
                        "bye",
                        7);
    turn(p);
    assert_int_equal(p->closed, 0);
    assert_int_equal(send(p->peer, "\x88\x82\0\0\0\0\x03\xe9", 8, 0), 8);
    turn(p);
    assert_int_equal(p->closed, 1);
}

static void a_client_that_says_no_good_bye_is_not_waited_for(void **state)
{
    struct probe *p = *state;
    open_socket(p, "");
    oc_socket_close(p->socket, OC_WS_GOING, NULL);
    oc_socket_tick(p->socket, oc_time_mono() + OC_WS_CLOSE_WAIT - 1);
    turn(p);
    assert_int_equal(p->closed, 0);
    oc_socket_tick(p->socket, oc_time_mono() + OC_WS_CLOSE_WAIT);
    turn(p);
    assert_int_equal(p->closed, 1);
}

static void a_silent_client_is_pinged_and_then_given_up(void **state)
{
    struct probe *p = *state;
    char frame[8];
    int64_t now = oc_time_mono();
    open_socket(p, "");
    oc_socket_tick(p->socket, now + OC_WS_PING_EVERY - 1);
    assert_int_equal(recv(p->peer, frame, 8, MSG_DONTWAIT), -1);
    oc_socket_tick(p->socket, now + OC_WS_PING_EVERY);
    assert_int_equal(recv(p->peer, frame, 8, MSG_DONTWAIT), 2);
    assert_memory_equal(frame, "\x89\0", 2);
    oc_time_advance(OC_WS_PING_EVERY + 10);
    assert_int_equal(send(p->peer, "\x8a\x80\0\0\0\0", 6, 0), 6); /* it is there */
    turn(p);
    now = oc_time_mono();
    oc_socket_tick(p->socket, now + OC_WS_PING_EVERY);
    oc_socket_tick(p->socket, now + 2 * OC_WS_PING_EVERY - 1);
    turn(p);
    assert_int_equal(p->closed, 0);
    oc_socket_tick(p->socket, now + 2 * OC_WS_PING_EVERY);
    turn(p);
    assert_int_equal(p->closed, 1);
}

static void a_breach_is_answered_and_the_rest_not_listened_to(void **state)
{
    struct probe *p = *state;
    char frame[8];
    open_socket(p, "");
    assert_int_equal(send(p->peer, "\x81\x02hi" HI, 12, 0), 12);
    turn(p);
    assert_null(p->said.data);
    assert_int_equal(recv(p->peer, frame, 8, MSG_DONTWAIT), 4);
    assert_memory_equal(frame, "\x88\x02\x03\xea", 4);
    assert_int_equal(recv(p->peer, frame, 8, MSG_DONTWAIT), 0); /* it goes first */
    shutdown(p->peer, SHUT_WR);
    turn(p);
    assert_int_equal(p->closed, 1);
}

static void its_owner_may_destroy_it_from_within(void **state)
{
    struct probe *p = *state;
    open_socket(p, "");
    p->destroy = true;
    assert_int_equal(send(p->peer, HI HI, 16, 0), 16);
    turn(p);
    assert_string_equal(p->said.data, "T:hi");
    assert_int_equal(p->closed, 0);
}

static void a_client_that_leaves_is_told(void **state)
{
    struct probe *p = *state;
    open_socket(p, "");
    shutdown(p->peer, SHUT_RDWR);
    push(p, 100000, true); /* into the void */
    turn(p);
    assert_int_equal(p->closed, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_read_ahead_is_not_lost),
        TEST(a_queue_is_counted_and_drained),
        TEST(what_is_dropped_is_whole_packets_and_never_the_begun_one),
        TEST(a_reminder_comes_also_when_nothing_waits),
        TEST(both_say_good_bye),
        TEST(a_client_that_says_no_good_bye_is_not_waited_for),
        TEST(a_silent_client_is_pinged_and_then_given_up),
        TEST(a_breach_is_answered_and_the_rest_not_listened_to),
        TEST(its_owner_may_destroy_it_from_within),
        TEST(a_client_that_leaves_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
