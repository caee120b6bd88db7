/* The schedule's operations, and what they need of it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_SCHEDULE_OPS_H
#define OC_SERVICE_SCHEDULE_OPS_H

#include "core/base/map.h"
#include "core/service/schedule/schedule.h"

void oc_schedule_add_ops(struct oc_schedule *s, struct oc_ops *ops);

/* every collector with its statistics */
json_t *oc_schedule_json(const struct oc_schedule *s);
struct oc_bus *oc_schedule_bus(struct oc_schedule *s);
bool oc_schedule_first_round_over(const struct oc_schedule *s);
/* Calls the collector `name`, or all when NULL; adds to `begun` the names of those whose calls began. */
void oc_schedule_run(struct oc_schedule *s, const char *name, struct oc_map *begun,
                     struct oc_error *err);

#endif
