/* GET /api/v1: which operations there are, short enough for a page that begins. SPDX-License-Identifier: MIT */
#include "core/api/operation.h"
#include "core/api/ops/rest.h"
#include "core/base/json.h"

/* The parameters are in /api/openapi.json; what is left out here is most of it. */
static json_t *short_form(const json_t *op)
{
    static const char *const keys[] = {"name", "summary", "role", "flags"};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_object_set(o, keys[i], json_object_get(op, keys[i]));
    }
    return o;
}

static void get_index(struct oc_http_request *r, void *ctx)
{
    const struct oc_rest *rest = ctx;
    json_t *all = oc_ops_json(rest->api->env->ops, false), *list = json_array(), *op;
    size_t i;
    json_array_foreach(all, i, op)
    {
        const char *name = oc_json_str(op, "name", "");
        if (oc_api_op_is_shown(oc_ops_find(rest->api->env->ops, name))) {
            json_array_append_new(list, short_form(op));
        }
    }
    json_decref(all);
    json_t *o = json_object();
    oc_json_set_bool(o, "ok", true);
    oc_json_take(o, "data", list);
    oc_json_take(o, "warnings", json_array());
    oc_http_send_json(r, 200, o);
}

const struct oc_route oc_rest_index_routes[] = {
    {"GET", "/api/v1", OC_ROUTE_VIEWER, 0, get_index, "The operations: names, roles, flags"}, {0}};
