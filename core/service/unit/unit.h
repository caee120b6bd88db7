/* Units: processes and services of the system that drivers can start, stop and look at. SPDX-License-Identifier: MIT  [loop]
 *
 * Section `units` of the configuration, a list:
 *     units = ( { name = "steward"; driver = "process"; command = ["/srv/steward"]; tags = ["agent"];
 *                 check = { url = "http://127.0.0.1:8001/health"; }; } );
 * A driver is a plugin with the methods
 *   driver.status/1  {"unit","state","logs"} -> {"state","pid","started_ms","memory_bytes","cpu_ms","message"}
 *   driver.start/1   the same -> the same and "changed"; a unit that runs is left as it is
 *   driver.stop/1    .. and "force" (kill at once), "stop_timeout_ms" -> {"state","changed","killed"}
 *   driver.restart/1 optional; without it a restart is stop and start
 *   driver.logs/1    optional; .. and "lines" -> {"source","lines"}
 * where "state" and "logs" are folders of the host, and states are running, stopped, failed, starting, stopping, missing.
 *
 * Besides it keeps maintenance mode (maintenance.*) and saves evidence (host.evidence; section `evidence`: how long it is kept, and
 * how much room it may take). */
#ifndef OC_SERVICE_UNIT_UNIT_H
#define OC_SERVICE_UNIT_UNIT_H

#include "core/service/env.h"

struct oc_unit;

struct oc_unit *oc_unit_create(const struct oc_env *env); /* env borrowed */
void oc_unit_configure(struct oc_unit *s, const struct oc_config *config, struct oc_diags *diags);
/* In an ephemeral daemon, after configure: what the plugins would say of their options, without starting anything. */
void oc_unit_check(struct oc_unit *s, struct oc_diags *diags);
/* What it has under way ends: done(ctx) at the latest after about `grace_ms`. The units themselves go on. */
void oc_unit_stop(struct oc_unit *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
/* Adds its option tables to `sections`, for the reference. */
void oc_unit_describe(json_t *sections);
void oc_unit_destroy(struct oc_unit *s); /* after stop; NULL is fine */

/* The instance of a driver or of a check; name NULL = any of this plugin. Borrowed, may be NULL. */
struct oc_instance *oc_unit_find_instance(const struct oc_unit *s, const char *plugin,
                                          const char *name);
void oc_unit_each(struct oc_unit *s,
                  void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                  void *ctx);

#endif
