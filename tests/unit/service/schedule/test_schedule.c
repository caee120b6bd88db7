/* Which collectors there are: start, reload, presets, failures, shutdown. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"

#include "core/service/schedule/schedule.h"

struct fixture {
    struct stage s;
    struct oc_schedule *schedule;
    bool stopped;
    int lasts; /* batches that ended a call */
    struct oc_batch last;
    char last_instance[64], last_error[256];
};

static struct fixture f;

static const char shop[] =
    "\"options\": [{\"name\": \"count\", \"type\": \"int\", \"default\": 4, \"help\": \"n\"}],"
    "\"instances\": [{\"plugin\": \"ok\", \"count\": \"${count}\"},"
    "                {\"plugin\": \"other\", \"interval\": \"5m\"},"
    "                {\"plugin\": \"other\", \"name\": \"${name}-extra\"}]";

static void on_batch(void *ctx, const struct oc_event *event)
{
    const struct oc_batch *b = event->native;
    (void)ctx;
    if (b->last) {
        f.lasts++;
        f.last = *b;
        snprintf(f.last_instance, sizeof f.last_instance, "%s", b->instance);
        snprintf(f.last_error, sizeof f.last_error, "%s", b->error);
    }
}

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    stage_begin(&f.s);
    plugin_add("ok", LIBRARY);
    plugin_add("other", LIBRARY);
    plugin_add("alerter", LIBRARY)->no_collector = true;
    plugin_add("shop", shop);
    oc_bus_subscribe(f.s.env.bus, "samples", on_batch, NULL);
    f.schedule = oc_schedule_create(&f.s.env);
    *state = &f;
    return 0;
}

static void on_stopped(void *ctx)
{
    *(bool *)ctx = true;
}

static int teardown(void **state)
{
    (void)state;
    if (!f.stopped) {
        oc_schedule_stop(f.schedule, 100, on_stopped, &f.stopped);
        stage_turn(&f.s);
        assert_true(f.stopped);
    }
    oc_ops_cancel_all(f.s.env.ops);
    oc_schedule_destroy(f.schedule);
    stage_end(&f.s);
    return 0;
}

/* Reads `collectors` anew, as a reload does; the number of errors. */
static size_t configure(const char *items)
{
    char text[1024];
    snprintf(text, sizeof text, "collectors = (%s);\n", items);
    struct oc_config *old = stage_load(&f.s, text);
    oc_schedule_configure(f.schedule, f.s.config, &f.s.diags);
    oc_config_destroy(old);
    stage_turn(&f.s);
    return oc_diags_errors(&f.s.diags);
}

static const json_t *row(const char *instance)
{
    return stage_find(stage_ask(&f.s, "collector.list", NULL), "instance", instance);
}

static void every_item_becomes_an_instance_that_is_called_at_once(void **state)
{
    (void)state;
    assert_int_equal(configure("{plugin = \"ok\";}, {plugin = \"other\"; name = \"web\";}"), 0);
    assert_int_equal(plugin_running("ok"), STAGE_WALL);
    assert_int_equal(plugin_running("web"), STAGE_WALL);
    assert_int_equal(stage_count(&f.s, "collect.first"), 0);
    plugin_answer("ok", OC_OK);
    assert_int_equal(stage_count(&f.s, "collect.first"), 0);
    plugin_answer("web", OC_E_RETRY);
    assert_int_equal(stage_count(&f.s, "collect.first"), 1);
    assert_int_equal(f.last.code, OC_E_RETRY);
    assert_string_equal(f.last_error, "as the test wants it");
}

static void one_that_is_disabled_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(configure("{plugin = \"ok\"; enabled = false;}"), 0);
    assert_null(instances);
    assert_int_equal(stage_count(&f.s, "collect.first"), 1);
}

static void an_equal_configuration_lets_a_collector_run_on(void **state)
{
    (void)state;
    configure("{plugin = \"ok\"; interval = \"10s\";}, {plugin = \"other\";}");
    const struct oc_instance *before = plugin_instance("ok");
    configure("{plugin = \"other\";}, {plugin = \"ok\"; interval = \"10s\";}");
    assert_ptr_equal(plugin_instance("ok"), before);
    assert_int_equal(instances_made, 2);
    assert_int_equal(plugin_running("ok"), STAGE_WALL);
}

static void a_changed_configuration_begins_anew_and_a_cancelled_call_is_no_failure(void **state)
{
    (void)state;
    configure("{plugin = \"ok\"; count = 1;}");
    configure("{plugin = \"ok\"; count = 2;}");
    assert_int_equal(instances_made, 2);
    assert_int_equal(f.lasts, 1);
    assert_int_equal(f.last.code, OC_E_CANCELLED);
    plugin_answer("ok", OC_OK);
    assert_int_equal(f.last.code, OC_OK);
}

