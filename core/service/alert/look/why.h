/* Why an alert was told, or was not: everything that has a say in it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_WHY_H
#define OC_SERVICE_ALERT_WHY_H

#include "core/base/buf.h"
#include "core/service/alert/service.h"

/* The answer of alert.why without its `text`. Owned by the caller. */
json_t *oc_why_json(struct oc_alert_service *s, struct oc_alert *a, int64_t now);
/* The same for people. */
void oc_why_text(const json_t *why, struct oc_buf *out);

#endif
