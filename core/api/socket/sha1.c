/* SHA-1 as FIPS 180-4, section 6.1, has it. SPDX-License-Identifier: MIT */
#include "core/api/socket/sha1.h"

#include <string.h>

#define BLOCK 64u

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void expand(const uint8_t *block, uint32_t w[80])
{
    for (unsigned t = 0; t < 16; t++) {
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    }
    for (unsigned t = 16; t < 80; t++) {
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    }
}

static uint32_t mix(unsigned t, const uint32_t v[5])
{
    const uint32_t choose = (v[1] & v[2]) | (~v[1] & v[3]);
    const uint32_t parity = v[1] ^ v[2] ^ v[3];
    const uint32_t majority = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
    static const uint32_t k[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    const uint32_t f = t < 20 ? choose : t >= 40 && t < 60 ? majority : parity;
    return f + k[t / 20];
}

static void add_block(uint32_t h[5], const uint8_t *block)
{
    uint32_t w[80], v[5];
    expand(block, w);
    memcpy(v, h, sizeof v);
    for (unsigned t = 0; t < 80; t++) {
        const uint32_t next = rotate(v[0], 5) + mix(t, v) + v[4] + w[t];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (unsigned i = 0; i < 5; i++) {
        h[i] += v[i];
    }
}

void oc_sha1(const void *data, size_t len, uint8_t sum[OC_SHA1])
{
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t last[2 * BLOCK] = {0};
    const uint8_t *at = data;
    const uint64_t bits = (uint64_t)len * 8;
    for (; len >= BLOCK; len -= BLOCK, at += BLOCK) {
        add_block(h, at);
    }
    if (len > 0) {
        memcpy(last, at, len);
    }
    last[len] = 0x80;
    const size_t end = len + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    for (unsigned i = 0; i < 8; i++) {
        last[end - 1 - i] = (uint8_t)(bits >> (8 * i));
    }
    for (size_t i = 0; i < end; i += BLOCK) {
        add_block(h, last + i);
    }
    for (unsigned i = 0; i < OC_SHA1; i++) {
        sum[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
}
