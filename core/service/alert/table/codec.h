/* Alerts as records of the journal. SPDX-License-Identifier: MIT  [loop]
 *
 * Numbers are varints, strings are a length and bytes. A record names channels, silences and labels by their text: numbers mean something in one process
 * alone. Readers are bounded and safe on any bytes. */
#ifndef OC_SERVICE_ALERT_CODEC_H
#define OC_SERVICE_ALERT_CODEC_H

#include "core/service/alert/table/table.h"

/* Types of records; numbers are kept for ever. */
#define OC_KEEP_ALERT   1 /* everything */
#define OC_KEEP_TOUCH   2 /* times alone */
#define OC_KEEP_REMOVE  3 /* key */
#define OC_KEEP_PROMISE 4 /* a delivery: its id (36 bytes), JSON */
#define OC_KEEP_ENDED   5 /* id of a delivery that is over */
#define OC_KEEP_GROUP   6 /* when a group was told last (group.h) */

void oc_codec_alert(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a);
void oc_codec_touch(struct oc_buf *out, const struct oc_alert *a);
void oc_codec_remove(struct oc_buf *out, const struct oc_alert *a);

/* Reads a record of this type into the table. The alert that it is about, borrowed; NULL when it is of another type, removed one, or is damaged. */
struct oc_alert *oc_codec_read(struct oc_alerts *t, unsigned type, const void *data, size_t len);

#endif
