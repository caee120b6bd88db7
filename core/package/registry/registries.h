/* The registries that a host knows: <home>/packages/registries.json. SPDX-License-Identifier: MIT  [any]
 *
 *   {"schema":1,"registries":[{"name":"main","url":"https://..","added":"..","fingerprint":"<sha256>","ca":"/file","timeout_ms":5000}]}
 *   registries/<name>/root.json snapshot.json timestamp.json   as they were verified last; their versions never go back
 *   registries/<name>/publishers.json                          the newest delegation seen of each publisher
 *   registries/<name>/state.json                               when it was refreshed; may be lost
 *   registries/<name>/cache/                                   files named by verified ones; verified again at each use */
#ifndef OC_PACKAGE_REGISTRY_REGISTRIES_H
#define OC_PACKAGE_REGISTRY_REGISTRIES_H

#include <jansson.h>

#include "core/package/work.h"

/* Whoever changes anything of the above holds this lock (<home>/packages/registries.lock) from reading to writing: others do so at
 * the same time, and what they wrote would be lost. A descriptor for oc_lock_drop, or the code of w->err. */
int oc_registries_lock(struct oc_work *w);

/* An array of rows, owned by the caller; empty when none was ever added. NULL and w->err when the file is damaged. */
json_t *oc_registries_load(struct oc_work *w);
int oc_registries_save(struct oc_work *w, const json_t *list);
/* Borrowed; NULL when there is none of that name. */
json_t *oc_registries_find(const json_t *list, const char *name);
/* <home>/packages/registries/<name>; owned */
char *oc_registries_dir(const struct oc_work *w, const char *name);
/* Fails with the names that there are. */
int oc_registries_unknown(struct oc_work *w, const json_t *list, const char *name);

#endif
