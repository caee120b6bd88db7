/* The operator's operations over plugins: list, info, status, top, logs, why, reload, reset. SPDX-License-Identifier: MIT */
#include "tests/unit/service/plugin/world.h"

static void a_row_tells_what_is_on_disk_wanted_and_running(void **state)
{
    (void)state;
    struct oc_plugin *ok = plugin_add("ok", LIBRARY);
    plugin_add("shop", "\"instances\": [{\"plugin\": \"ok\"}]");
    collector("c-a", ok);
    collector("c-b", ok)->state = OC_INSTANCE_FENCED;
    const json_t *rows = stage_ask(&w.s, "plugin.list", NULL);
    const json_t *row = stage_find(rows, "name", "ok");
    assert_string_equal(oc_json_str(row, "state", ""), "found");
    assert_int_equal(oc_json_int(row, "configured", 0), 2);
    assert_string_equal(json_string_value(oc_json_path(row, "running.state")), "fenced");
    assert_string_equal(json_string_value(oc_json_path(row, "installed.source")), "bundled");
    assert_string_equal(oc_json_str(stage_find(rows, "name", "shop"), "state", ""), "preset");
    assert_true(json_is_null(json_object_get(stage_find(rows, "name", "shop"), "running")));
}

static void what_is_installed_is_listed_also_when_its_folder_is_gone(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY);
    install("lost", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    configure("");
    const json_t *rows = stage_ask(&w.s, "plugin.list", "{\"installed\": true}");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "name", ""), "lost");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "error", ""), "its folder is gone");
    w.service->hooks.safe_mode = true;
    rows = stage_ask(&w.s, "plugin.list", NULL);
    assert_non_null(
        strstr(oc_json_str(stage_find(rows, "name", "lost"), "error", ""), "safe mode"));
}

static void a_private_daemon_says_that_it_cannot_tell_what_runs(void **state)
{
    (void)state;
    w.service->env.ephemeral = true;
    stage_ask(&w.s, "plugin.list", NULL);
    assert_string_equal(w.s.warning, "no daemon is running: what runs cannot be told");
}

static void a_plugin_is_shown_with_its_methods_options_and_rights(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY ", \"permissions\": [\"network:tcp:5432\"], \"metrics\": [{\"name\": "
                             "\"ok.up\", \"type\": \"bool\", \"help\": \"it is up\"}]");
    const json_t *info = stage_ask(&w.s, "plugin.info", "{\"name\": \"ok\"}");
    assert_string_equal(oc_json_str(info, "state", ""), "loaded");
    assert_string_equal(json_string_value(oc_json_path(info, "methods[0]")), "collector.collect/1");
    assert_string_equal(json_string_value(oc_json_path(info, "options[0].name")), "count");
    assert_string_equal(json_string_value(oc_json_path(info, "provides.metrics[0]")), "ok.up");
    assert_string_equal(json_string_value(oc_json_path(info, "rights[0].permission")),
                        "network:tcp:5432");
    assert_int_equal(stage_refused(&w.s, "plugin.info", "{\"name\": \"oks\"}"), OC_E_NOT_FOUND);
    assert_non_null(strstr(w.s.error.hint, "Did you mean ok?"));
}

static void in_safe_mode_looking_at_a_plugin_does_not_load_it(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    w.service->hooks.safe_mode = true;
    stage_ask(&w.s, "plugin.info", "{\"name\": \"ok\"}");
    assert_int_equal(plugin->state, OC_PLUGIN_FOUND);
}

static void an_installed_plugin_shows_where_it_came_from(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    put_artifact(plugin, "{\"x.so\": \"00\"}");
    configure("");
    const json_t *info = stage_ask(&w.s, "plugin.info", "{\"name\": \"acme/ok\"}");
    assert_string_equal(oc_json_str(info, "id", ""), "acme/ok");
    assert_string_equal(json_string_value(oc_json_path(info, "provenance.registry")), "main");
    assert_string_equal(json_string_value(oc_json_path(info, "provenance.digest")), DIGEST);
}

static void look_up(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("{s:s}", "name", "far"));
}
static const struct oc_option any_name[] = {{.name = "name", .type = OC_OPT_STRING}, {0}};
static const struct oc_op lookup_op = {.name = "plugin.lookup",
                                       .summary = "For this test",
                                       .params = any_name,
                                       .params_size = sizeof(char *),
                                       .handler = look_up};

