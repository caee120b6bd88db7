/* What the operations over figures share: ranges of days, and sums as JSON. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_COST_RANGE_H
#define OC_SERVICE_COST_RANGE_H

#include "core/service/cost/internal.h"

struct oc_cost_params {
    const char *from, *to;
    int32_t period, dimension, format;
    const char *agent;
};

/* Rows of an option table. */
#define OC_COST_RANGE                                                                              \
    {.name = "period",                                                                             \
     .type = OC_OPT_ENUM,                                                                          \
     .offset = offsetof(struct oc_cost_params, period),                                            \
     .default_text = "today",                                                                      \
     .choices = "today|yesterday|week|month|year",                                                 \
     .help = "which days; week and year end today, month is this one"},                            \
        {.name = "from",                                                                           \
         .type = OC_OPT_STRING,                                                                    \
         .offset = offsetof(struct oc_cost_params, from),                                          \
         .help = "first day, in place of a period: \"2026-11-01\""},                               \
    {                                                                                              \
        .name = "to", .type = OC_OPT_STRING, .offset = offsetof(struct oc_cost_params, to),        \
        .help = "last day; default: today"                                                         \
    }

struct oc_cost_range {
    char from[OC_ZONE_DAY], to[OC_ZONE_DAY];
};

/* The days that the parameters name. OC_E_CONFIG. */
int oc_cost_read_range(struct oc_cost *c, const struct oc_cost_params *p, struct oc_cost_range *r,
                       struct oc_error *err);
/* What no source has told is null: unknown, not zero. */
void oc_cost_put(json_t *o, const char *key, double value, bool known);
void oc_cost_put_sum(json_t *o, const struct oc_cost_sum *s, bool known);

#endif
