/* Turns the data of a log line into logfmt and JSON. SPDX-License-Identifier: MIT */
#include "core/base/logdata.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#define JSON_MAX (64u << 10) /* data that a plugin hands over for one line */

enum kind { KIND_TEXT, KIND_NUMBER, KIND_NULL };

/* One % conversion: "%.3f" has precision 3 and conversion 'f'. Flags and widths make no sense here
 * and are skipped. */
struct spec {
    int precision; /* -1 = none */
    char length;   /* 0, 'l', 'L' (ll), 'z', 'j', 't' */
    char conversion;
};

void oc_logdata_finish(struct oc_logdata *d)
{
    oc_buf_finish(&d->text);
    oc_buf_finish(&d->json);
}

/* Cuts to `max` bytes without splitting a character. */
static size_t cut(const char *s, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }
    for (len = max; len > 0 && oc_utf8_inner(s[len]);) {
        len--;
    }
    return len;
}

static int needs_quotes(const char *s, size_t len, int free_spaces)
{
    uint32_t code;
    if (len == 0) {
        return 1;
    }
    while (len > 0) {
        size_t n = oc_utf8_next(s, len, &code);
        if (n == 0 || oc_utf8_control(code) || code == '"' || code == '=' || code == '\\' ||
            (code == ' ' && !free_spaces)) {
            return 1;
        }
        s += n;
        len -= n;
    }
    return 0;
}

/* The character of `n` bytes at s (n = 0: one byte that is no character) inside quotation marks. */
static void add_escaped(struct oc_buf *out, const char *s, size_t n, uint32_t code)
{
    if (n == 0) {
        oc_buf_addf(out, "\\x%02x", (unsigned char)*s);
    } else if (code == '"' || code == '\\') {
        oc_buf_addf(out, "\\%c", (char)code);
    } else if (code == '\n') {
        oc_buf_adds(out, "\\n");
    } else if (code == '\t') {
        oc_buf_adds(out, "\\t");
    } else if (oc_utf8_control(code)) {
        oc_buf_addf(out, "\\u%04x", (unsigned)code);
    } else {
        oc_buf_add(out, s, n);
    }
}

void oc_log_quote(struct oc_buf *out, const char *s, size_t len, int free_spaces)
{
    uint32_t code = 0;
    len = cut(s, len, OC_LOG_VALUE_MAX);
    if (!needs_quotes(s, len, free_spaces)) {
        oc_buf_add(out, s, len);
        return;
    }
    oc_buf_addc(out, '"');
    while (len > 0) {
        size_t n = oc_utf8_next(s, len, &code);
        add_escaped(out, s, n, code);
        s += n ? n : 1;
        len -= n ? n : 1;
    }
    oc_buf_addc(out, '"');
}

void oc_log_quote_json(struct oc_buf *out, const char *s, size_t len)
{
    uint32_t code = 0;
    len = cut(s, len, OC_LOG_VALUE_MAX);
    oc_buf_addc(out, '"');
    while (len > 0) {
        size_t n = oc_utf8_next(s, len, &code);
        if (n == 0) {
            oc_buf_adds(out, OC_UTF8_REPLACEMENT);
        } else {
            add_escaped(out, s, n, code);
        }
        s += n ? n : 1;
        len -= n ? n : 1;
    }
    oc_buf_addc(out, '"');
}

/* Keys are plain words, whoever chose them. */
static void add_key(struct oc_buf *out, const char *key, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    len = len < 64 ? len : 64;
    for (size_t i = 0; i < len; i++) {
        oc_buf_addc(out, key[i] && strchr(plain, key[i]) ? key[i] : '_');
    }
}

static int reserved(const char *key, size_t len)
{
    return (len == 4 && !memcmp(key, "time", 4)) || (len == 5 && !memcmp(key, "level", 5)) ||
           (len == 7 && !memcmp(key, "message", 7));
}

static void add_keys(struct oc_logdata *d, const char *key, size_t len)
{
    oc_buf_addc(&d->text, ' ');
    add_key(&d->text, key, len);
    oc_buf_addc(&d->text, '=');
    if (d->json.len) {
        oc_buf_addc(&d->json, ',');
    }
    oc_buf_addc(&d->json, '"');
    add_key(&d->json, key, len);
    if (reserved(key, len)) { /* data never hides a member that the line itself has */
        oc_buf_addc(&d->json, '_');
    }
    oc_buf_adds(&d->json, "\":");
}

static void add_value(struct oc_logdata *d, enum kind kind, const char *value, size_t len)
{
    switch (kind) {
    case KIND_TEXT:
        oc_log_quote(&d->text, value, len, 0);
        oc_log_quote_json(&d->json, value, len);
        return;
    case KIND_NUMBER:
        oc_buf_add(&d->text, value, len);
        oc_buf_add(&d->json, value, len);
        return;
    case KIND_NULL:
        oc_buf_adds(&d->text, "-");
        oc_buf_adds(&d->json, "null");
        return;
    }
}

static const char *parse_spec(const char *p, struct spec *spec)
{
    *spec = (struct spec){.precision = -1};
    p += strspn(p, "-+ #0123456789");
    if (*p == '.') {
        spec->precision = 0;
        for (p++; *p >= '0' && *p <= '9'; p++) {
            spec->precision = spec->precision < 1000 ? spec->precision * 10 + (*p - '0') : 1000;
        }
    }
    for (; *p && strchr("hlzjt", *p); p++) {
        spec->length = *p == 'l' && spec->length == 'l' ? 'L' : *p;
    }
    spec->conversion = *p;
    return *p ? p + 1 : p;
}

