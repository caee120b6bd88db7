/* The engine: label sets, several metrics, reloads, restarts, caps. SPDX-License-Identifier: MIT */
#include "tests/unit/service/rule/world.h"

static void each_label_set_is_judged_by_itself(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"full\"; expr = \"d.percent > 90\"; } );", BEGIN);
    struct oc_series *a = series(f, "d.percent", 0, "sys", "a"),
                     *b = series(f, "d.percent", 0, "sys", "b");
    feed(f, a, 0, 95);
    feed(f, b, 0, 50);
    assert_said(f, "firing full:condition met");
    assert_string_equal(oc_json_str(f->last, "target", ""), "a");
    assert_string_equal(oc_json_str(f->last, "instance", ""), "sys");
    assert_string_equal(oc_json_str(f->last, "severity", ""), "warning");
    assert_int_equal(strlen(oc_json_str(f->last, "fingerprint", "")), 16);
    assert_int_equal(oc_json_int(f->last, "at", 0), BEGIN);
    feed(f, b, 1, 95);
    feed(f, a, 1, 50);
    assert_said(f, "firing full:condition met|resolved full:condition ended");
}

static void a_pending_rule_says_so_and_resets_quietly(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"10s\"; } );", BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 2);
    assert_said(f, "pending r:condition met");
    feed(f, s, 5, 0);
    assert_said(f, "");
    assert_int_equal(f->e->live.count, 0);
}

static void a_series_that_is_gone_resolves(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1\"; } );", BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 2);
    feed(f, s, 1, NAN);
    assert_said(f, "firing r:condition met|resolved r:gone");
    feed(f, s, 2, NAN);
    assert_said(f, "");
    feed(f, s, 3, 5);
    assert_said(f, "firing r:condition met");
}

static void hysteresis_holds_until_resolve_is_true(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 90\"; resolve = \"a.b < 80\"; } );",
              BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 95);
    feed(f, s, 1, 85);
    assert_said(f, "firing r:condition met");
    feed(f, s, 2, 79);
    assert_said(f, "resolved r:condition ended");
    feed(f, s, 3, 85);
    assert_said(f, "");
}

static void labels_thresholds_and_history_can_be_read(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "thresholds = { x = { limit = 10; }; };\n"
              "rules = ( { name = \"label\"; expr = \"a.b > thresholds.x.limit and label.target == "
              "'web'\"; },\n"
              "          { name = \"mean\"; expr = \"avg('a.b', '1m') > 10\"; },\n"
              "          { name = \"rate\"; expr = \"rate('a.b', '1m') > 1\"; },\n"
              "          { name = \"peak\"; expr = \"max('a.b', '1m') >= 30 and min('a.b', '1m') < "
              "1\"; },\n"
              "          { name = \"flap\"; expr = \"changes('a.b', '1m') >= 2\"; } );",
              BEGIN);
    assert_int_equal(oc_diags_errors(&f->diags), 0);
    struct oc_series *s = series(f, "a.b", 0, "i", "web"), *t = series(f, "a.b", 0, "i", "db");
    feed(f, t, 0, 20);
    assert_said(f, "firing mean:condition met");
    feed(f, s, 0, 0);
    assert_said(f, "");
    feed(f, s, 10, 0);
    feed(f, s, 20, 15);
    assert_said(f, "firing label:condition met");
    feed(f, s, 30, 40);
    assert_said(f, "firing mean:condition met|firing rate:condition met|firing peak:condition "
                   "met|firing flap:condition met");
    feed(f, s, 200, 15);
    assert_said(f, "resolved peak:condition ended|resolved flap:condition ended");
}

