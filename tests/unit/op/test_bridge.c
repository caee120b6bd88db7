/* Tests of core/op/bridge.c: plugins that call operations, operations that call plugins. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage_plugin.h"

#include "core/base/log.h"
#include "core/op/bridge.h"

struct oc_plugins {
    oc_host_call_fn call;
    void *ctx;
};

void oc_plugins_set_host(struct oc_plugins *p, oc_host_call_fn call, void *ctx)
{
    p->call = call;
    p->ctx = ctx;
}

struct fixture {
    struct oc_plugins plugins;
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    struct oc_bridge *bridge;
    struct oc_instance *instance;
    int done, code, warnings;
    json_t *result;
    char message[512], actor[96], progress[64];
    enum oc_role role;
};

static struct fixture f;

static const char operations[] = LIBRARY
    ", \"operations\": ["
    "{\"name\": \"tool.echo\", \"summary\": \"Say it again\", \"method\": \"tool.echo/1\","
    " \"role\": \"viewer\", \"view\": \"record\", \"description\": \"At length\","
    " \"example\": \"openclaw tool echo a\", \"flags\": [\"mutates\"], \"params\": ["
    "   {\"name\": \"text\", \"type\": \"string\", \"required\": true, \"positional\": true,"
    "    \"help\": \"what\"},"
    "   {\"name\": \"times\", \"type\": \"int\", \"max\": 9, \"default\": 2,"
    "    \"advanced\": true, \"help\": \"how often\"},"
    "   {\"name\": \"how\", \"type\": \"enum\", \"choices\": \"loud|low\","
    "    \"default\": \"low\", \"help\": \"how\"},"
    "   {\"name\": \"rest\", \"type\": \"ints\", \"help\": \"more\"},"
    "   {\"name\": \"dry_run\", \"type\": \"bool\", \"help\": \"look only\"},"
    "   {\"name\": \"wait\", \"type\": \"duration\", \"help\": \"how long\"}]},"
    "{\"name\": \"tool.list\", \"summary\": \"List\", \"method\": \"tool.list/1\", \"params\": ["
    "   {\"name\": \"limit\", \"type\": \"int\", \"default\": \"unlimited\", \"help\": \"how "
    "many\"},"
    "   {\"name\": \"wait\", \"type\": \"duration\", \"default\": 10, \"help\": \"how long\"},"
    "   {\"name\": \"from\", \"type\": \"url\", \"default\": \"\", \"help\": \"where\"},"
    "   {\"name\": \"word\", \"type\": \"secret\", \"default\": \"$env:PATH\", \"help\": \"w\"},"
    "   {\"name\": \"few\", \"type\": \"int\", \"default\": 9, \"max\": 5, \"help\": \"how few\"},"
    "   {\"name\": \"most\", \"type\": \"int\", \"default\": 5, \"max\": 5, \"help\": \"the "
    "most\"},"
    "   {\"name\": \"id\", \"type\": \"string\", \"required\": true, \"default\": \"a\","
    "    \"help\": \"which\"}]},"
    "{\"name\": \"tool.reset\", \"summary\": \"Reset\", \"method\": \"tool.reset/1\"},"
    "{\"name\": \"core.whoami\", \"summary\": \"Clash\", \"method\": \"tool.echo/1\"},"
    "{\"name\": \"tool.nested\", \"summary\": \"Nested\", \"method\": \"tool.echo/1\", \"params\": "
    "["
    "   {\"name\": \"g\", \"type\": \"group\", \"help\": \"no\"}]}]";

static void whoami(struct oc_call *call, void *ctx)
{
    (void)ctx;
    snprintf(f.actor, sizeof f.actor, "%s", oc_call_actor(call)->name);
    f.role = oc_call_actor(call)->role;
    oc_call_succeed(call, json_pack("{s:s}", "you", f.actor));
}

static const struct oc_op core_ops[] = {
    {.name = "core.whoami", .summary = "x", .handler = whoami},
    {.name = "core.admin", .summary = "x", .role = OC_ROLE_ADMIN, .handler = whoami},
    {.name = "core.watch", .summary = "x", .flags = OC_OP_STREAMS, .handler = whoami},
    {.name = "core.files", .summary = "x", .flags = OC_OP_PRIVATE, .handler = whoami}};

static struct oc_instance *find(void *ctx, const char *plugin, const char *name)
{
    (void)ctx;
    assert_string_equal(plugin, "tool");
    return name && strcmp(name, "main") != 0 ? NULL : f.instance;
}

static void tap(void *ctx, const struct oc_log_line *line)
{
    (void)ctx;
    f.warnings += line->level == OC_LOG_WARN;
}

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    oc_log_set(OC_LOG_WARN, OC_LOG_TEXT, -1);
    oc_log_set_tap(tap, NULL);
    f.loop = oc_loop_create();
    f.bus = oc_bus_create();
    f.ops = oc_ops_create(f.loop, f.bus);
    for (size_t i = 0; i < OC_COUNT(core_ops); i++) {
        oc_ops_add(f.ops, &core_ops[i], NULL);
    }
    struct oc_plugin *plugin = plugin_add("tool", operations);
    json_t *none = json_object();
    struct oc_node *config = oc_node_from_json(none, "test");
    f.instance = oc_instance_create(plugin, "main", config, "", NULL, NULL, NULL);
    oc_node_free(config);
    json_decref(none);
    f.bridge = oc_bridge_create(f.ops, &f.plugins, find, NULL);
    oc_bridge_refresh(f.bridge);
    *state = &f;
    return 0;
}

static void ignore(void *ctx)
{
    (void)ctx;
}

static int teardown(void **state)
{
    (void)state;
    struct oc_instance *i = plugin_instance("main");
    if (i) {
        oc_instance_destroy(i, 0, ignore, NULL);
    }
    oc_bridge_destroy(f.bridge);
    oc_ops_destroy(f.ops);
    oc_bus_destroy(f.bus);
    oc_loop_destroy(f.loop);
    json_decref(f.result);
    plugins_forget();
    oc_log_set_tap(NULL, NULL);
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
    return 0;
}

/* ---- a plugin calls ---- */

