/* The operations over stored samples. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"

#include "core/service/metrics/metrics.h"

struct fixture {
    struct stage s;
    struct oc_metrics *metrics;
};

static struct fixture f;

static void append(const char *name, const char *target, int64_t ago_ms, double value)
{
    struct oc_label label = {{"target", 6}, {target, strlen(target)}};
    struct oc_view view = {name, strlen(name)};
    struct oc_series *s = oc_store_series(f.s.env.store, "web", view, OC_KIND_GAUGE, &label, 1);
    assert_true(oc_store_append(f.s.env.store, s, STAGE_WALL - ago_ms, value));
}

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    stage_begin(&f.s);
    f.metrics = oc_metrics_create(&f.s.env);
    append("web.load", "api", 3 * OC_HOUR, 1);
    append("web.load", "api", 2 * OC_MINUTE, 4);
    append("web.load", "api", OC_MINUTE, 8.5);
    append("web.load", "say \"hi\", all", OC_MINUTE, 3);
    append("web.gone", "api", OC_MINUTE, NAN);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_metrics_destroy(f.metrics);
    stage_end(&f.s);
    return 0;
}

static const char *export_of(const char *params)
{
    return oc_json_str(stage_ask(&f.s, "metrics.export", params), "text", NULL);
}

static void the_list_shows_every_series_with_its_latest_value(void **state)
{
    (void)state;
    const json_t *rows = stage_ask(&f.s, "metrics.list", NULL);
    assert_int_equal(json_array_size(rows), 3);
    const json_t *api = stage_find(rows, "series", "web.load{instance=\"web\",target=\"api\"}");
    assert_non_null(api);
    assert_true(oc_json_num(api, "value", 0) == 8.5);
    assert_string_equal(oc_json_str(json_object_get(api, "labels"), "target", ""), "api");
    assert_string_equal(oc_json_str(api, "time", ""), "2025-11-23T01:59:00.000Z");
    const json_t *gone = stage_find(rows, "name", "web.gone");
    assert_true(json_is_null(json_object_get(gone, "value")));
    rows = stage_ask(&f.s, "metrics.list", "{\"selector\": \"web.l*{target=\\\"api\\\"}\"}");
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(json_array_size(stage_ask(&f.s, "metrics.list", "{\"selector\": \"none\"}")),
                     0);
}

static void a_query_gives_points_and_their_summary(void **state)
{
    (void)state;
    const json_t *o = stage_ask(
        &f.s, "metrics.query", "{\"selector\": \"web.load{target=\\\"api\\\"}\", \"step\": \"0\"}");
    const json_t *series = oc_json_path(o, "series[0]");
    assert_int_equal(json_array_size(json_object_get(series, "points")), 2); /* of the last hour */
    assert_true(oc_json_num(series, "min", 0) == 4);
    assert_true(oc_json_num(series, "max", 0) == 8.5);
    assert_true(oc_json_num(series, "avg", 0) == 6.25);
    assert_true(oc_json_num(series, "last", 0) == 8.5);
    assert_int_equal(oc_json_int(series, "count", 0), 2);
}

static void steps_are_folded_as_asked_for(void **state)
{
    (void)state;
    const json_t *o = stage_ask(&f.s, "metrics.query",
                                "{\"selector\": \"web.load{target=\\\"api\\\"}\", \"step\": "
                                "\"1h\", \"aggregation\": \"sum\", \"since\": \"4h\"}");
    assert_int_equal(oc_json_int(o, "step_ms", 0), OC_HOUR);
    assert_string_equal(oc_json_str(o, "aggregation", ""), "sum");
    const json_t *points = oc_json_path(o, "series[0].points");
    assert_int_equal(json_array_size(points), 2);
    assert_true(json_number_value(oc_json_path(o, "series[0].points[1][1]")) == 12.5);
    o = stage_ask(&f.s, "metrics.query", "{\"selector\": \"web.load\", \"since\": \"2h\"}");
    assert_int_equal(oc_json_int(o, "step_ms", 0), 2 * OC_MINUTE); /* auto: about 60 */
    o = stage_ask(&f.s, "metrics.query", "{\"selector\": \"web.load\", \"since\": \"5s\"}");
    assert_int_equal(oc_json_int(o, "step_ms", 0), OC_SECOND); /* and never below a second */
}

static void a_series_without_points_has_an_empty_summary(void **state)
{
    (void)state;
    const json_t *o =
        stage_ask(&f.s, "metrics.query", "{\"selector\": \"web.gone\", \"step\": \"0\"}");
    const json_t *series = oc_json_path(o, "series[0]");
    assert_int_equal(oc_json_int(series, "count", -1), 0);
    assert_true(json_is_null(json_object_get(series, "min")));
    assert_true(json_is_null(json_object_get(series, "avg")));
    assert_true(json_is_null(oc_json_path(series, "points[0][1]")));
}

