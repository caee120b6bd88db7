/* Fuzzes the envelopes of agent messages: whatever comes becomes a sound message, and is written back as JSON. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/service/message/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_string(const json_t *row, const char *key, size_t max, size_t min)
{
    const json_t *value = json_object_get(row, key);
    if (!json_is_string(value) || json_string_length(value) > max ||
        json_string_length(value) < min) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const channels[] = {"a2a:alpha", "agent:beta:inbox", "channel:general",
                                           "a2a:",      "agent::inbox",     "a2a:x:y"};
    char name[OC_MESSAGE_NAME_MAX + 1];
    if (size < 1) {
        return 0;
    }
    const char *channel = channels[data[0] % 6];
    char *block = malloc(size);
    memcpy(block, data + 1, size - 1);
    json_t *row = oc_envelope_read(channel, block, size - 1, 1795379034000, 7);
    free(block);
    expect_string(row, "id", OC_MESSAGE_NAME_MAX, 1);
    expect_string(row, "channel", OC_MESSAGE_CHANNEL_MAX, 1);
    expect_string(row, "from", OC_MESSAGE_NAME_MAX, 0);
    expect_string(row, "to", OC_MESSAGE_NAME_MAX, 0);
    expect_string(row, "type", OC_MESSAGE_NAME_MAX, 1);
    expect_string(row, "time", 24, 24);
    if (!json_object_get(row, "content")) {
        abort();
    }
    char *text = oc_envelope_write(row);
    json_t *again = text ? json_loads(text, 0, NULL) : NULL;
    if (!json_is_object(again) || !json_is_integer(json_object_get(again, "timestamp"))) {
        abort();
    }
    json_decref(again);
    free(text);
    json_decref(row);
    text = strndup((const char *)data + 1, size - 1);
    oc_channel_valid(text, false);
    if (oc_envelope_agent(text, name) && (strchr(name, ':') || !*name)) {
        abort();
    }
    free(text);
    return 0;
}
