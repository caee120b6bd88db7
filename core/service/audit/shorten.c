/* What is too long for an entry: the long of it is cut, the rest stays. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/audit/internal.h"
#include "core/sys/crypto.h"

#define LONG      1024u /* bytes: a longer text is cut */
#define KEPT      256u  /* of its beginning */
#define DEPTH_MAX 16
#define BUDGET    (OC_LEDGER_ENTRY_MAX / 4 * 3) /* for all of it, as JSON text in the worst case */

static json_t *shorten(const json_t *value, size_t *left, unsigned depth);

/* Its beginning, how long it was, and a hash by which whoever has the text can prove that it is this one. */
static json_t *cut(const json_t *text)
{
    const char *data = json_string_value(text);
    const size_t len = json_string_length(text);
    size_t kept = KEPT;
    char hex[OC_SHA256_HEX];
    if (len <= LONG) {
        return json_copy((json_t *)text);
    }
    while (kept > 0 && ((unsigned char)data[kept] & 0xc0) == 0x80) {
        kept--; /* between two characters */
    }
    oc_sha256_hex(data, len, hex);
    return json_sprintf("%.*s... (%zu bytes, sha256 %s)", (int)kept, data, len, hex);
}

/* Room for one more member; a byte of text may take six in JSON. */
static bool pay(size_t *left, const char *key, const json_t *value)
{
    size_t bytes =
        (key ? strlen(key) : 0) + (json_is_string(value) ? json_string_length(value) : 0);
    const size_t cost = 32 + 6 * (bytes < 2 * LONG ? bytes : 2 * LONG);
    if ((key && strlen(key) > LONG) || *left < cost) {
        return false;
    }
    *left -= cost;
    return true;
}

static json_t *shorten_list(const json_t *list, size_t *left, unsigned depth)
{
    json_t *o = json_array();
    size_t i, out = 0;
    json_t *one;
    json_array_foreach((json_t *)list, i, one)
    {
        if (pay(left, NULL, one)) {
            json_array_append_new(o, shorten(one, left, depth + 1));
        } else {
            out++;
        }
    }
    if (out > 0) {
        json_array_append_new(o, json_sprintf("... (%zu more)", out));
    }
    return o;
}

static json_t *shorten_object(const json_t *object, size_t *left, unsigned depth)
{
    json_t *o = json_object();
    const char *key;
    json_t *one;
    size_t out = 0;
    json_object_foreach((json_t *)object, key, one)
    {
        if (pay(left, key, one)) {
            oc_json_take(o, key, shorten(one, left, depth + 1));
        } else {
            out++;
        }
    }
    if (out > 0) {
        oc_json_take(o, "...", json_sprintf("(%zu more)", out));
    }
    return o;
}

static json_t *shorten(const json_t *value, size_t *left, unsigned depth)
{
    if (json_is_string(value)) {
        return cut(value);
    }
    if (!json_is_object(value) && !json_is_array(value)) {
        return json_copy((json_t *)value);
    }
    if (depth >= DEPTH_MAX) {
        return json_string("...");
    }
    return json_is_object(value) ? shorten_object(value, left, depth)
                                 : shorten_list(value, left, depth);
}

json_t *oc_audit_shortened(const json_t *entry)
{
    json_t *o = json_object();
    size_t left = BUDGET;
    const char *key;
    json_t *one;
    for (int held = 0; held < 2; held++) { /* who did what, and how it ended, come first */
        json_object_foreach((json_t *)entry, key, one)
        {
            if ((json_is_object(one) || json_is_array(one)) == (held == 1) &&
                pay(&left, key, one)) {
                oc_json_take(o, key, shorten(one, &left, 1));
            }
        }
    }
    oc_json_set_bool(o, "shortened", true);
    return o;
}

int64_t oc_audit_append(struct oc_ledger *l, const char *type, const json_t *entry,
                        oc_ledger_done_fn done, void *ctx, struct oc_error *err)
{
    int64_t index = oc_ledger_add(l, type, entry, done, ctx, err);
    if (index == OC_E_CONFIG) {
        json_t *less = oc_audit_shortened(entry);
        index = oc_ledger_add(l, type, less, done, ctx, err);
        json_decref(less);
    }
    return index;
}
