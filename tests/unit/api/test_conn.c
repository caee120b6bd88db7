/* Tests of core/api/conn.c: what a connection has sent beyond its requests. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/api/server_internal.h"

static struct oc_listen listener;
static struct oc_engine engine = {.listen = &listener};
static struct oc_conn conn;
static int client;

static void connect_by_tcp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, len), 0);
    conn = (struct oc_conn){.engine = &engine, .fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC)};
    assert_true(conn.fd >= 0);
    close(fd);
}

/* The kernel counts no bytes of such a socket. */
static void connect_without_counters(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    conn = (struct oc_conn){.engine = &engine, .fd = fds[0]};
    client = fds[1];
}

/* That many bytes have come and were read. */
static void exchange(size_t count)
{
    char bytes[64] = {0};
    assert_int_equal(write(client, bytes, count), count);
    assert_int_equal(recv(conn.fd, bytes, count, MSG_WAITALL), count);
}

static void leave(void)
{
    close(client);
    close(conn.fd);
}

static void what_is_beyond_the_requests_is_of_another_one(void **state)
{
    (void)state;
    connect_by_tcp();
    assert_true(oc_conn_rests(&conn) && !oc_conn_has_more(&conn));
    exchange(40);
    assert_true(!oc_conn_rests(&conn) && oc_conn_has_more(&conn));
    conn.claimed = 38; /* an empty line behind the request */
    assert_true(oc_conn_rests(&conn) && !oc_conn_has_more(&conn));
    conn.claimed = -1;
    assert_false(oc_conn_rests(&conn) || oc_conn_has_more(&conn));
    leave();
}

static void an_empty_line_behind_each_of_several_bodies_is_no_certain_sign(void **state)
{
    (void)state;
    connect_by_tcp();
    exchange(26);
    conn.claimed = 20;
    conn.beside = 6; /* three bodies: it may rest, or have sent the beginning of a request */
    assert_false(oc_conn_rests(&conn) || oc_conn_has_more(&conn));
    exchange(4);
    assert_true(!oc_conn_rests(&conn) && oc_conn_has_more(&conn));
    leave();
}

static void where_nothing_is_counted_neither_is_certain(void **state)
{
    (void)state;
    connect_without_counters();
    assert_false(oc_conn_rests(&conn) || oc_conn_has_more(&conn));
    exchange(40);
    assert_false(oc_conn_rests(&conn) || oc_conn_has_more(&conn));
    leave();
}

static void what_is_under_way_is_known_already(void **state)
{
    (void)state;
    struct oc_http_request request = {0};
    connect_by_tcp();
    exchange(40);
    conn.request = &request;
    assert_false(oc_conn_rests(&conn) || oc_conn_has_more(&conn));
    leave();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_beyond_the_requests_is_of_another_one),
        cmocka_unit_test(an_empty_line_behind_each_of_several_bodies_is_no_certain_sign),
        cmocka_unit_test(where_nothing_is_counted_neither_is_certain),
        cmocka_unit_test(what_is_under_way_is_known_already),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
