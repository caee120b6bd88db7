/* Status, doctor, plugins, events, logs and what plugins keep. SPDX-License-Identifier: MIT */
#include "tests/unit/service/host/world.h"

#include <sys/stat.h>

/* ---- logs ---- */

static void the_ring_keeps_the_latest_lines(void **state)
{
    (void)state;
    oc_log_set(OC_LOG_DEBUG, OC_LOG_TEXT, open("/dev/null", O_WRONLY | O_CLOEXEC));
    uint64_t first = oc_log_ring_next(w.host->ring);
    for (int i = 0; i < 600; i++) {
        oc_log(i % 2 ? OC_LOG_WARN : OC_LOG_DEBUG, "counted", "n=%d", i);
    }
    assert_int_equal(oc_log_ring_next(w.host->ring), first + 600);
    json_t *lines = oc_log_ring_lines(w.host->ring, 0, OC_LOG_DEBUG, NULL, 1000);
    assert_int_equal(json_array_size(lines), 512);
    assert_int_equal(json_integer_value(oc_json_path(lines, "[511].data.n")), 599);
    assert_int_equal(json_integer_value(oc_json_path(lines, "[0].data.n")), 88);
    json_decref(lines);
    lines = oc_log_ring_lines(w.host->ring, first + 590, OC_LOG_WARN, NULL, 1000);
    assert_int_equal(json_array_size(lines), 5);
    json_decref(lines);
    lines = oc_log_ring_lines(w.host->ring, 0, OC_LOG_DEBUG, "COUNTED", 3);
    assert_int_equal(json_array_size(lines), 3);
    assert_int_equal(json_integer_value(oc_json_path(lines, "[2].data.n")), 599);
    json_decref(lines);
}

static void a_line_with_too_much_data_is_kept_without_it(void **state)
{
    (void)state;
    char big[4000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, open("/dev/null", O_WRONLY | O_CLOEXEC));
    oc_info("large", "text=%s", big);
    json_t *lines = oc_log_ring_lines(w.host->ring, 0, OC_LOG_INFO, "large", 1);
    assert_non_null(oc_json_path(lines, "[0].data.note"));
    json_decref(lines);
}

static void logs_follow_until_they_are_cancelled(void **state)
{
    (void)state;
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, open("/dev/null", O_WRONLY | O_CLOEXEC));
    oc_info("before", NULL);
    struct oc_call *call =
        stage_call(&w.s, "logs", "{\"follow\": true, \"level\": \"info\", \"grep\": \"e\"}");
    assert_int_equal(json_array_size(w.s.rows), 1);
    oc_info("meanwhile", NULL);
    oc_info("not shown", NULL);
    stage_pass(&w.s, 200);
    assert_int_equal(json_array_size(w.s.rows), 2);
    assert_string_equal(oc_json_str(json_array_get(w.s.rows, 1), "message", ""), "meanwhile");
    oc_call_cancel(call);
    assert_int_equal(w.s.done, 1);
    oc_info("much later", NULL);
    stage_pass(&w.s, OC_SECOND);
    assert_int_equal(json_array_size(w.s.rows), 2);
    assert_int_equal(json_array_size(stage_ask(&w.s, "logs", "{\"lines\": 2}")), 2);
}

/* ---- events ---- */

static void facts_are_recorded_and_signals_are_not(void **state)
{
    (void)state;
    static const char *const topics[] = {"alert.firing", "health.soft", "collector.member",
                                         "plugin.fenced"};
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        oc_bus_publish(w.s.env.bus, topics[i], json_pack("{s:i}", "n", (int)i));
    }
    oc_time_advance(OC_SECOND);
    const json_t *rows = stage_ask(&w.s, "events.list", NULL);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "topic", ""), "plugin.fenced");
    rows = stage_ask(&w.s, "events.list", "{\"topic\": \"alert.*\"}");
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(stage_refused(&w.s, "events.list", "{\"since\": \"soon\"}"), OC_E_CONFIG);
    assert_int_equal(stage_refused(&w.s, "events.list", "{\"limit\": 0}"), OC_E_CONFIG);
}