/* va_list in a struct, so that its place can be passed on (C11 7.16, note 253). */
struct args {
    va_list ap;
};

static long long take_signed(struct args *args, char length)
{
    switch (length) {
    case 'l':
        return va_arg(args->ap, long);
    case 'L':
        return va_arg(args->ap, long long);
    case 'z':
        return va_arg(args->ap, ssize_t);
    case 'j':
        return (long long)va_arg(args->ap, intmax_t);
    case 't':
        return va_arg(args->ap, ptrdiff_t);
    default: /* char and short arrive as int */
        return va_arg(args->ap, int);
    }
}

static unsigned long long take_unsigned(struct args *args, char length)
{
    switch (length) {
    case 'l':
        return va_arg(args->ap, unsigned long);
    case 'L':
        return va_arg(args->ap, unsigned long long);
    case 'z':
        return va_arg(args->ap, size_t);
    case 'j':
        return (unsigned long long)va_arg(args->ap, uintmax_t);
    case 't':
        return (unsigned long long)va_arg(args->ap, ptrdiff_t);
    default:
        return va_arg(args->ap, unsigned);
    }
}

static enum kind add_string(struct oc_buf *out, const char *s, int precision)
{
    if (!s) {
        return KIND_NULL;
    }
    oc_buf_add(out, s, strnlen(s, precision >= 0 ? (size_t)precision : OC_LOG_VALUE_MAX + 4));
    return KIND_TEXT;
}

static enum kind add_double(struct oc_buf *out, double value, const struct spec *spec)
{
    int precision = spec->precision >= 0 && spec->precision <= 17 ? spec->precision : 6;
    if (!isfinite(value)) {
        return KIND_NULL; /* JSON has no word for it */
    }
    if (spec->conversion == 'f') {
        oc_buf_addf(out, "%.*f", precision, value);
    } else {
        oc_buf_addf(out, "%.*g", precision, value);
    }
    return KIND_NUMBER;
}

/* Appends the next argument to `out` and says what it was. */
static enum kind add_argument(struct oc_buf *out, const struct spec *spec, struct args *args)
{
    switch (spec->conversion) {
    case 's':
        return add_string(out, va_arg(args->ap, const char *), spec->precision);
    case 'd':
    case 'i':
        oc_buf_addf(out, "%lld", take_signed(args, spec->length));
        return KIND_NUMBER;
    case 'u':
        oc_buf_addf(out, "%llu", take_unsigned(args, spec->length));
        return KIND_NUMBER;
    case 'x':
        oc_buf_addf(out, "%llx", take_unsigned(args, spec->length));
        return KIND_TEXT;
    case 'c':
        oc_buf_addc(out, (char)va_arg(args->ap, int));
        return KIND_TEXT;
    case 'f':
    case 'g':
        return add_double(out, va_arg(args->ap, double), spec);
    case '%':
        oc_buf_addc(out, '%');
        return KIND_TEXT;
    default: /* a format that log.h does not allow: a bug of the caller */
        oc_assert_fail("log format", __FILE__, __LINE__);
    }
}

/* The value of one word. A word of exactly one conversion keeps its type; anything else ("%s:%d")
 * is text. */
static const char *add_word(struct oc_logdata *d, const char *p, struct args *args)
{
    struct oc_buf value = {0};
    struct spec spec;
    enum kind kind = KIND_TEXT;
    int parts = 0;

    for (; *p && *p != ' '; parts++) {
        if (*p == '%') {
            p = parse_spec(p + 1, &spec);
            kind = add_argument(&value, &spec, args);
        } else {
            oc_buf_addc(&value, *p++);
        }
    }
    add_value(d, parts == 1 ? kind : KIND_TEXT, value.data ? value.data : "", value.len);
    oc_buf_finish(&value);
    return p;
}

void oc_logdata_format(struct oc_logdata *d, const char *fmt, va_list ap)
{
    struct args args;
    va_copy(args.ap, ap);
    while (*fmt) {
        size_t len = strcspn(fmt, "= ");
        if (fmt[len] == '=') {
            add_keys(d, fmt, len);
            fmt = add_word(d, fmt + len + 1, &args);
        } else {
            fmt += len;
        }
        fmt += *fmt == ' ';
    }
    va_end(args.ap);
}

static void add_json(struct oc_logdata *d, const json_t *value)
{
    if (json_is_string(value)) {
        add_value(d, KIND_TEXT, json_string_value(value), json_string_length(value));
    } else if (json_is_null(value)) {
        add_value(d, KIND_NULL, NULL, 0);
    } else {
        char *text = oc_json_text(value);
        if (json_is_number(value) || json_is_boolean(value)) {
            add_value(d, KIND_NUMBER, text, strlen(text));
        } else { /* nested: whole as JSON; quoted as text */
            oc_log_quote(&d->text, text, strlen(text), 0);
            oc_buf_adds(&d->json, text);
        }
        free(text);
    }
}

void oc_logdata_json(struct oc_logdata *d, const char *json)
{
    size_t len = strnlen(json, JSON_MAX);
    json_t *object = len < JSON_MAX ? oc_json_parse(json, len, NULL) : NULL;
    const char *key;
    json_t *value;

    if (json_is_object(object)) {
        json_object_foreach(object, key, value)
        {
            add_keys(d, key, strlen(key));
            add_json(d, value);
        }
    } else {
        add_keys(d, "data", 4);
        add_value(d, KIND_TEXT, json, len);
    }
    json_decref(object);
}
