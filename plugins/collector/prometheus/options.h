/* What the prometheus collector can be told. SPDX-License-Identifier: MIT */
#ifndef OC_PROMETHEUS_OPTIONS_H
#define OC_PROMETHEUS_OPTIONS_H

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

struct ratio_options {
    const char *metric, *numerator, *denominator;
    double scale;
};

struct prometheus_options {
    struct page_options base;
    struct oc_list targets;                /* struct page_options */
    struct oc_list include, exclude;       /* globs */
    struct oc_list label_keep, label_drop; /* globs */
    struct oc_list rename;                 /* struct oc_pair */
    struct oc_list ratios;                 /* struct ratio_options */
    const char *prefix;
    int64_t max_samples, max_body;
    int32_t optional, honor_timestamps, keep_alive;
};

/* The table; struct prometheus_options is at the beginning of the instance. */
extern const struct oc_option prometheus_option_table[];

#endif
