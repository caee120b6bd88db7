/* The words of a libconfig text with their places in it. SPDX-License-Identifier: MIT
 *
 * Used where libconfig itself does not help: to check a text before its parser sees it, and to edit
 * a text without losing comments and layout. Knows nothing of grammar. [any] */
#ifndef OC_CONFIG_LEX_H
#define OC_CONFIG_LEX_H

#include <stddef.h>

enum oc_lex_type {
    OC_LEX_END,
    OC_LEX_WORD,   /* a name, a number, true, false, or what should have been in quotes */
    OC_LEX_STRING, /* with its quotation marks */
    OC_LEX_ASSIGN, /* = or : */
    OC_LEX_OPEN,   /* { ( [ */
    OC_LEX_CLOSE,  /* } ) ] */
    OC_LEX_COMMA,
    OC_LEX_SEMICOLON,
    OC_LEX_INCLUDE, /* @include "file" at the beginning of a line, up to the last quotation mark */
    OC_LEX_BAD_STRING,  /* never closed */
    OC_LEX_BAD_COMMENT, /* never closed */
    OC_LEX_BAD_CHAR,
};

struct oc_lex {
    const char *text;
    size_t len, pos;
    int line; /* of pos, from 1 */
};

struct oc_token {
    enum oc_lex_type type;
    size_t start, end;
    int line; /* of start */
};

void oc_lex_init(struct oc_lex *lex, const char *text, size_t len); /* skips a byte order mark */
struct oc_token oc_lex_next(struct oc_lex *lex);
struct oc_token oc_lex_peek(const struct oc_lex *lex);

/* The position behind the first line break from `pos` on, or that of the next word when it comes
 * first. A line break inside a comment is none. */
size_t oc_lex_rest_of_line(const char *text, size_t len, size_t pos);

#endif
