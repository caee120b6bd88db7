/* The documents of /api/litellm, made of operations. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_LITELLM_H
#define OC_API_LITELLM_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/op/op.h"

/* Whether a collector has ever told figures of the gateway. */
bool oc_litellm_known(struct oc_ops *ops);

/* {"status":"healthy","litellm":{..}} | {"status":"not_initialized"|"error","error"}. All results are owned by the caller. */
json_t *oc_litellm_health(struct oc_ops *ops, bool *healthy);
/* {"data":{health,spend,tokens,requests,latency,costByModel,costByAgent,budgets,collectionTime},"lastUpdated","error"} */
json_t *oc_litellm_metrics(struct oc_ops *ops);
json_t *oc_litellm_spend(struct oc_ops *ops);
json_t *oc_litellm_spend_models(struct oc_ops *ops);
json_t *oc_litellm_spend_endpoints(struct oc_ops *ops);
/* {"budgets","alerts","totalBudget","totalSpent","utilizationPercent"} */
json_t *oc_litellm_budgets(struct oc_ops *ops);
json_t *oc_litellm_models_usage(struct oc_ops *ops);
json_t *oc_litellm_agents_usage(struct oc_ops *ops);
/* Appends the latest of LiteLLM's own samples, `name{label="value"} number`. */
void oc_litellm_prometheus(struct oc_ops *ops, struct oc_buf *out);

#endif
