/* Ends what a collector no longer reports. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_SCHEDULE_SWEEP_H
#define OC_SERVICE_SCHEDULE_SWEEP_H

#include "core/service/env.h"

/* Marks every series of `instance` whose latest sample is older than `since_ms` as gone (a NaN sample, published like any
 * other, so that alerts about it resolve), and publishes "collector.swept" {"instance","since"} for the health service.
 * INT64_MAX = all of them: the collector was removed. */
void oc_sweep(const struct oc_env *env, const char *instance, int64_t since_ms);

/* Sweeps every instance that has series of an earlier run and is not `known` any more. What a service of the host publishes itself
 * must be known: it may not have told anything yet in this run. */
void oc_sweep_strangers(const struct oc_env *env, bool (*known)(void *ctx, const char *instance),
                        void *ctx);

#endif
