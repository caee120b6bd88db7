/* The operator's view of plugins: under which terms they run, what is installed, how they fare. SPDX-License-Identifier: MIT
 * [loop]
 *
 * Three things say what runs, and none of them writes into another: the configuration (what the operator wants: the sections
 * `isolation` and `plugins`), the package folder (what is installed, consented to and enabled: core/package/state.h) and the
 * instances (what the services made of both). This service reads the first two and sets the terms of every plugin before
 * any service makes an instance; it owns the instances of kinds that no other service owns. docs/decisions/0019 says why.
 *
 * Operations: plugin.list info status top logs why reload reset doctor, plugin.config.*, and plugin.instances (internal). */
#ifndef OC_SERVICE_PLUGIN_PLUGIN_SERVICE_H
#define OC_SERVICE_PLUGIN_PLUGIN_SERVICE_H

#include "core/service/env.h"

/* `owner` is the section that the instance is of: "collectors", "alerts.channels", "plugins". */
typedef void (*oc_each_instance_fn)(void *ctx, const char *owner, struct oc_instance *instance);

/* What only the daemon can say or do. All [loop]; all outlive the service. */
struct oc_plugin_hooks {
    const struct oc_config *(*config)(void *ctx); /* in force */
    /* Every instance that other services own. */
    void (*each)(void *ctx, oc_each_instance_fn fn, void *fn_ctx);
    /* What is installed is another: reads the package folder again, sets the terms and lets the services make and unmake
     * instances. Whatever did not change runs on. */
    void (*changed)(void *ctx);
    void *ctx;
    /* The keys of an item of `collectors` and of `alerts.channels` that are the host's, but for `plugin`: plugins.NAME may have them too. */
    const char *const *collector_keys, *const *channel_keys;
    bool safe_mode;
};

struct oc_plugin_service;

struct oc_plugin_service *oc_plugin_service_create(const struct oc_env *env,
                                                   const struct oc_plugin_hooks *hooks);
/* Reads `isolation` and the package folder, and sets the terms of every plugin: before any service is configured. */
void oc_plugin_service_prepare(struct oc_plugin_service *s, const struct oc_config *config,
                               struct oc_diags *diags);
/* Makes and unmakes the instances of this service, and reloads those whose plugin was replaced: after all services. */
void oc_plugin_service_configure(struct oc_plugin_service *s, const struct oc_config *config,
                                 struct oc_diags *diags);
/* Only says what is wrong with `plugins`; starts nothing. */
void oc_plugin_service_check(struct oc_plugin_service *s, const struct oc_config *config,
                             struct oc_diags *diags);
/* The instance of this service that answers for `plugin` (and `name`, unless NULL). */
struct oc_instance *oc_plugin_service_find(struct oc_plugin_service *s, const char *plugin,
                                           const char *name);
/* Adds the option tables of `isolation` and `plugins` to `sections`, for the reference. */
void oc_plugin_service_describe(json_t *sections);
/* Stops every instance of this service, then done(ctx). */
void oc_plugin_service_stop(struct oc_plugin_service *s, int64_t grace_ms, oc_loop_fn done,
                            void *ctx);
void oc_plugin_service_destroy(struct oc_plugin_service *s); /* after stop; NULL is fine */

#endif
