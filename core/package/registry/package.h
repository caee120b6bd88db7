/* A package file: who may publish a package, and its versions. SPDX-License-Identifier: MIT  [any]
 *
 * Lines of signed documents. The first is the publisher's delegation, signed by the registry's role "publish"; each other one is a
 * version, type "release", signed by the publisher's own keys:
 *     {"type":"release","format":1,"id":"acme/redis","version":"1.2.0","published":"..","summary":"..","kind":"collector",
 *      "license":"..","provides":[..],"permissions":[..],"surface":"<sha256>","changelog":"..","requires":{..},
 *      "artifacts":[{"os","arch","libc","libc_min","abi":{"major","min_minor"},"tier","sha256","size","minisig"},..]} */
#ifndef OC_PACKAGE_REGISTRY_PACKAGE_H
#define OC_PACKAGE_REGISTRY_PACKAGE_H

#include "core/package/registry/meta.h"
#include "core/package/registry/refuse.h"

#define OC_PACKAGE_VERSIONS 10000

struct oc_package {
    struct oc_delegation delegation;
    json_t *rows; /* owned: array of rows, the newest version first */
};

/* Verifies and parses everything. Reasons: package-format, delegation-signature, name-confusion, publisher-signature. */
int oc_package_parse(struct oc_work *w, const char *id, const char *text, size_t len,
                     const struct oc_root *root, struct oc_package *p);
void oc_package_finish(struct oc_package *p);

/* One row: OC_OK, or OC_E_VERIFY with the key that is wrong. */
int oc_row_check(const json_t *row, struct oc_error *err);

#endif
