/* Reading and writing envelopes. SPDX-License-Identifier: MIT */
#include "core/service/message/envelope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define DEPTH_MAX 64
#define TIME_MIN  INT64_C(946684800000)    /* 2000: older ones are no times in ms */
#define TIME_MAX  INT64_C(253402300799000) /* the end of 9999 */

bool oc_channel_valid(const char *channel, bool pattern)
{
    const size_t len = strlen(channel);
    const size_t sound = strspn(channel, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789:._-/@*");
    return len > 0 && len <= OC_MESSAGE_CHANNEL_MAX && sound == len &&
           (pattern || !strchr(channel, '*'));
}

bool oc_envelope_agent(const char *channel, char name[OC_MESSAGE_NAME_MAX + 1])
{
    const char *begin = NULL;
    size_t len = 0;
    if (oc_starts(channel, "a2a:")) {
        begin = channel + 4;
        len = strlen(begin);
    } else if (oc_starts(channel, "agent:") && oc_ends(channel, ":inbox") &&
               strlen(channel) > strlen("agent::inbox")) {
        begin = channel + 6;
        len = strlen(channel) - strlen("agent::inbox");
    }
    if (len == 0 || len > OC_MESSAGE_NAME_MAX || memchr(begin, ':', len) ||
        memchr(begin, '*', len)) {
        return false;
    }
    memcpy(name, begin, len);
    name[len] = '\0';
    return true;
}

/* ---- reading ---- */

static int depth_of(const json_t *value, int left)
{
    const char *key;
    json_t *child;
    size_t i;
    if (left == 0) {
        return 0;
    }
    int least = left;
    json_object_foreach((json_t *)(uintptr_t)value, key, child)
    {
        const int d = depth_of(child, left - 1);
        least = d < least ? d : least;
    }
    json_array_foreach(value, i, child)
    {
        const int d = depth_of(child, left - 1);
        least = d < least ? d : least;
    }
    return least;
}

/* A member that is a string, cut to `max` bytes between characters; `fallback` otherwise. */
static void take_name(json_t *row, const char *key, const json_t *from, const char *other,
                      const char *fallback)
{
    char text[OC_MESSAGE_NAME_MAX + 1];
    const char *value = oc_json_str(from, key, NULL);
    value = value || !other ? value : oc_json_str(from, other, NULL);
    size_t len = oc_copy(text, sizeof text, value && *value ? value : fallback);
    while (len > 0 && !oc_utf8_valid(text, len)) {
        text[--len] = '\0';
    }
    oc_json_set_str(row, key, text);
}

static void take_optional(json_t *row, const char *key, const json_t *from, const char *name)
{
    const char *value = oc_json_str(from, name, NULL);
    if (value && *value && strlen(value) <= OC_MESSAGE_NAME_MAX) {
        oc_json_set_str(row, key, value);
    }
}

/* "timestamp" is ms, or text in RFC 3339; what is neither is now. */
static int64_t time_of(const json_t *from, int64_t now_ms)
{
    const json_t *t = json_object_get(from, "timestamp");
    int64_t ms = json_is_integer(t) ? json_integer_value(t) : 0;
    if (json_is_string(t) && oc_time_parse(json_string_value(t), now_ms, &ms) != OC_OK) {
        ms = 0;
    }
    return ms >= TIME_MIN && ms <= TIME_MAX ? ms : now_ms;
}

static void take_id(json_t *row, const json_t *from, int64_t now_ms, uint64_t serial)
{
    char made[64];
    snprintf(made, sizeof made, "m%" PRIx64 "-%" PRIx64, (uint64_t)now_ms, serial);
    take_name(row, "id", from, NULL, made);
}

json_t *oc_envelope_read(const char *channel, const char *payload, size_t len, int64_t now_ms,
                         uint64_t serial)
{
    json_t *row = json_object();
    json_t *from = len <= OC_MESSAGE_PAYLOAD_MAX
                       ? json_loadb(payload, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    const bool envelope = json_is_object(from) && depth_of(from, DEPTH_MAX) > 0;
    const json_t *fields = envelope ? from : NULL;
    char agent[OC_MESSAGE_NAME_MAX + 1] = "";
    oc_envelope_agent(channel, agent);
    take_id(row, fields, now_ms, serial);
    oc_json_set_str(row, "channel", channel);
    take_name(row, "from", fields, "sender", "");
    take_name(row, "to", fields, "agent", agent);
    take_name(row, "type", fields, NULL, envelope ? "message" : "text");
    const json_t *content = json_object_get(fields, "content");
    if (envelope) {
        json_object_set(row, "content", (json_t *)(uintptr_t)(content ? content : from));
    } else {
        char *text =
            oc_utf8_clean(payload, len < OC_MESSAGE_PAYLOAD_MAX ? len : OC_MESSAGE_PAYLOAD_MAX);
        oc_json_set_str(row, "content", text);
        free(text);
    }
    oc_json_set_time(row, "time", time_of(fields, now_ms));
    take_optional(row, "thread", fields, "threadId");
    take_optional(row, "parent", fields, "parentId");
    if (json_is_object(json_object_get(fields, "metadata"))) {
        json_object_set(row, "metadata", json_object_get(fields, "metadata"));
    }
    json_decref(from);
    return row;
}

/* ---- writing ---- */

static void put(json_t *out, const char *key, const json_t *message, const char *name)
{
    json_t *value = json_object_get(message, name);
    if (value) {
        json_object_set(out, key, value);
    }
}

char *oc_envelope_write(const json_t *message)
{
    json_t *o = json_object();
    int64_t time_ms = 0;
    static const char *const same[] = {"id", "type", "from", "to", "channel", "content"};
    for (size_t i = 0; i < OC_COUNT(same); i++) {
        put(o, same[i], message, same[i]);
    }
    oc_time_parse(oc_json_str(message, "time", "now"), oc_time_wall(), &time_ms);
    oc_json_set_int(o, "timestamp", time_ms);
    put(o, "threadId", message, "thread");
    put(o, "parentId", message, "parent");
    put(o, "metadata", message, "metadata");
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}
