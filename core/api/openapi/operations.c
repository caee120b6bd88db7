/* The paths of operations in the document. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/api/operation.h"
#include "core/base/json.h"
#include "core/base/log.h"

static char *path_of(const char *name)
{
    char *path = oc_asprintf("/api/v1/%s", name);
    for (char *c = path; *c; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    return path;
}

static json_t *ref(const char *to)
{
    json_t *o = json_object();
    oc_json_set_str(o, "$ref", to);
    return o;
}

static void add_media(json_t *content, const char *type, json_t *schema)
{
    json_t *media = json_object();
    oc_json_take(media, "schema", schema);
    oc_json_take(content, type, media);
}

/* Answer, and what its data is. Written out and not as allOf: generators of clients make one class of it. */
static json_t *answer_of(const struct oc_op *op)
{
    json_t *data = op->result ? oc_openapi_result(op->result) : NULL;
    if (op->result && !data) {
        oc_err("the result of an operation is badly described", "op=%s", op->name);
    }
    if (!data) {
        return ref("#/components/schemas/Answer");
    }
    json_t *o = oc_openapi_answer();
    oc_json_take(json_object_get(o, "properties"), "data", data);
    return o;
}

static json_t *success(const struct oc_op *op)
{
    json_t *o = json_object(), *content = json_object(), *text = json_object();
    oc_json_set_str(text, "type", "string");
    oc_json_set_str(o, "description",
                    "the answer; with Accept: text/event-stream the events row, progress and done");
    add_media(content, "application/json", answer_of(op));
    add_media(content, "text/event-stream", text);
    oc_json_take(o, "content", content);
    return o;
}

static json_t *responses_of(const struct oc_op *op, bool post)
{
    static const int both[] = {400, 401, 403, 404, 409, 422, 424, 429, 431, 500, 503, 0};
    static const int with_body[] = {413, 415, 0};
    json_t *o = json_object();
    oc_json_take(o, "200", success(op));
    oc_json_take(o, "202", ref("#/components/responses/Job"));
    oc_openapi_add_failures(o, both);
    if (post) {
        oc_openapi_add_failures(o, with_body);
    }
    return o;
}

static json_t *body_of(const struct oc_op *op)
{
    json_t *body = json_object(), *content = json_object(), *media = json_object();
    json_t *schema = oc_openapi_params(op->params), *example = oc_openapi_example(op);
    oc_json_set_bool(body, "required", json_object_get(schema, "required") != NULL);
    oc_json_take(media, "schema", schema);
    if (example) {
        oc_json_take(media, "example", example);
    }
    oc_json_take(content, "application/json", media);
    oc_json_take(body, "content", content);
    return body;
}

/* What a GET cannot go without has a value to show. */
static json_t *query_of(const struct oc_op *op)
{
    json_t *list = oc_openapi_query(op->params), *example = oc_openapi_example(op), *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        json_t *value = json_object_get(example, oc_json_str(one, "name", ""));
        if (value && oc_json_bool(one, "required", false)) {
            json_object_set(one, "example", value);
        }
    }
    json_decref(example);
    return list;
}

static const char *role_name(enum oc_role role)
{
    static const char *const names[] = {"viewer", "operator", "admin"};
    return names[role];
}

static json_t *method_of(const struct oc_op *op, bool post)
{
    json_t *o = json_object(), *tags = json_array();
    char *id = oc_asprintf("%s%s", op->name, post ? "" : ".get");
    json_array_append_new(tags, json_stringn(op->name, strcspn(op->name, ".")));
    oc_json_set_str(o, "operationId", id);
    oc_json_set_str(o, "summary", op->summary);
    if (op->description) {
        oc_json_set_str(o, "description", op->description);
    }
    oc_json_take(o, "tags", tags);
    oc_json_set_str(o, "x-openclaw-role", role_name(op->role));
    if (op->example) {
        oc_json_set_str(o, "x-openclaw-example", op->example);
    }
    if (op->result) {
        oc_json_set_str(o, "x-openclaw-result", op->result);
    }
    if (op->flags & OC_OP_STREAMS) {
        oc_json_set_bool(o, "x-openclaw-streams", true);
    }
    if (op->flags & OC_OP_DESTRUCTIVE) {
        oc_json_set_bool(o, "x-openclaw-destructive", true);
    }
    if (post) {
        oc_json_take(o, "requestBody", body_of(op));
    } else {
        oc_json_take(o, "parameters", query_of(op));
    }
    oc_json_take(o, "responses", responses_of(op, post));
    free(id);
    return o;
}

void oc_openapi_add_operations(json_t *paths, struct oc_ops *ops)
{
    json_t *all = oc_ops_json(ops, false), *row;
    size_t i;
    json_array_foreach(all, i, row)
    {
        const struct oc_op *op = oc_ops_find(ops, oc_json_str(row, "name", ""));
        if (!oc_api_op_is_shown(op)) {
            continue;
        }
        char *path = path_of(op->name);
        json_t *item = json_object();
        if (oc_api_op_reads(op)) {
            oc_json_take(item, "get", method_of(op, false));
        }
        oc_json_take(item, "post", method_of(op, true));
        oc_json_take(paths, path, item);
        free(path);
    }
    json_decref(all);
}
