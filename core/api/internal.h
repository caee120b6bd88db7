/* The module's own state, shared by its files. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_INTERNAL_H
#define OC_API_INTERNAL_H

#include "core/api/api.h"
#include "core/api/http.h"
#include "core/api/options.h"
#include "core/api/router.h"
#include "core/base/arena.h"

struct oc_rates;
struct oc_server;

/* One area of the API: its routes and whatever state it keeps. Areas never include each other. */
struct oc_area {
    const char *name;
    void *(*create)(struct oc_api *api);               /* adds its routes to api->router */
    void (*configure)(void *area, struct oc_api *api); /* may be NULL */
    void (*stop)(void *area); /* may be NULL: ends what would not end by itself */
    void (*destroy)(void *area);
};
extern const struct oc_area *const oc_areas[]; /* areas.c; NULL at the end */

struct oc_api {
    struct oc_api_env outside;
    const struct oc_env *env; /* outside.env */
    struct oc_access *access;
    struct oc_arena arena; /* of options */
    struct oc_api_options options;
    struct oc_router router;
    struct oc_router
        bridge; /* first asked on listeners of the bridge; its routes have OC_ROUTE_BRIDGE */
    struct oc_server *server;
    struct oc_rates *rates; /* NULL until there is a limit (guard.c) */
    void *areas[16];        /* in the order of oc_areas */
    /* told of every request that a route has answered, with its status and how long it took */
    void (*on_request)(void *ctx, const struct oc_route *route, unsigned status, int64_t took_us);
    void *on_request_ctx;
    struct oc_timer *stopping;
    int64_t stop_at; /* mono ms */
    oc_loop_fn stopped;
    void *stopped_ctx;
};

#endif
