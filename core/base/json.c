/* Short forms over jansson. SPDX-License-Identifier: MIT */
#include "core/base/json.h"

#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

/* 15 digits print 0.1 as 0.1; the 17 that jansson would print make it 0.10000000000000001. */
#define WRITE_FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))
#define KEY_SHOWN   64 /* bytes of a key that comes twice */

/* The key that ends before `end`, as it was written; jansson names only short ones. */
static char *key_before(const char *text, size_t end)
{
    size_t from = end > 0 ? end - 1 : 0, slashes;
    do {
        slashes = 0;
        while (from > 0 && text[from - 1] != '"') {
            from--;
        }
        while (from > 1 + slashes && text[from - 2 - slashes] == '\\') {
            slashes++;
        }
        from -= slashes % 2;
    } while (slashes % 2);
    const size_t len = end > from ? end - 1 - from : 0;
    return oc_utf8_clean(text + from, len < KEY_SHOWN ? len : KEY_SHOWN);
}

/* jansson quotes the text it stopped at, which may be anything. */
static void complain(struct oc_error *err, const char *text, const json_error_t *where)
{
    const enum json_error_code code = json_error_code(where);
    char *reason;
    if (code == json_error_null_character || code == json_error_null_byte_in_key) {
        reason = oc_strdup("\\u0000 is not allowed in a text");
    } else if (code == json_error_duplicate_key) {
        char *key = key_before(text, (size_t)where->position);
        reason = oc_asprintf("the key \"%s\" comes twice in one object", key);
        free(key);
    } else {
        reason = oc_utf8_clean(where->text, strlen(where->text));
    }
    if (code == json_error_numeric_overflow) { /* it is JSON, but nothing that we can keep */
        oc_error_set(err, OC_E_UNSUPPORTED, "the number at line %d column %d is too large",
                     where->line, where->column);
        oc_error_hint(err, "Whole numbers have 64 bits here, others those of a double.");
    } else {
        oc_error_set(err, OC_E_CONFIG, "invalid JSON at line %d column %d: %s", where->line,
                     where->column, reason);
    }
    if (code == json_error_duplicate_key) {
        oc_error_hint(err, "Give each key once.");
    }
    free(reason);
}

static json_t *parse(const char *text, size_t len, size_t flags, struct oc_error *err)
{
    json_error_t where;

    if (len > OC_JSON_MAX_BYTES) {
        oc_error_set(err, OC_E_CONFIG, "JSON document of %zu bytes is over the limit of %u", len,
                     OC_JSON_MAX_BYTES);
        return NULL;
    }
    json_t *value = json_loadb(text ? text : "", len, JSON_DECODE_ANY | flags, &where);
    if (!value) {
        complain(err, text ? text : "", &where);
    }
    return value;
}

json_t *oc_json_parse(const char *text, size_t len, struct oc_error *err)
{
    return parse(text, len, 0, err);
}

json_t *oc_json_parse_request(const char *text, size_t len, struct oc_error *err)
{
    return parse(text, len, JSON_REJECT_DUPLICATES, err);
}

static char *dump(const json_t *value, size_t flags)
{
    if (!value) {
        return oc_strdup("null");
    }
    char *text = json_dumps(value, flags | WRITE_FLAGS);
    OC_ASSERT(text); /* a value that contains itself */
    return text;
}

char *oc_json_text(const json_t *value)
{
    return dump(value, JSON_COMPACT | JSON_SORT_KEYS);
}

char *oc_json_pretty(const json_t *value)
{
    return dump(value, JSON_INDENT(2));
}

const char *oc_json_str(const json_t *object, const char *key, const char *fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t oc_json_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

double oc_json_num(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool oc_json_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

/* "[12]" at *path: the element, moving behind the bracket. */
static json_t *step_index(const json_t *value, const char **path)
{
    const char *p = *path + 1;
    size_t index = 0;

    if (*p < '0' || *p > '9') {
        return NULL;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(index, 10u, &index) ||
            __builtin_add_overflow(index, (size_t)(*p - '0'), &index)) {
            return NULL;
        }
    }
    if (*p != ']') {
        return NULL;
    }
    *path = p + 1;
    return json_array_get(value, index);
}

/* "name" at *path: the member, moving behind the name. */
static json_t *step_member(const json_t *value, const char **path)
{
    size_t len = strcspn(*path, ".[");
    if (len == 0) {
        return NULL;
    }
    char *key = oc_strndup(*path, len);
    json_t *member = json_object_get(value, key);
    free(key);
    *path += len;
    return member;
}

json_t *oc_json_path(const json_t *value, const char *path)
{
    json_t *at = (json_t *)(uintptr_t)value; /* borrowed out as it was borrowed in */

    if (*path == '$' && strchr(".[", path[1])) { /* also "$" alone: strchr finds the terminator */
        path++;
        path += *path == '.' && path[1];
    }
    for (bool first = true; at && *path; first = false) {
        if (*path == '[') {
            at = step_index(at, &path);
        } else {
            path += !first && *path == '.';
            at = step_member(at, &path);
        }
    }
    return at;
}

/* As deep as the text that it came from, whose depth is limited. */
static void wipe(const json_t *json)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(json)) {
        explicit_bzero((char *)(uintptr_t)json_string_value(json), json_string_length(json));
    }
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        wipe(value);
    }
    json_array_foreach(json, i, value)
    {
        wipe(value);
    }
}

void oc_json_wipe(json_t *json)
{
    wipe(json);
    json_decref(json);
}

/* Our check of UTF-8 takes eight bytes at once, jansson's one: where ours was made, theirs is left out. */
void oc_json_take(json_t *object, const char *key, json_t *value)
{
    const size_t len = strlen(key);
    char *clean = oc_utf8_valid(key, len) ? NULL : oc_utf8_clean(key, len);
    const char *sound = clean ? clean : key;
    /* a NULL value is what jansson gives when it is out of memory */
    OC_ASSERT(value && !json_object_setn_new_nocheck(object, sound, strlen(sound), value));
    free(clean);
}

static json_t *string_of(const char *value)
{
    const size_t len = strlen(value);
    if (oc_utf8_valid(value, len)) {
        return json_stringn_nocheck(value, len);
    }
    char *clean = oc_utf8_clean(value, len);
    json_t *string = json_string(clean);
    free(clean);
    return string;
}

void oc_json_set_str(json_t *object, const char *key, const char *value)
{
    oc_json_take(object, key, value ? string_of(value) : json_null());
}

void oc_json_set_int(json_t *object, const char *key, int64_t value)
{
    oc_json_take(object, key, json_integer(value));
}

void oc_json_set_num(json_t *object, const char *key, double value)
{
    oc_json_take(object, key, isfinite(value) ? json_real(value) : json_null());
}

void oc_json_set_bool(json_t *object, const char *key, bool value)
{
    oc_json_take(object, key, json_boolean(value));
}

void oc_json_set_time(json_t *object, const char *key, int64_t wall_ms)
{
    char text[32];
    oc_json_set_str(object, key, wall_ms > 0 ? oc_time_format(wall_ms, text, sizeof text) : NULL);
}
