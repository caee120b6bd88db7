/* Tests of names that are looked up within the time of a call, and of connections. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "net/connect.h"
#include "net/testing/names.h"

#include <unistd.h>

static struct oc_lookup lookup;
static struct oc_addrs addrs;
static struct oc_error err;
static int32_t cancelled;
static unsigned starts_to_fail; /* of threads */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg)
{
    if (starts_to_fail > 0) {
        starts_to_fail--;
        return EAGAIN;
    }
    return __real_pthread_create(thread, attr, fn, arg);
}

static int set_up(void **state)
{
    (void)state;
    memset(&err, 0, sizeof err);
    err.struct_size = sizeof err;
    cancelled = 0;
    names.released = false;
    names.asked = 0;
    starts_to_fail = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    names_release();
    oc_lookup_finish(&lookup);
    return 0;
}

static int32_t look_up(const char *host, int64_t within_ms)
{
    struct oc_request req = {.struct_size = sizeof req,
                             .deadline_ms = oc_monotonic_ms() + within_ms,
                             .cancel = &cancelled};
    struct oc_wait wait = {&req, req.deadline_ms};
    return oc_lookup_run(&lookup, host, &wait, &addrs, &err);
}

static int connect_to(const char *first, const char *second, unsigned port, int64_t within_ms)
{
    struct oc_request req = {.struct_size = sizeof req,
                             .deadline_ms = oc_monotonic_ms() + within_ms,
                             .cancel = &cancelled};
    struct oc_wait wait = {&req, req.deadline_ms};
    assert_true(oc_addr_parse(&addrs.at[0], first));
    assert_true(oc_addr_parse(&addrs.at[1], second));
    addrs.count = 2;
    return oc_net_connect(&addrs, port, SOCK_STREAM, &wait);
}

/* ---- names ---- */

static void a_literal_needs_no_thread(void **state)
{
    char text[OC_ADDR_TEXT_MAX];
    (void)state;
    assert_int_equal(look_up("::1", 0), OC_OK);
    assert_int_equal(addrs.count, 1);
    assert_string_equal(oc_addr_text(&addrs.at[0], text), "[::1]:0");
    assert_null(lookup.resolver);
}

static void a_name_has_all_its_addresses_and_is_remembered(void **state)
{
    char text[OC_ADDR_TEXT_MAX];
    (void)state;
    names_set("127.0.0.2", "::1");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(look_up("set.names.test", 10000), OC_OK);
        assert_int_equal(addrs.count, 2);
        assert_string_equal(oc_addr_text(&addrs.at[0], text), "127.0.0.2:0");
        assert_string_equal(oc_addr_text(&addrs.at[1], text), "[::1]:0");
    }
    assert_int_equal(names.asked, 1);
}

static void a_name_that_is_forgotten_is_looked_up_anew(void **state)
{
    char text[OC_ADDR_TEXT_MAX];
    (void)state;
    oc_lookup_forget(&lookup, "set.names.test"); /* nothing is known of any name */
    names_set("127.0.0.2", NULL);
    assert_int_equal(look_up("set.names.test", 10000), OC_OK);
    names_set("127.0.0.3", NULL);
    oc_lookup_forget(&lookup, "other.names.test");
    assert_int_equal(look_up("set.names.test", 10000), OC_OK);
    assert_string_equal(oc_addr_text(&addrs.at[0], text), "127.0.0.2:0");
    oc_lookup_forget(&lookup, "set.names.test");
    assert_int_equal(look_up("set.names.test", 10000), OC_OK);
    assert_string_equal(oc_addr_text(&addrs.at[0], text), "127.0.0.3:0");
}

