/* The section `api` of the configuration. SPDX-License-Identifier: MIT
 *
 * The daemon links this file alone of the floor: the section is checked and described also where the module is not loaded. */
#ifndef OC_API_OPTIONS_H
#define OC_API_OPTIONS_H

#include "core/config/bind.h"

/* What a listener serves. */
enum oc_serves {
    OC_SERVES_ALL,    /* dashboard, API, /ws */
    OC_SERVES_BRIDGE, /* the bridge's /health, /api/agents and its WebSocket */
};

struct oc_api_listen {
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0"; NULL with `unix_path` */
    int64_t port;        /* 0 = any free one */
    const char *unix_path;
    int32_t serves; /* enum oc_serves */
    int32_t tls;
    int32_t client_certificate; /* 0 who shows one has its role, 1 nobody is served without */
};

/* What whoever shows a certificate of this common name may do; the others are viewers. */
struct oc_api_client {
    const char *name;
    int32_t role; /* enum oc_role */
};

struct oc_api_options {
    int32_t enabled;
    struct oc_list listen; /* struct oc_api_listen */
    struct {
        const char *certificate, *key, *client_ca;
        struct oc_list clients; /* struct oc_api_client */
    } tls;
    struct oc_list hosts;   /* const char *: names by which we may be asked, beside loopback ones */
    struct oc_list origins; /* const char *: pages that may ask us, beside our own */
    int32_t anonymous;      /* 0 nobody, 1 whoever has no credentials is a viewer (loopback only) */
    int64_t body_max, header_max, header_timeout_ms, idle_timeout_ms;
    int64_t connections_max, connections_per_ip_max;
    int64_t requests_per_second; /* of one client; 0 = no limit */
    int64_t job_after_ms;        /* an operation that takes longer is answered with a job */
    int64_t session_ms;
    int32_t status_page;            /* a public page without credentials */
    struct oc_list status_services; /* const char *: globs of the services that it names */
    const char *status_title;
};

/* Strings live in `arena`. */
void oc_api_options_bind(struct oc_api_options *o, const struct oc_config *config,
                         struct oc_arena *arena, struct oc_diags *diags);
/* Errors for listeners that could listen on no machine, for who only validates: the server tells of its own. */
void oc_api_options_check(const struct oc_api_options *o, const struct oc_config *config,
                          struct oc_diags *diags);
void oc_api_describe(json_t *sections); /* for the reference */

#endif
