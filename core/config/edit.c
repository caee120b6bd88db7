/* Changing one setting in the text of a file and nothing else. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/dump.h"
#include "core/config/lex.h"
#include "core/config/locate.h"
#include "core/config/mask.h"
#include "core/config/parse.h"
#include "core/config/path.h"
#include "core/sys/file.h"
#include "core/sys/update.h"

#define INDENT     "    "
#define INDENT_MAX 128

struct edit {
    const char *file; /* as it was named: what is in it is relative to that, as for the loader */
    char *real;       /* with links resolved: the rename must not replace a link */
    const char *key;
    struct oc_arena arena;
    struct oc_buf text, out;
    struct oc_buf numbered; /* the key with items of lists by number, as they stand in this file */
    struct oc_buf spelled;  /* the value as it will stand in the file; empty: it is taken out */
    mode_t mode;
    bool as_string; /* `spelled` is a number in quotation marks */
    bool fresh;     /* there is no file yet: the first setting makes it */
    struct oc_error *err;
};

/* ---- reading ---- */

static int read_text(struct edit *e)
{
    struct stat st;

    e->mode = 0600;
    oc_buf_adds(&e->text, "");
    if (e->fresh) {
        return 0;
    }
    if (stat(e->real, &st)) {
        return oc_error_errno(e->err, 0, errno, "cannot open %s", e->real);
    }
    e->mode = st.st_mode & 07777;
    return oc_file_read(e->real, OC_CONFIG_MAX_BYTES, &e->text, e->err);
}

static const struct oc_node *parse(struct edit *e, const struct oc_buf *text,
                                   enum oc_includes includes, struct oc_error *err)
{
    char *dir = oc_path_dir(e->file);
    struct oc_parse_from from = {
        .file = e->file, .dir = dir, .layer = OC_LAYER_FILE, .includes = includes};
    const struct oc_node *root = oc_config_parse(&e->arena, text->data, text->len, &from, err);
    free(dir);
    return root;
}

static int number_items(struct edit *e, const struct oc_node *root)
{
    const struct oc_node *node = root;
    const char *cursor = e->key;
    struct oc_buf *key = &e->numbered;
    struct oc_step step;
    int more;

    oc_buf_adds(key, "");
    while ((more = oc_step_next(&cursor, &step)) > 0) {
        ptrdiff_t at = node ? oc_step_find(node, &step) : -1;
        if (node && node->type == OC_NODE_LIST && at < 0) {
            return oc_error_set(e->err, OC_E_NOT_FOUND, "%s: no item \"%.*s\" in %s", e->key,
                                (int)step.len, step.name, e->file);
        }
        if (node && node->type == OC_NODE_LIST) {
            oc_buf_addf(key, "[%td]", at);
        } else {
            oc_buf_adds(key, key->len ? "." : "");
            oc_buf_add(key, step.name, step.len);
        }
        node = at < 0 ? NULL : node->children[at];
    }
    return more || !key->len ? oc_error_set(e->err, OC_E_CONFIG, "%s: not a key", e->key) : 0;
}

/* ---- writing ---- */

static void add_range(struct edit *e, size_t from, size_t to)
{
    oc_buf_add(&e->out, e->text.data + from, to - from);
}

/* A number takes the place of a string as a string. */
static int spell_value(struct edit *e, const char *value, bool as_string)
{
    struct oc_parse_from from = {.file = "value",
                                 .layer = OC_LAYER_FILE,
                                 .includes = OC_INCLUDES_REFUSE,
                                 .secret = oc_mask_secret_key(e->key)};
    const struct oc_node *node = oc_config_value(&e->arena, NULL, value, &from, e->err);

    if (!node) {
        oc_error_prefix(e->err, "%s", e->key);
        return OC_E_CONFIG;
    }
    e->as_string = as_string && (node->type == OC_NODE_INT || node->type == OC_NODE_FLOAT);
    if (e->as_string) {
        oc_dump_string(value, &e->spelled);
    } else if (oc_dump_value(node, &e->spelled) > 0) {
        return oc_error_set(e->err, OC_E_CONFIG, "%s: a name in the value cannot be written",
                            e->key);
    }
    return 0;
}

static void replace(struct edit *e, const struct oc_place *place)
{
    add_range(e, 0, place->value_start);
    oc_buf_add(&e->out, e->spelled.data, e->spelled.len);
    add_range(e, place->value_end, e->text.len);
}

static size_t line_start(const struct oc_buf *text, size_t pos)
{
    while (pos > 0 && text->data[pos - 1] != '\n') {
        pos--;
    }
    return pos;
}

