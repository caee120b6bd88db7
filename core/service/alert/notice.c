/* When an alert is worth telling. SPDX-License-Identifier: MIT */
#include "notice.h"

/* The moment at which the firing alert is to be notified; INT64_MAX = never. */
static int64_t firing_due(const struct oc_alert *alert, const struct oc_notice_times *times,
                          int64_t now)
{
    /* A clock that was set back must not keep people waiting for more than one period. */
    int64_t last = alert->notified_at < now ? alert->notified_at : now;

    if (alert->unsilenced || (!alert->announced && last == 0)) {
        return now;
    }
    if (!alert->announced) {
        return last + times->cooldown;
    }
    return times->repeat > 0 ? last + times->repeat : INT64_MAX;
}

enum oc_notice oc_notice_decide(const struct oc_alert *alert, const struct oc_notice_times *times,
                                int64_t now, int64_t *next)
{
    *next = INT64_MAX;
    if (alert->silence || alert->inhibited) {
        return OC_NOTICE_NONE;
    }
    if (!alert->firing) {
        return alert->resolve_due ? OC_NOTICE_RESOLVED : OC_NOTICE_NONE;
    }
    if (oc_alert_acknowledged_at(alert)) {
        return OC_NOTICE_NONE;
    }
    int64_t due = firing_due(alert, times, now);
    if (due <= now) {
        return OC_NOTICE_FIRING;
    }
    *next = due;
    return OC_NOTICE_NONE;
}

const char *oc_notice_held_by(const struct oc_alert *alert)
{
    if (alert->silence) {
        return "silence";
    }
    if (alert->inhibited) {
        return "inhibition";
    }
    return oc_alert_acknowledged_at(alert) ? "acknowledgement" : "cooldown";
}