static void a_wrong_rule_is_off_alone_with_file_and_line(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = (\n"
              "  { name = \"bad\";\n"
              "    expr = \"a.b >\"; },\n"
              "  { name = \"typo\"; expr = \"a.b > thresholds.no.such\"; },\n"
              "  { name = \"time\"; expr = \"a.b > 1\"; for = \"soon\"; },\n"
              "  { name = \"key\"; expr = \"a.b > 1\"; severty = \"critical\"; },\n"
              "  { expr = \"a.b > 1\"; },\n"
              "  { name = \"none\"; expr = \"1 > 0\"; },\n"
              "  { name = \"resolve\"; expr = \"a.b > 1\"; resolve = \"a.b <<\"; },\n"
              "  { name = \"off\"; expr = \"a.b > 1\"; enabled = false; },\n"
              "  { name = \"good\"; expr = \"a.b > 1\"; },\n"
              "  { name = \"good\"; expr = \"a.b > 2\"; }\n"
              ");",
              BEGIN);
    assert_int_equal(oc_diags_errors(&f->diags), 8);
    const struct oc_diag *first = &f->diags.list.items[0];
    assert_string_equal(first->file, "t.conf");
    assert_int_equal(first->line, 3);
    assert_string_equal(first->key, "rules[0].expr");
    assert_non_null(strstr(first->message, "near"));
    feed(f, series(f, "a.b", 0, "i", NULL), 0, 5);
    assert_said(f, "firing good:condition met");
}

static void a_condition_that_fails_changes_nothing_and_is_counted(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"a.b > true\"; }, { name = \"s\"; expr = \"a.b > "
              "1\"; } );",
              BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    feed(f, s, 1, 5);
    assert_said(f, "firing s:condition met");
    const struct oc_rule *r = oc_rule_engine_find(f->e, "r");
    assert_int_equal(r->errors, 2);
    assert_non_null(strstr(r->last_error, "compare"));
}

static void an_answer_that_is_a_text_is_true_and_a_problem(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1 and label.target\"; } );", BEGIN);
    const struct oc_rule *r = oc_rule_engine_find(f->e, "r");
    feed(f, series(f, "a.b", 0, "i", "t"), 0, 5);
    assert_said(f, "firing r:condition met");
    assert_string_equal(r->last_error, "expected true or false, the expression gives a text");
    feed(f, series(f, "a.b", 0, "i", "t"), 1, 5);
    assert_non_null(r->last_error);
    assert_int_equal(r->errors, 2);
    feed(f, series(f, "a.b", 0, "i", "t"), 2, 0);
    assert_said(f, "resolved r:condition ended");
    assert_null(r->last_error);
}

static void an_answer_that_is_a_number_is_true_unless_it_is_0(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"found\"; expr = \"a.b > 4 and string.find(label.target, "
              "'^db')\"; }, { name = \"zero\"; expr = \"a.b > 4 and a.b - 5\"; } );",
              BEGIN);
    struct oc_series *db = series(f, "a.b", 0, "i", "db1"), *web = series(f, "a.b", 0, "i", "web");
    feed(f, web, 0, 5);
    assert_said(f, "");
    assert_null(oc_rule_engine_find(f->e, "found")->last_error);
    assert_string_equal(oc_rule_engine_find(f->e, "zero")->last_error,
                        "expected true or false, the expression gives a number");
    feed(f, db, 0, 5);
    assert_said(f, "firing found:condition met");
    feed(f, db, 1, 6);
    assert_said(f, "firing zero:condition met");
    feed(f, db, 2, 5);
    assert_said(f, "resolved zero:condition ended");
    assert_non_null(oc_rule_engine_find(f->e, "found")->last_error);
}

static void a_problem_is_told_until_no_series_has_it(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > (label.target and 1 or 'x')\"; } );",
              BEGIN);
    struct oc_series *bad = series(f, "a.b", 0, "i", NULL), *good = series(f, "a.b", 0, "i", "t");
    const struct oc_rule *r = oc_rule_engine_find(f->e, "r");
    feed(f, bad, 0, 5);
    feed(f, bad, 1, 5);
    feed(f, good, 1, 5);
    assert_said(f, "firing r:condition met");
    assert_non_null(r->last_error);
    feed(f, bad, 2, NAN); /* the series with the problem is no more */
    assert_null(r->last_error);
    assert_int_equal(r->errors, 2);
    feed(f, bad, 3, 5);
    assert_non_null(r->last_error);
}

