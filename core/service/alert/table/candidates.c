/* From matchers to alerts by way of the index. SPDX-License-Identifier: MIT */
#include "core/service/alert/table/candidates.h"

#include <string.h>

#include "core/base/regex.h"

#define VALUES_STEP 64    /* values tried in one step */
#define EFFORT_STEP 20000 /* steps of an expression, after which no further value is tried in it */
#define AHEAD       24    /* values fetched into the cache before they are tried */
#define WORD        64u   /* bits */

/* ---- choosing ---- */

/* A pattern without special characters is its only match. */
static bool is_literal(const struct oc_matcher *m)
{
    switch (m->op) {
    case OC_MATCH_EQUAL:
    case OC_MATCH_UNEQUAL:
        return true;
    case OC_MATCH_GLOB:
    case OC_MATCH_NOT_GLOB:
        return !strpbrk(m->value, "*?[\\");
    case OC_MATCH_REGEX:
    case OC_MATCH_NOT_REGEX:
        break;
    }
    return !strpbrk(m->value, "\\.+*?()[]{}|^$");
}

/* "rule" is two labels, so the index does not know it. */
static bool is_indexed(const struct oc_matcher *m)
{
    return strcmp(m->name, "rule") != 0;
}

/* How many alerts it would make us look at; what cannot be said without a look at every value is more than any value has. */
static size_t cost_of(const struct oc_alerts *t, const struct oc_matcher *m)
{
    if (oc_matcher_holds_value(m, "")) {
        return SIZE_MAX - 1;
    }
    if (!is_literal(m) || !oc_matcher_is_equal(m)) {
        return SIZE_MAX - 2;
    }
    uint32_t pair = oc_labels_find(&t->labels, m->name, m->value);
    return pair == OC_LABEL_NONE ? 0 : oc_labels_pair(&t->labels, pair)->count;
}

static void choose(struct oc_candidates *c, const struct oc_alerts *t)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < c->count; i++) {
        size_t cost = is_indexed(&c->matchers[i]) ? cost_of(t, &c->matchers[i]) : SIZE_MAX;
        if (cost < least) {
            least = cost;
            c->by = &c->matchers[i];
        }
    }
}

void oc_candidates_begin(struct oc_candidates *c, const struct oc_alerts *t,
                         const struct oc_matcher *matchers, size_t count)
{
    *c = (struct oc_candidates){.matchers = matchers, .count = count};
    choose(c, t);
    if (!c->by) {
        return;
    }
    bool absent = oc_matcher_holds_value(c->by, "");
    uint32_t name = oc_labels_find_name(&t->labels, c->by->name);
    c->mode = absent ? OC_CANDIDATES_ALL : OC_CANDIDATES_VALUES;
    /* = x and != x, but not = "" and != "", which speak of all values */
    c->one = is_literal(c->by) && *c->by->value && absent != oc_matcher_is_equal(c->by);
    c->values = name == OC_LABEL_NONE ? 0 : t->labels.names.items[name].pairs.count;
    if (absent) {
        c->ruled_count = t->made;
        c->ruled_out = oc_calloc(t->made / WORD + 1, sizeof *c->ruled_out);
    }
}

void oc_candidates_finish(struct oc_candidates *c)
{
    OC_VEC_FINISH(&c->places);
    free(c->ruled_out);
    c->ruled_out = NULL;
}

/* ---- values ---- */

/* An alert of a rule may have a fact and a label of one name: it counts with its fact, which is for its matchers to say. */
static void rule_out(struct oc_candidates *c, const struct oc_alerts *t, uint32_t place)
{
    if (place < c->ruled_count && !oc_alerts_may_be_ours(t, place)) {
        c->ruled_out[place / WORD] |= UINT64_C(1) << (place % WORD);
    }
}

static void take_pair(struct oc_candidates *c, const struct oc_alerts *t,
                      const struct oc_label_pair *pair)
{
    const uint32_t *alerts = oc_labels_alerts(pair);
    for (uint32_t i = 0; i < pair->count; i++) {
        const struct oc_alert *a = oc_alerts_at(t, alerts[i]);
        if (c->mode == OC_CANDIDATES_ALL) {
            rule_out(c, t, alerts[i]);
        } else if (a->posted ||
                   strcmp(oc_alert_record_field(t, a, c->by->name), pair->value) == 0) {
            OC_VEC_PUSH(&c->places, alerts[i]);
        }
    }
}

