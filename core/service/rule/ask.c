/* Evaluating one condition: natively, or in Lua with lookups. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/rule/watch.h"

#define ERROR_EVERY_MS OC_MINUTE /* of sample time: how often a rule that fails says so */

/* ---- history ---- */

struct fold {
    size_t count, changes;
    double sum, min, max, first, last, growth;
    int64_t first_ms, last_ms;
};

static void fold_point(struct fold *f, const struct oc_point *p)
{
    if (isnan(p->value)) {
        return;
    }
    if (f->count == 0) {
        f->first = f->min = f->max = p->value;
        f->first_ms = p->time_ms;
    } else {
        /* a counter that fell began anew */
        f->growth += p->value >= f->last ? p->value - f->last : p->value;
        f->changes += p->value != f->last;
    }
    f->min = p->value < f->min ? p->value : f->min;
    f->max = p->value > f->max ? p->value : f->max;
    f->sum += p->value;
    f->last = p->value;
    f->last_ms = p->time_ms;
    f->count++;
}

static void fold_points(void *ctx, const struct oc_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fold_point(ctx, &points[i]);
    }
}

static bool fold_result(const struct fold *f, const char *function, double *result)
{
    if (f->count == 0) {
        return false;
    }
    if (strcmp(function, "avg") == 0) {
        *result = f->sum / (double)f->count;
    } else if (strcmp(function, "min") == 0) {
        *result = f->min;
    } else if (strcmp(function, "max") == 0) {
        *result = f->max;
    } else if (strcmp(function, "changes") == 0) {
        *result = (double)f->changes;
    } else if (f->last_ms == f->first_ms) {
        return false; /* one point has no rate */
    } else {
        *result = f->growth * (double)OC_SECOND / (double)(f->last_ms - f->first_ms);
    }
    return true;
}

/* ---- lookups ---- */

struct question {
    struct oc_rule_engine *engine;
    const struct oc_rule_subject *subject;
    int64_t at_ms;
    double value; /* of the primary metric, at at_ms */
    bool gone;    /* a series that is needed has ended */
};

static struct oc_series *bound_series(const struct question *q, const char *name)
{
    const struct oc_rule *rule = q->subject->rule;
    for (size_t i = 0; i < rule->reads.count; i++) {
        if (strcmp(rule->reads.items[i], name) == 0) {
            return i == 0 ? q->subject->series : q->subject->bound[i];
        }
    }
    return NULL;
}

/* NULL when it is not known, and when nobody measures it any more: others of the rule go on, and what was last heard of this
 * one proves nothing. That it has ended stays known. */
static struct oc_series *find_series(const struct question *q, const char *name)
{
    struct oc_series *series = bound_series(q, name);
    const bool silent = series != NULL && q->subject->bound != NULL && !isnan(series->value) &&
                        oc_rule_is_silent(q->engine, series, q->at_ms);
    return silent ? NULL : series;
}

static bool find_label(const struct question *q, const char *name, struct oc_lua_value *value)
{
    const struct oc_series *series = q->subject->series;
    value->type = OC_LUA_NIL;
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].name, name) == 0) {
            *value =
                (struct oc_lua_value){.type = OC_LUA_STRING, .string = series->labels[i].value};
        }
    }
    return true;
}

/* "avg(system.cpu_percent,300000)" */
static bool find_history(struct question *q, const char *text, struct oc_lua_value *value)
{
    char function[16], name[256];
    long long window;
    struct fold fold = {0};
    if (sscanf(text, "%15[a-z](%255[^,],%lld)", function, name, &window) != 3) {
        return false;
    }
    struct oc_series *series = find_series(q, name);
    if (series == NULL) {
        return false;
    }
    if (oc_store_read(q->engine->store, series, q->at_ms - window + 1, q->at_ms + 1, fold_points,
                      &fold, NULL) != OC_OK) {
        return false;
    }
    value->type = OC_LUA_NUMBER;
    return fold_result(&fold, function, &value->number);
}

static bool find_latest(struct question *q, const char *name, struct oc_lua_value *value)
{
    const struct oc_series *series = find_series(q, name);
    if (series == NULL || series->time_ms == 0) {
        return false;
    }
    double latest = series == q->subject->series ? q->value : series->value;
    if (isnan(latest)) {
        q->gone = true;
        return false;
    }
    if (series->kind == OC_KIND_BOOL) {
        *value = (struct oc_lua_value){.type = OC_LUA_BOOL, .boolean = latest != 0};
    } else {
        *value = (struct oc_lua_value){.type = OC_LUA_NUMBER, .number = latest};
    }
    return true;
}

static bool look_up(void *ctx, const char *name, struct oc_lua_value *value)
{
    struct question *q = ctx;
    if (oc_starts(name, OC_THRESHOLDS_PREFIX)) {
        const struct oc_lua_value *threshold = oc_thresholds_get(&q->engine->thresholds, name);
        if (threshold != NULL) {
            *value = *threshold;
        }
        return threshold != NULL;
    }
    if (oc_starts(name, "label.")) {
        return find_label(q, name + strlen("label."), value);
    }
    return strchr(name, '(') != NULL ? find_history(q, name, value) : find_latest(q, name, value);
}

