/* The option table of the prometheus collector. SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>

#define AS_DEFAULT(text) text
#define INHERITED(text)  NULL

static const struct oc_option ratio_table[] = {
    {.name = "metric",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct scrape_ratio, metric),
     .help = "name of the sample"},
    {.name = "numerator",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct scrape_ratio, numerator),
     .help = "counter whose increase is divided; all its series are added up"},
    {.name = "denominator",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct scrape_ratio, denominator),
     .help = "counter by whose increase it is divided; without one there is no sample"},
    {.name = "scale",
     .type = OC_OPT_FLOAT,
     .offset = offsetof(struct scrape_ratio, scale),
     .default_text = "100",
     .help = "factor, 100 for percent"},
    {.name = NULL},
};

#define ROW(NAME, FIELD, TYPE, DEFAULT, HELP)                                                      \
    {                                                                                              \
        .name = NAME, .type = TYPE, .offset = offsetof(struct page_options, FIELD),                \
        .default_text = DEFAULT, .help = HELP                                                      \
    }

/* For targets and, as `base` is the first member, for the instance. D: the default, or nothing in a
 * target. */
#define PAGE_ROWS(D)                                                                               \
    {.name = "headers",                                                                            \
     .type = OC_OPT_MAP,                                                                           \
     .flags = OC_OPT_SENSITIVE,                                                                    \
     .offset = offsetof(struct page_options, headers),                                             \
     .help = "headers of the request"},                                                            \
        ROW("user", user, OC_OPT_STRING, NULL, "user of basic authentication"),                    \
        ROW("password", password, OC_OPT_SECRET, NULL, "password of basic authentication"),        \
        ROW("bearer", bearer, OC_OPT_SECRET, NULL, "bearer token"),                                \
        {.name = "timeout",                                                                        \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = offsetof(struct page_options, timeout),                                         \
         .default_text = D("5s"),                                                                  \
         .max = 600000,                                                                            \
         .help = "time for the whole scrape"},                                                     \
        ROW("verify_tls", verify_tls, OC_OPT_BOOL, "true",                                         \
            "verify the server's certificate and name"),                                           \
        ROW("ca_file", ca_file, OC_OPT_PATH, NULL,                                                 \
            "CA certificates (PEM) instead of the system's"),                                      \
        ROW("client_cert", client_cert, OC_OPT_PATH, NULL, "client certificate (PEM)"),            \
        ROW("client_key", client_key, OC_OPT_PATH, NULL,                                           \
            "its key (PEM), when it is in a file of its own"),                                     \
        ROW("tls_server_name", tls_server_name, OC_OPT_STRING, NULL,                               \
            "name that the certificate must bear"),                                                \
    {                                                                                              \
        .name = "ip_version", .type = OC_OPT_ENUM,                                                 \
        .offset = offsetof(struct page_options, ip_version), .default_text = D("any"),             \
        .choices = "any|4|6", .help = "IP version to connect with"                                 \
    }

#define LIST(NAME, FIELD, TYPE, HELP)                                                              \
    {                                                                                              \
        .name = NAME, .type = TYPE, .offset = offsetof(struct prometheus_options, FIELD),          \
        .help = HELP                                                                               \
    }

static const struct oc_option target_table[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct page_options, name),
     .help = "name of the target: the label `target` of its samples"},
    {.name = "url",
     .type = OC_OPT_URL,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct page_options, url),
     .choices = "http|https",
     .help = "page to scrape"},
    PAGE_ROWS(INHERITED),
    {.name = NULL},
};

const struct oc_option prometheus_option_table[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct page_options, url),
     .choices = "http|https",
     .help = "page to scrape when there is only one; its samples have no label `target`"},
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct prometheus_options, targets),
     .item_size = sizeof(struct page_options),
     .options = target_table,
     .help = "pages to scrape, each with name, url and the keys below up to ip_version"},
    PAGE_ROWS(AS_DEFAULT),
    LIST("include", scrape.include, OC_OPT_STRINGS,
         "globs of metric names to take; without any all"),
    LIST("exclude", scrape.exclude, OC_OPT_STRINGS, "globs of metric names to leave out"),
    LIST("label_keep", scrape.label_keep, OC_OPT_STRINGS,
         "globs of label names to keep; series that become equal are added up"),
    LIST("label_drop", scrape.label_drop, OC_OPT_STRINGS,
         "globs of label names to drop; series that become equal are added up"),
    LIST("rename", scrape.rename, OC_OPT_MAP, "new names of metrics, by their old ones"),
    {.name = "prefix",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct prometheus_options, scrape.prefix),
     .help = "text in front of every metric's name that is not renamed"},
    {.name = "ratios",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct prometheus_options, scrape.ratios),
     .item_size = sizeof(struct scrape_ratio),
     .options = ratio_table,
     .help = "samples made of the increases of two counters between scrapes"},
    {.name = "max_samples",
     .type = OC_OPT_INT,
     .offset = offsetof(struct prometheus_options, scrape.max_samples),
     .default_text = "20000",
     .min = 1,
     .max = 90000,
     .help = "samples of one page that are taken"},
    {.name = "max_body",
     .type = OC_OPT_SIZE,
     .offset = offsetof(struct prometheus_options, max_body),
     .default_text = "16MB",
     .min = 1024,
     .max = 268435456,
     .help = "size of a page that is read"},
    {.name = "optional",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct prometheus_options, optional),
     .default_text = "false",
     .help = "a server that has no such page (401, 403, 404) is no failure"},
    {.name = "honor_timestamps",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct prometheus_options, scrape.honor_timestamps),
     .default_text = "false",
     .help = "take the times that the page gives"},
    {.name = "keep_alive",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct prometheus_options, keep_alive),
     .default_text = "true",
     .help = "keep the connection for the next scrape"},
    {.name = NULL},
};
