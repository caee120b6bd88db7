/* The host: every floor and every service, wired together. SPDX-License-Identifier: MIT  [loop]
 *
 * This is the only place that knows all of them. Order of making: loop, bus, workers, store, plugins, policies, operations,
 * services; they are destroyed in reverse. */
#ifndef OC_DAEMON_DAEMON_H
#define OC_DAEMON_DAEMON_H

#include "core/config/config.h"
#include "core/daemon/options.h"
#include "core/op/op.h"

struct oc_daemon;

/* Loads the configuration and opens the store. NULL and err when that cannot be done. */
struct oc_daemon *oc_daemon_create(const struct daemon_options *options, struct oc_error *err);
/* Gives every service its configuration: collectors start. Findings are kept (oc_daemon_diags) and logged. */
void oc_daemon_start(struct oc_daemon *h);
int oc_daemon_reload(struct oc_daemon *h, struct oc_error *err);
/* Drains: no new calls, up to `grace_ms` for those in flight, then oc_loop_stop. */
void oc_daemon_stop(struct oc_daemon *h, int64_t grace_ms);
void oc_daemon_destroy(struct oc_daemon *h); /* NULL is fine */

struct oc_loop *oc_daemon_loop(struct oc_daemon *h);
struct oc_ops *oc_daemon_ops(struct oc_daemon *h);
const char *oc_daemon_home(const struct oc_daemon *h);
const struct oc_diags *oc_daemon_diags(const struct oc_daemon *h);
int oc_daemon_flush(struct oc_daemon *h);
/* Adds to the findings what the options of every collector's plugin say, without starting any. */
void oc_daemon_check_collectors(struct oc_daemon *h);

#endif