static size_t skip_blanks(const struct oc_buf *text, size_t pos)
{
    while (pos < text->len && (text->data[pos] == ' ' || text->data[pos] == '\t')) {
        pos++;
    }
    return pos;
}

/* Takes the whole line when nothing else stands on it. */
static void remove_setting(struct edit *e, const struct oc_place *place)
{
    size_t start = place->start, end = skip_blanks(&e->text, place->end);
    size_t first = line_start(&e->text, start);
    bool begins = skip_blanks(&e->text, first) == start;

    if (begins && (end == e->text.len || e->text.data[end] == '\n')) {
        start = first;
        end += end < e->text.len;
    }
    add_range(e, 0, start);
    add_range(e, end, e->text.len);
}

/* Appends "a = { b = 1; };" for the key "a.b", over several lines when `indent` is given. */
static int add_setting(struct edit *e, const char *rest, const char *indent)
{
    struct oc_step step;
    size_t groups = 0;
    int more;

    while ((more = oc_step_next(&rest, &step)) > 0) {
        char *name = oc_arena_strndup(&e->arena, step.name, step.len);
        if (step.bracket || !oc_config_name_valid(name)) {
            return oc_error_set(e->err, OC_E_CONFIG, "%s: \"%s\" cannot be added", e->key, name);
        }
        oc_buf_adds(&e->out, indent ? indent : "");
        for (size_t i = 0; indent && i < groups; i++) {
            oc_buf_adds(&e->out, INDENT);
        }
        oc_buf_addf(&e->out, "%s = ", name);
        if (*rest) {
            oc_buf_adds(&e->out, indent ? "{\n" : "{ ");
            groups++;
        }
    }
    oc_buf_addf(&e->out, "%s;", e->spelled.data);
    for (; groups > 0; groups--) {
        oc_buf_adds(&e->out, indent ? "\n" : " ");
        oc_buf_adds(&e->out, indent ? indent : "");
        for (size_t i = 1; indent && i < groups; i++) {
            oc_buf_adds(&e->out, INDENT);
        }
        oc_buf_adds(&e->out, "};");
    }
    return 0;
}

static bool one_line(const struct edit *e, const struct oc_place *place)
{
    bool group = place->end < e->text.len; /* else the file itself, which is never one line */
    return group && !memchr(e->text.data + place->start, '\n', place->end - place->start);
}

/* The white space before the last member of the group, or one step more than the line of its
 * bracket has. */
static void find_indent(const struct edit *e, const struct oc_place *place, char indent[INDENT_MAX])
{
    bool empty = place->last == place->start, root = place->end == e->text.len;
    size_t pos = empty ? place->start : place->last;
    size_t first = line_start(&e->text, pos), end = skip_blanks(&e->text, first);
    size_t len = root ? 0 : end - first;

    len = len < INDENT_MAX / 2 ? len : INDENT_MAX / 2;
    snprintf(indent, INDENT_MAX, "%.*s%s", (int)len, e->text.data + first,
             empty && !root ? INDENT : "");
}

/* In a group of several lines: on a line of its own behind the last member and the comment beside
 * that; in the file itself at its end. */
static int insert_line(struct edit *e, const struct oc_place *place)
{
    bool root = place->end == e->text.len;
    size_t at = root ? e->text.len : oc_lex_rest_of_line(e->text.data, e->text.len, place->last);
    char indent[INDENT_MAX];

    find_indent(e, place, indent);
    add_range(e, 0, at);
    if (at > 0 && e->text.data[at - 1] != '\n') {
        oc_buf_addc(&e->out, '\n');
    }
    int rc = add_setting(e, place->rest, indent);
    oc_buf_addc(&e->out, '\n');
    add_range(e, at, e->text.len);
    return rc;
}

static int insert(struct edit *e, const struct oc_place *place)
{
    if (!one_line(e, place)) {
        return insert_line(e, place);
    }
    add_range(e, 0, place->last);
    oc_buf_addc(&e->out, ' ');
    int rc = add_setting(e, place->rest, NULL);
    if (skip_blanks(&e->text, place->last) == place->last) {
        oc_buf_addc(&e->out, ' ');
    }
    add_range(e, place->last, e->text.len);
    return rc;
}

/* ---- the whole ---- */

