/* Rules of several metrics: which series they read, and which of those can be believed. SPDX-License-Identifier: MIT */
#include "tests/unit/service/rule/world.h"

static void several_metrics_meet_by_their_labels(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.used / a.max > 0.9\"; } );", BEGIN);
    struct oc_series *used = series(f, "a.used", 0, "i", "x"),
                     *max = series(f, "a.max", 0, "i", "x");
    struct oc_series *other = series(f, "a.max", 0, "i", "y");
    feed(f, used, 0, 95);
    assert_said(f, ""); /* no maximum yet: unknown */
    feed(f, other, 0, 1);
    assert_said(f, "firing r:condition met"); /* the only one of that name and instance */
    feed(f, max, 1, 1000);
    assert_said(f, "resolved r:condition ended"); /* its own is nearer */
    feed(f, max, 2, 100);
    assert_said(f, "firing r:condition met");
    feed(f, other, 3, 1);
    assert_said(f, "");
    feed(f, max, 4, NAN);
    assert_said(f, "resolved r:gone");
}

static void what_is_ambiguous_is_unknown(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1 and c.d > 1\"; } );", BEGIN);
    feed(f, series(f, "c.d", 0, "x", NULL), 0, 5);
    feed(f, series(f, "c.d", 0, "y", NULL), 0, 5);
    feed(f, series(f, "a.b", 0, "z", NULL), 1, 5);
    assert_said(f, "");
    feed(f, series(f, "a.b", 0, "y", NULL), 1, 5);
    assert_said(f, "firing r:condition met");
}

static void a_batch_is_judged_when_all_of_it_is_in(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.used > a.max\"; } );", BEGIN);
    struct oc_series *used = series(f, "a.used", 0, "i", NULL),
                     *max = series(f, "a.max", 0, "i", NULL);
    for (int i = 0; i < 5; i++) { /* both grow; sample by sample `used` would pass `max` */
        struct oc_sample batch[] = {{used, BEGIN + i, i * 10.0 + 5},
                                    {max, BEGIN + i, i * 10.0 + 9}};
        oc_store_append(f->store, used, batch[0].time_ms, batch[0].value);
        oc_store_append(f->store, max, batch[1].time_ms, batch[1].value);
        oc_rule_engine_samples(f->e, batch, 2);
    }
    assert_said(f, "");
    assert_int_equal(f->e->rules.items[0]->evaluations, 5);
}

static void a_secondary_series_is_found_again_after_a_reload(void **state)
{
    struct fixture *f = *state;
    static const char TWO[] = "rules = ( { name = \"r\"; expr = \"a.b > 1 and c.d > 1\"; } );";
    configure(f, TWO, BEGIN);
    feed(f, series(f, "c.d", 0, "i", NULL), 0, 5);
    configure(f, TWO, BEGIN);
    feed(f, series(f, "a.b", 0, "i", NULL), 1, 5);
    assert_said(f, "firing r:condition met");
}

/* Series of which each is fed every `step` seconds, from `from` to before `to`. */
static void feed_both(struct fixture *f, struct oc_series *a, double of_a, struct oc_series *b,
                      double of_b, int64_t from, int64_t to, int64_t step)
{
    for (int64_t at = from; at < to; at += step) {
        if (a != NULL) {
            feed(f, a, at, of_a);
        }
        if (b != NULL) {
            feed(f, b, at, of_b);
        }
    }
}

static const char PAIR[] =
    "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; for = \"5m\"; } );";

static void what_one_metric_said_last_makes_nothing_fire(void **state)
{
    struct fixture *f = *state;
    configure(f, PAIR, BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL), *b = series(f, "b.y", 0, "i", NULL);
    feed_both(f, a, 50, b, 1, 0, 60, 10);
    feed_both(f, a, 95, b, 1, 60, 70, 10);
    assert_said(f, "pending r:condition met");
    feed_both(f, NULL, 0, b, 1, 70, 1000, 10);
    assert_said(f, "");
    feed_both(f, a, 95, b, 1, 1000, 1230, 10); /* what was not measured does not count */
    assert_said(f, "");
    feed_both(f, a, 95, b, 1, 1230, 1300, 10);
    assert_said(f, "firing r:condition met");
}

