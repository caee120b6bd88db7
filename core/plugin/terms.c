/* Where and under which rights a plugin's code runs. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"

static const char *const tiers[] = {"inproc", "process", "sandbox"};

const struct oc_limits oc_limits_default = {.memory_bytes = INT64_C(512) << 20,
                                            .cpu_percent = 50,
                                            .processes = 5,
                                            .descriptors = 100,
                                            .start_ms = 30 * OC_SECOND,
                                            .call_ms = 10 * OC_SECOND,
                                            .stop_ms = 5 * OC_SECOND,
                                            .samples_per_second = 20000,
                                            .log_lines_per_second = 200};

const char *oc_tier_name(enum oc_tier tier)
{
    return (size_t)tier < OC_COUNT(tiers) ? tiers[tier] : "unknown";
}

int oc_tier_parse(const char *name, enum oc_tier *tier)
{
    for (size_t i = 0; i < OC_COUNT(tiers); i++) {
        if (strcmp(tiers[i], name) == 0) {
            *tier = (enum oc_tier)i;
            return OC_OK;
        }
    }
    return OC_E_CONFIG;
}

static void fill(int64_t *limit, int64_t otherwise)
{
    *limit = *limit > 0 ? *limit : otherwise;
}

static void fill_limits(struct oc_limits *l)
{
    const struct oc_limits *d = &oc_limits_default;
    fill(&l->memory_bytes, d->memory_bytes);
    fill(&l->cpu_percent, d->cpu_percent);
    fill(&l->processes, d->processes);
    fill(&l->descriptors, d->descriptors);
    fill(&l->start_ms, d->start_ms);
    fill(&l->call_ms, d->call_ms);
    fill(&l->stop_ms, d->stop_ms);
    fill(&l->samples_per_second, d->samples_per_second);
    fill(&l->log_lines_per_second, d->log_lines_per_second);
}

void oc_terms_copy(struct oc_terms *to, const struct oc_terms *from)
{
    *to = from ? *from : (struct oc_terms){.tier = OC_TIER_INPROC};
    to->why = oc_strdup(to->why);
    to->digest = oc_strdup(to->digest ? to->digest : "");
    to->grants = json_deep_copy(to->grants);
    to->files = json_deep_copy(to->files);
    to->describe = json_deep_copy(to->describe);
    fill_limits(&to->limits);
}

void oc_terms_finish(struct oc_terms *t)
{
    free((char *)(uintptr_t)t->why);
    free((char *)(uintptr_t)t->digest);
    json_decref((json_t *)(uintptr_t)t->grants);
    json_decref((json_t *)(uintptr_t)t->files);
    json_decref((json_t *)(uintptr_t)t->describe);
    *t = (struct oc_terms){0};
}

void oc_plugin_set_terms(struct oc_plugin *plugin, const struct oc_terms *terms)
{
    struct oc_terms old = plugin->terms; /* the new ones may point into them */
    oc_terms_copy(&plugin->terms, terms);
    if (old.disabled && !plugin->terms.disabled && plugin->state == OC_PLUGIN_FAILED &&
        plugin->manifest) {
        plugin->state = OC_PLUGIN_FOUND; /* that it was disabled may have been all that was wrong */
        oc_error_init(&plugin->err);
    }
    oc_terms_finish(&old);
}

const struct oc_terms *oc_plugin_terms(const struct oc_plugin *plugin)
{
    return &plugin->terms;
}
