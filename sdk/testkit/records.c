/* Keeps what a method emits, and finds things in it. SPDX-License-Identifier: MIT */
#include "kit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct oc_view keep_view(struct kit_records *r, struct oc_view v)
{
    if (!v.ptr) {
        return (struct oc_view){NULL, 0};
    }
    char *copy = kit_keep(&r->memory, kit_alloc(v.len + 1));
    memcpy(copy, v.ptr, v.len);
    return (struct oc_view){copy, v.len};
}

static const struct oc_label *keep_labels(struct kit_records *r, const struct oc_record *from)
{
    if (!from->labels || !from->label_count) {
        return NULL;
    }
    struct oc_label *labels = kit_alloc(from->label_count * sizeof *labels);
    kit_keep(&r->memory, labels);
    for (uint32_t i = 0; i < from->label_count; i++) {
        labels[i].name = keep_view(r, from->labels[i].name);
        labels[i].value = keep_view(r, from->labels[i].value);
    }
    return labels;
}

/* As the host counts: BYTES go to their taker as they come. */
static bool is_over(struct kit_records *r, const struct oc_record *record)
{
    if (record->type == OC_RECORD_BYTES && r->limit) {
        return false;
    }
    return r->counted++ >= r->limit;
}

int32_t kit_emit(void *test, const struct oc_record *record)
{
    struct oc_test *t = test;
    struct kit_records *r = &t->records;
    if (__atomic_load_n(&t->cancel, __ATOMIC_RELAXED)) {
        r->refused++;
        return OC_E_CANCELLED;
    }
    if (is_over(r, record)) {
        r->refused++;
        return OC_E_PERMANENT;
    }
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 64;
        struct oc_record *items = kit_alloc(r->cap * sizeof *items);
        if (r->count) {
            memcpy(items, r->items, r->count * sizeof *items);
        }
        free(r->items);
        r->items = items;
    }
    struct oc_record *kept = &r->items[r->count++];
    *kept = *record;
    kept->name = keep_view(r, record->name);
    kept->text = keep_view(r, record->text);
    kept->labels = keep_labels(r, record);
    kept->label_count = kept->labels ? record->label_count : 0;
    return OC_OK;
}

int32_t kit_flush(void *test)
{
    const struct oc_test *t = test;
    return __atomic_load_n(&t->cancel, __ATOMIC_RELAXED) ? OC_E_CANCELLED : OC_OK;
}

void kit_records_clear(struct oc_test *t)
{
    free(t->records.items);
    t->records.items = NULL;
    t->records.count = t->records.cap = t->records.refused = t->records.counted = 0;
    kit_list_finish(&t->records.memory);
    kit_list_finish(&t->scratch);
}

static bool view_is(struct oc_view v, const char *text)
{
    return v.len == strlen(text) && (!v.len || memcmp(v.ptr, text, v.len) == 0);
}

static bool has_label(const struct oc_record *r, const char *name, const char *value)
{
    for (uint32_t i = 0; i < r->label_count; i++) {
        if (view_is(r->labels[i].name, name) && view_is(r->labels[i].value, value)) {
            return true;
        }
    }
    return false;
}

size_t oc_test_count(const struct oc_test *t, uint32_t type)
{
    size_t n = 0;
    for (size_t i = 0; i < t->records.count; i++) {
        n += !type || t->records.items[i].type == type;
    }
    return n;
}

size_t oc_test_refused(const struct oc_test *t)
{
    return t->records.refused;
}

const struct oc_record *oc_test_record(const struct oc_test *t, uint32_t type, size_t i)
{
    for (size_t k = 0; k < t->records.count; k++) {
        const struct oc_record *r = &t->records.items[k];
        if ((!type || r->type == type) && i-- == 0) {
            return r;
        }
    }
    return NULL;
}

double oc_test_sample_with(const struct oc_test *t, const char *name, const char *const *labels)
{
    for (size_t i = 0; i < t->records.count; i++) {
        const struct oc_record *r = &t->records.items[i];
        bool match = r->type == OC_RECORD_SAMPLE && view_is(r->name, name);
        for (size_t k = 0; match && labels[k]; k += 2) {
            match = has_label(r, labels[k], labels[k + 1]);
        }
        if (match) {
            return r->value;
        }
    }
    return NAN;
}

