/* What was counted of a source against its own books. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cost/cost_stage.h"

#define YESTERDAY (TODAY - 86400)

/* A gateway tells what it has charged since `since`, and what its books say; NAN: they are not there. */
static void books(const char *gateway, double since, double charged, double ledger)
{
    struct call c = {0};
    f.gateway = gateway;
    put(&c, "usage.since", since, NULL, NULL, NULL, NULL);
    put(&c, "usage.spend_dollars", charged, "gpt-4o", "coder", NULL, NULL);
    put(&c, "usage.tracked", 1, NULL, NULL, NULL, NULL);
    if (!isnan(ledger)) {
        put(&c, "usage.ledger_today_dollars", ledger, NULL, NULL, NULL, NULL);
    }
    publish(&c);
}

static const json_t *compared(const char *gateway, const char *params)
{
    return stage_find(stage_ask(&f.s, "cost.reconcile", params), "what", gateway);
}

static void are(const char *gateway, double ours, double theirs, const char *state)
{
    static const char *const ranges[] = {NULL, "{\"period\": \"week\"}"};
    for (size_t i = 0; i < OC_COUNT(ranges); i++) {
        const json_t *row = compared(gateway, ranges[i]);
        near(oc_json_num(row, "ours", -1), ours);
        near(oc_json_num(row, "theirs", -1), theirs);
        assert_string_equal(oc_json_str(row, "state", ""), state);
    }
}

#define UNKNOWN (-1)

static void each_source_is_compared_with_its_own_books(void **state)
{
    (void)state;
    books("gate", TODAY, 5, 5);
    books("other", TODAY, 2, 3);
    are("gate", 5, 5, "ok");
    are("other", 2, 3, "off");
    restart();
    books("other", TODAY, 3, 3);
    are("gate", 5, UNKNOWN, "unknown"); /* its books have not been read since */
    are("other", 3, 3, "ok");
}

static void the_books_of_yesterday_are_not_those_of_today(void **state)
{
    (void)state;
    books("gate", TODAY, 5, 5);
    stage_pass(&f.s, 22 * OC_HOUR); /* midnight */
    are("gate", UNKNOWN, UNKNOWN, "unknown");
    const json_t *o = stage_ask(&f.s, "cost.summary", NULL);
    assert_true(
        json_is_null(json_object_get(oc_json_path(o, "sources[0]"), "ledger_today_dollars")));
    stage_pass(&f.s, 2 * OC_HOUR);
    books("gate", TODAY, 29, NAN); /* 24 in 24 hours, of which two are today's */
    are("gate", 2, UNKNOWN, "unknown");
    books("gate", TODAY, 29, 2);
    are("gate", 2, 2, "ok");
}

static void a_day_that_was_not_watched_from_its_beginning_is_unknown(void **state)
{
    (void)state;
    books("gate", YESTERDAY, 100, 7);
    are("gate", UNKNOWN, 7, "unknown");
    stage_pass(&f.s, OC_HOUR);
    books("gate", YESTERDAY, 101, 8);
    are("gate", UNKNOWN, 8, "unknown");
    stage_pass(&f.s, 21 * OC_HOUR);
    books("gate", YESTERDAY, 102, 0);
    stage_pass(&f.s, OC_HOUR);
    books("gate", YESTERDAY, 104, 2);
    are("gate", 2, 2, "ok");
}

static void books_are_of_utc_in_every_zone(void **state)
{
    (void)state;
    configure("cost = { time_zone = \"-03:00\"; };"); /* 23:00 of the day before */
    books("gate", TODAY, 5, 5);
    are("gate", 5, 5, "ok");
    stage_pass(&f.s, 2 * OC_HOUR);
    books("gate", TODAY, 6, 6);
    are("gate", 6, 6, "ok");
}

/* Where books are all that there is they are the counters, and say when they began after what they count. */
static void a_beginning_that_comes_behind_the_counters_holds_for_them(void **state)
{
    (void)state;
    for (int day = 0; day < 2; day++) {
        for (int look = 1; look <= 3; look++) {
            struct call c = {0};
            put(&c, "usage.spend_dollars", look, "gpt-4o", "coder", NULL, NULL);
            put(&c, "usage.since", TODAY - 6600 + day * 86400, NULL, NULL, NULL, NULL);
            put(&c, "usage.tracked", 1, NULL, NULL, NULL, NULL);
            publish(&c);
            near(figure("dollars"), look);
            stage_pass(&f.s, OC_MINUTE);
        }
        stage_pass(&f.s, OC_DAY - 3 * OC_MINUTE);
    }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_source_is_compared_with_its_own_books),
        TEST(the_books_of_yesterday_are_not_those_of_today),
        TEST(a_day_that_was_not_watched_from_its_beginning_is_unknown),
        TEST(books_are_of_utc_in_every_zone),
        TEST(a_beginning_that_comes_behind_the_counters_holds_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
