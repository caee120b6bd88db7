/* Whether a route may tell somebody now: its mute and active intervals. SPDX-License-Identifier: MIT */
#include "core/service/alert/mute.h"

#include "core/service/alert/noise.h"

/* One of the intervals of these names contains the moment; those that are not configured contain none. */
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
        muted = muted || (leaf->active.count > 0 && !in_any(set, &leaf->active, at, &change));
        if (!muted || change == INT64_MAX) {
            *until = muted ? INT64_MAX : at;
            return at > now || muted;
        }
        at = change;
    }
    *until = at;
    return true;
}
