/* What may follow what in a configuration text. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/config/mask.h"
#include "core/config/reader.h"

#define WORD_MAX     64 /* bytes of a number, with the zero behind it */
#define QUOTABLE_MAX 40 /* bytes of a word that a hint repeats */

static void replace(struct oc_reader *r, struct oc_input *in, struct oc_token token, char with)
{
    oc_reader_copy(r, in, token.start);
    oc_buf_addc(&r->source->text, with);
    in->copied = token.end;
}

/* ---- values ---- */

/* Copies a token text of limited length to `word`; false when it is too long for any number. */
static bool copy_word(const struct oc_input *in, struct oc_token token, char word[WORD_MAX])
{
    size_t len = token.end - token.start;
    if (len >= WORD_MAX) {
        return false;
    }
    memcpy(word, in->text + token.start, len);
    word[len] = '\0';
    return true;
}

/* Digits with an optional sign, or 0x and hexadecimal digits; the suffix has been cut off. */
static bool is_integer(const char *word, bool *hex)
{
    *hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    const char *digits = *hex ? word + 2 : word + (*word == '-' || *word == '+');
    return *digits && !digits[strspn(digits, *hex ? "0123456789abcdefABCDEF" : "0123456789")];
}

static int too_large(struct oc_reader *r, const struct oc_input *in, struct oc_token token)
{
    return r->secret ? oc_reader_fail(r, in, token.line, NULL, "the number is too large")
                     : oc_reader_fail(r, in, token.line, NULL, "the number %s is too large",
                                      oc_reader_spell(r, in, token));
}

static int check_integer(struct oc_reader *r, struct oc_input *in, struct oc_token token,
                         const char *word, bool hex, bool suffix)
{
    errno = 0;
    long long value = strtoll(word, NULL, hex ? 16 : 10);
    if (errno) {
        return too_large(r, in, token);
    }
    if (!suffix && (value < INT32_MIN || value > INT32_MAX)) {
        oc_reader_copy(r, in, token.end);
        oc_buf_addc(&r->source->text, 'L');
    }
    return 0;
}

static int not_a_value(struct oc_reader *r, const struct oc_input *in, struct oc_token token)
{
    const char *found = oc_reader_spell(r, in, token);
    if (r->secret) {
        return oc_reader_fail(r, in, token.line, "Write text in quotation marks.",
                              "expected a value, found %s", found);
    }
    if (token.type != OC_LEX_WORD || token.end - token.start > QUOTABLE_MAX) {
        return oc_reader_fail(r, in, token.line, NULL, "expected a value, found %s", found);
    }
    char *hint = oc_asprintf("Write text in quotation marks: \"%.*s\".",
                             (int)(token.end - token.start), in->text + token.start);
    oc_reader_fail(r, in, token.line, hint, "expected a value, found %s", found);
    free(hint);
    return OC_E_CONFIG;
}

static int check_word(struct oc_reader *r, struct oc_input *in, struct oc_token token)
{
    char word[WORD_MAX];
    bool hex;

    if (!copy_word(in, token, word)) {
        return not_a_value(r, in, token);
    }
    if (!strcasecmp(word, "true") || !strcasecmp(word, "false")) {
        return 0;
    }
    size_t len = strlen(word), digits = len;
    while (digits > 0 && len - digits < 2 && word[digits - 1] == 'L') {
        digits--;
    }
    word[digits] = '\0';
    if (is_integer(word, &hex)) {
        return check_integer(r, in, token, word, hex, digits < len);
    }
    char *end;
    bool number = digits == len && len > 0 && strspn(word, "0123456789.eE+-") == len;
    double value = number ? strtod(word, &end) : 0;
    if (!number || *end) {
        return not_a_value(r, in, token);
    }
    if (!isfinite(value)) {
        return too_large(r, in, token);
    }
    return 0;
}

/* ---- brackets ---- */

static bool in_list(const struct oc_reader *r)
{
    return r->stack[r->depth].open != '{';
}

static int open_bracket(struct oc_reader *r, struct oc_input *in, struct oc_token token)
{
    char open = in->text[token.start];

    if (r->depth == OC_CONFIG_MAX_DEPTH) {
        return oc_reader_fail(r, in, token.line, NULL,
                              "groups and lists nest deeper than %d levels", OC_CONFIG_MAX_DEPTH);
    }
    r->stack[++r->depth] = (struct oc_bracket){.open = open, .line = token.line};
    if (open == '[') {
        replace(r, in, token, '(');
    }
    r->want = open == '{' ? OC_WANT_NAME : OC_WANT_ITEM;
    return 0;
}