static void take_one(struct oc_candidates *c, const struct oc_alerts *t)
{
    uint32_t pair = oc_labels_find(&t->labels, c->by->name, c->by->value);
    if (pair != OC_LABEL_NONE) {
        take_pair(c, t, oc_labels_pair(&t->labels, pair));
    }
    c->values = 0;
}

/* What is to be looked at next is all over the memory. */
static void fetch_ahead(const struct oc_candidates *c, const struct oc_alerts *t,
                        const uint32_t *pairs)
{
    if (c->values < AHEAD) {
        return;
    }
    const struct oc_label_pair *far = oc_labels_pair(&t->labels, pairs[-AHEAD]);
    __builtin_prefetch(far);
    __builtin_prefetch(far->value + sizeof(uint64_t));
}

static uint64_t effort_of(const struct oc_matcher *m)
{
    return m->regex ? oc_regex_steps(m->regex) : 0;
}

uint64_t oc_candidates_effort(const struct oc_candidates *c)
{
    uint64_t effort = 0;
    for (size_t i = 0; i < c->count; i++) {
        effort += effort_of(&c->matchers[i]);
    }
    return effort;
}

static void take_values(struct oc_candidates *c, const struct oc_alerts *t)
{
    const uint64_t enough = effort_of(c->by) + EFFORT_STEP;
    uint32_t name = oc_labels_find_name(&t->labels, c->by->name);
    size_t count = name == OC_LABEL_NONE ? 0 : t->labels.names.items[name].pairs.count;
    c->values = c->values < count ? c->values : count;
    for (size_t i = 0; i < VALUES_STEP && c->values > 0 && effort_of(c->by) < enough; i++) {
        const uint32_t *pairs = t->labels.names.items[name].pairs.items + --c->values;
        fetch_ahead(c, t, pairs);
        const struct oc_label_pair *pair = oc_labels_pair(&t->labels, *pairs);
        bool holds = oc_matcher_holds_text(c->by, pair->value, pair->len);
        if (holds == (c->mode == OC_CANDIDATES_VALUES)) {
            take_pair(c, t, pair);
        }
    }
}

/* ---- places ---- */

static struct oc_alert *next_listed(struct oc_candidates *c, const struct oc_alerts *t)
{
    while (c->at < c->places.count) {
        struct oc_alert *a = oc_alerts_at(t, c->places.items[c->at++]);
        if (a->body) {
            return a;
        }
    }
    c->places.count = c->at = 0;
    return NULL;
}

static struct oc_alert *next_place(struct oc_candidates *c, const struct oc_alerts *t)
{
    uint32_t end = c->at + WORD - c->at % WORD;
    uint64_t out = c->at < c->ruled_count ? c->ruled_out[c->at / WORD] : 0;
    end = end < t->made ? end : t->made;
    if (out == UINT64_MAX) {
        c->at = end;
    }
    while (c->at < end) {
        struct oc_alert *a = oc_alerts_at(t, c->at);
        if (!(out >> (c->at++ % WORD) & 1) && a->body) {
            return a;
        }
    }
    return NULL;
}

struct oc_alert *oc_candidates_step(struct oc_candidates *c, const struct oc_alerts *t)
{
    struct oc_alert *a = NULL;
    if (c->mode == OC_CANDIDATES_VALUES && c->places.count > 0) {
        a = next_listed(c, t);
    } else if (c->values > 0 && c->one) {
        take_one(c, t);
    } else if (c->values > 0) {
        take_values(c, t);
    } else if (c->mode == OC_CANDIDATES_ALL && c->at < t->made) {
        a = next_place(c, t);
    } else {
        c->done = true;
    }
    return a;
}

bool oc_candidates_admit(const struct oc_candidates *c, const struct oc_alerts *t,
                         const struct oc_alert *a)
{
    for (size_t i = 0; i < c->count; i++) {
        bool known = a->posted && &c->matchers[i] == c->by;
        if (!known && !oc_matcher_holds(&c->matchers[i], t, a)) {
            return false;
        }
    }
    return true;
}
