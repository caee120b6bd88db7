/* The life of the module: areas, listeners, stop. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/internal.h"
#include "core/api/rate.h"
#include "core/api/server.h"
#include "core/api/server_internal.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define STOP_POLL_MS 20

static struct oc_api *create(const struct oc_api_env *env)
{
    struct oc_api *api = oc_calloc(1, sizeof *api);
    api->outside = *env;
    api->env = env->env;
    api->access = env->access;
    api->server = oc_server_create(api);
    for (size_t i = 0; oc_areas[i]; i++) {
        OC_ASSERT(i < OC_COUNT(api->areas));
        api->areas[i] = oc_areas[i]->create(api);
    }
    return api;
}

static void configure(struct oc_api *api, const struct oc_config *config, struct oc_diags *diags)
{
    oc_arena_finish(&api->arena);
    oc_api_options_bind(&api->options, config, &api->arena, diags);
    for (size_t i = 0; oc_areas[i]; i++) {
        if (oc_areas[i]->configure) {
            oc_areas[i]->configure(api->areas[i], api);
        }
    }
    oc_server_configure(api->server, diags);
}

static void check(const struct oc_config *config, struct oc_diags *diags)
{
    struct oc_arena arena = {0};
    struct oc_diags mute = {0}; /* what the options say is told already */
    struct oc_api_options o;
    oc_api_options_bind(&o, config, &arena, &mute);
    oc_tls_check(&o, config, diags);
    oc_arena_finish(&arena);
    oc_diags_finish(&mute);
}

static void wait_for_end(void *ctx)
{
    struct oc_api *api = ctx;
    if (oc_server_busy(api->server) && oc_time_mono() < api->stop_at) {
        oc_timer_start(api->stopping, STOP_POLL_MS, 0);
        return;
    }
    oc_loop_fn fn = api->stopped;
    api->stopped = NULL;
    fn(api->stopped_ctx);
}

static void stop(struct oc_api *api, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    oc_server_quiesce(api->server);
    for (size_t i = 0; oc_areas[i]; i++) {
        if (oc_areas[i]->stop) {
            oc_areas[i]->stop(api->areas[i]);
        }
    }
    api->stopped = done;
    api->stopped_ctx = ctx;
    api->stop_at = oc_time_mono() + grace_ms;
    api->stopping = oc_timer_create(api->env->loop, wait_for_end, api);
    oc_timer_start(api->stopping, 0, 0);
}

static void destroy(struct oc_api *api)
{
    if (!api) {
        return;
    }
    for (size_t i = 0; oc_areas[i]; i++) {
        oc_areas[i]->destroy(api->areas[i]);
    }
    oc_server_destroy(api->server);
    oc_timer_destroy(api->stopping);
    oc_rates_destroy(api->rates);
    oc_router_finish(&api->router);
    oc_router_finish(&api->bridge);
    oc_arena_finish(&api->arena);
    free(api);
}

static json_t *listeners(const struct oc_api *api)
{
    return oc_server_json(api->server);
}

extern const struct oc_api_module oc_api_module;
__attribute__((visibility("default"))) const struct oc_api_module oc_api_module = {
    .version = OC_VERSION,
    .create = create,
    .configure = configure,
    .check = check,
    .stop = stop,
    .destroy = destroy,
    .listeners = listeners,
};
