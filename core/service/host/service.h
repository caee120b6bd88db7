/* The host about itself: status, configuration, plugins, events, logs, doctor. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_HOST_SERVICE_H
#define OC_SERVICE_HOST_SERVICE_H

#include "core/service/env.h"

/* What only the daemon can say or do. All [loop]; all outlive the service. */
struct oc_host_hooks {
    const struct oc_config *(*config)(void *ctx); /* in force */
    const struct oc_diags *(*diags)(void *ctx);   /* of the configuration in force */
    json_t *(*sections)(void *ctx);               /* {"store":[option..],..}: owned by the caller */
    /* reads the files again; on failure all stays as it was */
    int (*reload)(void *ctx, struct oc_error *err);
    /* Validates the configuration file at `path`, or what is to stand in it (`draft`, may be NULL), in a process of its own:
     * {"errors":n,"findings":[..]}. */
    json_t *(*check)(void *ctx, const char *path, const struct oc_buf *draft, struct oc_error *err);
    void *ctx;
    const char *socket; /* path of the control socket; NULL when there is none */
    bool safe_mode;
};

struct oc_host_service;

struct oc_host_service *oc_host_service_create(const struct oc_env *env,
                                               const struct oc_host_hooks *hooks);
void oc_host_service_destroy(struct oc_host_service *s); /* NULL is fine */

#endif