static void is_refused(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx;
    (void)result;
    (void)err;
    assert_int_equal(code, OC_E_DENIED);
}

static void try_to_change(const char *actor)
{
    oc_ops_call(w.s.env.ops, &(struct oc_call_request){
                                 .op = "reload",
                                 .actor = {.name = actor, .role = OC_ROLE_VIEWER},
                                 .on_done = is_refused,
                             });
}

static void who_is_refused_without_end_does_not_fill_the_store(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        try_to_change("token:noisy");
    }
    try_to_change("token:quiet");
    oc_bus_publish(w.s.env.bus, "alert.firing", NULL);
    oc_time_advance(OC_SECOND);
    assert_int_equal(json_array_size(stage_ask(&w.s, "events.list", "{\"limit\": 1000}")), 43);
    oc_time_advance(OC_MINUTE);
    try_to_change("token:noisy");
    oc_time_advance(OC_SECOND);
    assert_int_equal(json_array_size(stage_ask(&w.s, "events.list", "{\"limit\": 1000}")), 45);
}

static void watching_gives_the_events_of_a_topic_until_it_is_cancelled(void **state)
{
    (void)state;
    struct oc_call *call = stage_call(&w.s, "events.watch", "{\"topic\": \"alert.*\"}");
    oc_bus_publish(w.s.env.bus, "alert.firing", json_pack("{s:s}", "rule", "cpu"));
    oc_bus_publish(w.s.env.bus, "plugin.fenced", NULL);
    assert_int_equal(json_array_size(w.s.rows), 1);
    assert_string_equal(oc_json_str(json_array_get(w.s.rows, 0), "topic", ""), "alert.firing");
    oc_call_cancel(call);
    assert_int_equal(w.s.done, 1);
    oc_bus_publish(w.s.env.bus, "alert.firing", NULL);
    assert_int_equal(json_array_size(w.s.rows), 1);
}

/* The watcher is removed while an event is being told to it and to those after it. */
static struct oc_call *watcher;

static void cancel_watcher(void *ctx, const struct oc_event *event)
{
    (void)event;
    if (watcher) {
        struct oc_call *call = watcher;
        watcher = NULL;
        oc_call_cancel(call);
    }
    (*(int *)ctx)++;
}

static void a_watcher_may_be_cancelled_during_a_delivery(void **state)
{
    (void)state;
    int heard = 0;
    oc_bus_subscribe(w.s.env.bus, "alert.firing", cancel_watcher, &heard);
    watcher = stage_call(&w.s, "events.watch", NULL);
    oc_bus_publish(w.s.env.bus, "alert.firing", NULL);
    assert_int_equal(heard, 1);
    assert_int_equal(w.s.done, 1);
    assert_int_equal(json_array_size(w.s.rows), 0);
}

/* ---- doctor and status ---- */

static json_t *collectors;

static void op_collectors(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_incref(collectors));
}

static const struct oc_op collectors_op = {
    .name = "collector.list", .summary = "x", .handler = op_collectors};

static const json_t *finding(const char *check)
{
    return stage_find(stage_ask(&w.s, "doctor", NULL), "check", check);
}

static void a_sound_host_has_no_errors(void **state)
{
    (void)state;
    size_t i;
    json_t *row;
    json_array_foreach(stage_ask(&w.s, "doctor", NULL), i, row)
    {
        if (strcmp(oc_json_str(row, "state", ""), "error") == 0) {
            fail_msg("%s: %s", oc_json_str(row, "check", ""), oc_json_str(row, "message", ""));
        }
    }
    assert_string_equal(oc_json_str(finding("store"), "state", ""), "ok");
}

static void a_home_that_others_may_write_to_is_an_error_with_its_fix(void **state)
{
    (void)state;
    assert_int_equal(chmod(w.s.home, 0777), 0);
    assert_string_equal(oc_json_str(finding("home"), "state", ""), "error");
    assert_int_equal(strncmp(oc_json_str(finding("home"), "fix", ""), "chmod 700 ", 10), 0);
    assert_int_equal(chmod(w.s.home, 0700), 0);
    assert_string_equal(oc_json_str(finding("home"), "state", ""), "ok");
}

