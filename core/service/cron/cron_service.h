/* Schedules: operations that run by themselves at their times. SPDX-License-Identifier: MIT  [loop]
 *
 * Section `schedules` of the configuration, a list that merges by name with the shipped one (etc/openclaw/schedules.conf), and
 * those that people add while the host runs, which the store keeps. A run is written down before it starts, so that it does
 * not run twice whatever happens; what was missed while the host was down, asleep or its clock was set is counted, told and made
 * up for as the schedule wants. A schedule whose operation is not there waits, and says so.
 *
 * Operations: cron.list show next history add edit remove enable disable run import.
 * Events: cron.started {"schedule","run","op","due","trigger"}, cron.ended {"schedule","run","state","code","took_ms"},
 * cron.missed {"schedule","missed","due"}. A run that waits for a decision ends twice: as "waiting", then as it was decided.
 * Samples, which the shipped rules watch: cron.missed_runs, cron.failed_runs (both in a row), cron.run_seconds; each {schedule}. */
#ifndef OC_SERVICE_CRON_CRON_SERVICE_H
#define OC_SERVICE_CRON_CRON_SERVICE_H

#include "core/service/env.h"

struct oc_cron_service;

struct oc_cron_service *oc_cron_service_create(const struct oc_env *env); /* env borrowed */
void oc_cron_service_configure(struct oc_cron_service *s, const struct oc_config *config,
                               struct oc_diags *diags);
/* Nothing starts any more. What is under way is cancelled after `grace_ms`, and is found as interrupted at the next start;
 * then done(ctx). */
void oc_cron_service_stop(struct oc_cron_service *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
/* Adds its option tables to `sections`, for the reference. */
void oc_cron_service_describe(json_t *sections);
void oc_cron_service_destroy(struct oc_cron_service *s); /* after stop; NULL is fine */

#endif