static void on_host_answer(void *ctx, int code, json_t *result, const struct oc_error *err)
{
    (void)ctx;
    f.done++;
    f.code = code;
    json_decref(f.result);
    f.result = result;
    snprintf(f.message, sizeof f.message, "%s", err ? err->message : "");
}

static int from_plugin(const char *op)
{
    f.done = 0;
    f.plugins.call(f.plugins.ctx, f.instance, op, json_object(), on_host_answer, NULL);
    assert_int_equal(f.done, 1);
    return f.code;
}

static void a_plugin_calls_as_itself_with_the_rights_of_an_operator(void **state)
{
    (void)state;
    assert_int_equal(from_plugin("core.whoami"), OC_OK);
    assert_string_equal(f.actor, "plugin:tool/main");
    assert_int_equal(f.role, OC_ROLE_OPERATOR);
    assert_string_equal(oc_json_str(f.result, "you", ""), "plugin:tool/main");
    assert_int_equal(from_plugin("core.admin"), OC_E_DENIED);
    assert_int_equal(from_plugin("core.none"), OC_E_NOT_FOUND);
}

static void what_never_ends_or_blocks_the_daemon_is_not_for_plugins(void **state)
{
    (void)state;
    assert_int_equal(from_plugin("core.watch"), OC_E_UNSUPPORTED);
    assert_int_equal(from_plugin("core.files"), OC_E_UNSUPPORTED);
    assert_string_equal(f.actor, "");
}

static void without_a_bridge_plugins_have_no_host(void **state)
{
    (void)state;
    oc_bridge_destroy(f.bridge);
    f.bridge = NULL;
    assert_null(f.plugins.call);
    assert_null(oc_ops_find(f.ops, "tool.echo"));
    oc_bridge_destroy(NULL);
}

/* ---- an operation calls a plugin ---- */

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx;
    on_host_answer(NULL, code, result ? json_deep_copy(result) : NULL, err);
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    (void)ctx;
    snprintf(f.progress, sizeof f.progress, "%g %s", fraction, text);
}

static struct oc_call *call(const char *op, const char *params, enum oc_role role)
{
    struct oc_call_request req = {.op = op,
                                  .params = json_loads(params, 0, NULL),
                                  .actor = {.name = "test", .role = role},
                                  .on_progress = on_progress,
                                  .on_done = on_done};
    f.done = 0;
    return oc_ops_call(f.ops, &req);
}

