/* The index of inhibition against its plain definition: random rules, alerts that come, end, begin again and go. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/json.h"
#include "core/service/alert/inhibit/inhibit.h"
#include "core/service/env.h"

#define ROUNDS 100
#define STEPS  120
#define ALERTS 64 /* at once */
#define START  INT64_C(1000000)

static const char *const names[] = {"severity", "instance", "team", "job"};
static const char *const values[] = {"critical", "info", "a", "b", "c", ""};

struct scene {
    struct oc_alerts t;
    struct oc_inhibitor i;
    unsigned seed;
    int64_t now;
    bool quiet[ALERTS * 4]; /* by place: what the last look at it said */
};

static unsigned dice(struct scene *s, unsigned sides)
{
    s->seed = s->seed * 1664525u + 1013904223u;
    return (s->seed >> 16) % sides;
}

static const char *one_of(struct scene *s, const char *const *list, size_t count)
{
    return list[dice(s, (unsigned)count)];
}

/* ---- alerts ---- */

static void label_posted(struct scene *s, struct oc_alert *a)
{
    struct oc_labels *labels = &s->t.labels;
    struct oc_label_ref refs[OC_COUNT(names)];
    size_t count = 0;
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        const char *value = one_of(s, values, OC_COUNT(values));
        if (*value) {
            refs[count].pair =
                oc_labels_intern(labels, names[i], strlen(names[i]), value, strlen(value));
            oc_labels_hold(labels, refs[count++].pair);
        }
    }
    oc_alert_set_body(&s->t, a, refs, count, "", 0);
    for (size_t i = 0; i < count; i++) {
        oc_labels_release(labels, refs[i].pair);
    }
    oc_alerts_set_posted(&s->t, a, true);
    a->firing = true;
}

/* One of our own rules: facts and labels, also of the same names, and both may be others the next time. */
static void label_own(struct scene *s, struct oc_alert *a)
{
    static const char *const severities[] = {"info", "critical"};
    json_t *event =
        json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "rule", "r", "severity",
                  one_of(s, severities, 2), "instance", one_of(s, values + 2, 3), "labels", "team",
                  one_of(s, values, 5), one_of(s, names, 4), one_of(s, values, 5));
    oc_alert_record_update(&s->t, a, event, true, s->now);
    json_decref(event);
}

static void add_alert(struct scene *s)
{
    struct oc_alert *a =
        oc_alerts_add(&s->t, (uint64_t)dice(s, 60000) << 32 | (uint64_t)dice(s, 60000) << 8);
    s->quiet[a->index] = false;
    if (dice(s, 4)) {
        label_posted(s, a);
    } else {
        label_own(s, a);
    }
    oc_alerts_change(&s->t, a);
}

static struct oc_alert *any_alert(struct scene *s)
{
    struct oc_alert *a = s->t.made ? oc_alerts_at(&s->t, dice(s, s->t.made)) : NULL;
    return a && a->body ? a : NULL;
}

/* ---- rules ---- */

static json_t *random_matcher(struct scene *s)
{
    static const char *const ops[] = {"=", "=", "!=", "=~", "!~"};
    char text[64];
    const char *op = one_of(s, ops, OC_COUNT(ops)), *value = one_of(s, values, OC_COUNT(values));
    snprintf(text, sizeof text, "%s%s\"%s\"", one_of(s, names, 4), op,
             strchr(op, '~') ? "a|critical|b?" : value);
    return json_string(text);
}

static json_t *random_side(struct scene *s)
{
    json_t *side = json_array();
    for (unsigned k = 1 + dice(s, 2); k > 0; k--) {
        json_array_append_new(side, random_matcher(s));
    }
    return side;
}

static json_t *random_rule(struct scene *s)
{
    static const char *const windows[] = {"0s", "0s", "10ms", "25ms"};
    json_t *equal = json_array();
    for (unsigned k = dice(s, 3); k > 0; k--) {
        json_array_append_new(equal, json_string(one_of(s, names, 4)));
    }
    return json_pack("{s:o, s:o, s:o, s:s}", "source", random_side(s), "target", random_side(s),
                     "equal", equal, "window", one_of(s, windows, 4));
}

/* The same sources as another rule, and another label value of the targets, so that none is both. */
static json_t *rule_apart(struct scene *s, const json_t *other)
{
    json_t *rule = json_deep_copy(other), *target = json_array();
    json_array_append_new(json_object_get(rule, "source"), json_string("severity=critical"));
    json_array_append_new(target, json_string("severity=info"));
    json_array_append_new(target, random_matcher(s));
    oc_json_take(rule, "target", target);
    return rule;
}

