/* A tree of path segments: literals first, then a name, then the rest. SPDX-License-Identifier: MIT */
#include "core/api/router.h"

#include <string.h>

#include "core/base/mem.h"

struct handler {
    const struct oc_route *route;
    void *ctx;
};

struct oc_router_node {
    char *literal; /* NULL for a {name} and for the root */
    OC_VEC(struct oc_router_node *) children;
    struct oc_router_node *any;
    OC_VEC(struct handler) here, rest; /* rest: {name...} below this node */
    char *allow, *allow_rest;
};

/* ---- building ---- */

static struct oc_router_node *node_create(const char *literal, size_t len)
{
    struct oc_router_node *n = oc_calloc(1, sizeof *n);
    n->literal = literal ? oc_strndup(literal, len) : NULL;
    return n;
}

static void node_destroy(struct oc_router_node *n)
{
    if (!n) {
        return;
    }
    for (size_t i = 0; i < n->children.count; i++) {
        node_destroy(n->children.items[i]);
    }
    node_destroy(n->any);
    OC_VEC_FINISH(&n->children);
    OC_VEC_FINISH(&n->here);
    OC_VEC_FINISH(&n->rest);
    free(n->literal);
    free(n->allow);
    free(n->allow_rest);
    free(n);
}

static struct oc_router_node *find_literal(const struct oc_router_node *n, const char *s,
                                           size_t len)
{
    for (size_t i = 0; i < n->children.count; i++) {
        struct oc_router_node *child = n->children.items[i];
        if (strncmp(child->literal, s, len) == 0 && child->literal[len] == '\0') {
            return child;
        }
    }
    return NULL;
}

static struct oc_router_node *step(struct oc_router_node *n, const char *s, size_t len)
{
    if (len && s[0] == '{') {
        n->any = n->any ? n->any : node_create(NULL, 0);
        return n->any;
    }
    struct oc_router_node *child = find_literal(n, s, len);
    if (!child) {
        child = node_create(s, len);
        OC_VEC_PUSH(&n->children, child);
    }
    return child;
}

static void allow(char **list, const struct oc_route *route)
{
    char *old = *list;
    if (strcmp(route->method, "*") == 0 || route->flags & OC_ROUTE_MAYBE) {
        return;
    }
    *list = oc_asprintf("%s%s%s%s", old ? old : "", old ? ", " : "", route->method,
                        strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
    free(old);
}

static const struct handler *pick(const struct handler *items, size_t count, const char *method)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].route->method, wanted) == 0) {
            return &items[i];
        }
    }
    return NULL;
}

/* The handler of a method, or the one of all others. */
static const struct handler *serve(const struct handler *items, size_t count, const char *method)
{
    const struct handler *h = pick(items, count, method);
    return h ? h : pick(items, count, "*");
}

static void add(struct oc_router *router, const struct oc_route *route, void *ctx)
{
    const struct handler h = {route, ctx};
    router->root = router->root ? router->root : node_create(NULL, 0);
    struct oc_router_node *n = router->root;
    const char *s = route->pattern + 1;
    while (*s) {
        const size_t len = strcspn(s, "/");
        if (s[0] == '{' && len > 4 && strncmp(s + len - 4, "...}", 4) == 0) {
            OC_ASSERT(!pick(n->rest.items, n->rest.count, route->method));
            OC_VEC_PUSH(&n->rest, h);
            allow(&n->allow_rest, route);
            return;
        }
        n = step(n, s, len);
        s += len + (s[len] == '/');
    }
    OC_ASSERT(!pick(n->here.items, n->here.count, route->method));
    OC_VEC_PUSH(&n->here, h);
    allow(&n->allow, route);
}

void oc_router_add(struct oc_router *router, const struct oc_route *routes, void *ctx)
{
    for (; routes->method; routes++) {
        add(router, routes, ctx);
    }
}

void oc_router_finish(struct oc_router *router)
{
    node_destroy(router->root);
    router->root = NULL;
    OC_VEC_FINISH(&router->docs);
}

/* ---- descriptions ---- */

void oc_router_describe(struct oc_router *router, const struct oc_route_doc *docs)
{
    OC_VEC_PUSH(&router->docs, docs);
}

const struct oc_route_doc *oc_router_doc(const struct oc_router *router,
                                         const struct oc_route *route)
{
    for (size_t i = 0; i < router->docs.count; i++) {
        for (const struct oc_route_doc *d = router->docs.items[i]; d->method; d++) {
            if (strcmp(d->method, route->method) == 0 && strcmp(d->pattern, route->pattern) == 0) {
                return d;
            }
        }
    }
    return NULL;
}

/* ---- finding ---- */

static void take(struct oc_match *m, const struct handler *items, size_t count, const char *method,
                 const char *allowed)
{
    const struct handler *h = serve(items, count, method);
    if (h) {
        m->route = h->route;
        m->ctx = h->ctx;
    } else if (count) {
        m->allow = allowed;
    }
}

/* True when the path is known, be it for other methods: a pattern that is less exact is then not asked. */
static bool find(const struct oc_router_node *n, const char *method, const char *s, size_t depth,
                 struct oc_match *m)
{
    if (!*s) {
        take(m, n->here.items, n->here.count, method, n->allow);
    } else {
        const size_t len = strcspn(s, "/");
        const char *after = s + len + (s[len] == '/');
        const struct oc_router_node *child = find_literal(n, s, len);
        if (child && find(child, method, after, depth, m)) {
            return true;
        }
        if (n->any && depth < OC_HTTP_PARAMS_MAX && find(n->any, method, after, depth + 1, m)) {
            m->params[depth] = m->route ? oc_strndup(s, len) : NULL;
            return true;
        }
    }
    if (!m->route && !m->allow && n->rest.count && depth < OC_HTTP_PARAMS_MAX) {
        take(m, n->rest.items, n->rest.count, method, n->allow_rest);
        if (m->route) {
            m->params[depth] = oc_strdup(s);
        }
    }
    return m->route || m->allow;
}

void oc_router_find(const struct oc_router *router, const char *method, const char *path,
                    struct oc_match *match)
{
    memset(match, 0, sizeof *match);
    if (router->root) {
        find(router->root, method, path + 1, 0, match);
    }
}

void oc_match_finish(struct oc_match *match)
{
    for (size_t i = 0; i < OC_HTTP_PARAMS_MAX; i++) {
        free(match->params[i]);
        match->params[i] = NULL;
    }
}

static void each(const struct oc_router_node *n,
                 void (*fn)(void *ctx, const struct oc_route *route), void *ctx)
{
    for (size_t i = 0; i < n->here.count; i++) {
        fn(ctx, n->here.items[i].route);
    }
    for (size_t i = 0; i < n->rest.count; i++) {
        fn(ctx, n->rest.items[i].route);
    }
    for (size_t i = 0; i < n->children.count; i++) {
        each(n->children.items[i], fn, ctx);
    }
    if (n->any) {
        each(n->any, fn, ctx);
    }
}

void oc_router_each(const struct oc_router *router,
                    void (*fn)(void *ctx, const struct oc_route *route), void *ctx)
{
    if (router->root) {
        each(router->root, fn, ctx);
    }
}
