/* What the prometheus collector can be told. SPDX-License-Identifier: MIT */
#ifndef OC_PROMETHEUS_OPTIONS_H
#define OC_PROMETHEUS_OPTIONS_H

#include "exposition/scrape.h"

#include <openclaw/plugin.h>

/* A page to scrape: the instance's own, or one of `targets`, which inherit what they leave out. */
struct page_options {
    const char *name, *url;
    struct oc_list headers; /* struct oc_pair */
    const char *user, *password, *bearer;
    int64_t timeout; /* ms */
    int32_t verify_tls;
    const char *ca_file, *client_cert, *client_key, *tls_server_name;
    int32_t ip_version;
};

struct prometheus_options {
    struct page_options base;
    struct oc_list targets; /* struct page_options */
    struct scrape_options scrape;
    int64_t max_body;
    int32_t optional, keep_alive;
};

/* The table; struct prometheus_options is at the beginning of the instance. */
extern const struct oc_option prometheus_option_table[];

#endif
