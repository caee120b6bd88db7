/* What the operation tables of the package service share. SPDX-License-Identifier: MIT */
#ifndef OC_SERVICE_PACKAGE_INTERNAL_H
#define OC_SERVICE_PACKAGE_INTERNAL_H

#include "core/service/package/package.h"

/* The handler of every operation here: runs the verb of the operation's own name. */
void oc_package_forward(struct oc_call *call, void *ctx /* struct oc_package_service */);

/* What was loaded where, by "plugin.loaded": `ctx` is an object, "plugin pid" -> SHA-256 of the library. */
void oc_package_on_loaded(void *ctx, const struct oc_event *event);
/* [{"name","instance","digest","library_sha256"}] of every instance; owned. */
json_t *oc_package_running(const struct oc_env *env, const json_t *loaded);

/* The operations, by subject; each table ends with a NULL name. Rows with OC_OP_MUTATES and without OC_OP_PRIVATE change what
 * is installed. */
extern const struct oc_op oc_package_ops_install[];
extern const struct oc_op oc_package_ops_registry[];
extern const struct oc_op oc_package_ops_keeper[]; /* of registries */
extern const struct oc_op oc_package_ops_author[];
extern const struct oc_op oc_package_ops_check[];

#endif
