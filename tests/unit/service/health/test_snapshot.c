/* The snapshot, the summary and the operations over health. SPDX-License-Identifier: MIT */
#include "tests/unit/service/health/world.h"

/* In place of the schedule's: answers when the test says so. */
static struct oc_call *held;

static void forget_held(struct oc_call *call, void *ctx)
{
    (void)ctx;
    held = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void op_hold(struct oc_call *call, void *ctx)
{
    held = call;
    oc_call_on_cancel(call, forget_held, ctx);
}

static void release_held(void)
{
    struct oc_call *call = held;
    assert_non_null(call);
    held = NULL;
    oc_call_succeed(call, NULL);
}

static void op_at_once(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_object());
}

static const struct oc_op ready_slow = {
    .name = "collector.ready", .summary = "x", .handler = op_hold};
static const struct oc_op ready_now = {
    .name = "collector.ready", .summary = "x", .handler = op_at_once};

static void set_alerts(int critical, int warning)
{
    oc_json_set_int(w.alerts, "critical", critical);
    oc_json_set_int(w.alerts, "warning", warning);
}

static const char *overall(void)
{
    return oc_json_str(stage_ask(&w.s, "health.summary", NULL), "overallStatus", "");
}

static void the_overall_status_is_that_of_the_original(void **state)
{
    (void)state;
    configure("");
    assert_string_equal(overall(), "healthy"); /* nothing is unwell */
    report("web", "api", OC_STATE_OK);
    report_of("agent", "agents", "main", OC_STATE_OK, OC_OK);
    assert_string_equal(overall(), "healthy");
    report("web", "api", OC_STATE_WARNING);
    assert_string_equal(overall(), "degraded");
    const json_t *summary = stage_ask(&w.s, "health.summary", NULL);
    assert_int_equal(json_integer_value(oc_json_path(summary, "checks.total")), 2);
    assert_int_equal(json_integer_value(oc_json_path(summary, "checks.ok")) +
                         json_integer_value(oc_json_path(summary, "checks.warning")),
                     2);
    set_alerts(0, 1);
    assert_string_equal(overall(), "warning");
    set_alerts(2, 1);
    assert_string_equal(overall(), "critical");
    set_alerts(0, 0);
    report("web", "api", OC_STATE_OK);
    report_of("agent", "agents", "main", OC_STATE_CRITICAL, OC_OK);
    assert_string_equal(overall(), "degraded");
}

static void services_and_agents_have_the_shape_of_the_original(void **state)
{
    (void)state;
    configure("");
    oc_ops_add(w.s.env.ops, &ready_now, NULL);
    report("web", "api", OC_STATE_CRITICAL);
    report_of("agent", "agents", "main", OC_STATE_OK, OC_OK);
    oc_bus_publish(w.s.env.bus, "collector.detail",
                   json_pack("{s:s, s:{s:s, s:s}}", "instance", "agents", "detail", "target",
                             "main", "model", "large"));
    const json_t *snapshot = stage_ask(&w.s, "health.check", NULL);
    const json_t *api = oc_json_path(snapshot, "services[0]");
    assert_string_equal(oc_json_str(api, "id", ""), "web/api");
    assert_string_equal(oc_json_str(api, "status", ""), "error");
    assert_string_equal(oc_json_str(api, "error", ""), "refused");
    assert_true(json_is_null(json_object_get(api, "responseTime")));
    const json_t *agent = oc_json_path(snapshot, "agents[0]");
    assert_string_equal(oc_json_str(agent, "id", ""), "main");
    assert_string_equal(oc_json_str(agent, "status", ""), "active");
    assert_string_equal(oc_json_str(agent, "model", ""), "large");
    assert_int_equal(json_array_size(json_object_get(snapshot, "services")), 1);
    assert_int_equal(json_array_size(json_object_get(snapshot, "checks")), 2);
    assert_int_equal(json_array_size(json_object_get(snapshot, "alerts")), 1);
    assert_int_equal(w.listed, OC_HEALTH_ALERTS_MAX); /* a storm would fill the memory */
    assert_int_equal(oc_json_int(json_object_get(snapshot, "summary"), "totalAgents", 0), 1);
}

