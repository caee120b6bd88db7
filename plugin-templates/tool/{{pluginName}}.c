/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * One tool for agents, {{toolName}}. As it stands it counts the words of a text. */
#include <ctype.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

struct tool {
    int64_t longest; /* option */
};

static const struct oc_option options[] = {
    {.name = "longest",
     .type = OC_OPT_SIZE,
     .offset = offsetof(struct tool, longest),
     .default_text = "64KB",
     .min = 1,
     .max = 8388608,
     .help = "a text that is longer than this is refused"},
    {0},
};

/* What an agent reads to know when and how to call. The host checks arguments against the schema before `call` sees them. */
static const char schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false,"
    " \"required\": [\"input\"],"
    " \"properties\": {\"input\": {\"type\": \"string\", \"description\": \"the text\"}}}";

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

static int32_t list(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    (void)self;
    (void)req;
    return emit_json(out,
                     json_pack("{s:s,s:s,s:o}", "name", "{{toolName}}", "description",
                               "{{toolDescription}}", "input_schema", json_loads(schema, 0, NULL)),
                     err);
}

static int32_t count_words(const struct tool *t, const char *text, const struct oc_sink *out,
                           struct oc_error *err)
{
    json_int_t words = 0;
    if (strlen(text) > (size_t)t->longest) {
        return oc_fail(err, OC_E_CONFIG, "input: longer than %lld bytes", (long long)t->longest);
    }
    for (const char *c = text; *c; c++) {
        const int begins = c == text || isspace((unsigned char)c[-1]);
        words += begins && !isspace((unsigned char)*c);
    }
    return emit_json(out, json_pack("{s:I}", "words", words), err);
}

static int32_t call(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    json_t *params = read_params(req, err);
    int32_t rc;
    if (!params) {
        return err->code;
    }
    if (strcmp(text_of(params, "name"), "{{toolName}}") != 0) {
        rc = oc_fail(err, OC_E_NOT_FOUND, "no such tool");
    } else {
        rc = count_words(self, text_of(json_object_get(params, "arguments"), "input"), out, err);
    }
    json_decref(params);
    return rc;
}

static const struct oc_method methods[] = {
    {"tool.list/1", list},
    {"tool.call/1", call},
    {NULL, NULL},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct tool),
    .options = options,
    .methods = methods,
};
