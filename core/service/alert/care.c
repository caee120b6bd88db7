/* What people said about an alert: acknowledgements and assignments. SPDX-License-Identifier: MIT */
#include "core/base/mem.h"
#include "core/service/alert/table/record.h"

void oc_alert_care_free(struct oc_alert_care *care)
{
    if (care) {
        free(care->acknowledged_by);
        free(care->comment);
        free(care->assigned_to);
        free(care->assigned_by);
        free(care);
    }
}

struct oc_alert_care *oc_alert_care_dup(const struct oc_alert_care *care)
{
    if (!care) {
        return NULL;
    }
    struct oc_alert_care *copy = oc_memdup(care, sizeof *care);
    copy->acknowledged_by = oc_strdup(care->acknowledged_by);
    copy->comment = oc_strdup(care->comment);
    copy->assigned_to = oc_strdup(care->assigned_to);
    copy->assigned_by = oc_strdup(care->assigned_by);
    return copy;
}

static struct oc_alert_care *care_of(struct oc_alert *a)
{
    if (!a->care) {
        a->care = oc_calloc(1, sizeof *a->care);
    }
    return a->care;
}

static void drop_empty(struct oc_alert *a)
{
    if (!a->care->acknowledged_at && !a->care->assigned_at) {
        oc_alert_care_free(a->care);
        a->care = NULL;
    }
}

void oc_alert_record_acknowledge(struct oc_alert *a, const char *by, const char *comment,
                                 int64_t at)
{
    oc_alert_record_unacknowledge(a);
    struct oc_alert_care *care = care_of(a);
    care->acknowledged_at = at;
    care->acknowledged_by = oc_strdup(by);
    care->comment = oc_strdup(comment ? comment : "");
}

void oc_alert_record_unacknowledge(struct oc_alert *a)
{
    a->dirty = true;
    if (a->care) {
        a->care->acknowledged_at = a->care->acknowledged_until = 0;
        OC_FREE(a->care->acknowledged_by);
        OC_FREE(a->care->comment);
        drop_empty(a);
    }
}

void oc_alert_record_assign(struct oc_alert *a, const char *to, const char *by, int64_t at)
{
    oc_alert_record_unassign(a);
    struct oc_alert_care *care = care_of(a);
    care->assigned_at = at;
    care->assigned_to = oc_strdup(to);
    care->assigned_by = oc_strdup(by);
}

void oc_alert_record_unassign(struct oc_alert *a)
{
    a->dirty = true;
    if (a->care) {
        a->care->assigned_at = 0;
        OC_FREE(a->care->assigned_to);
        OC_FREE(a->care->assigned_by);
        drop_empty(a);
    }
}