static void booleans_compare_with_booleans(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"redis.connected == false\"; } );", BEGIN);
    struct oc_series *s = series(f, "redis.connected", OC_KIND_BOOL, "cache", NULL);
    feed(f, s, 0, 1);
    feed(f, s, 1, 0);
    assert_said(f, "firing r:condition met");
    assert_true(json_is_false(json_object_get(f->last, "value")));
}

static const char ONE[] =
    "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"10s\"; severity = \"critical\"; } );";

static void a_reload_keeps_what_did_not_change(void **state)
{
    struct fixture *f = *state;
    configure(f, ONE, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    configure(f, ONE, BEGIN);
    feed(f, s, 10, 5);
    assert_said(f, "pending r:condition met|firing r:condition met");
    configure(f, ONE, BEGIN);
    feed(f, s, 11, 5); /* told again, for who has lost it */
    assert_said(f, "firing r:still firing");
    feed(f, s, 12, 5);
    assert_said(f, "");
}

static void a_rule_that_changes_or_goes_ends_its_alerts(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"a.b > 1\"; }, { name = \"p\"; expr = \"a.b > "
              "1\"; for = \"1h\"; } );",
              BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    assert_said(f, "firing r:condition met|pending p:condition met");
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 2\"; } );", BEGIN + 1000);
    assert_said(f, "resolved r:rule changed");
    assert_int_equal(oc_json_int(f->last, "at", 0), BEGIN + 1000);
    feed(f, s, 2, 5);
    assert_said(f, "firing r:condition met");
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 2\"; enabled = false; } );",
              BEGIN + 3000);
    assert_said(f, "resolved r:rule changed");
    configure(f, "", BEGIN + 4000);
    feed(f, s, 5, 5);
    assert_said(f, "");
}

static void durations_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    configure(f, ONE, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    assert_said(f, "pending r:condition met");
    restart(f, ONE, BEGIN + 6000);
    feed(f, s, 9, 5);
    assert_said(f, "");
    feed(f, s, 10, 5);
    assert_said(f, "firing r:condition met");
    restart(f, ONE, BEGIN + 20000);
    feed(f, s, 21, 5);
    assert_said(f, "firing r:still firing");
    feed(f, s, 22, 0);
    assert_said(f, "resolved r:condition ended");
    restart(f, ONE, BEGIN + 30000);
    assert_int_equal(f->e->live.count, 0);
}