static void an_operation_of_a_manifest_stands_in_the_table(void **state)
{
    (void)state;
    const struct oc_op *op = oc_ops_find(f.ops, "tool.echo");
    assert_non_null(op);
    assert_string_equal(op->summary, "Say it again");
    assert_string_equal(op->view, "record");
    assert_int_equal(op->role, OC_ROLE_VIEWER);
    assert_int_equal(op->flags, OC_OP_MUTATES);
    assert_string_equal(op->params[0].name, "text");
    assert_int_equal(op->params[0].flags, OC_OPT_REQUIRED | OC_OPT_POSITIONAL);
    assert_int_equal(op->params[1].type, OC_OPT_INT);
    assert_int_equal(op->params[1].flags, OC_OPT_ADVANCED);
    assert_string_equal(op->params[1].default_text, "2");
    assert_string_equal(op->params[2].default_text, "low");
    assert_string_equal(op->description, "At length");
    assert_string_equal(op->example, "openclaw tool echo a");
    assert_int_equal(op->params[2].type, OC_OPT_ENUM);
    assert_int_equal(op->params[3].type, OC_OPT_INTS);
    assert_string_equal(op->params[6].name, "instance");
    assert_int_equal(oc_ops_find(f.ops, "tool.reset")->role, OC_ROLE_OPERATOR);
}

static void a_clash_and_a_parameter_of_no_use_are_left_out_and_said(void **state)
{
    (void)state;
    assert_ptr_equal(oc_ops_find(f.ops, "core.whoami"), &core_ops[0]);
    assert_null(oc_ops_find(f.ops, "tool.nested"));
    assert_int_equal(f.warnings, 2);
}

/* What a `default` says is for people: the plugin fills in what was not given. */
static void a_default_that_a_parameter_cannot_have_is_not_shown_and_nothing_else(void **state)
{
    (void)state;
    const struct oc_op *op = oc_ops_find(f.ops, "tool.list");
    assert_non_null(op);
    for (size_t i = 0; i < 7; i++) {
        if (strcmp(op->params[i].name, "most") == 0) {
            assert_string_equal(op->params[i].default_text, "5");
        } else if (op->params[i].default_text) {
            fail_msg("%s: %s", op->params[i].name, op->params[i].default_text);
        }
    }
    assert_null(call("tool.list", "{}", OC_ROLE_ADMIN));
    assert_int_equal(f.code, OC_E_CONFIG); /* it is still required */
    assert_non_null(call("tool.list", "{\"id\": \"b\"}", OC_ROLE_ADMIN));
    assert_string_equal(f.instance->params, "{\"id\":\"b\"}");
    plugin_answer("main", OC_OK);
}

static void refreshing_adds_nothing_twice(void **state)
{
    (void)state;
    const struct oc_op *before = oc_ops_find(f.ops, "tool.echo");
    oc_bridge_refresh(f.bridge);
    assert_ptr_equal(oc_ops_find(f.ops, "tool.echo"), before);
}

static void parameters_are_checked_and_handed_on_as_they_are(void **state)
{
    (void)state;
    assert_null(call("tool.echo", "{\"times\": 2}", OC_ROLE_ADMIN));
    assert_int_equal(f.code, OC_E_CONFIG);
    static const char *const wrong[] = {"{\"text\": \"a\", \"times\": \"x\"}",
                                        "{\"text\": \"a\", \"times\": 10}",
                                        "{\"text\": \"a\", \"how\": \"shrill\"}"};
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        assert_null(call("tool.echo", wrong[i], OC_ROLE_ADMIN));
        assert_int_equal(f.code, OC_E_CONFIG);
    }
    assert_int_equal(f.instance->calls, 0);
    assert_non_null(call("tool.echo", "{\"text\": \"a\", \"times\": 2}", OC_ROLE_VIEWER));
    assert_string_equal(f.instance->call.method, "tool.echo/1");
    assert_string_equal(f.instance->params, "{\"text\":\"a\",\"times\":2}");
    plugin_answer("main", OC_OK);
    assert_null(call("tool.reset", "{}", OC_ROLE_VIEWER));
    assert_int_equal(f.code, OC_E_DENIED);
}

