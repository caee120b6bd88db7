/* From a frame of a client to the parameters of message.send. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/bridge/bridge.h"
#include "core/base/json.h"

/* Strings and numbers as they are, anything else as JSON: the operation reads it back. Owned; NULL: there is none. */
static char *content_of(const json_t *frame)
{
    const json_t *content = json_object_get(frame, "content");
    if (json_is_string(content)) {
        return strdup(json_string_value(content));
    }
    return content ? json_dumps(content, OC_JSON_WIRE) : NULL;
}

static void take(json_t *params, const char *name, const json_t *frame, const char *key,
                 const char *other)
{
    const char *value = oc_json_str(frame, key, NULL);
    value = value || !other ? value : oc_json_str(frame, other, NULL);
    if (value && *value) {
        oc_json_set_str(params, name, value);
    }
}

json_t *oc_bridge_send_params(const json_t *frame, struct oc_error *err)
{
    json_t *params = json_object();
    char *content = content_of(frame);
    take(params, "channel", frame, "channel", NULL);
    take(params, "to", frame, "to", "agent");
    take(params, "from", frame, "from", NULL);
    take(params, "id", frame, "id", "correlationId");
    take(params, "thread", frame, "threadId", "thread");
    take(params, "parent", frame, "parentId", "parent");
    take(params, "type", frame, "messageType", NULL);
    const json_t *metadata = json_object_get(frame, "metadata");
    if (json_is_object(metadata)) {
        char *text = json_dumps(metadata, OC_JSON_WIRE);
        oc_json_set_str(params, "metadata", text);
        free(text);
    }
    if (!content) {
        oc_error_set(err, OC_E_CONFIG, "expected content");
        json_decref(params);
        return NULL;
    }
    oc_json_set_str(params, "content", content);
    free(content);
    return params;
}
