/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * Answers HTTP requests below its prefix. As it stands it greets. The host has checked authentication, limits and routing. */
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

struct endpoint {
    const char *greeting; /* option */
};

static const struct oc_option options[] = {
    {.name = "greeting",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct endpoint, greeting),
     .default_text = "Hello",
     .help = "how a visitor is greeted"},
    {0},
};

/* The parameters as an object; NULL and `err` when they are none. */
static json_t *read_params(const struct oc_request *req, struct oc_error *err)
{
    json_t *params = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    if (!json_is_object(params)) {
        json_decref(params);
        oc_fail(err, OC_E_CONFIG, "the parameters have to be a JSON object");
        return NULL;
    }
    return params;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Takes `value`. */
static int32_t emit_json(const struct oc_sink *out, json_t *value, struct oc_error *err)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(value);
    if (!text) {
        return oc_fail(err, OC_E_INTERNAL, "the result cannot be written as JSON");
    }
    const int32_t rc = oc_emit_text(out, OC_RECORD_JSON, text, strlen(text));
    free(text);
    return rc;
}

static int32_t answer(const struct oc_sink *out, int status, json_t *body /* taken */,
                      struct oc_error *err)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *reply = json_pack("{s:i,s:{s:s},s:s}", "status", status, "headers", "content-type",
                              "application/json", "body", text ? text : "{}");
    free(text);
    json_decref(body);
    return emit_json(out, reply, err);
}

/* Parameters: {"method","path" (below the prefix),"query":{},"headers":{},"body"}; the result: {"status","headers","body"}. */
static int32_t handle(void *self, const struct oc_request *req, const struct oc_sink *out,
                      struct oc_error *err)
{
    const struct endpoint *e = self;
    json_t *params = read_params(req, err);
    int32_t rc;
    if (!params) {
        return err->code;
    }
    if (strcmp(text_of(params, "method"), "GET") != 0) {
        rc = answer(out, 405, json_pack("{s:s}", "error", "only GET is understood"), err);
    } else if (strcmp(text_of(params, "path"), "/") != 0) {
        rc = answer(out, 404, json_pack("{s:s}", "error", "there is only /"), err);
    } else {
        const char *name = text_of(json_object_get(params, "query"), "name");
        rc = answer(out, 200, json_pack("{s:s,s:s}", "greeting", e->greeting, "name", name), err);
    }
    json_decref(params);
    return rc;
}

static const struct oc_method methods[] = {{"endpoint.handle/1", handle}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct endpoint),
    .options = options,
    .methods = methods,
};