static int note_gate(void *ctx, const struct oc_call *call, json_t **details, struct oc_error *err)
{
    json_t **seen = ctx;
    (void)details;
    (void)err;
    json_decref(*seen);
    *seen = oc_call_bound(call);
    return OC_OK;
}

/* Or a policy would let pass what looks like a rehearsal to it, and the plugin would do it. */
static void the_plugin_hears_the_truth_values_that_the_gate_decided_about(void **state)
{
    static const struct {
        const char *given, *handed;
        int dry_run;
    } CASES[] = {
        {"{\"text\":\"a\",\"dry_run\":\"yes\"}", "{\"dry_run\":true,\"text\":\"a\"}", 1},
        {"{\"text\":\"a\",\"dry_run\":\"off\"}", "{\"dry_run\":false,\"text\":\"a\"}", 0},
        {"{\"text\":\"a\",\"dry_run\":1}", "{\"dry_run\":true,\"text\":\"a\"}", 1},
        {"{\"text\":\"a\",\"dry_run\":\"0\",\"times\":\"3\",\"rest\":\"1,2\",\"wait\":\"5m\"}",
         "{\"dry_run\":false,\"rest\":[1,2],\"text\":\"a\",\"times\":3,\"wait\":\"5m\"}", 0},
        {"{\"text\":\"a\"}", "{\"text\":\"a\"}", 0},
    };
    json_t *seen = NULL;
    (void)state;
    oc_ops_set_gate(f.ops, note_gate, &seen);
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        assert_non_null(call("tool.echo", CASES[i].given, OC_ROLE_ADMIN));
        assert_string_equal(f.instance->params, CASES[i].handed);
        assert_int_equal(oc_json_bool(seen, "dry_run", false), CASES[i].dry_run);
        plugin_answer("main", OC_OK);
    }
    assert_null(call("tool.echo", "{\"text\":\"a\",\"dry_run\":\"perhaps\"}", OC_ROLE_ADMIN));
    assert_int_equal(f.code, OC_E_CONFIG);
    assert_null(call("tool.echo", "{\"text\":\"a\",\"dryrun\":true}", OC_ROLE_ADMIN));
    assert_int_equal(f.code, OC_E_CONFIG);
    oc_ops_set_gate(f.ops, NULL, NULL);
    json_decref(seen);
}

static void one_row_is_the_result_and_several_are_a_list(void **state)
{
    (void)state;
    call("tool.reset", "{}", OC_ROLE_ADMIN);
    plugin_json("main", OC_RECORD_JSON, "", "{\"n\": 1}");
    plugin_answer("main", OC_OK);
    assert_int_equal(oc_json_int(f.result, "n", 0), 1);
    call("tool.reset", "{}", OC_ROLE_ADMIN);
    plugin_json("main", OC_RECORD_JSON, "", "{\"n\": 1}");
    plugin_json("main", OC_RECORD_JSON, "", "no json");
    plugin_json("main", OC_RECORD_PROGRESS, "", "half");
    plugin_json("main", OC_RECORD_JSON, "", "{\"n\": 2}");
    plugin_answer("main", OC_OK);
    assert_int_equal(json_array_size(f.result), 2);
    assert_string_equal(f.progress, "0 half");
    call("tool.reset", "{}", OC_ROLE_ADMIN);
    plugin_answer("main", OC_OK);
    assert_int_equal(json_array_size(f.result), 0);
}

static void a_failure_of_the_plugin_is_that_of_the_operation(void **state)
{
    (void)state;
    call("tool.reset", "{}", OC_ROLE_ADMIN);
    plugin_json("main", OC_RECORD_JSON, "", "{}");
    plugin_answer("main", OC_E_AUTH);
    assert_int_equal(f.code, OC_E_AUTH);
    f.instance->state = OC_INSTANCE_FENCED;
    assert_null(call("tool.reset", "{}", OC_ROLE_ADMIN));
    assert_int_equal(f.code, OC_E_CONFLICT);
}

