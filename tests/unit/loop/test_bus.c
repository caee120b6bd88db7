/* Tests of core/loop/bus.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/time.h"
#include "core/loop/bus.h"

struct listener {
    struct oc_bus *bus;
    struct oc_subscription *self;
    int count;
    char trail[256]; /* topics in the order seen */
    uint64_t last_id;
    const void *native;
    int value;
};

static struct oc_bus *bus;

static int create(void **state)
{
    (void)state;
    bus = oc_bus_create();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    oc_bus_destroy(bus);
    return 0;
}

static void hear(void *ctx, const struct oc_event *event)
{
    struct listener *l = ctx;
    size_t len = strlen(l->trail);
    l->count++;
    snprintf(l->trail + len, sizeof l->trail - len, "%s ", event->topic);
    assert_true(event->id > l->last_id);
    l->last_id = event->id;
    l->native = event->native;
    if (event->data) {
        assert_true(json_is_object(event->data));
        l->value = (int)json_integer_value(json_object_get(event->data, "n"));
    }
}

static void topics_match_exactly_or_by_a_pattern(void **state)
{
    (void)state;
    struct listener exact = {0}, prefix = {0}, all = {0}, suffix = {0}, word = {0};
    oc_bus_subscribe(bus, "alert.firing", hear, &exact);
    oc_bus_subscribe(bus, "alert.*", hear, &prefix);
    oc_bus_subscribe(bus, "*", hear, &all);
    oc_bus_subscribe(bus, "*.firin?", hear, &suffix);
    oc_bus_subscribe(bus, "alert*s", hear, &word);
    oc_bus_publish(bus, "alert.firing", json_pack("{s:i}", "n", 7));
    oc_bus_publish(bus, "alert.firing.again", json_object());
    oc_bus_publish(bus, "alertness", json_object());
    oc_bus_publish(bus, "alert", NULL);
    assert_string_equal(exact.trail, "alert.firing ");
    assert_int_equal(exact.value, 7);
    assert_string_equal(prefix.trail, "alert.firing alert.firing.again ");
    assert_int_equal(all.count, 4);
    assert_string_equal(suffix.trail, "alert.firing ");
    assert_string_equal(word.trail, "alertness ");
}

static void native_events_reach_only_who_named_them(void **state)
{
    (void)state;
    struct listener exact = {0}, prefix = {0}, all = {0};
    int thing = 5;
    oc_bus_subscribe(bus, "health.samples", hear, &exact);
    oc_bus_subscribe(bus, "health.*", hear, &prefix);
    oc_bus_subscribe(bus, "*", hear, &all);
    oc_bus_publish_native(bus, "health.samples", &thing);
    assert_ptr_equal(exact.native, &thing);
    assert_int_equal(prefix.count + all.count, 0);
}

static void events_are_numbered_and_dated(void **state)
{
    (void)state;
    struct listener l = {0};
    oc_bus_subscribe(bus, "*", hear, &l);
    oc_bus_publish(bus, "a", NULL);
    uint64_t first = l.last_id;
    oc_bus_publish(bus, "b", NULL);
    assert_int_equal(l.last_id, first + 1);
}

static void when(void *ctx, const struct oc_event *event)
{
    *(int64_t *)ctx = event->time_ms;
}

static void the_time_is_the_wall_clock(void **state)
{
    (void)state;
    int64_t time_ms = 0;
    oc_time_fake(123456, 1);
    oc_bus_subscribe(bus, "a", when, &time_ms);
    oc_bus_publish(bus, "a", NULL);
    oc_time_fake(-1, -1);
    assert_int_equal(time_ms, 123456);
}

static void who_left_is_told_nothing(void **state)
{
    (void)state;
    struct listener l = {0};
    struct oc_subscription *s = oc_bus_subscribe(bus, "a", hear, &l);
    oc_bus_publish(bus, "a", NULL);
    oc_bus_unsubscribe(s);
    oc_bus_publish(bus, "a", NULL);
    assert_int_equal(l.count, 1);
}

static void hear_and_leave(void *ctx, const struct oc_event *event)
{
    struct listener *l = ctx;
    hear(ctx, event);
    oc_bus_unsubscribe(l->self);
}

