/* One registry, as this host trusts it. SPDX-License-Identifier: MIT
 *
 * The order of The Update Framework (https://theupdateframework.github.io/specification/): root, timestamp, snapshot, then what they name.
 * What is on disk was verified; a refusal changes nothing there. The only short cut: the timestamp tells the newest root's version, so the
 * chain of roots is walked when that is newer than ours, when the timestamp does not verify, and once a day, instead of asking for
 * a root that does not exist before every timestamp. See docs/decisions/0018. */
#ifndef OC_PACKAGE_REGISTRY_CLIENT_H
#define OC_PACKAGE_REGISTRY_CLIENT_H

#include "core/package/registry/package.h"
#include "core/package/registry/source.h"

struct oc_client {
    char *name, *url, *dir; /* owned */
    struct oc_source *source;
    struct oc_root root;
    struct oc_timestamp timestamp; /* version 0: none yet */
    struct oc_snapshot snapshot;   /* version 0: none yet */
    struct oc_buf root_text, timestamp_text, snapshot_text;
    int64_t refreshed_ms, root_checked_ms; /* 0: never */
    int64_t written_ms;                    /* refreshed_ms as state.json has it */
    bool fresh;                            /* refreshed by this process */
    json_t *publishers;                    /* {"acme": newest version of its delegation} */
    bool publishers_changed;
    struct oc_client_file {
        char *name;
        struct oc_buf text;
        struct oc_client_file *next;
    } * kept; /* verified, and not yet in the cache */
    struct oc_client *next;
};

/* Loads what is pinned. NULL and w->err when it is damaged. `row` is one of oc_registries_load. */
struct oc_client *oc_client_open(struct oc_work *w, const json_t *row);
void oc_client_close(struct oc_client *c); /* NULL is fine */

/* Pins the root of a registry that is not known: fetches the chain from v1/root.1.json. With a `fingerprint` (SHA-256 of a root file, hex) it
 * must be one of the chain, and trust begins there. Nothing is written. */
int oc_client_pin(struct oc_work *w, struct oc_client *c, const char *fingerprint);
/* A client without anything pinned, for oc_client_pin. */
struct oc_client *oc_client_new(struct oc_work *w, const char *name, const char *url,
                                const struct oc_source_options *options);

/* Fetches and verifies what is new; oc_client_commit writes it. `walk`: ask for a newer root in any case. */
int oc_client_refresh(struct oc_work *w, struct oc_client *c, bool walk);
/* Nothing is fetched; refuses what has expired. */
int oc_client_offline(struct oc_work *w, struct oc_client *c);
/* Once in a process: refresh or offline. */
int oc_client_ready(struct oc_work *w, struct oc_client *c, bool offline);
/* Writes what has been verified since it was opened: called at the end of what went well, so that a refusal on the way leaves every
 * file as it was. */
int oc_client_commit(struct oc_work *w, struct oc_client *c);
/* The same for who holds the lock of the registries already. */
int oc_client_keep(struct oc_work *w, struct oc_client *c);
void oc_client_drop(struct oc_client *c); /* forgets what was kept for the cache */

/* A file that `ref` names, from the cache or the source; verified. `cache` is its place below cache/, `reason` the word for a file that is
 * another ("shard-mismatch"). */
int oc_client_file(struct oc_work *w, struct oc_client *c, const struct oc_file_ref *ref,
                   const char *path, const char *cache, const char *reason, bool offline,
                   struct oc_buf *out);
/* The packages of the shard in which `id_or_name` would be: owned object, empty when there are none. NULL and w->err. */
json_t *oc_client_shard(struct oc_work *w, struct oc_client *c, const char *id_or_name,
                        bool offline);
/* The verified package file that the shard's row names. */
int oc_client_package(struct oc_work *w, struct oc_client *c, const char *id, const json_t *row,
                      bool offline, struct oc_package *p);
/* The status of a package, owned; an empty object when it has none. NULL and w->err. */
json_t *oc_client_status(struct oc_work *w, struct oc_client *c, const char *id, bool offline);
/* The search file, unpacked. */
int oc_client_search(struct oc_work *w, struct oc_client *c, bool offline, struct oc_buf *out);

/* SHA-256 of the root file in force. */
void oc_client_fingerprint(const struct oc_client *c, char hex[OC_SHA256_HEX]);

/* All registries of this host, opened once a process; closed with oc_session_end. NULL and w->err when there is none (no-registry). */
struct oc_client *oc_session(struct oc_work *w);
/* One of them; NULL and w->err. */
struct oc_client *oc_session_find(struct oc_work *w, const char *name);
int oc_session_commit(struct oc_work *w); /* of each that is fresh */
void oc_session_end(void);

#endif
