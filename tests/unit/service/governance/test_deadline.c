/* Deadlines under clocks that jump and hosts that sleep. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/time.h"
#include "core/service/governance/deadline.h"

#define OPENED INT64_C(1763818200000)

/* The two clocks of a machine; `wall` may be set, `boot` only runs. */
static struct oc_clocks clocks = {.wall = OPENED, .boot = 5000};

static void run(int64_t ms)
{
    clocks.wall += ms;
    clocks.boot += ms;
}

static struct oc_deadline open_for(int64_t ms)
{
    struct oc_deadline d;
    clocks = (struct oc_clocks){.wall = OPENED, .boot = 5000};
    oc_deadline_open(&d, &clocks, ms);
    return d;
}

static void test_it_passes_after_its_last_ms(void **state)
{
    (void)state;
    struct oc_deadline d = open_for(300000);
    assert_int_equal(d.deadline, OPENED + 300000);
    assert_int_equal(oc_deadline_until(&d, &clocks, d.deadline + 1), 300001);
    run(300000);
    assert_false(oc_deadline_passed(&d, &clocks));
    run(1);
    assert_true(oc_deadline_passed(&d, &clocks));
    assert_int_equal(oc_deadline_until(&d, &clocks, d.deadline + 1), 0);
}

static void test_setting_the_wall_clock_moves_nothing(void **state)
{
    static const int64_t jumps[] = {-86400000, 86400000, -1, 1, -OPENED, 4102444800000};
    (void)state;
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        struct oc_deadline d = open_for(60000);
        run(30000);
        clocks.wall += jumps[i];
        assert_int_equal(oc_deadline_now(&d, &clocks), OPENED + 30000);
        run(30000);
        assert_false(oc_deadline_passed(&d, &clocks));
        run(1);
        assert_true(oc_deadline_passed(&d, &clocks));
    }
}

static void test_time_asleep_is_time_gone(void **state)
{
    (void)state;
    struct oc_deadline d = open_for(60000);
    run(1000);
    run(3600000); /* suspended: the boot clock counts it */
    assert_true(oc_deadline_passed(&d, &clocks));
}

static void test_a_restart_goes_on_from_the_later_of_ledger_and_wall(void **state)
{
    (void)state;
    struct oc_deadline d;
    const struct oc_clocks after = {.wall = OPENED + 20000, .boot = 10};
    oc_deadline_resume(&d, &after, OPENED, OPENED + 60000, OPENED + 5000, false);
    assert_int_equal(oc_deadline_now(&d, &after), OPENED + 20000);
    const struct oc_clocks reset = {.wall = 0, .boot = 10}; /* the battery is dead */
    oc_deadline_resume(&d, &reset, OPENED, OPENED + 60000, OPENED + 5000, false);
    assert_int_equal(oc_deadline_now(&d, &reset), OPENED + 5000);
    const struct oc_clocks later = {.wall = 55000, .boot = 55011};
    assert_false(oc_deadline_passed(&d, &(struct oc_clocks){.wall = 0, .boot = 55010}));
    assert_true(oc_deadline_passed(&d, &later));
}

static void test_it_is_decided_once(void **state)
{
    (void)state;
    struct oc_deadline d = open_for(10);
    assert_true(oc_deadline_decide(&d));
    assert_false(oc_deadline_decide(&d));
    oc_deadline_resume(&d, &clocks, OPENED, OPENED + 10, OPENED, true);
    assert_false(oc_deadline_decide(&d));
}

static void test_no_duration_overflows(void **state)
{
    (void)state;
    struct oc_deadline d = open_for(INT64_MAX);
    assert_int_equal(d.deadline, INT64_MAX - 1);
    clocks.boot = INT64_MAX;
    assert_true(oc_deadline_now(&d, &clocks) <= INT64_MAX - 1);
    d = open_for(-5);
    assert_int_equal(d.deadline, OPENED);
    clocks = (struct oc_clocks){.wall = INT64_MIN, .boot = INT64_MIN};
    assert_int_equal(oc_deadline_now(&d, &clocks), OPENED);
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Any mixture of running, sleeping, setting the clock and restarting: the proposal's time never falls, it keeps step with what really passed
 * as long as the process lives, and a deadline that has passed has passed. */
static void test_whatever_the_clocks_do_time_does_not_run_backwards(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 20000; round++) {
        uint64_t seed = round;
        struct oc_deadline d = open_for(1 + next_random(&seed) % 100000);
        int64_t last = OPENED, lived = 0, started = OPENED;
        bool passed = false;
        unsigned decided = 0;
        for (int step = 0; step < 60; step++) {
            const int64_t amount = next_random(&seed) % 5000;
            switch (next_random(&seed) % 5) {
            case 0: /* somebody sets the clock */
                clocks.wall += (int64_t)next_random(&seed) - (int64_t)next_random(&seed);
                break;
            case 1: /* a restart */
                clocks.boot = next_random(&seed) % 1000;
                oc_deadline_resume(&d, &clocks, d.opened, d.deadline, last, d.decided);
                started = oc_deadline_now(&d, &clocks);
                lived = 0;
                break;
            default:
                run(amount);
                lived += amount;
                break;
            }
            const int64_t now = oc_deadline_now(&d, &clocks);
            assert_true(now >= last);
            assert_int_equal(now, started + lived);
            const bool over = oc_deadline_passed(&d, &clocks);
            assert_true(over || !passed);
            assert_int_equal(over, now > d.deadline);
            decided += over && oc_deadline_decide(&d);
            passed = over;
            last = now;
        }
        assert_int_equal(decided, passed ? 1 : 0);
    }
}

static void test_the_boot_clock_runs(void **state)
{
    (void)state;
    const struct oc_clocks a = oc_clocks_read();
    const struct oc_clocks b = oc_clocks_read();
    assert_true(a.boot > 0 && b.boot >= a.boot && a.boot >= oc_time_mono() - 1000);
    oc_time_fake(1000, 2000);
    oc_time_advance(5);
    assert_int_equal(oc_clocks_read().boot, 2005);
    assert_int_equal(oc_clocks_read().wall, 1005);
    oc_time_fake(-1, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_passes_after_its_last_ms),
        cmocka_unit_test(test_setting_the_wall_clock_moves_nothing),
        cmocka_unit_test(test_time_asleep_is_time_gone),
        cmocka_unit_test(test_a_restart_goes_on_from_the_later_of_ledger_and_wall),
        cmocka_unit_test(test_it_is_decided_once),
        cmocka_unit_test(test_no_duration_overflows),
        cmocka_unit_test(test_whatever_the_clocks_do_time_does_not_run_backwards),
        cmocka_unit_test(test_the_boot_clock_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
