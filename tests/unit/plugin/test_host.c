/* What a plugin reaches through its host pointer. SPDX-License-Identifier: MIT */
#include "rig.h"

struct answering {
    struct rig *rig;
    int code;
    const char *json; /* NULL: no answer until asked */
    void (*done)(void *ctx, int code, json_t *result, const struct oc_error *err);
    void *done_ctx;
    char op[64], params[64], instance[64];
};

static void answer(struct answering *a)
{
    struct oc_error err;
    oc_error_init(&err);
    if (a->code) {
        oc_error_set(&err, a->code, "the operation said no");
    }
    a->done(a->done_ctx, a->code, a->code ? NULL : json_loads(a->json, JSON_DECODE_ANY, NULL),
            &err);
    a->done = NULL;
}

static void on_call(void *ctx, struct oc_instance *instance, const char *op, json_t *params,
                    void (*done)(void *, int, json_t *, const struct oc_error *), void *done_ctx)
{
    struct answering *a = ctx;
    char *text = oc_json_text(params);
    snprintf(a->op, sizeof a->op, "%s", op);
    snprintf(a->params, sizeof a->params, "%s", text);
    snprintf(a->instance, sizeof a->instance, "%s", oc_instance_name(instance));
    free(text);
    json_decref(params);
    a->done = done;
    a->done_ctx = done_ctx;
    if (a->json || a->code) {
        answer(a);
    }
}

static void an_operation_answers_with_a_record(void **state)
{
    struct rig *rig = *state;
    struct answering a = {.json = "{\"value\": 7}"};
    oc_plugins_set_host(rig->plugins, on_call, &a);
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "test.op", 5000), OC_OK);
    assert_string_equal(rig_text(&rig->texts), "{\"value\":7}\n");
    assert_string_equal(a.op, "test.op");
    assert_string_equal(a.params, "{\"key\":\"k\"}");
    assert_string_equal(a.instance, "one");
    rig_destroy(rig, i, 1000);
}

static void a_failing_operation_tells_its_reason(void **state)
{
    struct rig *rig = *state;
    struct answering a = {.code = OC_E_CONFLICT};
    oc_plugins_set_host(rig->plugins, on_call, &a);
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "test.op", 5000), OC_E_CONFLICT);
    assert_string_equal(rig->err.message, "the operation said no");
    rig_destroy(rig, i, 1000);
}

static void an_operation_without_a_permission_is_denied(void **state)
{
    struct rig *rig = *state;
    struct answering a = {.json = "{}"};
    oc_plugins_set_host(rig->plugins, on_call, &a);
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "backup.restore", 5000), OC_E_DENIED);
    assert_has(rig->err.hint, "op:call:backup.restore");
    assert_string_equal(a.op, "");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "kv.get", 5000), OC_OK); /* its own space */
    rig_destroy(rig, i, 1000);
}

static void a_host_without_operations_says_so(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "test.op", 5000), OC_E_UNSUPPORTED);
    rig_destroy(rig, i, 1000);
}

static void an_operation_that_does_not_answer_ends_at_the_deadline(void **state)
{
    struct rig *rig = *state;
    struct answering a = {0};
    oc_plugins_set_host(rig->plugins, on_call, &a);
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "test.op", 1000), OC_E_TIMEOUT);
    assert_has(rig->err.message, "test.op did not answer in time");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_READY);
    a.json = "{}";
    answer(&a); /* the answer that comes too late is nobody's, and is freed */
    rig_destroy(rig, i, 1000);
}

static void a_cancel_reaches_a_plugin_that_waits_for_an_operation(void **state)
{
    struct rig *rig = *state;
    struct answering a = {0};
    uint64_t id;
    oc_plugins_set_host(rig->plugins, on_call, &a);
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.call/1", "test.op", 20000, &id);
    RIG_UNTIL(rig, a.done);
    const int64_t begun = oc_time_mono();
    oc_instance_cancel(i, id);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    assert_in_range(oc_time_mono() - begun, 0, 2000);
    a.code = OC_E_CANCELLED;
    answer(&a);
    rig_destroy(rig, i, 1000);
}

static void log_lines_carry_the_instance(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.log/1", "1", 5000), OC_OK);
    assert_true(rig_logged("info a line from the plugin {"));
    assert_true(rig_logged("\"instance\":\"one\""));
    assert_true(rig_logged("\"data\":\"no json\""));
    rig_destroy(rig, i, 1000);
}

static void a_chatty_plugin_is_cut_off_and_that_is_said(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.log/1", "2000", 5000), OC_OK);
    assert_true(rig_logged("plugin logs too much"));
    size_t lines = 0;
    for (const char *at = rig_log.data; (at = strstr(at, "a line from the plugin")); at++) {
        lines++;
    }
    assert_in_range(lines, 1, 600); /* 200 a second, and the call may see two or three seconds */
    rig_destroy(rig, i, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
        TEST(an_operation_answers_with_a_record),
        TEST(a_failing_operation_tells_its_reason),
        TEST(an_operation_without_a_permission_is_denied),
        TEST(a_host_without_operations_says_so),
        TEST(an_operation_that_does_not_answer_ends_at_the_deadline),
        TEST(a_cancel_reaches_a_plugin_that_waits_for_an_operation),
        TEST(log_lines_carry_the_instance),
        TEST(a_chatty_plugin_is_cut_off_and_that_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
