/* Checking a configuration text and putting its includes in place. SPDX-License-Identifier: MIT */
#include "core/config/source.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/reader.h"
#include "core/sys/file.h"

#define MAX_NESTED_INCLUDES 10
#define SPELLED_MAX         40 /* bytes of a word in a message */

static int read_input(struct oc_reader *r, struct oc_input *in);

int oc_reader_fail(struct oc_reader *r, const struct oc_input *in, int line, const char *hint,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *what = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_error_set(r->err, OC_E_CONFIG, "%s:%d: %s", in->file, line, what);
    if (hint) {
        oc_error_hint(r->err, "%s", hint);
    }
    free(what);
    return OC_E_CONFIG;
}

const char *oc_reader_spell(const struct oc_reader *r, const struct oc_input *in,
                            struct oc_token token)
{
    if (token.type == OC_LEX_END) {
        return "the end of the file";
    }
    if (r->secret && (token.type == OC_LEX_WORD || token.type == OC_LEX_STRING)) {
        return "what is not shown: it may be a secret";
    }
    size_t len = token.end - token.start;
    char *text = oc_utf8_clean(in->text + token.start, len > SPELLED_MAX ? SPELLED_MAX : len);
    char *quoted = oc_asprintf(len > SPELLED_MAX ? "`%s...`" : "`%s`", text);
    const char *kept = oc_arena_strdup(r->arena, quoted);
    free(quoted);
    free(text);
    return kept;
}

void oc_reader_copy(struct oc_reader *r, struct oc_input *in, size_t end)
{
    const char *from = in->text + in->copied;
    for (const char *p = from; p < in->text + end; p++) {
        r->line += *p == '\n';
    }
    oc_buf_add(&r->source->text, from, end - in->copied);
    in->copied = end;
}

static void begin_run(struct oc_reader *r, const struct oc_input *in, int line)
{
    struct oc_source_run run = {.first = r->line, .file = in->file, .dir = in->dir, .line = line};
    OC_VEC_PUSH(&r->source->runs, run);
}

/* ---- includes and files ---- */

static int read_include(struct oc_reader *r, struct oc_input *in, struct oc_token token)
{
    const char *first = memchr(in->text + token.start, '"', token.end - token.start);
    const char *name =
        oc_arena_strndup(r->arena, first + 1, (size_t)(in->text + token.end - 1 - (first + 1)));
    struct oc_buf text = {0};
    int rc = 0;

    oc_reader_copy(r, in, token.start);
    in->copied = token.end;
    if (r->includes == OC_INCLUDES_SKIP) {
        return 0;
    }
    if (r->includes == OC_INCLUDES_REFUSE) {
        return oc_reader_fail(r, in, token.line, NULL, "an include is not allowed here");
    }
    if (r->nesting == MAX_NESTED_INCLUDES || r->files == OC_CONFIG_MAX_INCLUDES) {
        return oc_reader_fail(r, in, token.line, "Does a file include itself?",
                              "too many includes");
    }
    char *path = oc_path_expand(name, in->dir);
    rc = oc_file_read(path, OC_CONFIG_MAX_BYTES, &text, r->err);
    if (rc) {
        oc_error_prefix(r->err, "%s:%d: include", in->file, token.line);
        goto out;
    }
    char *dir = oc_path_dir(path);
    struct oc_input inner = {.file = oc_arena_strdup(r->arena, path),
                             .dir = oc_arena_strdup(r->arena, dir),
                             .text = text.data ? text.data : "",
                             .len = text.len};
    free(dir);
    r->nesting++;
    rc = read_input(r, &inner);
    r->nesting--;
    begin_run(r, in, token.line);
out:
    free(path);
    oc_buf_finish(&text);
    return rc;
}

/* Line of the first byte that is not text, 0 when all is well. */
static int bad_line(const struct oc_input *in)
{
    int line = 1;
    const char *p = in->text, *end = p + in->len;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((stop ? stop : end) - p);
        if (memchr(p, '\0', len) || !oc_utf8_valid(p, len)) {
            return line;
        }
        p += len + (stop != NULL);
        line++;
    }
    return 0;
}

static int check_bytes(struct oc_reader *r, const struct oc_input *in)
{
    int line = bad_line(in);
    if (line) {
        return oc_reader_fail(r, in, line, "Save the file as UTF-8.", "not a text in UTF-8");
    }
    r->bytes += in->len;
    if (r->bytes > OC_CONFIG_MAX_BYTES) {
        return oc_reader_fail(r, in, 1, NULL, "larger than %u bytes with what it includes",
                              OC_CONFIG_MAX_BYTES);
    }
    return 0;
}

