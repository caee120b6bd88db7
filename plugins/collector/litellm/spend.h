/* What LiteLLM's JSON endpoints say about models, keys and spend. SPDX-License-Identifier: MIT
 *
 * Every reader takes a text from outside: anything may be missing, null or of another type. What is not said is NaN, never
 * zero. Shapes are those of LiteLLM 1.100 (spend_management_endpoints.py, key_management_endpoints.py). [any] */
#ifndef OC_LITELLM_SPEND_H
#define OC_LITELLM_SPEND_H

#include "usage.h"

/* /health/readiness {"db": "connected" | "Not connected"}: 1, 0, or NaN when it is not said. */
double spend_database(const char *text, size_t len);

/* /model/info {"data": [{"model_info": {"id","agent_id"}}]}: how many; fills `agents`. NaN: no such document. */
double spend_models(const char *text, size_t len, struct agent_names *agents);

struct spend_figures {
    double spend, max_budget; /* dollars */
};
/* /key/info {"info": {"spend","max_budget"}} and /global/spend {"spend","max_budget"}. False: no such document. */
bool spend_key(const char *text, size_t len, struct spend_figures *out);

/* /spend/logs?start_date&end_date: [{"startTime": "2026-11-22", "spend": 0.5, ..}], the day's sum. NaN: no such document. */
double spend_of_day(const char *text, size_t len, const char *day);

/* /user/daily/activity {"results": [{"date","metrics":{"spend"},"breakdown":{"model_groups"..}}]}: the day's sum, NaN: no such
 * document. With `out`, the day's figures by model group and key as usage.*: for a proxy that shows no metrics. */
double spend_activity(const char *text, size_t len, const char *day, const struct oc_sink *out);

/* The proxy's own words for why it refuses, at most `size` bytes without line breaks; "" when it said none. */
void spend_reason(const char *text, size_t len, char *reason, size_t size);

#endif
