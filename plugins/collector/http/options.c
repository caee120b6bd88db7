/* The option table of the http collector. SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>

#define AS_DEFAULT(text) text
#define INHERITED(text)  NULL

static const struct oc_option extract_table[] = {
    {.name = "metric",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct http_extract, metric),
     .help = "name of the sample"},
    {.name = "path",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct http_extract, path),
     .help = "where in the JSON body, such as data.items[0].size or models.length"},
    {.name = "kind",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct http_extract, kind),
     .default_text = "gauge",
     .choices = "gauge|counter",
     .help = "kind of the sample; true and false are always a bool"},
    {.name = NULL},
};

/* The rows that targets and the instance share. BASE: where the struct begins; D: the default, or
 * nothing in a target. */
#define ROW(BASE, NAME, FIELD, TYPE, DEFAULT, HELP)                                                \
    {                                                                                              \
        .name = NAME, .type = TYPE, .offset = (BASE) + offsetof(struct http_options, FIELD),       \
        .default_text = DEFAULT, .help = HELP                                                      \
    }
#define SENSITIVE(BASE, NAME, FIELD, TYPE, HELP)                                                   \
    {                                                                                              \
        .name = NAME, .type = TYPE, .flags = OC_OPT_SENSITIVE,                                     \
        .offset = (BASE) + offsetof(struct http_options, FIELD), .help = HELP                      \
    }

#define LIMITED(BASE, NAME, FIELD, TYPE, DEFAULT, MIN, MAX, HELP)                                  \
    {                                                                                              \
        .name = NAME, .type = TYPE, .offset = (BASE) + offsetof(struct http_options, FIELD),       \
        .default_text = DEFAULT, .min = MIN, .max = MAX, .help = HELP                              \
    }

