/* How often samples of one series come, and whether the next one is overdue. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SERVICE_RULE_RHYTHM_H
#define OC_SERVICE_RULE_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

struct oc_rhythm {
    int64_t at_ms;   /* of the latest sample; 0 = none yet */
    int64_t step_ms; /* between two samples; 0 = not known */
};

/* A sample came. The step is the longest of late: it is forgotten in as long a time as it took, however many samples come then, so that
 * those that come irregularly, or in bursts, are waited for as long as they have taken. */
void oc_rhythm_pass(struct oc_rhythm *r, int64_t at_ms);
/* Whether the samples have ended, by this time, as far as the rhythm tells: never when it is not known. */
bool oc_rhythm_is_over(const struct oc_rhythm *r, int64_t at_ms);

/* Whether so long a time is a gap, and not a step of samples that come every `step_ms`: more than three of them, and more than
 * a minute. */
bool oc_rhythm_is_gap(int64_t took_ms, int64_t step_ms);

#endif
