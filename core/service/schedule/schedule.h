/* Runs collectors: their instances, their timers, and what their calls bring. SPDX-License-Identifier: MIT  [loop]
 *
 * Each item of `collectors` becomes an instance of its plugin (a preset becomes several). Every instance is called once
 * at the start and then at each multiple of its interval of wall time; a call that is still running when its next slot
 * comes makes that slot a missed one. Samples are appended to the store and published as batches (topic "samples"). */
#ifndef OC_SERVICE_SCHEDULE_SCHEDULE_H
#define OC_SERVICE_SCHEDULE_SCHEDULE_H

#include "core/service/env.h"

struct oc_schedule;

/* The keys of an item that are not its plugin's, NULL-terminated. The first is `plugin`. */
extern const char *const oc_collector_keys[];

struct oc_schedule *oc_schedule_create(const struct oc_env *env);
/* Starts, restarts or stops instances so that they match `collectors`; what did not change runs on untouched. */
void oc_schedule_configure(struct oc_schedule *s, const struct oc_config *config,
                           struct oc_diags *diags);
/* After oc_schedule_configure, once every service is configured: starts the first of those that wait at once, so that it collects while the
 * loop is kept busy by something else. The others follow in turns of the loop. */
void oc_schedule_begin(struct oc_schedule *s);
/* Only says what is wrong with `collectors`, the options of their plugins included; starts nothing. */
void oc_schedule_check(struct oc_schedule *s, const struct oc_config *config,
                       struct oc_diags *diags);
/* Adds the option tables of collectors to `sections` (core/daemon/sections.h), for the reference. */
void oc_schedule_describe(json_t *sections);
/* Stops every instance, waiting up to `grace_ms` for running calls; then done(ctx). */
void oc_schedule_stop(struct oc_schedule *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
void oc_schedule_destroy(struct oc_schedule *s); /* after stop; NULL is fine */

/* The instance that answers for `plugin` (and `name`, unless NULL); NULL when there is none. */
struct oc_instance *oc_schedule_find(void *schedule, const char *plugin, const char *name);
/* Every instance that runs, with the section that it is of. */
void oc_schedule_each(const struct oc_schedule *s,
                      void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                      void *ctx);

#endif