static void set_random_rules(struct scene *s)
{
    char *complaint;
    json_t *rules = json_array();
    for (int i = 0; i < 4; i++) {
        json_array_append_new(rules, random_rule(s));
    }
    for (unsigned k = dice(s, 3); k > 0; k--) {
        json_array_append_new(rules, rule_apart(s, json_array_get(rules, 0)));
    }
    assert_true(oc_inhibit_set_rules(&s->i, rules, &complaint));
    assert_false(oc_inhibit_set_rules(&s->i, rules, &complaint));
    assert_null(complaint);
    json_decref(rules);
}

/* ---- the definition ---- */

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

static bool is_source(const struct scene *s, const struct oc_inhibit_rule *r,
                      const struct oc_alert *a)
{
    bool over = !a->firing;
    return side_holds(&s->t, &r->source, a) &&
           (!over || (r->window > 0 && a->ends_at > 0 && a->ends_at + r->window > s->now));
}

static bool keeps_quiet(const struct scene *s, const struct oc_inhibit_rule *r,
                        const struct oc_alert *source, const struct oc_alert *target)
{
    const struct oc_alerts *t = &s->t;
    bool both = side_holds(t, &r->target, source) && side_holds(t, &r->source, target);
    bool holds = is_source(s, r, source) && side_holds(t, &r->target, target) && !both;
    for (size_t e = 0; holds && e < r->equal_count; e++) {
        holds = strcmp(oc_alert_record_field(t, source, r->equal[e]),
                       oc_alert_record_field(t, target, r->equal[e])) == 0;
    }
    return holds;
}

/* Every rule, every source. */
static bool plainly_inhibited(const struct scene *s, const struct oc_alert *target)
{
    for (size_t k = 0; k < s->i.rules.count; k++) {
        uint32_t it = 0;
        for (struct oc_alert *a; (a = oc_alerts_next(&s->t, &it));) {
            if (keeps_quiet(s, s->i.rules.items[k], a, target)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- comparing ---- */

static void check_sources(struct scene *s, const struct oc_alert *a)
{
    const struct oc_alert *sources[8];
    const struct oc_inhibit_rule *rules[8];
    size_t count = oc_inhibit_find(&s->i, a, sources, rules, 8);
    assert_int_equal(count > 0, a->inhibited);
    for (size_t i = 0; i < count; i++) {
        assert_true(keeps_quiet(s, rules[i], sources[i], a));
    }
}

static void look_at(struct scene *s, struct oc_alert *a)
{
    s->quiet[a->index] = oc_inhibit_review(&s->i, a, s->now);
    assert_int_equal(s->quiet[a->index], plainly_inhibited(s, a));
    check_sources(s, a);
}

/* What was quiet and is so no more has been marked, whoever looked at it or not. */
static void check_marks(const struct scene *s)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->t, &it));) {
        assert_true(!s->quiet[a->index] || a->changed || plainly_inhibited(s, a));
    }
}

/* As a round of the service: sources whose time is over, then all that changed is entered, then all of that is looked at. */
static void settle(struct scene *s)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->t, &it));) {
        if (oc_inhibit_until(&s->i, a) <= s->now) {
            oc_alerts_change(&s->t, a);
        }
    }
    for (size_t k = 0; k < s->t.changed.count; k++) {
        struct oc_alert *a = oc_alerts_at(&s->t, s->t.changed.items[k]);
        if (a->body && a->changed) {
            oc_inhibit_index(&s->i, a, s->now);
        }
    }
    check_marks(s);
    for (size_t k = 0; k < s->t.changed.count; k++) {
        struct oc_alert *a = oc_alerts_at(&s->t, s->t.changed.items[k]);
        if (a->body && a->changed) {
            a->changed = false;
            look_at(s, a);
        }
    }
    s->t.changed.count = 0;
}

/* ---- lives ---- */

static void end_or_begin(struct scene *s, struct oc_alert *a)
{
    if (a->firing) {
        oc_alert_end(a, s->now);
    } else if (!a->posted && dice(s, 2)) {
        label_own(s, a);
        oc_alert_begin(a, s->now);
    } else {
        oc_alert_begin(a, s->now);
    }
    oc_alerts_change(&s->t, a);
}

static void live(struct scene *s)
{
    struct oc_alert *a = any_alert(s);
    switch (dice(s, 8)) {
    case 0:
    case 1:
    case 2:
        if (s->t.count < ALERTS) {
            add_alert(s);
        }
        break;
    case 3:
    case 4:
        if (a) {
            end_or_begin(s, a);
        }
        break;
    case 5:
        if (a) {
            oc_inhibit_forget(&s->i, a);
            oc_alerts_remove(&s->t, a);
        }
        break;
    case 6:
        s->now += dice(s, 20);
        break;
    default:
        if (a && a->firing && !a->posted) {
            label_own(s, a);
            oc_alerts_change(&s->t, a);
        }
        break;
    }
}

