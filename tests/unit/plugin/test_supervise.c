/* Back-off, budget and quarantine on a clock that is given. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/plugin/lifecycle/quarantine.h"
#include "core/plugin/lifecycle/supervise.h"
#include "core/sys/file.h"

#define MINUTE 60000

static void the_first_restart_comes_within_forty_milliseconds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 1000; seed++) {
        struct oc_supervise s;
        oc_supervise_init(&s, seed);
        assert_in_range(oc_supervise_wait(&s, 1000, NULL), OC_SUPERVISE_FIRST_MS / 2,
                        OC_SUPERVISE_FIRST_MS);
    }
}

static void each_wait_is_about_twice_the_one_before_up_to_a_minute(void **state)
{
    (void)state;
    struct oc_supervise s;
    oc_supervise_init(&s, 7);
    int64_t now = 0, whole = OC_SUPERVISE_FIRST_MS;
    for (int i = 0; i < OC_SUPERVISE_BUDGET; i++) {
        const int64_t wait = oc_supervise_wait(&s, now, NULL);
        assert_in_range(wait, whole / 2, whole);
        whole = whole * 2 < OC_SUPERVISE_MAX_MS ? whole * 2 : OC_SUPERVISE_MAX_MS;
        now += wait;
    }
    assert_int_equal(whole, OC_SUPERVISE_MAX_MS);
    assert_int_equal(s.restarts, OC_SUPERVISE_BUDGET);
}

static void two_that_fell_together_do_not_rise_together(void **state)
{
    (void)state;
    struct oc_supervise a, b;
    int equal = 0;
    oc_supervise_init(&a, 11);
    oc_supervise_init(&b, 12);
    for (int i = 0; i < 10; i++) {
        equal += oc_supervise_wait(&a, 0, NULL) == oc_supervise_wait(&b, 0, NULL);
    }
    assert_in_range(equal, 0, 3);
}

static void who_ran_for_a_minute_begins_anew(void **state)
{
    (void)state;
    struct oc_supervise s;
    oc_supervise_init(&s, 3);
    for (int i = 0; i < 6; i++) {
        oc_supervise_wait(&s, i * 1000, NULL);
    }
    oc_supervise_running(&s, 10000);
    assert_in_range(oc_supervise_wait(&s, 10000 + OC_SUPERVISE_STABLE_MS - 1, NULL), 1280, 2560);
    oc_supervise_running(&s, 100000);
    assert_in_range(oc_supervise_wait(&s, 100000 + OC_SUPERVISE_STABLE_MS, NULL), 20, 40);
}

/* Every three minutes: never three in five minutes, and the back-off begins anew each time. */
static void a_budget_of_restarts_an_hour_slows_down_what_the_back_off_lets_through(void **state)
{
    (void)state;
    struct oc_supervise s;
    oc_supervise_init(&s, 5);
    int64_t now = 0;
    bool spent = true;
    for (int i = 0; i < OC_SUPERVISE_BUDGET; i++) {
        now += oc_supervise_wait(&s, now, &spent);
        assert_false(spent);
        oc_supervise_running(&s, now);
        now += 3 * MINUTE;
    }
    const int64_t wait = oc_supervise_wait(&s, now, &spent);
    assert_true(spent);
    assert_in_range(now + wait, 60 * MINUTE, 60 * MINUTE + 100);
    now += wait;
    oc_supervise_running(&s, now);
    assert_in_range(oc_supervise_wait(&s, now + 10 * MINUTE, &spent), 0, 100);
    assert_false(spent);
}

static void a_reset_gives_back_budget_and_first_step_and_keeps_the_count(void **state)
{
    (void)state;
    struct oc_supervise s;
    bool spent;
    oc_supervise_init(&s, 9);
    for (int i = 0; i < 20; i++) {
        oc_supervise_wait(&s, 0, &spent);
    }
    assert_true(spent);
    oc_supervise_reset(&s);
    assert_in_range(oc_supervise_wait(&s, 0, &spent), 20, 40);
    assert_false(spent);
    assert_int_equal(s.restarts, 21);
}

/* ---- quarantine ---- */

static void three_crashes_in_five_minutes_lead_to_quarantine(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_init(&err);
    struct oc_quarantine *q = oc_quarantine_create(NULL);
    assert_false(oc_quarantine_crashed(q, "p", "d1", 0, 1, "first"));
    assert_false(oc_quarantine_crashed(q, "p", "d1", 1000, 1, "second"));
    assert_int_equal(oc_quarantine_check(q, "p", "d1", &err), OC_OK);
    assert_true(oc_quarantine_crashed(q, "p", "d1", OC_QUARANTINE_WINDOW_MS, INT64_C(1800000000000),
                                      "SIGSEGV in collect"));
    assert_int_equal(oc_quarantine_check(q, "p", "d1", &err), OC_E_CONFLICT);
    assert_string_equal(err.message,
                        "in quarantine since 2027-01-15T08:00:00.000Z after 3 crashes: SIGSEGV in "
                        "collect");
    assert_string_equal(err.hint,
                        "Update the plugin, or let it start again with `openclaw plugin reset p`.");
    oc_quarantine_destroy(q);
}

