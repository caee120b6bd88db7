/* Tests of core/api/prometheus/page.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/prometheus/prometheus.h"

static void open_metrics_is_given_to_who_prefers_it(void **state)
{
    (void)state;
    assert_false(oc_page_wants_open_metrics(NULL));
    assert_false(oc_page_wants_open_metrics(""));
    assert_false(oc_page_wants_open_metrics("*/*"));
    assert_false(oc_page_wants_open_metrics("text/plain;version=0.0.4"));
    assert_true(oc_page_wants_open_metrics("application/openmetrics-text"));
    assert_true(oc_page_wants_open_metrics(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q="
        "0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
    assert_false(oc_page_wants_open_metrics("application/openmetrics-text;q=0.2, text/plain"));
    assert_false(oc_page_wants_open_metrics("application/openmetrics-text;q=0"));
    assert_false(oc_page_wants_open_metrics("application/openmetrics-textual"));
    assert_false(oc_page_wants_open_metrics("application/openmetrics-text;q=,;;,=q;q=-1"));
}

static void expect(struct oc_page *p, const char *text)
{
    oc_page_finish(p);
    assert_string_equal(p->text.data, text);
    oc_buf_finish(&p->text);
}

static void a_counter_is_named_with_total_in_the_text_format(void **state)
{
    struct oc_page p = {.open_metrics = false};
    (void)state;
    oc_page_single(&p, "x_bytes_total", OC_PAGE_COUNTER, "all \"of\" it\\\nreally", 3);
    expect(&p, "# HELP x_bytes_total all \"of\" it\\\\\\nreally\n# TYPE x_bytes_total counter\n"
               "x_bytes_total 3\n");
}

static void a_counter_is_named_without_total_in_open_metrics_and_has_its_unit(void **state)
{
    struct oc_page p = {.open_metrics = true};
    (void)state;
    oc_page_single(&p, "x_bytes_total", OC_PAGE_COUNTER, "all \"of\" it", 3);
    expect(&p, "# HELP x_bytes all \\\"of\\\" it\n# TYPE x_bytes counter\n# UNIT x_bytes bytes\n"
               "x_bytes_total 3\n# EOF\n");
}

static void in_open_metrics_a_counter_gives_way_to_a_gauge_of_the_same_family(void **state)
{
    struct oc_page p = {.open_metrics = true};
    (void)state;
    oc_page_single(&p, "jobs", OC_PAGE_GAUGE, "now", 1);
    oc_page_single(&p, "jobs_total", OC_PAGE_COUNTER, "ever", 2);
    expect(&p, "# HELP jobs now\n# TYPE jobs gauge\njobs 1\n# HELP jobs_total ever\n"
               "# TYPE jobs_total unknown\njobs_total 2\n# EOF\n");
}

static void labels_are_escaped_and_set_apart(void **state)
{
    struct oc_page p = {.open_metrics = false};
    (void)state;
    oc_page_sample(&p, "x", 0.5, "a", "1\"\n\\", "b", "");
    oc_page_sample(&p, "x", 1, NULL, NULL, NULL, NULL);
    expect(&p, "x{a=\"1\\\"\\n\\\\\",b=\"\"} 0.5\nx 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_metrics_is_given_to_who_prefers_it),
        cmocka_unit_test(a_counter_is_named_with_total_in_the_text_format),
        cmocka_unit_test(a_counter_is_named_without_total_in_open_metrics_and_has_its_unit),
        cmocka_unit_test(in_open_metrics_a_counter_gives_way_to_a_gauge_of_the_same_family),
        cmocka_unit_test(labels_are_escaped_and_set_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
