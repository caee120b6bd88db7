/* Tests of core/loop/listener.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/loop/stream.h"

struct server {
    struct oc_loop *loop;
    struct oc_listener *listener;
    int accepted, frames, closed;
};

static char dir[64], path[128];

static int create(void **state)
{
    static struct server server;
    oc_copy(dir, sizeof dir, "/tmp/oc-listener-XXXXXX");
    if (!mkdtemp(dir)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/control", dir);
    server = (struct server){.loop = oc_loop_create()};
    *state = &server;
    return 0;
}

static int destroy(void **state)
{
    struct server *server = *state;
    oc_listener_destroy(server->listener);
    oc_loop_destroy(server->loop);
    unlink(path);
    return rmdir(dir);
}

static void on_frame(void *ctx, struct oc_stream *s, const char *data, size_t len)
{
    struct server *server = ctx;
    server->frames++;
    oc_stream_send(s, data, len);
}

static void on_close(void *ctx, struct oc_stream *s)
{
    struct server *server = ctx;
    (void)s;
    server->closed++;
}

static const struct oc_stream_handler handler = {on_frame, on_close};

static void accepted(void *ctx, struct oc_stream *s)
{
    struct server *server = ctx;
    server->accepted++;
    oc_stream_handle(s, &handler, ctx);
}

static int listen_on(struct server *server, const char *at, struct oc_error *err)
{
    server->listener = oc_listener_create(server->loop, at, accepted, server, err);
    return server->listener ? 0 : err->code;
}

static struct sockaddr_un address_of_path(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    oc_copy(address.sun_path, sizeof address.sun_path, path);
    return address;
}

static int connect_client(void)
{
    struct sockaddr_un address = address_of_path();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void clients_are_accepted_and_answered(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    char got[6];
    assert_int_equal(listen_on(server, path, &err), 0);
    int a = connect_client(), b = connect_client();
    assert_int_equal(write(a, "\2\0\0\0{}", 6), 6);
    while (server->frames < 1 || server->accepted < 2) {
        oc_loop_step(server->loop, true);
    }
    assert_int_equal(recv(a, got, sizeof got, MSG_WAITALL), 6);
    assert_memory_equal(got, "\2\0\0\0{}", 6);
    close(a);
    close(b);
    while (server->closed < 2) {
        oc_loop_step(server->loop, true);
    }
}

static void the_socket_is_private_whatever_the_umask(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    struct stat st;
    mode_t before = umask(0);
    int rc = listen_on(server, path, &err);
    umask(before);
    assert_int_equal(rc, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_dead_socket_file_is_replaced(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    struct sockaddr_un address = address_of_path();
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    close(dead); /* the file stays */
    assert_int_equal(listen_on(server, path, &err), 0);
    int client = connect_client();
    while (server->accepted < 1) {
        oc_loop_step(server->loop, true);
    }
    close(client);
    while (server->closed < 1) {
        oc_loop_step(server->loop, true);
    }
}

static void a_socket_that_answers_is_left_alone(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    struct sockaddr_un address = address_of_path();
    int alive = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(alive, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(alive, 0), 0);
    assert_int_equal(listen_on(server, path, &err), OC_E_CONFLICT);
    assert_non_null(strstr(err.message, path));
    assert_true(strlen(err.hint) > 0);
    /* the first attempt filled the queue of length 0: now connect would block */
    assert_int_equal(listen_on(server, path, &err), OC_E_CONFLICT);
    assert_int_equal(access(path, F_OK), 0);
    close(alive);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    FILE *f = fopen(path, "w");
    fputs("precious", f);
    fclose(f);
    assert_int_equal(listen_on(server, path, &err), OC_E_CONFLICT);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
}

static void impossible_paths_are_refused(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    char deep[200], missing[160];
    memset(deep, 'x', sizeof deep - 1);
    deep[0] = '/';
    deep[sizeof deep - 1] = '\0';
    snprintf(missing, sizeof missing, "%s/none/control", dir);
    assert_int_equal(listen_on(server, deep, &err), OC_E_CONFIG);
    assert_int_equal(listen_on(server, "", &err), OC_E_CONFIG);
    assert_int_equal(listen_on(server, missing, &err), OC_E_NOT_FOUND);
    assert_null(oc_listener_create(server->loop, "", accepted, server, NULL));
    oc_listener_destroy(NULL);
}

static void the_socket_file_goes_with_the_listener_but_streams_stay(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    assert_int_equal(listen_on(server, path, &err), 0);
    int client = connect_client();
    while (server->accepted < 1) {
        oc_loop_step(server->loop, true);
    }
    oc_listener_destroy(server->listener);
    server->listener = NULL;
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(write(client, "\0\0\0\0", 4), 4);
    while (server->frames < 1) {
        oc_loop_step(server->loop, true);
    }
    close(client);
    while (server->closed < 1) {
        oc_loop_step(server->loop, true);
    }
}

static void the_file_of_a_successor_is_not_removed(void **state)
{
    struct server *server = *state;
    struct oc_error err;
    struct sockaddr_un address = address_of_path();
    char aside[160];
    assert_int_equal(listen_on(server, path, &err), 0);
    snprintf(aside, sizeof aside, "%s.old",
             path); /* keeps the inode, so that its number is not used again */
    assert_int_equal(rename(path, aside), 0);
    int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof address), 0);
    oc_listener_destroy(server->listener);
    server->listener = NULL;
    assert_int_equal(access(path, F_OK), 0);
    close(other);
    unlink(aside);
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(clients_are_accepted_and_answered),
        SERVER_TEST(the_socket_is_private_whatever_the_umask),
        SERVER_TEST(a_dead_socket_file_is_replaced),
        SERVER_TEST(a_socket_that_answers_is_left_alone),
        SERVER_TEST(a_file_that_is_no_socket_is_left_alone),
        SERVER_TEST(impossible_paths_are_refused),
        SERVER_TEST(the_socket_file_goes_with_the_listener_but_streams_stay),
        SERVER_TEST(the_file_of_a_successor_is_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
