/* Escalation: what the policy is told, and what it answers. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_ESCALATE_ASK_H
#define OC_SERVICE_ALERT_ESCALATE_ASK_H

#include "core/service/alert/escalate/escalate.h"

#define OC_ESCALATE_CHANNELS 32 /* of one step */

/* One answer of the policy. */
struct oc_escalation_step {
    bool is; /* there is one */
    int64_t after;
    bool raises;
    enum oc_alert_severity severity;
    char *channels[OC_ESCALATE_CHANNELS]; /* owned */
    size_t count;
    char reason[256];
};

/* The next step, counted from `since`; OC_OK also when there is none. Finish `step` in any case. */
int oc_escalate_ask(struct oc_alert_service *s, struct oc_alert *a, int64_t since, int64_t now,
                    struct oc_escalation_step *step);
void oc_escalation_step_finish(struct oc_escalation_step *step);

/* What was answered in this round; made when it is needed. NULL is fine. To be destroyed when the configured channels are others. */
struct oc_escalate_memo;
void oc_escalate_forget(struct oc_escalate_memo *memo);

#endif
