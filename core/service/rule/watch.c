/* Meeting series, and binding them to the rules that read them. SPDX-License-Identifier: MIT */
#include "core/service/rule/watch.h"

#include <math.h>

#include "core/base/mem.h"
#include "core/base/time.h"

#define DAYS 8 /* that are asked how often samples come: those of a week, and one besides */

static struct oc_rule_watch unwatched; /* of every series that no rule reads */

static struct oc_rule_watch *own_watch(struct oc_rule_engine *e, struct oc_series *series)
{
    struct oc_rule_watch *w = series->rules;
    if (w == NULL || w == &unwatched) {
        bool listed = w != NULL;
        w = oc_calloc(1, sizeof(*w));
        w->gone = isnan(series->value);
        series->rules = w;
        if (!listed) {
            OC_VEC_PUSH(&e->watched, series);
        }
    }
    return w;
}

static void watch_subject(struct oc_rule_engine *e, struct oc_series *series,
                          struct oc_rule_subject *subject)
{
    struct oc_rule_watch *w = own_watch(e, series);
    for (size_t i = 0; i < w->count; i++) {
        if (w->subjects[i] == subject) {
            return;
        }
    }
    if (w->count == w->cap) {
        w->cap = w->cap > 0 ? w->cap * 2 : 2;
        w->subjects = oc_realloc(w->subjects, w->cap * sizeof(struct oc_rule_subject *));
    }
    w->subjects[w->count++] = subject;
}

static struct oc_rule_subject *add_subject(struct oc_rule_engine *e, struct oc_rule *rule,
                                           struct oc_series *series)
{
    struct oc_rule_subject *s = oc_calloc(1, sizeof(*s));
    char fingerprint[17];
    s->rule = rule;
    s->series = series;
    if (rule->reads.count > 1) {
        s->bound = oc_calloc(rule->reads.count, sizeof(struct oc_series *));
        s->bound[0] = series;
        rule->rebind = e->rebind = true;
    }
    rule->subjects++;
    OC_VEC_PUSH(&e->subjects, s);
    if (e->live.count > 0) { /* restored, or kept across a new configuration */
        oc_rule_fingerprint(rule->o.name, series, fingerprint);
        s->live = oc_map_get(&e->live, fingerprint);
        if (s->live != NULL) {
            s->live->subject = s;
        }
    }
    return s;
}

void oc_rule_meet(struct oc_rule_engine *e, struct oc_series *series)
{
    struct oc_rule_readers *readers = oc_map_get(&e->readers, series->name);
    if (readers == NULL) {
        series->rules = &unwatched;
        OC_VEC_PUSH(&e->watched, series);
        return;
    }
    own_watch(e, series);
    if (readers->secondary) {
        OC_VEC_PUSH(&readers->series, series);
    }
    for (size_t i = 0; i < readers->rules.count; i++) {
        struct oc_rule *rule = readers->rules.items[i];
        if (rule->reads.items[0] == readers->metric) {
            watch_subject(e, series, add_subject(e, rule, series));
        } else {
            rule->rebind = e->rebind = true;
        }
    }
}

/* ---- what is heard of a series ---- */

/* Those that read it besides their primary look for another one: at once when it came back, and when it ended after all have
 * been told that it has. */
static void turn(struct oc_rule_engine *e, const struct oc_series *series, bool gone)
{
    const struct oc_rule_readers *readers = oc_map_get(&e->readers, series->name);
    for (size_t i = 0; readers != NULL && readers->secondary && i < readers->rules.count; i++) {
        readers->rules.items[i]->rebind = true;
        *(gone ? &e->ended : &e->rebind) = true;
    }
}

void oc_rule_hear(struct oc_rule_engine *e, const struct oc_sample *sample)
{
    struct oc_rule_watch *w = sample->series->rules;
    if (w == &unwatched) {
        return; /* shared by all of them */
    }
    oc_rhythm_pass(&w->rhythm, sample->time_ms);
    if (isnan(sample->value) != w->gone) {
        w->gone = !w->gone;
        turn(e, sample->series, w->gone);
    }
}

static void pass(void *ctx, const struct oc_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        oc_rhythm_steps_pass(ctx, points[i].time_ms);
    }
}

static bool tell(struct oc_rule_engine *e, struct oc_series *series, int64_t from_ms,
                 int64_t until_ms, int64_t *usual_ms)
{
    struct oc_rhythm_steps steps = {0};
    bool told;
    oc_store_read(e->store, series, from_ms, until_ms + 1, pass, &steps, NULL);
    *usual_ms = oc_rhythm_usual(&steps, &told);
    return told;
}

/* The days before are read only when the last hour does not tell: of what comes rarely or in bursts, and when the host has just
 * started. Each is asked alone, the latest first, because a host that is off at night is so but once in a day: in several of
 * them its nights come again, and may well be longer than its days. Only what no day tells is rarer than that. */
int64_t oc_rule_usual_step(struct oc_rule_engine *e, struct oc_series *series, int64_t until_ms)
{
    int64_t usual_ms;
    if (tell(e, series, until_ms - OC_HOUR, until_ms, &usual_ms)) {
        return usual_ms;
    }
    for (int64_t day = 0; day < DAYS; day++) {
        const int64_t end_ms = until_ms - day * OC_DAY;
        if (tell(e, series, end_ms - OC_DAY, end_ms, &usual_ms)) {
            return usual_ms;
        }
    }
    tell(e, series, until_ms - DAYS * OC_DAY, until_ms, &usual_ms);
    return usual_ms;
}

/* What was heard since the host started, or since the rules changed, may be one sample, or one burst: the store knows more. */
static void learn(struct oc_rule_engine *e, struct oc_series *series, struct oc_rule_watch *w)
{
    const int64_t usual_ms = oc_rule_usual_step(e, series, series->time_ms);
    w->learned = true;
    if (usual_ms > w->rhythm.step_ms) {
        w->rhythm = (struct oc_rhythm){.at_ms = series->time_ms, .step_ms = usual_ms};
    }
}

bool oc_rule_is_silent(struct oc_rule_engine *e, struct oc_series *series, int64_t at_ms)
{
    struct oc_rule_watch *w = series->rules;
    if (!w->learned && oc_rhythm_is_gap(at_ms - series->time_ms, w->rhythm.step_ms)) {
        learn(e, series, w);
    }
    return oc_rhythm_is_over(&w->rhythm, at_ms);
}

void oc_rule_rebind(struct oc_rule_engine *e)
{
    for (size_t i = 0; i < e->subjects.count; i++) {
        struct oc_rule_subject *s = e->subjects.items[i];
        if (s->rule->rebind && s->bound != NULL) {
            oc_rule_bind(e, s);
            for (size_t k = 1; k < s->rule->reads.count; k++) {
                if (s->bound[k] != NULL) {
                    watch_subject(e, s->bound[k], s);
                }
            }
        }
    }
    for (size_t i = 0; i < e->rules.count; i++) {
        e->rules.items[i]->rebind = false;
    }
    e->rebind = false;
}

void oc_rule_unwatch_all(struct oc_rule_engine *e)
{
    for (size_t i = 0; i < e->watched.count; i++) {
        struct oc_rule_watch *w = e->watched.items[i]->rules;
        e->watched.items[i]->rules = NULL;
        if (w != &unwatched) {
            free(w->subjects);
            free(w);
        }
    }
    e->watched.count = 0;
    for (size_t i = 0; i < e->subjects.count; i++) {
        free(e->subjects.items[i]->bound);
        free(e->subjects.items[i]);
    }
    e->subjects.count = 0;
}
