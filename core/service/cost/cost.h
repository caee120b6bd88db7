/* What the agents spend: figures, prices, budgets, forecasts. SPDX-License-Identifier: MIT  [loop]
 *
 * Collectors bring neutral counters (their manifests declare them):
 *   usage.requests{model,provider,agent,key,status}   status: ok, failed
 *   usage.tokens{model,provider,agent,key,type}       type: input (cached ones included), output, cache_read, cache_write
 *   usage.spend_dollars{model,provider,agent,key}     what the gateway charged
 *   usage.since                                       seconds since 1970 at which these were 0
 *   usage.tracked                                     0: this call could not tell
 *   usage.ledger_today_dollars                        the gateway's own books, for today in UTC
 * Their growth is laid evenly over the days and hours since the last look (spread.h), across restarts of the gateway and of
 * ours; counters and figures are written in one transaction, so that neither is counted twice nor lost. What was not told is
 * unknown, never zero.
 *
 * Configuration: `cost` (cost.c, configure.c). Samples of its own: cost.* (emit.c). Operations: cost.*. */
#ifndef OC_SERVICE_COST_COST_H
#define OC_SERVICE_COST_COST_H

#include "core/service/env.h"

struct oc_cost;

struct oc_cost *oc_cost_create(const struct oc_env *env);
void oc_cost_configure(struct oc_cost *c, const struct oc_config *config, struct oc_diags *diags);
/* Adds the option tables of `cost` to `sections`, for the reference. */
void oc_cost_describe(json_t *sections);
void oc_cost_destroy(struct oc_cost *c); /* NULL is fine */

#endif