static int refuse(struct oc_reader *r, const struct oc_input *in, struct oc_token token)
{
    if (token.type == OC_LEX_BAD_STRING) {
        return oc_reader_fail(r, in, token.line, NULL, "a string is never closed");
    }
    if (token.type == OC_LEX_BAD_COMMENT) {
        return oc_reader_fail(r, in, token.line, NULL, "a comment is never closed");
    }
    return oc_reader_fail(
        r, in, token.line,
        in->text[token.start] == '\'' ? "Strings are written in double quotation marks." : NULL,
        "unexpected %s", oc_reader_spell(r, in, token));
}

/* Whether a string has an escaped zero byte: libconfig drops it, and the value would be another. */
static bool holds_zero(const struct oc_input *in, struct oc_token token)
{
    const char *end = in->text + token.end;
    for (const char *p = in->text + token.start; (p = memchr(p, '\\', (size_t)(end - p))); p += 2) {
        if (end - p > 4 && !memcmp(p, "\\x00", 4)) {
            return true;
        }
    }
    return false;
}

static int take_any(struct oc_reader *r, struct oc_input *in, struct oc_token token, size_t floor)
{
    if (token.type >= OC_LEX_BAD_STRING) {
        return refuse(r, in, token);
    }
    if (token.type == OC_LEX_STRING && holds_zero(in, token)) {
        return oc_reader_fail(r, in, token.line, NULL, "a string cannot hold a zero byte");
    }
    if (token.type == OC_LEX_INCLUDE) {
        return read_include(r, in, token);
    }
    int rc = oc_grammar_take(r, in, token, floor);
    r->comma = OC_NO_COMMA;
    if (token.type == OC_LEX_COMMA) {
        oc_reader_copy(r, in, token.end);
        r->comma = r->source->text.len - 1;
    }
    return rc;
}

static int end_input(struct oc_reader *r, struct oc_input *in, struct oc_token token, size_t floor)
{
    struct oc_bracket top = r->stack[r->depth];
    if (r->depth > floor) {
        return oc_reader_fail(r, in, top.line, NULL, "`%c` is never closed", top.open);
    }
    if (r->want == OC_WANT_ASSIGN || r->want == OC_WANT_VALUE) {
        return oc_reader_fail(r, in, token.line, NULL, "expected %s, found the end of the file",
                              r->want == OC_WANT_ASSIGN ? "`=`" : "a value");
    }
    oc_reader_copy(r, in, in->len);
    if (r->nesting > 0) { /* what follows the include must not become part of a last comment */
        oc_buf_addc(&r->source->text, '\n');
        r->line++;
    }
    return 0;
}

/* Every file closes the brackets that it opens. */
static int read_input(struct oc_reader *r, struct oc_input *in)
{
    struct oc_lex lex;
    struct oc_token token;
    size_t floor = r->depth;
    int rc = check_bytes(r, in);

    r->files++;
    begin_run(r, in, 1);
    oc_lex_init(&lex, in->text, in->len);
    in->copied = lex.pos;
    while (!rc && (token = oc_lex_next(&lex)).type != OC_LEX_END) {
        rc = take_any(r, in, token, floor);
    }
    return rc ? rc : end_input(r, in, token, floor);
}

int oc_source_init(struct oc_source *source, struct oc_arena *arena, const char *text, size_t len,
                   const struct oc_parse_from *from, struct oc_error *err)
{
    struct oc_reader *r = oc_calloc(1, sizeof *r);
    struct oc_input in = {.file = oc_arena_strdup(arena, from->file),
                          .dir = from->dir ? oc_arena_strdup(arena, from->dir) : NULL,
                          .text = text,
                          .len = len};

    *source = (struct oc_source){0};
    oc_buf_adds(&source->text, "");
    r->source = source;
    r->arena = arena;
    r->err = err;
    r->includes = from->includes;
    r->all_secret = r->secret = from->secret;
    r->line = 1;
    r->comma = OC_NO_COMMA;
    r->stack[0].open = '{';
    int rc = read_input(r, &in);
    free(r);
    return rc;
}

void oc_source_finish(struct oc_source *source)
{
    oc_buf_finish(&source->text);
    OC_VEC_FINISH(&source->runs);
}

struct oc_source_run oc_source_at(const struct oc_source *source, int line)
{
    size_t i = source->runs.count;
    while (i > 1 && source->runs.items[i - 1].first > line) {
        i--;
    }
    struct oc_source_run run = source->runs.items[i - 1];
    run.line += line - run.first;
    return run;
}
