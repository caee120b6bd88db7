/* Tests of core/service/cost/counter.c: counters whose series have ended, and more than there may be. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cost/cost_stage.h"

#define MAX 4 /* the counters of one model */

static int setup_small(void **state)
{
    setup(state);
    f.cost->counters_max = MAX;
    return 0;
}

/* What a gateway tells that has served somebody else before: its counters begin at 0. */
static void other_agent(const char *agent)
{
    f.requests = f.input = f.output = f.spend = 0;
    tell_of("gpt-4o", agent, TODAY);
    f.requests = 1;
    tell_of("gpt-4o", agent, TODAY);
    stage_pass(&f.s, OC_MINUTE);
}

/* The collector no longer tells of this agent. */
static void end_of(const char *agent)
{
    struct call c = {0};
    put(&c, "usage.requests", NAN, "gpt-4o", agent, "status", "ok");
    put(&c, "usage.tokens", NAN, "gpt-4o", agent, "type", "input");
    put(&c, "usage.tokens", NAN, "gpt-4o", agent, "type", "output");
    put(&c, "usage.spend_dollars", NAN, "gpt-4o", agent, NULL, NULL);
    publish(&c);
    stage_pass(&f.s, OC_MINUTE);
}

static size_t kept(void)
{
    json_t *all = oc_kv_all(f.s.env.store, "cost.counter");
    const size_t n = json_object_size(all);
    json_decref(all);
    return n;
}

static void those_that_have_ended_make_room(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        char agent[8];
        snprintf(agent, sizeof agent, "a%d", i);
        other_agent(agent);
        end_of(agent);
        near(figure("requests"), i + 1);
    }
    oc_cost_flush(f.cost);
    assert_int_equal(kept(), MAX);
    assert_string_equal(f.s.warning, "");
}

static void those_that_ended_before_a_restart_make_room_as_well(void **state)
{
    (void)state;
    other_agent("a");
    end_of("a");
    restart();
    f.cost->counters_max = MAX;
    other_agent("b");
    near(figure("requests"), 2);
    oc_cost_flush(f.cost);
    assert_int_equal(kept(), MAX);
}

static void one_that_comes_back_is_not_counted_anew(void **state)
{
    (void)state;
    other_agent("a");
    end_of("a");
    f.requests = 3;
    tell_of("gpt-4o", "a", TODAY);
    near(figure("requests"), 3);
    assert_int_equal(f.cost->counters_ended, 0);
}

static void one_that_was_forgotten_is_not_counted_anew_either(void **state)
{
    (void)state;
    other_agent("a");
    f.requests = 7;
    tell_of("gpt-4o", "a", TODAY);
    end_of("a");
    other_agent("b"); /* a is forgotten */
    end_of("b");
    near(figure("requests"), 8);
    f.requests = 9;
    tell_of("gpt-4o", "a", TODAY);
    near(figure("requests"), 8); /* of its nine, nobody knows which are new */
    f.requests = 10;
    tell_of("gpt-4o", "a", TODAY);
    near(figure("requests"), 9);
}

static void what_cannot_be_counted_is_said(void **state)
{
    (void)state;
    other_agent("a");
    other_agent("b");
    near(figure("requests"), 1);
    assert_true(f.cost->full);
    assert_non_null(strstr(f.s.warning, "more than this"));
    end_of("a");
    other_agent("b");
    near(figure("requests"), 2);
    assert_false(f.cost->full);
}

#define small_test(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        small_test(those_that_have_ended_make_room),
        small_test(those_that_ended_before_a_restart_make_room_as_well),
        small_test(one_that_comes_back_is_not_counted_anew),
        small_test(one_that_was_forgotten_is_not_counted_anew_either),
        small_test(what_cannot_be_counted_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
