/* Telling groups: who joins them, and one notification of all that is in one. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_FLUSH_H
#define OC_SERVICE_ALERT_FLUSH_H

#include "core/service/alert/service.h"

/* The alert is to be told to this channel with its group. */
void oc_flush_join(struct oc_alert_service *s, struct oc_alert *a, const char *channel,
                   const struct oc_leaf *leaf, int64_t now);
/* A group that told of it knows so although the alert does not: its marks are set right. To be called before it is decided what is to be told. */
void oc_flush_settle(struct oc_alert_service *s, struct oc_alert *a);
/* The alert is over. Bits of the channels that will hear of it with their groups. */
uint64_t oc_flush_resolve(struct oc_alert_service *s, struct oc_alert *a, int64_t now);
/* Groups have told everybody of the alert, or will; its own repetition is not needed. */
bool oc_flush_covers(const struct oc_alert_service *s, const struct oc_alert *a);

/* Tells the group if there is something to tell, and says when to look again. */
void oc_flush(struct oc_alert_service *s, struct oc_group *group, int64_t now);

/* How many a notification tells of. */
struct oc_flush_counts {
    size_t firing, resolved;
    size_t severity[OC_ALERT_CRITICAL +
                    1]; /* of those that fire; when none does, of those that are over */
};
/* The text of a notification: `pattern`, or the usual words when it is NULL. Filled in: {{count}}, {{firing}}, {{resolved}}, {{critical}}, {{warning}}, {{info}} (how
 * many), {{gravest}}, {{severity}} (the one severity, or each with its number, the gravest first), {{channel}} and the group's labels. Owned by the caller. */
char *oc_flush_text(const char *pattern, const struct oc_group *group,
                    const struct oc_flush_counts *counts);
/* Whether {{name}} can be filled in for a group of this leaf. */
bool oc_flush_fills(const struct oc_leaf *leaf, const char *name);

/* {"key","path","labels","size","firing","resolved","flushed_at","due_at"}; owned by the caller. */
json_t *oc_flush_group_json(const struct oc_group *group, size_t firing, size_t resolved);

#endif
