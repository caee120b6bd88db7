/* Keys and signatures in minisign's formats. SPDX-License-Identifier: MIT  [any]
 *
 * Format: https://jedisct1.github.io/minisign/ ("Minisign public keys", "signature format", "secret key format").
 * Signatures are made over the BLAKE2b-512 of the content ("ED"); the older "Ed" is read too. `minisign -V` verifies what
 * we sign, and we verify what minisign signed. */
#ifndef OC_PACKAGE_KEYS_H
#define OC_PACKAGE_KEYS_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/sys/sign.h"

#define OC_KEY_ID_TEXT 17 /* 16 hex digits and the end */

struct oc_public_key {
    uint8_t id[8];
    uint8_t key[OC_SIGN_PUBLIC];
};
struct oc_secret_key {
    uint8_t id[8];
    uint8_t key[OC_SIGN_SECRET];
};

void oc_key_generate(struct oc_secret_key *secret, struct oc_public_key *public_key);
void oc_key_public_of(const struct oc_secret_key *secret, struct oc_public_key *public_key);
void oc_key_id_text(const uint8_t id[8], char text[OC_KEY_ID_TEXT]); /* as minisign prints it */

/* "RW..." (56 characters of base64), or the two lines of a .pub file. */
int oc_key_public_parse(const char *text, size_t len, struct oc_public_key *key,
                        struct oc_error *err);
int oc_key_public_load(const char *path, struct oc_public_key *key, struct oc_error *err);
void oc_key_public_text(const struct oc_public_key *key, struct oc_buf *out); /* appends base64 */

/* minisign's secret key file; `password` NULL = it has none. OC_E_AUTH: a password is needed or wrong. */
int oc_key_secret_load(const char *path, const char *password, struct oc_secret_key *key,
                       struct oc_error *err);
/* Writes <path> (0600) and never over an existing file. */
int oc_key_secret_save(const char *path, const char *password, const struct oc_secret_key *key,
                       struct oc_error *err);
int oc_key_public_save(const char *path, const struct oc_public_key *key, struct oc_error *err);

/* The text of a .minisig file for the content of `fd`. `trusted` is the trusted comment (one line). */
int oc_minisign_sign(const struct oc_secret_key *key, int fd, const char *trusted,
                     struct oc_buf *out, struct oc_error *err);
/* OC_E_VERIFY when the signature does not fit content, key or comment; `trusted` (may be NULL) gets the comment. */
int oc_minisign_verify(const struct oc_public_key *key, int fd, const char *signature, size_t len,
                       struct oc_buf *trusted, struct oc_error *err);
/* The key id that a signature names, without verifying anything. */
int oc_minisign_key_id(const char *signature, size_t len, uint8_t id[8], struct oc_error *err);

/* The first line of the file at `path`, which keeps a password; NULL for "" (none was named). Ended by oc_key_password_forget. */
int oc_key_password_read(const char *path, char **password, struct oc_error *err);
void oc_key_password_forget(char *password); /* overwrites and frees; NULL is fine */

#endif
