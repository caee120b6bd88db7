/* What is installed: the package folder of a host, its generations and its lock. SPDX-License-Identifier: MIT
 *
 *   <home>/packages/
 *     lock                          held (flock) by whoever changes anything below
 *     store/sha256/<hex>/           one unpacked artifact, read-only; <hex> is the SHA-256 of its .ocp archive
 *       plugin.json  <name>.so ...  as packed
 *       .openclaw/receipt.json      where it came from, who signed it, the SHA-256 of every file, what its code describes
 *     generations/<n>/state.json    everything that is wanted, whole; complete before `current` names it
 *     generations/<n>/plugins/<name> -> ../../../store/sha256/<hex>   (or the folder of a linked one)
 *     current -> generations/<n>    switched by rename: the one step that makes a change real
 *     staging/<id>/                 work that is not finished; the next change removes it
 *     registries.json, registries/<name>/   see core/package/registry.h
 *
 * The daemon only reads: `current/plugins` is a folder of plugins for oc_plugins_scan, state.json says the rest. [any]
 */
#ifndef OC_PACKAGE_STATE_H
#define OC_PACKAGE_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_STATE_SCHEMA 1

/* One installed plugin. Strings are borrowed from the state's JSON. */
struct oc_installed {
    const char *name; /* of the manifest: unique on a host */
    const char *id;   /* "publisher/name"; "local/name" when no registry gave it */
    const char *version;
    const char *digest; /* SHA-256 of the archive, 64 hex digits; "" for a linked folder */
    const char *source; /* "registry:main", "file:/x.ocp", "folder:/x", "bundle:/x", "link:/x" */
    const char *
        trust; /* "publisher" (a registry vouches), "community" (it lists, and does not vouch), "signed", "unsigned" */
    const char *
        tier; /* "inproc", "process", "sandbox": what it runs in unless the configuration says otherwise */
    bool enabled;
    const char
        *disabled_why; /* "user", "config" (required options are missing), NULL when enabled */
    bool pinned;
    const json_t *grants; /* array of the permissions that were consented to */
    const char *surface;  /* SHA-256 over the sorted permissions: what consent was given for */
    const json_t *json;   /* the whole row */
};

struct oc_state {
    json_t *json; /* owned */
    uint64_t generation;
    size_t count;
    struct oc_installed *plugins; /* owned, sorted by name */
};

/* The state in force. A host on which nothing was ever installed has an empty one of generation 0. OC_E_CONFIG names file
 * and key when it is damaged. */
int oc_state_load(const char *home, struct oc_state *state, struct oc_error *err);
int oc_state_load_generation(const char *home, uint64_t generation, struct oc_state *state,
                             struct oc_error *err);
void oc_state_finish(struct oc_state *state);
const struct oc_installed *oc_state_find(const struct oc_state *state, const char *name_or_id);
/* The receipt of an installed plugin, owned by the caller; NULL and err. */
json_t *oc_state_receipt(const char *home, const struct oc_installed *p, struct oc_error *err);
/* Parses state.json from bytes (also the fuzz target's way in). */
int oc_state_parse(const char *text, size_t len, struct oc_state *state, struct oc_error *err);

#endif