static void what_one_metric_said_last_resolves_nothing(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"a.x > 90 or b.y > 90\"; }, "
              "{ name = \"s\"; expr = \"avg('a.x', '1h') > 90 or b.y > 90\"; } );",
              BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL), *b = series(f, "b.y", 0, "i", NULL);
    feed_both(f, a, 10, b, 95, 0, 60, 10);
    assert_said(f, "firing r:condition met|firing s:condition met");
    feed_both(f, NULL, 0, b, 95, 60, 600, 10);
    feed_both(f, NULL, 0, b, 10, 600, 1000, 10); /* a might be high by now */
    assert_said(f, "");
    feed(f, a, 1000, 10);
    assert_said(f, "resolved r:condition ended|resolved s:condition ended");
}

static void a_slow_collector_is_believed_until_its_own_time(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL), *b = series(f, "b.y", 0, "i", NULL);
    feed(f, a, 0, 95);
    feed(f, a, 3600, 95);
    feed(f, b, 3600 + 3 * 3600, 1);
    assert_said(f, "firing r:condition met");
    feed(f, b, 3600 + 3 * 3600 + 1, 0);
    assert_said(f, "");
    feed(f, a, 4 * 3600 + 2, 95);
    assert_said(f, "resolved r:condition ended");
}

/* After a reload, or a restart, nobody has heard a second sample of a slow collector for long. */
static void the_store_tells_the_rhythm_of_what_was_heard_once(void **state)
{
    struct fixture *f = *state;
    static const char RULE[] = "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; } );";
    configure(f, RULE, BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", "slow"), *b = series(f, "b.y", 0, "i", "slow"),
                     *c = series(f, "a.x", 0, "i", "fast"), *d = series(f, "b.y", 0, "i", "fast");
    feed(f, a, 0, 95);
    feed(f, a, 3600, 95);
    feed_both(f, c, 95, NULL, 0, 3500, 3600, 10);
    configure(f, RULE, BEGIN);
    feed(f, b, 7000, 1);
    assert_said(f, "firing r:condition met");
    assert_string_equal(oc_json_str(f->last, "target", ""), "slow");
    feed(f, d, 7000, 1);
    assert_said(f, "");
}

static void what_comes_twice_a_night_is_believed_until_the_next_also_after_a_reload(void **state)
{
    struct fixture *f = *state;
    static const char RULE[] = "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; } );";
    configure(f, RULE, BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL), *b = series(f, "b.y", 0, "i", NULL);
    for (int night = 0; night < 4; night++) {
        feed(f, b, night * 86400, 0);
        feed(f, b, night * 86400 + 300, 1);
    }
    configure(f, RULE, BEGIN);
    feed(f, a, 3 * 86400 + 36000, 95);
    assert_said(f, "firing r:condition met");
}

/* Days of a host that is off from 22:00 to 8:00, until the collector of `b` dies on the last one at 10:00. */
static void feed_days(struct fixture *f, struct oc_series *b, int days, int64_t step)
{
    for (int day = 0; day < days; day++) {
        feed_both(f, b, 1, NULL, 0, day * 86400 + 8 * 3600,
                  day * 86400 + (day + 1 < days ? 22 : 10) * 3600, step);
    }
}

static void what_died_is_not_believed_because_the_host_was_off_at_night(void **state)
{
    struct fixture *f = *state;
    static const char RULE[] = "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; } );";
    configure(f, RULE, BEGIN);
    struct oc_series *fast = series(f, "b.y", 0, "i", "fast"),
                     *slow = series(f, "b.y", 0, "i", "slow"),
                     *hourly = series(f, "b.y", 0, "i", "hourly");
    feed_days(f, fast, 3, 60);
    feed_days(f, slow, 8, 300);
    feed_days(f, hourly, 8, 3600);
    configure(f, RULE, BEGIN); /* what was heard is forgotten: the store tells */
    feed(f, series(f, "a.x", 0, "i", "fast"), 2 * 86400 + 10 * 3600 + 300, 95);
    assert_said(f, "");
    feed(f, series(f, "a.x", 0, "i", "slow"), 7 * 86400 + 11 * 3600, 95);
    assert_said(f, "");
    feed(f, series(f, "a.x", 0, "i", "hourly"), 7 * 86400 + 13 * 3600, 95);
    assert_said(f, "");
}

/* A host that is on from 9:00 to 17:00, but not on Saturday and Sunday; `today` is what it has sent by 9:10. */
static void feed_office_days(struct fixture *f, struct oc_series *s, int today, int64_t step)
{
    for (int day = 0; day < today; day++) {
        if (day % 7 < 5) {
            feed_both(f, s, 1, NULL, 0, day * 86400 + 9 * 3600, day * 86400 + 17 * 3600, step);
        }
    }
    feed_both(f, s, 1, NULL, 0, today * 86400 + 9 * 3600, today * 86400 + 9 * 3600 + 610, step);
}

/* Its nights are longer than its days; 8 is a Tuesday, and 7 a Monday. */
static void a_host_that_is_off_most_of_the_time_sends_no_more_rarely_in_the_morning(void **state)
{
    struct fixture *f = *state;
    static const char RULE[] = "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; } );";
    configure(f, RULE, BEGIN);
    feed_office_days(f, series(f, "b.y", 0, "i", "tuesday"), 8, 10);
    feed_office_days(f, series(f, "b.y", 0, "i", "hourly"), 8, 3600);
    feed_office_days(f, series(f, "b.y", 0, "i", "monday"), 7, 10);
    configure(f, RULE, BEGIN); /* what was heard is forgotten: the store tells */
    feed(f, series(f, "a.x", 0, "i", "tuesday"), 8 * 86400 + 9 * 3600 + 900, 95);
    assert_said(f, "");
    feed(f, series(f, "a.x", 0, "i", "hourly"), 8 * 86400 + 13 * 3600, 95);
    assert_said(f, "");
    feed(f, series(f, "a.x", 0, "i", "monday"), 7 * 86400 + 9 * 3600 + 900, 95);
    assert_said(f, "");
}

static void what_hangs_in_the_morning_fires_no_sooner(void **state)
{
    struct fixture *f = *state;
    const int64_t morning = 8 * 86400 + 9 * 3600;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"10m\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    feed_office_days(f, a, 8, 10);
    feed_both(f, a, 95, NULL, 0, morning + 620, morning + 820, 10);
    assert_said(f, "pending r:condition met");
    feed(f, a, morning + 1480, 95);
    assert_said(f, "");
}

static void two_gaps_in_an_hour_excuse_no_third(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"15m\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    feed_both(f, a, 50, NULL, 0, 0, 36000, 10);
    feed_both(f, a, 50, NULL, 0, 36960, 37500, 10);
    feed_both(f, a, 50, NULL, 0, 38460, 38900, 10);
    feed_both(f, a, 95, NULL, 0, 38900, 38990, 10);
    assert_said(f, "pending r:condition met");
    feed(f, a, 39950, 95);
    assert_said(f, "");
}

static void a_gap_right_after_the_first_sample_that_holds_does_not_count(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"5m\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    feed_both(f, a, 50, NULL, 0, 0, 600, 10);
    feed(f, a, 610, 95);
    assert_said(f, "pending r:condition met");
    feed(f, a, 4210, 95); /* its collector hung */
    assert_said(f, "");
    feed_both(f, a, 95, NULL, 0, 4220, 4490, 10);
    assert_said(f, "");
    feed_both(f, a, 95, NULL, 0, 4500, 4530, 10);
    assert_said(f, "firing r:condition met");
}

static void a_gap_before_the_first_sample_that_holds_excuses_no_later_one(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"30m\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", "a"), *b = series(f, "a.x", 0, "i", "b");
    feed_both(f, a, 50, b, 50, 0, 610, 10);
    feed_both(f, a, 95, b, 95, 4200, 4210, 10); /* their collector hung, */
    assert_said(f, "pending r:condition met|pending r:condition met");
    feed(f, a, 4210, 95);
    feed_both(f, a, 95, b, 95, 7210, 7220, 10); /* and again */
    assert_said(f, "");
}

