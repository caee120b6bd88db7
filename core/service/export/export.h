/* Sends samples to other systems as they come: remote write. SPDX-License-Identifier: MIT  [loop]
 *
 *   remote_write = ( { name = "central"; url = "https://prometheus.example.org/api/v1/write"; selector = ["system.*"]; } );
 *
 * Each item is a remote: what the host reads (which samples, how many at once, how much may wait) and options of a plugin that
 * has the method export.write/1. Samples gather to batches; a batch is a file in
 * <home>/data/export/<name> before it is sent and until the receiver has it, so it survives a restart and an outage. When too
 * much waits, the oldest batches are dropped and counted.
 *
 * Operations: export.list. Events: export.dropped {"remote","samples","reason"}. */
#ifndef OC_SERVICE_EXPORT_EXPORT_H
#define OC_SERVICE_EXPORT_EXPORT_H

#include "core/service/env.h"

struct oc_export;

struct oc_export *
oc_export_create(const struct oc_env *env); /* env borrowed; adds the operations */
/* Takes `remote_write` and `host.name`. A remote whose configuration did not change goes on as it is. */
void oc_export_configure(struct oc_export *e, const struct oc_config *config,
                         struct oc_diags *diags);
/* What oc_export_configure would find, without starting anything. */
void oc_export_check(const struct oc_env *env, const struct oc_config *config,
                     struct oc_diags *diags);
/* Writes what has gathered to the disk and stops the plugins: done(ctx) when they are gone. */
void oc_export_stop(struct oc_export *e, int64_t grace_ms, oc_loop_fn done, void *ctx);
struct oc_instance *oc_export_find_instance(const struct oc_export *e, const char *plugin,
                                            const char *name);
void oc_export_each(const struct oc_export *e,
                    void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                    void *ctx);
void oc_export_describe(json_t *sections);
void oc_export_destroy(struct oc_export *e); /* after stop; NULL is fine */

#endif
