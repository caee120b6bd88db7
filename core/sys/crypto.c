/* Hashes, MACs and ids. SPDX-License-Identifier: MIT */
#include "core/sys/crypto.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "core/base/time.h"

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;

static void init(void)
{
    OC_ASSERT(sodium_init() >= 0);
}

void oc_random(void *buf, size_t len)
{
    pthread_once(&sodium_once, init);
    randombytes_buf(buf, len);
}

void oc_sha256_hex(const void *data, size_t len, char hex[OC_SHA256_HEX])
{
    unsigned char sum[crypto_hash_sha256_BYTES];
    pthread_once(&sodium_once, init);
    crypto_hash_sha256(sum, data, len);
    sodium_bin2hex(hex, OC_SHA256_HEX, sum, sizeof sum);
}

void oc_hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len,
                        char hex[OC_SHA256_HEX])
{
    crypto_auth_hmacsha256_state state;
    unsigned char sum[crypto_auth_hmacsha256_BYTES];

    pthread_once(&sodium_once, init);
    crypto_auth_hmacsha256_init(&state, key,
                                key_len); /* unlike the one-shot call, any length of key */
    crypto_auth_hmacsha256_update(&state, data, len);
    crypto_auth_hmacsha256_final(&state, sum);
    sodium_bin2hex(hex, OC_SHA256_HEX, sum, sizeof sum);
    sodium_memzero(&state, sizeof state);
}

/* Time and a counter of 12 bits that never step back, so that the ids of one process sort in the
 * order of their making even within a millisecond or while the clock is set back (RFC 9562, 6.2,
 * method 1). */
static uint64_t next_stamp(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last;

    uint64_t stamp = (uint64_t)oc_time_wall() << 12;
    pthread_mutex_lock(&lock);
    last = stamp > last ? stamp : last + 1;
    stamp = last;
    pthread_mutex_unlock(&lock);
    return stamp;
}

static char *put_hex(char *at, uint64_t value, unsigned digits, char after)
{
    for (unsigned i = digits; i > 0; i--, value >>= 4) {
        at[i - 1] = "0123456789abcdef"[value & 15];
    }
    at[digits] = after;
    return at + digits + 1;
}

void oc_id_make(char id[37])
{
    uint64_t stamp = next_stamp(), random;
    oc_random(&random, sizeof random);
    uint64_t ms = stamp >> 12 & UINT64_C(0xffffffffffff);
    id = put_hex(id, ms >> 16, 8, '-');
    id = put_hex(id, ms, 4, '-');
    id = put_hex(id, 0x7000 | (stamp & 0xfff), 4, '-');
    id = put_hex(id, 0x8000 | (random >> 48 & 0x3fff), 4, '-');
    put_hex(id, random, 12, '\0');
}
