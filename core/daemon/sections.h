/* The sections of the configuration that belong to the host itself. SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_SECTIONS_H
#define OC_DAEMON_SECTIONS_H

#include "core/config/bind.h"

struct host_section {
    const char *name, *home;
    struct oc_list plugins; /* more folders with plugins */
};
struct store_section {
    int32_t backend;
    int64_t retention_ms, flush_ms, max_series;
};
struct log_section {
    int32_t level, format;
    const char *file;
};

struct oc_sections {
    struct oc_arena arena;
    struct host_section host;
    struct store_section store;
    struct log_section log;
};

/* Binds host, store and log, and says which top-level keys nobody knows. */
void oc_sections_bind(struct oc_sections *s, const struct oc_config *config,
                      struct oc_diags *diags);
void oc_sections_finish(struct oc_sections *s);

/* Every section with its options, {"host":[option..],"alerts.channels":[..],..}: for the configuration reference. Owned by
 * the caller. */
json_t *oc_sections_json(void);

#endif
