/* Tests of core/loop/watch.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/loop/watch.h"

struct probe {
    struct oc_loop *loop;
    struct oc_watch *watch;
    int ends[2], told;
    bool read;
};

static void on_something(void *ctx)
{
    struct probe *p = ctx;
    char c;
    p->told++;
    if (p->read) {
        assert_int_equal(read(p->ends[0], &c, 1), 1);
    }
}

static int create(void **state)
{
    static struct probe p;
    p = (struct probe){.loop = oc_loop_create(), .read = true};
    assert_int_equal(pipe(p.ends), 0);
    p.watch = oc_watch_create(p.loop, p.ends[0], on_something, &p);
    assert_non_null(p.watch);
    *state = &p;
    return 0;
}

static int destroy(void **state)
{
    struct probe *p = *state;
    oc_watch_destroy(p->watch);
    oc_loop_destroy(p->loop);
    close(p->ends[0]);
    close(p->ends[1]);
    return 0;
}

static void it_tells_what_can_be_read_from_its_start_on(void **state)
{
    struct probe *p = *state;
    assert_int_equal(write(p->ends[1], "ab", 2), 2);
    oc_loop_step(p->loop, false);
    assert_int_equal(p->told, 0);
    oc_watch_start(p->watch);
    oc_loop_step(p->loop, true);
    oc_loop_step(p->loop, true);
    assert_int_equal(p->told, 2); /* what was left is told again */
    oc_loop_step(p->loop, false);
    assert_int_equal(p->told, 2);
}

static void a_stopped_one_tells_nothing_until_it_is_started_again(void **state)
{
    struct probe *p = *state;
    oc_watch_start(p->watch);
    oc_watch_stop(p->watch);
    assert_int_equal(write(p->ends[1], "a", 1), 1);
    oc_loop_step(p->loop, false);
    assert_int_equal(p->told, 0);
    oc_watch_start(p->watch);
    oc_loop_step(p->loop, true);
    assert_int_equal(p->told, 1);
}

static void the_end_is_told(void **state)
{
    struct probe *p = *state;
    p->read = false;
    oc_watch_start(p->watch);
    close(p->ends[1]);
    p->ends[1] = -1;
    oc_loop_step(p->loop, true);
    assert_int_equal(p->told, 1);
}

static void the_descriptor_stays_as_it_was(void **state)
{
    struct probe *p = *state;
    assert_int_equal(fcntl(p->ends[0], F_GETFL) & O_NONBLOCK, 0);
}

/* A reset connection is told with what came before it; what was not read at once must not be the last that is told. */
static void a_reset_is_told_until_all_is_read(void **state)
{
    struct probe *p = *state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    struct linger reset = {.l_onoff = 1};
    char bytes[4] = "";
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&a, sizeof a), 0);
    int server = accept(listener, NULL, NULL);
    p->read = false;
    struct oc_watch *w = oc_watch_create(p->loop, server, on_something, p);
    oc_watch_start(w);
    assert_int_equal(write(client, "ab", 2), 2);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
    for (int i = 1; i <= 3; i++) {
        oc_loop_step(p->loop, true);
        assert_int_equal(p->told, i);
    }
    (void)!read(server, bytes, sizeof bytes);
    oc_watch_destroy(w);
    oc_loop_step(p->loop, false);
    close(server);
    close(listener);
}

static void room_to_write_is_told_only_while_it_is_wanted(void **state)
{
    struct probe *p = *state;
    int told = 0;
    p->read = false;
    struct oc_watch *w = oc_watch_create(p->loop, p->ends[1], on_something, p);
    oc_watch_start(w);
    oc_loop_step(p->loop, false);
    assert_int_equal(p->told, told);
    oc_watch_writable(w, true);
    oc_watch_writable(w, true);
    oc_loop_step(p->loop, true);
    assert_int_equal(p->told, ++told);
    oc_watch_writable(w, false);
    oc_loop_step(p->loop, false);
    assert_int_equal(p->told, told);
    oc_watch_destroy(w);
    oc_loop_step(p->loop, false);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    struct probe *p = *state;
    assert_null(oc_watch_create(p->loop, -1, on_something, p));
    oc_watch_destroy(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_tells_what_can_be_read_from_its_start_on),
        TEST(a_stopped_one_tells_nothing_until_it_is_started_again),
        TEST(the_end_is_told),
        TEST(the_descriptor_stays_as_it_was),
        TEST(a_reset_is_told_until_all_is_read),
        TEST(room_to_write_is_told_only_while_it_is_wanted),
        TEST(what_cannot_be_watched_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