static void two_reloads_in_a_row_leave_one_instance_of_each(void **state)
{
    (void)state;
    struct oc_config *first, *second;
    stage_load(&f.s, "collectors = ({plugin = \"ok\"; count = 1;}, {plugin = \"other\";});");
    oc_schedule_configure(f.schedule, f.s.config, &f.s.diags);
    first = stage_load(&f.s, "collectors = ({plugin = \"ok\"; count = 2;});");
    oc_schedule_configure(f.schedule, f.s.config, &f.s.diags);
    oc_config_destroy(first);
    second = stage_load(&f.s, "collectors = ({plugin = \"ok\"; count = 3;});");
    oc_schedule_configure(f.schedule, f.s.config, &f.s.diags);
    oc_config_destroy(second);
    stage_turn(&f.s);
    assert_non_null(plugin_instance("ok"));
    assert_null(plugin_instance("other"));
    assert_int_equal(instances_made, 1);
}

static bool is_gone(const char *metric)
{
    const json_t *rows = stage_ask(&f.s, "test.latest", NULL);
    return json_is_null(json_object_get(rows, metric));
}

static void add_latest(void *ctx, struct oc_series *series)
{
    oc_json_set_num(ctx, series->name, series->value);
}

static void op_latest(struct oc_call *call, void *ctx)
{
    json_t *o = json_object();
    oc_store_series_each(ctx, add_latest, o);
    oc_call_succeed(call, o);
}

static const struct oc_op latest_op = {.name = "test.latest", .summary = "x", .handler = op_latest};

static void a_removed_or_renamed_collector_is_swept_and_says_nothing_after_that(void **state)
{
    (void)state;
    oc_ops_add(f.s.env.ops, &latest_op, f.s.env.store);
    configure("{plugin = \"ok\";}");
    plugin_sample("ok", "ok.value", 5);
    assert_false(is_gone("ok.value"));
    configure("{plugin = \"ok\"; name = \"renamed\";}");
    assert_true(is_gone("ok.value"));
    assert_string_equal(oc_json_str(stage_last(&f.s, "collector.swept"), "instance", ""), "ok");
    assert_null(plugin_instance("ok"));
    assert_non_null(plugin_instance("renamed"));
    assert_null(row("ok"));
}

static void a_sample_ahead_of_the_clock_does_not_keep_a_series_from_being_swept(void **state)
{
    (void)state;
    oc_ops_add(f.s.env.ops, &latest_op, f.s.env.store);
    configure("{plugin = \"ok\";}");
    plugin_sample("ok", "ok.value", 5);
    stage_set_clock(STAGE_WALL - OC_MINUTE);
    configure("");
    assert_true(is_gone("ok.value"));
}

static void a_collector_that_left_the_file_while_we_were_down_is_swept(void **state)
{
    static const char *const before[] = {"left", "ok"};
    (void)state;
    oc_ops_add(f.s.env.ops, &latest_op, f.s.env.store);
    for (size_t i = 0; i < OC_COUNT(before); i++) {
        char metric[32];
        snprintf(metric, sizeof metric, "%s.value", before[i]);
        oc_store_series(f.s.env.store, before[i], plugin_view(metric), OC_KIND_GAUGE, NULL, 0);
    }
    configure("{plugin = \"ok\";}");
    plugin_sample("ok", "ok.value", 5);
    assert_int_equal(stage_count(&f.s, "collector.swept"), 0);
    plugin_answer("ok", OC_OK);
    assert_int_equal(stage_count(&f.s, "collector.swept"), 1);
    assert_string_equal(oc_json_str(stage_last(&f.s, "collector.swept"), "instance", ""), "left");
    assert_false(is_gone("ok.value"));
    assert_true(is_gone("left.value"));
}

static void tell_complete(const char *instance, int64_t since)
{
    oc_bus_publish(f.s.env.bus, "samples.complete",
                   json_pack("{s:s, s:I}", "instance", instance, "since", (json_int_t)since));
    stage_turn(&f.s);
}

