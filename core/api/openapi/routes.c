/* The routes of the areas in the document. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"
#include "core/base/log.h"

/* A name in a path: no control characters, and nothing that a file system or a proxy would resolve. */
#define SEGMENT "^[^\\u0000-\\u001f\\u007f/\\\\.][^\\u0000-\\u001f\\u007f/\\\\]*$"

struct adding {
    json_t *paths, *sockets;
    const struct oc_router *router;
};

/* JSON of a description; a text that is none is a mistake of its area, said and left out. */
static json_t *parse(const char *text, const struct oc_route *route)
{
    json_t *value = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    if (text && !value) {
        oc_err("bad description of a route", "method=%s path=%s", route->method, route->pattern);
    }
    return value;
}

/* A schema, or the short form of one (result.c), which has no quotation marks. */
static json_t *schema_of(const char *text, const struct oc_route *route)
{
    if (!text || strchr(text, '"')) {
        return parse(text, route);
    }
    json_t *schema = oc_openapi_result(text);
    if (!schema) {
        oc_err("bad description of a route", "method=%s path=%s", route->method, route->pattern);
    }
    return schema;
}

/* "/x/{instance}/{path...}" -> "/x/{instance}/{path}" */
static char *path_of(const char *pattern)
{
    char *path = oc_strdup(pattern), *dots = strstr(path, "...}");
    if (dots) {
        memmove(dots, dots + 3, strlen(dots + 3) + 1);
    }
    return path;
}

static json_t *path_param(const char *name, size_t len)
{
    json_t *p = json_object(), *schema = json_object();
    json_object_set_new(p, "name", json_stringn(name, len));
    oc_json_set_str(p, "in", "path");
    oc_json_set_bool(p, "required", true);
    oc_json_set_str(schema, "type", "string");
    oc_json_set_str(schema, "pattern", SEGMENT);
    oc_json_take(p, "schema", schema);
    return p;
}

