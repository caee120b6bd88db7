/* Whether a silence can be judged often enough. SPDX-License-Identifier: MIT */
#include "core/base/regex.h"
#include "core/service/alert/silence/silence_draft.h"
#include "core/service/alert/table/select.h"

/* Of all expressions over all alerts: less than a tenth of a second. */
#define STEPS_MAX UINT64_C(5000000)

static uint64_t steps_of(const struct oc_silence_draft *draft)
{
    uint64_t steps = 0;
    for (size_t i = 0; i < draft->matcher_count; i++) {
        steps += draft->matchers[i].regex ? oc_regex_steps(draft->matchers[i].regex) : 0;
    }
    return steps;
}

int oc_silence_check_cost(const struct oc_silences *set, const struct oc_silence_draft *draft,
                          struct oc_error *err)
{
    const uint64_t before = steps_of(draft);
    uint32_t it = 0;
    for (const struct oc_alert *a; (a = oc_alerts_next(set->alerts, &it));) {
        oc_alerts_match(set->alerts, draft->matchers, draft->matcher_count, a);
        if (steps_of(draft) - before > STEPS_MAX) {
            oc_error_set(err, OC_E_CONFIG,
                         "the expressions take too long for as many alerts as there are");
            oc_error_hint(err,
                          "Put a matcher with = before them (instance=web), or write a simpler "
                          "expression.");
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}
