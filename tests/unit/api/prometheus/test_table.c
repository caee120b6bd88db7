/* Tests of core/api/prometheus/table.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/api/prometheus/prometheus.h"
#include "core/base/time.h"

#define NOW INT64_C(1700000000000)

static struct oc_store *store;
static struct oc_env env;
static struct oc_family_table table;

static int make(void **state)
{
    const struct oc_store_options options = {.path = ":memory:", .retention_ms = OC_DAY};
    (void)state;
    oc_time_fake(NOW, 1000);
    store = oc_store_open(&options, NULL, NULL, NULL);
    assert_non_null(store);
    env = (struct oc_env){.store = store};
    table = (struct oc_family_table){.env = &env};
    return 0;
}

static int drop(void **state)
{
    (void)state;
    oc_family_table_finish(&table);
    oc_store_close(store);
    oc_time_fake(-1, -1);
    return 0;
}

static void put(const char *name, uint32_t kind, const char *target, int64_t at, double value)
{
    const struct oc_label label = {{"target", 6}, {target, strlen(target)}};
    struct oc_series *s =
        oc_store_series(store, "c", (struct oc_view){name, strlen(name)}, kind, &label, 1);
    assert_true(oc_store_append(store, s, at, value));
}

static void expect(const char *text)
{
    struct oc_page page = {.open_metrics = false};
    oc_family_table_update(&table);
    oc_family_table_write(&table, &page);
    oc_page_finish(&page);
    assert_string_equal(page.text.data ? page.text.data : "", text);
    oc_buf_finish(&page.text);
}

static void families_are_sorted_and_hold_their_series_together(void **state)
{
    (void)state;
    put("z.b", OC_KIND_GAUGE, "1", NOW, 1);
    put("a.up", OC_KIND_BOOL, "x", NOW, 1);
    put("z.b", OC_KIND_GAUGE, "2", NOW, 2);
    expect("# HELP openclaw_a_up a.up, as its collector reports it\n# TYPE openclaw_a_up gauge\n"
           "openclaw_a_up{collector=\"c\",target=\"x\"} 1\n"
           "# HELP openclaw_z_b z.b, as its collector reports it\n# TYPE openclaw_z_b gauge\n"
           "openclaw_z_b{collector=\"c\",target=\"1\"} 1\n"
           "openclaw_z_b{collector=\"c\",target=\"2\"} 2\n");
}

static void the_table_grows_and_values_are_never_old(void **state)
{
    (void)state;
    put("a_total", OC_KIND_COUNTER, "1", NOW, 1);
    expect("# HELP a_total a_total of a page that was scraped\n# TYPE a_total counter\n"
           "a_total{collector=\"c\",target=\"1\"} 1\n");
    put("a_total", OC_KIND_COUNTER, "1", NOW + 1, 5);
    put("a_total", OC_KIND_COUNTER, "2", NOW + 1, 7);
    expect("# HELP a_total a_total of a page that was scraped\n# TYPE a_total counter\n"
           "a_total{collector=\"c\",target=\"1\"} 5\na_total{collector=\"c\",target=\"2\"} 7\n");
}

static void two_names_that_become_one_are_one_family_without_doubles(void **state)
{
    (void)state;
    put("x.wait_ms", OC_KIND_GAUGE, "1", NOW, 1500);
    put("x.wait_seconds", OC_KIND_GAUGE, "1", NOW, 99); /* the same series: the first stays */
    put("x.wait_seconds", OC_KIND_GAUGE, "2", NOW, 2);
    put("x.wait_ms", OC_KIND_GAUGE, "3", NOW, 3);
    expect("# HELP openclaw_x_wait_seconds x.wait_ms, as its collector reports it\n"
           "# TYPE openclaw_x_wait_seconds gauge\n"
           "openclaw_x_wait_seconds{collector=\"c\",target=\"1\"} 1.5\n"
           "openclaw_x_wait_seconds{collector=\"c\",target=\"2\"} 2\n"
           "openclaw_x_wait_seconds{collector=\"c\",target=\"3\"} 0.003\n");
}

static void what_ended_or_was_not_renewed_is_left_out(void **state)
{
    (void)state;
    put("gone", OC_KIND_GAUGE, "1", NOW, 1);
    put("gone", OC_KIND_GAUGE, "1", NOW + 1, NAN);
    put("old", OC_KIND_GAUGE, "1", NOW - OC_PROMETHEUS_STALE_MS - 1, 1);
    put("seldom", OC_KIND_GAUGE, "1", NOW - 3 * OC_HOUR, 1);
    put("seldom", OC_KIND_GAUGE, "1", NOW - 2 * OC_HOUR, 1);
    expect("# HELP seldom seldom of a page that was scraped\n# TYPE seldom gauge\n"
           "seldom{collector=\"c\",target=\"1\"} 1\n");
    oc_time_advance(2 * OC_HOUR);
    expect("");
}

static void a_family_of_the_host_is_not_spoken_for(void **state)
{
    struct oc_page page = {.open_metrics = false};
    (void)state;
    put("alerts.received", OC_KIND_COUNTER, "1", NOW, 1);
    oc_page_single(&page, "openclaw_alerts_received_total", OC_PAGE_COUNTER, "ours", 2);
    oc_family_table_update(&table);
    oc_family_table_write(&table, &page);
    oc_page_finish(&page);
    assert_null(strstr(page.text.data, "target"));
    oc_buf_finish(&page.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(families_are_sorted_and_hold_their_series_together, make,
                                        drop),
        cmocka_unit_test_setup_teardown(the_table_grows_and_values_are_never_old, make, drop),
        cmocka_unit_test_setup_teardown(two_names_that_become_one_are_one_family_without_doubles,
                                        make, drop),
        cmocka_unit_test_setup_teardown(what_ended_or_was_not_renewed_is_left_out, make, drop),
        cmocka_unit_test_setup_teardown(a_family_of_the_host_is_not_spoken_for, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
