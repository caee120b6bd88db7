/* Who is kept quiet by whom. SPDX-License-Identifier: MIT */
#include "inhibit.h"

#include <string.h>

#include "core/base/mem.h"

#define FILTER_BITS 4096
#define KEY_TEXT    256 /* bytes of values that are hashed at once */

void oc_inhibit_init(struct oc_inhibitor *i, struct oc_alerts *alerts)
{
    memset(i, 0, sizeof *i);
    i->alerts = alerts;
    oc_inhibit_entries_init(&i->entries, alerts);
}

/* ---- which rules an alert may match ---- */

static bool holds(const struct oc_inhibitor *i, const struct oc_inhibit_side *side,
                  const struct oc_alert *a)
{
    for (size_t k = 0; k < side->count; k++) {
        const struct oc_inhibit_matcher *m = &side->items[k];
        bool has = m->pair == OC_LABEL_NONE;
        for (uint32_t r = 0; !has && r < a->body->ref_count; r++) {
            has = (a->body->refs[r].pair & OC_LABEL_NUMBER) == m->pair;
        }
        /* an alert of a rule may have a fact and a label of one name */
        bool known = has && a->posted && m->pair != OC_LABEL_NONE;
        if (!has || (!known && !oc_matcher_holds(&m->matcher, i->alerts, a))) {
            return false;
        }
    }
    return true;
}

static const struct oc_inhibit_side *side_of(const struct oc_inhibit_rule *rule, int which)
{
    return which == 0 ? &rule->source : &rule->target;
}

/* Steps through the rules that may mean the alert on this side; each at least once. */
struct walk {
    const struct oc_inhibit_sides *sides;
    const struct oc_alert *alert;
    uint32_t ref;
    size_t at; /* among the anchors, or the loose ones */
    bool inside;
};

static size_t first_anchor(const struct oc_inhibit_sides *s, uint32_t pair)
{
    size_t low = 0, high = s->anchors.count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->anchors.items[mid].pair < pair) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static bool may_have(const struct oc_inhibit_sides *s, uint32_t pair)
{
    return s->filter[pair % FILTER_BITS / 64] >> (pair % 64) & 1;
}

static bool next_rule(struct walk *w, uint32_t *rule)
{
    const struct oc_alert_body *body = w->alert->body;
    for (; w->ref < body->ref_count; w->ref++, w->inside = false) {
        uint32_t pair = body->refs[w->ref].pair & OC_LABEL_NUMBER;
        if (!w->inside && !may_have(w->sides, pair)) {
            continue;
        }
        w->at = w->inside ? w->at + 1 : first_anchor(w->sides, pair);
        w->inside = true;
        if (w->at < w->sides->anchors.count && w->sides->anchors.items[w->at].pair == pair) {
            *rule = w->sides->anchors.items[w->at].rule;
            return true;
        }
    }
    if (!w->inside) {
        w->inside = true;
        w->at = 0;
    } else {
        w->at++;
    }
    if (w->at < w->sides->loose.count) {
        *rule = w->sides->loose.items[w->at];
        return true;
    }
    return false;
}

/* Of the rule and the values of its equal labels, hashed together as far as they fit. */
static uint64_t key_of(const struct oc_inhibitor *i, uint32_t rule, const struct oc_alert *a)
{
    const struct oc_inhibit_rule *r = i->rules.items[rule];
    uint64_t hash = i->alerts->labels.seed;
    char text[KEY_TEXT];
    size_t len = sizeof rule;
    memcpy(text, &rule, len);
    for (size_t k = 0; k < r->equal_count; k++) {
        const char *value = oc_alert_record_field(i->alerts, a, r->equal[k]);
        const size_t size = strlen(value) + 1;
        if (len + size > sizeof text) {
            hash = oc_hash_bytes(text, len, hash);
            len = 0;
        }
        if (size > sizeof text) {
            hash = oc_hash_bytes(value, size, hash);
        } else {
            memcpy(text + len, value, size);
            len += size;
        }
    }
    return oc_hash_bytes(text, len, hash);
}

