/* What was refused: an entry of it, and of one actor not without end. SPDX-License-Identifier: MIT
 *
 * Whoever may do nothing can be refused as often as they like: that must neither fill the disk nor hide what others do. */
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"

#define ACTORS 256
#define EACH   20 /* entries about one actor in a minute */

void oc_audit_refused_begin(struct oc_audit *s)
{
    s->refusals = (struct oc_ration){.each = EACH, .max = ACTORS};
}

void oc_audit_refused(struct oc_audit *s, const json_t *data)
{
    unsigned left_out = 0;
    if (!oc_ration_take(&s->refusals, oc_json_str(data, "actor", ""), &left_out)) {
        return;
    }
    json_t *entry = json_copy((json_t *)data);
    if (left_out > 0) {
        oc_json_set_int(entry, "left_out", left_out);
    }
    oc_audit_add(s, "denied", entry, 1 + left_out);
    json_decref(entry);
}

void oc_audit_refused_settle(struct oc_audit *s, int64_t now)
{
    char actor[OC_RATION_NAME];
    unsigned left_out = 0;
    /* what is forgotten here must be written: it waits until that can be */
    while (oc_ledger_healthy(s->env.ledger, NULL) &&
           oc_ration_settle(&s->refusals, now, actor, &left_out)) {
        json_t *entry = json_object();
        oc_json_set_str(entry, "actor", actor);
        oc_json_set_int(entry, "left_out", left_out);
        oc_audit_add(s, "denied", entry, left_out);
        json_decref(entry);
    }
}
