/* Reading the rules of inhibition. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/inhibit/inhibit.h"

static void finish_side(struct oc_inhibitor *i, struct oc_inhibit_side *side)
{
    for (size_t k = 0; k < side->count; k++) {
        if (side->items[k].pair != OC_LABEL_NONE) {
            oc_labels_release(&i->alerts->labels, side->items[k].pair);
        }
        oc_matcher_finish(&side->items[k].matcher);
    }
    free(side->items);
}

static void free_rule(struct oc_inhibitor *i, struct oc_inhibit_rule *rule)
{
    finish_side(i, &rule->source);
    finish_side(i, &rule->target);
    for (size_t k = 0; k < rule->equal_count; k++) {
        free(rule->equal[k]);
    }
    free(rule->name);
    free(rule);
}

/* ---- one rule ---- */

static int add_matcher(struct oc_inhibitor *i, struct oc_inhibit_side *side, const char *text,
                       struct oc_error *err)
{
    if (!text || side->count == OC_INHIBIT_MATCHERS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, text ? "too many matchers" : "matchers are strings");
    }
    side->items = oc_realloc(side->items, (side->count + 1) * sizeof *side->items);
    struct oc_inhibit_matcher *m = &side->items[side->count];
    int rc = oc_matcher_parse_v2(text, &m->matcher, err);
    if (rc != OC_OK) {
        return rc;
    }
    side->count++;
    m->pair = OC_LABEL_NONE;
    /* "rule" is two labels, and a label that is not there has no pair */
    if (m->matcher.op == OC_MATCH_EQUAL && *m->matcher.value &&
        strcmp(m->matcher.name, "rule") != 0) {
        m->pair = oc_labels_intern(&i->alerts->labels, m->matcher.name, strlen(m->matcher.name),
                                   m->matcher.value, strlen(m->matcher.value));
        oc_labels_hold(&i->alerts->labels, m->pair);
    }
    return OC_OK;
}

/* A list of strings, or one string. */
static int read_side(struct oc_inhibitor *i, const json_t *rule, const char *key,
                     struct oc_inhibit_side *side, struct oc_error *err)
{
    const json_t *list = json_object_get(rule, key), *item;
    int rc = OC_OK;
    size_t k;
    if (json_is_string(list)) {
        return add_matcher(i, side, json_string_value(list), err);
    }
    json_array_foreach(list, k, item)
    {
        rc = rc == OC_OK ? add_matcher(i, side, json_string_value(item), err) : rc;
    }
    if (rc == OC_OK && side->count == 0) {
        rc = oc_error_set(err, OC_E_CONFIG, "there are no %s matchers", key);
    }
    return rc;
}

static int read_equal(const json_t *rule, struct oc_inhibit_rule *r, struct oc_error *err)
{
    const json_t *item;
    size_t k;
    json_array_foreach(json_object_get(rule, "equal"), k, item)
    {
        if (!json_is_string(item) || r->equal_count == OC_INHIBIT_EQUAL_MAX) {
            return oc_error_set(err, OC_E_CONFIG, "equal: expected a short list of labels");
        }
        r->equal[r->equal_count++] = oc_strdup(json_string_value(item));
    }
    return OC_OK;
}

/* "10m", or a number of seconds. */
static int read_window(const json_t *rule, struct oc_inhibit_rule *r, struct oc_error *err)
{
    const json_t *window = json_object_get(rule, "window");
    if (json_is_string(window)) {
        if (oc_duration_parse(json_string_value(window), &r->window) != OC_OK) {
            r->window = -1;
        }
    } else if (json_is_number(window)) {
        double seconds = json_number_value(window);
        r->window = seconds >= 0 && seconds < 1e8 ? (int64_t)(seconds * 1000) : -1;
    }
    return r->window >= 0
               ? OC_OK
               : oc_error_set(err, OC_E_CONFIG, "window: expected a duration such as \"10m\"");
}

static int read_rule(struct oc_inhibitor *i, const json_t *json, struct oc_inhibit_rule *r,
                     struct oc_error *err)
{
    r->name = oc_strdup(oc_json_str(json, "name", ""));
    int rc = json_is_object(json) ? read_side(i, json, "source", &r->source, err)
                                  : oc_error_set(err, OC_E_CONFIG, "a rule is a table");
    rc = rc == OC_OK ? read_side(i, json, "target", &r->target, err) : rc;
    rc = rc == OC_OK ? read_equal(json, r, err) : rc;
    return rc == OC_OK ? read_window(json, r, err) : rc;
}

