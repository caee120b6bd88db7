/* The line of a policy that decided. SPDX-License-Identifier: MIT
 *
 * Lua tells at which line a function returned last: where the statement ends. Shown is where it begins, so the text of the
 * function is read up to there for its last `return` that is its own. `return f()` leaves nothing of the function that said
 * it: then the last line that ran in it is where it handed on. [any] */
#include <ctype.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/state.h"

#define BLOCKS_MAX 200 /* as Lua has it: blocks within blocks */

struct reader {
    const char *at;
    int line;
    bool function[BLOCKS_MAX]; /* of each open block: it is a function */
    int blocks, functions;     /* that are open */
};

static void step(struct reader *r)
{
    r->line += *r->at == '\n';
    r->at++;
}

/* "[[" or "[==[": its level, -1 when it is none. */
static int long_level(const char *at)
{
    int level = 0;
    if (*at != '[') {
        return -1;
    }
    while (at[1 + level] == '=') {
        level++;
    }
    return at[1 + level] == '[' ? level : -1;
}

static void skip_long(struct reader *r, int level)
{
    r->at += level + 2;
    for (; *r->at; step(r)) {
        if (*r->at == ']' && (int)strspn(r->at + 1, "=") == level && r->at[1 + level] == ']') {
            r->at += level + 2;
            return;
        }
    }
}

static void skip_string(struct reader *r)
{
    const char quote = *r->at++;
    while (*r->at && *r->at != quote) {
        if (*r->at == '\\' && r->at[1]) {
            step(r);
        }
        step(r);
    }
    r->at += *r->at != '\0';
}

static void skip_comment(struct reader *r)
{
    r->at += 2;
    const int level = long_level(r->at);
    if (level >= 0) {
        skip_long(r, level);
    } else {
        r->at += strcspn(r->at, "\n");
    }
}

/* The next word; false at the end of the text. */
static bool next_word(struct reader *r, const char **word, size_t *len)
{
    while (*r->at) {
        const int level = long_level(r->at);
        if (isalnum((unsigned char)*r->at) || *r->at == '_') {
            *word = r->at;
            while (isalnum((unsigned char)*r->at) || *r->at == '_') {
                r->at++;
            }
            *len = (size_t)(r->at - *word);
            return true;
        }
        if (r->at[0] == '-' && r->at[1] == '-') {
            skip_comment(r);
        } else if (*r->at == '"' || *r->at == '\'') {
            skip_string(r);
        } else if (level >= 0) {
            skip_long(r, level);
        } else {
            step(r);
        }
    }
    return false;
}

static bool is(const char *word, size_t len, const char *keyword)
{
    return strlen(keyword) == len && memcmp(word, keyword, len) == 0;
}

static void open_block(struct reader *r, bool function)
{
    if (r->blocks < BLOCKS_MAX) {
        r->function[r->blocks] = function;
        r->functions += function;
    }
    r->blocks++;
}

static void close_block(struct reader *r)
{
    if (r->blocks > 0 && --r->blocks < BLOCKS_MAX) {
        r->functions -= r->function[r->blocks];
    }
}

/* Where it ends, a function that has its `return` as the last of its own statements cannot have fallen off: else it did. */
static int begin_of_return(const char *text, int begun, int last)
{
    struct reader r = {.at = text, .line = 1};
    const char *word;
    size_t len;
    int found = last, depth = 0;
    while (next_word(&r, &word, &len) && r.line <= last) {
        if (r.line < begun) {
            continue;
        }
        if (is(word, len, "function")) {
            open_block(&r, true);
        } else if (is(word, len, "if") || is(word, len, "do") || is(word, len, "repeat")) {
            open_block(&r, false);
        } else if (is(word, len, "end") || is(word, len, "until")) {
            close_block(&r);
            if (r.blocks == 0 && depth != 1) {
                found = last;
            }
        } else if (is(word, len, "return") && r.functions <= 1) {
            found = r.line;
            depth = r.blocks;
        }
    }
    return found;
}

/* Without the spaces before it; owned by the caller. */
static char *line_at(const char *text, int number)
{
    for (int i = 1; i < number && text != NULL; i++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    text = text != NULL ? text + strspn(text, " \t") : "";
    return oc_strndup(text, strcspn(text, "\r\n"));
}

static json_t *statement(const char *chunk, const char *text, int begun, int last)
{
    const int line = begin_of_return(text, begun, last);
    char *code = line_at(text, line), *where = oc_asprintf("%s:%d", chunk, line);
    json_t *json = json_object();
    oc_json_set_str(json, "where", where);
    oc_json_set_int(json, "line", line);
    oc_json_set_str(json, "text", code);
    free(where);
    free(code);
    return json;
}

json_t *oc_policy_decision(const char *chunk, const char *text, const struct oc_lua_trace *trace)
{
    if (trace->decided <= 0 || text == NULL) {
        return json_null();
    }
    if (trace->begun == trace->outer || trace->outer <= 0) {
        return statement(chunk, text, trace->begun, trace->decided);
    }
    json_t *json = statement(chunk, text, trace->outer, trace->outer_at);
    oc_json_take(json, "helper", statement(chunk, text, trace->begun, trace->decided));
    return json;
}
