/* The figures that rules compare with: the free section `thresholds`. SPDX-License-Identifier: MIT
 * [any] */
#ifndef OC_SERVICE_RULE_THRESHOLDS_H
#define OC_SERVICE_RULE_THRESHOLDS_H

#include "core/base/map.h"
#include "core/config/config.h"
#include "core/policy/sandbox.h"

#define OC_THRESHOLDS_PREFIX "thresholds."

struct oc_thresholds {
    struct oc_map
        values; /* "thresholds.cpu.critical_percent" -> struct oc_lua_value, strings owned */
};

/* Groups of groups of numbers, strings and booleans; lists are refused. A figure that cannot be meant (threshold_limits.h, which
 * looks at `rules`) gives way to that of `defaults`, the same section of the host's own layer. Beside `defaults` a name that no
 * rule uses is told (threshold_names.h). Each but `diags` may be NULL. */
void oc_thresholds_init(struct oc_thresholds *t, const struct oc_node *group,
                        const struct oc_node *defaults, const struct oc_node *rules,
                        struct oc_diags *diags);
/* The first thing that is wrong with them: OC_E_CONFIG. */
int oc_thresholds_check(const struct oc_node *group, const struct oc_node *rules,
                        struct oc_error *err);
void oc_thresholds_finish(struct oc_thresholds *t);
const struct oc_lua_value *oc_thresholds_get(const struct oc_thresholds *t,
                                             const char *name); /* NULL when absent */
const char *oc_thresholds_nearest(const struct oc_thresholds *t,
                                  const char *name); /* NULL when none is near */

/* "5m", or the name of a threshold: its text as a duration, its number as what its name ends in (query_ms), else as seconds.
 * OC_E_CONFIG. */
int oc_thresholds_duration(const struct oc_thresholds *t, const char *text, int64_t *ms,
                           struct oc_error *err);

#endif
