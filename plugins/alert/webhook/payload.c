/* The body of a webhook and its signature. SPDX-License-Identifier: MIT */
#include "payload.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

/* The name when `s` is "{{name}}" and nothing else; owned by the caller. */
static char *sole_name(const char *s)
{
    size_t len = strlen(s);
    if (len < 5 || strncmp(s, "{{", 2) != 0 || strstr(s, "}}") != s + len - 2) {
        return NULL;
    }
    return strndup(s + 2, len - 4);
}

static json_t *fill_string(const struct message *m, const char *s)
{
    char *name = sole_name(s);
    if (name) {
        json_t *value = message_value(m, name);
        free(name);
        return value ? value : json_null();
    }
    struct text out = {0};
    message_expand(m, s, "{{", "}}", &out);
    json_t *filled = out.failed ? NULL : json_string(out.data ? out.data : "");
    text_finish(&out);
    return filled;
}

static json_t *fill(const struct message *m, const json_t *pattern, int depth)
{
    json_t *copy, *item;
    const char *key;
    size_t i;
    if (depth > DEPTH_MAX) {
        return json_null();
    }
    switch (json_typeof(pattern)) {
    case JSON_OBJECT:
        copy = json_object();
        json_object_foreach((json_t *)pattern, key, item)
        {
            json_object_set_new(copy, key, fill(m, item, depth + 1));
        }
        return copy;
    case JSON_ARRAY:
        copy = json_array();
        json_array_foreach(pattern, i, item)
        {
            json_array_append_new(copy, fill(m, item, depth + 1));
        }
        return copy;
    case JSON_STRING:
        return fill_string(m, json_string_value(pattern));
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return json_copy((json_t *)pattern);
}

static json_t *standard(const struct message *m)
{
    static const char *const more[] = {"group", "alerts", "text"};
    json_t *json = json_pack("{s:O, s:o, s:s, s:s, s:s, s:I}", "alert", m->alert, "timestamp",
                             message_value(m, "timestamp"), "event", m->event, "delivery", m->id,
                             "host", m->host, "attempt", (json_int_t)m->attempt);
    for (size_t i = 0; json && i < sizeof more / sizeof more[0]; i++) {
        json_t *value = json_object_get(m->root, more[i]);
        if (value) {
            json_object_set(json, more[i], value);
        }
    }
    return json;
}

char *payload_make(const struct message *m, const json_t *template)
{
    json_t *json = template ? fill(m, template, 0) : standard(m);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(json);
    return text;
}

void payload_sign(const char *secret, const char *timestamp, const char *body,
                  char hex[SIGNATURE_SIZE])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)timestamp, strlen(timestamp));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, SIGNATURE_SIZE, mac, sizeof mac);
    sodium_memzero(&state, sizeof state);
}
