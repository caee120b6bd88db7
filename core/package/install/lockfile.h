/* openclaw.lock: exactly what is installed, to be installed again elsewhere. SPDX-License-Identifier: MIT  [worker]
 *
 *   {"schema":"openclaw.lock/1","made_by":"openclaw 1.0.0","plugins":[
 *     {"name","id","version","source","registry","root_version","range","digest","size","digests":{"linux-x86_64-glibc":hex,..},
 *      "permissions":[..],"surface","abi":"1.0","tier","trust","key"}]}
 * Sorted by name, without times: the same state gives the same bytes. */
#ifndef OC_PACKAGE_INSTALL_LOCKFILE_H
#define OC_PACKAGE_INSTALL_LOCKFILE_H

#include "core/package/state.h"
#include "core/package/work.h"

#define OC_LOCK_SCHEMA "openclaw.lock/1"

/* The document for a state; linked folders are left out with a warning. Owned by the caller. */
json_t *oc_lockfile_make(struct oc_work *w, const struct oc_state *state);
/* Reads and checks one; NULL and w->err, reason "lock-wrong" or "lock-missing". Owned by the caller. */
json_t *oc_lockfile_read(struct oc_work *w, const char *path);
json_t *oc_lockfile_parse(struct oc_work *w, const char *text, size_t len);
/* The row of a plugin by name or id; borrowed, NULL. */
const json_t *oc_lockfile_find(const json_t *lock, const char *name_or_id);
/* The digest that it allows on this host. */
const char *oc_lockfile_digest(const json_t *row);
/* Where the lock file is when nobody says: <home>/openclaw.lock; owned. */
char *oc_lockfile_path(const struct oc_work *w);

#endif
