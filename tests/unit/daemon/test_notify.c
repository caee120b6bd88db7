/* Tests of core/daemon/notify.c, with the test in the place of systemd. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/daemon/notify.h"

static char path[64];
static int fd;

static int bind_to(const char *name, size_t len)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    memcpy(addr.sun_path, name, len);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return bind(fd, (const struct sockaddr *)&addr, size);
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/oc-notify-%d", (int)getpid());
    unlink(path);
    fd = -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(fd);
    unlink(path);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static void assert_received(const char *text)
{
    char buf[128];
    ssize_t n = recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    buf[n] = '\0';
    assert_string_equal(buf, text);
}

static void a_state_is_one_datagram(void **state)
{
    (void)state;
    assert_int_equal(bind_to(path, strlen(path)), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    oc_notify("READY=1");
    oc_notify("STOPPING=1");
    assert_received("READY=1");
    assert_received("STOPPING=1");
}

static void an_abstract_socket_is_reached_too(void **state)
{
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "@oc-notify-%d", (int)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = '\0';
    assert_int_equal(bind_to(name, 1 + strlen(name + 1)), 0);
    oc_notify("READY=1");
    assert_received("READY=1");
}

static void without_a_socket_that_is_one_nothing_happens(void **state)
{
    char longer[300];
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    oc_notify("READY=1");
    memset(longer, '/', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *const wrong[] = {"", "relative", "/nowhere/at/all", longer};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        oc_notify("READY=1");
    }
}

static void the_watchdog_is_fed_from_the_loop(void **state)
{
    (void)state;
    struct oc_loop *loop = oc_loop_create();
    assert_int_equal(bind_to(path, strlen(path)), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", "20000", 1);
    struct oc_timer *t = oc_notify_watchdog(loop);
    assert_non_null(t);
    oc_loop_step(loop, true);
    oc_loop_step(loop, true);
    assert_received("WATCHDOG=1");
    oc_timer_destroy(t);
    oc_loop_destroy(loop);
}

static void a_watchdog_of_another_process_or_none_is_not_fed(void **state)
{
    static const char *const wrong[] = {"", "0", "-5", "soon", "1"};
    (void)state;
    struct oc_loop *loop = oc_loop_create();
    assert_null(oc_notify_watchdog(loop));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("WATCHDOG_USEC", wrong[i], 1);
        assert_null(oc_notify_watchdog(loop));
    }
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    assert_null(oc_notify_watchdog(loop));
    oc_loop_destroy(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_state_is_one_datagram),
        TEST(an_abstract_socket_is_reached_too),
        TEST(without_a_socket_that_is_one_nothing_happens),
        TEST(the_watchdog_is_fed_from_the_loop),
        TEST(a_watchdog_of_another_process_or_none_is_not_fed),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