static void an_hour_in_which_the_host_was_down_is_not_counted(void **state)
{
    struct fixture *f = *state;
    static const char LONG[] = "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"5m\"; } );";
    configure(f, LONG, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    assert_said(f, "pending r:condition met");
    restart(f, LONG, BEGIN + OC_HOUR);
    feed(f, s, 3600, 5);
    feed(f, s, 3660, 5);
    restart(f, LONG, BEGIN + 3670 * OC_SECOND);
    feed(f, s, 3720, 5);
    assert_said(f, "");
    for (int64_t at = 3780; at < 3900; at += 60) {
        feed(f, s, at, 5);
    }
    assert_said(f, "");
    feed(f, s, 3900, 5);
    assert_said(f, "firing r:condition met");
}

/* What was measured until just before a restart counts. */
static void a_short_restart_takes_nothing_from_the_duration(void **state)
{
    struct fixture *f = *state;
    static const char LONG[] = "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"5m\"; } );";
    configure(f, LONG, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    for (int64_t at = 0; at < 240; at += 60) {
        feed(f, s, at, 5);
    }
    assert_said(f, "pending r:condition met");
    restart(f, LONG, BEGIN + 230 * OC_SECOND);
    feed(f, s, 299, 5);
    assert_said(f, "");
    feed(f, s, 300, 5);
    assert_said(f, "firing r:condition met");
}

static void a_restart_after_a_gap_takes_nothing_from_what_was_measured_before_it(void **state)
{
    struct fixture *f = *state;
    static const char LONG[] = "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"5m\"; } );";
    configure(f, LONG, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    for (int64_t at = 0; at <= 240; at += 60) {
        feed(f, s, at, 5);
    }
    feed(f, s, 3840, 5);
    assert_said(f, "pending r:condition met");
    restart(f, LONG, BEGIN + 3850 * OC_SECOND);
    feed(f, s, 3900, 5);
    assert_said(f, "firing r:condition met");
}

/* Samples every `step` seconds, from `from` to `to`. */
static void feed_steadily(struct fixture *f, struct oc_series *s, int64_t from, int64_t to,
                          int64_t step)
{
    for (int64_t at = from; at <= to; at += step) {
        feed(f, s, at, 5);
    }
}

static void a_gap_is_left_out_once_however_often_the_host_is_restarted(void **state)
{
    struct fixture *f = *state;
    static const char LONG[] = "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"1h\"; } );";
    configure(f, LONG, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed_steadily(f, s, 0, 3000, 10);
    assert_said(f, "pending r:condition met");
    feed_steadily(f, s, 4000, 4100, 10); /* its collector hung for less than it was true before */
    restart(f, LONG, BEGIN + 4105 * OC_SECOND);
    feed_steadily(f, s, 4110, 4200, 10);
    restart(f, LONG, BEGIN + 4205 * OC_SECOND);
    feed_steadily(f, s, 4210, 4590, 10);
    assert_said(f, "");
    feed(f, s, 4600, 5);
    assert_said(f, "firing r:condition met");
}

static void a_downtime_is_left_out_once_however_often_the_host_is_restarted(void **state)
{
    struct fixture *f = *state;
    static const char LONG[] = "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"30m\"; } );";
    configure(f, LONG, BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed_steadily(f, s, 0, 600, 60);
    assert_said(f, "pending r:condition met");
    restart(f, LONG, BEGIN + 1195 * OC_SECOND); /* ten minutes of it were measured */
    feed_steadily(f, s, 1200, 1500, 60);
    restart(f, LONG, BEGIN + 1795 * OC_SECOND); /* and five more */
    feed_steadily(f, s, 1800, 1860, 60);
    restart(f, LONG, BEGIN + 1900 * OC_SECOND);
    feed_steadily(f, s, 1920, 2640, 60);
    assert_said(f, "");
    feed(f, s, 2700, 5);
    assert_said(f, "firing r:condition met");
}

static void a_restart_with_another_rule_ends_the_alert(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1\"; severity = \"critical\"; } );",
              BEGIN);
    feed(f, series(f, "a.b", 0, "i", "t"), 0, 5);
    assert_said(f, "firing r:condition met");
    restart(f, "rules = ( { name = \"q\"; expr = \"a.b > 1\"; } );", BEGIN + 5000);
    assert_said(f, "resolved r:rule changed");
    assert_string_equal(oc_json_str(f->last, "severity", ""), "critical");
    assert_string_equal(oc_json_str(f->last, "target", ""), "t");
    oc_rule_engine_save(f->e, NULL);
    json_t *left = oc_kv_all(f->store, OC_RULE_SPACE);
    assert_int_equal(json_object_size(left), 0);
    json_decref(left);
}

static void nonsense_in_the_store_is_thrown_away(void **state)
{
    struct fixture *f = *state;
    json_t *nonsense = json_pack("{s:s, s:i}", "rule", "r", "series", 77);
    configure(f, ONE, BEGIN);
    assert_int_equal(oc_kv_put(f->store, OC_RULE_SPACE, "0123456789abcdef", nonsense, true, NULL),
                     OC_OK);
    assert_int_equal(oc_kv_put(f->store, OC_RULE_SPACE, "x", nonsense, true, NULL), OC_OK);
    oc_rule_engine_restore(f->e, BEGIN);
    oc_rule_engine_save(f->e, NULL);
    assert_int_equal(f->e->live.count, 0);
    json_t *left = oc_kv_all(f->store, OC_RULE_SPACE);
    assert_int_equal(json_object_size(left), 0);
    json_decref(left);
    json_decref(nonsense);
}

static void firing_is_kept_on_and_ended_by_the_timer(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1\"; keep_firing_for = \"1m\"; } );",
              BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    feed(f, s, 10, 0);
    oc_rule_engine_tick(f->e, BEGIN + 69 * OC_SECOND);
    assert_said(f, "firing r:condition met");
    oc_rule_engine_tick(f->e, BEGIN + 70 * OC_SECOND);
    assert_said(f, "resolved r:condition ended");
}

/* The sample may come before the timer has looked. */
static void firing_is_kept_on_no_longer_than_was_said(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"a.b > 1\"; keep_firing_for = \"1m\"; "
              "for = \"5m\"; } );",
              BEGIN);
    struct oc_series *s = series(f, "a.b", 0, "i", NULL);
    feed(f, s, 0, 5);
    feed(f, s, 300, 5);
    feed(f, s, 400, 0);
    assert_said(f, "pending r:condition met|firing r:condition met");
    feed(f, s, 459, 5); /* within the minute it goes on */
    feed(f, s, 500, 0);
    assert_said(f, "");
    feed(f, s, 620, 5);
    assert_int_equal(f->e->events.count, 2);
    assert_int_equal(oc_json_int(f->e->events.items[0].data, "at", 0), BEGIN + 560 * OC_SECOND);
    assert_said(f, "resolved r:condition ended|pending r:condition met");
}

static void states_are_capped_and_room_is_made(void **state)
{
    struct fixture *f = *state;
    char target[16];
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1\"; } );", BEGIN);
    f->e->live_max = 3;
    for (int i = 0; i < 5; i++) {
        snprintf(target, sizeof(target), "t%d", i);
        feed(f, series(f, "a.b", 0, "i", target), 0, 5);
    }
    assert_int_equal(f->e->live.count, 3);
    assert_true(f->e->full);
    feed(f, series(f, "a.b", 0, "i", "t0"), 1, 0); /* resolved: its place can be taken */
    feed(f, series(f, "a.b", 0, "i", "t4"), 1, 5);
    assert_int_equal(f->e->live.count, 3);
    assert_said(f, "firing r:condition met|firing r:condition met|firing r:condition met|resolved "
                   "r:condition ended|"
                   "firing r:condition met");
}

static void messages_fill_in_what_they_name(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"sys.cpu_percent > 90\"; for = \"90s\"; message = "
              "\"{instance}/{target}: {cpu_percent}% {{ value }} over {threshold} for {duration}, "
              "{duration} seconds, "
              "{sys.cpu_percent} {nosuch} {severity} {rule} { {} {\"; } );",
              BEGIN);
    struct oc_series *s = series(f, "sys.cpu_percent", 0, "i", "t");
    feed(f, s, 0, 95.25);
    feed(f, s, 90, 95.25);
    assert_said(f, "pending r:condition met|firing r:condition met");
    assert_string_equal(
        oc_json_str(f->last, "message", ""),
        "i/t: 95.2% 95.2 over 90 for 1m 30s, 90 seconds, 95.2 {nosuch} warning r { {} {");
}

static void the_one_threshold_of_a_calculation_is_told(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "thresholds = { x = { limit = 15; }; }; rules = ( { name = \"r\"; expr = \"a.b * 2 > "
              "thresholds.x.limit * 3\"; message = \"over {threshold}\"; } );",
              BEGIN);
    feed(f, series(f, "a.b", 0, "i", NULL), 0, 50);
    assert_said(f, "firing r:condition met");
    assert_string_equal(oc_json_str(f->last, "message", ""), "over 15");
}

