/* Fuzzes a delivery that a webhook passes on as it stands: what was a JSON object becomes one. SPDX-License-Identifier: MIT */
// uses: plugin_alert openclaw::sdk
#include "../../plugins/alert/webhook/raw.c" /* it belongs to a plugin */

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool right)
{
    if (!right) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct raw_delivery d;
    char *given = malloc(size ? size : 1); /* of the exact size, so that a step too far is seen */
    memcpy(given, data, size);
    if (raw_read(given, size, &d)) {
        char *body = raw_body(&d, "2026-01-01T00:00:00.000Z"), *id = raw_string(&d.id);
        json_t *before = json_loadb(given, size, 0, NULL), *after = json_loads(body, 0, NULL);
        hold(strlen(id) > 0 || memchr(given, '\0', size));
        if (before && !memchr(given, '\0', size)) {
            hold(json_equal(json_object_get(before, "alert"), json_object_get(after, "alert")));
            hold(json_equal(json_object_get(before, "id"), json_object_get(after, "delivery")));
        }
        json_decref(before);
        json_decref(after);
        free(body);
        free(id);
    }
    free(given);
    return 0;
}
