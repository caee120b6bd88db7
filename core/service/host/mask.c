/* Hides secrets in configuration that is shown. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/host/internal.h"

/* Where a value stands: below alerts.channels the path of a URL is a secret as well. */
enum place { PLACE_ROOT, PLACE_ALERTS, PLACE_CHANNELS, PLACE_OTHER };

static enum place below(enum place place, const char *name)
{
    if (place == PLACE_ROOT && strcmp(name, "alerts") == 0) {
        return PLACE_ALERTS;
    }
    if (place == PLACE_ALERTS && strcmp(name, "channels") == 0) {
        return PLACE_CHANNELS;
    }
    return place == PLACE_CHANNELS ? PLACE_CHANNELS : PLACE_OTHER;
}

static enum place place_of(const char *path)
{
    static const char channels[] = "alerts.channels";
    if (!path || !*path) {
        return PLACE_ROOT;
    }
    if (strcmp(path, "alerts") == 0) {
        return PLACE_ALERTS;
    }
    return oc_starts(path, channels) && strchr(".[", path[sizeof channels - 1]) ? PLACE_CHANNELS
                                                                                : PLACE_OTHER;
}

static json_t *mask_string(const char *key, enum place place, const json_t *value)
{
    const char *text = json_string_value(value);
    if (oc_starts(text, "$env:") || oc_starts(text, "$file:") || !*text) {
        return json_string(text);
    }
    if (key && oc_mask_secret_name(key)) {
        return json_string(OC_MASK);
    }
    char *shown = oc_mask_text(text, place == PLACE_CHANNELS);
    json_t *masked = json_string(shown);
    free(shown);
    return masked;
}

static json_t *mask(const char *key, enum place place, const json_t *value)
{
    if (json_is_string(value)) {
        return mask_string(key, place, value);
    }
    if (json_is_object(value)) {
        json_t *o = json_object();
        const char *name;
        json_t *member;
        json_object_foreach((json_t *)value, name, member)
        {
            oc_json_take(o, name, mask(name, below(place, name), member));
        }
        return o;
    }
    if (json_is_array(value)) {
        json_t *a = json_array();
        size_t i;
        json_t *item;
        json_array_foreach(value, i, item)
        {
            json_array_append_new(a, mask(key, place, item));
        }
        return a;
    }
    return json_deep_copy(value);
}

json_t *oc_host_mask(const json_t *value)
{
    return mask(NULL, PLACE_ROOT, value);
}

json_t *oc_host_mask_at(const char *path, const char *name, const json_t *value)
{
    return mask(name, place_of(path), value);
}