static void without_a_message_the_series_speaks(void **state)
{
    struct fixture *f = *state;
    configure(f, "rules = ( { name = \"r\"; expr = \"a.b > 1\"; } );", BEGIN);
    feed(f, series(f, "a.b", 0, "i", NULL), 0, 5);
    assert_said(f, "firing r:condition met");
    assert_string_equal(oc_json_str(f->last, "message", ""), "a.b{instance=\"i\"} is 5");
}

static void channels_and_annotations_go_with_the_event(void **state)
{
    struct fixture *f = *state;
    configure(f,
              "rules = ( { name = \"r\"; expr = \"a.b > 1\"; channels = [\"ops\"]; category = "
              "\"agent\"; annotations = { "
              "runbook = \"u\"; }; } );",
              BEGIN);
    feed(f, series(f, "a.b", 0, "i", NULL), 0, 5);
    assert_said(f, "firing r:condition met");
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->last, "channels"), 0)),
                        "ops");
    assert_string_equal(oc_json_str(json_object_get(f->last, "annotations"), "runbook", ""), "u");
    assert_string_equal(oc_json_str(f->last, "category", ""), "agent");
}

static void fingerprints_tell_rules_and_labels_apart(void **state)
{
    struct fixture *f = *state;
    char a[17], b[17], c[17], again[17];
    struct oc_series *s = series(f, "a.b", 0, "i", "x"), *t = series(f, "a.b", 0, "i", "y");
    oc_rule_fingerprint("r", s, a);
    oc_rule_fingerprint("r", t, b);
    oc_rule_fingerprint("q", s, c);
    oc_rule_fingerprint("r", s, again);
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, c);
    assert_string_equal(a, again);
}

