/* What an alert remembers of its escalation. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/escalate/escalate.h"

void oc_escalation_free(struct oc_escalation *e)
{
    if (e && e->shares > 0) {
        e->shares--;
    } else if (e) {
        free(e->times);
        free(e);
    }
}

struct oc_escalation *oc_escalation_own(struct oc_alert *a)
{
    struct oc_escalation *e = a->escalation;
    if (e && e->shares == 0) {
        return e;
    }
    a->escalation = e ? oc_memdup(e, sizeof *e) : oc_calloc(1, sizeof *e);
    a->escalation->shares = 0; /* what is shared has no past */
    oc_escalation_free(e);
    return a->escalation;
}

static bool is_plain(const struct oc_escalation *e)
{
    return !e || (e->step == 0 && e->count == 0 && !e->raised);
}

void oc_escalation_plan(struct oc_escalation **last, struct oc_alert *a, int64_t since, int64_t due)
{
    if (!is_plain(a->escalation)) {
        struct oc_escalation *e = oc_escalation_own(a);
        e->since = since;
        e->due = due;
        return;
    }
    if (!*last || (*last)->since != since || (*last)->due != due) {
        oc_escalation_free(*last);
        *last = oc_calloc(1, sizeof **last);
        (*last)->since = since;
        (*last)->due = due;
    }
    (*last)->shares++;
    oc_escalation_free(a->escalation);
    a->escalation = *last;
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
    struct oc_escalation *e = oc_escalation_own(a);
    add_time(e, a->starts_at);
    e->since = e->due = 0;
    e->step = 0;
    e->raised = false;
}

enum oc_alert_severity oc_escalation_severity(const struct oc_alert *a,
                                              enum oc_alert_severity severity)
{
    bool raised = a->firing && a->escalation && a->escalation->raised;
    return raised && a->severity > severity ? (enum oc_alert_severity)a->severity : severity;
}

void oc_escalation_calm(struct oc_alert *a)
{
    const struct oc_escalation *was = a->escalation;
    a->escalation_asked = false;
    if (!was || (!was->since && !was->due && !was->step)) {
        return;
    }
    struct oc_escalation *e = oc_escalation_own(a);
    e->since = e->due = 0;
    e->step = 0;
    a->dirty = true;
}

const struct oc_escalation *oc_escalation_shown(const struct oc_alert *a)
{
    const struct oc_escalation *e = a->escalation;
    return e && a->firing && (e->due || e->step || e->raised) ? e : NULL;
}

json_t *oc_escalation_json(const struct oc_alert *a)
{
    const struct oc_escalation *e = oc_escalation_shown(a);
    if (!e) {
        return NULL;
    }
    json_t *json = json_object();
    oc_json_set_int(json, "step", e->step);
    oc_json_set_bool(json, "raised", e->raised);
    oc_json_set_time(json, "since", e->since);
    oc_json_set_time(json, "due", e->due);
    return json;
}
