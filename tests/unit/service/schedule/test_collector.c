/* When a collector is called, and what its calls bring. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"

#include "core/service/schedule/collector.h"

#define INTERVAL (30 * OC_SECOND)

struct fixture {
    struct stage s;
    struct collector *c;
    struct collector_options options;
    struct oc_node *group;
    int lasts, code;
    size_t samples, statuses;
    int64_t time_ms;
    double value;
    char target[64], text[64], error[256];
    bool gone;
};

static struct fixture f;

static void on_batch(void *ctx, const struct oc_event *event)
{
    const struct oc_batch *b = event->native;
    (void)ctx;
    f.samples += b->sample_count;
    f.statuses += b->status_count;
    if (b->sample_count) {
        f.value = b->samples[0].value;
        f.time_ms = b->samples[0].time_ms;
    }
    if (b->status_count) {
        snprintf(f.target, sizeof f.target, "%s", b->statuses[0].target);
        snprintf(f.text, sizeof f.text, "%s", b->statuses[0].text);
    }
    if (b->last) {
        f.lasts++;
        f.code = b->code;
        f.time_ms = b->time_ms;
        snprintf(f.error, sizeof f.error, "%s", b->error);
    }
}

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    stage_begin(&f.s);
    plugin_add("ok", LIBRARY);
    oc_bus_subscribe(f.s.env.bus, "samples", on_batch, NULL);
    json_t *json = json_pack("{s:s}", "plugin", "ok");
    f.group = oc_node_from_json(json, "test");
    json_decref(json);
    f.options = (struct collector_options){.plugin = "ok", .name = "ok", .interval_ms = INTERVAL};
    *state = &f;
    return 0;
}

static void on_gone(void *ctx)
{
    *(bool *)ctx = true;
}

static int teardown(void **state)
{
    (void)state;
    if (f.c) {
        oc_collector_destroy(f.c, 100, on_gone, &f.gone);
        assert_true(f.gone);
    }
    oc_node_free(f.group);
    stage_end(&f.s);
    return 0;
}

/* Starts the collector `into` ms after a slot, and ends its first call. */
static void start(int64_t into)
{
    stage_set_clock(STAGE_WALL + into);
    f.c = oc_collector_create(&f.s.env, &f.options, f.group, "collectors[0]", NULL, NULL);
    assert_non_null(f.c);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + into);
    plugin_answer("ok", OC_OK);
}

static int64_t missed(void)
{
    json_t *o = oc_collector_json(f.c);
    int64_t n = oc_json_int(o, "missed_slots", -1);
    json_decref(o);
    return n;
}

static void slots_are_multiples_of_the_interval_whenever_it_began(void **state)
{
    (void)state;
    start(12345);
    stage_pass(&f.s, INTERVAL - 12345 - 1);
    assert_int_equal(plugin_running("ok"), 0);
    stage_pass(&f.s, 1);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + INTERVAL);
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + 2 * INTERVAL);
    plugin_answer("ok", OC_OK);
    assert_int_equal(missed(), 0);
}

static void a_slot_that_comes_while_a_call_runs_is_a_missed_one(void **state)
{
    (void)state;
    start(0);
    stage_pass(&f.s, INTERVAL);
    stage_pass(&f.s, 2 * INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + INTERVAL);
    assert_int_equal(missed(), 2);
    assert_int_equal(f.lasts, 1); /* it is late, not failed */
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + 4 * INTERVAL);
}

static void a_clock_set_forth_moves_the_slots_and_makes_up_for_none(void **state)
{
    (void)state;
    start(0);
    stage_pass(&f.s, 10 * OC_SECOND);
    stage_set_clock(STAGE_WALL + OC_HOUR + 12 * OC_SECOND);
    stage_pass(&f.s, 20 * OC_SECOND); /* the timer follows the monotonic clock */
    assert_int_equal(plugin_running("ok"), STAGE_WALL + OC_HOUR + INTERVAL);
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, 28 * OC_SECOND);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + OC_HOUR + 2 * INTERVAL);
    plugin_answer("ok", OC_OK);
    assert_int_equal(missed(), 0);
}

