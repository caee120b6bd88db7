/* The keys of a `collectors` item that belong to the host. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/base/json.h"
#include "core/service/schedule/collector.h"
#include "core/service/schedule/schedule.h"

#define AT(member) offsetof(struct collector_options, member)
const struct oc_option oc_collector_options[] = {
    {.name = "plugin",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(plugin),
     .help = "which plugin collects"},
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = AT(name),
     .help = "name of this instance; default: the plugin's name"},
    {.name = "interval",
     .type = OC_OPT_DURATION,
     .offset = AT(interval_ms),
     .default_text = "30s",
     .min = 100,
     .max = 86400000,
     .help = "time between two calls"},
    {.name = "deadline",
     .type = OC_OPT_DURATION,
     .offset = AT(deadline_ms),
     .default_text = "0",
     .min = 0,
     .max = 3600000,
     .help = "how long a call may take; 0 = the interval, at least 10s and at most 60s"},
    {.name = "retry_interval",
     .type = OC_OPT_DURATION,
     .offset = AT(retry_interval_ms),
     .default_text = "0",
     .min = 0,
     .max = 86400000,
     .help = "call again this soon while a state is soft; 0 = wait for the next slot"},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = AT(enabled),
     .default_text = "true",
     .help = "false leaves this collector out"},
    {.name = "unless_own",
     .type = OC_OPT_BOOL,
     .offset = AT(unless_own),
     .default_text = "false",
     .help = "true leaves this collector out while its url is an address that this host itself "
             "listens on"},
    {.name = "depends_on",
     .type = OC_OPT_STRINGS,
     .offset = AT(depends_on),
     .help =
         "services that this one needs: while one of them is down, ours is unreachable, not down"},
    {.name = "max_attempts",
     .type = OC_OPT_INT,
     .offset = AT(max_attempts),
     .default_text = "0",
     .min = 0,
     .max = 100,
     .help = "failed checks in a row that make a state hard; 0 = health.max_attempts"},
    {0}};
#undef AT

const char *const oc_collector_keys[] = {"plugin",         "name",    "interval",   "deadline",
                                         "retry_interval", "enabled", "depends_on", "max_attempts",
                                         "unless_own",     NULL};

void oc_schedule_describe(json_t *sections)
{
    oc_json_take(sections, "collectors",
                 oc_options_json(oc_collector_options, sizeof *oc_collector_options));
}
