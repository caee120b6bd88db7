/* Finding a setting by reading words instead of a tree. SPDX-License-Identifier: MIT */
#include "core/config/locate.h"

#include <string.h>

#include "core/config/lex.h"
#include "core/config/path.h"

struct value {
    size_t start, end; /* of all its words: a string may have several */
    bool string;
};

/* Moves behind the value that comes next. */
static struct value skip_value(struct oc_lex *lex)
{
    struct oc_token token = oc_lex_next(lex);
    struct value value = {.start = token.start, .end = token.end};
    size_t depth = 0;

    value.string = token.type == OC_LEX_STRING;
    for (;;) {
        depth += token.type == OC_LEX_OPEN;
        depth -= token.type == OC_LEX_CLOSE && depth > 0;
        value.end = token.end;
        bool another_piece = value.string && oc_lex_peek(lex).type == OC_LEX_STRING;
        if (token.type == OC_LEX_END || (depth == 0 && !another_piece)) {
            return value;
        }
        token = oc_lex_next(lex);
    }
}

/* Behind an optional separator. */
static size_t skip_separator(struct oc_lex *lex, size_t end)
{
    enum oc_lex_type type = oc_lex_peek(lex).type;
    return type == OC_LEX_SEMICOLON || type == OC_LEX_COMMA ? oc_lex_next(lex).end : end;
}

static bool names(const struct oc_lex *lex, struct oc_token token, const struct oc_step *step)
{
    return token.type == OC_LEX_WORD && token.end - token.start == step->len &&
           !memcmp(lex->text + token.start, step->name, step->len);
}

/* Reads the members of a group from here on. True: the member is found, and the lexer stands before
 * its value. Else `place` says where the group begins and ends. */
static bool find_member(struct oc_lex *lex, const struct oc_step *step, struct oc_place *place)
{
    place->start = place->last = lex->pos;
    for (;;) {
        struct oc_token token = oc_lex_next(lex);
        if (token.type == OC_LEX_INCLUDE) {
            place->last = token.end;
            continue;
        }
        if (token.type != OC_LEX_WORD) {
            place->end = token.start;
            return false;
        }
        oc_lex_next(lex); /* = */
        if (names(lex, token, step)) {
            place->start = token.start;
            return true;
        }
        place->last = skip_separator(lex, skip_value(lex).end);
    }
}

/* Moves before the item of the list that begins here. */
static bool find_item(struct oc_lex *lex, const struct oc_step *step)
{
    size_t wanted = 0;

    for (size_t i = 0; i < step->len; i++) {
        wanted = wanted * 10 + (size_t)(step->name[i] - '0');
    }
    for (size_t i = 0;; i++) {
        enum oc_lex_type next = oc_lex_peek(lex).type;
        if (next != OC_LEX_OPEN && next != OC_LEX_STRING && next != OC_LEX_WORD) {
            return false; /* the end, or an include whose items cannot be counted here */
        }
        if (i == wanted) {
            return true;
        }
        skip_separator(lex, skip_value(lex).end);
    }
}

static void fill_found(struct oc_lex *lex, struct oc_place *place, bool item)
{
    struct value value = skip_value(lex);
    place->found = true;
    if (item) {
        place->start = value.start; /* so far that of the list's name */
    }
    place->value_start = value.start;
    place->value_end = value.end;
    place->value_string = value.string;
    place->end = skip_separator(lex, value.end);
}

bool oc_locate(const char *text, size_t len, const char *key, struct oc_place *place)
{
    struct oc_lex lex;
    struct oc_step step;
    const char *rest = key;
    bool list = false;

    oc_lex_init(&lex, text, len);
    *place = (struct oc_place){.found = false};
    while (oc_step_next(&key, &step) > 0) {
        if (step.bracket != list || (list && !find_item(&lex, &step))) {
            return false;
        }
        if (!list && !find_member(&lex, &step, place)) {
            place->rest = rest;
            return true;
        }
        rest = key;
        if (!*key) {
            fill_found(&lex, place, list);
            return true;
        }
        struct oc_token open = oc_lex_next(&lex);
        if (open.type != OC_LEX_OPEN) {
            return false;
        }
        list = text[open.start] != '{';
    }
    return false;
}
