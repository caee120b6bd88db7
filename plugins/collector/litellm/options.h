/* What the litellm collector can be told. SPDX-License-Identifier: MIT */
#ifndef OC_LITELLM_OPTIONS_H
#define OC_LITELLM_OPTIONS_H

#include "exposition/scrape.h"

#include <openclaw/plugin.h>

struct litellm_options {
    const char *url, *master_key, *metrics_path, *ca_file;
    int64_t timeout, warning, critical; /* ms; critical 0 = none */
    int64_t window, spend_interval;     /* ms */
    int64_t max_body;
    int32_t keep_alive;
    struct scrape_options scrape;
};

/* The table; struct litellm_options is at the beginning of the instance. */
extern const struct oc_option litellm_option_table[];

#endif
