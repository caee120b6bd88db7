/* UTF-8 checked piece by piece, failing at the first byte that cannot be right. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_SOCKET_UTF8_H
#define OC_API_SOCKET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero at the beginning of a text, and whenever a character has just ended. */
struct oc_utf8_state {
    uint8_t missing;   /* bytes of the character that are still to come */
    uint8_t low, high; /* what the next one may be */
};

/* False when these bytes cannot go on the text (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
bool oc_utf8_feed(struct oc_utf8_state *s, const uint8_t *data, size_t len);
static inline bool oc_utf8_whole(const struct oc_utf8_state *s)
{
    return s->missing == 0;
}

#endif
