/* Signatures, BLAKE2b and base64. SPDX-License-Identifier: MIT */
#include "core/sys/sign.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

#define PIECE (256u << 10)

/* Every function of this file begins with it; libsodium makes the second call cheap. */
static void ready(void)
{
    OC_ASSERT(sodium_init() >= 0);
}

void oc_sign_keypair(uint8_t public_key[OC_SIGN_PUBLIC], uint8_t secret[OC_SIGN_SECRET])
{
    ready();
    crypto_sign_keypair(public_key, secret);
}

void oc_sign(const uint8_t secret[OC_SIGN_SECRET], const void *data, size_t len,
             uint8_t signature[OC_SIGN_SIGNATURE])
{
    ready();
    crypto_sign_detached(signature, NULL, data, len, secret);
}

bool oc_sign_verify(const uint8_t public_key[OC_SIGN_PUBLIC], const void *data, size_t len,
                    const uint8_t signature[OC_SIGN_SIGNATURE])
{
    ready();
    return crypto_sign_verify_detached(signature, data, len, public_key) == 0;
}

bool oc_sign_key_sound(const uint8_t public_key[OC_SIGN_PUBLIC])
{
    ready();
    return crypto_core_ed25519_is_valid_point(public_key) == 1;
}

void oc_blake2b_256(const void *data, size_t len, uint8_t sum[32])
{
    ready();
    crypto_generichash(sum, 32, data, len, NULL, 0);
}

/* Feeds the content of `fd` to `take`. */
static int read_all(int fd, uint64_t max, void (*take)(void *state, const void *data, size_t len),
                    void *state, uint64_t *size, struct oc_error *err)
{
    char *piece = oc_alloc(PIECE);
    uint64_t at = 0;
    int code = OC_OK;
    for (;;) {
        const ssize_t n = pread(fd, piece, PIECE, (off_t)at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            code = n < 0 ? oc_error_errno(err, 0, errno, "cannot read the file") : OC_OK;
            break;
        }
        at += (uint64_t)n;
        if (at > max) {
            code = oc_error_set(err, OC_E_VERIFY, "the file is larger than %llu bytes",
                                (unsigned long long)max);
            break;
        }
        take(state, piece, (size_t)n);
    }
    free(piece);
    if (size) {
        *size = at;
    }
    return code;
}

static void take_sha256(void *state, const void *data, size_t len)
{
    crypto_hash_sha256_update(state, data, len);
}

int oc_sha256_fd(int fd, uint64_t max, char hex[OC_SHA256_HEX], uint64_t *size,
                 struct oc_error *err)
{
    crypto_hash_sha256_state state;
    unsigned char sum[crypto_hash_sha256_BYTES];
    ready();
    crypto_hash_sha256_init(&state);
    const int code = read_all(fd, max, take_sha256, &state, size, err);
    crypto_hash_sha256_final(&state, sum);
    sodium_bin2hex(hex, OC_SHA256_HEX, sum, sizeof sum);
    return code;
}

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct oc_sha256), "it has room");

void oc_sha256_begin(struct oc_sha256 *h)
{
    ready();
    crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)h);
}

void oc_sha256_add(struct oc_sha256 *h, const void *data, size_t len)
{
    crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)h, data, len);
}

void oc_sha256_end(struct oc_sha256 *h, char hex[OC_SHA256_HEX])
{
    unsigned char sum[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)h, sum);
    sodium_bin2hex(hex, OC_SHA256_HEX, sum, sizeof sum);
}

static void take_blake2b(void *state, const void *data, size_t len)
{
    crypto_generichash_update(state, data, len);
}

int oc_blake2b_fd(int fd, uint64_t max, uint8_t sum[OC_BLAKE2B], struct oc_error *err)
{
    crypto_generichash_state state;
    ready();
    crypto_generichash_init(&state, NULL, 0, OC_BLAKE2B);
    const int code = read_all(fd, max, take_blake2b, &state, NULL, err);
    crypto_generichash_final(&state, sum, OC_BLAKE2B);
    return code;
}

void oc_base64(const void *data, size_t len, struct oc_buf *out)
{
    const size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    oc_buf_reserve(out, size);
    sodium_bin2base64(out->data + out->len, size, data, len, sodium_base64_VARIANT_ORIGINAL);
    out->len += size - 1;
}

bool oc_base64_decode(const char *text, size_t len, void *data, size_t size)
{
    size_t got = 0;
    const char *end = NULL;
    return sodium_base642bin(data, size, text, len, NULL, &got, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == size && end == text + len;
}

int oc_scrypt(const char *password, const uint8_t salt[32], uint64_t opslimit, uint64_t memlimit,
              uint8_t *out, size_t out_len, struct oc_error *err)
{
    ready();
    if (crypto_pwhash_scryptsalsa208sha256(out, out_len, password, strlen(password), salt, opslimit,
                                           (size_t)memlimit) != 0) {
        return oc_error_set(err, OC_E_PERMANENT,
                            "no memory to derive the key from the password (%llu MB)",
                            (unsigned long long)memlimit >> 20);
    }
    return OC_OK;
}

bool oc_bytes_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void oc_bytes_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}