double oc_test_sample(const struct oc_test *t, const char *name, const char *label,
                      const char *value)
{
    const char *const labels[] = {label, value, NULL};
    return oc_test_sample_with(t, name, labels);
}

size_t oc_test_samples(const struct oc_test *t, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < t->records.count; i++) {
        n +=
            t->records.items[i].type == OC_RECORD_SAMPLE && view_is(t->records.items[i].name, name);
    }
    return n;
}

static const struct oc_record *last_named(const struct oc_test *t, uint32_t type, const char *name)
{
    for (size_t i = t->records.count; i-- > 0;) {
        const struct oc_record *r = &t->records.items[i];
        if (r->type == type && view_is(r->name, name)) {
            return r;
        }
    }
    return NULL;
}

int oc_test_status(const struct oc_test *t, const char *target)
{
    const struct oc_record *r = last_named(t, OC_RECORD_STATUS, target);
    return r ? r->state : -1;
}

const char *oc_test_status_text(const struct oc_test *t, const char *target)
{
    const struct oc_record *r = last_named(t, OC_RECORD_STATUS, target);
    return r ? (r->text.ptr ? r->text.ptr : "") : NULL;
}

const char *oc_test_json(const struct oc_test *t, size_t i)
{
    const struct oc_record *r = oc_test_record(t, OC_RECORD_JSON, i);
    return r ? r->text.ptr : NULL;
}

const char *oc_test_event(const struct oc_test *t, const char *topic)
{
    const struct oc_record *r = last_named(t, OC_RECORD_EVENT, topic);
    return r ? r->text.ptr : NULL;
}

const char *oc_test_bytes(struct oc_test *t, size_t *len)
{
    size_t total = 0;
    for (size_t i = 0; i < t->records.count; i++) {
        total += t->records.items[i].type == OC_RECORD_BYTES ? t->records.items[i].text.len : 0;
    }
    char *all = kit_keep(&t->scratch, kit_alloc(total + 1));
    size_t at = 0;
    for (size_t i = 0; i < t->records.count; i++) {
        const struct oc_record *r = &t->records.items[i];
        if (r->type == OC_RECORD_BYTES && r->text.len) {
            memcpy(all + at, r->text.ptr, r->text.len);
            at += r->text.len;
        }
    }
    if (len) {
        *len = total;
    }
    return all;
}

static void dump_record(FILE *out, const struct oc_record *r)
{
    static const char *const types[] = {"?",   "sample", "status", "progress",
                                        "log", "json",   "bytes",  "event"};
    fprintf(out, "%s %s", types[r->type <= OC_RECORD_EVENT ? r->type : 0],
            r->name.ptr ? r->name.ptr : "");
    for (uint32_t i = 0; i < r->label_count; i++) {
        fprintf(out, "%s%s=\"%s\"", i ? "," : "{", r->labels[i].name.ptr, r->labels[i].value.ptr);
    }
    fputs(r->label_count ? "}" : "", out);
    if (r->type == OC_RECORD_SAMPLE || r->type == OC_RECORD_PROGRESS) {
        fprintf(out, " %.15g", r->value);
    }
    if (r->type == OC_RECORD_STATUS || r->type == OC_RECORD_LOG) {
        fprintf(out, " state=%" PRId32, r->state);
    }
    if (r->type == OC_RECORD_BYTES) {
        fprintf(out, " %" PRIu64 " bytes", r->text.len);
    } else if (r->text.ptr) {
        fprintf(out, " %s", r->text.ptr);
    }
    fputc('\n', out);
}

const char *oc_test_dump(struct oc_test *t)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        abort();
    }
    for (size_t i = 0; i < t->records.count; i++) {
        dump_record(out, &t->records.items[i]);
    }
    fclose(out);
    return kit_keep(&t->scratch, text);
}