static void a_clock_set_back_goes_on_with_the_slots_of_then(void **state)
{
    (void)state;
    start(0);
    stage_set_clock(STAGE_WALL - OC_HOUR);
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL - OC_HOUR + INTERVAL);
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL - OC_HOUR + 2 * INTERVAL);
}

static void a_timer_that_is_a_little_early_does_not_call_a_slot_twice(void **state)
{
    (void)state;
    start(0);
    stage_set_clock(STAGE_WALL - 5); /* the wall clock lags behind the timer */
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + INTERVAL);
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, 5);
    assert_int_equal(plugin_running("ok"), 0);
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + 2 * INTERVAL);
}

static void a_soft_state_is_looked_at_again_within_the_retry_interval(void **state)
{
    (void)state;
    f.options.retry_interval_ms = 5 * OC_SECOND;
    start(0);
    oc_collector_retry_soon(f.c);
    oc_collector_retry_soon(f.c);
    stage_pass(&f.s, 5 * OC_SECOND);
    assert_int_equal(plugin_running("ok"), STAGE_WALL + 5 * OC_SECOND);
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, 10 * OC_SECOND);
    assert_int_equal(plugin_running("ok"), 0);
}

static void without_a_retry_interval_the_next_slot_is_soon_enough(void **state)
{
    (void)state;
    start(0);
    oc_collector_retry_soon(f.c);
    stage_pass(&f.s, INTERVAL - 1);
    assert_int_equal(plugin_running("ok"), 0);
}

static void an_instance_that_takes_no_calls_is_reported_at_every_slot(void **state)
{
    (void)state;
    start(0);
    plugin_at("ok")->state = OC_INSTANCE_FENCED;
    stage_pass(&f.s, INTERVAL);
    assert_int_equal(f.lasts, 2);
    assert_int_equal(f.code, OC_E_CONFLICT);
    assert_int_equal(f.time_ms, STAGE_WALL + INTERVAL);
    assert_string_equal(f.error, "ok takes no calls");
    assert_int_equal(missed(), 1);
}

static void an_ephemeral_host_calls_it_once(void **state)
{
    (void)state;
    f.s.env.ephemeral = true;
    start(0);
    stage_pass(&f.s, OC_HOUR);
    assert_int_equal(plugin_running("ok"), 0);
}

static void samples_are_stored_and_published_with_the_time_of_the_call(void **state)
{
    (void)state;
    start(0);
    stage_pass(&f.s, INTERVAL);
    plugin_sample("ok", "ok.value", 2.5);
    plugin_sample("ok", "no good name", 1);
    assert_int_equal(f.samples, 1);
    assert_int_equal(f.time_ms, STAGE_WALL + INTERVAL);
    assert_true(f.value == 2.5);
    plugin_status("ok", "db", OC_STATE_WARNING, "slow \xff");
    assert_string_equal(f.target, "db");
    assert_string_equal(f.text, "slow \xef\xbf\xbd");
}

static void a_plugin_publishes_under_its_own_name_only(void **state)
{
    (void)state;
    start(0);
    stage_pass(&f.s, INTERVAL);
    plugin_json("ok", OC_RECORD_EVENT, "ok.noticed", "{\"n\": 1}");
    plugin_json("ok", OC_RECORD_EVENT, "alert.firing", "{}");
    plugin_json("ok", OC_RECORD_EVENT, "okay.noticed", "{}");
    plugin_json("ok", OC_RECORD_EVENT, "ok.broken", "{");
    assert_int_equal(stage_count(&f.s, "ok.noticed"), 1);
    assert_string_equal(oc_json_str(stage_last(&f.s, "ok.noticed"), "instance", ""), "ok");
    assert_int_equal(json_array_size(f.s.events), 1);
    plugin_json("ok", OC_RECORD_JSON, "", "{\"target\": \"a\"}");
    plugin_json("ok", OC_RECORD_JSON, "", "[]");
    assert_int_equal(stage_count(&f.s, "collector.detail"), 1);
}

