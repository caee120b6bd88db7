/* Tests of core/service/health/health.c: a collector that reports very many targets. SPDX-License-Identifier: MIT */
#include "tests/unit/service/health/world.h"

#define REPORTED 6000u
#define KEPT     5000u /* as in health.c */

static char names[REPORTED][24];
static struct oc_status statuses[REPORTED];

static void report_many(const char *instance, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "t%zu", i);
        statuses[i] = (struct oc_status){names[i], OC_STATE_CRITICAL, "refused"};
    }
    oc_time_advance(OC_SECOND);
    struct oc_batch batch = {.instance = instance,
                             .plugin = "ok",
                             .time_ms = oc_time_wall(),
                             .statuses = statuses,
                             .status_count = count,
                             .last = true,
                             .code = OC_OK,
                             .error = ""};
    oc_bus_publish_native(w.s.env.bus, "samples", &batch);
}

static void targets_beyond_the_limit_are_ignored_and_the_others_kept(void **state)
{
    (void)state;
    configure("");
    report_many("spam", REPORTED);
    assert_int_equal(w.health->order.count, KEPT);
    report_many("spam", REPORTED);
    assert_int_equal(w.health->order.count, KEPT);
    assert_int_equal(service("spam/t0")->check.attempt, 2);
    assert_null(oc_health_find(w.health, "spam/t5500"));
}

static void the_limit_is_that_of_one_collector_and_spares_the_instance_itself(void **state)
{
    (void)state;
    configure("");
    report_many("spam", REPORTED);
    report("db", "main", OC_STATE_OK);
    assert_non_null(service("db/main"));
    report_of("ok", "spam", NULL, OC_STATE_OK, OC_E_TIMEOUT);
    assert_non_null(service("spam"));
}

static void what_is_swept_makes_room(void **state)
{
    (void)state;
    configure("");
    report_many("spam", REPORTED);
    sweep("spam", INT64_MAX);
    assert_int_equal(w.health->order.count, 0);
    report("spam", "t5500", OC_STATE_OK);
    assert_non_null(service("spam/t5500"));
}

struct tally {
    size_t batches, samples;
};

static void on_scores(void *ctx, const struct oc_event *event)
{
    struct tally *t = ctx;
    const struct oc_batch *batch = event->native;
    if (!*batch->plugin) {
        t->batches++;
        t->samples += batch->sample_count;
    }
}

static void the_scores_of_one_call_come_in_one_batch(void **state)
{
    struct tally t = {0};
    (void)state;
    configure("");
    struct oc_subscription *s = oc_bus_subscribe(w.s.env.bus, "samples", on_scores, &t);
    report_many("spam", 100);
    oc_bus_unsubscribe(s);
    assert_int_equal(t.batches, 1);
    assert_int_equal(t.samples, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(targets_beyond_the_limit_are_ignored_and_the_others_kept),
        TEST(the_limit_is_that_of_one_collector_and_spares_the_instance_itself),
        TEST(what_is_swept_makes_room),
        TEST(the_scores_of_one_call_come_in_one_batch),
    };
    return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
