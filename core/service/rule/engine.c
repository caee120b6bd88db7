/* From a sample to the states of the rules that watch its series. SPDX-License-Identifier: MIT */
#include "core/service/rule/engine.h"

#include "core/base/mem.h"
#include "core/service/rule/watch.h"

/* A rule that is quiet costs no state until its condition is true. */
static void begin_live(struct oc_rule_engine *e, struct oc_rule_subject *s, int64_t at_ms,
                       double value)
{
    struct oc_rule_live *live = oc_rule_live_add(e, s->rule, s->series);
    if (live == NULL) {
        return;
    }
    live->subject = s;
    live->value = value;
    s->live = live;
    if (oc_rule_machine_step(&live->machine, &s->rule->times, at_ms, true, false)) {
        oc_rule_live_changed(e, live, at_ms, "condition met");
    }
}

/* How often a subject was looked at before `until_ms`: as often as the series of its rule that comes most often. */
static int64_t usual_step(struct oc_rule_engine *e, const struct oc_rule_subject *s,
                          int64_t until_ms)
{
    int64_t usual_ms = oc_rule_usual_step(e, s->series, until_ms);
    for (size_t i = 1; s->bound != NULL && i < s->rule->reads.count; i++) {
        if (s->bound[i] != NULL && !oc_rule_is_silent(e, s->bound[i], until_ms)) {
            const int64_t other_ms = oc_rule_usual_step(e, s->bound[i], until_ms);
            usual_ms = other_ms > 0 && (usual_ms == 0 || other_ms < usual_ms) ? other_ms : usual_ms;
        }
    }
    return usual_ms;
}

/* Whether what fires may end: the condition is false, and so says `resolve`. */
static enum oc_truth may_end(struct oc_rule_engine *e, struct oc_rule_subject *s, int64_t at_ms,
                             double value)
{
    return s->rule->until.expr != 0 ? oc_rule_ask(e, s, &s->rule->until, at_ms, value)
                                    : OC_TRUTH_TRUE;
}

/* Ends what went on for `keep_firing_for` only, as of the time at which that was over: whoever looks later sees the same. */
static void end_kept(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t now_ms)
{
    const int64_t end_ms = live->machine.clear_ms + live->rule->times.keep_ms;
    if (oc_rule_machine_tick(&live->machine, &live->rule->times, now_ms)) {
        oc_rule_live_changed(e, live, end_ms, "condition ended");
    }
}

/* Across a reload or a restart the alert is told again, as the rule is now; who has heard of it
 * drops the repeat. */
static void repeat_firing(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t at_ms)
{
    if (live->machine.state == OC_RULE_FIRING && !live->told) {
        oc_rule_live_changed(e, live, at_ms, "still firing");
    }
}

static void evaluate(struct oc_rule_engine *e, struct oc_rule_subject *s, int64_t at_ms,
                     double value)
{
    struct oc_rule_live *live = s->live;
    if (live != NULL) {
        end_kept(e, live, at_ms);
    }
    enum oc_truth truth = oc_rule_ask(e, s, &s->rule->when, at_ms, value);
    if (live == NULL) {
        if (truth == OC_TRUTH_TRUE) {
            begin_live(e, s, at_ms, value);
        }
        return;
    }
    if (truth == OC_TRUTH_GONE) {
        oc_rule_live_end(e, live, at_ms, "gone");
        return;
    }
    if (truth == OC_TRUTH_UNKNOWN) {
        return;
    }
    const bool asked = live->machine.state == OC_RULE_FIRING && truth == OC_TRUTH_FALSE;
    const enum oc_truth release = asked ? may_end(e, s, at_ms, value) : OC_TRUTH_FALSE;
    if (release == OC_TRUTH_GONE) { /* nothing can say any more that it may */
        oc_rule_live_end(e, live, at_ms, "gone");
        return;
    }
    if (oc_rule_machine_doubts(&live->machine, at_ms)) {
        oc_rule_machine_expect(&live->machine, usual_step(e, s, live->machine.at_ms));
    }
    const int64_t since_ms = live->machine.since_ms;
    live->value = value;
    if (oc_rule_machine_step(&live->machine, &s->rule->times, at_ms, truth == OC_TRUTH_TRUE,
                             release == OC_TRUTH_TRUE)) {
        oc_rule_live_changed(e, live, at_ms,
                             truth == OC_TRUTH_TRUE ? "condition met" : "condition ended");
    } else {
        if (live->machine.since_ms != since_ms) {
            oc_rule_live_touch(e, live); /* a gap that a restart must not count either */
        }
        repeat_firing(e, live, at_ms);
    }
}

/* A rule of several metrics is evaluated once for a batch, when all its samples are in. */
static void queue(struct oc_rule_engine *e, struct oc_rule_subject *s)
{
    if (s->round != e->round) {
        s->round = e->round;
        OC_VEC_PUSH(&e->queue, s);
    }
}

static void take_sample(struct oc_rule_engine *e, const struct oc_sample *sample)
{
    if (sample->series->rules == NULL) {
        oc_rule_meet(e, sample->series);
    }
    oc_rule_hear(e, sample);
    const struct oc_rule_watch *w = sample->series->rules;
    for (size_t i = 0; i < w->count; i++) {
        struct oc_rule_subject *s = w->subjects[i];
        if (s->bound != NULL) {
            queue(e, s);
        } else {
            evaluate(e, s, sample->time_ms, sample->value);
        }
    }
}

/* After `rebind` subjects may be due that were not bound when their series got its sample. */
static void queue_new(struct oc_rule_engine *e, const struct oc_sample *samples, size_t count)
{
    oc_rule_rebind(e);
    for (size_t i = 0; i < count; i++) {
        const struct oc_rule_watch *w = samples[i].series->rules;
        for (size_t k = 0; k < w->count; k++) {
            if (w->subjects[k]->bound != NULL) {
                queue(e, w->subjects[k]);
            }
        }
    }
}

void oc_rule_engine_samples(struct oc_rule_engine *e, const struct oc_sample *samples, size_t count)
{
    int64_t at_ms = 0;
    e->round++;
    for (size_t i = 0; i < count; i++) {
        take_sample(e, &samples[i]);
        at_ms = samples[i].time_ms > at_ms ? samples[i].time_ms : at_ms;
    }
    if (e->rebind) {
        queue_new(e, samples, count);
    }
    for (size_t i = 0; i < e->queue.count; i++) {
        struct oc_rule_subject *s = e->queue.items[i];
        evaluate(e, s, at_ms, s->series->value);
    }
    e->queue.count = 0;
    if (e->ended) {
        e->ended = false;
        oc_rule_rebind(e);
    }
}

void oc_rule_engine_tick(struct oc_rule_engine *e, int64_t now_ms)
{
    void *value;
    const char *key;
    for (size_t it = 0; oc_map_next(&e->live, &it, &key, &value);) {
        end_kept(e, value, now_ms);
    }
}
