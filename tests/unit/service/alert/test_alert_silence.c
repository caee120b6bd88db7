/* Matchers, and what silences do to alerts. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CONSOLE "alerts = { silence_notice = \"0\"; channels = ( { plugin = \"console\"; } ); };"

static bool holds(const char *matcher)
{
    struct oc_matcher m;
    struct oc_error err;
    struct oc_alerts table;
    oc_alerts_init(&table);
    struct oc_alert *a = oc_alerts_add_id(&table, "aa");
    json_t *event =
        json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "rule", "disk_full", "severity", "critical",
                  "instance", "system", "target", "", "labels", "mount", "/home");
    oc_alert_record_update(&table, a, event, true, 1);
    assert_int_equal(oc_matcher_parse(matcher, &m, &err), OC_OK);
    bool result = oc_matcher_holds(&m, &table, a);
    char *text = oc_matcher_text(&m);
    struct oc_matcher again; /* what is written is read as the same */
    assert_int_equal(oc_matcher_parse(text, &again, &err), OC_OK);
    assert_int_equal(oc_matcher_is_equal(&again), oc_matcher_is_equal(&m));
    assert_int_equal(oc_matcher_holds(&again, &table, a), result);
    char *twice = oc_matcher_text(&again);
    assert_string_equal(twice, text);
    free(twice);
    oc_matcher_finish(&again);
    free(text);
    oc_matcher_finish(&m);
    json_decref(event);
    oc_alerts_finish(&table);
    return result;
}

static void matchers_compare_fields_and_labels(void **state)
{
    (void)state;
    assert_true(holds("disk_full"));
    assert_true(holds("disk_*"));
    assert_false(holds("disk"));
    assert_true(holds("severity=critical"));
    assert_true(holds("mount=/home"));
    assert_false(holds("mount!=/home"));
    assert_true(holds("mount=~/h.*"));
    assert_false(holds("mount=~/h*")); /* slashes and h's, and nothing else */
    assert_false(holds("mount!~/h.*"));
    assert_true(holds("mount=~\"/(home|var)\""));
    assert_true(holds("mount!=\"/a b, {c}\""));
    assert_true(holds("{severity=~\"crit.+\"}"));
    assert_true(holds("absent="));
    assert_true(holds("absent!=x"));
    assert_false(holds("mount=a=b")); /* the value may hold an operator */
}

static void who_writes_a_glob_is_told_what_to_write(void **state)
{
    static const char *const globs[] = {"rule=~*", "rule=~*web", "rule!~?x"};
    struct oc_matcher m;
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(globs); i++) {
        oc_error_init(&err);
        assert_int_equal(oc_matcher_parse(globs[i], &m, &err), OC_E_CONFIG);
        assert_non_null(strstr(err.hint, "regular expression: .* matches anything"));
    }
}

static void what_is_no_matcher_is_refused_with_a_hint(void **state)
{
    static const char *const bad[] = {"", "=x", "!x", "a!b", "!=", "\xff\xfe"};
    struct oc_matcher m;
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        oc_error_init(&err);
        assert_int_equal(oc_matcher_parse(bad[i], &m, &err), OC_E_CONFIG);
        assert_non_null(strstr(err.hint, "NAME=VALUE"));
    }
}

static int silence(struct world *w, const char *matcher, const char *span, json_t **made)
{
    return op(w, "alert.silence", json_pack("{s:[s], s:s}", "matchers", matcher, "for", span),
              made);
}

static unsigned delivered(void)
{
    return plugin_drain("console");
}