/* ---- sources ---- */

static bool counts(const struct oc_inhibit_rule *rule, const struct oc_alert *a, int64_t now)
{
    return a->firing || (rule->window > 0 && a->ends_at > 0 && a->ends_at + rule->window > now);
}

static void enter_source(struct oc_inhibitor *i, uint32_t rule, struct oc_alert *a, int64_t now)
{
    const struct oc_inhibit_rule *r = i->rules.items[rule];
    if (counts(r, a, now) && holds(i, &r->source, a)) {
        oc_inhibit_entry_join(&i->entries, rule, key_of(i, rule, a), a, holds(i, &r->target, a));
    }
}

void oc_inhibit_index(struct oc_inhibitor *i, struct oc_alert *a, int64_t now)
{
    struct walk w = {.sides = &i->sides[0], .alert = a};
    uint32_t rule;
    const bool entered = a->source && a->firing && !a->lingers;
    if (i->asleep == i->distinct || (entered && a->posted)) {
        return; /* what was posted never changes its labels */
    }
    oc_inhibit_forget(i, a);
    while (next_rule(&w, &rule)) {
        if (i->rules.items[rule]->awake) {
            enter_source(i, rule, a, now);
        }
    }
}

static void wake_by(struct oc_inhibitor *i, uint32_t rule, struct oc_alert *a, int64_t now)
{
    enter_source(i, rule, a, now);
    if (a->source && !a->firing) {
        oc_alerts_change(i->alerts, a); /* it is to be looked at when it ends to be one */
    }
}

/* Of the pairs that all sources have, the one that the fewest alerts have; NULL: there is none. */
static const struct oc_label_pair *rarest(const struct oc_inhibitor *i,
                                          const struct oc_inhibit_side *side)
{
    const struct oc_label_pair *best = NULL;
    for (size_t k = 0; k < side->count; k++) {
        if (side->items[k].pair != OC_LABEL_NONE) {
            const struct oc_label_pair *pair =
                oc_labels_pair(&i->alerts->labels, side->items[k].pair);
            best = best && best->count <= pair->count ? best : pair;
        }
    }
    return best;
}

/* The first target: whatever may keep it quiet is looked for. */
static void wake(struct oc_inhibitor *i, uint32_t rule, int64_t now)
{
    struct oc_inhibit_rule *r = i->rules.items[rule];
    const struct oc_label_pair *pair = rarest(i, &r->source);
    uint32_t it = 0;
    r->awake = true;
    i->asleep--;
    for (; pair && it < pair->count; it++) {
        wake_by(i, rule, oc_alerts_at(i->alerts, oc_labels_alerts(pair)[it]), now);
    }
    for (struct oc_alert *a; !pair && (a = oc_alerts_next(i->alerts, &it));) {
        wake_by(i, rule, a, now);
    }
}

void oc_inhibit_wake(struct oc_inhibitor *i, const struct oc_alert *a, int64_t now)
{
    struct walk w = {.sides = &i->sides[1], .alert = a};
    uint32_t rule;
    while (i->asleep > 0 && next_rule(&w, &rule)) {
        const struct oc_inhibit_rule *r = i->rules.items[rule];
        if (!i->rules.items[r->sources]->awake && holds(i, &r->target, a)) {
            wake(i, r->sources, now);
        }
    }
}

int64_t oc_inhibit_until(const struct oc_inhibitor *i, const struct oc_alert *a)
{
    int64_t until = INT64_MAX;
    uint32_t link = 0, rule;
    if (!a->source || a->firing) {
        return INT64_MAX;
    }
    while (oc_inhibit_entries_next(&i->entries, a, &link, &rule)) {
        int64_t end = a->ends_at + i->rules.items[rule]->window;
        until = end < until ? end : until;
    }
    return until;
}

void oc_inhibit_forget(struct oc_inhibitor *i, struct oc_alert *a)
{
    if (a->source) {
        oc_inhibit_entries_leave(&i->entries, a);
    }
}