static void one_service_can_be_asked_for_by_name_instance_target_or_glob(void **state)
{
    (void)state;
    static const char *const asked[] = {"web/api", "web", "api", "*/a*"};
    configure("");
    oc_ops_add(w.s.env.ops, &ready_now, NULL);
    report("web", "api", OC_STATE_OK);
    report("db", "main", OC_STATE_OK);
    for (size_t i = 0; i < OC_COUNT(asked); i++) {
        char params[64];
        snprintf(params, sizeof params, "{\"service\": \"%s\"}", asked[i]);
        const json_t *checks = json_object_get(stage_ask(&w.s, "health.check", params), "checks");
        assert_int_equal(json_array_size(checks), 1);
    }
    assert_int_equal(stage_refused(&w.s, "health.check", "{\"service\": \"none\"}"),
                     OC_E_NOT_FOUND);
}

static size_t timer_count(void)
{
    size_t n = 0;
    for (const struct oc_timer *t = timers; t; t = t->next) {
        n++;
    }
    return n;
}

static void a_check_waits_for_the_first_round(void **state)
{
    (void)state;
    configure("");
    oc_ops_add(w.s.env.ops, &ready_slow, NULL);
    size_t before = timer_count();
    stage_call(&w.s, "health.check", NULL);
    assert_int_equal(w.s.done, 0);
    release_held();
    assert_int_equal(w.s.done, 1);
    assert_string_equal(w.s.warning, "");
    assert_int_equal(timer_count(), before);
}

static void a_check_waits_no_longer_than_it_was_told_to(void **state)
{
    (void)state;
    configure("");
    oc_ops_add(w.s.env.ops, &ready_slow, NULL);
    stage_call(&w.s, "health.check", "{\"wait\": \"3s\"}");
    stage_pass(&w.s, 3 * OC_SECOND);
    assert_int_equal(w.s.done, 1);
    assert_int_equal(w.s.code, OC_OK);
    assert_string_equal(w.s.warning, "some collectors have not answered yet");
    assert_null(held);
}

static void a_check_that_is_cancelled_lets_go_of_what_it_waits_for(void **state)
{
    (void)state;
    configure("");
    oc_ops_add(w.s.env.ops, &ready_slow, NULL);
    struct oc_call *call = stage_call(&w.s, "health.check", NULL);
    oc_call_cancel(call);
    assert_int_equal(w.s.code, OC_E_CANCELLED);
    assert_null(held);
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(w.s.done, 1);
}

static void the_end_of_all_calls_ends_a_check_that_waits_for_another(void **state)
{
    (void)state;
    configure("");
    oc_ops_add(w.s.env.ops, &ready_slow, NULL);
    stage_call(&w.s, "health.check", NULL);
    oc_ops_cancel_all(w.s.env.ops); /* the inner call ends the outer one, whichever comes first */
    assert_int_equal(w.s.done, 1);
    assert_null(held);
}

static void watch_begins_with_the_snapshot_and_tells_every_change(void **state)
{
    (void)state;
    configure("");
    struct oc_call *call = stage_call(&w.s, "health.watch", NULL);
    assert_int_equal(json_array_size(w.s.rows), 1);
    report("web", "api", OC_STATE_WARNING);
    assert_int_equal(json_array_size(w.s.rows), 2);
    const json_t *row = json_array_get(w.s.rows, 1);
    assert_string_equal(oc_json_str(row, "event", ""), "health.changed");
    assert_string_equal(oc_json_str(json_object_get(row, "data"), "to", ""), "warning");
    oc_call_cancel(call);
    assert_int_equal(w.s.done, 1);
    report("web", "api", OC_STATE_OK);
    assert_int_equal(json_array_size(w.s.rows), 2);
}

static void the_report_says_what_to_look_at(void **state)
{
    (void)state;
    configure("dependencies = ({service = \"web/api\"; depends_on = [\"db\"];});");
    report("db", "main", OC_STATE_CRITICAL);
    report("web", "api", OC_STATE_CRITICAL);
    report("web", "ok", OC_STATE_OK);
    const json_t *list = json_object_get(stage_ask(&w.s, "health.report", NULL), "recommendations");
    assert_int_equal(json_array_size(list), 2);
    const json_t *api = stage_find(list, "service", "web/api");
    assert_string_equal(oc_json_str(api, "action", ""), "mend db first: this service needs it");
}