static void an_alert_that_fired_before_counts_no_gap_either(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"5m\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    feed_both(f, a, 95, NULL, 0, 0, 310, 10);
    feed_both(f, a, 50, NULL, 0, 310, 600, 10);
    assert_said(f, "pending r:condition met|firing r:condition met|resolved r:condition ended");
    feed(f, a, 600, 95);
    assert_said(f, "pending r:condition met");
    feed(f, a, 4200, 95);
    assert_said(f, "");
    feed_both(f, a, 95, NULL, 0, 4210, 4510, 10);
    assert_said(f, "firing r:condition met");
}

/* Nobody has heard it before: the rules have changed. */
static void a_gap_right_after_a_reload_does_not_count(void **state)
{
    struct fixture *f = *state;
    static const char RULE[] = "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"5m\"; } );";
    configure(f, RULE, BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    feed_both(f, a, 50, NULL, 0, 0, 600, 10);
    configure(f, RULE, BEGIN);
    feed(f, a, 600, 95);
    assert_said(f, "pending r:condition met");
    feed(f, a, 4200, 95);
    assert_said(f, "");
}

static void what_comes_in_bursts_holds_between_them(void **state)
{
    struct fixture *f = *state;
    static const char RULE[] = "rules = ( { name = \"r\"; expr = \"a.x > 90\"; for = \"12m\"; } );";
    configure(f, RULE, BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    for (int64_t at = 0; at < 1800; at += 300) {
        feed_both(f, a, 50, NULL, 0, at, at + 3, 1);
    }
    for (int64_t at = 1800; at < 2500; at += 300) {
        feed_both(f, a, 95, NULL, 0, at, at + 3, 1);
    }
    assert_said(f, "pending r:condition met");
    restart(f, RULE, BEGIN + 2450 * OC_SECOND);
    feed(f, a, 2700, 95);
    assert_said(f, "firing r:condition met");
}

/* Such as a size that is pushed once: it has no rhythm, so it cannot be late. */
static void what_came_once_is_believed(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.used / a.max > 0.9\"; } );", BEGIN);
    struct oc_series *used = series(f, "a.used", 0, "i", NULL),
                     *max = series(f, "a.max", 0, "i", NULL);
    feed(f, max, 0, 100);
    feed_both(f, used, 50, NULL, 0, 0, 80000, 1000);
    assert_said(f, "");
    feed(f, used, 80000, 95);
    assert_said(f, "firing r:condition met");
}

static void one_metric_that_is_late_is_no_less_true(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"a.x > 90\"; }, "
              "{ name = \"s\"; expr = \"avg('a.x', '1m') > 90\"; } );",
              BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL);
    feed_both(f, a, 50, NULL, 0, 0, 60, 10);
    feed(f, a, 5000, 95);
    assert_said(f, "firing r:condition met|firing s:condition met");
}