static void a_name_service_that_hangs_does_not_hold_the_call(void **state)
{
    (void)state;
    assert_int_equal(look_up("a.hangs.test", 50), OC_E_TIMEOUT);
    assert_string_equal(err.message, "a.hangs.test: the name service does not answer in time");
    names_await_hanging();
    assert_int_equal(look_up("a.hangs.test", 50), OC_E_TIMEOUT);
    assert_int_equal(names.hanging, 1); /* nobody asks twice */
    cancelled = 1;
    assert_int_equal(look_up("a.hangs.test", 60000), OC_E_CANCELLED);
}

static void an_answer_that_came_late_is_for_the_next_call(void **state)
{
    (void)state;
    assert_int_equal(look_up("a.hangs.test", 50), OC_E_TIMEOUT);
    names_await_hanging();
    names_release();
    assert_int_equal(look_up("a.hangs.test", 10000), OC_E_RETRY);
    assert_string_equal(err.message, "a.hangs.test: the name server does not answer");
}

static void a_look_up_that_hangs_is_left_behind(void **state)
{
    (void)state;
    assert_int_equal(look_up("a.hangs.test", 50), OC_E_TIMEOUT);
    names_await_hanging();
    oc_lookup_finish(&lookup); /* returns; the thread, once released, frees what it was left */
    assert_true(names_hanging());
}

static void a_thread_that_cannot_be_started_is_told_at_once_and_tried_again(void **state)
{
    (void)state;
    names_set("127.0.0.2", NULL);
    starts_to_fail = 1;
    assert_int_equal(look_up("set.names.test", 10000), OC_E_RETRY);
    assert_string_equal(err.message,
                        "set.names.test: no thread could be started to look the name up");
    struct oc_name *name = oc_resolver_get(lookup.resolver, "set.names.test");
    assert_false(oc_resolver_ready(lookup.resolver, name, name->fresh_until_ms));
    oc_resolver_put(lookup.resolver, name);
    assert_int_equal(look_up("set.names.test", 10000), OC_OK);
    assert_int_equal(names.asked, 1);
}

/* ---- connections ---- */

/* A listener whose queue is full: who connects gets no answer. `filler` fills it. */
static int open_black_hole(const char *host, unsigned *port, int filler[8])
{
    union oc_addr addr;
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(oc_addr_parse(&addr, host));
    oc_addr_set_port(&addr, *port);
    assert_int_equal(bind(fd, &addr.any, oc_addr_len(&addr)), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, &addr.any, &len), 0);
    *port = oc_addr_port(&addr);
    for (int i = 0; i < 8; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(filler[i], &addr.any, oc_addr_len(&addr));
    }
    return fd;
}

static void an_address_that_swallows_everything_leaves_time_for_the_next(void **state)
{
    unsigned port = 0;
    int filler[8], hole = open_black_hole("127.0.0.2", &port, filler);
    union oc_addr good;
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(oc_addr_parse(&good, "127.0.0.1"));
    oc_addr_set_port(&good, port);
    assert_int_equal(bind(listener, &good.any, oc_addr_len(&good)), 0);
    assert_int_equal(listen(listener, 1), 0);
    int fd = connect_to("127.0.0.2", "127.0.0.1", port, 1000);
    assert_true(fd >= 0);
    close(fd);
    close(listener);
    assert_int_equal(connect_to("127.0.0.1", "127.0.0.2", port, 300), -ETIMEDOUT);
    cancelled = 1;
    assert_int_equal(connect_to("127.0.0.2", "127.0.0.2", port, 60000), -ECANCELED);
    for (int i = 0; i < 8; i++) {
        close(filler[i]);
    }
    close(hole);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_literal_needs_no_thread),
        TEST(a_name_has_all_its_addresses_and_is_remembered),
        TEST(a_name_that_is_forgotten_is_looked_up_anew),
        TEST(a_name_service_that_hangs_does_not_hold_the_call),
        TEST(an_answer_that_came_late_is_for_the_next_call),
        TEST(a_look_up_that_hangs_is_left_behind),
        TEST(a_thread_that_cannot_be_started_is_told_at_once_and_tried_again),
        TEST(an_address_that_swallows_everything_leaves_time_for_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