/* What "=~" meant when it was stored is what it means: a glob. */
static void a_silence_that_was_stored_as_a_glob_keeps_its_meaning(void **state)
{
    struct world *w = *state;
    json_t *kept = json_pack("{s:s, s:[s,s], s:s, s:s, s:s, s:s}", "id", "0a1b2c3d4e5f", "matchers",
                             "rule=~rule_*", "instance!~x?", "starts", "2020-01-01T00:00:00Z",
                             "ends", "2099-01-01T00:00:00Z", "comment", "old", "created_by", "me"),
           *list;
    oc_kv_put(w->env.store, "silence", "0a1b2c3d4e5f", kept, true, NULL);
    json_decref(kept);
    world_start(w, CONSOLE);
    fire(w, "aa");
    assert_int_equal(delivered(), 0);
    op(w, "alert.silences", NULL, &list);
    const json_t *matchers = json_object_get(json_array_get(list, 0), "matchers");
    assert_string_equal(json_string_value(json_array_get(matchers, 0)), "\"rule\"=~rule_.*");
    assert_string_equal(json_string_value(json_array_get(matchers, 1)), "instance!~x.");
    json_decref(list);
    assert_int_equal(silence(w, "rule=~rule_*", "2h", &list), OC_OK); /* today: an expression */
    assert_string_equal(json_string_value(json_array_get(json_object_get(list, "matchers"), 0)),
                        "alertname=~rule_*");
    json_decref(list);
}

static void a_silenced_alert_is_listed_and_not_told(void **state)
{
    struct world *w = *state;
    json_t *list;
    world_start(w, CONSOLE);
    assert_int_equal(silence(w, "instance=cache", "2h", NULL), OC_OK);
    assert_non_null(event_of(w, "silence.created"));
    fire(w, "aa");
    assert_int_equal(delivered(), 0);
    assert_string_equal(oc_json_str(event_of(w, "alert.firing"), "held_by", ""), "silence");
    op(w, "alert.list", json_pack("{s:b}", "silenced", 1), &list);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "status", ""), "silenced");
    json_decref(list);
    op(w, "alert.summary", NULL, &list);
    assert_int_equal(oc_json_int(list, "critical", -1), 0);
    assert_int_equal(oc_json_int(list, "silenced", -1), 1);
    json_decref(list);
}

static void what_still_fires_when_the_silence_ends_is_told(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(silence(w, "rule_*", "2h", NULL), OC_OK);
    fire(w, "aa");
    world_pass(119 * OC_MINUTE);
    assert_int_equal(delivered(), 0);
    world_pass(2 * OC_MINUTE);
    assert_int_equal(delivered(), 1);
    assert_string_equal(oc_json_str(event_of(w, "silence.expired"), "reason", ""), "expired");
    assert_int_equal(kv_count(w, "silence"), 0);
}

static void an_alert_told_before_the_silence_is_told_again_after_it(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    assert_int_equal(delivered(), 1);
    assert_int_equal(silence(w, "rule_aa", "5m", NULL), OC_OK);
    world_pass(4 * OC_MINUTE);
    assert_int_equal(delivered(), 0);
    world_pass(2 * OC_MINUTE);
    assert_int_equal(delivered(), 1);
    world_pass(OC_HOUR);
    assert_int_equal(delivered(), 0);
}

static void the_end_of_a_silenced_alert_is_never_told(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    fire(w, "aa");
    assert_int_equal(delivered(), 1);
    assert_int_equal(silence(w, "rule_aa", "5m", NULL), OC_OK);
    resolve(w, "aa");
    world_pass(OC_HOUR);
    assert_int_equal(delivered(), 0);
}

static void a_silence_hushes_only_what_it_matches(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(silence(w, "rule_aa", "2h", NULL), OC_OK);
    fire(w, "aa");
    fire(w, "bb");
    assert_int_equal(delivered(), 1);
}

static void a_silence_says_when_it_ends_once(void **state)
{
    struct world *w = *state;
    struct op_result r;
    world_start(w, CONSOLE);
    op_start(w, "alert.silence",
             json_pack("{s:[s], s:s, s:s}", "matchers", "rule_aa", "for", "1h", "until",
                       "2030-01-01T08:00:00Z"),
             &r);
    assert_int_equal(r.code, OC_E_CONFIG);
    assert_string_equal(r.err.message, "a silence ends by --for or by --until, not by both");
    op_start(w, "alert.silence", json_pack("{s:[s]}", "matchers", "rule_aa"), &r);
    assert_int_equal(r.code, OC_E_CONFIG);
    assert_string_equal(r.err.message, "a silence needs an end");
    assert_non_null(strstr(r.err.hint, "--until-resolved"));
}

