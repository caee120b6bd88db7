/* Cutting a libconfig text into words. SPDX-License-Identifier: MIT */
#include "core/config/lex.h"

#include <stdbool.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void oc_lex_init(struct oc_lex *lex, const char *text, size_t len)
{
    bool mark = len >= 3 && !memcmp(text, BYTE_ORDER_MARK, 3);
    *lex = (struct oc_lex){.text = text, .len = len, .pos = mark ? 3 : 0, .line = 1};
}

/* The character `ahead` of the position, 0 behind the end. */
static char at(const struct oc_lex *lex, size_t ahead)
{
    return lex->pos + ahead < lex->len ? lex->text[lex->pos + ahead] : '\0';
}

static void step(struct oc_lex *lex)
{
    lex->line += lex->text[lex->pos] == '\n';
    lex->pos++;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes above ASCII count as words, so that "expected a value, found é" can be said. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_.+-*", c)) || (unsigned char)c >= 0x80;
}

enum gap { GAP_NONE, GAP_SKIPPED, GAP_NEVER_CLOSED };

/* Moves behind one space or one comment, if one stands here. */
static enum gap skip_gap(struct oc_lex *lex)
{
    if (lex->pos == lex->len) {
        return GAP_NONE;
    }
    if (is_space(at(lex, 0))) {
        step(lex);
    } else if (at(lex, 0) == '#' || (at(lex, 0) == '/' && at(lex, 1) == '/')) {
        while (lex->pos < lex->len && at(lex, 0) != '\n') {
            lex->pos++;
        }
    } else if (at(lex, 0) == '/' && at(lex, 1) == '*') {
        const char *rest = lex->text + lex->pos + 2;
        const char *end = memmem(rest, lex->len - lex->pos - 2, "*/", 2);
        if (!end) {
            return GAP_NEVER_CLOSED;
        }
        while (lex->text + lex->pos < end + 2) {
            step(lex);
        }
    } else {
        return GAP_NONE;
    }
    return GAP_SKIPPED;
}

size_t oc_lex_rest_of_line(const char *text, size_t len, size_t pos)
{
    struct oc_lex lex = {.text = text, .len = len, .pos = pos};
    while (at(&lex, 0) != '\n' && skip_gap(&lex) == GAP_SKIPPED) {
    }
    return lex.pos + (at(&lex, 0) == '\n');
}

static enum oc_lex_type read_string(struct oc_lex *lex)
{
    step(lex);
    while (lex->pos < lex->len && at(lex, 0) != '"') {
        if (at(lex, 0) == '\\' && lex->pos + 1 < lex->len) {
            step(lex);
        }
        step(lex);
    }
    if (lex->pos == lex->len) {
        return OC_LEX_BAD_STRING;
    }
    step(lex);
    return OC_LEX_STRING;
}

static bool begins_line(const struct oc_lex *lex)
{
    size_t pos = lex->pos;
    while (pos > 0 && (lex->text[pos - 1] == ' ' || lex->text[pos - 1] == '\t')) {
        pos--;
    }
    return pos == 0 || lex->text[pos - 1] == '\n';
}

static enum oc_lex_type read_include(struct oc_lex *lex)
{
    static const char word[] = "@include";
    size_t len = sizeof word - 1;

    if (!begins_line(lex) || lex->len - lex->pos < len ||
        memcmp(lex->text + lex->pos, word, len) != 0) {
        lex->pos++;
        return OC_LEX_BAD_CHAR;
    }
    lex->pos += len;
    while (at(lex, 0) == ' ' || at(lex, 0) == '\t') {
        lex->pos++;
    }
    if (at(lex, 0) != '"') {
        return OC_LEX_BAD_CHAR;
    }
    return read_string(lex) == OC_LEX_STRING ? OC_LEX_INCLUDE : OC_LEX_BAD_STRING;
}

static enum oc_lex_type read_word(struct oc_lex *lex)
{
    while (is_word(at(lex, 0))) {
        lex->pos++;
    }
    return OC_LEX_WORD;
}

static enum oc_lex_type read_mark(struct oc_lex *lex)
{
    switch (lex->text[lex->pos++]) {
    case '=':
    case ':':
        return OC_LEX_ASSIGN;
    case '{':
    case '(':
    case '[':
        return OC_LEX_OPEN;
    case '}':
    case ')':
    case ']':
        return OC_LEX_CLOSE;
    case ',':
        return OC_LEX_COMMA;
    case ';':
        return OC_LEX_SEMICOLON;
    default:
        return OC_LEX_BAD_CHAR;
    }
}

struct oc_token oc_lex_next(struct oc_lex *lex)
{
    struct oc_token token = {.type = OC_LEX_END};
    enum gap gap;

    while ((gap = skip_gap(lex)) == GAP_SKIPPED) {
    }
    token.start = lex->pos;
    token.line = lex->line;
    if (gap == GAP_NEVER_CLOSED) {
        token.type = OC_LEX_BAD_COMMENT;
        lex->pos = lex->len;
    } else if (lex->pos == lex->len) {
        token.type = OC_LEX_END;
    } else if (at(lex, 0) == '"') {
        token.type = read_string(lex);
    } else if (at(lex, 0) == '@') {
        token.type = read_include(lex);
    } else if (is_word(at(lex, 0))) {
        token.type = read_word(lex);
    } else {
        token.type = read_mark(lex);
    }
    token.end = lex->pos;
    return token;
}

struct oc_token oc_lex_peek(const struct oc_lex *lex)
{
    struct oc_lex copy = *lex;
    return oc_lex_next(&copy);
}