static void a_plugin_that_is_not_installed_is_looked_up(void **state)
{
    (void)state;
    oc_ops_add(w.s.env.ops, &lookup_op, NULL);
    const json_t *info = stage_ask(&w.s, "plugin.info", "{\"name\": \"far\"}");
    assert_string_equal(oc_json_str(info, "state", ""), "available");
}

static void status_tells_the_figures_and_how_long_it_is_up(void **state)
{
    (void)state;
    struct oc_plugin *ok = plugin_add("ok", LIBRARY);
    collector("c-a", ok)->calls = 7;
    json_t *event = json_pack("{s:s}", "instance", "c-a");
    oc_bus_publish(w.s.env.bus, "plugin.started", event);
    stage_pass(&w.s, OC_MINUTE);
    const json_t *row = json_array_get(stage_ask(&w.s, "plugin.status", "{\"name\": \"ok\"}"), 0);
    assert_int_equal(oc_json_int(row, "calls", 0), 7);
    assert_int_equal(oc_json_int(row, "uptime_ms", 0), OC_MINUTE);
    assert_string_equal(oc_json_str(row, "owner", ""), "collectors");
    assert_int_equal(stage_refused(&w.s, "plugin.status", "{\"name\": \"no\"}"), OC_E_NOT_FOUND);
}

static void top_tells_a_table_again_and_again_the_largest_first(void **state)
{
    (void)state;
    struct oc_plugin *ok = plugin_add("ok", LIBRARY);
    struct oc_instance *idle = collector("c-a", ok), *busy = collector("c-b", ok);
    stage_call(&w.s, "plugin.top", "{\"sort\": \"calls\", \"every\": \"1s\", \"count\": 2}");
    idle->calls = 1;
    busy->calls = 50;
    stage_pass(&w.s, OC_SECOND);
    assert_int_equal(w.s.done, 1);
    assert_int_equal(json_array_size(w.s.rows), 2);
    const json_t *first = oc_json_path(json_array_get(w.s.rows, 1), "instances[0]");
    assert_string_equal(oc_json_str(first, "instance", ""), "c-b");
    assert_int_equal((int)oc_json_num(first, "calls_per_second", 0), 50);
}

static json_t *log_lines;
static void tell_lines(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_incref(log_lines));
}
struct logs_params {
    const char *level;
    int64_t lines;
    int32_t follow;
};
static const struct oc_option logs_options[] = {
    {.name = "level", .type = OC_OPT_STRING, .offset = offsetof(struct logs_params, level)},
    {.name = "lines", .type = OC_OPT_INT, .offset = offsetof(struct logs_params, lines)},
    {.name = "follow", .type = OC_OPT_BOOL, .offset = offsetof(struct logs_params, follow)},
    {0}};
static const struct oc_op logs_op = {.name = "logs",
                                     .summary = "For this test",
                                     .params = logs_options,
                                     .params_size = sizeof(struct logs_params),
                                     .handler = tell_lines};

static void the_log_of_a_plugin_is_what_names_it_or_its_instances(void **state)
{
    (void)state;
    collector("c-a", plugin_add("ok", LIBRARY));
    oc_ops_add(w.s.env.ops, &logs_op, NULL);
    log_lines =
        json_pack("[{s:s,s:{s:s}},{s:s,s:{s:s}},{s:s,s:{s:s}},{s:s,s:{}}]", "message", "one",
                  "data", "instance", "c-a", "message", "two", "data", "plugin", "other", "message",
                  "three", "data", "plugin", "ok", "message", "four", "data");
    const json_t *lines = stage_ask(&w.s, "plugin.logs", "{\"name\": \"ok\"}");
    assert_int_equal(json_array_size(lines), 2);
    lines = stage_ask(&w.s, "plugin.logs", "{\"name\": \"ok\", \"lines\": 1}");
    assert_string_equal(oc_json_str(json_array_get(lines, 0), "message", ""), "three");
    json_decref(log_lines);
}

