/* Time intervals, against a table that was computed in another way. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/interval_table.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/time.h"
#include "core/service/alert/route/interval.h"

/* Reads `text` as a configuration. */
static size_t read_text(struct oc_intervals *set, const char *text, struct oc_diags *diags)
{
    char path[] = "/tmp/oc-interval-XXXXXX";
    struct oc_error err;
    oc_error_init(&err);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct oc_config_source source = {.file = path, .no_environment = true};
    struct oc_config *config = oc_config_load(&source, diags, &err);
    assert_non_null(config);
    oc_intervals_configure(set, oc_config_root(config), diags);
    size_t errors = oc_diags_errors(diags);
    oc_config_destroy(config);
    unlink(path);
    return errors;
}

static void read_sound(struct oc_intervals *set, const char *body)
{
    struct oc_diags diags = {0};
    char *text = oc_asprintf("alerts = { intervals = ( %s ); };", body);
    assert_int_equal(read_text(set, text, &diags), 0);
    oc_diags_finish(&diags);
    free(text);
}

static void moments_are_in_an_interval_as_zoneinfo_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_COUNT(interval_texts); i++) {
        struct oc_intervals set = {{0}};
        char *body = oc_asprintf("{ name = \"x\"; %s }", interval_texts[i]);
        read_sound(&set, body);
        const struct oc_interval *x = oc_intervals_find(&set, "x");
        for (size_t k = 0; k < OC_COUNT(interval_rows); k++) {
            const struct interval_row *row = &interval_rows[k];
            if (row->interval != (int)i) {
                continue;
            }
            if (oc_interval_contains(x, row->at * 1000) != row->in) {
                fail_msg("%s at %lld", interval_texts[i], (long long)row->at);
            }
            int64_t next = oc_interval_next(x, row->at * 1000);
            if (row->next ? next != row->next * 1000 : next < (row->at + 86400) * 1000) {
                fail_msg("%s after %lld: %lld, not %lld", interval_texts[i], (long long)row->at,
                         (long long)next / 1000, (long long)row->next);
            }
        }
        free(body);
        oc_intervals_finish(&set);
    }
}

static void entries_of_one_name_add_up(void **state)
{
    struct oc_intervals set = {{0}};
    const int64_t monday = INT64_C(1796601600000); /* 2026-12-07 */
    (void)state;
    read_sound(&set, "{ name = \"off\"; times = \"22:00-06:00\"; weekdays = \"monday:friday\"; },"
                     "{ name = \"off\"; weekdays = \"sat-sun\"; }, { name = \"always\"; }");
    const struct oc_interval *off = oc_intervals_find(&set, "off");
    assert_true(oc_interval_contains(off, monday + 5 * OC_DAY + 12 * OC_HOUR));
    assert_false(oc_interval_contains(off, monday + 4 * OC_DAY + 12 * OC_HOUR));
    assert_true(oc_interval_contains(off, monday + 4 * OC_DAY + 23 * OC_HOUR));
    /* Friday 22:00 to Monday 22:00 but for Monday 00:00 to 22:00: Sunday's night belongs to nobody */
    assert_int_equal(oc_interval_next(off, monday + 4 * OC_DAY + 23 * OC_HOUR),
                     monday + 7 * OC_DAY);
    assert_int_equal(oc_interval_next(oc_intervals_find(&set, "always"), monday), INT64_MAX);
    assert_true(oc_interval_contains(oc_intervals_find(&set, "always"), monday));
    assert_null(oc_intervals_find(&set, "on"));
    oc_intervals_finish(&set);
}

static void what_says_no_time_is_a_finding_with_its_place(void **state)
{
    static const char *const wrong[] = {"{ name = \"x\"; times = \"22:00\"; }",
                                        "{ name = \"x\"; times = \"25:00-26:00\"; }",
                                        "{ name = \"x\"; weekdays = \"someday\"; }",
                                        "{ name = \"x\"; days_of_month = \"0\"; }",
                                        "{ name = \"x\"; days_of_month = \"9:3\"; }",
                                        "{ name = \"x\"; months = \"13\"; }",
                                        "{ name = \"x\"; years = \"2028:2026\"; }",
                                        "{ name = \"x\"; zone = \"Mars/Olympus\"; }",
                                        "{ times = \"22:00-06:00\"; }",
                                        "{ name = \"x\"; hours = \"22:00-06:00\"; }"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        struct oc_intervals set = {{0}};
        struct oc_diags diags = {0};
        char *text = oc_asprintf("alerts = {\n intervals = ( %s ); };", wrong[i]);
        assert_int_equal(read_text(&set, text, &diags), 1);
        assert_int_equal(set.list.count, 0);
        assert_int_equal(diags.list.items[0].line, 2);
        oc_diags_finish(&diags);
        oc_intervals_finish(&set);
        free(text);
    }
}

static void an_interval_without_a_condition_is_a_warning(void **state)
{
    struct oc_intervals set = {{0}};
    struct oc_diags diags = {0};
    (void)state;
    assert_int_equal(
        read_text(&set, "alerts = { intervals = ( { name = \"x\"; zone = \"UTC\"; } ); };", &diags),
        0);
    assert_int_equal(diags.list.count, 1);
    assert_non_null(strstr(diags.list.items[0].message, "holds at all times"));
    oc_diags_finish(&diags);
    oc_intervals_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_in_an_interval_as_zoneinfo_says),
        cmocka_unit_test(entries_of_one_name_add_up),
        cmocka_unit_test(what_says_no_time_is_a_finding_with_its_place),
        cmocka_unit_test(an_interval_without_a_condition_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
