/* A registry's folder, as its keeper works on it. SPDX-License-Identifier: MIT  [any]
 *
 * Everything is in v1/: there is no state beside what is served. Files whose names hold their digest or version are written once; a
 * change becomes real when the new timestamp takes the place of the old one, so a server may serve the folder all the while. A root that
 * still lacks signatures waits in draft/root.json, which no client asks for. */
#ifndef OC_PACKAGE_REGISTRY_FOLDER_H
#define OC_PACKAGE_REGISTRY_FOLDER_H

#include "core/package/registry/meta.h"
#include "core/package/registry/refuse.h"

#define OC_EXPIRES_ROOT      (365 * OC_DAY)
#define OC_EXPIRES_SNAPSHOT  (90 * OC_DAY)
#define OC_EXPIRES_TIMESTAMP (7 * OC_DAY)

/* Secret keys at hand. */
struct oc_keychain {
    size_t count;
    struct oc_secret_key keys[64];
    unsigned locked; /* files that want a password */
};

struct oc_folder {
    char *dir;           /* owned: absolute, without v1 */
    char *keys;          /* owned: the folder of the secret keys, never below dir */
    struct oc_root root; /* the newest one that is in force */
    struct oc_timestamp timestamp;
    struct oc_snapshot snapshot;
    json_t *params; /* borrowed: those of the work */
};

/* By the parameters "dir" and "keys" of the work. */
int oc_folder_open(struct oc_work *w, struct oc_folder *f);
/* The same for a folder that is no registry yet: only dir and keys are set. */
int oc_folder_begin(struct oc_work *w, struct oc_folder *f);
void oc_folder_close(struct oc_folder *f);

char *oc_folder_path(const struct oc_folder *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* below dir; owned */
int oc_folder_read(struct oc_work *w, const struct oc_folder *f, const char *path, size_t max,
                   struct oc_buf *out);
/* With the folders above it; atomic. */
int oc_folder_write(struct oc_work *w, const struct oc_folder *f, const char *path,
                    const void *data, size_t len);
/* Writes `text` as <prefix><sha256><suffix> and names it in `ref`. */
int oc_folder_put(struct oc_work *w, const struct oc_folder *f, const char *prefix,
                  const char *suffix, const void *data, size_t len, struct oc_file_ref *ref);

/* The secret keys that can be used: --key FILE.., else all of the folder of the keys. Wipe with oc_keychain_wipe. */
int oc_keychain_load(struct oc_work *w, const struct oc_folder *f, struct oc_keychain *chain);
/* One file more, behind the others; its password is the first line of the file that the parameter `password` names, else of that
 * of "password_file". OC_E_AUTH when it wants another. */
int oc_keychain_add(struct oc_work *w, struct oc_keychain *chain, const char *path,
                    const char *password);
void oc_keychain_wipe(struct oc_keychain *chain);
/* Those of the ring: how many were copied to `out` (room for OC_RING_MAX). */
size_t oc_keychain_pick(const struct oc_keychain *chain, const struct oc_ring *ring,
                        struct oc_secret_key *out);
/* Signs `body` as `type` with every key of `ring` that is at hand. OC_E_AUTH (key-missing) when the threshold is not reached. */
int oc_keychain_sign(struct oc_work *w, const struct oc_keychain *chain, const struct oc_ring *ring,
                     const char *type, const json_t *body, struct oc_buf *out);

/* Writes the next snapshot (unless `keep_snapshot`) and the next timestamp: this makes all changes real. */
int oc_folder_publish(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain,
                      bool keep_snapshot);

/* One shard or status file ("shard", "status") as an object of packages, owned; empty when there is none. */
json_t *oc_folder_shard(struct oc_work *w, const struct oc_folder *f, const char *what, unsigned n);
int oc_folder_put_shard(struct oc_work *w, struct oc_folder *f, const char *what, unsigned n,
                        const json_t *packages);

/* {"type","format","version","expires"} to which the rest is added; expires_ms 0: without. */
json_t *oc_folder_head(const char *type, int64_t version, int64_t expires_ms);
/* A duration of the parameters, or `fallback`. */
int64_t oc_folder_span(const struct oc_work *w, const char *key, int64_t fallback);

#endif
