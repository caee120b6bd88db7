/* /api/openapi.json and /api/docs. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/openapi/openapi.h"
#include "core/base/json.h"
#include "core/base/mem.h"

struct openapi {
    struct oc_api *api;
    struct oc_http_blob *document, *page; /* NULL: nobody has asked yet */
    uint64_t generation;
};

/* Operations come and go with plugins, routes never do. */
static void refresh(struct openapi *o)
{
    struct oc_ops *ops = o->api->env->ops;
    struct oc_buf page = {0};
    if (o->document && o->generation == oc_ops_generation(ops)) {
        return;
    }
    json_t *document = oc_openapi_document(ops, &o->api->router, OC_VERSION);
    char *text = json_dumps(document, OC_JSON_WIRE);
    oc_openapi_page(document, &page);
    json_decref(document);
    oc_http_blob_destroy(o->document);
    oc_http_blob_destroy(o->page);
    size_t len = page.len;
    o->document = oc_http_blob_create_tagged(OC_HTTP_TYPE_JSON, text, strlen(text));
    o->page = oc_http_blob_create_tagged(OC_HTTP_TYPE_HTML, oc_buf_take(&page), len);
    o->generation = oc_ops_generation(ops);
}

static void get_document(struct oc_http_request *r, void *ctx)
{
    struct openapi *o = ctx;
    refresh(o);
    oc_http_send_blob(r, 200, o->document);
}

static void get_page(struct oc_http_request *r, void *ctx)
{
    struct openapi *o = ctx;
    refresh(o);
    oc_http_send_blob(r, 200, o->page);
}

static void get_style(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    oc_http_set(r, "Cache-Control", "max-age=3600");
    oc_http_send_const(r, 200, "text/css; charset=utf-8", oc_openapi_style);
}

static const struct oc_route routes[] = {
    {"GET", "/api/openapi.json", OC_ROUTE_VIEWER, 0, get_document, "This document"},
    {"GET", "/api/docs", OC_ROUTE_VIEWER, 0, get_page, "The same as a page for people"},
    {"GET", "/api/docs.css", OC_ROUTE_PUBLIC, 0, get_style, NULL},
    {0}};

static const struct oc_route_doc docs[] = {{.method = "GET",
                                            .pattern = "/api/openapi.json",
                                            .tag = "docs",
                                            .description = OC_ROUTE_DOC_NOT_TWICE,
                                            .parameters = OC_ROUTE_DOC_KNOWN,
                                            .responses = OC_ROUTE_DOC_UNCHANGED,
                                            .response = "{\"type\":\"object\"}"},
                                           {.method = "GET",
                                            .pattern = "/api/docs",
                                            .description = OC_ROUTE_DOC_NOT_TWICE,
                                            .parameters = OC_ROUTE_DOC_KNOWN,
                                            .responses = OC_ROUTE_DOC_UNCHANGED,
                                            .response = "{\"type\":\"string\"}",
                                            .response_type = "text/html"},
                                           {0}};

static void *create(struct oc_api *api)
{
    struct openapi *o = oc_calloc(1, sizeof *o);
    o->api = api;
    oc_router_add(&api->router, routes, o);
    oc_router_describe(&api->router, docs);
    return o;
}

static void destroy(void *area)
{
    struct openapi *o = area;
    oc_http_blob_destroy(o->document);
    oc_http_blob_destroy(o->page);
    free(o);
}

const struct oc_area oc_area_openapi = {.name = "openapi", .create = create, .destroy = destroy};