/* ---- targets ---- */

/* The entry that keeps it quiet by this rule, 0: none. */
static uint32_t quieted_by(const struct oc_inhibitor *i, uint32_t rule, const struct oc_alert *a)
{
    const struct oc_inhibit_rule *r = i->rules.items[rule];
    if (!holds(i, &r->target, a)) {
        return 0;
    }
    uint32_t number = oc_inhibit_entry_find(&i->entries, key_of(i, r->sources, a));
    if (!number || oc_inhibit_entry_at(&i->entries, number)->first[0]) {
        return number;
    }
    return holds(i, &r->source, a) ? 0 : number;
}

bool oc_inhibit_review(struct oc_inhibitor *i, struct oc_alert *a, int64_t now)
{
    struct walk w = {.sides = &i->sides[1], .alert = a};
    uint32_t rule, number = 0;
    oc_inhibit_wake(i, a, now);
    if (i->entries.count == 0) {
        a->inhibited = false;
        return false;
    }
    while (!number && next_rule(&w, &rule)) {
        number = quieted_by(i, rule, a);
    }
    if (number && !a->inhibited) {
        oc_inhibit_entry_hold(&i->entries, number, a);
    }
    a->inhibited = number != 0;
    return a->inhibited;
}

size_t oc_inhibit_find(const struct oc_inhibitor *i, const struct oc_alert *a,
                       const struct oc_alert **sources, const struct oc_inhibit_rule **rules,
                       size_t max)
{
    struct walk w = {.sides = &i->sides[1], .alert = a};
    size_t count = 0;
    uint32_t rule;
    while (i->entries.count > 0 && count < max && next_rule(&w, &rule)) {
        uint32_t number = quieted_by(i, rule, a);
        if (number) {
            if (rules) {
                rules[count] = i->rules.items[rule];
            }
            sources[count++] = oc_inhibit_entry_source(&i->entries, number);
        }
    }
    return count;
}

/* ---- anchors ---- */

static int by_pair(const void *x, const void *y)
{
    const struct oc_inhibit_anchor *a = x, *b = y;
    return a->pair != b->pair ? (a->pair > b->pair) - (a->pair < b->pair)
                              : (a->rule > b->rule) - (a->rule < b->rule);
}

/* The = matcher that says most: any other than one of the severity, which many have. */
static uint32_t best_pair(const struct oc_inhibit_side *side)
{
    uint32_t best = OC_LABEL_NONE;
    for (size_t k = 0; k < side->count; k++) {
        bool common = strcmp(side->items[k].matcher.name, "severity") == 0;
        if (side->items[k].pair != OC_LABEL_NONE && (best == OC_LABEL_NONE || !common)) {
            best = side->items[k].pair;
        }
    }
    return best;
}

static void add_anchor(struct oc_inhibitor *i, int which, uint32_t rule)
{
    struct oc_inhibit_sides *s = &i->sides[which];
    const struct oc_inhibit_anchor anchor = {best_pair(side_of(i->rules.items[rule], which)), rule};
    if (anchor.pair == OC_LABEL_NONE) {
        OC_VEC_PUSH(&s->loose, rule);
    } else {
        OC_VEC_PUSH(&s->anchors, anchor);
        s->filter[anchor.pair % FILTER_BITS / 64] |= UINT64_C(1) << (anchor.pair % 64);
    }
}

void oc_inhibit_anchor(struct oc_inhibitor *i)
{
    for (int which = 0; which < 2; which++) {
        struct oc_inhibit_sides *s = &i->sides[which];
        s->anchors.count = s->loose.count = 0;
        memset(s->filter, 0, sizeof s->filter);
        for (uint32_t rule = 0; rule < i->rules.count; rule++) {
            if (which == 1 || i->rules.items[rule]->sources == rule) {
                add_anchor(i, which, rule);
            }
        }
        if (s->anchors.count > 1) {
            qsort(s->anchors.items, s->anchors.count, sizeof *s->anchors.items, by_pair);
        }
    }
}