static void tell_plugins(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("[{s:s, s:s, s:s}, {s:s, s:s}]", "severity", "error", "message",
                                    "old: built for another host", "fix", "openclaw plugin why old",
                                    "severity", "info", "message", "worth knowing"));
}
static const struct oc_op plugins_op = {
    .name = "plugin.doctor", .summary = "For this test", .handler = tell_plugins};

static void what_is_wrong_with_configuration_plugins_and_collectors_is_found(void **state)
{
    (void)state;
    oc_diags_add(&w.s.diags, false, NULL, "store.x", "Leave it out.", "unknown key");
    oc_ops_add(w.s.env.ops, &plugins_op, NULL);
    collectors =
        json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s}]", "instance", "db", "state",
                  "failed", "last_error", "no such option", "instance", "web", "state", "fenced",
                  "last_error", "too slow", "instance", "fine", "state", "ready");
    oc_ops_add(w.s.env.ops, &collectors_op, NULL);
    assert_string_equal(oc_json_str(finding("configuration"), "fix", ""), "Leave it out.");
    assert_string_equal(oc_json_str(finding("plugin"), "message", ""),
                        "old: built for another host");
    assert_null(stage_find(w.s.result, "message", "worth knowing"));
    assert_string_equal(oc_json_str(finding("collector"), "message", ""),
                        "db is failed: no such option");
    assert_non_null(stage_find(w.s.result, "message", "web is fenced: too slow"));
    assert_null(stage_find(w.s.result, "message", "fine is ready"));
    const json_t *status = stage_ask(&w.s, "status", NULL);
    assert_int_equal(json_integer_value(oc_json_path(status, "collectors.fenced")), 1);
    assert_int_equal(json_integer_value(oc_json_path(status, "collectors.total")), 3);
    assert_int_equal(json_array_size(json_object_get(status, "problems")), 1);
    json_decref(collectors);
}

static void tell_access(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("[{s:s, s:s}, {s:s, s:s}]", "severity", "warning", "message",
                                    "a token expires within a week", "severity", "error", "message",
                                    "the listener does not listen"));
}
static const struct oc_op access_op = {
    .name = "access.doctor", .summary = "For this test", .handler = tell_access};

static void what_keeps_clients_out_is_a_problem_and_what_may_become_one_is_none(void **state)
{
    (void)state;
    oc_ops_add(w.s.env.ops, &access_op, NULL);
    const json_t *problems = json_object_get(stage_ask(&w.s, "status", NULL), "problems");
    assert_int_equal(json_array_size(problems), 1);
    assert_string_equal(json_string_value(json_array_get(problems, 0)),
                        "access: the listener does not listen");
}

static void the_uptime_does_not_follow_the_wall_clock(void **state)
{
    (void)state;
    oc_time_advance(OC_MINUTE);
    stage_set_clock(STAGE_WALL - OC_DAY);
    const json_t *status = stage_ask(&w.s, "status", NULL);
    assert_int_equal(oc_json_int(status, "uptime_ms", -1), OC_MINUTE);
    assert_string_equal(oc_json_str(status, "started", ""), "2025-11-23T02:00:00.000Z");
}

static void a_reload_says_what_it_found_or_why_it_was_refused(void **state)
{
    (void)state;
    oc_diags_add(&w.s.diags, true, NULL, "store", "Restart it.", "opened with other options");
    const json_t *o = stage_ask(&w.s, "reload", NULL);
    assert_int_equal(w.reloads, 1);
    assert_int_equal(oc_json_int(o, "errors", -1), 0);
    assert_int_equal(json_array_size(json_object_get(o, "findings")), 1);
    w.reload_code = OC_E_CONFIG;
    assert_int_equal(stage_refused(&w.s, "reload", NULL), OC_E_CONFIG);
    assert_string_equal(w.s.error.message, "line 3: no");
}

/* ---- what plugins keep ---- */

static json_t *as_plugin(const char *instance, const char *op, const char *params)
{
    char actor[64];
    snprintf(actor, sizeof actor, "plugin:%s", instance);
    struct oc_call_request req = {.op = op,
                                  .params = json_loads(params, 0, NULL),
                                  .actor = {.name = actor, .role = OC_ROLE_OPERATOR},
                                  .on_done = stage_done,
                                  .ctx = &w.s};
    oc_ops_call(w.s.env.ops, &req);
    return w.s.result;
}

