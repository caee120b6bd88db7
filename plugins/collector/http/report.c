/* The samples and the status of one checked target. SPDX-License-Identifier: MIT */
#include "check.h"
#include "jsonpath.h"

#include <string.h>
#include <time.h>

#include <openclaw/emit.h>

/* A record that is filled once and sent many times with other names and values. */
struct emitter {
    const struct oc_sink *out;
    struct oc_label label;
    struct oc_record record;
    int32_t code;
};

static void emit(struct emitter *e, const char *name, size_t len, uint32_t kind, double value)
{
    e->record.name.ptr = name;
    e->record.name.len = len;
    e->record.kind = kind;
    e->record.value = value;
    if (e->code == OC_OK) {
        e->code = e->out->emit(e->out->ctx, &e->record);
    }
}

#define EMIT(e, name, kind, value) emit(e, name, sizeof(name) - 1, kind, value)

static double ms(uint32_t us)
{
    return (double)((us + 5) / 10) / 100.0;
}

static uint32_t after(uint32_t later, uint32_t earlier)
{
    return later > earlier ? later - earlier : 0;
}

static void emit_phases(struct emitter *e, const struct check *c)
{
    const struct oc_probe *p = &c->fetch.probe;
    const struct oc_probe_times *t = &p->times;
    uint32_t connect_from = t->resolved ? t->resolved : t->started;
    if (t->resolved) {
        EMIT(e, "http.resolve_ms", OC_KIND_GAUGE, ms(after(t->resolved, t->started)));
    }
    if (t->secured && !p->reused) {
        EMIT(e, "http.tls_ms", OC_KIND_GAUGE, ms(after(t->secured, t->connected)));
    }
    if (c->report->phases && t->connected && !p->reused) {
        EMIT(e, "http.connect_ms", OC_KIND_GAUGE, ms(after(t->connected, connect_from)));
    }
    if (c->report->phases && t->first_byte) {
        EMIT(e, "http.first_byte_ms", OC_KIND_GAUGE, ms(t->first_byte));
    }
}

static void emit_value(struct emitter *e, const struct http_extract *extract, const json_t *value)
{
    size_t len = strlen(extract->metric);
    if (json_is_number(value)) {
        uint32_t kind = extract->kind ? OC_KIND_COUNTER : OC_KIND_GAUGE;
        emit(e, extract->metric, len, kind, json_number_value(value));
    } else if (json_is_boolean(value)) {
        emit(e, extract->metric, len, OC_KIND_BOOL, json_is_true(value));
    }
}

static void emit_extracts(struct emitter *e, const struct check *c)
{
    struct oc_list list = CHECK_LIST(c, extract);
    const struct http_extract *extract = list.items;
    json_t *root =
        list.count && c->fetch.body ? json_parse_bounded(c->fetch.body, c->fetch.body_len) : NULL;
    for (uint64_t i = 0; root && i < list.count; i++) {
        json_t *value = json_path_get(root, extract[i].path);
        emit_value(e, &extract[i], value);
        json_decref(value);
    }
    json_decref(root);
}

static void emit_answer(struct emitter *e, const struct check *c, const struct verdict *v)
{
    const struct oc_probe *p = &c->fetch.probe;
    EMIT(e, "http.response_ms", OC_KIND_GAUGE, ms(p->times.total));
    EMIT(e, "http.status_code", OC_KIND_GAUGE, c->fetch.response.status);
    if (c->report->details) {
        EMIT(e, "http.body_bytes", OC_KIND_GAUGE, (double)c->fetch.response.body_bytes);
    }
    if (v->up) {
        emit_extracts(e, c);
    }
}

static void emit_status(struct emitter *e, const struct verdict *v)
{
    e->record.type = OC_RECORD_STATUS;
    e->record.name = e->label.value;
    e->record.labels = NULL;
    e->record.label_count = 0;
    e->record.kind = 0;
    e->record.value = 0;
    e->record.state = v->state;
    e->record.text = oc_view(v->text);
    if (e->code == OC_OK) {
        e->code = e->out->emit(e->out->ctx, &e->record);
    }
}

int32_t check_report(const struct check *c, const struct verdict *v)
{
    struct emitter e;
    const struct oc_probe *p = &c->fetch.probe;
    memset(&e, 0, sizeof e);
    e.out = c->report->out;
    e.label = oc_label("target", c->name);
    e.record.struct_size = sizeof e.record;
    e.record.type = OC_RECORD_SAMPLE;
    e.record.labels = &e.label;
    e.record.label_count = c->name[0] != '\0'; /* without a target it belongs to the instance */
    if (p->outcome != OC_PROBE_SKIPPED) {
        EMIT(&e, "http.up", OC_KIND_BOOL, v->up);
        emit_phases(&e, c);
    }
    if (p->outcome == OC_PROBE_OK) {
        emit_answer(&e, c, v);
    }
    if (p->not_after) {
        EMIT(&e, "http.tls_expiry_days", OC_KIND_GAUGE,
             (double)((p->not_after - (int64_t)time(NULL)) / 8640) / 10.0);
    }
    emit_status(&e, v);
    return e.code;
}
