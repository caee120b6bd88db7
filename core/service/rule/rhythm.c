/* How often samples of one series come, and whether the next one is overdue. SPDX-License-Identifier: MIT */
#include "core/service/rule/rhythm.h"

#include "core/base/time.h"

#define GAP_STEPS 3
#define GAP_MIN   OC_MINUTE /* what comes within this time is never late */

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