static void all_matchers_of_a_silence_must_hold(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(
        op(w, "alert.silence",
           json_pack("{s:[s,s], s:s}", "matchers", "severity=critical", "env=test", "for", "2h"),
           NULL),
        OC_OK);
    fire(w, "aa");
    assert_int_equal(delivered(), 1);
}

static void a_silence_survives_a_crash(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(silence(w, "rule_aa", "2h", NULL), OC_OK);
    world_crash(w);
    world_start(w, CONSOLE);
    fire(w, "aa");
    world_pass(OC_HOUR);
    assert_int_equal(delivered(), 0);
}

static void a_silence_that_ended_while_nobody_ran_is_over(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(silence(w, "rule_aa", "2h", NULL), OC_OK);
    fire(w, "aa");
    world_stop(w);
    oc_time_advance(3 * OC_HOUR);
    world_start(w, CONSOLE);
    world_pass(10);
    assert_int_equal(delivered(), 1);
    assert_int_equal(kv_count(w, "silence"), 0);
}

static void a_silence_can_be_ended_by_a_prefix_of_its_id(void **state)
{
    struct world *w = *state;
    json_t *made, *list, *ended;
    char prefix[5] = "";
    world_start(w, CONSOLE);
    assert_int_equal(silence(w, "rule_aa", "2h", &made), OC_OK);
    memcpy(prefix, oc_json_str(made, "id", ""), 3);
    assert_int_equal(op(w, "alert.unsilence", json_pack("{s:s}", "id", prefix), NULL),
                     OC_E_CONFLICT); /* it may be a slip of the finger */
    memcpy(prefix, oc_json_str(made, "id", ""), 4);
    fire(w, "aa");
    assert_int_equal(op(w, "alert.unsilence", json_pack("{s:s}", "id", prefix), &ended), OC_OK);
    assert_string_equal(oc_json_str(ended, "id", ""), oc_json_str(made, "id", "-"));
    json_decref(ended);
    json_decref(made);
    world_pass(10);
    assert_int_equal(delivered(), 1);
    assert_string_equal(oc_json_str(event_of(w, "silence.expired"), "by", ""), "cli:uid=0");
    assert_int_equal(op(w, "alert.unsilence", json_pack("{s:s}", "id", prefix), NULL),
                     OC_E_NOT_FOUND);
    op(w, "alert.silences", NULL, &list);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void a_silence_needs_a_matcher_and_an_end_to_come(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(op(w, "alert.silence", json_pack("{s:[s]}", "matchers", "a"), NULL),
                     OC_E_CONFIG);
    assert_int_equal(op(w, "alert.silence", json_pack("{s:s}", "for", "2h"), NULL), OC_E_CONFIG);
    assert_int_equal(
        op(w, "alert.silence", json_pack("{s:[], s:s}", "matchers", "for", "2h"), NULL),
        OC_E_CONFIG);
    assert_int_equal(op(w, "alert.silence",
                        json_pack("{s:[s], s:s}", "matchers", "a", "until", "2020-01-01T00:00:00Z"),
                        NULL),
                     OC_E_CONFIG);
    assert_int_equal(op(w, "alert.silence",
                        json_pack("{s:[s], s:s, s:s}", "matchers", "a", "for", "2h", "until",
                                  "2028-01-01T00:00:00Z"),
                        NULL),
                     OC_E_CONFIG);
    assert_int_equal(
        op(w, "alert.silence",
           json_pack("{s:[s], s:s, s:s}", "matchers", "a", "for", "2h", "zone", "Europe/Berlin"),
           NULL),
        OC_E_CONFIG);
    assert_int_equal(silence(w, "a", "500d", NULL), OC_E_CONFIG);
    assert_int_equal(silence(w, "!a", "2h", NULL), OC_E_CONFIG);
    assert_int_equal(kv_count(w, "silence"), 0);
    assert_int_equal(op(w, "alert.silence",
                        json_pack("{s:[s], s:s}", "matchers", "a", "until", "2027-01-15T10:00:00Z"),
                        NULL),
                     OC_OK);
}

static void a_silence_that_cannot_be_kept_is_not_promised(void **state)
{
    struct world *w = *state;
    struct op_result r;
    world_start(w, CONSOLE);
    world_store(w, true); /* reads only: writing fails from here on */
    op_start(w, "alert.silence", json_pack("{s:[s], s:s}", "matchers", "rule_aa", "for", "2h"), &r);
    assert_int_equal(r.code, OC_E_DENIED);
    assert_true(strlen(r.err.message) > 0);
    assert_null(event_of(w, "silence.created"));
    w->warnings_wanted = true;
    fire(w, "aa"); /* and nothing is hushed; people hear, the store does not */
    assert_int_equal(delivered(), 1);
    op_start(w, "alert.ack", json_pack("{s:s}", "id", "aa"), &r);
    assert_int_equal(r.code, OC_E_DENIED);
    json_t *shown;
    op(w, "alert.show", json_pack("{s:s}", "id", "aa"), &shown);
    assert_string_equal(oc_json_str(shown, "status", ""), "firing");
    json_decref(shown);
}

static int look(struct world *w, json_t *params)
{
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_call_request req = {
        .op = "alert.silence", .params = params, .actor = {.name = "t", .role = OC_ROLE_ADMIN}};
    return oc_ops_check(w->env.ops, &req, &err);
}

static void what_is_wrong_is_known_before_anybody_votes_on_it(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    assert_int_equal(look(w, json_pack("{s:[s]}", "matchers", "a=b")), OC_E_CONFIG);
    assert_int_equal(look(w, json_pack("{s:[s],s:s}", "matchers", "a=~[", "for", "1h")),
                     OC_E_CONFIG);
    assert_int_equal(
        look(w, json_pack("{s:[s],s:s,s:s}", "matchers", "a=b", "every", "nonday", "for", "1h")),
        OC_E_CONFIG);
    assert_int_equal(look(w, json_pack("{s:[s],s:s}", "matchers", "a=b", "for", "1h")), OC_OK);
    assert_int_equal(w->service->silences.list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matchers_compare_fields_and_labels),
        cmocka_unit_test(what_is_no_matcher_is_refused_with_a_hint),
        cmocka_unit_test(who_writes_a_glob_is_told_what_to_write),
        IN_WORLD(a_silence_that_was_stored_as_a_glob_keeps_its_meaning),
        IN_WORLD(a_silenced_alert_is_listed_and_not_told),
        IN_WORLD(what_still_fires_when_the_silence_ends_is_told),
        IN_WORLD(an_alert_told_before_the_silence_is_told_again_after_it),
        IN_WORLD(the_end_of_a_silenced_alert_is_never_told),
        IN_WORLD(a_silence_hushes_only_what_it_matches),
        IN_WORLD(a_silence_says_when_it_ends_once),
        IN_WORLD(all_matchers_of_a_silence_must_hold),
        IN_WORLD(a_silence_survives_a_crash),
        IN_WORLD(a_silence_that_ended_while_nobody_ran_is_over),
        IN_WORLD(a_silence_can_be_ended_by_a_prefix_of_its_id),
        IN_WORLD(a_silence_needs_a_matcher_and_an_end_to_come),
        IN_WORLD(what_is_wrong_is_known_before_anybody_votes_on_it),
        IN_WORLD(a_silence_that_cannot_be_kept_is_not_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