/* Or what it publishes would be taken for what the host did. */
static void a_package_with_the_name_of_a_word_of_the_host_publishes_nothing(void **state)
{
    (void)state;
    struct oc_plugin *plugin = oc_plugin_find(NULL, "ok");
    start(0);
    stage_pass(&f.s, INTERVAL);
    strcpy(plugin->name, "governance");
    plugin->root = "/packages";
    plugin_json("ok", OC_RECORD_EVENT, "governance.vote", "{}");
    assert_int_equal(stage_count(&f.s, "governance.vote"), 0);
    plugin->root = NULL; /* it came with the host, as the plugin `agent` does */
    plugin_json("ok", OC_RECORD_EVENT, "governance.vote", "{}");
    assert_int_equal(stage_count(&f.s, "governance.vote"), 1);
    strcpy(plugin->name, "ok");
    plugin->root = "/packages";
    plugin_json("ok", OC_RECORD_EVENT, "ok.noticed", "{}");
    assert_int_equal(stage_count(&f.s, "ok.noticed"), 1);
}

static void a_plugin_that_tells_too_much_is_cut_short_until_its_next_call(void **state)
{
    (void)state;
    start(0);
    stage_pass(&f.s, INTERVAL);
    for (int i = 0; i < 1500; i++) {
        plugin_json("ok", OC_RECORD_EVENT, "ok.noticed", "{}");
    }
    assert_int_equal(stage_count(&f.s, "ok.noticed"), 1000);
    plugin_answer("ok", OC_OK);
    stage_pass(&f.s, INTERVAL);
    plugin_json("ok", OC_RECORD_EVENT, "ok.noticed", "{}");
    assert_int_equal(stage_count(&f.s, "ok.noticed"), 1001);
}

static void after_three_good_calls_what_was_not_heard_of_again_is_swept(void **state)
{
    (void)state;
    start(0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stage_count(&f.s, "collector.swept"), i == 2 ? 1 : 0);
        stage_pass(&f.s, INTERVAL);
        plugin_answer("ok", i == 0 ? OC_OK : i == 1 ? OC_OK : OC_E_RETRY);
    }
    assert_int_equal(oc_json_int(stage_last(&f.s, "collector.swept"), "since", 0), STAGE_WALL);
}

static void what_comes_after_the_end_was_asked_for_is_left_out(void **state)
{
    (void)state;
    start(0);
    stage_pass(&f.s, INTERVAL);
    oc_collector_destroy(f.c, 100, on_gone, &f.gone); /* its call is cancelled */
    f.c = NULL;
    assert_true(f.gone);
    assert_int_equal(f.code, OC_E_CANCELLED);
}

static void the_same_group_is_recognized_and_another_one_is_not(void **state)
{
    (void)state;
    start(0);
    json_t *json = json_pack("{s:s, s:i}", "plugin", "ok", "count", 2);
    struct oc_node *other = oc_node_from_json(json, "test");
    assert_true(oc_collector_same(f.c, f.group));
    assert_false(oc_collector_same(f.c, other));
    oc_node_free(other);
    json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slots_are_multiples_of_the_interval_whenever_it_began),
        TEST(a_slot_that_comes_while_a_call_runs_is_a_missed_one),
        TEST(a_clock_set_forth_moves_the_slots_and_makes_up_for_none),
        TEST(a_clock_set_back_goes_on_with_the_slots_of_then),
        TEST(a_timer_that_is_a_little_early_does_not_call_a_slot_twice),
        TEST(a_soft_state_is_looked_at_again_within_the_retry_interval),
        TEST(without_a_retry_interval_the_next_slot_is_soon_enough),
        TEST(an_instance_that_takes_no_calls_is_reported_at_every_slot),
        TEST(an_ephemeral_host_calls_it_once),
        TEST(samples_are_stored_and_published_with_the_time_of_the_call),
        TEST(a_plugin_publishes_under_its_own_name_only),
        TEST(a_package_with_the_name_of_a_word_of_the_host_publishes_nothing),
        TEST(a_plugin_that_tells_too_much_is_cut_short_until_its_next_call),
        TEST(after_three_good_calls_what_was_not_heard_of_again_is_swept),
        TEST(what_comes_after_the_end_was_asked_for_is_left_out),
        TEST(the_same_group_is_recognized_and_another_one_is_not),
    };
    return cmocka_run_group_tests_name("collector", tests, NULL, NULL);
}
