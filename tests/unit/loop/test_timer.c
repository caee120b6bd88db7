/* Tests of core/loop/timer.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/time.h"
#include "core/loop/loop.h"

struct probe {
    struct oc_loop *loop;
    struct oc_timer *timer;
    int count, stop_at;
    int64_t at;
};

static void fire(void *ctx)
{
    struct probe *p = ctx;
    p->at = oc_time_mono();
    if (++p->count == p->stop_at) {
        oc_timer_stop(p->timer);
    }
}

static int create(void **state)
{
    static struct probe p;
    p = (struct probe){.loop = oc_loop_create()};
    p.timer = oc_timer_create(p.loop, fire, &p);
    *state = &p;
    return 0;
}

static int destroy(void **state)
{
    struct probe *p = *state;
    oc_timer_destroy(p->timer);
    oc_loop_destroy(p->loop);
    return 0;
}

static void a_new_timer_does_not_run(void **state)
{
    struct probe *p = *state;
    assert_false(oc_timer_active(p->timer));
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 0);
    oc_timer_destroy(NULL);
}

static void a_timer_without_repeat_fires_once(void **state)
{
    struct probe *p = *state;
    oc_timer_start(p->timer, -7, 0); /* long due counts as now */
    assert_true(oc_timer_active(p->timer));
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 1);
    assert_false(oc_timer_active(p->timer));
}

static void a_repeating_timer_fires_until_it_is_stopped(void **state)
{
    struct probe *p = *state;
    p->stop_at = 3;
    oc_timer_start(p->timer, 0, 1);
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 3);
}

static void starting_again_replaces_the_old_time(void **state)
{
    struct probe *p = *state;
    oc_timer_start(p->timer, 3600000, 0);
    oc_timer_start(p->timer, 1, 0);
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 1);
}

static void the_delay_counts_from_now_even_after_long_work(void **state)
{
    struct probe *p = *state;
    oc_loop_step(p->loop, false); /* libuv remembers this moment */
    int64_t busy_until = oc_time_mono() + 30;
    while (oc_time_mono() < busy_until) {
    }
    int64_t started = oc_time_mono();
    oc_timer_start(p->timer, 20, 0);
    oc_loop_run(p->loop);
    assert_true(p->at - started >= 19); /* both clocks are cut to whole ms */
}

static void destroy_in_callback(void *ctx)
{
    struct probe *p = ctx;
    p->count++;
    oc_timer_destroy(p->timer);
    p->timer = NULL;
}

static void a_timer_may_be_destroyed_in_its_own_call(void **state)
{
    struct probe *p = *state;
    oc_timer_destroy(p->timer);
    p->timer = oc_timer_create(p->loop, destroy_in_callback, p);
    oc_timer_start(p->timer, 0, 1);
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 1);
}

static void a_destroyed_timer_never_fires(void **state)
{
    struct probe *p = *state;
    oc_timer_start(p->timer, 0, 1);
    oc_timer_destroy(p->timer);
    p->timer = NULL;
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 0);
}

static void begin_anew(void *ctx)
{
    struct probe *p = ctx;
    if (++p->count < 1000) {
        oc_timer_start(p->timer, 0, 0);
    }
}

static void count_post(void *ctx)
{
    ++*(int *)ctx;
}

static void restarting(struct probe *p)
{
    oc_timer_destroy(p->timer);
    p->timer = oc_timer_create(p->loop, begin_anew, p);
    oc_timer_start(p->timer, 0, 0);
}

static void one_that_begins_anew_lets_the_others_have_their_turn(void **state)
{
    struct probe *p = *state;
    int posts = 0;
    restarting(p);
    for (int turn = 1; turn <= 10; turn++) {
        oc_loop_post(p->loop, count_post, &posts);
        assert_true(oc_loop_step(p->loop, false));
        assert_in_range(p->count, 1, turn);
        assert_int_equal(posts, turn);
        assert_true(oc_timer_active(p->timer));
    }
    oc_loop_run(p->loop);
    assert_int_equal(p->count, 1000);
    assert_false(oc_timer_active(p->timer));
}

/* In whatever state the turns have left it. */
static void one_that_begins_anew_may_be_stopped_and_destroyed(void **state)
{
    struct probe *p = *state;
    for (int turns = 0; turns < 6; turns++) {
        restarting(p);
        for (int i = 0; i < turns; i++) {
            oc_loop_step(p->loop, false);
        }
        const int count = p->count;
        if (turns % 2) {
            oc_timer_stop(p->timer);
            assert_false(oc_timer_active(p->timer));
        } else {
            oc_timer_destroy(p->timer);
            p->timer = NULL;
        }
        oc_loop_run(p->loop);
        assert_int_equal(p->count, count);
    }
}

#define TIMER_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TIMER_TEST(a_new_timer_does_not_run),
        TIMER_TEST(a_timer_without_repeat_fires_once),
        TIMER_TEST(a_repeating_timer_fires_until_it_is_stopped),
        TIMER_TEST(starting_again_replaces_the_old_time),
        TIMER_TEST(the_delay_counts_from_now_even_after_long_work),
        TIMER_TEST(a_timer_may_be_destroyed_in_its_own_call),
        TIMER_TEST(a_destroyed_timer_never_fires),
        TIMER_TEST(one_that_begins_anew_lets_the_others_have_their_turn),
        TIMER_TEST(one_that_begins_anew_may_be_stopped_and_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
