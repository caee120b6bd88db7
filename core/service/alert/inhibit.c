/* Who is kept quiet by whom. SPDX-License-Identifier: MIT */
#include "inhibit.h"

#include <string.h>

#include "core/base/mem.h"

#define SLOTS_FIRST 64
#define FILTER_BITS 4096

void oc_inhibit_init(struct oc_inhibitor *i, struct oc_alerts *alerts)
{
    memset(i, 0, sizeof *i);
    i->alerts = alerts;
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

static uint64_t key_of(const struct oc_inhibitor *i, uint32_t rule, const struct oc_alert *a)
{
    const struct oc_inhibit_rule *r = i->rules.items[rule];
    uint64_t hash = oc_hash_bytes(&rule, sizeof rule, i->alerts->labels.seed);
    for (size_t k = 0; k < r->equal_count; k++) {
        const char *value = oc_alert_record_field(i->alerts, a, r->equal[k]);
        hash = oc_hash_bytes(value, strlen(value), hash);
    }
    return hash;
}

/* ---- entries; their numbers + 1, 0: none ---- */

static uint32_t find_entry(const struct oc_inhibitor *i, uint64_t key)
{
    if (i->slot_count == 0) {
        return 0;
    }
    for (size_t k = key & (i->slot_count - 1); i->slots[k]; k = (k + 1) & (i->slot_count - 1)) {
        if (i->entries.items[i->slots[k] - 1].key == key) {
            return i->slots[k];
        }
    }
    return 0;
}

static void enter(struct oc_inhibitor *i, uint32_t number)
{
    size_t k = i->entries.items[number - 1].key & (i->slot_count - 1);
    while (i->slots[k]) {
        k = (k + 1) & (i->slot_count - 1);
    }
    i->slots[k] = number;
}

static void grow(struct oc_inhibitor *i)
{
    if (2 * (i->entry_count + 1) <= i->slot_count) {
        return;
    }
    i->slot_count = i->slot_count ? 2 * i->slot_count : SLOTS_FIRST;
    free(i->slots);
    i->slots = oc_calloc(i->slot_count, sizeof *i->slots);
    for (uint32_t k = 0; k < i->entries.count; k++) {
        if (i->entries.items[k].rule != OC_INHIBIT_FREE) {
            enter(i, k + 1);
        }
    }
}

static uint32_t make_entry(struct oc_inhibitor *i, uint32_t rule, uint64_t key)
{
    const struct oc_inhibit_entry entry = {.key = key, .rule = rule};
    uint32_t number = i->free_entry;
    grow(i);
    if (number) {
        i->free_entry = i->entries.items[number - 1].held;
        i->entries.items[number - 1] = entry;
    } else {
        OC_VEC_PUSH(&i->entries, entry);
        number = (uint32_t)i->entries.count;
    }
    enter(i, number);
    i->entry_count++;
    return number;
}

static void withdraw(struct oc_inhibitor *i, uint32_t number)
{
    size_t mask = i->slot_count - 1, k = i->entries.items[number - 1].key & mask;
    while (i->slots[k] != number) {
        k = (k + 1) & mask;
    }
    for (size_t n = (k + 1) & mask; i->slots[n]; n = (n + 1) & mask) {
        size_t home = i->entries.items[i->slots[n] - 1].key & mask;
        if (((n - home) & mask) >= ((n - k) & mask)) {
            i->slots[k] = i->slots[n];
            k = n;
        }
    }
    i->slots[k] = 0;
}

/* What an entry kept quiet is looked at again. */
static void release(struct oc_inhibitor *i, uint32_t number)
{
    uint32_t *first = &i->entries.items[number - 1].held;
    while (*first) {
        uint32_t at = *first;
        struct oc_inhibit_held *held = &i->held.items[at - 1];
        struct oc_alert *a = oc_alerts_at(i->alerts, held->alert);
        if (a->body && a->inhibited) {
            a->inhibited = false; /* until it is looked at: whoever holds it then remembers it */
            oc_alerts_change(i->alerts, a);
        }
        *first = held->next;
        held->next = i->free_held;
        i->free_held = at;
    }
}

static void end_entry(struct oc_inhibitor *i, uint32_t number)
{
    struct oc_inhibit_entry *e = &i->entries.items[number - 1];
    withdraw(i, number);
    e->rule = OC_INHIBIT_FREE;
    e->held = i->free_entry;
    i->free_entry = number;
    i->entry_count--;
}

void oc_inhibit_clear(struct oc_inhibitor *i)
{
    OC_VEC_FINISH(&i->entries);
    OC_VEC_FINISH(&i->links);
    OC_VEC_FINISH(&i->held);
    OC_FREE(i->slots);
    OC_FREE(i->first_of);
    i->slot_count = i->entry_count = i->first_count = 0;
    i->free_entry = i->free_link = i->free_held = 0;
}

/* ---- sources ---- */

static uint32_t *first_link(struct oc_inhibitor *i, uint32_t place)
{
    if (place >= i->first_count) {
        size_t count = i->alerts->made + OC_ALERT_SLAB;
        i->first_of = oc_realloc(i->first_of, count * sizeof *i->first_of);
        memset(i->first_of + i->first_count, 0, (count - i->first_count) * sizeof *i->first_of);
        i->first_count = count;
    }
    return &i->first_of[place];
}

static uint32_t new_link(struct oc_inhibitor *i, const struct oc_inhibit_link *link)
{
    uint32_t at = i->free_link;
    if (at) {
        i->free_link = i->links.items[at - 1].also;
        i->links.items[at - 1] = *link;
        return at;
    }
    OC_VEC_PUSH(&i->links, *link);
    return (uint32_t)i->links.count;
}

static void add_link(struct oc_inhibitor *i, struct oc_alert *a, uint32_t number, bool both)
{
    uint32_t *of_alert = first_link(i, a->index);
    uint32_t *of_entry = &i->entries.items[number - 1].first[both];
    for (uint32_t k = *of_alert; k; k = i->links.items[k - 1].also) {
        if (i->links.items[k - 1].entry == number - 1) {
            return; /* two anchors led to one rule */
        }
    }
    struct oc_inhibit_link link = {.entry = (number - 1) & INT32_MAX,
                                   .both = both,
                                   .alert = a->index,
                                   .also = *of_alert,
                                   .next = *of_entry};
    uint32_t at = new_link(i, &link);
    if (*of_entry) {
        i->links.items[*of_entry - 1].prev = at;
    }
    *of_entry = *of_alert = at;
    a->source = true;
}

static void remove_links(struct oc_inhibitor *i, struct oc_alert *a)
{
    uint32_t *first = first_link(i, a->index);
    while (*first) {
        const uint32_t at = *first;
        const struct oc_inhibit_link link = i->links.items[at - 1];
        const uint32_t number = link.entry + 1u;
        struct oc_inhibit_entry *e = &i->entries.items[number - 1];
        *(link.prev ? &i->links.items[link.prev - 1].next : &e->first[link.both]) = link.next;
        if (link.next) {
            i->links.items[link.next - 1].prev = link.prev;
        }
        *first = link.also;
        i->links.items[at - 1].also = i->free_link;
        i->free_link = at;
        if (!e->first[0]) {
            release(i, number); /* those that two-sided sources still hold find that out */
        }
        if (!e->first[0] && !e->first[1]) {
            end_entry(i, number);
        }
    }
    a->source = false;
}

static bool counts(const struct oc_inhibit_rule *rule, const struct oc_alert *a, int64_t now)
{
    return a->firing || (rule->window > 0 && a->ends_at > 0 && a->ends_at + rule->window > now);
}

static void enter_source(struct oc_inhibitor *i, uint32_t rule, struct oc_alert *a, int64_t now)
{
    const struct oc_inhibit_rule *r = i->rules.items[rule];
    if (counts(r, a, now) && holds(i, &r->source, a)) {
        uint64_t key = key_of(i, rule, a);
        uint32_t number = find_entry(i, key);
        number = number ? number : make_entry(i, rule, key);
        add_link(i, a, number, holds(i, &r->target, a));
    }
}

void oc_inhibit_index(struct oc_inhibitor *i, struct oc_alert *a, int64_t now)
{
    struct walk w = {.sides = &i->sides[0], .alert = a};
    uint32_t rule;
    if (i->asleep == i->rules.count || (a->source && a->firing && a->posted)) {
        return; /* what was posted never changes its labels */
    }
    if (a->source) {
        remove_links(i, a);
    }
    while (next_rule(&w, &rule)) {
        if (i->rules.items[rule]->awake) {
            enter_source(i, rule, a, now);
        }
    }
}

/* The first target of the rule: whatever may keep it quiet is looked for. */
static void wake(struct oc_inhibitor *i, uint32_t rule, int64_t now)
{
    uint32_t it = 0;
    i->rules.items[rule]->awake = true;
    i->asleep--;
    for (struct oc_alert *a; (a = oc_alerts_next(i->alerts, &it));) {
        enter_source(i, rule, a, now);
        if (a->source && !a->firing) {
            oc_alerts_change(i->alerts, a); /* it is to be looked at when it ends to be one */
        }
    }
}

void oc_inhibit_wake(struct oc_inhibitor *i, const struct oc_alert *a, int64_t now)
{
    struct walk w = {.sides = &i->sides[1], .alert = a};
    uint32_t rule;
    while (i->asleep > 0 && next_rule(&w, &rule)) {
        const struct oc_inhibit_rule *r = i->rules.items[rule];
        if (!r->awake && holds(i, &r->target, a)) {
            wake(i, rule, now);
        }
    }
}

int64_t oc_inhibit_until(const struct oc_inhibitor *i, const struct oc_alert *a)
{
    int64_t until = INT64_MAX;
    if (!a->source || a->firing || a->index >= i->first_count) {
        return INT64_MAX;
    }
    for (uint32_t k = i->first_of[a->index]; k; k = i->links.items[k - 1].also) {
        uint32_t rule = i->entries.items[i->links.items[k - 1].entry].rule;
        int64_t end = a->ends_at + i->rules.items[rule]->window;
        until = end < until ? end : until;
    }
    return until;
}

void oc_inhibit_forget(struct oc_inhibitor *i, struct oc_alert *a)
{
    if (a->source) {
        remove_links(i, a);
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
    uint32_t number = find_entry(i, key_of(i, rule, a));
    if (!number || i->entries.items[number - 1].first[0]) {
        return number;
    }
    return holds(i, &r->source, a) ? 0 : number;
}

static void hold(struct oc_inhibitor *i, uint32_t number, const struct oc_alert *a)
{
    struct oc_inhibit_entry *e = &i->entries.items[number - 1];
    const struct oc_inhibit_held held = {a->index, e->held};
    uint32_t at = i->free_held;
    if (e->held && i->held.items[e->held - 1].alert == a->index) {
        return;
    }
    if (at) {
        i->free_held = i->held.items[at - 1].next;
        i->held.items[at - 1] = held;
    } else {
        OC_VEC_PUSH(&i->held, held);
        at = (uint32_t)i->held.count;
    }
    e->held = at;
}

bool oc_inhibit_review(struct oc_inhibitor *i, struct oc_alert *a, int64_t now)
{
    struct walk w = {.sides = &i->sides[1], .alert = a};
    uint32_t rule, number = 0;
    oc_inhibit_wake(i, a, now);
    if (i->entry_count == 0) {
        a->inhibited = false;
        return false;
    }
    while (!number && next_rule(&w, &rule)) {
        number = quieted_by(i, rule, a);
    }
    if (number && !a->inhibited) {
        hold(i, number, a);
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
    while (i->entry_count > 0 && count < max && next_rule(&w, &rule)) {
        uint32_t number = quieted_by(i, rule, a);
        if (number) {
            const struct oc_inhibit_entry *e = &i->entries.items[number - 1];
            uint32_t first = e->first[0] ? e->first[0] : e->first[1];
            if (rules) {
                rules[count] = i->rules.items[rule];
            }
            sources[count++] = oc_alerts_at(i->alerts, i->links.items[first - 1].alert);
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

void oc_inhibit_anchor(struct oc_inhibitor *i)
{
    for (int which = 0; which < 2; which++) {
        struct oc_inhibit_sides *s = &i->sides[which];
        s->anchors.count = s->loose.count = 0;
        memset(s->filter, 0, sizeof s->filter);
        for (uint32_t rule = 0; rule < i->rules.count; rule++) {
            struct oc_inhibit_anchor anchor = {best_pair(side_of(i->rules.items[rule], which)),
                                               rule};
            if (anchor.pair == OC_LABEL_NONE) {
                OC_VEC_PUSH(&s->loose, rule);
            } else {
                OC_VEC_PUSH(&s->anchors, anchor);
                s->filter[anchor.pair % FILTER_BITS / 64] |= UINT64_C(1) << (anchor.pair % 64);
            }
        }
        if (s->anchors.count > 1) {
            qsort(s->anchors.items, s->anchors.count, sizeof *s->anchors.items, by_pair);
        }
    }
}
