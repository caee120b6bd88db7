/* Were the rules of records and the manifest kept? SPDX-License-Identifier: MIT */
#include "kit.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 16

static bool label_name_valid(const char *s)
{
    if (!s || !(islower((unsigned char)*s) || *s == '_')) {
        return false;
    }
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool metric_matches(const char *pattern, const char *name)
{
    const size_t len = strlen(pattern);
    if (len && pattern[len - 1] == '*') {
        return strncmp(pattern, name, len - 1) == 0;
    }
    return strcmp(pattern, name) == 0;
}

static const json_t *find_metric(const struct oc_test *t, const char *name)
{
    size_t i;
    json_t *metric;
    json_array_foreach(json_object_get(t->manifest, "metrics"), i, metric)
    {
        const char *pattern = json_string_value(json_object_get(metric, "name"));
        if (pattern && metric_matches(pattern, name)) {
            return metric;
        }
    }
    return NULL;
}

/* "target" belongs to the ABI and needs no declaration. */
static bool label_declared(const json_t *metric, const char *name)
{
    size_t i;
    json_t *label;
    json_array_foreach(json_object_get(metric, "labels"), i, label)
    {
        if (strcmp(json_string_value(label) ? json_string_value(label) : "", name) == 0) {
            return true;
        }
    }
    return strcmp(name, "target") == 0;
}

static char *complain_label(const struct oc_record *r, const json_t *metric)
{
    if (r->label_count > LABELS_MAX) {
        return kit_format("%s carries %u labels, at most %d are kept", r->name.ptr, r->label_count,
                          LABELS_MAX);
    }
    for (uint32_t i = 0; i < r->label_count; i++) {
        const char *name = r->labels[i].name.ptr;
        if (!label_name_valid(name)) {
            return kit_format("%s has a label that is called \"%s\"", r->name.ptr,
                              name ? name : "");
        }
        if (metric && !label_declared(metric, name)) {
            return kit_format("%s has the label \"%s\", which the manifest does not declare",
                              r->name.ptr, name);
        }
    }
    return NULL;
}

static char *complain_sample(const struct oc_test *t, const struct oc_record *r)
{
    static const char *const kinds[] = {"gauge", "counter", "bool"};
    if (!r->name.len) {
        return kit_format("a sample has no name");
    }
    if (r->kind > OC_KIND_BOOL) {
        return kit_format("%s has the unknown kind %u", r->name.ptr, r->kind);
    }
    if (!isfinite(r->value)) {
        return kit_format("%s is not a finite number", r->name.ptr);
    }
    const json_t *metric = find_metric(t, r->name.ptr);
    if (!metric) {
        return kit_format("%s is not declared in the manifest's \"metrics\"", r->name.ptr);
    }
    const char *type = json_string_value(json_object_get(metric, "type"));
    if (type && strcmp(type, kinds[r->kind]) != 0) {
        return kit_format("%s is emitted as a %s and declared as a %s", r->name.ptr, kinds[r->kind],
                          type);
    }
    return complain_label(r, metric);
}

static char *complain_json(const struct oc_record *r, bool object)
{
    json_t *value = json_loadb(r->text.ptr ? r->text.ptr : "", r->text.len, JSON_DECODE_ANY, NULL);
    const bool good = value && (!object || json_is_object(value));
    json_decref(value);
    return good ? NULL
                : kit_format("%s is not %s: %s", object ? "an event" : "a result",
                             object ? "a JSON object" : "JSON", r->text.ptr ? r->text.ptr : "");
}

static char *complain_record(const struct oc_test *t, const struct oc_record *r)
{
    switch (r->type) {
    case OC_RECORD_SAMPLE:
        return complain_sample(t, r);
    case OC_RECORD_STATUS:
        if (r->state < OC_STATE_OK || r->state > OC_STATE_UNKNOWN) {
            return kit_format("status of \"%s\" has the unknown state %d",
                              r->name.ptr ? r->name.ptr : "", r->state);
        }
        return complain_label(r, NULL);
    case OC_RECORD_PROGRESS:
        return r->value > 1 ? kit_format("progress is above 1") : NULL;
    case OC_RECORD_JSON:
        return complain_json(r, false);
    case OC_RECORD_EVENT:
        return complain_json(r, true);
    case OC_RECORD_LOG:
    case OC_RECORD_BYTES:
        return NULL;
    default:
        return kit_format("a record has the unknown type %u", r->type);
    }
}

const char *oc_test_complaint(struct oc_test *t)
{
    for (size_t i = 0; i < t->records.count; i++) {
        const struct oc_record *r = &t->records.items[i];
        char *complaint = r->struct_size < sizeof *r
                              ? kit_format("struct_size is %u", r->struct_size)
                              : complain_record(t, r);
        if (complaint) {
            return kit_keep(&t->scratch, complaint);
        }
    }
    return NULL;
}