/* ---- asking ---- */

static void note_error(struct oc_rule_subject *s, const struct oc_error *err, int64_t at_ms)
{
    struct oc_rule *rule = s->rule;
    rule->failing += !s->failed;
    s->failed = true;
    rule->errors++;
    free(rule->last_error);
    rule->last_error = oc_strdup(err->message);
    if (rule->errors == 1 || at_ms - rule->error_said_ms >= ERROR_EVERY_MS) {
        rule->error_said_ms = at_ms;
        oc_warn("rule failed", "rule=%s error=%s", rule->o.name, err->message);
    }
}

/* The rule has a problem as long as one of its series has. */
static void forget_error(struct oc_rule_subject *s)
{
    s->failed = false;
    if (--s->rule->failing == 0) {
        OC_FREE(s->rule->last_error);
    }
}

static enum oc_truth ask_lua(struct oc_rule_engine *e, struct oc_rule_subject *s,
                             const struct oc_cond *cond, int64_t at_ms, double value)
{
    struct question q = {.engine = e, .subject = s, .at_ms = at_ms, .value = value};
    struct oc_error err;
    bool truth;
    oc_error_init(&err);
    int code = oc_lua_eval(e->lua, cond->expr, look_up, &q, &truth, &err);
    if (code == OC_OK) {
        return truth ? OC_TRUTH_TRUE : OC_TRUTH_FALSE;
    }
    if (code == OC_E_NOT_FOUND) {
        return q.gone ? OC_TRUTH_GONE : OC_TRUTH_UNKNOWN;
    }
    note_error(s, &err, at_ms);
    if (code == OC_E_CONFIG) { /* a text or a number: a problem, and yet an answer */
        return truth ? OC_TRUTH_TRUE : OC_TRUTH_FALSE;
    }
    return OC_TRUTH_UNKNOWN;
}

static enum oc_truth ask(struct oc_rule_engine *e, struct oc_rule_subject *s,
                         const struct oc_cond *cond, int64_t at_ms, double value)
{
    bool truth;
    if (isnan(value)) {
        return OC_TRUTH_GONE;
    }
    if (s->bound == NULL && oc_cond_native(cond, s->series->kind, value, &truth)) {
        return truth ? OC_TRUTH_TRUE : OC_TRUTH_FALSE;
    }
    return ask_lua(e, s, cond, at_ms, value);
}

enum oc_truth oc_rule_ask(struct oc_rule_engine *e, struct oc_rule_subject *s,
                          const struct oc_cond *cond, int64_t at_ms, double value)
{
    const uint64_t errors = s->rule->errors;
    s->rule->evaluations++;
    const enum oc_truth truth = ask(e, s, cond, at_ms, value);
    if (s->failed && truth != OC_TRUTH_UNKNOWN && s->rule->errors == errors) {
        forget_error(s);
    }
    return truth;
}

/* ---- binding ---- */

static const char *label_of(const struct oc_series *series, const char *name)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].name, name) == 0) {
            return series->labels[i].value;
        }
    }
    return NULL;
}

static bool same_labels(const struct oc_series *a, const struct oc_series *b)
{
    if (a->label_count != b->label_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->label_count; i++) {
        const char *value = label_of(b, a->labels[i].name);
        if (value == NULL || strcmp(value, a->labels[i].value) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

#define NEAREST 4

/* How near a series is to the primary one: 4 same labels, 3 same target, 2 same instance, 1 any. */
static int nearness(const struct oc_series *primary, const struct oc_series *other)
{
    if (same_labels(primary, other)) {
        return NEAREST;
    }
    if (!same_text(primary->instance, other->instance)) {
        return 1;
    }
    return same_text(primary->target, other->target) ? 3 : 2;
}

/* The one series that is nearest; NULL when two are equally near, because either might be meant. One that has ended is found
 * where there is no other, so that its end is known, and is then as good as any that has. */
static struct oc_series *nearest(const struct oc_series *primary,
                                 const struct oc_rule_readers *readers)
{
    struct oc_series *best = NULL;
    int best_near = 0;
    bool unique = false;
    for (size_t i = 0; readers != NULL && i < readers->series.count; i++) {
        const bool ended = isnan(readers->series.items[i]->value);
        int near = nearness(primary, readers->series.items[i]) + (ended ? 0 : NEAREST);
        if (near > best_near) {
            best = readers->series.items[i];
            best_near = near;
            unique = true;
        } else if (near == best_near) {
            unique = ended;
        }
    }
    return unique ? best : NULL;
}

void oc_rule_bind(struct oc_rule_engine *e, struct oc_rule_subject *s)
{
    for (size_t i = 1; i < s->rule->reads.count; i++) {
        const struct oc_rule_readers *readers = oc_map_get(&e->readers, s->rule->reads.items[i]);
        s->bound[i] = nearest(s->series, readers);
    }
}
