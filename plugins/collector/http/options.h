/* What a target of the http collector can be told. SPDX-License-Identifier: MIT
 *
 * The same struct serves the instance (a single target, and the defaults of all) and each target:
 * what a target leaves out (NULL, 0, an empty list) is the instance's. */
#ifndef OC_HTTP_OPTIONS_H
#define OC_HTTP_OPTIONS_H

#include <openclaw/plugin.h>

struct http_extract {
    const char *metric, *path;
    int32_t kind; /* OC_KIND_GAUGE, OC_KIND_COUNTER */
};

struct http_options {
    const char *name, *url, *method, *body;
    struct oc_list headers; /* struct oc_pair */
    int64_t timeout;        /* ms, as all durations here */
    int64_t warning, critical;
    struct oc_list expect_status, degraded_status; /* int64_t */
    struct oc_list expect_status_class;            /* "2xx" */
    const char *expect_body, *expect_body_not, *expect_regex;
    const char *json_path, *json_equals;
    struct oc_list extract; /* struct http_extract */
    const char *user, *password, *bearer;
    const char *ca_file, *client_cert, *client_key, *tls_server_name;
    int64_t tls_expiry_warning, tls_expiry_critical;
    int64_t follow_redirects; /* -1 = the instance's */
    int64_t max_body;
    int32_t verify_tls; /* off when the target or the instance says so */
    int32_t keep_alive; /* on when the target or the instance says so */
    int32_t ip_version; /* enum oc_ip_version */
};

enum http_phases { HTTP_PHASES_AUTO, HTTP_PHASES_ALWAYS, HTTP_PHASES_NEVER };

/* What an instance is told beyond that. */
struct http_settings {
    struct http_options base;
    struct oc_list targets; /* struct http_options */
    int32_t phases;         /* enum http_phases */
    int32_t details;
    int64_t max_concurrency; /* 0 = as many as there are descriptors */
};

/* The table; struct http_settings is at the beginning of the instance. */
extern const struct oc_option http_option_table[];

#endif
