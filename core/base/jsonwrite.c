/* Writing JSON into a buffer, several times as fast as by callbacks. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

static void put_control(struct oc_buf *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF", plain[] = "\b\f\n\r\t", letters[] = "bfnrt";
    const char *known = c ? strchr(plain, c) : NULL;
    char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    if (known) {
        text[1] = letters[known - plain];
    }
    oc_buf_add(out, text, known ? 2 : sizeof text);
}

/* Most strings have nothing in them that needs an escape: they are copied in one piece. */
static void put_string(struct oc_buf *out, const char *text, size_t len)
{
    size_t from = 0;
    oc_buf_addc(out, '"');
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        oc_buf_add(out, text + from, i - from);
        from = i + 1;
        if (c < 0x20) {
            put_control(out, c);
        } else {
            oc_buf_addc(out, '\\');
            oc_buf_addc(out, (char)c);
        }
    }
    oc_buf_add(out, text + from, len - from);
    oc_buf_addc(out, '"');
}

void oc_json_put_str(struct oc_buf *out, const char *text)
{
    const size_t len = text ? strlen(text) : 0;
    if (!text) {
        oc_buf_adds(out, "null");
    } else if (oc_utf8_valid(text, len)) {
        put_string(out, text, len);
    } else {
        char *clean = oc_utf8_clean(text, len);
        put_string(out, clean, strlen(clean));
        free(clean);
    }
}

static void put_real(struct oc_buf *out, const json_t *value, size_t flags)
{
    char *text = json_dumps(value, flags);
    oc_buf_adds(out, text ? text : "null");
    free(text);
}

static void put(struct oc_buf *out, const json_t *value, size_t flags);

static void put_object(struct oc_buf *out, const json_t *value, size_t flags)
{
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators are not const */
    char comma = '{';
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        const char *key = json_object_iter_key(it);
        oc_buf_addc(out, comma);
        put_string(out, key, strlen(key));
        oc_buf_addc(out, ':');
        put(out, json_object_iter_value(it), flags);
        comma = ',';
    }
    oc_buf_adds(out, comma == '{' ? "{}" : "}");
}

static void put_array(struct oc_buf *out, const json_t *value, size_t flags)
{
    oc_buf_addc(out, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0) {
            oc_buf_addc(out, ',');
        }
        put(out, json_array_get(value, i), flags);
    }
    oc_buf_addc(out, ']');
}

/* `flags`: of a number with a fraction. */
static void put(struct oc_buf *out, const json_t *value, size_t flags)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        put_object(out, value, flags);
        break;
    case JSON_ARRAY:
        put_array(out, value, flags);
        break;
    case JSON_STRING:
        put_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        oc_buf_addi(out, json_integer_value(value));
        break;
    case JSON_REAL:
        put_real(out, value, flags);
        break;
    case JSON_TRUE:
        oc_buf_adds(out, "true");
        break;
    case JSON_FALSE:
        oc_buf_adds(out, "false");
        break;
    case JSON_NULL:
        oc_buf_adds(out, "null");
        break;
    }
}

void oc_json_put(struct oc_buf *out, const json_t *value)
{
    put(out, value, JSON_ENCODE_ANY);
}

void oc_json_put_wire(struct oc_buf *out, const json_t *value)
{
    put(out, value, OC_JSON_WIRE);
}