#define SHARED_ROWS(BASE, D, REDIRECTS)                                                            \
    ROW(BASE, "method", method, OC_OPT_STRING, D("GET"), "method of the request"),                 \
        SENSITIVE(BASE, "headers", headers, OC_OPT_MAP,                                            \
                  "headers of the request; they replace ours of the same name"),                   \
        SENSITIVE(BASE, "body", body, OC_OPT_STRING, "body of the request"),                       \
        LIMITED(BASE, "timeout", timeout, OC_OPT_DURATION, D("5s"), 0, 600000,                     \
                "time for the whole exchange"),                                                    \
        ROW(BASE, "warning", warning, OC_OPT_DURATION, NULL,                                       \
            "a longer response time is a warning"),                                                \
        ROW(BASE, "critical", critical, OC_OPT_DURATION, NULL,                                     \
            "a longer response time is critical"),                                                 \
        ROW(BASE, "expect_status", expect_status, OC_OPT_INTS, NULL,                               \
            "statuses that are well; without it and expect_status_class all below 400"),           \
        ROW(BASE, "expect_status_class", expect_status_class, OC_OPT_STRINGS, NULL,                \
            "classes of statuses that are well, such as 2xx"),                                     \
        ROW(BASE, "degraded_status", degraded_status, OC_OPT_INTS, NULL,                           \
            "statuses that are a warning"),                                                        \
        ROW(BASE, "expect_body", expect_body, OC_OPT_STRING, NULL,                                 \
            "text that the body must hold"),                                                       \
        ROW(BASE, "expect_body_not", expect_body_not, OC_OPT_STRING, NULL,                         \
            "text that the body must not hold"),                                                   \
        ROW(BASE, "expect_regex", expect_regex, OC_OPT_STRING, NULL,                               \
            "POSIX extended regular expression that the body must match"),                         \
        ROW(BASE, "json_path", json_path, OC_OPT_STRING, NULL,                                     \
            "value in the JSON body that must be there"),                                          \
        ROW(BASE, "json_equals", json_equals, OC_OPT_STRING, NULL,                                 \
            "what the value at json_path must be"),                                                \
        {.name = "extract",                                                                        \
         .type = OC_OPT_GROUPS,                                                                    \
         .offset = (BASE) + offsetof(struct http_options, extract),                                \
         .item_size = sizeof(struct http_extract),                                                 \
         .options = extract_table,                                                                 \
         .help = "numbers of the JSON body that become samples"},                                  \
        ROW(BASE, "user", user, OC_OPT_STRING, NULL, "user of basic authentication"),              \
        ROW(BASE, "password", password, OC_OPT_SECRET, NULL, "password of basic authentication"),  \
        ROW(BASE, "bearer", bearer, OC_OPT_SECRET, NULL, "bearer token"),                          \
        LIMITED(BASE, "follow_redirects", follow_redirects, OC_OPT_INT, REDIRECTS, -1, 10,         \
                "redirects to follow; 0 = none, -1 = as the instance says"),                       \
        ROW(BASE, "keep_alive", keep_alive, OC_OPT_BOOL, "false",                                  \
            "keep the connection for the next check"),                                             \
        {.name = "ip_version",                                                                     \
         .type = OC_OPT_ENUM,                                                                      \
         .offset = (BASE) + offsetof(struct http_options, ip_version),                             \
         .default_text = D("any"),                                                                 \
         .choices = "any|4|6",                                                                     \
         .help = "IP version to connect with"},                                                    \
        ROW(BASE, "verify_tls", verify_tls, OC_OPT_BOOL, "true",                                   \
            "verify the server's certificate and name"),                                           \
        ROW(BASE, "ca_file", ca_file, OC_OPT_PATH, NULL,                                           \
            "CA certificates (PEM) instead of the system's"),                                      \
        ROW(BASE, "client_cert", client_cert, OC_OPT_PATH, NULL, "client certificate (PEM)"),      \
        ROW(BASE, "client_key", client_key, OC_OPT_PATH, NULL,                                     \
            "its key (PEM), when it is in a file of its own"),                                     \
        ROW(BASE, "tls_server_name", tls_server_name, OC_OPT_STRING, NULL,                         \
            "name that the certificate must bear, when it is not the URL's host"),                 \
        ROW(BASE, "tls_expiry_warning", tls_expiry_warning, OC_OPT_DURATION, D("14d"),             \
            "a certificate that ends sooner is a warning"),                                        \
        ROW(BASE, "tls_expiry_critical", tls_expiry_critical, OC_OPT_DURATION, D("3d"),            \
            "a certificate that ends sooner is critical"),                                         \
        LIMITED(BASE, "max_body", max_body, OC_OPT_SIZE, D("64KB"), 0, 16777216,                   \
                "bytes of the body that are read")

static const struct oc_option target_table[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct http_options, name),
     .help = "name of the target; without it the URL"},
    {.name = "url",
     .type = OC_OPT_URL,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct http_options, url),
     .choices = "http|https",
     .help = "URL to check"},
    SHARED_ROWS(0, INHERITED, "-1"),
    {.name = NULL},
};

#define BASE offsetof(struct http_settings, base)

const struct oc_option http_option_table[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = BASE + offsetof(struct http_options, url),
     .choices = "http|https",
     .help = "URL to check when there is only one; its state is that of the instance"},
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct http_settings, targets),
     .item_size = sizeof(struct http_options),
     .options = target_table,
     .help = "targets, each with url, name and the keys below, which are their defaults"},
    SHARED_ROWS(BASE, AS_DEFAULT, "5"),
    {.name = "phases",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct http_settings, phases),
     .default_text = "auto",
     .choices = "auto|always|never",
     .help = "samples of connect and first byte times; auto = with fewer than 100 targets"},
    {.name = "details",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct http_settings, details),
     .default_text = "false",
     .help = "samples of body sizes"},
    {.name = "max_concurrency",
     .type = OC_OPT_INT,
     .flags = OC_OPT_ADVANCED,
     .offset = offsetof(struct http_settings, max_concurrency),
     .default_text = "4096",
     .min = 1,
     .max = 65536,
     .help = "checks under way at once; also limited by the open files that the process may have"},
    {.name = NULL},
};
