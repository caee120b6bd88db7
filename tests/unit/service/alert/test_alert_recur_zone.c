/* Recurring silences where the clock changes, and silences at absurd times. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/service/alert/silence/silence_recur.h"

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(oc_time_parse(text, 0, &ms), OC_OK);
    return ms;
}

/* The first occurrence after `after`. */
static void expect_next(const char *every, const char *zone, int64_t span, const char *after,
                        const char *starts, const char *ends)
{
    struct oc_error err;
    char text[40];
    int64_t s = 0, e = 0;
    oc_error_init(&err);
    struct oc_recurrence *r = oc_recurrence_create(every, zone, span, &err);
    if (!r) {
        fail_msg("%s: %s", every, err.message);
        return;
    }
    assert_true(oc_recurrence_next(r, at(after), at(after), &s, &e));
    assert_string_equal(oc_time_format(s, text, sizeof text), starts);
    assert_string_equal(oc_time_format(e, text, sizeof text), ends);
    assert_true(s < e);
    oc_recurrence_destroy(r);
}

/* Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC. */
static void in_spring_what_is_skipped_begins_at_the_change(void **state)
{
    (void)state;
    const char *const after = "2026-03-28T12:00:00Z";
    expect_next("sun 02:30-03:30", "Europe/Berlin", 0, after, "2026-03-29T01:00:00.000Z",
                "2026-03-29T01:30:00.000Z");
    expect_next("30 2 * * sun", "Europe/Berlin", OC_HOUR, after, "2026-03-29T01:00:00.000Z",
                "2026-03-29T02:00:00.000Z");
    expect_next("sat 22:00-06:00", "Europe/Berlin", 0, after, "2026-03-28T21:00:00.000Z",
                "2026-03-29T04:00:00.000Z"); /* an hour shorter */
    /* All of it is skipped: there is no such time that Sunday. */
    expect_next("sun 02:15-02:45", "Europe/Berlin", 0, after, "2026-04-05T00:15:00.000Z",
                "2026-04-05T00:45:00.000Z");
}

/* Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC. */
static void in_autumn_what_comes_twice_counts_once(void **state)
{
    (void)state;
    const char *const after = "2026-10-24T12:00:00Z";
    expect_next("sun 02:15-02:45", "Europe/Berlin", 0, after, "2026-10-25T00:15:00.000Z",
                "2026-10-25T00:45:00.000Z");
    expect_next("sun 02:15-02:45", "Europe/Berlin", 0, "2026-10-25T00:50:00Z",
                "2026-11-01T01:15:00.000Z", "2026-11-01T01:45:00.000Z");
    expect_next("sun 01:30-03:30", "Europe/Berlin", 0, after, "2026-10-24T23:30:00.000Z",
                "2026-10-25T02:30:00.000Z"); /* an hour longer */
    expect_next("30 2 * * sun", "Europe/Berlin", OC_HOUR, after, "2026-10-25T00:30:00.000Z",
                "2026-10-25T01:30:00.000Z");
}

static void other_clocks_change_otherwise(void **state)
{
    (void)state;
    /* Lord Howe: half an hour, at 02:00 on 4 October 2026. */
    expect_next("sun 02:10-03:00", "Australia/Lord_Howe", 0, "2026-10-03T00:00:00Z",
                "2026-10-03T15:30:00.000Z", "2026-10-03T16:00:00.000Z");
    /* Kolkata never does. */
    expect_next("sun 02:30-03:30", "Asia/Kolkata", 0, "2026-03-28T12:00:00Z",
                "2026-03-28T21:00:00.000Z", "2026-03-28T22:00:00.000Z");
}

