/* The option table of the litellm collector. SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>

#define AT(member) offsetof(struct litellm_options, member)

#define TAKEN                                                                                      \
    "[\"litellm_spend_metric*\", \"litellm_total_tokens*\", \"litellm_input_*tokens*\", "          \
    "\"litellm_output_*tokens*\", \"litellm_proxy_total_requests_metric*\", "                      \
    "\"litellm_proxy_failed_requests_metric*\", \"litellm_deployment_*\", "                        \
    "\"litellm_request_total_latency_metric*\", \"litellm_overhead_latency_metric*\", "            \
    "\"litellm_llm_api_latency_metric*\", \"litellm_llm_api_time_to_first_token_metric*\", "       \
    "\"litellm_remaining_*\", \"litellm_*_max_budget_metric*\", \"litellm_max_*\", "               \
    "\"litellm_*_budget_remaining_hours_metric*\", \"litellm_redis_latency*\", "                   \
    "\"litellm_redis_fails*\", \"litellm_self_latency*\", \"litellm_in_flight_requests\"]"

const struct oc_option litellm_option_table[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = AT(url),
     .default_text = "http://127.0.0.1:4000",
     .choices = "http|https",
     .help = "where LiteLLM listens"},
    {.name = "master_key",
     .type = OC_OPT_SECRET,
     .offset = AT(master_key),
     .help = "key for the metrics page, when LiteLLM wants one, and for models and spend"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = AT(timeout),
     .default_text = "5s",
     .min = 10,
     .max = 600000,
     .help = "time for one request"},
    {.name = "warning",
     .type = OC_OPT_DURATION,
     .offset = AT(warning),
     .default_text = "5s",
     .help = "a longer response time is a warning"},
    {.name = "critical",
     .type = OC_OPT_DURATION,
     .offset = AT(critical),
     .help = "a longer response time is critical"},
    {.name = "ca_file",
     .type = OC_OPT_PATH,
     .offset = AT(ca_file),
     .help = "CA certificates (PEM) for an https URL"},
    {.name = "keep_alive",
     .type = OC_OPT_BOOL,
     .offset = AT(keep_alive),
     .default_text = "true",
     .help = "keep the connection for the next check"},
    {.name = "metrics_path",
     .type = OC_OPT_STRING,
     .offset = AT(metrics_path),
     .default_text = "/metrics",
     .help = "page of the metrics"},
    {.name = "spend_interval",
     .type = OC_OPT_DURATION,
     .offset = AT(spend_interval),
     .default_text = "5m",
     .max = 86400000,
     .help = "how often models, keys and spend are asked for; 0 = never"},
    {.name = "window",
     .type = OC_OPT_DURATION,
     .offset = AT(window),
     .default_text = "5m",
     .min = 1000,
     .max = 86400000,
     .help = "span over which latency quantiles are taken"},
    {.name = "max_body",
     .type = OC_OPT_SIZE,
     .offset = AT(max_body),
     .default_text = "16MB",
     .min = 1024,
     .max = 268435456,
     .help = "size of an answer that is read"},
    {.name = "max_samples",
     .type = OC_OPT_INT,
     .offset = AT(scrape.max_samples),
     .default_text = "20000",
     .min = 1,
     .max = 80000,
     .help = "LiteLLM's own samples of one page that are taken over"},
    {.name = "include",
     .type = OC_OPT_STRINGS,
     .offset = AT(scrape.include),
     .default_text = TAKEN,
     .help = "globs of the metrics to take over"},
    {.name = "exclude",
     .type = OC_OPT_STRINGS,
     .offset = AT(scrape.exclude),
     .default_text = "[\"*_created\", \"*_bucket\"]",
     .help = "globs of the metrics to leave out"},
    {.name = "label_drop",
     .type = OC_OPT_STRINGS,
     .offset = AT(scrape.label_drop),
     .default_text = "[\"end_user\", \"user\", \"user_email\", \"hashed_api_key\", \"client_ip\", "
                     "\"user_agent\"]",
     .help = "labels to drop, because each value of theirs is a series; what becomes equal is "
             "added up"},
    {.name = NULL},
};