static void what_services_of_the_host_told_before_a_restart_ends_when_they_say_so(void **state)
{
    static const char *const own[] = {OC_OWN_BRIDGE, OC_OWN_COST, OC_OWN_CRON};
    (void)state;
    oc_ops_add(f.s.env.ops, &latest_op, f.s.env.store);
    for (size_t i = 0; i < OC_COUNT(own); i++) {
        char metric[32];
        snprintf(metric, sizeof metric, "%s.value", own[i]);
        oc_store_append(
            f.s.env.store,
            oc_store_series(f.s.env.store, own[i], plugin_view(metric), OC_KIND_GAUGE, NULL, 0), 0,
            1);
    }
    tell_complete(OC_OWN_BRIDGE, INT64_MAX); /* before the first round is over: kept until then */
    configure("{plugin = \"ok\";}");
    assert_int_equal(stage_count(&f.s, "collector.swept"), 0);
    plugin_answer("ok", OC_OK);
    assert_int_equal(stage_count(&f.s, "collector.swept"), 1);
    assert_true(is_gone("bridge.value"));
    assert_false(is_gone("cost.value"));
    assert_false(is_gone("cron.value"));
    tell_complete(OC_OWN_CRON, oc_time_wall());
    assert_true(is_gone("cron.value"));
    assert_false(is_gone("cost.value"));
    assert_int_equal(stage_count(&f.s, "collector.swept"), 2);
}

static void a_preset_becomes_its_instances_and_hands_on_the_keys_of_the_host(void **state)
{
    (void)state;
    assert_int_equal(configure("{plugin = \"shop\"; name = \"main\"; interval = \"20s\";}"), 0);
    assert_int_equal(instances_made, 3);
    assert_string_equal(plugin_at("main")->plugin->name, "ok");
    assert_string_equal(plugin_at("main-other")->plugin->name, "other");
    assert_non_null(plugin_instance("main-extra"));
    assert_int_equal(oc_json_int(row("main-other"), "interval_ms", 0), 20000);
    assert_int_equal(stage_count(&f.s, "collector.member"), 3);
}

static void an_instance_of_a_preset_knows_where_it_was_written(void **state)
{
    (void)state;
    configure("\n\n{plugin = \"shop\"; name = \"main\";}");
    assert_true(strstr(plugin_at("main")->file, "openclaw.conf") != NULL);
    assert_int_equal(plugin_at("main")->line, 3);
}

static void a_preset_that_is_configured_anew_restarts_only_what_changed(void **state)
{
    (void)state;
    configure("{plugin = \"shop\"; name = \"main\";}");
    const struct oc_instance *other = plugin_instance("main-other");
    configure("{plugin = \"shop\"; name = \"main\"; count = 5;}");
    assert_int_equal(instances_made, 4);
    assert_ptr_equal(plugin_instance("main-other"), other);
}

static void a_preset_with_a_wrong_option_is_a_failed_collector_that_says_why(void **state)
{
    (void)state;
    configure("{plugin = \"shop\"; name = \"main\";}");
    plugin_answer("main", OC_OK);
    plugin_answer("main-other", OC_OK);
    plugin_answer("main-extra", OC_OK);
    assert_int_equal(configure("{plugin = \"shop\"; name = \"main\"; cuont = 5;}"), 1);
    assert_null(instances);
    assert_string_equal(oc_json_str(row("main"), "state", ""), "failed");
    assert_non_null(strstr(oc_json_str(row("main"), "last_error", ""), "cuont"));
    assert_string_equal(f.last_instance, "main");
    assert_int_equal(f.last.code, OC_E_CONFIG);
}

/* A preset of a package, over a plugin that may start any program; `rights` are the package's. */
static struct oc_plugin *add_package(const char *rights, const char *instance)
{
    char text[512];
    plugin_add("runner", LIBRARY ", \"permissions\": [\"process:spawn:*\"]");
    snprintf(text, sizeof text,
             "\"permissions\": %s, \"options\": [{\"name\": \"key\", \"type\": \"secret\", "
             "\"help\": \"k\"}], \"instances\": [{\"plugin\": \"runner\"%s}]",
             rights, instance);
    struct oc_plugin *package = plugin_add("package", text);
    package->root = "/packages";
    return package;
}

static void a_preset_of_a_package_uses_nothing_that_it_has_no_right_to_itself(void **state)
{
    (void)state;
    struct oc_plugin *package = add_package("[\"process:spawn:/bin/date\"]", "");
    assert_int_equal(configure("{plugin = \"package\"; name = \"main\";}"), 1);
    assert_int_equal(instances_made, 0);
    assert_string_equal(oc_json_str(row("main"), "state", ""), "failed");
    assert_non_null(strstr(oc_json_str(row("main"), "last_error", ""),
                           "uses runner and has no right to process:spawn:*"));
    assert_non_null(strstr(f.s.diags.list.items[0].hint, "plugin.json has to ask"));
    package->root = NULL; /* it came with the host */
    assert_int_equal(configure("{plugin = \"package\"; name = \"main\";}"), 0);
    assert_int_equal(instances_made, 1);
}

