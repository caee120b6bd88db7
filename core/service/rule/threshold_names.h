/* Names of thresholds that no rule uses. SPDX-License-Identifier: MIT
 *
 * The section is free, so a misspelt name is a new figure, and the one that was meant stays as it was. What tells the two apart
 * is whether a rule reads it. [any] */
#ifndef OC_SERVICE_RULE_THRESHOLD_NAMES_H
#define OC_SERVICE_RULE_THRESHOLD_NAMES_H

#include "core/config/threshold_limits.h"

/* Whether a rule of l->rules (in `expr`, `resolve` or `for`) uses the figure, or one of the group, `node` that is called `name`
 * and that the host does not bring. If not, that is an error where a name of `siblings` (what the host has in its place, or
 * NULL) is near, else a warning. */
bool oc_threshold_is_used(const struct oc_threshold_limits *l, const char *name,
                          const struct oc_node *siblings, const struct oc_node *node);

#endif
