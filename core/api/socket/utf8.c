/* The incremental UTF-8 check. SPDX-License-Identifier: MIT */
#include "core/api/socket/utf8.h"

/* The first byte of a character says how many follow, and narrows the second one where that is needed. */
static bool begin(struct oc_utf8_state *s, uint8_t c)
{
    s->low = 0x80;
    s->high = 0xbf;
    if (c < 0x80) {
        s->missing = 0;
        return true;
    }
    if (c < 0xc2 || c > 0xf4) {
        return false; /* a continuation, an overlong form, or beyond U+10FFFF */
    }
    s->missing = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    s->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    s->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    return true;
}

bool oc_utf8_feed(struct oc_utf8_state *s, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s->missing == 0) {
            if (data[i] >= 0x80 && !begin(s, data[i])) {
                return false;
            }
            continue;
        }
        if (data[i] < s->low || data[i] > s->high) {
            return false;
        }
        s->missing--;
        s->low = 0x80;
        s->high = 0xbf;
    }
    return true;
}
