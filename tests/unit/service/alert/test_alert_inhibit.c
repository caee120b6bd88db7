/* Inhibition: who is kept quiet by whom, and for how long. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/service/alert/fingerprint.h"

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

/* ---- against the plain definition ---- */

static const char *const names[] = {"severity", "instance", "team", "job"};
static const char *const values[] = {"critical", "info", "a", "b", "c", ""};

static unsigned dice(unsigned *seed, unsigned sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 16) % sides;
}

static struct oc_alert *random_alert(struct oc_alerts *t, unsigned *seed)
{
    struct oc_label_ref refs[4];
    size_t count = 0;
    struct oc_alert *a = oc_alerts_add(t, (uint64_t)dice(seed, 60000) << 32 | dice(seed, 60000));
    for (size_t i = 0; i < 4; i++) {
        const char *value = values[dice(seed, OC_COUNT(values))];
        if (*value) {
            refs[count].pair =
                oc_labels_intern(&t->labels, names[i], strlen(names[i]), value, strlen(value));
            oc_labels_hold(&t->labels, refs[count++].pair);
        }
    }
    oc_alert_set_body(t, a, refs, count, "", 0);
    for (size_t i = 0; i < count; i++) {
        oc_labels_release(&t->labels, refs[i].pair);
    }
    oc_alerts_set_posted(t, a, true);
    a->firing = true;
    return a;
}

static json_t *random_matcher(unsigned *seed)
{
    static const char *const ops[] = {"=", "!=", "=~", "!~"};
    char text[64];
    unsigned op = dice(seed, 4);
    const char *value = op >= 2 ? "a|critical|b?" : values[dice(seed, 6)];
    snprintf(text, sizeof text, "%s%s\"%s\"", names[dice(seed, 4)], ops[op], value);
    return json_string(text);
}

static json_t *random_rules(unsigned *seed)
{
    json_t *rules = json_array();
    for (int i = 0; i < 5; i++) {
        json_t *source = json_array(), *target = json_array(), *equal = json_array();
        for (unsigned k = 1 + dice(seed, 2); k > 0; k--) {
            json_array_append_new(source, random_matcher(seed));
            json_array_append_new(target, random_matcher(seed));
        }
        for (unsigned k = dice(seed, 3); k > 0; k--) {
            json_array_append_new(equal, json_string(names[dice(seed, 4)]));
        }
        json_array_append_new(rules, json_pack("{s:o, s:o, s:o}", "source", source, "target",
                                               target, "equal", equal));
    }
    return rules;
}

static bool side_holds(const struct oc_alerts *t, const struct oc_inhibit_side *side,
                       const struct oc_alert *a)
{
    for (size_t i = 0; i < side->count; i++) {
        if (!oc_matcher_holds(&side->items[i].matcher, t, a)) {
            return false;
        }
    }
    return true;
}

/* Every rule, every source. */
static bool plainly_inhibited(const struct oc_inhibitor *i, const struct oc_alert *target)
{
    const struct oc_alerts *t = i->alerts;
    for (size_t k = 0; k < i->rules.count; k++) {
        const struct oc_inhibit_rule *r = i->rules.items[k];
        if (!side_holds(t, &r->target, target)) {
            continue;
        }
        uint32_t it = 0;
        for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
            bool both = side_holds(t, &r->target, a) && side_holds(t, &r->source, target);
            bool same = a->firing && side_holds(t, &r->source, a) && !both;
            for (size_t e = 0; same && e < r->equal_count; e++) {
                same = strcmp(oc_alert_record_field(t, a, r->equal[e]),
                              oc_alert_record_field(t, target, r->equal[e])) == 0;
            }
            if (same) {
                return true;
            }
        }
    }
    return false;
}

static void compare_all(struct oc_inhibitor *i)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(i->alerts, &it));) {
        assert_int_equal(oc_inhibit_review(i, a, 1000), plainly_inhibited(i, a));
    }
}

static void the_index_agrees_with_the_definition(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        unsigned seed = round;
        struct oc_alerts t;
        struct oc_inhibitor i;
        char *complaint;
        uint32_t it = 0;
        oc_alerts_init(&t);
        oc_inhibit_init(&i, &t);
        json_t *rules = random_rules(&seed);
        assert_true(oc_inhibit_set_rules(&i, rules, &complaint));
        assert_false(oc_inhibit_set_rules(&i, rules, &complaint));
        assert_null(complaint);
        for (int k = 0; k < 30; k++) {
            oc_inhibit_index(&i, random_alert(&t, &seed), 1000);
        }
        compare_all(&i);
        for (struct oc_alert *a; (a = oc_alerts_next(&t, &it));) {
            if (dice(&seed, 2)) {
                oc_alert_end(a, 900);
                oc_inhibit_index(&i, a, 1000);
            } else if (dice(&seed, 3) == 0) {
                oc_inhibit_forget(&i, a);
                oc_alerts_remove(&t, a);
            }
        }
        compare_all(&i);
        json_decref(rules);
        oc_inhibit_finish(&i);
        oc_alerts_finish(&t);
    }
}

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
    assert_int_equal(i.entries.count + i.first_count, 0);
    struct oc_alert *mere = of_severity(&t, 2, "info");
    oc_inhibit_index(&i, mere, 1000);
    assert_true(oc_inhibit_review(&i, mere, 1000));
    assert_int_equal(i.entry_count, 1);
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
        cmocka_unit_test(the_index_agrees_with_the_definition),
        cmocka_unit_test(a_rule_sleeps_until_there_is_a_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