/* ---- all ---- */

static void clear_rules(struct oc_inhibitor *i)
{
    for (size_t k = 0; k < i->rules.count; k++) {
        free_rule(i, i->rules.items[k]);
    }
    i->rules.count = 0;
}

static void read_rules(struct oc_inhibitor *i, const json_t *rules, char **complaint)
{
    const json_t *json;
    size_t k;
    json_array_foreach(rules, k, json)
    {
        struct oc_inhibit_rule *r = oc_calloc(1, sizeof *r);
        struct oc_error err;
        oc_error_init(&err);
        int rc = k < OC_INHIBIT_RULES_MAX ? read_rule(i, json, r, &err)
                                          : oc_error_set(&err, OC_E_CONFIG, "too many rules");
        if (rc == OC_OK) {
            OC_VEC_PUSH(&i->rules, r);
            continue;
        }
        if (!*complaint) {
            *complaint =
                oc_asprintf("rule %zu (%s): %s", k + 1, oc_json_str(json, "name", ""), err.message);
        }
        free_rule(i, r);
    }
}

/* ---- rules with the same sources ---- */

static bool same_side(const struct oc_inhibit_side *x, const struct oc_inhibit_side *y)
{
    bool same = x->count == y->count;
    for (size_t k = 0; same && k < x->count; k++) {
        same = oc_matcher_same(&x->items[k].matcher, &y->items[k].matcher);
    }
    return same;
}

static bool same_equal(const struct oc_inhibit_rule *x, const struct oc_inhibit_rule *y)
{
    bool same = x->equal_count == y->equal_count;
    for (size_t k = 0; same && k < x->equal_count; k++) {
        same = strcmp(x->equal[k], y->equal[k]) == 0;
    }
    return same;
}

/* No alert is both: one label has another value. */
static bool is_apart(const struct oc_inhibit_rule *r)
{
    for (size_t k = 0; k < r->source.count; k++) {
        const struct oc_matcher *x = &r->source.items[k].matcher;
        for (size_t n = 0; n < r->target.count; n++) {
            const struct oc_matcher *y = &r->target.items[n].matcher;
            if (x->op == OC_MATCH_EQUAL && y->op == OC_MATCH_EQUAL &&
                strcmp(x->name, y->name) == 0 && strcmp(x->value, y->value) != 0) {
                return true;
            }
        }
    }
    return false;
}

/* Which sources are targets, too, differs from rule to rule: only rules without such share theirs. */
static uint32_t first_with_the_same(const struct oc_inhibitor *i, uint32_t rule)
{
    const struct oc_inhibit_rule *r = i->rules.items[rule];
    if (!is_apart(r)) {
        return rule;
    }
    for (uint32_t k = 0; k < rule; k++) {
        const struct oc_inhibit_rule *other = i->rules.items[k];
        if (other->sources == k && r->window == other->window && same_equal(r, other) &&
            same_side(&r->source, &other->source) && is_apart(other)) {
            return k;
        }
    }
    return rule;
}

static void share(struct oc_inhibitor *i)
{
    i->distinct = 0;
    for (uint32_t rule = 0; rule < i->rules.count; rule++) {
        i->rules.items[rule]->sources = first_with_the_same(i, rule);
        i->distinct += i->rules.items[rule]->sources == rule ? 1 : 0;
    }
    i->asleep = i->distinct;
}

bool oc_inhibit_set_rules(struct oc_inhibitor *i, const json_t *rules, char **complaint)
{
    *complaint = NULL;
    char *text = json_dumps(rules, JSON_COMPACT | JSON_SORT_KEYS);
    if (i->text && strcmp(i->text, text) == 0) {
        free(text);
        return false;
    }
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(i->alerts, &it));) {
        a->source = a->lingers = false;
    }
    free(i->text);
    i->text = text;
    oc_inhibit_entries_clear(&i->entries);
    clear_rules(i);
    read_rules(i, rules, complaint);
    share(i);
    oc_inhibit_anchor(i);
    return true;
}

void oc_inhibit_finish(struct oc_inhibitor *i)
{
    oc_inhibit_entries_clear(&i->entries);
    clear_rules(i);
    OC_VEC_FINISH(&i->rules);
    for (int which = 0; which < 2; which++) {
        OC_VEC_FINISH(&i->sides[which].anchors);
        OC_VEC_FINISH(&i->sides[which].loose);
    }
    free(i->text);
}
