/* The API module as the daemon sees it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_API_H
#define OC_API_API_H

#include <sys/types.h>

#include "core/service/access/access.h"
#include "core/service/env.h"

struct oc_alert_service;
struct oc_metrics;
struct oc_health;

/* All borrowed; valid until the module is destroyed. */
struct oc_api_env {
    const struct oc_env *env;
    struct oc_access *access;
    struct oc_alert_service *alert;
    bool (*is_plugin)(pid_t pid); /* of a unix peer; may be NULL (core/daemon/peer.h) */
    /* the configuration in force */
    const struct oc_config *(*config)(void *ctx);
    void *ctx;
};

struct oc_api;

#define OC_API_MODULE        "openclaw-api"
#define OC_API_MODULE_SYMBOL "oc_api_module"

/* What the module exports, as OC_API_MODULE_SYMBOL. */
struct oc_api_module {
    const char *version; /* OC_VERSION; another one is not used */
    struct oc_api *(*create)(const struct oc_api_env *env);
    /* Opens, keeps and closes listeners as `api` says; what cannot be is a finding. At start and at every reload. */
    void (*configure)(struct oc_api *api, const struct oc_config *config, struct oc_diags *diags);
    /* What only the module knows about the section, for who validates and has no API. */
    void (*check)(const struct oc_config *config, struct oc_diags *diags);
    /* Takes no new request, lets running ones end: done(ctx) at the latest after about `grace_ms`. */
    void (*stop)(struct oc_api *api, int64_t grace_ms, oc_loop_fn done, void *ctx);
    void (*destroy)(struct oc_api *api); /* NULL is fine */
    /* [{"url","unix","address","port","serves","tls","loopback","connections","error"}]; owned by the caller */
    json_t *(*listeners)(const struct oc_api *api);
};

#endif