static void a_preset_of_a_package_uses_what_was_consented_to(void **state)
{
    (void)state;
    struct oc_plugin *package = add_package("[\"process:spawn:*\"]", "");
    json_t *none = json_array();
    package->terms.grants = none;
    assert_int_equal(configure("{plugin = \"package\"; name = \"main\";}"), 1);
    assert_string_equal(f.s.diags.list.items[0].hint,
                        "`openclaw plugin grants add package 'process:spawn:*'` gives it what its "
                        "manifest asks for.");
    package->terms.grants = NULL; /* all that it asks for */
    assert_int_equal(configure("{plugin = \"package\"; name = \"main\";}"), 0);
    assert_int_equal(instances_made, 1);
    json_decref(none);
}

/* "${key}" is what the operator says it is; what the package says would leave the host with the next request. */
static void a_preset_of_a_package_names_no_secret_of_the_host(void **state)
{
    (void)state;
    static const char *const own[] = {"$env:K", "$file:/etc/k"};
    for (size_t i = 0; i < OC_COUNT(own); i++) {
        char instance[96];
        snprintf(instance, sizeof instance, ", \"deep\": [{\"x\": \"%s\"}], \"key\": \"${key}\"",
                 own[i]);
        add_package("[\"process:spawn:*\"]", instance);
        assert_int_equal(configure("{plugin = \"package\"; name = \"main\";}"), 1);
        assert_non_null(strstr(oc_json_str(row("main"), "last_error", ""), own[i]));
        char item[96];
        snprintf(item, sizeof item, "{plugin = \"package\"; name = \"main\"; key = \"%s\";}",
                 own[i]);
        assert_int_equal(configure(item), 0); /* now it is given */
        configure("");
        stage_turn(&f.s);
        plugins_forget();
        plugin_add("ok", LIBRARY);
    }
}

static void a_collector_that_cannot_be_made_is_reported_alone(void **state)
{
    (void)state;
    configure("{plugin = \"ok\"; bad = true;}, {plugin = \"alerter\";}, {plugin = \"none\";},"
              "{plugin = \"other\";}");
    assert_string_equal(oc_json_str(row("ok"), "state", ""), "failed");
    assert_string_equal(oc_json_str(row("alerter"), "last_error", ""),
                        "plugin alerter is not a collector");
    assert_string_equal(oc_json_str(row("none"), "last_error", ""), "no plugin is named none");
    assert_int_equal(instances_made, 1); /* what is no collector is not even started */
    plugin_answer("other", OC_OK);
    assert_int_equal(stage_count(&f.s, "collect.first"), 1);
    assert_int_equal(f.lasts, 4);
}

static void a_start_that_failed_is_tried_again_by_a_reload(void **state)
{
    (void)state;
    configure("{plugin = \"ok\";}");
    plugin_answer("ok", OC_OK);
    plugin_at("ok")->state = OC_INSTANCE_FAILED;
    configure("{plugin = \"ok\";}");
    assert_int_equal(instances_made, 2);
    assert_int_equal(plugin_at("ok")->state, OC_INSTANCE_READY);
}

static void what_is_wrong_with_an_item_is_said_and_the_others_are_used(void **state)
{
    (void)state;
    assert_int_equal(configure("{plugin = \"ok\"; interval = \"1ms\";}"), 1);
    assert_int_equal(configure("{name = \"nameless\";}"), 1);
    assert_int_equal(configure("\"ok\""), 1);
    assert_int_equal(configure("{plugin = \"ok\"; name = \"a b\";}, {plugin = \"other\";}"), 1);
    assert_non_null(plugin_instance("other"));
    assert_int_equal(instances_made, 1);
}

static void check_binds_the_options_of_the_plugins_and_starts_nothing(void **state)
{
    (void)state;
    stage_load(&f.s, "collectors = ({plugin = \"ok\"; count = 99;}, {plugin = \"none\";},"
                     " {plugin = \"alerter\";}, {plugin = \"other\"; count = 3;});");
    oc_schedule_check(f.schedule, f.s.config, &f.s.diags);
    assert_int_equal(oc_diags_errors(&f.s.diags), 3);
    assert_int_equal(instances_made, 0);
}

static void an_operation_finds_the_instance_by_plugin_and_name(void **state)
{
    (void)state;
    configure("{plugin = \"ok\"; name = \"a\";}, {plugin = \"ok\"; name = \"b\";}");
    assert_ptr_equal(oc_schedule_find(f.schedule, "ok", NULL), plugin_instance("a"));
    assert_ptr_equal(oc_schedule_find(f.schedule, "ok", "b"), plugin_instance("b"));
    assert_null(oc_schedule_find(f.schedule, "ok", "c"));
    assert_null(oc_schedule_find(f.schedule, "other", NULL));
}

