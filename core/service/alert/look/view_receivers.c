/* Receivers of an alert: whom it was told to, else whom it would be. SPDX-License-Identifier: MIT
 *
 * Asking the policy costs microseconds, and a list may be of a hundred thousand alerts, so the answer is kept beside the table: 16 bytes for each
 * place, and only once somebody lists alerts of which nobody was told (they are silenced, inhibited, or wait in a group). */
#include <string.h>

#include "core/base/map.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/policy.h"
#include "core/service/alert/look/view_internal.h"
#include "core/service/alert/service.h"

/* Which policies and channels there are: another number when they are others. */
static uint64_t versions_of(const struct oc_alert_service *s)
{
    const uint64_t parts[] = {s->env->policies ? oc_policies_generation(s->env->policies) : 0,
                              s->routing.version};
    return oc_hash_bytes(parts, sizeof parts, 1) | 1;
}

/* Of what the answer depends on; what a policy makes of times and counts counts as it was when it was asked. */
static uint64_t subject_of(const struct oc_alert *a, uint64_t versions)
{
    const uint64_t parts[] = {a->key,    (uint64_t)(uintptr_t)a->body, a->severity,
                              a->firing, (uint64_t)a->starts_at,       versions};
    return oc_hash_bytes(parts, sizeof parts, 2) | 1;
}

static uint64_t bit_at(size_t i)
{
    return i < OC_ALERT_CHANNELS_MAX ? UINT64_C(1) << i : 0;
}

static uint64_t ask(struct oc_view_scratch *v, struct oc_alert_service *s, const struct oc_alert *a,
                    uint64_t versions)
{
    struct oc_router router = {.state = &s->routing,
                               .outbox = &s->outbox,
                               .alerts = &s->alerts,
                               .now = oc_time_wall(),
                               .any = true};
    struct oc_route route;
    uint64_t mask = 0;
    if (v->failed_at == versions) { /* one deadline is enough for all of them */
        oc_copy(router.failure, sizeof router.failure, "the route policy failed");
    }
    oc_route_find(&router, a, &route);
    v->failed_at = router.failure[0] ? versions : 0;
    for (size_t i = 0; i < route.targets.count; i++) {
        for (size_t k = 0; k < s->outbox.channels.count; k++) {
            mask |= route.targets.items[i].channel == s->outbox.channels.items[k] ? bit_at(k) : 0;
        }
    }
    oc_route_finish(&route);
    return mask;
}

static uint64_t routed(struct oc_view_scratch *v, struct oc_alert_service *s,
                       const struct oc_alert *a)
{
    static const struct oc_view_route none = {0};
    const uint64_t versions = versions_of(s), of = subject_of(a, versions);
    if (a->index > s->alerts.made) {
        return 0;
    }
    while (v->routes.count <= a->index) {
        OC_VEC_PUSH(&v->routes, none);
    }
    struct oc_view_route *route = &v->routes.items[a->index];
    if (route->of != of) {
        const uint64_t mask = ask(v, s, a, versions);
        *route = (struct oc_view_route){of, mask};
    }
    return route->mask;
}

void oc_view_fill_receivers(struct oc_view_scratch *v, struct oc_alert_service *s,
                            const struct oc_alert *a)
{
    const uint64_t mask = a->told ? 0 : routed(v, s, a);
    v->receiver_count = 0;
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        const struct oc_channel *ch = s->outbox.channels.items[i];
        const int bit = a->told ? oc_alerts_find_channel(&s->alerts, ch->name) : -1;
        const bool told = bit >= 0 && (a->told & (UINT64_C(1) << bit));
        if ((told || (mask & bit_at(i))) && v->receiver_count < OC_ALERT_CHANNELS_MAX) {
            v->receivers[v->receiver_count++] = ch->name;
        }
    }
    if (v->receiver_count == 0) {
        v->receivers[v->receiver_count++] = OC_RECEIVER_NONE;
    }
}

void oc_view_free(struct oc_view_scratch *v)
{
    if (v) {
        OC_VEC_FINISH(&v->routes);
        free(v);
    }
}
