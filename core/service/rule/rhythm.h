/* How often samples of one series come, and whether the next one is overdue. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SERVICE_RULE_RHYTHM_H
#define OC_SERVICE_RULE_RHYTHM_H

#include <stdbool.h>
#include <stddef.h>
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

/* The steps of many samples, by how long they are. Begins as {0}. */
struct oc_rhythm_steps {
    int64_t at_ms; /* of the latest sample; 0 = none yet */
    struct oc_rhythm_class {
        size_t count;
        int64_t sum_ms, longest_ms;
    } classes[64]; /* by powers of two */
};

void oc_rhythm_steps_pass(struct oc_rhythm_steps *s, int64_t at_ms);
/* The step in which the middle of the time was passed, so that a burst does not say how often samples come; 0 = there was none.
 * What has come but once was a gap, for all that is known, and is left out when another step has come again. *told (may be NULL)
 * gets whether that is enough to say so without looking further back: half an hour in steps that came again, which is more
 * than a short burst, and several of the step, which is more than two gaps that were alike. */
int64_t oc_rhythm_usual(const struct oc_rhythm_steps *s, bool *told);

#endif