static void begin(struct scene *s, unsigned seed)
{
    memset(s, 0, sizeof *s);
    s->seed = seed;
    s->now = START;
    oc_alerts_init(&s->t);
    oc_inhibit_init(&s->i, &s->t);
}

static void end(struct scene *s)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->t, &it));) {
        oc_inhibit_forget(&s->i, a);
    }
    assert_int_equal(s->i.entries.count, 0);
    oc_inhibit_finish(&s->i);
    oc_alerts_finish(&s->t);
}

static void the_index_agrees_with_the_definition(void **state)
{
    struct scene s;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin(&s, round);
        set_random_rules(&s);
        for (unsigned step = 0; step < STEPS; step++) {
            live(&s);
            settle(&s);
        }
        end(&s);
    }
}

/* Many alerts live and die before anybody looks at one, and then the rules wake in the order in which somebody does. */
static void rules_wake_late_and_in_any_order(void **state)
{
    struct scene s;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin(&s, round + 1000);
        set_random_rules(&s);
        for (unsigned step = 0; step < STEPS; step++) {
            live(&s);
        }
        for (size_t k = 0; k < s.t.changed.count; k++) {
            struct oc_alert *a = oc_alerts_at(&s.t, s.t.changed.items[k]);
            if (a->body) {
                oc_inhibit_index(&s.i, a, s.now);
            }
        }
        for (unsigned step = 0; step < STEPS; step++) {
            struct oc_alert *a = any_alert(&s);
            if (a) {
                look_at(&s, a);
            }
        }
        settle(&s);
        end(&s);
    }
}

/* ---- rules with the same sources ---- */

static void rules_that_keep_other_alerts_quiet_share_their_sources(void **state)
{
    struct scene s;
    char *complaint;
    (void)state;
    begin(&s, 1);
    json_t *rules = json_pack(
        "[{s:[s, s], s:[s, s], s:[s]}, {s:[s, s], s:[s], s:[s]}, {s:[s, s], s:[s], s:[s]}]",
        "source", "severity=critical", "team=a", "target", "severity=info", "job=b", "equal",
        "instance", "source", "severity=critical", "team=a", "target", "severity=info", "equal",
        "instance", "source", "severity=critical", "team=a", "target", "job=c", "equal",
        "instance");
    assert_true(oc_inhibit_set_rules(&s.i, rules, &complaint));
    assert_int_equal(s.i.distinct, 2); /* a source of the third may be a target of it */
    assert_int_equal(s.i.rules.items[1]->sources, 0);
    assert_int_equal(s.i.rules.items[2]->sources, 2);
    json_decref(rules);
    end(&s);
}

/* ---- what is held ---- */

static struct oc_alert *of_severity(struct scene *s, uint64_t key, const char *severity)
{
    struct oc_alert *a = oc_alerts_add(&s->t, key);
    struct oc_label_ref ref = {
        oc_labels_intern(&s->t.labels, "severity", strlen("severity"), severity, strlen(severity)),
        0};
    oc_labels_hold(&s->t.labels, ref.pair);
    oc_alert_set_body(&s->t, a, &ref, 1, "", 0);
    oc_labels_release(&s->t.labels, ref.pair);
    oc_alerts_set_posted(&s->t, a, true);
    a->firing = true;
    oc_inhibit_index(&s->i, a, s->now);
    return a;
}

static void targets_that_come_and_go_leave_nothing_behind(void **state)
{
    struct scene s;
    char *complaint;
    (void)state;
    begin(&s, 1);
    json_t *rules =
        json_pack("[{s:s, s:s}]", "source", "severity=critical", "target", "severity=info");
    assert_true(oc_inhibit_set_rules(&s.i, rules, &complaint));
    struct oc_alert *grave = of_severity(&s, 1, "critical");
    struct oc_alert *stays = of_severity(&s, 2, "info");
    assert_true(oc_inhibit_review(&s.i, stays, s.now));
    for (uint64_t k = 0; k < 20000; k++) {
        struct oc_alert *a = of_severity(&s, 1000 + k, "info");
        assert_true(oc_inhibit_review(&s.i, a, s.now));
        oc_inhibit_forget(&s.i, a);
        oc_alerts_remove(&s.t, a);
    }
    assert_true(s.i.entries.held_count < 2000);
    oc_inhibit_forget(&s.i, grave);
    assert_true(stays->changed);
    assert_int_equal(s.i.entries.held_count, 0);
    json_decref(rules);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_agrees_with_the_definition),
        cmocka_unit_test(rules_wake_late_and_in_any_order),
        cmocka_unit_test(rules_that_keep_other_alerts_quiet_share_their_sources),
        cmocka_unit_test(targets_that_come_and_go_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
