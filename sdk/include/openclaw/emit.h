/* Short ways to emit records and fill errors; header-only, for plugins. SPDX-License-Identifier: MIT
 *
 * Everything here is built on plugin.h alone: nothing in this file is part of the ABI. All functions are [worker],
 * on the thread that the method was called on, and copy what they are given.
 */
#ifndef OPENCLAW_EMIT_H
#define OPENCLAW_EMIT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openclaw/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline struct oc_view oc_view(const char *s)
{
    struct oc_view v = {s, s ? (uint64_t)strlen(s) : 0};
    return v;
}

static inline struct oc_label oc_label(const char *name, const char *value)
{
    struct oc_label l = {oc_view(name), oc_view(value)};
    return l;
}

/* vsnprintf that cuts between characters of UTF-8, not inside one. `size` is 1 or more; returns how many bytes `text` has
 * now, without the NUL. */
__attribute__((format(printf, 3, 0))) static inline uint64_t oc_vformat(char *text, uint64_t size,
                                                                        const char *fmt, va_list ap)
{
    const int n = vsnprintf(text, (size_t)size, fmt, ap);
    uint64_t len = n < 0 ? 0 : (uint64_t)n;
    if (len >= size) {
        len = size - 1;
        uint64_t first =
            len; /* of the last character: 11xxxxxx, behind which come up to three 10xxxxxx */
        while (first > 0 && len - first < 3 && (text[first - 1] & 0xc0) == 0x80)
            first--;
        if (first > 0 && (text[first - 1] & 0xc0) == 0xc0) {
            const unsigned char lead = (unsigned char)text[--first];
            if (len - first < (lead >= 0xf0 ? 4u : lead >= 0xe0 ? 3u : 2u))
                len = first;
        }
    }
    text[len] = '\0';
    return len;
}

/* A sample of `kind` with `count` labels. Returns what emit returned: OC_OK, or "stop now". */
static inline int32_t oc_emit_sample(const struct oc_sink *out, const char *name, uint32_t kind,
                                     double value, const struct oc_label *labels, uint32_t count)
{
    struct oc_record r;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.type = OC_RECORD_SAMPLE;
    r.name = oc_view(name);
    r.kind = kind;
    r.value = value;
    r.labels = labels;
    r.label_count = count;
    return out->emit(out->ctx, &r);
}

static inline int32_t oc_emit_gauge(const struct oc_sink *out, const char *name, double value)
{
    return oc_emit_sample(out, name, OC_KIND_GAUGE, value, 0, 0);
}

static inline int32_t oc_emit_counter(const struct oc_sink *out, const char *name, double value)
{
    return oc_emit_sample(out, name, OC_KIND_COUNTER, value, 0, 0);
}

static inline int32_t oc_emit_bool(const struct oc_sink *out, const char *name, int value)
{
    return oc_emit_sample(out, name, OC_KIND_BOOL, value ? 1 : 0, 0, 0);
}

/* The state of `target` ("" = the instance), with why in printf form (at most 511 bytes are kept). */
__attribute__((format(printf, 4, 5))) static inline int32_t
oc_emit_status(const struct oc_sink *out, const char *target, int32_t state, const char *fmt, ...)
{
    char text[512];
    struct oc_record r;
    va_list ap;
    va_start(ap, fmt);
    memset(&r, 0, sizeof r);
    r.text.ptr = text;
    r.text.len = oc_vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    r.struct_size = sizeof r;
    r.type = OC_RECORD_STATUS;
    r.name = oc_view(target);
    r.state = state;
    return out->emit(out->ctx, &r);
}

/* One record of `type` (JSON, BYTES, ...) whose text is `len` bytes at `text`. */
static inline int32_t oc_emit_text(const struct oc_sink *out, uint32_t type, const char *text,
                                   uint64_t len)
{
    struct oc_record r;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.type = type;
    r.text.ptr = text;
    r.text.len = len;
    return out->emit(out->ctx, &r);
}

/* An event: a fact that happened, `json` one JSON object. */
static inline int32_t oc_emit_event(const struct oc_sink *out, const char *topic, const char *json)
{
    struct oc_record r;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.type = OC_RECORD_EVENT;
    r.name = oc_view(topic);
    r.text = oc_view(json);
    return out->emit(out->ctx, &r);
}

static inline void oc_flush(const struct oc_sink *out)
{
    if (out->flush)
        out->flush(out->ctx);
}

/* Fills `err` and returns `code`, so that a method can say `return oc_fail(err, OC_E_RETRY, "...");`. */
__attribute__((format(printf, 3, 4))) static inline int32_t
oc_fail(struct oc_error *err, int32_t code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    oc_vformat(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return code;
}

#ifdef __cplusplus
}
#endif
#endif
