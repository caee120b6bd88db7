/* Which figures a threshold may have: their kind, percentages, and the warning that comes before what is critical. SPDX-License-Identifier: MIT
 *
 * What the host brings, it brings as a number, a duration or a text, and so it stays. The rest of the section is free, so names
 * tell: `..._percent` is a percentage, 0 to 100; `...warning...` has to come before the
 * `...critical...` of the same group. Where less is worse, the warning is the greater of the two: names with a word such as
 * free, available, remaining or score, and figures that the rules compare with "<" alone. [any] */
#ifndef OC_CONFIG_THRESHOLD_LIMITS_H
#define OC_CONFIG_THRESHOLD_LIMITS_H

#include "core/config/config.h"

struct oc_threshold_limits {
    const struct oc_node *rules; /* the list that they are used in, or NULL */
    /* what findings call a figure: {"thresholds.cpu.warning_percent": NAME}; NULL = as here */
    const json_t *names;
    struct oc_diags *diags;
};

/* What holds for the value `node` of `group` at `prefix` ("thresholds.cpu"): itself, or when it cannot be meant what `defaults`
 * (the same group of the host's own layer, or NULL) has in its place, or NULL. What is wrong is an error in l->diags. */
const struct oc_node *oc_threshold_settle(const struct oc_threshold_limits *l, const char *prefix,
                                          const struct oc_node *group,
                                          const struct oc_node *defaults,
                                          const struct oc_node *node);

/* What a number of this name counts: *unit_ms milliseconds, a second unless the name tells. False when it is no time. */
bool oc_threshold_unit(const char *name, int64_t *unit_ms);

#endif
