/* One configured collector: its instance, its timer, its calls. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_SCHEDULE_COLLECTOR_H
#define OC_SERVICE_SCHEDULE_COLLECTOR_H

#include "core/service/env.h"

/* The keys of a `collectors` item that belong to the host; all others are the plugin's. */
struct collector_options {
    const char *plugin, *name;
    int64_t interval_ms, deadline_ms, retry_interval_ms;
    int32_t enabled, unless_own;
    struct oc_list depends_on; /* read by the health service */
    int64_t max_attempts;      /* read by the health service */
};
extern const struct oc_option oc_collector_options[];

struct collector;

/* NULL when the plugin cannot be used with this configuration: the reason is in `err` and `diags`. `group` is copied. */
struct collector *oc_collector_create(const struct oc_env *env,
                                      const struct collector_options *options,
                                      const struct oc_node *group, const char *path,
                                      struct oc_diags *diags, struct oc_error *err);
/* Stops the instance; done(ctx) runs when it is gone and the collector freed. */
void oc_collector_destroy(struct collector *c, int64_t grace_ms, oc_loop_fn done, void *ctx);

const char *oc_collector_name(const struct collector *c);
struct oc_instance *oc_collector_instance(struct collector *c);
/* configured by an equal group without secrets in files */
bool oc_collector_same(const struct collector *c, const struct oc_node *group);
/* its first call is over */
bool oc_collector_done_once(const struct collector *c);
/* Calls it now (the timer goes on as it was): OC_E_CONFLICT when a call is running. */
int oc_collector_run(struct collector *c, struct oc_error *err);
void oc_collector_retry_soon(struct collector *c); /* within its retry_interval, if it has one */
json_t *oc_collector_json(const struct collector *c);

#endif
