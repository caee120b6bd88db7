/* Escalation: alerts that nobody looks after are told again, to others, or graver. SPDX-License-Identifier: MIT  [loop]
 *
 * The policy escalate(alert, at) says what the next step is and when: {after (s), channels, severity, reason}, or nil. `after` counts from when the alert began to
 * wait for somebody: when it fired, or when its silence or acknowledgement ended. A step to other channels is counted; one that raises the severity begins
 * the count anew. An acknowledgement, a silence and the end of the alert end the chain.
 *
 * The host asks when an episode begins and after each step, and keeps the time of the next one with the alert (oc_alert_next_look), so that nothing is polled. What
 * was done is written in the frame of the promise: a crash repeats no step and skips none. */
#ifndef OC_SERVICE_ALERT_ESCALATE_H
#define OC_SERVICE_ALERT_ESCALATE_H

#include "core/base/error.h"
#include "core/service/alert/table/record.h"

#define OC_ESCALATE_TIMES 16 /* beginnings of episodes that are remembered */
#define OC_ESCALATE_STEPS 32 /* of one chain */

/* A step to come or taken, or a past. Alerts that began together and wait for the same step share one: oc_escalation_own before it is changed. */
struct oc_escalation {
    int64_t since; /* wall ms; when it began to wait for somebody; 0: it does not */
    int64_t due;   /* wall ms of the next step; 0: none */
    uint32_t *
        times; /* owned; seconds since 1970 at which the last episodes began, oldest first; not the present one */
    uint16_t step;   /* taken of this chain */
    uint8_t count;   /* of times */
    bool raised;     /* the severity is ours until the alert is over */
    uint32_t shares; /* who has it, besides one */
};

struct oc_alert_service;

/* Decides, and takes the steps that are due; true when one was taken. Before the alert is told, so that one that is raised is told
 * once, unless it may wait. */
bool oc_escalate_review(struct oc_alert_service *s, struct oc_alert *a, int64_t now);
/* It began for the first time: what is to come if nobody looks after it can be asked when people have been told. */
bool oc_escalate_may_wait(const struct oc_alert *a);
/* The sooner of `next` and what escalation and acknowledgement have to come. */
int64_t oc_escalate_next(const struct oc_alert *a, int64_t next);
/* By hand: to `channels` (none: those of the next step, else all usable ones that admit "critical"); the severity becomes critical. Durable when it returns OC_OK. OC_E_CONFLICT
 * when it does not fire, OC_E_NOT_FOUND: no such channel, or none that can be used. */
int oc_escalate_now(struct oc_alert_service *s, struct oc_alert *a, const char *by,
                    const char *const *channels, size_t count, const char *reason,
                    struct oc_error *err);

/* The alert's alone, made when it is new. Borrowed. */
struct oc_escalation *oc_escalation_own(struct oc_alert *a);
/* The first step is due then. `*last` (owned, NULL at first) is what was planned before: it is shared when it is the same. */
void oc_escalation_plan(struct oc_escalation **last, struct oc_alert *a, int64_t since,
                        int64_t due);
/* An episode begins at `since`, another one is behind it. Called before the alert's times change. */
void oc_escalation_begin(struct oc_alert *a);
/* The severity that counts when somebody says `severity`: not less than what it was raised to. */
enum oc_alert_severity oc_escalation_severity(const struct oc_alert *a,
                                              enum oc_alert_severity severity);
/* The chain is over: somebody looks after it. */
void oc_escalation_calm(struct oc_alert *a);
void oc_escalation_free(struct oc_escalation *e); /* NULL is fine */
/* What of it people are shown: NULL while there is nothing to say. */
const struct oc_escalation *oc_escalation_shown(const struct oc_alert *a);
json_t *oc_escalation_json(const struct oc_alert *a); /* NULL when there is nothing to say */
void oc_alert_add_escalate_ops(struct oc_alert_service *s);

#endif