static void the_first_gate_that_is_shut_is_told_with_a_command(void **state)
{
    (void)state;
    const json_t *why = stage_ask(&w.s, "plugin.why", "{\"what\": \"nobody\"}");
    assert_string_equal(oc_json_str(why, "failing", ""), "installed");
    assert_string_equal(oc_json_str(why, "fix", ""), "openclaw plugin install nobody");

    struct oc_plugin *ok = plugin_add("ok", LIBRARY ", \"metrics\": [{\"name\": \"ok.up\", "
                                                    "\"type\": \"bool\", \"help\": \"up\"}]");
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok\"}");
    assert_string_equal(oc_json_str(why, "failing", ""), "configured");
    struct oc_instance *i = collector("c-a", ok);
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok.up\"}");
    assert_string_equal(oc_json_str(why, "kind", ""), "metric");
    assert_string_equal(oc_json_str(why, "failing", ""), "data");
    i->state = OC_INSTANCE_FENCED;
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok\"}");
    assert_string_equal(oc_json_str(why, "failing", ""), "running");
    assert_string_equal(oc_json_str(why, "fix", ""), "openclaw plugin logs ok");
    i->state = OC_INSTANCE_READY;
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok\"}");
    assert_true(oc_json_bool(why, "ok", false));
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"plugin.list\"}");
    assert_true(oc_json_bool(why, "ok", false));
}

static void an_operation_that_was_left_out_is_told_by_info_why_and_doctor(void **state)
{
    (void)state;
    struct oc_plugin *ok = plugin_add("ok", LIBRARY);
    ok->manifest->left_out =
        json_pack("[{s:s, s:s}]", "operation", "ok.show", "reason", "operations[0].view: expected");
    collector("c-a", ok);
    const json_t *o = stage_ask(&w.s, "plugin.info", "{\"name\": \"ok\"}");
    assert_string_equal(json_string_value(oc_json_path(o, "left_out[0].operation")), "ok.show");
    o = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok\"}");
    assert_true(oc_json_bool(o, "ok", false)); /* the rest of it works */
    assert_non_null(strstr(json_string_value(oc_json_path(o, "gates[2].message")),
                           "left out: operations[0].view"));
    o = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok.show\"}");
    assert_string_equal(oc_json_str(o, "failing", ""), "manifest");
    assert_string_equal(oc_json_str(o, "plugin", ""), "ok");
    o = stage_find(stage_ask(&w.s, "plugin.doctor", NULL), "id", "operation-left-out");
    assert_string_equal(oc_json_str(o, "fix", ""), "openclaw plugin check /plugins");
}

static void an_operation_of_that_name_is_not_yet_the_plugins(void **state)
{
    (void)state;
    static const struct oc_op op = {.name = "ok.show", .summary = "x", .handler = tell_lines};
    struct oc_plugin *ok =
        plugin_add("ok", LIBRARY ", \"operations\": [{\"name\": \"ok.show\", \"summary\": \"S\", "
                                 "\"method\": \"tool.call/1\"}]");
    collector("c-a", ok);
    oc_ops_add_plugin(w.s.env.ops, &op, NULL, "ok", NULL);
    const json_t *why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok.show\"}");
    assert_true(oc_json_bool(why, "ok", false));
    oc_ops_remove(w.s.env.ops, "ok.show");
    oc_ops_add_plugin(w.s.env.ops, &op, NULL, "other", NULL);
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok.show\"}");
    assert_string_equal(oc_json_str(why, "failing", ""), "provided");
    const json_t *provided = stage_find(json_object_get(why, "gates"), "gate", "provided");
    assert_string_equal(oc_json_str(provided, "message", ""),
                        "the plugin other has an operation of that name");
    oc_ops_add(w.s.env.ops, &op, NULL);
    why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok.show\"}");
    assert_string_equal(oc_json_str(why, "failing", ""), "provided");
}

static void a_disabled_plugin_says_how_to_enable_it(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": false");
    put_artifact(plugin, "{}");
    configure("");
    const json_t *why = stage_ask(&w.s, "plugin.why", "{\"what\": \"ok\"}");
    assert_string_equal(oc_json_str(why, "failing", ""), "enabled");
    assert_string_equal(oc_json_str(why, "fix", ""), "openclaw plugin enable ok");
}

