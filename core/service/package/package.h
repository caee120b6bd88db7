/* Operations that openclaw-package does: they change files, the network and the package store, not this process.
 * SPDX-License-Identifier: MIT  [loop]
 *
 * Each operation is a row of a table; its handler starts the worker, hands its parameters over and passes on what it says.
 * After a verb that changed what is installed, "packages.changed" {"op","generation","purge":[names]} is published; the operation
 * answers when "packages.applied" follows (what is new runs, what is gone has ended), or after a while. */
#ifndef OC_SERVICE_PACKAGE_PACKAGE_H
#define OC_SERVICE_PACKAGE_PACKAGE_H

#include "core/service/env.h"

struct oc_package_service;

struct oc_package_service *oc_package_service_create(const struct oc_env *env);
void oc_package_service_destroy(
    struct oc_package_service *s); /* ends running workers; NULL is fine */

#endif
