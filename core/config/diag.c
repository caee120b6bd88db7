/* Findings about a configuration. SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "core/config/config.h"

void oc_diags_add(struct oc_diags *d, bool warning, const struct oc_node *at, const char *key,
                  const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct oc_diag diag = {
        .warning = warning,
        .file = oc_strdup(at ? at->file : NULL),
        .line = at ? at->line : 0,
        .key = oc_strdup(key ? key : ""),
        .message = oc_vasprintf(fmt, ap),
        .hint = oc_strdup(hint ? hint : ""),
    };
    va_end(ap);
    OC_VEC_PUSH(&d->list, diag);
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
