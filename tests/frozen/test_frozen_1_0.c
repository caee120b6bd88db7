/* The binary of 1.0 still loads, binds, collects, calls and stops, in every tier. SPDX-License-Identifier: MIT */
#include "tests/unit/plugin/rig.h"

static int setup(void **state, enum oc_tier tier)
{
    const int code = rig_setup(state);
    const struct rig *rig = *state;
    const struct oc_terms terms = {.tier = tier};
    oc_plugin_set_terms(oc_plugin_find(rig->plugins, "frozen"), &terms);
    return code;
}

static int setup_inproc(void **state)
{
    return setup(state, OC_TIER_INPROC);
}

static int setup_process(void **state)
{
    return setup(state, OC_TIER_PROCESS);
}

static int setup_sandbox(void **state)
{
    return setup(state, OC_TIER_SANDBOX);
}

#define OPTIONS                                                                                    \
    "{\"flag\": false, \"mode\": \"c\", \"number\": 10, \"wait\": \"2s\", \"size\": \"2KB\", "     \
    "\"factor\": 2.0,"                                                                             \
    " \"text\": \"main\", \"secret\": \"s\", \"path\": \"/x\", \"url\": \"http://h\", \"words\": " \
    "[\"a\", \"b\"],"                                                                              \
    " \"ints\": [100, 200], \"pairs\": {\"k\": \"v\"}, \"targets\": [{\"host\": \"h\"}, "          \
    "{\"port\": 1000}],"                                                                           \
    " \"single\": {\"port\": 3000}}"

static void the_frozen_plugin_collects_with_its_defaults(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "frozen", "f", "{}");
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_OK);
    /* (1 + 1 + 7 + 1000 + 1024 + 80) * 0.5 */
    assert_string_equal(rig_text(&rig->samples), "frozen.sum,target=t=1056.5\nfrozen.calls=1\n");
    assert_int_equal(rig->records, 5);
    rig_destroy(rig, i, 1000);
    assert_true(rig_logged("frozen stopped"));
}

static void every_type_of_option_arrives_where_it_did(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "frozen", "f", OPTIONS);
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_OK);
    /* (0 + 2 + 10 + 2000 + 2048 + 3000 + 100 + 200 + 80 + 1000 + 2 + 1) * 2 */
    assert_has(rig_text(&rig->samples), "frozen.sum,target=main=16886\n");
    assert_has(rig_text(&rig->texts), "http://h\n");
    rig_destroy(rig, i, 1000);
}

static void on_ask(void *ctx, struct oc_instance *instance, const char *op, json_t *params,
                   void (*done)(void *, int, json_t *, const struct oc_error *), void *done_ctx)
{
    (void)ctx;
    (void)instance;
    assert_string_equal(op, "test.ask");
    done(done_ctx, OC_OK, params, NULL);
}

static void it_calls_its_host_and_fails_as_it_did(void **state)
{
    struct rig *rig = *state;
    oc_plugins_set_host(rig->plugins, on_ask, NULL);
    struct oc_instance *i = rig_start(rig, "frozen", "f", "{}");
    assert_int_equal(rig_call(rig, i, "tool.ask/1", "{\"q\": 1}", 5000), OC_OK);
    assert_string_equal(rig_text(&rig->texts), "{\"q\":1}\n");
    assert_int_equal(rig_call(rig, i, "tool.fail/1", NULL, 5000), OC_E_AUTH);
    assert_string_equal(rig->err.message, "refused on purpose");
    rig_destroy(rig, i, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn)                                                                                   \
    {#fn " (inproc)", fn, setup_inproc, rig_teardown, NULL},                                       \
        {#fn " (process)", fn, setup_process, rig_teardown, NULL},                                 \
        {#fn " (sandbox)", fn, setup_sandbox, rig_teardown, NULL}
        TEST(the_frozen_plugin_collects_with_its_defaults),
        TEST(every_type_of_option_arrives_where_it_did),
        TEST(it_calls_its_host_and_fails_as_it_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
