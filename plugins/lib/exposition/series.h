/* Series of one scrape whose labels were thinned out: equal ones are added up.
 * SPDX-License-Identifier: MIT
 *
 * Dropping a label makes series of the same name and labels; their sum is what is left of them.
 * [worker] */
#ifndef OC_EXPOSITION_SERIES_H
#define OC_EXPOSITION_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

struct series_set; /* a hash table */

struct series_set *series_create(void);    /* NULL when memory is short */
void series_destroy(struct series_set *s); /* NULL is fine */

/* Adds `value` to the series of `name` and `labels`, whose text must live as long as the set. False
 * when memory is short. */
bool series_add(struct series_set *s, struct oc_view name, uint32_t kind, double value,
                const struct oc_label *labels, uint32_t count);
size_t series_count(const struct series_set *s);
/* Fills `record` (name, kind, value, labels) with the i-th series, in the order of their first
 * sight. */
void series_get(const struct series_set *s, size_t i, struct oc_record *record);

#endif
