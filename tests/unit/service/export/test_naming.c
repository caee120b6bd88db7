/* Tests of core/service/export/naming.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/service/export/naming.h"

static void expect(const char *name, uint32_t kind, const char *text, enum oc_export_type type)
{
    struct oc_export_name n;
    oc_export_name(name, kind, &n);
    assert_string_equal(n.text, text);
    assert_int_equal(n.type, type);
}

static void dots_become_underscores_behind_our_prefix(void **state)
{
    (void)state;
    expect("redis.clients", OC_KIND_GAUGE, "openclaw_redis_clients", OC_EXPORT_GAUGE);
    expect("tcp.up", OC_KIND_BOOL, "openclaw_tcp_up", OC_EXPORT_GAUGE);
    expect("a.b:c.d", OC_KIND_GAUGE, "openclaw_a_b_c_d", OC_EXPORT_GAUGE);
}

static void units_become_base_units_and_values_follow(void **state)
{
    struct oc_export_name n;
    (void)state;
    oc_export_name("http.response_ms", OC_KIND_GAUGE, &n);
    assert_string_equal(n.text, "openclaw_http_response_seconds");
    assert_true(oc_export_value(&n, 12.3) == 0.0123);
    oc_export_name("system.cpu_percent", OC_KIND_GAUGE, &n);
    assert_string_equal(n.text, "openclaw_system_cpu_ratio");
    assert_true(oc_export_value(&n, 57) == 0.57);
    oc_export_name("tcp.tls_expiry_days", OC_KIND_GAUGE, &n);
    assert_string_equal(n.text, "openclaw_tcp_tls_expiry_seconds");
    assert_true(oc_export_value(&n, 2) == 172800);
}

static void counters_end_in_total_and_gauges_do_not(void **state)
{
    (void)state;
    expect("redis.hits_total", OC_KIND_COUNTER, "openclaw_redis_hits_total", OC_EXPORT_COUNTER);
    expect("usage.requests", OC_KIND_COUNTER, "openclaw_usage_requests_total", OC_EXPORT_COUNTER);
    expect("x.wait_ms_total", OC_KIND_COUNTER, "openclaw_x_wait_seconds_total", OC_EXPORT_COUNTER);
    expect("postgres.connections_total", OC_KIND_GAUGE, "openclaw_postgres_connections_current",
           OC_EXPORT_GAUGE);
    expect("x.rows_count", OC_KIND_GAUGE, "openclaw_x_rows_count", OC_EXPORT_UNKNOWN);
}

static void foreign_names_are_kept_unless_they_are_ours(void **state)
{
    (void)state;
    expect("litellm_spend_metric_total", OC_KIND_COUNTER, "litellm_spend_metric_total",
           OC_EXPORT_COUNTER);
    expect("litellm_latency_bucket", OC_KIND_COUNTER, "litellm_latency_bucket", OC_EXPORT_UNKNOWN);
    expect("node_load1", OC_KIND_GAUGE, "node_load1", OC_EXPORT_GAUGE);
    expect("process_cpu_seconds_total", OC_KIND_COUNTER, "scraped_process_cpu_seconds_total",
           OC_EXPORT_COUNTER);
    expect("openclaw_alerts", OC_KIND_GAUGE, "scraped_openclaw_alerts", OC_EXPORT_GAUGE);
}

static void the_longest_name_fits(void **state)
{
    char name[201];
    struct oc_export_name n;
    (void)state;
    memset(name, 'a', 200);
    name[1] = '.';
    memcpy(name + 194, "_total", 6);
    name[200] = '\0';
    oc_export_name(name, OC_KIND_GAUGE, &n);
    assert_int_equal(strlen(n.text), strlen("openclaw_") + 200 - 6 + strlen("_current"));
}

/* ---- labels ---- */

static void add_pair(void *ctx, const char *name, const char *value)
{
    struct oc_buf *out = ctx;
    oc_buf_addf(out, "%s=%s;", name, value);
}

static void expect_labels(const char *metric, const struct oc_series_label *labels, uint32_t count,
                          const char *expected)
{
    struct oc_series s = {.name = metric, .labels = labels, .label_count = count};
    struct oc_buf out = {0};
    oc_export_labels(&s, add_pair, &out);
    assert_string_equal(out.data ? out.data : "", expected);
    oc_buf_finish(&out);
}

static void the_collector_is_no_instance(void **state)
{
    const struct oc_series_label labels[] = {{"instance", "web"}, {"target", "api"}};
    (void)state;
    expect_labels("http.up", labels, 2, "collector=web;target=api;");
    expect_labels("agent.up", labels, 2, "agent_id=api;collector=web;");
    expect_labels("http.up", labels, 0, "");
}

static void a_label_that_had_the_name_steps_aside(void **state)
{
    const struct oc_series_label labels[] = {
        {"collector", "theirs"}, {"exported_collector", "older"}, {"instance", "web"}};
    (void)state;
    expect_labels("x.y", labels, 2, "collector=theirs;exported_collector=older;");
    expect_labels("x.y", labels, 3,
                  "collector=web;exported_collector=theirs;"
                  "exported_exported_collector=older;");
}

static void label_names_are_made_legal(void **state)
{
    const struct oc_series_label labels[] = {{"0x", "a"}, {"__name__", "b"}, {"a.b-c", "d"}};
    (void)state;
    expect_labels("x.y", labels, 3, "a_b_c=d;label_0x=a;label___name__=b;");
}

/* ---- text ---- */

static void expect_number(double value, const char *text)
{
    struct oc_buf out = {0};
    oc_export_number(&out, value);
    assert_string_equal(out.data, text);
    oc_buf_finish(&out);
}

static void numbers_are_short_and_exact(void **state)
{
    (void)state;
    expect_number(0, "0");
    expect_number(-0.0, "-0");
    expect_number(42, "42");
    expect_number(-7, "-7");
    expect_number(0.1, "0.1");
    expect_number(0.1 + 0.2, "0.30000000000000004");
    expect_number(-0.25, "-0.25");
    expect_number(-123.000001, "-123.000001");
    expect_number(0.000001, "0.000001");
    expect_number(1e-7, "1e-07");
    expect_number(1e300, "1e+300");
    expect_number(1732274567.123, "1732274567.123");
    expect_number(NAN, "NaN");
    expect_number(INFINITY, "+Inf");
    expect_number(-INFINITY, "-Inf");
}

static void label_values_are_escaped(void **state)
{
    struct oc_buf out = {0};
    (void)state;
    oc_export_escape(&out, "C:\\dir \"x\"\nend \xc3\xa4");
    assert_string_equal(out.data, "C:\\\\dir \\\"x\\\"\\nend \xc3\xa4");
    oc_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_become_underscores_behind_our_prefix),
        cmocka_unit_test(units_become_base_units_and_values_follow),
        cmocka_unit_test(counters_end_in_total_and_gauges_do_not),
        cmocka_unit_test(foreign_names_are_kept_unless_they_are_ours),
        cmocka_unit_test(the_longest_name_fits),
        cmocka_unit_test(the_collector_is_no_instance),
        cmocka_unit_test(a_label_that_had_the_name_steps_aside),
        cmocka_unit_test(label_names_are_made_legal),
        cmocka_unit_test(numbers_are_short_and_exact),
        cmocka_unit_test(label_values_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
