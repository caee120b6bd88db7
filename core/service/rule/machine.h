/* The states of one rule for one label set, without anything around them. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SERVICE_RULE_MACHINE_H
#define OC_SERVICE_RULE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum oc_rule_state { OC_RULE_INACTIVE, OC_RULE_PENDING, OC_RULE_FIRING, OC_RULE_RESOLVED };

struct oc_rule_times {
    int64_t for_ms, keep_ms;
};

struct oc_rule_machine {
    enum oc_rule_state state;
    int64_t since_ms; /* when the condition became true */
    int64_t clear_ms; /* in FIRING: since when it may end, 0 = it may not */
    int64_t at_ms;    /* latest sample that was looked at */
    int64_t step_ms;  /* in PENDING: the longest step that was no gap; 0 = not known */
    int64_t usual_ms; /* in PENDING: the next step may take as long as this besides */
    bool resumed;     /* from the store: how long it is since the sample before is not known */
};

/* Whether a sample at this time comes after what looks like a gap: who knows how long a step usually is says so before the sample is
 * passed. It holds for this step only. */
bool oc_rule_machine_doubts(const struct oc_rule_machine *m, int64_t at_ms);
void oc_rule_machine_expect(struct oc_rule_machine *m, int64_t usual_ms); /* 0 = it is not known */

/* A sample came at this time, before it is asked what it says. In PENDING the time in which nothing was measured does not
 * count as time in which the condition held: since_ms is moved on by a gap of more than a few of the usual steps. */
void oc_rule_machine_pass(struct oc_rule_machine *m, int64_t at_ms);

/* Takes one answer: `truth` of the expression, `release` whether a firing rule may end (not truth,
 * and `resolve`). Returns whether the state changed. A time before at_ms means that the clock was
 * set back: what is being waited for starts anew, so nothing happens early. */
bool oc_rule_machine_step(struct oc_rule_machine *m, const struct oc_rule_times *times,
                          int64_t at_ms, bool truth, bool release);
/* Time alone: ends a firing whose `keep_firing_for` is over. Returns whether the state changed. */
bool oc_rule_machine_tick(struct oc_rule_machine *m, const struct oc_rule_times *times,
                          int64_t now_ms);
/* The series is gone: pending becomes inactive, firing becomes resolved. Returns whether the state
 * changed. */
bool oc_rule_machine_end(struct oc_rule_machine *m, int64_t at_ms);

const char *oc_rule_state_name(enum oc_rule_state state); /* "firing" */
int oc_rule_state_parse(const char *name);                /* -1 when unknown */

#endif
