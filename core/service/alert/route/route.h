/* Whom to tell: the `route` policy's answer, or the fall-back. SPDX-License-Identifier: MIT  [loop]
 */
#ifndef OC_SERVICE_ALERT_ROUTE_H
#define OC_SERVICE_ALERT_ROUTE_H

#include "core/service/alert/deliver/outbox.h"
#include "core/service/alert/route/leaf.h"
#include "core/service/alert/route/route_memo.h"

struct oc_route_target {
    struct oc_channel *channel;
    const struct oc_leaf *leaf; /* lives as long as the service */
};

struct oc_route {
    OC_VEC(struct oc_route_target)
    targets; /* usable channels in the order of the answer, each once for a leaf; once at all where nothing is grouped */
    const char *by;         /* "policy" or "levels" (the fall-back) */
    OC_VEC(char *) unknown; /* owned: names in the answer that are not configured */
    char note[256];         /* why the policy's answer was not used, or "" */
};

/* What routing keeps between rounds. */
struct oc_router_state {
    struct oc_question *question;
    struct oc_kept *channels; /* what a policy sees of the configured channels */
    struct oc_leaves leaves;
    uint64_t version;             /* another number when the channels are others */
    struct oc_policies *policies; /* borrowed */
    struct oc_route_memo memo;
};
/* `policies` is borrowed. */
void oc_router_state_init(struct oc_router_state *state, struct oc_policies *policies);
void oc_router_state_finish(struct oc_router_state *state);
/* The channels are others now. */
void oc_router_state_set_channels(struct oc_router_state *state, const struct oc_outbox *outbox);

/* One round of routing. A policy that ran into its deadline is not asked again in the same round: a
 * thousand alerts must not hold the loop a thousand times as long. */
struct oc_router {
    struct oc_router_state *state;
    const struct oc_outbox *outbox;
    const struct oc_alerts *alerts;
    int64_t now;
    bool any;                      /* what would be: also channels that cannot be used now */
    char failure[256];             /* why the policy is not asked any more, or "" */
    const struct oc_alert *sample; /* routed as others were; to be asked about when there is time */
};

/* Asks route(alert, at_ms), where alert also has "configured_channels". The answer is a list of names, or of tables {channels, path, group_by, group_wait,
 * group_interval, repeat_interval (ms), mute, active, text, send_resolved}; it is taken as it is, also an empty one. No policy, a failed one, no list,
 * or a list without one usable channel: all usable channels whose `levels` admit the severity. Finish with oc_route_finish. */
void oc_route_find(struct oc_router *router, const struct oc_alert *alert, struct oc_route *route);
void oc_route_finish(struct oc_route *route);
/* Asks about router->sample, if there is one, for those who want to see what policies are asked (`policy diff`). */
void oc_route_ask_sample(struct oc_router *router);

#endif
