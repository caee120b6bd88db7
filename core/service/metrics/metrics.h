/* The operations over stored samples: list, query, export. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_METRICS_METRICS_H
#define OC_SERVICE_METRICS_METRICS_H

#include "core/service/env.h"

struct oc_metrics;

struct oc_metrics *oc_metrics_create(const struct oc_env *env);
void oc_metrics_destroy(struct oc_metrics *m); /* NULL is fine */

#endif
