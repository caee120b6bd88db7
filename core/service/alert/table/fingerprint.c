/* FNV-1a over labels. SPDX-License-Identifier: MIT */
#include "fingerprint.h"

#include <string.h>

#define PRIME     UINT64_C(1099511628211)
#define SEPARATOR 0xffu

static uint64_t add_bytes(uint64_t hash, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)s[i]) * PRIME;
    }
    return (hash ^ SEPARATOR) * PRIME;
}

uint64_t oc_fingerprint_add(uint64_t hash, const char *name, size_t name_len, const char *value,
                            size_t value_len)
{
    return add_bytes(add_bytes(hash, name, name_len), value, value_len);
}

char *oc_fingerprint_text(uint64_t fingerprint, char text[OC_FINGERPRINT_SIZE])
{
    for (int i = 15; i >= 0; i--) {
        text[i] = "0123456789abcdef"[fingerprint & 15];
        fingerprint >>= 4;
    }
    text[16] = '\0';
    return text;
}

bool oc_fingerprint_parse(const char *text, uint64_t *fingerprint)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;
    size_t i = 0;
    for (; i < 16 && text[i]; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit) {
            return false;
        }
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *fingerprint = value;
    return i == 16 && !text[i];
}