static void crashes_that_are_further_apart_do_not(void **state)
{
    (void)state;
    struct oc_quarantine *q = oc_quarantine_create(NULL);
    for (int i = 0; i < 50; i++) {
        const int64_t now = i * (OC_QUARANTINE_WINDOW_MS / 2 + 1);
        assert_false(oc_quarantine_crashed(q, "p", "d", now, 1, "x"));
    }
    oc_quarantine_destroy(q);
}

static void another_digest_and_another_plugin_are_not_meant(void **state)
{
    (void)state;
    struct oc_quarantine *q = oc_quarantine_create(NULL);
    for (int i = 0; i < 3; i++) {
        oc_quarantine_crashed(q, "p", "d1", i, 1, "x");
    }
    assert_int_equal(oc_quarantine_check(q, "p", "d2", NULL), OC_OK);
    assert_int_equal(oc_quarantine_check(q, "q", "d1", NULL), OC_OK);
    assert_int_equal(oc_quarantine_check(q, "p", "d1", NULL), OC_E_CONFLICT);
    assert_false(oc_quarantine_crashed(q, "p", "d2", 4, 1, "x"));
    oc_quarantine_destroy(q);
}

static char *scratch_file(void)
{
    char dir[] = "/tmp/openclaw-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    return oc_path_join(dir, "quarantine.json");
}

static void drop_file(char *path)
{
    char *dir = oc_path_dir(path);
    unlink(path);
    rmdir(dir);
    free(dir);
    free(path);
}

static void it_lasts_over_a_restart_until_it_is_cleared(void **state)
{
    (void)state;
    char *path = scratch_file();
    struct oc_quarantine *q = oc_quarantine_create(path);
    for (int i = 0; i < 3; i++) {
        oc_quarantine_crashed(q, "p", "d", i, INT64_C(1800000000000), "a \"reason\"");
        oc_quarantine_crashed(q, "other", "d", i, INT64_C(1800000000000), "x");
    }
    oc_quarantine_crashed(q, "once", "d", 3, 1, "x");
    oc_quarantine_destroy(q);

    q = oc_quarantine_create(path);
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_quarantine_check(q, "p", "d", &err), OC_E_CONFLICT);
    assert_non_null(
        strstr(err.message, "since 2027-01-15T08:00:00.000Z after 3 crashes: a \"reason\""));
    assert_int_equal(oc_quarantine_check(q, "once", "d", &err), OC_OK);
    json_t *json = oc_quarantine_json(q);
    assert_int_equal(json_array_size(json), 2);
    json_decref(json);
    assert_true(oc_quarantine_clear(q, "p"));
    assert_false(oc_quarantine_clear(q, "p"));
    oc_quarantine_destroy(q);

    q = oc_quarantine_create(path);
    assert_int_equal(oc_quarantine_check(q, "p", "d", NULL), OC_OK);
    assert_int_equal(oc_quarantine_check(q, "other", "d", NULL), OC_E_CONFLICT);
    oc_quarantine_destroy(q);
    drop_file(path);
}

static void a_damaged_file_is_told_and_taken_for_empty(void **state)
{
    (void)state;
    char *path = scratch_file();
    static const char *const texts[] = {
        "", "{", "[]", "{\"quarantined\":[1,{}, {\"plugin\":\"p\"}]}",
        "{\"quarantined\":[{\"plugin\":\"p\",\"digest\":\"d\",\"at\":7}]}"};
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        assert_int_equal(oc_file_write(path, texts[i], strlen(texts[i]), 0600, NULL), OC_OK);
        oc_log_set(OC_LOG_ERROR, OC_LOG_TEXT, 2);
        struct oc_quarantine *q = oc_quarantine_create(path);
        oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
        json_t *json = oc_quarantine_json(q);
        assert_int_equal(json_array_size(json), 0);
        json_decref(json);
        oc_quarantine_destroy(q);
    }
    drop_file(path);
}

static void the_table_stays_bounded(void **state)
{
    (void)state;
    char name[32];
    struct oc_quarantine *q = oc_quarantine_create(NULL);
    for (int i = 0; i < 3 * OC_QUARANTINE_ROWS_MAX; i++) {
        snprintf(name, sizeof name, "p%d", i);
        oc_quarantine_crashed(q, name, "d", 5, 1, "x");
    }
    assert_false(oc_quarantine_clear(q, "p0"));
    assert_true(oc_quarantine_clear(q, name));
    oc_quarantine_destroy(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_restart_comes_within_forty_milliseconds),
        cmocka_unit_test(each_wait_is_about_twice_the_one_before_up_to_a_minute),
        cmocka_unit_test(two_that_fell_together_do_not_rise_together),
        cmocka_unit_test(who_ran_for_a_minute_begins_anew),
        cmocka_unit_test(a_budget_of_restarts_an_hour_slows_down_what_the_back_off_lets_through),
        cmocka_unit_test(a_reset_gives_back_budget_and_first_step_and_keeps_the_count),
        cmocka_unit_test(three_crashes_in_five_minutes_lead_to_quarantine),
        cmocka_unit_test(crashes_that_are_further_apart_do_not),
        cmocka_unit_test(another_digest_and_another_plugin_are_not_meant),
        cmocka_unit_test(it_lasts_over_a_restart_until_it_is_cleared),
        cmocka_unit_test(a_damaged_file_is_told_and_taken_for_empty),
        cmocka_unit_test(the_table_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
