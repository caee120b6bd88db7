/* When an alert is worth telling: only the decision. SPDX-License-Identifier: MIT */
#ifndef OC_SERVICE_ALERT_NOTICE_H
#define OC_SERVICE_ALERT_NOTICE_H

#include "core/service/alert/table/record.h"

enum oc_notice { OC_NOTICE_NONE, OC_NOTICE_FIRING, OC_NOTICE_RESOLVED };

struct oc_notice_times {
    int64_t
        cooldown;   /* between two notifications of firing when it resolved in between; 0 = none */
    int64_t repeat; /* between two notifications of one episode; 0 = never again */
};

/* What is due at `now`. `*next` receives when to ask again if nothing changes: INT64_MAX = never.
 */
enum oc_notice oc_notice_decide(const struct oc_alert *alert, const struct oc_notice_times *times,
                                int64_t now, int64_t *next);

/* Why nothing is told of a firing alert that was not announced: "silence", "inhibition", "acknowledgement",
 * "cooldown". */
const char *oc_notice_held_by(const struct oc_alert *alert);

#endif