static void absurd_times_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const rows[] = {
        "{\"matchers\":[\"a\"],\"for\":\"0\"}",
        "{\"matchers\":[\"a\"],\"for\":\"-2h\"}",
        "{\"matchers\":[\"a\"],\"for\":\"367d\"}",
        "{\"matchers\":[\"a\"],\"for\":\"99999999999999999999d\"}",
        "{\"matchers\":[\"a\"],\"until\":\"9999-12-31T23:59:59Z\"}",
        "{\"matchers\":[\"a\"],\"until\":\"1969-12-31T23:59:59Z\"}",
        "{\"matchers\":[\"a\"],\"until\":\"2027-02-30T00:00:00Z\"}",
        "{\"matchers\":[\"a\"],\"until\":\"soon\"}",
        "{\"matchers\":[\"a\"],\"for\":\"1h\",\"start\":\"9999-01-01T00:00:00Z\"}",
        "{\"matchers\":[\"a\"],\"for\":\"1h\",\"until\":\"2027-06-01T00:00:00Z\"}",
        "{\"matchers\":[\"a\"],\"every\":\"0 0 30 2 *\",\"for\":\"1h\"}",
        "{\"matchers\":[\"a\"],\"every\":\"* * * * *\",\"for\":\"32d\"}",
        "{\"matchers\":[\"a\"],\"every\":\"sun 02:00-02:00\"}",
        "{\"matchers\":[\"a\"],\"every\":\"sun 25:00-26:00\"}",
        "{\"matchers\":[\"a\"],\"every\":\"0 2 * * *\",\"for\":\"1h\",\"zone\":\"../etc/passwd\"}",
    };
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; } ); };");
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        struct op_result r;
        op_start(w, "alert.silence", json_loads(rows[i], 0, NULL), &r);
        if (r.code == OC_OK || !*r.err.message) {
            fail_msg("%s is taken", rows[i]);
        }
    }
    assert_int_equal(kv_count(w, "silence"), 0);
}

/* "sun 00:00-24:00" ends with the day; what is there every day of the week never would. */
static void what_would_never_pause_is_refused(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *every, *span;
        bool taken;
    } rows[] = {{"0 2 * * *", "48h", false},          {"0 2 * * *", "24h", false},
                {"*/5 * * * *", "5m", false},         {"00:00-24:00", NULL, false},
                {"mon-sun 00:00-24:00", NULL, false}, {"0 2 * * *", "23h", true},
                {"0 2 * * mon-fri", "24h", true},     {"*/5 8-18 * * *", "10m", true},
                {"sun 00:00-24:00", NULL, true},      {"0 0 * 1-11 *", "24h", true}};
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; } ); };");
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        struct op_result r;
        json_t *params = json_pack("{s:[s], s:s}", "matchers", "a", "every", rows[i].every);
        if (rows[i].span) {
            oc_json_set_str(params, "for", rows[i].span);
        }
        op_start(w, "alert.silence", params, &r);
        if ((r.code == OC_OK) != rows[i].taken) {
            fail_msg("%s for %s: %s", rows[i].every, rows[i].span ? rows[i].span : "-",
                     r.err.message);
        }
        if (!rows[i].taken) {
            assert_non_null(strstr(r.err.message, "would never pause"));
        }
        json_decref(r.value);
    }
}

/* Said on Monday, 1 February 2027: what pauses only after thousands of occurrences, or begins in a year or later, does pause. */
static void a_pause_that_is_far_is_a_pause(void **state)
{
    static const struct {
        const char *every;
        int64_t span;
        bool pauses;
    } rows[] = {{"0 0 29 2 *", 2 * OC_HOUR, true},    {"0 0 29 2 *", 31 * OC_DAY, true},
                {"* * * * mon-fri", OC_MINUTE, true}, {"*/5 * 1-20 * *", 5 * OC_MINUTE, true},
                {"* * 1-30 * *", OC_MINUTE, true},    {"* * * 2-11 *", OC_MINUTE, true},
                {"* * * * *", OC_MINUTE, false},      {"*/5 * * * *", 5 * OC_MINUTE, false},
                {"* * 1-31 * *", OC_MINUTE, false},   {"* * * * mon-fri", 3 * OC_DAY, false},
                {"0 0 * * *", OC_DAY, false}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        struct oc_recurrence *r = oc_recurrence_create(rows[i].every, NULL, rows[i].span, NULL);
        assert_non_null(r);
        if (oc_recurrence_pauses(r, at("2027-02-01T00:00:00Z")) != rows[i].pauses) {
            fail_msg("%s for %lld", rows[i].every, (long long)rows[i].span);
        }
        oc_recurrence_destroy(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_would_never_pause_is_refused),
        cmocka_unit_test(a_pause_that_is_far_is_a_pause),
        cmocka_unit_test(in_spring_what_is_skipped_begins_at_the_change),
        cmocka_unit_test(in_autumn_what_comes_twice_counts_once),
        cmocka_unit_test(other_clocks_change_otherwise),
        IN_WORLD(absurd_times_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