static int change(struct edit *e, const char *value, bool as_written)
{
    struct oc_place place;

    if (!oc_locate(e->text.data, e->text.len, e->numbered.data, &place)) {
        return oc_error_set(e->err, OC_E_NOT_FOUND, "%s: no place for it in %s", e->key, e->file);
    }
    if (!value && !place.found) {
        return oc_error_set(e->err, OC_E_NOT_FOUND, "%s is not set in %s", e->key, e->file);
    }
    if (!value) {
        remove_setting(e, &place);
        return 0;
    }
    int rc = spell_value(e, value, !as_written && place.found && place.value_string);
    if (!rc && place.found) {
        replace(e, &place);
    } else if (!rc) {
        rc = insert(e, &place);
    }
    return rc;
}

/* Of a key whose items go by number. */
static const struct oc_node *node_at(const struct oc_node *node, const char *numbered)
{
    struct oc_step step;

    while (node && oc_step_next(&numbered, &step) > 0) {
        ptrdiff_t at =
            step.bracket ? (ptrdiff_t)strtoul(step.name, NULL, 10) : oc_step_find(node, &step);
        bool there = at >= 0 && node->type >= OC_NODE_LIST && (size_t)at < node->count;
        node = there ? node->children[at] : NULL;
    }
    return node;
}

/* What was asked for is what the new text says to its parser, which shares nothing with what found the place. Of a list from
 * which an item was taken the next one has its number. */
static int verify(struct edit *e)
{
    const struct oc_node *root = parse(e, &e->out, OC_INCLUDES_SKIP, e->err);
    const struct oc_node *node = node_at(root, e->numbered.data);
    struct oc_buf said = {0};
    bool done = !node || e->numbered.data[e->numbered.len - 1] == ']';

    if (!root) {
        return e->err->code;
    }
    if (e->spelled.len > 0) {
        oc_buf_adds(&said, "");
        done = node && !oc_dump_value(node, &said) && !strcmp(said.data, e->spelled.data);
    }
    oc_buf_finish(&said);
    return done
               ? 0
               : oc_error_set(e->err, OC_E_INTERNAL, "%s: cannot be edited in %s", e->key, e->file);
}

static int check_draft(struct edit *e, oc_config_check_fn check, void *ctx)
{
    struct oc_error why;
    struct oc_config_draft draft = {.text = &e->out, .old_text = &e->text};

    draft.root = parse(e, &e->out, OC_INCLUDES_FOLLOW, e->err);
    if (!draft.root) {
        return e->err->code;
    }
    draft.old_root = parse(e, &e->text, OC_INCLUDES_FOLLOW, &why);
    return check ? check(ctx, &draft, e->err) : 0;
}

static int make_file(struct edit *e)
{
    char *dir = oc_path_dir(e->real);
    int rc = oc_dir_make(dir, 0700, e->err);

    rc = rc ? rc : oc_file_create(e->real, e->out.data, e->out.len, e->mode, e->err);
    free(dir);
    return rc;
}

static int draft(struct edit *e, const char *value, bool as_written, oc_config_check_fn check,
                 void *ctx)
{
    oc_buf_clear(&e->out);
    oc_buf_clear(&e->spelled);
    int rc = change(e, value, as_written);
    rc = rc ? rc : verify(e);
    return rc ? rc : check_draft(e, check, ctx);
}

static int edit(struct edit *e, const char *value, oc_config_check_fn check, void *ctx)
{
    int rc = oc_file_resolve(e->file, &e->real, &e->fresh, e->err);

    rc = rc ? rc : read_text(e);
    if (rc) {
        return rc;
    }
    const struct oc_node *root = parse(e, &e->text, OC_INCLUDES_SKIP, e->err);
    rc = root ? number_items(e, root) : e->err->code;
    rc = rc ? rc : draft(e, value, false, check, ctx);
    if (rc == OC_E_CONFIG && e->as_string) { /* it may be the string that is wrong there */
        rc = draft(e, value, true, check, ctx);
    }
    if (rc || e->fresh) {
        return rc ? rc : make_file(e);
    }
    /* The check took its time: what others did to the file meanwhile is not lost. */
    return oc_file_update(e->real, &e->text, &e->out, e->mode, e->err);
}

int oc_config_edit(const char *file, const char *key, const char *value, oc_config_check_fn check,
                   void *ctx, struct oc_error *err)
{
    struct oc_error local;
    struct edit e = {.file = file, .key = key, .err = err ? err : &local};

    oc_buf_adds(&e.out, "");
    int rc = edit(&e, value, check, ctx);
    oc_arena_finish(&e.arena);
    oc_buf_finish(&e.text);
    oc_buf_finish(&e.out);
    oc_buf_finish(&e.numbered);
    oc_buf_finish(&e.spelled);
    free(e.real);
    return rc;
}
