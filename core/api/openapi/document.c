/* The OpenAPI document as a whole. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"

static json_t *info_json(const char *version)
{
    json_t *info = json_object(), *license = json_object();
    oc_json_set_str(info, "title", "openclaw");
    oc_json_set_str(info, "version", version);
    oc_json_set_str(
        info, "description",
        "Every operation of the host is a path below /api/v1: POST with a JSON object of "
        "parameters, and GET with a query for those that only read. An answer is "
        "{\"ok\",\"data\",\"warnings\"}, a failure {\"ok\":false,\"error\":{\"code\",\"message\","
        "\"hint\"}}. What takes long is answered 202 with a job.");
    oc_json_set_str(license, "name", "MIT");
    oc_json_set_str(license, "identifier", "MIT");
    oc_json_take(info, "license", license);
    return info;
}

/* [{"bearer":[]},..]: any one of them will do. */
static json_t *security_json(void)
{
    static const char *const schemes[] = {"bearer", "basic", "session", "certificate"};
    json_t *list = json_array();
    for (size_t i = 0; i < OC_COUNT(schemes); i++) {
        json_t *one = json_object();
        oc_json_take(one, schemes[i], json_array());
        json_array_append_new(list, one);
    }
    return list;
}

static void take_tags(json_t *seen, const json_t *item)
{
    const char *method;
    json_t *operation, *tag;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)item, method, operation)
    {
        json_array_foreach(json_object_get(operation, "tags"), i, tag)
        {
            json_object_set_new(seen, json_string_value(tag), json_true());
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The tags that are in use, in order. */
static json_t *tags_json(const json_t *paths)
{
    json_t *seen = json_object(), *tags = json_array(), *item;
    OC_VEC(const char *) names = {0};
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)paths, key, item)
    {
        take_tags(seen, item);
    }
    json_object_foreach(seen, key, item)
    {
        OC_VEC_PUSH(&names, key);
    }
    if (names.count) {
        qsort(names.items, names.count, sizeof *names.items, by_text);
    }
    for (size_t i = 0; i < names.count; i++) {
        json_t *tag = json_object();
        oc_json_set_str(tag, "name", names.items[i]);
        json_array_append_new(tags, tag);
    }
    OC_VEC_FINISH(&names);
    json_decref(seen);
    return tags;
}

json_t *oc_openapi_document(struct oc_ops *ops, const struct oc_router *router, const char *version)
{
    json_t *o = json_object(), *paths = json_object(), *servers = json_array();
    json_t *here = json_object(), *sockets = json_object();
    oc_json_set_str(here, "url", "/");
    json_array_append_new(servers, here);
    oc_openapi_add_operations(paths, ops);
    oc_openapi_add_routes(paths, sockets, router);
    oc_json_set_str(o, "openapi", "3.1.0");
    oc_json_take(o, "info", info_json(version));
    oc_json_take(o, "servers", servers);
    oc_json_take(o, "tags", tags_json(paths));
    oc_json_take(o, "security", security_json());
    oc_json_take(o, "paths", paths);
    oc_json_take(o, "components", oc_openapi_components());
    oc_json_take(o, "x-openclaw-websockets", sockets); /* OpenAPI has no words for them */
    return o;
}
