/* /x/<instance>/...: plugins of the kind endpoint. SPDX-License-Identifier: MIT
 *
 * The host has checked who asks, limits and routing; the plugin gets method, path, query, headers without credentials, body,
 * and the actor with its role. Reading needs a viewer, everything else an operator. What it answers runs in a sandbox of
 * its own origin (Content-Security-Policy: sandbox): a page of a plugin has no part in the session of who looks at it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/api/areas.h"
#include "core/api/endpoint/answer.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* One request on its way through a plugin. */
struct passing {
    struct oc_http_request *request; /* NULL: the client has gone */
};

static void on_gone(void *ctx)
{
    ((struct passing *)ctx)->request = NULL;
}

static void send_answer(struct oc_http_request *r, const struct oc_endpoint_answer *a)
{
    for (size_t i = 0; i < a->header_count; i++) {
        oc_http_set(r, a->headers[i].name, a->headers[i].value);
    }
    oc_http_set(r, "Content-Security-Policy", "sandbox allow-scripts allow-forms allow-downloads");
    if (a->status == 204 || a->status == 304) {
        oc_http_send_empty(r, a->status);
        return;
    }
    oc_http_send(r, a->status, a->type, oc_memdup(a->body, a->body_len ? a->body_len : 1),
                 a->body_len);
}

/* We stand between the client and the plugin: what goes wrong there is a matter of a gateway. */
static unsigned status_of(int code)
{
    switch (code) {
    case OC_E_NOT_FOUND:
        return 404;
    case OC_E_TIMEOUT:
        return 504;
    case OC_E_RETRY:
    case OC_E_CONFLICT:
        return 503;
    default:
        return 502;
    }
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct passing *p = ctx;
    struct oc_endpoint_answer answer;
    struct oc_error why;
    oc_error_init(&why);
    if (p->request && code != OC_OK) {
        oc_http_send_error(p->request, status_of(code), err);
    } else if (p->request && oc_endpoint_answer_read(result, &answer, &why) != OC_OK) {
        oc_http_send_error(p->request, 502, &why);
    } else if (p->request) {
        send_answer(p->request, &answer);
    }
    free(p);
}

/* ---- the request as the plugin sees it ---- */

static void add_query(void *ctx, const char *name, const char *value)
{
    json_t *query = ctx, *there = json_object_get(query, name), *text = json_string(value);
    if (!text || json_object_size(query) >= 256) {
        json_decref(text);
    } else if (!there) {
        oc_json_take(query, name, text);
    } else if (json_is_array(there)) {
        json_array_append_new(there, text);
    } else {
        json_t *list = json_array();
        json_array_append(list, there);
        json_array_append_new(list, text);
        oc_json_take(query, name, list);
    }
}

static json_t *headers_of(const struct oc_http_request *r)
{
    static const char *const names[] = {"Accept",        "Accept-Language",    "Content-Type",
                                        "If-None-Match", "If-Modified-Since",  "Range",
                                        "User-Agent",    "X-Hub-Signature-256"};
    json_t *headers = json_object();
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        const char *value = oc_http_header(r, names[i]);
        char lower[32];
        size_t len = oc_copy(lower, sizeof lower, names[i]);
        for (size_t k = 0; k < len; k++) {
            lower[k] = (char)(lower[k] | (lower[k] >= 'A' && lower[k] <= 'Z' ? 32 : 0));
        }
        if (value) {
            oc_json_set_str(headers, lower, value);
        }
    }
    return headers;
}

/* {"method","path","query","headers","body","actor","role"} as text; owned by the caller. */
static char *request_text(const struct oc_http_request *r)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    const struct oc_identity *who = oc_http_who(r);
    struct oc_view body = oc_http_body(r);
    json_t *o = json_object(), *query = json_object();
    char *path = oc_asprintf("/%s", oc_http_param(r, 1));
    oc_http_query_each(r, add_query, query);
    oc_json_set_str(o, "method", oc_http_method(r));
    oc_json_set_str(o, "path", path);
    oc_json_take(o, "query", query);
    oc_json_take(o, "headers", headers_of(r));
    json_object_set_new(o, "body", json_stringn(body.ptr, body.len));
    oc_json_set_str(o, "actor", who->actor);
    oc_json_set_str(o, "role", who->kind == OC_IDENTITY_NONE ? "viewer" : roles[who->role]);
    free(path);
    char *text = json_dumps(o, OC_JSON_WIRE);
    json_decref(o);
    return text;
}

static void handle(struct oc_http_request *r, void *ctx)
{
    const struct oc_api *api = ctx;
    struct oc_view body = oc_http_body(r);
    if (!oc_utf8_valid(body.ptr, body.len) || memchr(body.ptr, '\0', body.len)) {
        oc_http_send_errorf(r, 415, OC_E_UNSUPPORTED, NULL, "the body is no UTF-8 text");
        return;
    }
    struct passing *p = oc_calloc(1, sizeof *p);
    char *text = request_text(r);
    json_t *params = json_object();
    p->request = r;
    oc_http_on_gone(r, on_gone, p);
    oc_json_set_str(params, "instance", oc_http_param(r, 0));
    oc_json_set_str(params, "request", text);
    const struct oc_call_request req = {.op = "endpoint.handle",
                                        .params = params,
                                        .actor = {.name = "api", .role = OC_ROLE_VIEWER},
                                        .on_done = on_done,
                                        .ctx = p};
    oc_ops_call(api->env->ops, &req);
    free(text);
}

#define ROUTES(method, access, say)                                                                \
    {method, "/x/{instance}", access, 0, handle, say},                                             \
    {                                                                                              \
        method, "/x/{instance}/{path...}", access, 0, handle, say                                  \
    }

static const struct oc_route routes[] = {
    ROUTES("GET", OC_ROUTE_VIEWER, "A plugin of the kind endpoint answers"),
    ROUTES("POST", OC_ROUTE_OPERATOR, "The same; changes something"),
    ROUTES("PUT", OC_ROUTE_OPERATOR, "The same; changes something"),
    ROUTES("PATCH", OC_ROUTE_OPERATOR, "The same; changes something"),
    ROUTES("DELETE", OC_ROUTE_OPERATOR, "The same; changes something"),
    {0}};

#define ANY "{\"default\":{\"description\":\"what the plugin answers\"}}"
static const struct oc_route_doc docs[] = {
    {.method = "GET", .pattern = "/x/{instance}", .response_type = "", .responses = ANY},
    {.method = "GET", .pattern = "/x/{instance}/{path...}", .response_type = "", .responses = ANY},
    {.method = "POST", .pattern = "/x/{instance}", .response_type = "", .responses = ANY},
    {.method = "POST", .pattern = "/x/{instance}/{path...}", .response_type = "", .responses = ANY},
    {0}};

static void *create(struct oc_api *api)
{
    oc_router_add(&api->router, routes, api);
    oc_router_describe(&api->router, docs);
    return api;
}

static void destroy(void *area)
{
    (void)area;
}

const struct oc_area oc_area_endpoint = {.name = "endpoint", .create = create, .destroy = destroy};