static void an_alert_ends_when_what_would_resolve_it_has(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90\"; resolve = \"b.y < 10\"; } );",
              BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL), *b = series(f, "b.y", 0, "i", NULL);
    feed_both(f, a, 95, b, 50, 0, 30, 10);
    assert_said(f, "firing r:condition met");
    feed(f, b, 30, NAN);
    feed(f, a, 30, 95);
    assert_said(f, ""); /* it is still so */
    feed(f, a, 40, 20);
    assert_said(f, "resolved r:gone");
}

static void a_series_that_has_ended_is_no_rival(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.x > 90 and b.y > 0\"; } );", BEGIN);
    struct oc_series *a = series(f, "a.x", 0, "i", NULL), *old = series(f, "b.y", 0, "old", NULL),
                     *new = series(f, "b.y", 0, "new", NULL);
    feed_both(f, a, 95, old, 1, 0, 20, 10);
    assert_said(f, "firing r:condition met");
    feed(f, old, 20, NAN);
    assert_said(f, "resolved r:gone");
    feed(f, new, 30, 1);
    assert_said(f, "firing r:condition met");
    feed(f, old, 40, 1); /* and now there are two */
    feed(f, new, 40, 0);
    assert_said(f, "");
    feed(f, old, 50, NAN);
    feed(f, new, 60, 0);
    assert_said(f, "resolved r:condition ended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(several_metrics_meet_by_their_labels),
        T(what_is_ambiguous_is_unknown),
        T(a_batch_is_judged_when_all_of_it_is_in),
        T(a_secondary_series_is_found_again_after_a_reload),
        T(what_one_metric_said_last_makes_nothing_fire),
        T(what_one_metric_said_last_resolves_nothing),
        T(a_slow_collector_is_believed_until_its_own_time),
        T(the_store_tells_the_rhythm_of_what_was_heard_once),
        T(what_comes_twice_a_night_is_believed_until_the_next_also_after_a_reload),
        T(a_gap_right_after_the_first_sample_that_holds_does_not_count),
        T(what_died_is_not_believed_because_the_host_was_off_at_night),
        T(a_host_that_is_off_most_of_the_time_sends_no_more_rarely_in_the_morning),
        T(what_hangs_in_the_morning_fires_no_sooner),
        T(two_gaps_in_an_hour_excuse_no_third),
        T(a_gap_before_the_first_sample_that_holds_excuses_no_later_one),
        T(an_alert_that_fired_before_counts_no_gap_either),
        T(a_gap_right_after_a_reload_does_not_count),
        T(what_comes_in_bursts_holds_between_them),
        T(what_came_once_is_believed),
        T(one_metric_that_is_late_is_no_less_true),
        T(an_alert_ends_when_what_would_resolve_it_has),
        T(a_series_that_has_ended_is_no_rival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