static void an_operation_without_its_instance_says_so(void **state)
{
    (void)state;
    assert_null(call("tool.reset", "{\"instance\": \"other\"}", OC_ROLE_ADMIN));
    assert_int_equal(f.code, OC_E_NOT_FOUND);
    assert_string_equal(f.message, "no instance of plugin tool is named other");
    oc_instance_destroy(f.instance, 0, ignore, NULL);
    f.instance = NULL;
    assert_null(call("tool.reset", "{}", OC_ROLE_ADMIN));
    assert_string_equal(f.message, "plugin tool has no running instance");
}

static void cancelling_an_operation_cancels_the_call_in_the_plugin(void **state)
{
    (void)state;
    struct oc_call *running = call("tool.reset", "{}", OC_ROLE_ADMIN);
    assert_true(f.instance->busy);
    oc_call_cancel(running);
    assert_false(f.instance->busy);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.code, OC_E_CANCELLED);
}

static void an_instance_that_goes_ends_the_operation(void **state)
{
    (void)state;
    call("tool.reset", "{}", OC_ROLE_ADMIN);
    oc_instance_destroy(f.instance, 0, ignore, NULL);
    f.instance = NULL;
    assert_int_equal(f.done, 1);
    assert_int_equal(f.code, OC_E_CANCELLED);
}

static void the_operations_of_a_plugin_go_with_it(void **state)
{
    (void)state;
    struct oc_plugin *plugin = oc_plugin_find(NULL, "tool");
    OC_ASSERT(plugin);
    call("tool.reset", "{}", OC_ROLE_ADMIN); /* one that runs keeps what it needs */
    plugin->name[0] = '\0';                  /* it is no longer among them */
    oc_bridge_refresh(f.bridge);
    assert_null(oc_ops_find(f.ops, "tool.echo"));
    assert_null(oc_ops_find(f.ops, "tool.reset"));
    assert_non_null(oc_ops_find(f.ops, "core.whoami"));
    oc_instance_destroy(f.instance, 0, ignore, NULL);
    f.instance = NULL;
    assert_int_equal(f.code, OC_E_CANCELLED);
}

/* A part of the host that is switched on takes its names, and leaves them when it is switched off. */
static void an_operation_that_gave_way_comes_back(void **state)
{
    static const struct oc_op own = {.name = "tool.reset", .summary = "x", .handler = whoami};
    (void)state;
    const struct oc_op *brought = oc_ops_find(f.ops, "tool.reset");
    assert_string_equal(oc_ops_plugin(f.ops, "tool.reset"), "tool");
    oc_ops_add(f.ops, &own, NULL);
    oc_bridge_refresh(f.bridge);
    assert_ptr_equal(oc_ops_find(f.ops, "tool.reset"), &own);
    assert_null(oc_ops_plugin(f.ops, "tool.reset"));
    oc_ops_remove(f.ops, own.name);
    oc_bridge_refresh(f.bridge);
    assert_ptr_equal(oc_ops_find(f.ops, "tool.reset"), brought);
    assert_non_null(call("tool.reset", "{}", OC_ROLE_ADMIN));
    plugin_answer("main", OC_OK);
    assert_int_equal(f.code, OC_OK);
    f.warnings = 0;
    oc_bridge_refresh(f.bridge);
    assert_int_equal(f.warnings, 2); /* of what cannot be added, as ever */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plugin_calls_as_itself_with_the_rights_of_an_operator),
        TEST(what_never_ends_or_blocks_the_daemon_is_not_for_plugins),
        TEST(without_a_bridge_plugins_have_no_host),
        TEST(an_operation_of_a_manifest_stands_in_the_table),
        TEST(a_clash_and_a_parameter_of_no_use_are_left_out_and_said),
        TEST(a_default_that_a_parameter_cannot_have_is_not_shown_and_nothing_else),
        TEST(refreshing_adds_nothing_twice),
        TEST(parameters_are_checked_and_handed_on_as_they_are),
        TEST(the_plugin_hears_the_truth_values_that_the_gate_decided_about),
        TEST(one_row_is_the_result_and_several_are_a_list),
        TEST(a_failure_of_the_plugin_is_that_of_the_operation),
        TEST(an_operation_without_its_instance_says_so),
        TEST(cancelling_an_operation_cancels_the_call_in_the_plugin),
        TEST(an_instance_that_goes_ends_the_operation),
        TEST(the_operations_of_a_plugin_go_with_it),
        TEST(an_operation_that_gave_way_comes_back),
    };
    return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
