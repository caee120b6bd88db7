/* Requests, tokens and money out of LiteLLM's metrics page, by model, agent and key. SPDX-License-Identifier: MIT
 *
 * What comes out are the neutral counters that the host's cost figures are made of:
 *   usage.requests{model,provider,agent,key,status}  status: ok, failed
 *   usage.tokens{model,provider,agent,key,type}      type: input (cached ones included), output, cache_read, cache_write
 *   usage.spend_dollars{model,provider,agent,key}    the gateway's own figure
 *   usage.since                                      seconds since 1970 at which all of them were 0
 * The agent is the label that carries one (`custom_prometheus_metadata_labels`), else the agent_id of the model's
 * definition, else the name behind `agent/` of the virtual model that was asked for. [worker] */
#ifndef OC_LITELLM_USAGE_H
#define OC_LITELLM_USAGE_H

#include "exposition/exposition.h"
#include "latency.h"

#define USAGE_ROWS_MAX 20000 /* samples of usage that are read of one page */

struct agent_names; /* which agent a model's id belongs to */

struct agent_names *agent_names_create(void);
void agent_names_destroy(struct agent_names *n); /* NULL is fine */
void agent_names_clear(struct agent_names *n);
void agent_names_add(struct agent_names *n, const char *model_id, const char *agent);
/* NULL: none */
const char *agent_names_find(const struct agent_names *n, struct oc_view model_id);

struct usage_row;

struct usage {
    struct usage_row *rows; /* owned */
    size_t count, size;
    struct latency_set *latency; /* borrowed; gets the buckets; without a model: of all */
    double since;                /* 0 = not said */
    double requests, failed;     /* model calls, all together */
    bool seen;                   /* the page has metrics of LiteLLM */
    bool capped;
};

void usage_finish(struct usage *u);
/* For scrape_options.watch; the texts of the page must outlive `u`. */
void usage_watch(void *ctx, const struct exposition_sample *sample);
/* Emits what was gathered; the code of the sink. */
int32_t usage_emit(const struct usage *u, const struct agent_names *agents,
                   const struct oc_sink *out);

#endif
