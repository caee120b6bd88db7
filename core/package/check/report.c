/* Gathers findings and counts them by severity. SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/check/internal.h"

static bool has(const json_t *list, const char *id)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text && strcmp(text, id) == 0) {
            return true;
        }
    }
    return false;
}

bool oc_report_wants(const struct oc_report *r, const char *id)
{
    const json_t *only = r->options->only;
    return (json_array_size(only) == 0 || has(only, id)) && !has(r->options->skip, id);
}

/* Errors are never accepted: the installer asks for them, and the manifest is the suspect's own word. */
static const char *accepted(struct oc_report *r, const struct oc_check *check)
{
    const char *why =
        check->severity != OC_SEVERITY_ERROR ? oc_json_str(r->accepted, check->id, NULL) : NULL;
    if (why && *why) {
        json_object_set_new(r->used, check->id, json_true());
        return why;
    }
    return NULL;
}

void oc_report_add(struct oc_report *r, const char *id, const char *file, const char *where,
                   const char *fmt, ...)
{
    const struct oc_check *check = oc_check_find(id);
    OC_ASSERT(check);
    if (!oc_report_wants(r, id)) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    char *message = oc_vasprintf(fmt, ap);
    va_end(ap);
    const char *why = accepted(r, check);
    const enum oc_severity severity = why ? OC_SEVERITY_NOTE : check->severity;
    json_t *finding = json_object();
    oc_json_set_str(finding, "id", id);
    oc_json_set_int(finding, "level", oc_check_level(check));
    oc_json_set_str(finding, "severity", oc_severity_name(severity));
    oc_json_set_str(finding, "title", check->title);
    oc_json_set_str(finding, "message", message);
    oc_json_set_str(finding, "file", file);
    oc_json_set_str(finding, "where", where);
    oc_json_set_str(finding, "hint", check->fix);
    oc_json_set_str(finding, "accepted", why);
    json_array_append_new(r->findings, finding);
    r->counts[severity]++;
    free(message);
}

void oc_report_leave_out(struct oc_report *r, int level, const char *why)
{
    json_t *row = json_object();
    oc_json_set_int(row, "level", level);
    oc_json_set_str(row, "why", why);
    json_array_append_new(r->left_out, row);
}

void oc_report_check_accepted(struct oc_report *r)
{
    const char *id;
    json_t *why;
    json_object_foreach((json_t *)r->accepted, id, why)
    {
        const struct oc_check *check = oc_check_find(id);
        if (!check) {
            oc_report_add(r, "OC0016", "plugin.json", id, "there is no check %s", id);
        } else if (check->severity == OC_SEVERITY_ERROR) {
            oc_report_add(r, "OC0016", "plugin.json", id, "%s is an error: it cannot be accepted",
                          id);
        } else if (!json_object_get(r->used, id) && oc_report_wants(r, id) &&
                   oc_check_level(check) <= r->options->level) {
            oc_report_add(r, "OC0016", "plugin.json", id, "%s found nothing to accept", id);
        }
    }
}
