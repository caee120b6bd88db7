/* The audit trail: what is done lands in the ledger, which can be shown, proved, checked and sealed. SPDX-License-Identifier: MIT  [loop]
 *
 * Section `ledger` of the configuration. */
#ifndef OC_SERVICE_AUDIT_AUDIT_H
#define OC_SERVICE_AUDIT_AUDIT_H

#include "core/service/env.h"

struct oc_audit;

struct oc_audit *oc_audit_create(const struct oc_env *env); /* env borrowed */
void oc_audit_configure(struct oc_audit *s, const struct oc_config *config, struct oc_diags *diags);
/* What it has under way ends: done(ctx) at the latest after about `grace_ms`. */
void oc_audit_stop(struct oc_audit *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
/* Adds its option tables to `sections`, for the reference. */
void oc_audit_describe(json_t *sections);
void oc_audit_destroy(struct oc_audit *s); /* after stop; NULL is fine */

#endif
