/* Which handler answers which path. SPDX-License-Identifier: MIT  [loop]
 *
 * A pattern's segments are literal or "{name}"; the last may be "{name...}", which takes the rest. A literal wins over a
 * name, also when it has other methods only. HEAD is answered as GET without a body, OPTIONS and an unknown method with
 * Allow; the method "*" takes them itself. */
#ifndef OC_API_ROUTER_H
#define OC_API_ROUTER_H

#include "core/api/http.h"
#include "core/api/route_doc.h"
#include "core/base/vec.h"

enum oc_route_access {
    OC_ROUTE_PUBLIC, /* nothing is asked; who is filled when something valid was shown */
    OC_ROUTE_VIEWER, /* and the roles of OC_ROLE_* above it */
    OC_ROUTE_OPERATOR,
    OC_ROUTE_ADMIN,
};

#define OC_ROUTE_BRIDGE  1u /* also on listeners that serve the bridge alone */
#define OC_ROUTE_NOCSRF  2u /* cannot be abused by a foreign page: checks for itself */
#define OC_ROUTE_UPGRADE 4u /* speaks another protocol: no path of the OpenAPI document */
#define OC_ROUTE_MAYBE                                                                             \
    8u /* its handler knows what there is: a path is not known for other methods */

struct oc_route {
    const char *method, *pattern; /* method NULL ends a table */
    enum oc_route_access access;
    uint32_t flags;
    void (*handler)(struct oc_http_request *r, void *ctx);
    const char *summary; /* for the OpenAPI document; NULL: not in it */
};

struct oc_router {
    struct oc_router_node *root;
    OC_VEC(const struct oc_route_doc *) docs; /* tables */
};

/* Tables live as long as the router. The same method and pattern twice is a bug. */
void oc_router_add(struct oc_router *router, const struct oc_route *routes, void *ctx);
/* What the OpenAPI document says of routes beyond their summaries; the table lives as long as the router. */
void oc_router_describe(struct oc_router *router, const struct oc_route_doc *docs);
/* The description of a route; NULL when its area gave none. */
const struct oc_route_doc *oc_router_doc(const struct oc_router *router,
                                         const struct oc_route *route);
void oc_router_finish(struct oc_router *router);

struct oc_match {
    const struct oc_route *route; /* NULL: none */
    void *ctx;
    char *params[OC_HTTP_PARAMS_MAX]; /* owned by the caller */
    const char *
        allow; /* the path is known, not for this method: "GET, POST"; valid until the router ends */
};
/* HEAD finds GET. */
void oc_router_find(const struct oc_router *router, const char *method, const char *path,
                    struct oc_match *match);
void oc_match_finish(struct oc_match *match);
/* Visits every route, for the OpenAPI document. */
void oc_router_each(const struct oc_router *router,
                    void (*fn)(void *ctx, const struct oc_route *route), void *ctx);

#endif
