/* Inhibition: who is kept quiet by whom, and for how long. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CONFIG                                                                                     \
    "alerts = { storm_limit = 0; channels = ( { plugin = \"console\"; levels = [\"info\", "        \
    "\"warning\", \"critical\"]; } ); };\n"
#define CASCADE                                                                                    \
    "[{\"name\": \"cascade\", \"source\": [\"severity=critical\"], \"target\": "                   \
    "[\"severity=info\"],"                                                                         \
    " \"equal\": [\"instance\"], \"window\": \"10m\"}]"

static unsigned delivered(void)
{
    return plugin_drain("console");
}

static void say(struct world *w, const char *topic, const char *id, const char *severity)
{
    rule_event(w, topic, id, severity);
    world_pass(10);
}

static const char *status_of(struct world *w, const char *id, char status[32])
{
    json_t *row = NULL;
    op(w, "alert.show", json_pack("{s:s}", "id", id), &row);
    snprintf(status, 32, "%s", oc_json_str(row, "status", ""));
    json_decref(row);
    return status;
}

static void information_waits_while_something_is_critical_and_ten_minutes_more(void **state)
{
    struct world *w = *state;
    char status[32];
    policy_says("inhibit", CASCADE);
    world_start(w, CONFIG);
    say(w, "rule.firing", "cc", "critical");
    assert_int_equal(delivered(), 1);
    say(w, "rule.firing", "ii", "info");
    assert_int_equal(delivered(), 0);
    assert_string_equal(status_of(w, "ii", status), "inhibited");
    assert_string_equal(oc_json_str(event_of(w, "alert.firing"), "held_by", ""), "inhibition");
    say(w, "rule.resolved", "cc", "critical");
    assert_int_equal(delivered(), 1);
    world_pass(9 * OC_MINUTE);
    assert_int_equal(delivered(), 0);
    world_pass(2 * OC_MINUTE);
    assert_int_equal(delivered(), 1);
    assert_string_equal(status_of(w, "ii", status), "firing");
}

static void of_one_batch_the_graver_one_counts_first(void **state)
{
    struct world *w = *state;
    policy_says("inhibit", CASCADE);
    world_start(w, CONFIG);
    rule_event(w, "rule.firing", "ii", "info");
    rule_event(w, "rule.firing", "cc", "critical");
    world_pass(10);
    assert_int_equal(delivered(), 1);
}

static void a_restart_and_a_reload_tell_nothing_anew(void **state)
{
    struct world *w = *state;
    policy_says("inhibit", CASCADE);
    world_start(w, CONFIG);
    say(w, "rule.firing", "cc", "critical");
    say(w, "rule.firing", "ii", "info");
    assert_int_equal(delivered(), 1);
    world_pass(OC_SECOND);
    world_crash(w);
    world_start(w, CONFIG);
    world_pass(OC_SECOND);
    assert_int_equal(delivered(), 0);
    oc_bus_publish(w->env.bus, "policy.loaded", json_object());
    world_pass(OC_SECOND);
    assert_int_equal(delivered(), 0);
    policy_says("inhibit", "[]");
    oc_bus_publish(w->env.bus, "policy.loaded", json_object());
    world_pass(OC_SECOND);
    assert_int_equal(delivered(), 1); /* nobody keeps it quiet any more */
}

static void a_wrong_rule_is_left_out_and_the_others_hold(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    policy_says("inhibit", "[{\"name\": \"bad\", \"source\": [\"=\"], \"target\": [\"a=b\"]},"
                           " {\"source\": \"severity=critical\", \"target\": \"severity=info\"}]");
    world_start(w, CONFIG);
    assert_int_equal(w->warnings, 1);
    assert_int_equal(w->service->inhibitor.rules.count, 1);
    say(w, "rule.firing", "cc", "critical");
    say(w, "rule.firing", "ii", "info");
    assert_int_equal(delivered(), 1);
}

static void rules_of_the_configuration_come_on_top(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; levels = [\"info\", "
                   "\"warning\", \"critical\"]; } ); inhibit = ( { source = "
                   "[\"severity=critical\"]; target = [\"severity=~\\\"info|warning\\\"\"]; equal "
                   "= [\"env\"]; } ); };\n");
    say(w, "rule.firing", "cc", "critical");
    say(w, "rule.firing", "ww", "warning");
    assert_int_equal(delivered(), 1);
}