static void put(const char *metric, const char *label, const char *value, double number)
{
    struct oc_label l = {{label, label ? strlen(label) : 0}, {value, value ? strlen(value) : 0}};
    struct oc_view name = {metric, strlen(metric)};
    struct oc_series *s =
        oc_store_series(w.s.env.store, "system", name, OC_KIND_GAUGE, &l, label ? 1 : 0);
    assert_true(oc_store_append(w.s.env.store, s, oc_time_wall(), number));
}

static void resources_come_from_the_samples_and_what_is_not_measured_is_null(void **state)
{
    (void)state;
    json_t *none = oc_health_resources(w.s.env.store);
    assert_int_equal(json_object_size(none), 0);
    json_decref(none);
    put("system.cpu_percent", NULL, NULL, 12.5);
    put("system.memory_bytes", "kind", "available", 64);
    put("system.disk_percent", "mount", "/data", 70);
    put("system.disk_percent", "mount", "/", 40);
    put("system.disk_percent", "mount", "/gone", NAN);
    put("system.network_rx_bytes_total", "interface", "eth0", 5);
    put("system.network_rx_bytes_total", "interface", "eth1", 7);
    put("system.network_rx_bytes_total", "interface", "gone", NAN);
    json_t *r = oc_health_resources(w.s.env.store);
    assert_true(json_number_value(oc_json_path(r, "cpu.system.usage")) == 12.5);
    assert_true(json_number_value(oc_json_path(r, "memory.system.free")) == 64);
    assert_true(json_is_null(oc_json_path(r, "memory.system.total")));
    assert_true(json_number_value(oc_json_path(r, "disk.system.usage")) == 40);
    assert_int_equal(json_array_size(oc_json_path(r, "disk.system.partitions")), 2);
    assert_true(json_number_value(oc_json_path(r, "network.system.rxBytes")) == 12);
    assert_true(json_is_null(oc_json_path(r, "network.system.rxBytesPerSec")));
    assert_int_equal(json_array_size(oc_json_path(r, "network.system.interfaces")), 2);
    json_decref(r);
}

static void history_is_that_of_the_service_asked_for(void **state)
{
    (void)state;
    static const char *const services[] = {"web/api", "db/main", "web/www"};
    configure("");
    for (size_t i = 0; i < OC_COUNT(services); i++) {
        json_t *data = json_pack("{s:s, s:s}", "service", services[i], "to", "ok");
        oc_events_append(w.s.env.store, oc_time_wall(), "health.changed", data, NULL);
        json_decref(data);
    }
    oc_time_advance(OC_SECOND);
    assert_int_equal(json_array_size(stage_ask(&w.s, "health.history", NULL)), 3);
    assert_int_equal(json_array_size(stage_ask(&w.s, "health.history", "{\"service\": \"web/*\"}")),
                     2);
    assert_int_equal(json_array_size(stage_ask(&w.s, "health.history", "{\"limit\": 1}")), 1);
    assert_int_equal(stage_refused(&w.s, "health.history", "{\"since\": \"soon\"}"), OC_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_overall_status_is_that_of_the_original),
        TEST(services_and_agents_have_the_shape_of_the_original),
        TEST(one_service_can_be_asked_for_by_name_instance_target_or_glob),
        TEST(a_check_waits_for_the_first_round),
        TEST(a_check_waits_no_longer_than_it_was_told_to),
        TEST(a_check_that_is_cancelled_lets_go_of_what_it_waits_for),
        TEST(the_end_of_all_calls_ends_a_check_that_waits_for_another),
        TEST(watch_begins_with_the_snapshot_and_tells_every_change),
        TEST(the_report_says_what_to_look_at),
        TEST(resources_come_from_the_samples_and_what_is_not_measured_is_null),
        TEST(history_is_that_of_the_service_asked_for),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
