/* Ed25519 signatures, BLAKE2b and base64, over libsodium. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_SIGN_H
#define OC_SYS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/sys/crypto.h"

#define OC_SIGN_PUBLIC    32
#define OC_SIGN_SECRET    64 /* seed and public key, as libsodium keeps it */
#define OC_SIGN_SIGNATURE 64
#define OC_BLAKE2B        64

void oc_sign_keypair(uint8_t public_key[OC_SIGN_PUBLIC], uint8_t secret[OC_SIGN_SECRET]);
void oc_sign(const uint8_t secret[OC_SIGN_SECRET], const void *data, size_t len,
             uint8_t signature[OC_SIGN_SIGNATURE]);
bool oc_sign_verify(const uint8_t public_key[OC_SIGN_PUBLIC], const void *data, size_t len,
                    const uint8_t signature[OC_SIGN_SIGNATURE]);

/* Whether somebody can have the secret key of it: of a point of small order anybody has one. */
bool oc_sign_key_sound(const uint8_t public_key[OC_SIGN_PUBLIC]);

void oc_blake2b_256(const void *data, size_t len, uint8_t sum[32]); /* not a prefix of the other */
/* Of everything from the start of the descriptor to its end, read in pieces; the offset is not moved. `size` may be NULL;
 * more than `max` bytes are OC_E_VERIFY. */
int oc_sha256_fd(int fd, uint64_t max, char hex[OC_SHA256_HEX], uint64_t *size,
                 struct oc_error *err);
int oc_blake2b_fd(int fd, uint64_t max, uint8_t sum[OC_BLAKE2B], struct oc_error *err);

/* The same in pieces: begin, add as often as there is something, end. */
struct oc_sha256 {
    uint64_t opaque[16];
};
void oc_sha256_begin(struct oc_sha256 *h);
void oc_sha256_add(struct oc_sha256 *h, const void *data, size_t len);
void oc_sha256_end(struct oc_sha256 *h, char hex[OC_SHA256_HEX]);

void oc_base64(const void *data, size_t len, struct oc_buf *out); /* standard, padded; appends */
/* Exactly `size` bytes, else false. Strict: no white space, canonical padding. */
bool oc_base64_decode(const char *text, size_t len, void *data, size_t size);

/* Derives `out` from a password as minisign does: scrypt, salt of 32 bytes. OC_E_PERMANENT when memory is short. */
int oc_scrypt(const char *password, const uint8_t salt[32], uint64_t opslimit, uint64_t memlimit,
              uint8_t *out, size_t out_len, struct oc_error *err);

bool oc_bytes_equal(const void *a, const void *b, size_t len); /* in constant time */
void oc_bytes_wipe(void *data, size_t len); /* the compiler may not leave it out */

#endif
