/* The verbs of those who keep a registry; each has the name of its operation. SPDX-License-Identifier: MIT
 *
 * They work on a folder: "dir", with the secret keys in "keys" (default DIR.keys) or given one by one with "key". */
#ifndef OC_PACKAGE_REGISTRY_KEEPER_H
#define OC_PACKAGE_REGISTRY_KEEPER_H

#include "core/package/registry/folder.h"

int oc_keeper_init(struct oc_work *w); /* registry.init */
int oc_keeper_delegate(
    struct oc_work *w); /* registry.delegate: whose keys sign a publisher's releases */
int oc_keeper_publish(struct oc_work *w); /* registry.publish, plugin.publish */
int oc_keeper_yank(struct oc_work *w);    /* registry.yank */
int oc_keeper_advise(struct oc_work *w);  /* registry.advise */
int oc_keeper_sign(struct oc_work *w);    /* registry.sign: the cron job, and the draft of a root */
int oc_keeper_rotate(struct oc_work *w);  /* registry.rotate */
int oc_keeper_verify(struct oc_work *w);  /* registry.verify */
int oc_keeper_mirror(struct oc_work *w);  /* registry.mirror */
int oc_keeper_serve(struct oc_work *w);   /* registry.serve */

/* ---- what they share ---- */

/* Makes <keys>/<name>.key and .pub and takes the key into the chain. */
int oc_keeper_make_key(struct oc_work *w, const struct oc_folder *f, const char *name,
                       struct oc_keychain *chain, struct oc_public_key *public_key);
/* The body of a root document; `policy` borrowed, the result owned. */
json_t *oc_keeper_root_json(const struct oc_root *root, const char *name, const json_t *policy);

/* The delegation of a publisher: text of v1/publisher/<publisher>.json. OC_E_NOT_FOUND without a message when there is none. */
int oc_keeper_delegation(struct oc_work *w, const struct oc_folder *f, const char *publisher,
                         struct oc_buf *text, struct oc_delegation *d);
/* Signs and writes the next delegation of a publisher. */
int oc_keeper_put_delegation(struct oc_work *w, const struct oc_folder *f,
                             const struct oc_keychain *chain, struct oc_delegation *d,
                             struct oc_buf *text);

/* Every delegation again, signed by the keys that the role "publish" has now; the caller publishes. */
int oc_keeper_redelegate(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain);

/* Removes the files of states before the last `keep` snapshots; *removed: how many. Nothing when a kept one cannot be read. */
int oc_keeper_prune(struct oc_work *w, const struct oc_folder *f, int64_t keep, int64_t *removed);

/* {"artifact":{..},"manifest":{..}} of an .ocp file; owned, NULL and w->err. The archive is unpacked in a helper that is shut in. */
json_t *oc_keeper_describe(struct oc_work *w, const char *file);

/* Puts the row of one package into the search file, or takes it out (row NULL). */
int oc_keeper_index(struct oc_work *w, struct oc_folder *f, const char *id, const json_t *row,
                    const char *trust);

#endif
