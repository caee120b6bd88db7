/* Decoding UTF-8, for the writers that must escape what is not text. SPDX-License-Identifier: MIT
 * [any] */
#ifndef OC_BASE_UTF8_H
#define OC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Decodes the first character of `len` > 0 bytes: its length in bytes, or 0 when the bytes are not
 * UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
size_t oc_utf8_next(const char *s, size_t len, uint32_t *code);

/* True for a byte that continues a character. */
static inline bool oc_utf8_inner(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* C0, DEL and C1: what a terminal may act upon. */
static inline bool oc_utf8_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

/* Marks, embeddings, overrides and isolates: what turns the direction of the writing around it, and so could rewrite the words
 * beside a text from outside. */
static inline bool oc_utf8_bidi(uint32_t code)
{
    return code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

#endif
