/* The registry's own documents, parsed: root, timestamp, snapshot, shard, delegation. SPDX-License-Identifier: MIT  [any]
 *
 * The parsers take the body of a document whose signatures have been verified, or bytes whose digest is known to be right; they check
 * every value all the same. registry/schemas/ describes the same documents as JSON Schemas. */
#ifndef OC_PACKAGE_REGISTRY_META_H
#define OC_PACKAGE_REGISTRY_META_H

#include <jansson.h>

#include "core/package/registry/document.h"

#define OC_REGISTRY_FORMAT 1
#define OC_SHARDS          256

/* The most that is read of each kind of file. */
#define OC_ROOT_MAX      (256u << 10)
#define OC_TIMESTAMP_MAX (16u << 10)
#define OC_SNAPSHOT_MAX  (1u << 20)
#define OC_SHARD_MAX     (8u << 20)
#define OC_STATUS_MAX    (8u << 20)
#define OC_PACKAGE_MAX   (8u << 20)
#define OC_LINE_MAX      (1u << 20) /* one line of a package file */
#define OC_SEARCH_MAX    (64u << 20)
#define OC_ARTIFACT_MAX  (UINT64_C(4) << 30)

#define OC_VERSION_MAX                                                                             \
    INT64_C(1000000000) /* of metadata: a jump to the end of the numbers would end all updates */

enum oc_registry_role { OC_ROLE_ROOT, OC_ROLE_TIMESTAMP, OC_ROLE_SNAPSHOT, OC_ROLE_PUBLISH };
#define OC_REGISTRY_ROLES 4
extern const char
    *const oc_role_names[OC_REGISTRY_ROLES]; /* "root" "timestamp" "snapshot" "publish" */
int oc_role_find(const char *name);          /* -1: none */

/* A file as another one names it. length 0: there is none. */
struct oc_file_ref {
    char sha256[OC_SHA256_HEX];
    uint64_t length;
};

struct oc_root {
    int64_t version, expires_ms;
    struct oc_ring roles[OC_REGISTRY_ROLES];
    json_t *json; /* owned; "name", "policy" */
};

struct oc_timestamp {
    int64_t version, expires_ms;
    int64_t root; /* the newest root there is: clients need not ask for a newer one each time */
    int64_t snapshot_version;
    struct oc_file_ref snapshot;
};

struct oc_snapshot {
    int64_t version, expires_ms;
    struct oc_file_ref shards[OC_SHARDS], status[OC_SHARDS], search;
};

/* Who may sign the releases of a publisher; signed by the role "publish". */
struct oc_delegation {
    char publisher[65];
    int64_t version;
    bool community; /* listed, and not vouched for */
    struct oc_ring ring;
};

/* Each returns OC_OK, or OC_E_VERIFY with the key that is wrong. */
int oc_root_parse(const char *body, size_t len, struct oc_root *root, struct oc_error *err);
void oc_root_finish(struct oc_root *root);
int oc_timestamp_parse(const char *body, size_t len, struct oc_timestamp *t, struct oc_error *err);
int oc_snapshot_parse(const char *body, size_t len, struct oc_snapshot *s, struct oc_error *err);
int oc_delegation_parse(const char *body, size_t len, struct oc_delegation *d,
                        struct oc_error *err);
/* A shard or a status file: an object "packages" (owned by the caller), each key "publisher/name", each value an object. */
int oc_shard_parse(const char *text, size_t len, json_t **packages, struct oc_error *err);
/* {"sha256","length"} of `json`; false when it is none. */
bool oc_file_ref_parse(const json_t *json, uint64_t max, struct oc_file_ref *ref);
json_t *oc_file_ref_json(const struct oc_file_ref *ref);

/* [a-z0-9][a-z0-9-]*, at most 64, no '-' at the end: a publisher, or the name of a package. */
bool oc_registry_word(const char *s);
/* "publisher/name" */
bool oc_registry_id(const char *s);
const char *oc_registry_bare(const char *id); /* what follows the '/' */
bool oc_hex64(const char *s);
/* Where a package is looked for: the first byte of the SHA-256 of its bare name, so that one shard answers which publishers have
 * a package of that name. */
unsigned oc_registry_shard(const char *id_or_name);

/* The popular name of the policy that `name` is within one edit of, without being it; NULL when there is none. */
const char *oc_registry_near(const struct oc_root *root, const char *name);

#endif