static void a_listener_may_leave_while_it_is_told(void **state)
{
    (void)state;
    struct listener first = {0}, leaver = {0}, last = {0};
    oc_bus_subscribe(bus, "a", hear, &first);
    leaver.self = oc_bus_subscribe(bus, "a", hear_and_leave, &leaver);
    oc_bus_subscribe(bus, "a", hear, &last);
    oc_bus_publish(bus, "a", NULL);
    oc_bus_publish(bus, "a", NULL);
    assert_int_equal(first.count, 2);
    assert_int_equal(leaver.count, 1);
    assert_int_equal(last.count, 2);
    oc_bus_unsubscribe(NULL);
}

static void drop_the_next(void *ctx, const struct oc_event *event)
{
    struct listener *victim = ctx;
    (void)event;
    oc_bus_unsubscribe(victim->self);
    victim->self = NULL;
}

static void a_listener_that_another_removed_is_not_told_any_more(void **state)
{
    (void)state;
    struct listener victim = {0}, last = {0};
    oc_bus_subscribe(bus, "a", drop_the_next, &victim);
    victim.self = oc_bus_subscribe(bus, "a", hear, &victim);
    oc_bus_subscribe(bus, "a", hear, &last);
    oc_bus_publish(bus, "a", NULL);
    assert_int_equal(victim.count, 0);
    assert_int_equal(last.count, 1);
}

static void bring_a_friend(void *ctx, const struct oc_event *event)
{
    struct listener *friend = ctx;
    (void)event;
    if (!friend->self) {
        friend->self = oc_bus_subscribe(bus, "a", hear, friend);
    }
}

static void who_joins_during_an_event_hears_the_next(void **state)
{
    (void)state;
    struct listener friend = {0};
    oc_bus_subscribe(bus, "a", bring_a_friend, &friend);
    oc_bus_publish(bus, "a", NULL);
    assert_int_equal(friend.count, 0);
    oc_bus_publish(bus, "a", NULL);
    assert_int_equal(friend.count, 1);
}

static void answer(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    (void)event;
    oc_bus_publish(bus, "answer", NULL);
}

static void an_event_caused_by_another_is_delivered_at_once(void **state)
{
    (void)state;
    struct listener early = {0};
    oc_bus_subscribe(bus, "answer", hear, &early);
    oc_bus_subscribe(bus, "question", answer, NULL);
    oc_bus_publish(bus, "question", NULL);
    assert_string_equal(early.trail, "answer ");
}

static void ask_again(void *ctx, const struct oc_event *event)
{
    ++*(int *)ctx;
    oc_bus_publish(bus, event->topic, json_object());
}

static void count_errors(void *ctx, const struct oc_log_line *line)
{
    *(int *)ctx += line->level == OC_LOG_ERROR;
}

static void events_that_cause_each_other_end_at_depth_eight(void **state)
{
    (void)state;
    int count = 0, errors = 0;
    oc_log_set(OC_LOG_ERROR, OC_LOG_TEXT, -1);
    oc_log_set_tap(count_errors, &errors);
    oc_bus_subscribe(bus, "loop", ask_again, &count);
    oc_bus_publish(bus, "loop", NULL);
    oc_log_set_tap(NULL, NULL);
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
    assert_int_equal(count, 8);
    assert_int_equal(errors, 1);
}

static void an_unheard_event_is_freed(void **state)
{
    (void)state;
    oc_bus_publish(bus, "nobody", json_pack("{s:s}", "k", "v")); /* the leak checker watches */
    oc_bus_destroy(NULL);
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUS_TEST(topics_match_exactly_or_by_a_pattern),
        BUS_TEST(native_events_reach_only_who_named_them),
        BUS_TEST(events_are_numbered_and_dated),
        BUS_TEST(the_time_is_the_wall_clock),
        BUS_TEST(who_left_is_told_nothing),
        BUS_TEST(a_listener_may_leave_while_it_is_told),
        BUS_TEST(a_listener_that_another_removed_is_not_told_any_more),
        BUS_TEST(who_joins_during_an_event_hears_the_next),
        BUS_TEST(an_event_caused_by_another_is_delivered_at_once),
        BUS_TEST(events_that_cause_each_other_end_at_depth_eight),
        BUS_TEST(an_unheard_event_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