static void run_waits_for_the_calls_that_it_began_and_no_others(void **state)
{
    (void)state;
    configure("{plugin = \"ok\";}, {plugin = \"other\";}");
    plugin_answer("ok", OC_OK); /* "other" is still at its first call */
    stage_call(&f.s, "collector.run", NULL);
    plugin_answer("other", OC_OK);
    assert_int_equal(f.s.done, 0);
    plugin_answer("ok", OC_OK);
    assert_int_equal(f.s.done, 1);
    assert_int_equal(oc_json_int(f.s.result, "collected", 0), 1);
}

static void run_says_what_cannot_be_run(void **state)
{
    (void)state;
    configure("{plugin = \"ok\";}");
    assert_int_equal(stage_refused(&f.s, "collector.run", "{\"name\": \"none\"}"), OC_E_NOT_FOUND);
    assert_int_equal(stage_refused(&f.s, "collector.run", "{\"name\": \"ok\"}"), OC_E_CONFLICT);
    plugin_answer("ok", OC_OK);
    struct oc_call *call = stage_call(&f.s, "collector.run", "{\"name\": \"ok\"}");
    oc_call_cancel(call);
    assert_int_equal(f.s.code, OC_E_CANCELLED);
    plugin_answer("ok", OC_OK); /* nobody listens any more */
}

static void ready_waits_for_the_first_round_where_there_is_one(void **state)
{
    (void)state;
    stage_ask(&f.s, "collector.ready", NULL); /* nothing is configured: nothing to wait for */
    configure("{plugin = \"ok\";}");
    stage_call(&f.s, "collector.ready", NULL);
    assert_int_equal(f.s.done, 0);
    plugin_answer("ok", OC_OK);
    assert_int_equal(f.s.done, 1);
    stage_ask(&f.s, "collector.ready", NULL);
}

static void stopping_during_the_start_stops_what_has_begun(void **state)
{
    (void)state;
    stage_load(&f.s, "collectors = ({plugin = \"ok\";}, {plugin = \"other\";});");
    oc_schedule_configure(f.schedule, f.s.config, &f.s.diags);
    oc_loop_step(f.s.env.loop, false); /* one of them has been made */
    oc_schedule_stop(f.schedule, 100, on_stopped, &f.stopped);
    assert_false(f.stopped);
    stage_turn(&f.s);
    assert_true(f.stopped);
    assert_null(instances);
    assert_true(instances_made < 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_item_becomes_an_instance_that_is_called_at_once),
        TEST(one_that_is_disabled_is_left_out),
        TEST(an_equal_configuration_lets_a_collector_run_on),
        TEST(a_changed_configuration_begins_anew_and_a_cancelled_call_is_no_failure),
        TEST(two_reloads_in_a_row_leave_one_instance_of_each),
        TEST(a_removed_or_renamed_collector_is_swept_and_says_nothing_after_that),
        TEST(a_sample_ahead_of_the_clock_does_not_keep_a_series_from_being_swept),
        TEST(a_collector_that_left_the_file_while_we_were_down_is_swept),
        TEST(what_services_of_the_host_told_before_a_restart_ends_when_they_say_so),
        TEST(a_preset_becomes_its_instances_and_hands_on_the_keys_of_the_host),
        TEST(an_instance_of_a_preset_knows_where_it_was_written),
        TEST(a_preset_that_is_configured_anew_restarts_only_what_changed),
        TEST(a_preset_with_a_wrong_option_is_a_failed_collector_that_says_why),
        TEST(a_preset_of_a_package_uses_nothing_that_it_has_no_right_to_itself),
        TEST(a_preset_of_a_package_uses_what_was_consented_to),
        TEST(a_preset_of_a_package_names_no_secret_of_the_host),
        TEST(a_collector_that_cannot_be_made_is_reported_alone),
        TEST(a_start_that_failed_is_tried_again_by_a_reload),
        TEST(what_is_wrong_with_an_item_is_said_and_the_others_are_used),
        TEST(check_binds_the_options_of_the_plugins_and_starts_nothing),
        TEST(an_operation_finds_the_instance_by_plugin_and_name),
        TEST(run_waits_for_the_calls_that_it_began_and_no_others),
        TEST(run_says_what_cannot_be_run),
        TEST(ready_waits_for_the_first_round_where_there_is_one),
        TEST(stopping_during_the_start_stops_what_has_begun),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
