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

/* The state of `target` ("" = the instance), with why in printf form (cut at 512 bytes). */
__attribute__((format(printf, 4, 5))) static inline int32_t
oc_emit_status(const struct oc_sink *out, const char *target, int32_t state, const char *fmt, ...)
{
    char text[512];
    struct oc_record r;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.type = OC_RECORD_STATUS;
    r.name = oc_view(target);
    r.state = state;
    r.text = oc_view(text);
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
    vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return code;
}

#ifdef __cplusplus
}
#endif
#endif