static void csv_quotes_what_would_break_a_row(void **state)
{
    (void)state;
    assert_string_equal(export_of("{\"selector\": \"web.load{target=\\\"api\\\"}\"}"),
                        "time,series,value\r\n"
                        "2025-11-23T01:58:00.000Z,\"web.load{instance=\"\"web\"\",target=\"\"api"
                        "\"\"}\",4\r\n"
                        "2025-11-23T01:59:00.000Z,\"web.load{instance=\"\"web\"\",target=\"\"api"
                        "\"\"}\",8.5\r\n");
    assert_non_null(strstr(export_of("{\"selector\": \"web.gone\"}"), "}\",\r\n"));
}

static void json_lines_can_be_read_one_by_one(void **state)
{
    (void)state;
    const char *text = export_of("{\"selector\": \"web.load\", \"format\": \"json\"}");
    size_t lines = 0;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        json_t *line = oc_json_parse(text, (size_t)(end - text), NULL);
        assert_string_equal(oc_json_str(line, "name", ""), "web.load");
        assert_non_null(json_object_get(line, "value"));
        json_decref(line);
        lines++;
    }
    assert_int_equal(lines, 3);
    assert_string_equal(text, "");
}

static void what_cannot_be_answered_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        int code;
    } cases[] = {
        {"{}", OC_E_CONFIG},
        {"{\"selector\": \"web.load{\"}", OC_E_CONFIG},
        {"{\"selector\": \"none.such\"}", OC_E_NOT_FOUND},
        {"{\"selector\": \"web.load\", \"since\": \"soon\"}", OC_E_CONFIG},
        {"{\"selector\": \"web.load\", \"since\": \"1h\", \"until\": \"2h\"}", OC_E_CONFIG},
        {"{\"selector\": \"web.load\", \"step\": \"wide\"}", OC_E_CONFIG},
        {"{\"selector\": \"web.load\", \"step\": \"-5m\"}", OC_E_CONFIG},
        {"{\"selector\": \"web.load\", \"since\": \"30d\", \"step\": \"1ms\"}", OC_E_CONFIG},
        {"{\"selector\": \"web.load\", \"aggregation\": \"median\"}", OC_E_CONFIG},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        if (stage_refused(&f.s, "metrics.query", cases[i].params) != cases[i].code) {
            fail_msg("%s: %s", cases[i].params, f.s.error.message);
        }
        stage_refused(&f.s, "metrics.export", cases[i].params);
        assert_int_equal(f.s.code, cases[i].code);
    }
}

static void no_series_is_an_empty_answer_for_who_asks_so(void **state)
{
    (void)state;
    const json_t *answer =
        stage_ask(&f.s, "metrics.query", "{\"selector\": \"none.such\", \"allow_empty\": true}");
    assert_int_equal(json_array_size(json_object_get(answer, "series")), 0);
}

static void an_export_too_large_for_an_answer_is_refused_with_a_remedy(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 90000; i++) {
        append("web.many", "api", OC_HOUR - 1 - i, 0.123456789);
    }
    assert_int_equal(stage_refused(&f.s, "metrics.export", "{\"selector\": \"web.many\"}"),
                     OC_E_CONFIG);
    assert_non_null(strstr(f.s.error.hint, "--step"));
    stage_ask(&f.s, "metrics.export", "{\"selector\": \"web.many\", \"step\": \"1m\"}");
}

static void a_query_of_too_many_points_in_all_is_refused_with_a_remedy(void **state)
{
    (void)state;
    static const char *const targets[] = {"a", "b", "c", "d"};
    for (size_t k = 0; k < OC_COUNT(targets); k++) {
        for (int64_t i = 0; i < 80000; i++) {
            append("web.many", targets[k], OC_HOUR - 1 - i, 1);
        }
    }
    assert_int_equal(
        stage_refused(&f.s, "metrics.query", "{\"selector\": \"web.many\", \"step\": \"0\"}"),
        OC_E_CONFIG);
    assert_non_null(strstr(f.s.error.message, "in all"));
    assert_non_null(strstr(f.s.error.hint, "larger step"));
    const json_t *o = stage_ask(&f.s, "metrics.query",
                                "{\"selector\": \"web.many{target=\\\"a\\\"}\", \"step\": \"0\"}");
    assert_int_equal(oc_json_int(oc_json_path(o, "series[0]"), "count", 0), 80000);
    stage_ask(&f.s, "metrics.query", "{\"selector\": \"web.many\", \"step\": \"1m\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_list_shows_every_series_with_its_latest_value),
        TEST(a_query_gives_points_and_their_summary),
        TEST(steps_are_folded_as_asked_for),
        TEST(a_series_without_points_has_an_empty_summary),
        TEST(csv_quotes_what_would_break_a_row),
        TEST(json_lines_can_be_read_one_by_one),
        TEST(what_cannot_be_answered_is_said),
        TEST(no_series_is_an_empty_answer_for_who_asks_so),
        TEST(an_export_too_large_for_an_answer_is_refused_with_a_remedy),
        TEST(a_query_of_too_many_points_in_all_is_refused_with_a_remedy),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
