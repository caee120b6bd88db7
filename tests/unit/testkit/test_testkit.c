/* The fake host as plugin authors use it. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include <openclaw/testkit.h>

static struct oc_test *open_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s.so", OC_FIXTURES, name, name);
    struct oc_test *t = oc_test_open(path);
    assert_non_null(t);
    return t;
}

static void records_are_found_by_name_and_label(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("ok");
    oc_test_option(t, "who", "me");
    oc_test_option(t, "size", "2");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_count(t, 0), 3);
    assert_int_equal(oc_test_samples(t, "ok.value"), 2);
    assert_true(fabs(oc_test_sample(t, "ok.value", "target", "me")) < 0.1);
    const char *const labels[] = {"target", "me", "kind", "test", NULL};
    assert_true(oc_test_sample_with(t, "ok.value", labels) < 0.1);
    assert_true(0 != isnan(oc_test_sample(t, "ok.value", "target", "you")));
    assert_true(0 != isnan(oc_test_sample(t, "ok.nothing", NULL, NULL)));
    assert_int_equal(oc_test_status(t, "me"), OC_STATE_OK);
    assert_string_equal(oc_test_status_text(t, "me"), "hello me");
    assert_int_equal(oc_test_status(t, "you"), -1);
    assert_null(oc_test_status_text(t, "you"));
    assert_string_equal(oc_test_dump(t), "sample ok.value{target=\"me\",kind=\"test\"} 0\n"
                                         "sample ok.value{target=\"me\",kind=\"test\"} 1\n"
                                         "status me state=0 hello me\n");
    assert_int_equal(oc_test_close(t), 0);
}

static void wrong_options_do_not_start(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("ok");
    oc_test_config(t, "{\"nonsense\": 1}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "nonsense: unknown option");
    assert_null(oc_test_instance(t));
    assert_int_equal(oc_test_call(t, "tool.echo/1", NULL, 100), OC_E_CONFLICT);
    oc_test_config(t, "{\"fail_start\": true}");
    assert_int_equal(oc_test_start(t), OC_E_AUTH);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_missing_file_or_method_is_no_crash(void **state)
{
    (void)state;
    assert_null(oc_test_open("/nonexistent.so"));
    struct oc_test *t = open_fixture("ok");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "alert.send/1", NULL, 100), OC_E_UNSUPPORTED);
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(oc_test_close(NULL), 0);
}

static void a_cancel_arrives_while_the_call_runs(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("ok");
    oc_test_start(t);
    oc_test_cancel_after(t, 30);
    assert_int_equal(oc_test_call(t, "tool.wait/1", NULL, 10000), OC_E_CANCELLED);
    assert_in_range(oc_test_took_ms(t), 25, 2000);
    assert_int_equal(oc_test_call(t, "tool.wait/1", NULL, 50), OC_E_TIMEOUT);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_call_may_begin_cancelled(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("ok");
    oc_test_start(t);
    oc_test_cancel(t);
    assert_int_equal(oc_test_call(t, "tool.wait/1", NULL, 10000), OC_E_CANCELLED);
    assert_int_equal(oc_test_count(t, 0), 0);
    assert_int_equal(oc_test_refused(t), 1);
    assert_int_equal(oc_test_call(t, "tool.wait/1", NULL, 50), OC_E_TIMEOUT);
    assert_int_equal(oc_test_refused(t), 0);
    assert_int_equal(oc_test_close(t), 0);
}

static void operations_answer_what_they_are_told_to(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("ok");
    oc_test_start(t);
    assert_int_equal(oc_test_call(t, "tool.call/1", "alert.list", 1000), OC_E_NOT_FOUND);
    oc_test_answer(t, "alert.list", OC_OK, "[1,2]");
    assert_int_equal(oc_test_call(t, "tool.call/1", "alert.list", 1000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "[1,2]");
    assert_null(oc_test_json(t, 1));
    assert_int_equal(oc_test_calls(t, "alert.list"), 2);
    assert_string_equal(oc_test_params(t, "alert.list"), "{\"key\":\"k\"}");
    oc_test_answer(t, "alert.list", OC_E_DENIED, "not you");
    assert_int_equal(oc_test_call(t, "tool.call/1", "alert.list", 1000), OC_E_DENIED);
    assert_string_equal(oc_test_error(t)->message, "not you");
    assert_int_equal(oc_test_call(t, "tool.call/1", "kv.get", 1000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "{\"value\":null}");
    assert_int_equal(oc_test_close(t), 0);
}

static void log_lines_are_kept(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("ok");
    oc_test_start(t);
    oc_test_call(t, "tool.log/1", "1", 1000);
    assert_string_equal(oc_test_log(t, "a line"), "info a line from the plugin {\"n\":1}");
    assert_null(oc_test_log(t, "never said"));
    assert_int_equal(oc_test_close(t), 0);
}

static void the_record_limit_stops_a_flood(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("garbage");
    oc_test_start(t);
    oc_test_record_limit(t, 10);
    assert_int_equal(oc_test_call(t, "tool.flood/1", NULL, 5000), OC_E_PERMANENT);
    assert_int_equal(oc_test_count(t, OC_RECORD_SAMPLE), 10);
    assert_int_equal(oc_test_close(t), 0);
}

static void the_bytes_of_a_stream_do_not_count(void **state)
{
    (void)state;
    size_t len = 0;
    struct oc_test *t = oc_test_open(OC_GENERATIONS "/v1/gen/gen.so");
    assert_non_null(t);
    oc_test_option(t, "state_size", "409600");
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_record_limit(t, 1);
    assert_int_equal(oc_test_call(t, "state.save/1", NULL, 5000), OC_OK);
    assert_int_equal(oc_test_count(t, OC_RECORD_JSON), 1);
    oc_test_bytes(t, &len);
    assert_int_equal(len, 409600);
    oc_test_record_limit(t, 0);
    assert_int_equal(oc_test_call(t, "state.save/1", NULL, 5000), OC_E_PERMANENT);
    assert_int_equal(oc_test_count(t, 0), 0);
    assert_int_equal(oc_test_close(t), 0);
}

static void complain(struct oc_test *t, const char *params, const char *complaint)
{
    oc_test_call(t, "collector.collect/1", params, 1000);
    const char *got = oc_test_complaint(t);
    if (!complaint) {
        assert_null(got);
    } else if (!got || !strstr(got, complaint)) {
        fail_msg("expected \"%s\", got \"%s\"", complaint, got ? got : "no complaint");
    }
}

static void what_the_manifest_does_not_declare_is_complained_about(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("leaky");
    oc_test_option(t, "fd", "false");
    oc_test_start(t);
    complain(t, "0", NULL);
    complain(t, "1", "leaky.undeclared is not declared");
    complain(t, "2", "emitted as a counter and declared as a gauge");
    complain(t, "3", "label \"undeclared\", which the manifest does not declare");
    complain(t, "4", "an event is not a JSON object");
    complain(t, "5", "unknown state 9");
    assert_int_equal(oc_test_close(t), 0);
}

static void what_stop_leaves_behind_is_counted(void **state)
{
    (void)state;
    struct oc_test *t = open_fixture("leaky");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_close(t), 1);
    t = open_fixture("leaky");
    oc_test_option(t, "fd", "false");
    oc_test_option(t, "thread", "true");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_close(t), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_by_name_and_label),
        cmocka_unit_test(wrong_options_do_not_start),
        cmocka_unit_test(a_missing_file_or_method_is_no_crash),
        cmocka_unit_test(a_cancel_arrives_while_the_call_runs),
        cmocka_unit_test(a_call_may_begin_cancelled),
        cmocka_unit_test(operations_answer_what_they_are_told_to),
        cmocka_unit_test(log_lines_are_kept),
        cmocka_unit_test(the_record_limit_stops_a_flood),
        cmocka_unit_test(the_bytes_of_a_stream_do_not_count),
        cmocka_unit_test(what_the_manifest_does_not_declare_is_complained_about),
        cmocka_unit_test(what_stop_leaves_behind_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