static char partner(char open)
{
    return open == '{' ? '}' : open == '(' ? ')' : ']';
}

static int close_bracket(struct oc_reader *r, struct oc_input *in, struct oc_token token,
                         size_t floor)
{
    struct oc_bracket top = r->stack[r->depth];
    char close = in->text[token.start];

    if (r->depth == floor) {
        return oc_reader_fail(r, in, token.line, NULL, "`%c` closes nothing", close);
    }
    if (close != partner(top.open)) {
        return oc_reader_fail(r, in, token.line, NULL,
                              "expected `%c` for the `%c` of line %d, found `%c`",
                              partner(top.open), top.open, top.line, close);
    }
    if (r->comma != OC_NO_COMMA && in_list(r)) {
        r->source->text.data[r->comma] = ' ';
    }
    if (close == ']') {
        replace(r, in, token, ')');
    }
    r->depth--;
    r->want = OC_WANT_MORE;
    return 0;
}

/* ---- grammar ---- */

static bool is_name(const struct oc_input *in, struct oc_token token)
{
    for (size_t i = token.start; i < token.end; i++) {
        char c = in->text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!letter && (!other || i == token.start)) {
            return false;
        }
    }
    return true;
}

static int take_name(struct oc_reader *r, const struct oc_input *in, struct oc_token token)
{
    if (token.type != OC_LEX_WORD || !is_name(in, token)) {
        const char *hint = token.type == OC_LEX_WORD
                               ? "A name begins with a letter; letters, digits, _ and - follow."
                               : NULL;
        return oc_reader_fail(r, in, token.line, hint, "expected a name, found %s",
                              oc_reader_spell(r, in, token));
    }
    if (++r->stack[r->depth].keys > OC_CONFIG_MAX_KEYS) {
        return oc_reader_fail(r, in, token.line, NULL, "more than %d keys in one group",
                              OC_CONFIG_MAX_KEYS);
    }
    r->secret =
        r->all_secret || oc_mask_secret_parameter(in->text + token.start, token.end - token.start);
    r->want = OC_WANT_ASSIGN;
    return 0;
}

static int take_value(struct oc_reader *r, struct oc_input *in, struct oc_token token)
{
    if (token.type == OC_LEX_OPEN) {
        return open_bracket(r, in, token);
    }
    r->want = token.type == OC_LEX_STRING ? OC_WANT_STRING : OC_WANT_MORE;
    if (token.type == OC_LEX_WORD) {
        return check_word(r, in, token);
    }
    return token.type == OC_LEX_STRING ? 0 : not_a_value(r, in, token);
}

/* After a value. libconfig takes `;`, `,` or nothing between the members of a group. */
static int take_separator(struct oc_reader *r, struct oc_input *in, struct oc_token token)
{
    if (r->want == OC_WANT_STRING && token.type == OC_LEX_STRING) {
        return 0;
    }
    if (in_list(r)) {
        r->want = OC_WANT_ITEM;
        return token.type == OC_LEX_COMMA
                   ? 0
                   : oc_reader_fail(r, in, token.line, NULL, "expected `,` or `%c`, found %s",
                                    partner(r->stack[r->depth].open),
                                    oc_reader_spell(r, in, token));
    }
    if (token.type == OC_LEX_COMMA || token.type == OC_LEX_SEMICOLON) {
        r->want = OC_WANT_NAME;
        r->secret = r->all_secret;
        return 0;
    }
    if (token.type != OC_LEX_WORD) {
        return oc_reader_fail(r, in, token.line, NULL, "expected `;`, found %s",
                              oc_reader_spell(r, in, token));
    }
    return take_name(r, in, token);
}

int oc_grammar_take(struct oc_reader *r, struct oc_input *in, struct oc_token token, size_t floor)
{
    if (token.type == OC_LEX_CLOSE && r->want != OC_WANT_ASSIGN && r->want != OC_WANT_VALUE) {
        return close_bracket(r, in, token, floor);
    }
    switch (r->want) {
    case OC_WANT_NAME:
        return take_name(r, in, token);
    case OC_WANT_ASSIGN:
        r->want = OC_WANT_VALUE;
        return token.type == OC_LEX_ASSIGN ? 0
                                           : oc_reader_fail(r, in, token.line, NULL,
                                                            "expected `=` after the name, found %s",
                                                            oc_reader_spell(r, in, token));
    case OC_WANT_VALUE:
    case OC_WANT_ITEM:
        return take_value(r, in, token);
    case OC_WANT_MORE:
    case OC_WANT_STRING:
        break;
    }
    return take_separator(r, in, token);
}
