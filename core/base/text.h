/* Small text helpers: safe copies, UTF-8, glob, edit distance. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_BASE_TEXT_H
#define OC_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

/* always terminates; returns strlen(dst) */
size_t oc_copy(char *dst, size_t size, const char *src);
bool oc_starts(const char *s, const char *prefix);
bool oc_ends(const char *s, const char *suffix);
bool oc_name_valid(const char *s); /* [A-Za-z0-9][A-Za-z0-9_.-]{0,63} */
/* "an" before a vowel, else "a" */
const char *oc_article(const char *word);
bool oc_utf8_valid(const char *s, size_t len);
/* UTF-8 in which nothing acts upon a terminal or turns the writing beside it; with `lines`, \t and \n are fine. */
bool oc_utf8_printable(const char *s, size_t len, bool lines);
/* A copy in which each bad byte is U+FFFD and control characters other than \t \n are dropped; owned by the caller. */
char *oc_utf8_clean(const char *s, size_t len);
bool oc_glob(const char *pattern, const char *s); /* * and ?, no classes */
/* Appends text for XML or HTML, between tags or in an attribute: the special characters as references, a new line as one too,
 * other control characters, which XML cannot hold, as spaces. */
void oc_markup_add(struct oc_buf *out, const char *text);
/* Damerau-Levenshtein (optimal string alignment) */
size_t oc_edit_distance(const char *a, const char *b);
/* The candidate nearest to `word`, if it is near enough to be a typing error, else NULL. */
const char *oc_nearest(const char *word, const char *const *candidates, size_t count);

#endif
