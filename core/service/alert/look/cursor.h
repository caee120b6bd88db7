/* A long list of alerts, or of their groups, read a part at a time. SPDX-License-Identifier: MIT  [loop]
 *
 * The service may change between any two calls. What was there when a cursor looked at it and is still there when its turn comes is given once, as it is
 * then; what has gone or no longer fits is left out; what is new may be. The order never breaks, because it is that of keys, not of places. A cursor must be
 * closed before the service is destroyed. */
#ifndef OC_SERVICE_ALERT_CURSOR_H
#define OC_SERVICE_ALERT_CURSOR_H

#include "core/service/alert/look/view.h"

struct oc_alert_cursor;

/* One group; valid until the cursor is closed. */
struct oc_cursor_group {
    const char *receiver;
    const struct oc_alert_pair *labels; /* of group_by, those that the alerts have; sorted */
    size_t label_count;
    bool
        single; /* group_by is "...": each alert is a group of its own, and its labels are those of the group */
};

/* `q` is copied. NULL and OC_E_CONFIG when `receiver` is no regular expression. */
struct oc_alert_cursor *oc_alert_cursor_open(struct oc_alert_service *s,
                                             const struct oc_alert_query *q, bool grouped,
                                             struct oc_error *err);
void oc_alert_cursor_close(struct oc_alert_cursor *c); /* NULL is fine */

/* Finds out what there is to list, for about `budget_ms`. False: call it again. */
bool oc_alert_cursor_prepare(struct oc_alert_cursor *c, int64_t budget_ms);
/* The next alert, borrowed until anything else is asked of the service; NULL: there is none. By id; grouped: by receiver, the values of the group,
 * and id, and an alert comes once for each of its receivers. `group` may be NULL when it is not grouped. */
const struct oc_alert_view *oc_alert_cursor_next(struct oc_alert_cursor *c,
                                                 const struct oc_cursor_group **group);

#endif
