/* Members' keys: made, read, listed, revoked. SPDX-License-Identifier: MIT  [any]
 *
 * Ed25519. A secret key lives in a file that only its member can read (0600), in minisign's format without a password, so `minisign`
 * can make and use it too. The host keeps public keys alone. A key is named by its id: the first 16 hex digits of the SHA-256
 * of its 32 bytes. */
#ifndef OC_SERVICE_GOVERNANCE_KEYS_H
#define OC_SERVICE_GOVERNANCE_KEYS_H

#include <jansson.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/service/governance/rules.h"
#include "core/sys/sign.h"

/* A hint. */
#define OC_MEMBER_NAME_RULE                                                                        \
    "A name begins with a letter a-z, A-Z or a digit; these, '_', '.' and '-' follow, up to 64 "   \
    "characters."
#define OC_MEMBER_KEY_ID 17

struct oc_member_key {
    char member[OC_GOV_NAME];
    char id[OC_MEMBER_KEY_ID];
    uint8_t key[OC_SIGN_PUBLIC];
    int64_t registered_at; /* wall ms */
    /* From then on nothing signed by it counts; OC_TALLY_NEVER. May lie before the revocation was made */
    int64_t revoked_at;
};

/* Makes a pair and writes the secret to `path` (0600), never over a file that is there, and only into a folder that others cannot write.
 * OC_E_CONFLICT, OC_E_DENIED. */
int oc_member_key_create(const char *path, const char *member, int64_t now,
                         struct oc_member_key *key, struct oc_error *err);
/* Reads a secret key for signing: minisign's file, or one line of base64 of 64 bytes (seed and public key). Refuses a file that others can read
 * (OC_E_REFUSED), that needs a password, or whose two halves are not of one pair. Wipe `secret` with oc_bytes_wipe. */
int oc_member_key_secret(const char *path, uint8_t secret[OC_SIGN_SECRET], struct oc_error *err);
/* A public key from outside: minisign's .pub file or its 56 characters, or base64 of the 32 bytes (44 characters). Fills key and id. */
int oc_member_key_parse(const char *text, size_t len, struct oc_member_key *key,
                        struct oc_error *err);
void oc_member_key_id(const uint8_t key[OC_SIGN_PUBLIC], char id[OC_MEMBER_KEY_ID]);

/* {"member","id","key","registered_at","revoked_at"}: times as wall ms, revoked_at null when it is not. */
json_t *oc_member_key_json(const struct oc_member_key *key);
int oc_member_key_read(const json_t *json, struct oc_member_key *key, struct oc_error *err);

/* The key with which `member` may sign at `now`: the newest that is registered and not revoked. NULL when it has none. */
const struct oc_member_key *oc_member_key_find(const struct oc_member_key *keys, size_t count,
                                               const char *member, int64_t now);

#endif