#define INHIBIT(rule) "alerts = { inhibit = ( " rule " ); };\n"

static void what_is_wrong_in_a_rule_of_the_configuration_is_a_finding(void **state)
{
    static const char *const wrong[] = {
        INHIBIT("{ source = [\"a=~[\"]; target = [\"b=1\"]; }"),
        INHIBIT("{ source = [\"a=1\"]; target = [\"b\"]; }"),
        INHIBIT("{ source = []; target = [\"b=1\"]; }"),
        INHIBIT("{ source = [\"a=1\"]; target = [\"\"]; }"),
        INHIBIT("{ source = [\"a=1\"]; }"),
        INHIBIT("{ source = [\"a=1\"]; target = [\"b=1\"]; equal = \"x\"; }"),
        INHIBIT("{ source = [\"a=1\"]; target = [\"b=1\"]; windw = \"5m\"; }"),
        INHIBIT("{ source = [\"a=1\"]; target = [\"b=1\"]; window = \"soon\"; }"),
        "alerts = { inhibit = \"a=1\"; };\n",
    };
    struct world *w = *state;
    w->service = oc_alert_create(&w->env);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(world_configure(w, wrong[i]), 1);
        assert_int_equal(w->service->inhibitor.rules.count, 0);
    }
    assert_int_equal(
        world_configure(w, INHIBIT("{ source = [\"a=1\"]; target = [\"b=1\"]; window = \"5m\"; "
                                   "equal = [\"x\"]; }, { source = [\"a!\"]; target = [\"b\"]; }")),
        2);
    assert_int_equal(w->service->inhibitor.rules.count, 1);
    assert_true(world_configure(w, INHIBIT("\"a=1\"")) > 0);
}

/* ---- rules that sleep ---- */

static struct oc_alert *of_severity(struct oc_alerts *t, uint64_t key, const char *severity)
{
    struct oc_alert *a = oc_alerts_add(t, key);
    struct oc_label_ref ref = {
        oc_labels_intern(&t->labels, "severity", strlen("severity"), severity, strlen(severity)),
        0};
    oc_labels_hold(&t->labels, ref.pair);
    oc_alert_set_body(t, a, &ref, 1, "", 0);
    oc_labels_release(&t->labels, ref.pair);
    oc_alerts_set_posted(t, a, true);
    a->firing = true;
    return a;
}

static void a_rule_sleeps_until_there_is_a_target(void **state)
{
    struct oc_alerts t;
    struct oc_inhibitor i;
    char *complaint;
    (void)state;
    oc_alerts_init(&t);
    oc_inhibit_init(&i, &t);
    json_t *rules =
        json_pack("[{s:[s], s:[s]}]", "source", "severity=critical", "target", "severity=info");
    assert_true(oc_inhibit_set_rules(&i, rules, &complaint));
    struct oc_alert *grave = of_severity(&t, 1, "critical");
    oc_inhibit_index(&i, grave, 1000);
    assert_false(oc_inhibit_review(&i, grave, 1000));
    assert_int_equal(i.entries.count + i.entries.first_count, 0);
    struct oc_alert *mere = of_severity(&t, 2, "info");
    oc_inhibit_index(&i, mere, 1000);
    assert_true(oc_inhibit_review(&i, mere, 1000));
    assert_int_equal(i.entries.count, 1);
    oc_alert_end(grave, 2000);
    oc_inhibit_index(&i, grave, 2000);
    assert_false(oc_inhibit_review(&i, mere, 2000));
    json_decref(rules);
    oc_inhibit_finish(&i);
    oc_alerts_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(information_waits_while_something_is_critical_and_ten_minutes_more),
        IN_WORLD(of_one_batch_the_graver_one_counts_first),
        IN_WORLD(a_restart_and_a_reload_tell_nothing_anew),
        IN_WORLD(a_wrong_rule_is_left_out_and_the_others_hold),
        IN_WORLD(rules_of_the_configuration_come_on_top),
        IN_WORLD(what_is_wrong_in_a_rule_of_the_configuration_is_a_finding),
        cmocka_unit_test(a_rule_sleeps_until_there_is_a_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