static void two_rules_cost_a_sample_well_under_four_microseconds(void **state)
{
    struct fixture *f = *state;
    enum { TARGETS = 100, ROUNDS = 200 };
    struct oc_sample batch[TARGETS];
    char target[16];
    configure(f,
              "rules = ( { name = \"w\"; expr = \"http.response_ms > 5000\"; }, { name = \"c\"; "
              "expr = \"http.response_ms > "
              "15000\"; } );",
              BEGIN);
    for (int i = 0; i < TARGETS; i++) {
        snprintf(target, sizeof(target), "t%d", i);
        batch[i] = (struct oc_sample){series(f, "http.response_ms", 0, "web", target), BEGIN, 20};
    }
    oc_rule_engine_samples(f->e, batch, TARGETS);
    int64_t before = oc_time_mono();
    for (int i = 0; i < ROUNDS; i++) {
        oc_rule_engine_samples(f->e, batch, TARGETS);
    }
    int64_t took = oc_time_mono() - before;
    print_message("%d evaluations took %lld ms\n", TARGETS * ROUNDS * 2, (long long)took);
    assert_true(took <= TARGETS * ROUNDS * 4 / 1000 + 20); /* with sanitizers on */
    assert_int_equal(f->e->live.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_label_set_is_judged_by_itself),
        T(a_pending_rule_says_so_and_resets_quietly),
        T(a_series_that_is_gone_resolves),
        T(hysteresis_holds_until_resolve_is_true),
        T(labels_thresholds_and_history_can_be_read),
        T(a_wrong_rule_is_off_alone_with_file_and_line),
        T(a_condition_that_fails_changes_nothing_and_is_counted),
        T(an_answer_that_is_a_text_is_true_and_a_problem),
        T(an_answer_that_is_a_number_is_true_unless_it_is_0),
        T(a_problem_is_told_until_no_series_has_it),
        T(booleans_compare_with_booleans),
        T(a_reload_keeps_what_did_not_change),
        T(a_rule_that_changes_or_goes_ends_its_alerts),
        T(durations_survive_a_restart),
        T(an_hour_in_which_the_host_was_down_is_not_counted),
        T(a_short_restart_takes_nothing_from_the_duration),
        T(a_restart_after_a_gap_takes_nothing_from_what_was_measured_before_it),
        T(a_gap_is_left_out_once_however_often_the_host_is_restarted),
        T(a_downtime_is_left_out_once_however_often_the_host_is_restarted),
        T(a_restart_with_another_rule_ends_the_alert),
        T(nonsense_in_the_store_is_thrown_away),
        T(firing_is_kept_on_and_ended_by_the_timer),
        T(firing_is_kept_on_no_longer_than_was_said),
        T(states_are_capped_and_room_is_made),
        T(messages_fill_in_what_they_name),
        T(the_one_threshold_of_a_calculation_is_told),
        T(without_a_message_the_series_speaks),
        T(channels_and_annotations_go_with_the_event),
        T(fingerprints_tell_rules_and_labels_apart),
        T(two_rules_cost_a_sample_well_under_four_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
