/* Findings about a configuration. SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <string.h>

#include "core/config/config.h"

static struct oc_diag *add(struct oc_diags *d, const struct oc_node *at, const char *key,
                           const char *hint, char *message /* taken */)
{
    struct oc_diag diag = {
        .file = oc_strdup(at ? at->file : NULL),
        .line = at ? at->line : 0,
        .key = oc_strdup(key ? key : ""),
        .message = message,
        .hint = oc_strdup(hint ? hint : ""),
    };
    OC_VEC_PUSH(&d->list, diag);
    return &d->list.items[d->list.count - 1];
}

void oc_diags_add(struct oc_diags *d, bool warning, const struct oc_node *at, const char *key,
                  const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, at, key, hint, oc_vasprintf(fmt, ap))->warning = warning;
    va_end(ap);
}

void oc_diags_add_passing(struct oc_diags *d, const struct oc_node *at, const char *key,
                          const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct oc_diag *diag = add(d, at, key, hint, oc_vasprintf(fmt, ap));
    va_end(ap);
    diag->warning = diag->passing = true;
}

size_t oc_diags_lasting(const struct oc_diags *d)
{
    size_t lasting = 0;
    for (size_t i = 0; i < d->list.count; i++) {
        lasting += !d->list.items[i].passing;
    }
    return lasting;
}

size_t oc_diags_errors(const struct oc_diags *d)
{
    size_t errors = 0;
    for (size_t i = 0; i < d->list.count; i++) {
        errors += !d->list.items[i].warning;
    }
    return errors;
}

json_t *oc_diags_json(const struct oc_diags *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->list.count; i++) {
        const struct oc_diag *diag = &d->list.items[i];
        json_t *row = json_object();
        oc_json_set_bool(row, "warning", diag->warning);
        oc_json_set_str(row, "file", diag->file);
        oc_json_set_int(row, "line", diag->line);
        oc_json_set_str(row, "key", diag->key);
        oc_json_set_str(row, "message", diag->message);
        oc_json_set_str(row, "hint", diag->hint);
        json_array_append_new(list, row);
    }
    return list;
}

/* Whether two texts say the same of places that have moved: "[3]" and "line 12" stand for any. */
static bool same_but_places(const char *a, const char *b)
{
    const char *start = a;
    while (*a && *a == *b) {
        a++;
        b++;
        bool place = a[-1] == '[' || (a - start >= 5 && !memcmp(a - 5, "line ", 5));
        a += place ? strspn(a, "0123456789") : 0;
        b += place ? strspn(b, "0123456789") : 0;
    }
    return *a == *b;
}

static bool same_finding(const json_t *a, const json_t *b)
{
    return oc_json_bool(a, "warning", false) == oc_json_bool(b, "warning", false) &&
           same_but_places(oc_json_str(a, "key", ""), oc_json_str(b, "key", "")) &&
           same_but_places(oc_json_str(a, "message", ""), oc_json_str(b, "message", ""));
}

/* How many of the first `count` findings say the same as this one. */
static size_t count_same(const json_t *findings, size_t count, const json_t *finding)
{
    size_t same = 0;
    for (size_t i = 0; i < count; i++) {
        same += same_finding(json_array_get(findings, i), finding);
    }
    return same;
}

int oc_diags_refuse_new(const json_t *findings, const json_t *old, struct oc_error *err)
{
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *finding = json_array_get(findings, i);
        const char *key = oc_json_str(finding, "key", "");
        if (!oc_json_bool(finding, "warning", false) &&
            count_same(findings, i + 1, finding) > count_same(old, json_array_size(old), finding)) {
            oc_error_set(err, OC_E_CONFIG, "%s%s%s", key, *key ? ": " : "",
                         oc_json_str(finding, "message", ""));
            oc_error_hint(err, "%s", oc_json_str(finding, "hint", ""));
            return OC_E_CONFIG;
        }
    }
    return 0;
}

static void diag_finish(struct oc_diag *diag)
{
    free(diag->file);
    free(diag->key);
    free(diag->message);
    free(diag->hint);
}

void oc_diags_remove(struct oc_diags *d, size_t i)
{
    diag_finish(&d->list.items[i]);
    OC_VEC_REMOVE(&d->list, i);
}

void oc_diags_finish(struct oc_diags *d)
{
    for (size_t i = 0; i < d->list.count; i++) {
        diag_finish(&d->list.items[i]);
    }
    OC_VEC_FINISH(&d->list);
}