static void a_reload_answers_when_every_instance_has_switched(void **state)
{
    (void)state;
    struct oc_plugin *ok = plugin_add("ok", LIBRARY);
    assert_int_equal(stage_refused(&w.s, "plugin.reload", "{\"name\": \"ok\"}"), OC_E_CONFLICT);
    collector("c-a", ok);
    stage_call(&w.s, "plugin.reload", "{\"name\": \"ok\"}");
    assert_int_equal(w.s.done, 0);
    json_t *receipt = json_pack("{s:s,s:b,s:s}", "instance", "c-a", "ok", 1, "phase", "switched");
    reload_done(reload_ctx, receipt);
    assert_int_equal(w.s.done, 1);
    assert_true(oc_json_bool(w.s.result, "ok", false));

    stage_call(&w.s, "plugin.reload", "{\"name\": \"ok\", \"wait\": true, \"watch\": \"5s\"}");
    reload_done(reload_ctx, receipt);
    assert_int_equal(w.s.done, 0);
    oc_json_set_str(receipt, "phase", "watch");
    oc_json_set_bool(receipt, "rolled_back", true);
    oc_bus_publish(w.s.env.bus, "plugin.reloaded", receipt);
    assert_int_equal(w.s.done, 1);
    assert_false(oc_json_bool(w.s.result, "ok", true));
}

static void a_watch_whose_end_is_not_told_ends_by_itself(void **state)
{
    (void)state;
    collector("c-a", plugin_add("ok", LIBRARY));
    stage_call(&w.s, "plugin.reload", "{\"name\": \"ok\", \"wait\": true, \"watch\": \"5s\"}");
    json_t *receipt = json_pack("{s:s,s:b,s:s}", "instance", "c-a", "ok", 1, "phase", "switched");
    reload_done(reload_ctx, receipt);
    json_decref(receipt);
    stage_pass(&w.s, 10 * OC_SECOND);
    assert_int_equal(w.s.done, 1);
    assert_true(oc_json_bool(w.s.result, "ok", false));
}

static void whoever_waits_for_a_reload_may_go(void **state)
{
    (void)state;
    collector("c-a", plugin_add("ok", LIBRARY));
    struct oc_call *call = stage_call(&w.s, "plugin.reload", "{\"name\": \"ok\"}");
    oc_call_cancel(call);
    assert_int_equal(w.s.code, OC_E_CANCELLED);
    json_t *receipt = json_pack("{s:s,s:b}", "instance", "c-a", "ok", 1);
    reload_done(reload_ctx, receipt);
    json_decref(receipt);
}

static void a_reset_begins_with_a_clean_count(void **state)
{
    (void)state;
    struct oc_instance *i = collector("c-a", plugin_add("ok", LIBRARY));
    i->state = OC_INSTANCE_FENCED;
    const json_t *o = stage_ask(&w.s, "plugin.reset", "{\"name\": \"ok\"}");
    assert_int_equal(i->resets, 1);
    assert_string_equal(json_string_value(oc_json_path(o, "instances[0].from")), "fenced");
    assert_int_equal(w.changes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_tells_what_is_on_disk_wanted_and_running),
        TEST(what_is_installed_is_listed_also_when_its_folder_is_gone),
        TEST(a_private_daemon_says_that_it_cannot_tell_what_runs),
        TEST(a_plugin_is_shown_with_its_methods_options_and_rights),
        TEST(in_safe_mode_looking_at_a_plugin_does_not_load_it),
        TEST(an_installed_plugin_shows_where_it_came_from),
        TEST(a_plugin_that_is_not_installed_is_looked_up),
        TEST(status_tells_the_figures_and_how_long_it_is_up),
        TEST(top_tells_a_table_again_and_again_the_largest_first),
        TEST(the_log_of_a_plugin_is_what_names_it_or_its_instances),
        TEST(the_first_gate_that_is_shut_is_told_with_a_command),
        TEST(an_operation_that_was_left_out_is_told_by_info_why_and_doctor),
        TEST(an_operation_of_that_name_is_not_yet_the_plugins),
        TEST(a_disabled_plugin_says_how_to_enable_it),
        TEST(a_reload_answers_when_every_instance_has_switched),
        TEST(a_watch_whose_end_is_not_told_ends_by_itself),
        TEST(whoever_waits_for_a_reload_may_go),
        TEST(a_reset_begins_with_a_clean_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
