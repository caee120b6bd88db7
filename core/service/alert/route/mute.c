/* Whether a route may tell somebody now: its mute and active intervals. SPDX-License-Identifier: MIT */
#include "core/service/alert/route/mute.h"

#include "core/base/json.h"
#include "core/service/alert/deliver/noise.h"

/* A name that nobody configured says nothing: people are rather told than not. alert.doctor tells of it. */
static bool is_any_known(const struct oc_intervals *set, const struct oc_leaf_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (oc_intervals_find(set, names->items[i])) {
            return true;
        }
    }
    return false;
}

/* One of the intervals of these names contains the moment. */
static bool in_any(const struct oc_intervals *set, const struct oc_leaf_names *names, int64_t now,
                   int64_t *change)
{
    bool in = false;
    for (size_t i = 0; i < names->count; i++) {
        const struct oc_interval *interval = oc_intervals_find(set, names->items[i]);
        if (interval) {
            int64_t next = oc_interval_next(interval, now);
            *change = next < *change ? next : *change;
            in = in || oc_interval_contains(interval, now);
        }
    }
    return in;
}

bool oc_mute_is(const struct oc_alert_service *s, const struct oc_leaf *leaf, int64_t now,
                int64_t *until)
{
    const struct oc_intervals *set = &s->noise->intervals;
    int64_t at = now;
    /* Several intervals may hand over to each other: the first moment that is not muted counts. */
    for (int i = 0; i < OC_INTERVALS_MAX; i++) {
        int64_t change = INT64_MAX;
        bool muted = leaf->mute.count > 0 && in_any(set, &leaf->mute, at, &change);
        muted =
            muted || (is_any_known(set, &leaf->active) && !in_any(set, &leaf->active, at, &change));
        if (!muted || change == INT64_MAX) {
            *until = muted ? INT64_MAX : at;
            return at > now || muted;
        }
        at = change;
    }
    *until = at;
    return true;
}

bool oc_mute_knows(const struct oc_alert_service *s, const char *name)
{
    return s->noise != NULL && oc_intervals_find(&s->noise->intervals, name) != NULL;
}

static void tell_unknown(const struct oc_alert_service *s, const struct oc_leaf *leaf,
                         const struct oc_leaf_names *names, json_t *findings)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!oc_mute_knows(s, names->items[i])) {
            json_t *row = json_object();
            oc_json_set_str(row, "severity", "warning");
            oc_json_take(row, "message",
                         json_sprintf("the route %s names the interval %s, which is not configured",
                                      leaf->path ? leaf->path : "", names->items[i]));
            oc_json_set_str(row, "fix", "configure it in alerts.intervals, or mend the name");
            json_array_append_new(findings, row);
        }
    }
}

void oc_mute_doctor(const struct oc_alert_service *s, json_t *findings)
{
    for (size_t i = 0; i < s->routing.leaves.list.count; i++) {
        const struct oc_leaf *leaf = s->routing.leaves.list.items[i];
        tell_unknown(s, leaf, &leaf->mute, findings);
        tell_unknown(s, leaf, &leaf->active, findings);
    }
}
