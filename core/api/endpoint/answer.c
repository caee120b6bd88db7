/* Reading what an endpoint plugin answered. SPDX-License-Identifier: MIT */
#include "core/api/endpoint/answer.h"

#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"

static bool is_clean(const char *value)
{
    for (; *value; value++) {
        if ((unsigned char)*value < ' ' || *value == 127) {
            return false;
        }
    }
    return true;
}

static bool may_pass(const char *name, const char *value)
{
    static const char *const names[] = {"Cache-Control",    "ETag",     "Last-Modified",
                                        "Content-Language", "Location", "Content-Disposition",
                                        "Retry-After",      "Allow",    "Vary",
                                        "Expires"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (strcasecmp(names[i], name) == 0) {
            bool leads_away = strcmp(names[i], "Location") == 0 &&
                              (value[0] != '/' || value[1] == '/' || value[1] == '\\');
            return is_clean(value) && !leads_away;
        }
    }
    return false;
}

int oc_endpoint_answer_read(const json_t *json, struct oc_endpoint_answer *answer,
                            struct oc_error *err)
{
    json_t *body = json_object_get(json, "body"), *value;
    const char *name;
    int64_t status = oc_json_int(json, "status", 0);
    memset(answer, 0, sizeof *answer);
    if (status < 200 || status > 599) {
        return oc_error_set(err, OC_E_PERMANENT, "the plugin answered without a sound status");
    }
    if (body && !json_is_string(body)) {
        return oc_error_set(err, OC_E_PERMANENT, "the plugin's body is no text");
    }
    answer->status = (unsigned)status;
    answer->type = "text/plain; charset=utf-8";
    answer->body = body ? json_string_value(body) : "";
    answer->body_len = body ? json_string_length(body) : 0;
    json_object_foreach(json_object_get(json, "headers"), name, value)
    {
        const char *text = json_string_value(value);
        if (text && strcasecmp(name, "Content-Type") == 0 && *text && is_clean(text)) {
            answer->type = text;
        } else if (text && may_pass(name, text) && answer->header_count < OC_ENDPOINT_HEADERS_MAX) {
            answer->headers[answer->header_count].name = name;
            answer->headers[answer->header_count++].value = text;
        }
    }
    return OC_OK;
}
