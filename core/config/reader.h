/* The state of reading one configuration text. SPDX-License-Identifier: MIT
 *
 * source.c owns it and feeds it the words of the text and of its includes; grammar.c says whether a
 * word may stand where it stands. [any] */
#ifndef OC_CONFIG_READER_H
#define OC_CONFIG_READER_H

#include "core/config/lex.h"
#include "core/config/source.h"

#define OC_NO_COMMA SIZE_MAX

enum oc_want {
    OC_WANT_NAME, /* a name or the end of the group */
    OC_WANT_ASSIGN,
    OC_WANT_VALUE,
    OC_WANT_ITEM,   /* a value or the end of the list */
    OC_WANT_MORE,   /* after a value: a separator, the end, in a group also a name */
    OC_WANT_STRING, /* as OC_WANT_MORE, or another piece of the same string */
};

struct oc_bracket {
    char open;
    int line;
    size_t keys;
};

struct oc_reader {
    struct oc_source *source;
    struct oc_arena *arena;
    struct oc_error *err;
    enum oc_includes includes;
    size_t files, bytes, nesting;
    int line; /* of the end of the text written so far */
    enum oc_want want;
    struct oc_bracket stack[OC_CONFIG_MAX_DEPTH + 1]; /* [0] is the root */
    size_t depth;
    bool all_secret; /* no message repeats any of the text */
    bool secret;     /* nor what follows now: it belongs to a name that secrets have */
    size_t comma;    /* where in the text the last token stands if it was a comma */
};

/* One file being read. */
struct oc_input {
    const char *file, *dir, *text;
    size_t len, copied;
};

/* OC_E_CONFIG with "file:line: what"; `hint` may be NULL. */
int oc_reader_fail(struct oc_reader *r, const struct oc_input *in, int line, const char *hint,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The token as text for a message, cut when it is long, and not shown when it may be a secret; lives
 * in the arena. */
const char *oc_reader_spell(const struct oc_reader *r, const struct oc_input *in,
                            struct oc_token token);
/* Appends to the text what has not been copied yet, up to `end`. */
void oc_reader_copy(struct oc_reader *r, struct oc_input *in, size_t end);

/* Takes the next word, changing its spelling where libconfig would get it wrong. `floor` is the
 * depth at which the file began: it closes no bracket of the file that includes it. 0 or
 * OC_E_CONFIG. */
int oc_grammar_take(struct oc_reader *r, struct oc_input *in, struct oc_token token, size_t floor);

#endif
