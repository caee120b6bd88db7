/* Fail-over: another channel makes the delivery that one could not. SPDX-License-Identifier: MIT  [loop]
 *
 * A channel may name another one as its `fallback`, which may name a third one, and so on; a circle is a finding of the configuration. When a delivery has
 * failed for good, or waits for a channel that cannot be used, or whose receiver asks for a pause of more than OC_CHANNEL_PATIENCE, its promise goes to the first of them that can: the new promise and the end of the old one are in the same frame of
 * the journal, so that a crash neither loses nor doubles it. Receivers see in "failed_over" which channels were tried before. */
#ifndef OC_SERVICE_ALERT_FAILOVER_H
#define OC_SERVICE_ALERT_FAILOVER_H

#include "core/service/alert/deliver/outbox.h"

/* The channel of this name, or else the first of its fallbacks that can be used; NULL: none. */
struct oc_channel *oc_failover_usable(const struct oc_outbox *o, const char *name);
/* It can be used, or one of its fallbacks can: what is promised to it will arrive. */
bool oc_failover_can(const struct oc_channel *ch);
/* Promises what `d` promised to the next channel that has not failed it yet; publishes alert.failed_over. NULL: there is none. `d` remains the
 * caller's, who ends it. */
const struct oc_channel *oc_failover_pass(struct oc_outbox *o, const struct oc_channel *from,
                                          const struct oc_delivery *d, const char *reason);
/* Passes on all that waits for a channel that cannot be used. True when nothing is to be sent there. */
bool oc_failover_drain(struct oc_channel *ch);
/* Fallbacks in `alerts.channels` that are not there, and circles. */
void oc_failover_check(const struct oc_node *root, struct oc_diags *diags);

#endif
