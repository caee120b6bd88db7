/* A package with all its versions, for those who show it. SPDX-License-Identifier: MIT  [any]
 *
 * core/package/release.h has the way to one release. */
#ifndef OC_PACKAGE_REGISTRY_RESOLVE_H
#define OC_PACKAGE_REGISTRY_RESOLVE_H

#include "core/package/work.h"

#define OC_REGISTRY_ID_MAX 130

struct oc_resolved {
    char *id, *registry; /* owned */
    const char *trust;   /* "publisher" or "community" */
    json_t *keys;        /* owned: the publisher's public keys */
    json_t *
        versions; /* owned: rows with "status", "fits", "why_not", also those that do not fit; the newest first */
    json_t *status; /* owned: of the package */
};

int oc_resolve_package(struct oc_work *w, const char *spec, bool offline, struct oc_resolved *out);
void oc_resolved_finish(struct oc_resolved *r);

#endif
