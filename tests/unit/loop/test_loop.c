/* Tests of core/loop/loop.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "core/loop/loop.h"

#define POSTS 2000

static struct oc_loop *loop;

static int create(void **state)
{
    (void)state;
    loop = oc_loop_create();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    oc_loop_destroy(loop); /* asserts that nothing was left open */
    return 0;
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static void a_loop_with_nothing_to_wait_for_returns(void **state)
{
    (void)state;
    oc_loop_run(loop);
    assert_false(oc_loop_step(loop, true));
    oc_loop_destroy(NULL);
}

static void posted_calls_run_in_order(void **state)
{
    (void)state;
    int first = 0, second = 0;
    oc_loop_post(loop, count, &first);
    oc_loop_post(loop, count, &second);
    oc_loop_post(loop, count, &first);
    oc_loop_run(loop);
    assert_int_equal(first, 2);
    assert_int_equal(second, 1);
}

static void post_again(void *ctx)
{
    int *left = ctx;
    if (--*left > 0) {
        oc_loop_post(loop, post_again, left);
    }
}

static void a_posted_call_may_post(void **state)
{
    (void)state;
    int left = 10;
    oc_loop_post(loop, post_again, &left);
    oc_loop_run(loop);
    assert_int_equal(left, 0);
}

static void stop(void *ctx)
{
    (void)ctx;
    oc_loop_stop(loop);
}

static void stop_ends_the_run(void **state)
{
    (void)state;
    int ran = 0;
    struct oc_timer *keeps_alive = oc_timer_create(loop, count, &ran);
    oc_timer_start(keeps_alive, 3600000, 0);
    oc_loop_post(loop, stop, NULL);
    oc_loop_run(loop);
    oc_loop_stop(loop); /* before the run it counts as well */
    oc_loop_run(loop);
    assert_int_equal(ran, 0);
    oc_timer_destroy(keeps_alive);
}

static void what_is_posted_at_the_end_still_runs(void **state)
{
    (void)state;
    int ran = 0;
    struct oc_loop *other = oc_loop_create();
    oc_loop_post(other, count, &ran);
    oc_loop_destroy(other);
    assert_int_equal(ran, 1);
}

struct poster {
    int next; /* the number that must come next; touched on the loop only */
    int *total;
};

struct message {
    struct poster *from;
    int number;
};

static struct message messages[4][POSTS];

static void take_message(void *ctx)
{
    struct message *m = ctx;
    assert_int_equal(m->number, m->from->next);
    m->from->next++;
    if (++*m->from->total == 4 * POSTS) {
        oc_loop_stop(loop);
    }
}

static void *post_many(void *arg)
{
    struct message *mine = arg;
    for (int i = 0; i < POSTS; i++) {
        oc_loop_post(loop, take_message, &mine[i]);
    }
    return NULL;
}

static void posts_of_threads_all_arrive_each_in_its_order(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct poster posters[4];
    int total = 0, unused = 0;
    struct oc_timer *keeps_alive = oc_timer_create(loop, count, &unused);
    oc_timer_start(keeps_alive, 3600000, 0);
    for (size_t i = 0; i < 4; i++) {
        posters[i] = (struct poster){0, &total};
        for (int n = 0; n < POSTS; n++) {
            messages[i][n] = (struct message){&posters[i], n};
        }
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, messages[i]), 0);
    }
    oc_loop_run(loop);
    assert_int_equal(total, 4 * POSTS);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    oc_timer_destroy(keeps_alive);
}

static void count_and_stop(void *ctx)
{
    count(ctx);
    oc_loop_stop(loop);
}

static void the_last_registration_of_a_signal_wins(void **state)
{
    (void)state;
    int first = 0, second = 0, unused = 0;
    struct oc_timer *keeps_alive = oc_timer_create(loop, count, &unused);
    oc_timer_start(keeps_alive, 3600000, 0);
    oc_loop_on_signal(loop, SIGUSR1, count_and_stop, &first);
    oc_loop_on_signal(loop, SIGUSR1, count_and_stop, &second);
    oc_loop_on_signal(loop, SIGUSR2, count_and_stop, &first);
    kill(getpid(), SIGUSR1);
    oc_loop_run(loop);
    assert_int_equal(first, 0);
    assert_int_equal(second, 1);
    oc_loop_on_signal(loop, SIGUSR1, NULL, NULL);
    oc_loop_on_signal(loop, SIGHUP, NULL, NULL);
    oc_timer_destroy(keeps_alive);
}

static void watching_a_signal_does_not_keep_the_loop(void **state)
{
    (void)state;
    int unused = 0;
    oc_loop_on_signal(loop, SIGUSR1, count, &unused);
    oc_loop_run(loop);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_loop_with_nothing_to_wait_for_returns),
        LOOP_TEST(posted_calls_run_in_order),
        LOOP_TEST(a_posted_call_may_post),
        LOOP_TEST(stop_ends_the_run),
        LOOP_TEST(what_is_posted_at_the_end_still_runs),
        LOOP_TEST(posts_of_threads_all_arrive_each_in_its_order),
        LOOP_TEST(the_last_registration_of_a_signal_wins),
        LOOP_TEST(watching_a_signal_does_not_keep_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
