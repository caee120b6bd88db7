/* One record as it will be kept: looked at before it is copied. SPDX-License-Identifier: MIT
 *
 * A plugin may emit anything. What cannot be used is dropped, what is too long is cut between two
 * characters, what is no UTF-8 is cleaned; the report says so. [worker] */
#ifndef OC_PLUGIN_DRAFT_H
#define OC_PLUGIN_DRAFT_H

#include <stddef.h>

#include "core/plugin/instance/records.h"

#define OC_RECORD_LABELS_MAX 16u

/* The end of the last member of 1.0: what every record has. */
#define OC_RECORD_SIZE_1_0 (offsetof(struct oc_record, labels) + sizeof(struct oc_label *))

/* Views still point into the plugin's memory, or into `owned` when they had to be cleaned. */
struct oc_draft {
    struct oc_record record;
    struct oc_label labels[OC_RECORD_LABELS_MAX];
    char *owned[OC_RECORD_LABELS_MAX + 2];
    uint32_t owned_count;
};

/* Fills `d` from what the plugin gave; NULL, or what is wrong with a record that has to be dropped.
 * `d` is to be finished in both cases. `time_ms` is for records that have none. */
const char *oc_draft_make(struct oc_draft *d, const struct oc_record *from, int64_t time_ms,
                          struct oc_records_report *report);
void oc_draft_finish(struct oc_draft *d);
/* Keeps the first complaint of a call, with the name that it is about. */
void oc_draft_complain(struct oc_records_report *report, const char *what, const char *name,
                       size_t len);

#endif
