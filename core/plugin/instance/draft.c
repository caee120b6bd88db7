/* Checks, cuts and cleans one record that a plugin emitted. SPDX-License-Identifier: MIT */
#include "core/plugin/instance/draft.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/plugin/plugin.h"

#define NAME_MAX_BYTES  256u /* metric, target, topic */
#define LABEL_MAX_BYTES 256u
#define LABEL_NAME_MAX  64u

void oc_draft_complain(struct oc_records_report *report, const char *what, const char *name,
                       size_t len)
{
    if (!report->first[0]) {
        char *clean = oc_utf8_clean(name ? name : "", name && len < 48 ? len : name ? 48 : 0);
        snprintf(report->first, sizeof report->first, "%s%s%s", what, *clean ? ": " : "", clean);
        free(clean);
    }
}

/* Nearly all text is ASCII, so that is looked at eight bytes at a time before anything else. */
static bool is_ascii(const char *s, uint64_t len)
{
    uint64_t word, seen = 0;
    for (; len >= sizeof word; s += sizeof word, len -= sizeof word) {
        memcpy(&word, s, sizeof word);
        seen |= word;
    }
    for (; len > 0; s++, len--) {
        seen |= (unsigned char)*s;
    }
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

/* The longest prefix of at most `max` bytes that ends between two characters. */
static uint64_t cut_length(const char *s, uint64_t max)
{
    uint64_t n = max;
    while (n > 0 && max - n < 4 && oc_utf8_inner(s[n])) {
        n--;
    }
    return oc_utf8_inner(s[n]) ? max : n;
}

/* Cuts and cleans one text. False when the view itself is broken. */
static bool tidy(struct oc_records_report *report, struct oc_draft *d, struct oc_view *v,
                 uint64_t max, bool say)
{
    if (!v->ptr) {
        return v->len == 0;
    }
    if (v->len > max) {
        v->len = cut_length(v->ptr, max);
        if (say) {
            report->cut++;
            oc_draft_complain(report, "a text was cut", NULL, 0);
        }
    }
    if (!is_ascii(v->ptr, v->len) && !oc_utf8_valid(v->ptr, (size_t)v->len)) {
        char *clean = oc_utf8_clean(v->ptr, (size_t)v->len);
        const uint64_t len = strlen(clean); /* a replacement is longer than what it replaces */
        d->owned[d->owned_count++] = clean;
        *v = (struct oc_view){clean, len > max ? cut_length(clean, max) : len};
        report->cleaned++;
        oc_draft_complain(report, "text is not UTF-8", clean, (size_t)v->len);
    }
    return true;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool label_name_valid(struct oc_view v)
{
    if (!v.ptr || v.len == 0 || v.len > LABEL_NAME_MAX || (v.ptr[0] >= '0' && v.ptr[0] <= '9')) {
        return false;
    }
    for (uint64_t i = 0; i < v.len; i++) {
        if (!is_word_char(v.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool metric_name_valid(struct oc_view v)
{
    if (!v.ptr || v.len == 0 || v.len > NAME_MAX_BYTES || v.ptr[0] == '.') {
        return false;
    }
    for (uint64_t i = 0; i < v.len; i++) {
        const char c = v.ptr[i];
        if (!is_word_char(c) && c != '.' && c != ':' && !(c >= 'A' && c <= 'Z')) {
            return false;
        }
    }
    return true;
}

static const char *draft_labels(struct oc_records_report *report, struct oc_draft *d)
{
    struct oc_record *rec = &d->record;
    if (rec->label_count > OC_RECORD_LABELS_MAX) {
        return "more than 16 labels";
    }
    if (rec->label_count > 0 && !rec->labels) {
        return "labels are NULL";
    }
    for (uint32_t i = 0; i < rec->label_count; i++) {
        d->labels[i] = rec->labels[i];
        if (!label_name_valid(d->labels[i].name)) {
            return "bad name of a label";
        }
        if (!tidy(report, d, &d->labels[i].value, LABEL_MAX_BYTES, false)) {
            return "a label value is NULL";
        }
    }
    return NULL;
}

/* The rules of each type; NULL when the record may be kept, else what is wrong with it. */
static const char *draft_type(struct oc_records_report *report, struct oc_record *rec)
{
    switch (rec->type) {
    case OC_RECORD_SAMPLE:
        if (!metric_name_valid(rec->name)) {
            return "bad name of a metric";
        }
        if (rec->kind > OC_KIND_BOOL) {
            return "unknown kind of a sample";
        }
        return isfinite(rec->value) ? NULL : "a sample is not a finite number";
    case OC_RECORD_STATUS:
        if (rec->state < OC_STATE_OK || rec->state > OC_STATE_UNKNOWN) {
            oc_draft_complain(report, "unknown state of a status", NULL, 0);
            rec->state = OC_STATE_UNKNOWN;
        }
        return NULL;
    case OC_RECORD_LOG:
        if (rec->state < OC_LOG_ERROR || rec->state > OC_LOG_DEBUG) {
            rec->state = OC_LOG_INFO;
        }
        return NULL;
    case OC_RECORD_JSON:
    case OC_RECORD_EVENT: /* half a document is none */
        return rec->text.len > OC_RECORD_TEXT_MAX ? "a JSON text of more than 1 MiB" : NULL;
    case OC_RECORD_PROGRESS:
        rec->value = isfinite(rec->value) && rec->value <= 1 ? rec->value : -1;
        return NULL;
    case OC_RECORD_BYTES:
        return NULL;
    default:
        return "unknown type of a record";
    }
}

const char *oc_draft_make(struct oc_draft *d, const struct oc_record *from, int64_t time_ms,
                          struct oc_records_report *report)
{
    d->owned_count = 0;
    if (!from || from->struct_size < OC_RECORD_SIZE_1_0) {
        return "wrong struct_size of a record";
    }
    d->record = *from;
    d->record.struct_size = sizeof d->record;
    d->record.reserved = 0;
    if (d->record.time_ms <= 0) {
        d->record.time_ms = time_ms;
    }
    const char *complaint = draft_type(report, &d->record);
    if (complaint) {
        return complaint;
    }
    if (!tidy(report, d, &d->record.name, NAME_MAX_BYTES, true)) {
        return "the name is NULL";
    }
    if (from->type == OC_RECORD_BYTES
            ? !from->text.ptr && from->text.len > 0
            : !tidy(report, d, &d->record.text, OC_RECORD_TEXT_MAX, true)) {
        return "the text is NULL";
    }
    return draft_labels(report, d);
}

void oc_draft_finish(struct oc_draft *d)
{
    for (uint32_t i = 0; i < d->owned_count; i++) {
        free(d->owned[i]);
    }
}
