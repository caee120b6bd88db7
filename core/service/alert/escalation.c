/* What an alert remembers of its escalation. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/escalate.h"

void oc_escalation_free(struct oc_escalation *e)
{
    if (e) {
        free(e->times);
        free(e);
    }
}

/* Room for one beginning more: the oldest goes. */
static void add_time(struct oc_escalation *e, int64_t at)
{
    if (!e->times) {
        e->times = oc_calloc(OC_ESCALATE_TIMES, sizeof *e->times);
    }
    if (e->count == OC_ESCALATE_TIMES) {
        memmove(e->times, e->times + 1, (OC_ESCALATE_TIMES - 1) * sizeof *e->times);
        e->count--;
    }
    e->times[e->count++] = (uint32_t)(at / OC_SECOND);
}

void oc_escalation_begin(struct oc_alert *a)
{
    a->escalation_asked = false;
    if (a->starts_at <= 0) {
        return; /* the first one: there is nothing to remember yet */
    }
    if (!a->escalation) {
        a->escalation = oc_calloc(1, sizeof *a->escalation);
    }
    add_time(a->escalation, a->starts_at);
    a->escalation->since = a->escalation->due = 0;
    a->escalation->step = 0;
    a->escalation->raised = false;
}

enum oc_alert_severity oc_escalation_severity(const struct oc_alert *a,
                                              enum oc_alert_severity severity)
{
    bool raised = a->firing && a->escalation && a->escalation->raised;
    return raised && a->severity > severity ? (enum oc_alert_severity)a->severity : severity;
}

void oc_escalation_calm(struct oc_alert *a)
{
    struct oc_escalation *e = a->escalation;
    a->escalation_asked = false;
    if (!e || (!e->since && !e->due && !e->step)) {
        return;
    }
    e->since = e->due = 0;
    e->step = 0;
    a->dirty = true;
}

json_t *oc_escalation_json(const struct oc_alert *a)
{
    const struct oc_escalation *e = a->escalation;
    if (!e || !a->firing || (!e->due && !e->step && !e->raised)) {
        return NULL;
    }
    json_t *json = json_object();
    oc_json_set_int(json, "step", e->step);
    oc_json_set_bool(json, "raised", e->raised);
    oc_json_set_time(json, "since", e->since);
    oc_json_set_time(json, "due", e->due);
    return json;
}
