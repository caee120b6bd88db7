/* How often samples of one series come, and whether the next one is overdue. SPDX-License-Identifier: MIT */
#include "core/service/rule/rhythm.h"

#include "core/base/mem.h"
#include "core/base/time.h"

#define GAP_STEPS 3
#define GAP_MIN   OC_MINUTE /* what comes within this time is never late */

#define TOLD_STEPS 6             /* what is told is told by at least so many steps, */
#define TOLD_MIN   (OC_HOUR / 2) /* and in so long a time */

bool oc_rhythm_is_gap(int64_t took_ms, int64_t step_ms)
{
    return took_ms > GAP_MIN && took_ms > GAP_STEPS * step_ms;
}

void oc_rhythm_pass(struct oc_rhythm *r, int64_t at_ms)
{
    const int64_t step_ms = r->at_ms != 0 && at_ms > r->at_ms ? at_ms - r->at_ms : 0;
    const int64_t kept_ms = r->step_ms - step_ms;
    r->step_ms = step_ms > kept_ms ? step_ms : kept_ms;
    r->at_ms = at_ms;
}

bool oc_rhythm_is_over(const struct oc_rhythm *r, int64_t at_ms)
{
    return r->step_ms > 0 && oc_rhythm_is_gap(at_ms - r->at_ms, r->step_ms);
}

void oc_rhythm_steps_pass(struct oc_rhythm_steps *s, int64_t at_ms)
{
    const int64_t step_ms = s->at_ms != 0 ? at_ms - s->at_ms : 0;
    s->at_ms = at_ms;
    if (step_ms > 0) {
        struct oc_rhythm_class *c = &s->classes[63 - __builtin_clzll((uint64_t)step_ms)];
        c->count++;
        c->sum_ms += step_ms;
        c->longest_ms = step_ms > c->longest_ms ? step_ms : c->longest_ms;
    }
}

/* The time in steps of classes of at least so many. */
static int64_t time_in(const struct oc_rhythm_steps *s, size_t least)
{
    int64_t sum_ms = 0;
    for (size_t i = 0; i < OC_COUNT(s->classes); i++) {
        sum_ms += s->classes[i].count >= least ? s->classes[i].sum_ms : 0;
    }
    return sum_ms;
}

int64_t oc_rhythm_usual(const struct oc_rhythm_steps *s, bool *told)
{
    const int64_t again_ms = time_in(s, 2);
    const size_t least = again_ms > 0 ? 2 : 1;
    const int64_t half_ms = time_in(s, least) / 2;
    int64_t sum_ms = 0, usual_ms = 0;
    for (size_t i = 0; i < OC_COUNT(s->classes) && sum_ms <= half_ms; i++) {
        if (s->classes[i].count >= least) {
            sum_ms += s->classes[i].sum_ms;
            usual_ms = s->classes[i].longest_ms;
        }
    }
    if (told != NULL) {
        *told = again_ms >= TOLD_MIN && again_ms >= TOLD_STEPS * usual_ms;
    }
    return usual_ms;
}
