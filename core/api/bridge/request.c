/* From a frame of a client to the parameters of message.send. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/bridge/bridge.h"
#include "core/base/json.h"

/* Strings and numbers as they are, anything else as JSON: the operation reads it back. Owned; NULL: there is none, which `null` says, too. */
static char *content_of(const json_t *frame)
{
    const json_t *content = json_object_get(frame, "content");
    if (json_is_string(content)) {
        return strdup(json_string_value(content));
    }
    return content && !json_is_null(content) ? json_dumps(content, OC_JSON_WIRE) : NULL;
}

/* A name may be a number: it travels as its digits. OC_OK also when there is none. */
static int take(json_t *params, const char *name, const json_t *frame, const char *key,
                const char *other, struct oc_error *err)
{
    const json_t *value = json_object_get(frame, key);
    if (other && (!value || json_is_null(value))) {
        key = other;
        value = json_object_get(frame, key);
    }
    if (json_is_integer(value)) {
        json_object_set_new(params, name,
                            json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value)));
    } else if (json_is_string(value) && json_string_length(value) > 0) {
        json_object_set(params, name, (json_t *)(uintptr_t)value);
    } else if (value && !json_is_null(value) && !json_is_string(value)) {
        return oc_error_set(err, OC_E_CONFIG, "expected `%s`, a string or a whole number", key);
    }
    return OC_OK;
}

static int take_all(json_t *params, const json_t *frame, struct oc_error *err)
{
    static const struct {
        const char *name, *key, *other;
    } table[] = {{"channel", "channel", NULL},     {"to", "to", "agent"},
                 {"from", "from", NULL},           {"id", "id", "correlationId"},
                 {"thread", "threadId", "thread"}, {"parent", "parentId", "parent"},
                 {"type", "messageType", NULL}};
    int rc = OC_OK;
    for (size_t i = 0; i < sizeof table / sizeof *table && rc == OC_OK; i++) {
        rc = take(params, table[i].name, frame, table[i].key, table[i].other, err);
    }
    return rc;
}

json_t *oc_bridge_send_params(const json_t *frame, struct oc_error *err)
{
    json_t *params = json_object();
    char *content = content_of(frame);
    const json_t *metadata = json_object_get(frame, "metadata");
    if (json_is_object(metadata)) {
        char *text = json_dumps(metadata, OC_JSON_WIRE);
        oc_json_set_str(params, "metadata", text);
        free(text);
    }
    if (!content) {
        oc_error_set(err, OC_E_CONFIG, "expected content");
    } else {
        oc_json_set_str(params, "content", content);
    }
    free(content);
    if (err->code != OC_OK || take_all(params, frame, err) != OC_OK) {
        json_decref(params);
        return NULL;
    }
    return params;
}
