/* Secrets of 256 random bits, and the hashes that are kept of them. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/mem.h"
#include "core/service/access/internal.h"
#include "core/sys/sign.h"

#define HASHED_MAX 256 /* what is longer is no secret of ours anyway */

char *oc_secret_make(void)
{
    uint8_t bytes[32];
    struct oc_buf text = {0};
    oc_random(bytes, sizeof bytes);
    oc_buf_reserve(&text, 64); /* it never moves: no copy stays behind */
    oc_buf_adds(&text, OC_SECRET_PREFIX);
    oc_base64(bytes, sizeof bytes, &text);
    oc_bytes_wipe(bytes, sizeof bytes);
    text.data[OC_SECRET_LEN] = '\0'; /* the padding */
    for (char *c = text.data; *c; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    return text.data;
}

void oc_secret_wipe(char *secret)
{
    if (secret) {
        oc_bytes_wipe(secret, strlen(secret));
        free(secret);
    }
}

void oc_secret_hash(const char *text, size_t len, uint8_t hash[OC_ACCESS_HASH])
{
    oc_blake2b_256(text ? text : "", len < HASHED_MAX ? len : HASHED_MAX, hash);
}

static bool is_base64url(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool oc_secret_shaped(const char *text, size_t len)
{
    bool shaped = len == OC_SECRET_LEN && memcmp(text, OC_SECRET_PREFIX, 3) == 0;
    for (size_t i = 3; shaped && i < len; i++) {
        shaped = is_base64url(text[i]);
    }
    return shaped;
}