static void one_instance_never_sees_what_another_one_keeps(void **state)
{
    (void)state;
    as_plugin("a", "kv.put", "{\"key\": \"k\", \"value\": \"mine\"}");
    assert_int_equal(w.s.code, OC_OK);
    assert_string_equal(oc_json_str(as_plugin("a", "kv.get", "{\"key\": \"k\"}"), "value", ""),
                        "mine");
    assert_true(
        json_is_null(json_object_get(as_plugin("b", "kv.get", "{\"key\": \"k\"}"), "value")));
}

static void what_was_kept_by_the_name_of_the_instance_alone_is_found(void **state)
{
    (void)state;
    json_t *value = json_string("old");
    oc_kv_put(w.s.env.store, "kv:cache", "k", value, false, NULL);
    json_decref(value);
    assert_string_equal(
        oc_json_str(as_plugin("redis/cache", "kv.get", "{\"key\":\"k\"}"), "value", ""), "old");
    assert_true(json_is_null(
        json_object_get(as_plugin("other/cache", "kv.get", "{\"key\":\"k\"}"), "value")));
    as_plugin("redis/cache", "kv.remove", "{\"key\":\"k\"}");
    assert_true(json_is_null(
        json_object_get(as_plugin("redis/cache", "kv.get", "{\"key\":\"k\"}"), "value")));
}

static void what_a_plugin_keeps_has_a_limit(void **state)
{
    (void)state;
    char *params = oc_alloc(70000);
    memset(params, 'x', 70000);
    memcpy(params, "{\"key\":\"k\",\"value\":\"", 20);
    memcpy(params + 69997, "\"}", 3);
    as_plugin("a", "kv.put", params);
    assert_int_equal(w.s.code, OC_E_CONFIG);
    free(params);
}

static void the_keys_of_one_instance_are_limited_and_can_be_removed(void **state)
{
    char params[64];
    (void)state;
    for (int i = 0; i < 257; i++) {
        snprintf(params, sizeof params, "{\"key\": \"k%d\", \"value\": \"x\"}", i);
        as_plugin("a", "kv.put", params);
        assert_int_equal(w.s.code, i < 256 ? OC_OK : OC_E_CONFLICT);
    }
    as_plugin("a", "kv.put", "{\"key\": \"k0\", \"value\": \"y\"}"); /* one that is there */
    assert_int_equal(w.s.code, OC_OK);
    as_plugin("a", "kv.remove", "{\"key\": \"k0\"}");
    assert_int_equal(w.s.code, OC_OK);
    assert_true(
        json_is_null(json_object_get(as_plugin("a", "kv.get", "{\"key\": \"k0\"}"), "value")));
    as_plugin("a", "kv.put", params);
    assert_int_equal(w.s.code, OC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_ring_keeps_the_latest_lines),
        TEST(a_line_with_too_much_data_is_kept_without_it),
        TEST(logs_follow_until_they_are_cancelled),
        TEST(facts_are_recorded_and_signals_are_not),
        TEST(who_is_refused_without_end_does_not_fill_the_store),
        TEST(watching_gives_the_events_of_a_topic_until_it_is_cancelled),
        TEST(a_watcher_may_be_cancelled_during_a_delivery),
        TEST(a_sound_host_has_no_errors),
        TEST(a_home_that_others_may_write_to_is_an_error_with_its_fix),
        TEST(what_is_wrong_with_configuration_plugins_and_collectors_is_found),
        TEST(what_keeps_clients_out_is_a_problem_and_what_may_become_one_is_none),
        TEST(the_uptime_does_not_follow_the_wall_clock),
        TEST(a_reload_says_what_it_found_or_why_it_was_refused),
        TEST(one_instance_never_sees_what_another_one_keeps),
        TEST(what_was_kept_by_the_name_of_the_instance_alone_is_found),
        TEST(what_a_plugin_keeps_has_a_limit),
        TEST(the_keys_of_one_instance_are_limited_and_can_be_removed),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