/* Whether the area says more of it than we know. */
static bool is_named(const json_t *params, const char *name, size_t len)
{
    const json_t *param;
    size_t i;
    json_array_foreach(params, i, param)
    {
        const char *own = oc_json_str(param, "name", "");
        if (strcmp(oc_json_str(param, "in", ""), "path") == 0 && strlen(own) == len &&
            strncmp(own, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *params_of(const char *path, const struct oc_route_doc *doc,
                         const struct oc_route *route)
{
    json_t *list = json_array(), *more = parse(doc ? doc->parameters : NULL, route);
    for (const char *s = strchr(path, '{'); s; s = strchr(s, '{')) {
        size_t len = strcspn(++s, "}");
        if (!is_named(more, s, len)) {
            json_array_append_new(list, path_param(s, len));
        }
    }
    json_array_extend(list, more);
    json_decref(more);
    return list;
}

/* "/api/v2/alerts" -> "v2", "/metrics" -> "metrics", "/api/v1/jobs" -> "jobs" */
static json_t *tags_of(const char *path, const struct oc_route_doc *doc)
{
    static const char *const skipped[] = {"/api/v1/", "/api/", "/"};
    json_t *tags = json_array();
    if (doc && doc->tag) {
        json_array_append_new(tags, json_string(doc->tag));
        return tags;
    }
    for (size_t i = 0; i < OC_COUNT(skipped); i++) {
        size_t len = strlen(skipped[i]);
        if (strncmp(path, skipped[i], len) == 0) {
            size_t word = strcspn(path + len, "/");
            json_array_append_new(tags,
                                  word ? json_stringn(path + len, word) : json_string("pages"));
            break;
        }
    }
    return tags;
}

static char *id_of(const struct oc_route *route)
{
    struct oc_buf id = {0};
    for (const char *c = route->method; *c; c++) {
        oc_buf_addc(&id, (char)tolower((unsigned char)*c));
    }
    for (const char *c = route->pattern; *c; c++) {
        bool plain = isalnum((unsigned char)*c);
        if (plain || (id.len && id.data[id.len - 1] != '_')) {
            oc_buf_addc(&id, plain ? *c : '_');
        }
    }
    while (id.len && id.data[id.len - 1] == '_') {
        id.data[--id.len] = '\0';
    }
    return oc_buf_take(&id);
}

static json_t *content_of(const char *type, json_t *schema, json_t *example)
{
    json_t *content = json_object(), *media = json_object();
    if (schema) {
        oc_json_take(media, "schema", schema);
    }
    if (example) {
        oc_json_take(media, "example", example);
    }
    oc_json_take(content, type, media);
    return content;
}

static json_t *success_of(const struct oc_route_doc *doc, const struct oc_route *route)
{
    json_t *o = json_object();
    oc_json_set_str(o, "description", "the answer");
    if (doc && (!doc->response_type || *doc->response_type)) {
        const char *type = doc->response_type ? doc->response_type : "application/json";
        oc_json_take(o, "content", content_of(type, schema_of(doc->response, route), NULL));
    }
    return o;
}

static json_t *responses_of(const struct oc_route *route, const struct oc_route_doc *doc)
{
    static const int all[] = {400, 403, 404, 429, 431, 500, 503, 0};
    static const int guarded[] = {401, 0};
    static const int with_body[] = {409, 413, 415, 422, 424, 0};
    json_t *o = json_object(), *more = parse(doc ? doc->responses : NULL, route);
    oc_json_take(o, "200", success_of(doc, route));
    oc_openapi_add_failures(o, all);
    if (route->access != OC_ROUTE_PUBLIC) {
        oc_openapi_add_failures(o, guarded);
    }
    if (strcmp(route->method, "GET") != 0) {
        oc_openapi_add_failures(o, with_body);
    }
    json_object_update(o, more);
    json_decref(more);
    return o;
}

static json_t *operation_of(const char *path, const struct oc_route *route,
                            const struct oc_route_doc *doc)
{
    static const char *const roles[] = {"public", "viewer", "operator", "admin"};
    json_t *o = json_object();
    char *id = id_of(route);
    oc_json_set_str(o, "operationId", id);
    oc_json_set_str(o, "summary", route->summary);
    if (doc && doc->description) {
        oc_json_set_str(o, "description", doc->description);
    }
    oc_json_take(o, "tags", tags_of(path, doc));
    oc_json_set_str(o, "x-openclaw-role", roles[route->access]);
    if (route->access == OC_ROUTE_PUBLIC) {
        oc_json_take(o, "security", json_array());
    }
    oc_json_take(o, "parameters", params_of(path, doc, route));
    if (doc && doc->request) {
        const char *type = doc->request_type ? doc->request_type : "application/json";
        json_t *body = json_object();
        oc_json_set_bool(body, "required", true);
        oc_json_take(body, "content",
                     content_of(type, schema_of(doc->request, route), parse(doc->example, route)));
        oc_json_take(o, "requestBody", body);
    }
    oc_json_take(o, "responses", responses_of(route, doc));
    free(id);
    return o;
}

static void add(void *ctx, const struct oc_route *route)
{
    struct adding *a = ctx;
    if (!route->summary) {
        return;
    }
    if (route->flags & OC_ROUTE_UPGRADE) {
        oc_json_set_str(a->sockets, route->pattern, route->summary);
        return;
    }
    char *path = path_of(route->pattern), *method = oc_strdup(route->method);
    for (char *c = method; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    json_t *item = json_object_get(a->paths, path);
    if (!item) {
        item = json_object();
        oc_json_take(a->paths, path, item);
    }
    oc_json_take(item, method, operation_of(path, route, oc_router_doc(a->router, route)));
    free(method);
    free(path);
}

void oc_openapi_add_routes(json_t *paths, json_t *sockets, const struct oc_router *router)
{
    struct adding a = {paths, sockets, router};
    oc_router_each(router, add, &a);
}
