/* Fuzzes what LiteLLM's JSON endpoints answer: nothing that comes from outside is more than figures or "not known".
 * SPDX-License-Identifier: MIT */
// uses: oc_exposition openclaw::sdk PkgConfig::JANSSON m
#include "../../plugins/collector/litellm/latency.c" /* they belong to a plugin */
#include "../../plugins/collector/litellm/spend.c"
#include "../../plugins/collector/litellm/usage.c"
#include "exposition/scrape.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t emitted;

static int32_t receive(void *ctx, const struct oc_record *record)
{
    (void)ctx;
    if (record->type == OC_RECORD_SAMPLE && (!isfinite(record->value) || record->name.len == 0)) {
        abort();
    }
    if (++emitted > 100000) {
        abort();
    }
    return OC_OK;
}

static int32_t settle(void *ctx)
{
    (void)ctx;
    return OC_OK;
}

/* The same bytes as a page of metrics. */
static void read_page(const char *text, size_t len, const struct agent_names *agents,
                      const struct oc_sink *out)
{
    struct latency_set *latency = latency_create();
    struct usage usage = {.latency = latency};
    struct scrape_options o = {.max_samples = 1000, .watch = usage_watch, .watch_ctx = &usage};
    struct scrape_result scraped;
    char *copy = malloc(len + 1);
    if (len) {
        memcpy(copy, text, len);
    }
    copy[len] = '\0';
    latency_begin(latency);
    scrape_emit(&o, "", copy, len, NULL, out, &scraped);
    latency_end(latency, 1000, 1000, true);
    for (size_t i = 0; i < latency_count(latency); i++) {
        unsigned family;
        struct oc_view model;
        if (latency_get(latency, i, &family, &model) && latency_of(latency, i, 0.5) < 0 &&
            family > 2) {
            abort();
        }
    }
    usage_emit(&usage, agents, out);
    usage_finish(&usage);
    latency_destroy(latency);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oc_sink out = {.struct_size = sizeof out, .emit = receive, .flush = settle};
    const char *text = (const char *)data;
    struct agent_names *agents = agent_names_create();
    struct spend_figures figures;
    char reason[64];
    emitted = 0;
    spend_database(text, size);
    spend_models(text, size, agents);
    spend_key(text, size, &figures);
    spend_of_day(text, size, "2026-11-22");
    spend_activity(text, size, "2026-11-22", &out);
    spend_reason(text, size, reason, sizeof reason);
    if (strlen(reason) >= sizeof reason) {
        abort();
    }
    read_page(text, size, agents, &out);
    agent_names_destroy(agents);
    return 0;
}
