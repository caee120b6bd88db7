/* Tests of core/api/compat/shape.c: the original's shapes. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/compat/compat.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

static struct oc_error err;

static json_t *json_of(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static void assert_text(json_t *value, const char *text)
{
    assert_non_null(value);
    char *found = oc_json_text(value);
    assert_string_equal(found, text);
    free(found);
    json_decref(value);
}

static void alerts_say_what_was_done_with_them(void **state)
{
    (void)state;
    json_t *alerts = json_of("[{\"category\":\"service\",\"target\":\"web\",\"acknowledged\":null,"
                             "\"silenced_by\":null},{\"category\":\"agent\",\"instance\":\"fleet\","
                             "\"acknowledged\":{\"by\":\"ann\"},\"silenced_by\":\"0193\"}]");
    oc_compat_alerts(alerts);
    assert_text(alerts,
                "[{\"acknowledged\":false,\"category\":\"service\",\"dismissed\":false,"
                "\"service\":\"web\",\"silenced_by\":null,\"target\":\"web\"},"
                "{\"acknowledged\":true,\"acknowledgement\":{\"by\":\"ann\"},\"agent\":\"fleet\","
                "\"category\":\"agent\",\"dismissed\":true,\"instance\":\"fleet\","
                "\"silenced_by\":\"0193\"}]");
    oc_compat_alerts(NULL);
}

static void what_is_up_is_a_vector(void **state)
{
    (void)state;
    oc_time_fake(1500, 0);
    json_t *snapshot = json_of("{\"checks\":[{\"service\":\"web\",\"plugin\":\"http\",\"state\":"
                               "\"critical\"},{\"service\":\"db\",\"state\":\"warning\"},"
                               "{\"service\":\"new\",\"state\":\"pending\"}]}");
    assert_text(oc_compat_up(snapshot),
                "{\"data\":{\"result\":[{\"metric\":{\"__name__\":\"up\",\"instance\":\"web\","
                "\"job\":\"http\"},\"value\":[1.5,\"0\"]},{\"metric\":{\"__name__\":\"up\","
                "\"instance\":\"db\",\"job\":\"openclaw\"},\"value\":[1.5,\"1\"]}],"
                "\"resultType\":\"vector\"},\"status\":\"success\"}");
    json_decref(snapshot);
    oc_time_fake(-1, -1);
}

static json_t *thresholds_beside(const char *body, const struct oc_node *shipped)
{
    json_t *known = json_of("{\"cpu\":{\"warning_percent\":70,\"critical_percent\":90,"
                            "\"sustained\":\"5m\"},"
                            "\"agent_health\":{\"heartbeat_warning_seconds\":60,"
                            "\"heartbeat_timeout_seconds\":300},"
                            "\"api_rate_limits\":{\"error_rate_warning_percent\":5}}");
    json_t *given = json_of(body);
    struct oc_node *node = oc_node_from_json(known, NULL);
    oc_error_init(&err);
    const struct oc_compat_figures figures = {.now = node, .shipped = shipped};
    json_t *settings = oc_compat_thresholds(given, &figures, &err);
    oc_node_free(node);
    json_decref(given);
    json_decref(known);
    return settings;
}

static json_t *thresholds(const char *body)
{
    return thresholds_beside(body, NULL);
}

static void the_kind_of_a_threshold_is_that_which_the_host_brings(void **state)
{
    (void)state;
    json_t *json = json_of("{\"cpu\":{\"critical_percent\":\"1h\",\"warning_percent\":70}}");
    struct oc_node *shipped = oc_node_from_json(json, NULL);
    json_t *settings = thresholds_beside("{\"cpu\":{\"critical_percent\":\"2h\"}}", shipped);
    assert_text(settings, "[{\"key\":\"thresholds.cpu.critical_percent\",\"value\":\"2h\"}]");
    assert_null(thresholds_beside("{\"cpu\":{\"critical_percent\":95}}", shipped));
    assert_string_equal(err.message, "cpu.critical_percent: expected string");
    oc_node_free(shipped);
    json_decref(json);
}

static void thresholds_are_taken_by_either_name(void **state)
{
    (void)state;
    assert_text(thresholds("{\"cpu\":{\"warning_percent\":80.5,\"sustained\":\"1m\"}}"),
                "[{\"key\":\"thresholds.cpu.warning_percent\",\"value\":\"80.5\"},"
                "{\"key\":\"thresholds.cpu.sustained\",\"value\":\"1m\"}]");
    assert_text(thresholds("{\"thresholds\":{\"resources\":{\"cpuCritical\":95}}}"),
                "[{\"key\":\"thresholds.cpu.critical_percent\",\"value\":\"95\"}]");
}

static void the_originals_warning_and_critical_are_not_mixed_up(void **state)
{
    (void)state;
    assert_text(
        thresholds("{\"agent\":{\"heartbeatWarning\":60,\"heartbeatCritical\":200}}"),
        "[{\"key\":\"thresholds.agent_health.heartbeat_warning_seconds\",\"value\":\"60\"},"
        "{\"key\":\"thresholds.agent_health.heartbeat_timeout_seconds\",\"value\":\"200\"}]");
}

static void two_names_of_one_threshold_must_agree(void **state)
{
    (void)state;
    assert_text(
        thresholds("{\"service\":{\"errorRateWarning\":7},\"litellm\":{\"errorRateWarning\":7}}"),
        "[{\"key\":\"thresholds.api_rate_limits.error_rate_warning_percent\",\"value\":\"7\"}]");
    assert_null(
        thresholds("{\"service\":{\"errorRateWarning\":7},\"litellm\":{\"errorRateWarning\":8}}"));
    assert_non_null(strstr(err.message, "given twice"));
}

static void what_the_original_has_and_this_host_cannot_tell_is_refused_with_the_reason(void **state)
{
    (void)state;
    assert_null(thresholds("{\"sessions\":{\"countWarning\":100}}"));
    assert_string_equal(err.message, "sessions.countWarning: agents do not tell of their sessions");
    assert_non_null(strstr(err.hint, "exec collector"));
}

static void what_is_no_threshold_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"{}",
                                      "{\"cpu\":7}",
                                      "{\"cpu\":{}}",
                                      "{\"cpu\":{\"warning_percent\":\"x\"}}",
                                      "{\"cpu\":{\"warning_percent\":null}}",
                                      "{\"cpu\":{\"warning_percent\":[1]}}",
                                      "{\"cpu.warning_percent\":1}",
                                      "{\"thresholds\":{\"cpu\":{\"warning_percent\":1}},\"x\":1}",
                                      "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":1}}}}}}"};
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        assert_null(thresholds(bad[i]));
        assert_int_equal(err.code, OC_E_CONFIG);
    }
    assert_null(thresholds("{\"cpu\":null}"));
    assert_string_equal(err.message, "cpu: expected an object of its thresholds");
    assert_null(thresholds("{\"cpu\":{\"warnin_percent\":1}}"));
    assert_string_equal(err.hint, "Did you mean cpu.warning_percent?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_say_what_was_done_with_them),
        cmocka_unit_test(what_is_up_is_a_vector),
        cmocka_unit_test(the_kind_of_a_threshold_is_that_which_the_host_brings),
        cmocka_unit_test(thresholds_are_taken_by_either_name),
        cmocka_unit_test(the_originals_warning_and_critical_are_not_mixed_up),
        cmocka_unit_test(two_names_of_one_threshold_must_agree),
        cmocka_unit_test(
            what_the_original_has_and_this_host_cannot_tell_is_refused_with_the_reason),
        cmocka_unit_test(what_is_no_threshold_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
