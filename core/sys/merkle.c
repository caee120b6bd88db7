/* Hashes of leaves and nodes, with the processor's help. SPDX-License-Identifier: MIT */
#include "core/sys/merkle.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "core/base/mem.h"

#define BLOCK 64

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static bool has_instructions(void)
{
    unsigned a, b, c, d;
    const bool wide = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) && (c & bit_SSSE3);
    return wide && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* The state goes in and out as eight words; the instructions want it as ABEF and CDGH. */
__attribute__((target("sha,sse4.1,ssse3"))) static void compress(uint32_t state[8],
                                                                 const uint8_t *data, size_t blocks)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i half = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xB1);
    __m128i cdgh =
        _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1B);
    __m128i abef = _mm_alignr_epi8(half, cdgh, 8);
    cdgh = _mm_blend_epi16(cdgh, half, 0xF0);
    for (; blocks > 0; blocks--, data += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            __m128i *now = &w[i & 3];
            if (i < 4) {
                *now = _mm_shuffle_epi8(
                    _mm_loadu_si128((const __m128i *)(const void *)(data + 16 * i)), order);
            } else {
                const __m128i last = w[(i + 3) & 3];
                const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) & 3]),
                                                  _mm_alignr_epi8(last, w[(i + 2) & 3], 4));
                *now = _mm_sha256msg2_epu32(sum, last);
            }
            __m128i k = _mm_add_epi32(
                *now, _mm_loadu_si128((const __m128i *)(const void *)(round_constants + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    half = _mm_shuffle_epi32(abef, 0x1B);
    cdgh = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(half, cdgh, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(cdgh, half, 8));
}
#else
static bool has_instructions(void)
{
    return false;
}

static void compress(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    (void)state, (void)data, (void)blocks;
}
#endif

static int accelerated = -1; /* -1: not looked yet; the same answer whoever looks first */

static bool fast(void)
{
    int known = __atomic_load_n(&accelerated, __ATOMIC_RELAXED);
    if (known < 0) {
        OC_ASSERT(sodium_init() >= 0);
        known = has_instructions();
        __atomic_store_n(&accelerated, known, __ATOMIC_RELAXED);
    }
    return known > 0;
}

bool oc_merkle_accelerate(bool wanted)
{
    const int now = wanted && has_instructions();
    OC_ASSERT(sodium_init() >= 0);
    __atomic_store_n(&accelerated, now, __ATOMIC_RELAXED);
    return now > 0;
}

/* The last one or two blocks: what is left over, a bit, zeros, the length. */
static void finish(uint32_t state[8], const uint8_t *rest, size_t left, uint64_t total,
                   uint8_t hash[OC_MERKLE_HASH])
{
    uint8_t last[2 * BLOCK] = {0};
    const size_t blocks = left + 9 <= BLOCK ? 1 : 2;
    const uint64_t bits = htobe64(total * 8);
    memcpy(last, rest, left);
    last[left] = 0x80;
    memcpy(last + blocks * BLOCK - 8, &bits, 8);
    compress(state, last, blocks);
    for (int i = 0; i < 8; i++) {
        const uint32_t word = htobe32(state[i]);
        memcpy(hash + 4 * i, &word, 4);
    }
}

static void hash_fast(uint8_t tag, const uint8_t *data, size_t len, uint8_t hash[OC_MERKLE_HASH])
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t first[BLOCK] = {tag};
    const size_t head = len < BLOCK - 1 ? len : BLOCK - 1;
    if (head > 0) {
        memcpy(first + 1, data, head);
    }
    if (head < BLOCK - 1) {
        finish(state, first, head + 1, len + 1, hash);
        return;
    }
    compress(state, first, 1);
    const size_t rest = len - head, blocks = rest / BLOCK;
    compress(state, data + head, blocks);
    finish(state, data + head + blocks * BLOCK, rest % BLOCK, len + 1, hash);
}

static void hash_portable(uint8_t tag, const uint8_t *data, size_t len,
                          uint8_t hash[OC_MERKLE_HASH])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &tag, 1);
    crypto_hash_sha256_update(&state, data, len);
    crypto_hash_sha256_final(&state, hash);
}

void oc_merkle_leaf(const void *data, size_t len, uint8_t hash[OC_MERKLE_HASH])
{
    (fast() ? hash_fast : hash_portable)(0, data, len, hash);
}

void oc_merkle_node(const uint8_t left[OC_MERKLE_HASH], const uint8_t right[OC_MERKLE_HASH],
                    uint8_t hash[OC_MERKLE_HASH])
{
    uint8_t both[2 * OC_MERKLE_HASH];
    memcpy(both, left, OC_MERKLE_HASH);
    memcpy(both + OC_MERKLE_HASH, right, OC_MERKLE_HASH);
    (fast() ? hash_fast : hash_portable)(1, both, sizeof both, hash);
}

void oc_merkle_empty(uint8_t hash[OC_MERKLE_HASH])
{
    OC_ASSERT(sodium_init() >= 0);
    crypto_hash_sha256(hash, (const unsigned char *)"", 0);
}
