/* Changing one setting in the text of a file and nothing else. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/dump.h"
#include "core/config/locate.h"
#include "core/config/parse.h"
#include "core/config/path.h"
#include "core/sys/file.h"

#define INDENT     "    "
#define INDENT_MAX 128

struct edit {
    const char *file; /* with links resolved: the rename must not replace a link */
    const char *key;
    struct oc_arena arena;
    struct oc_buf text, out;
    mode_t mode;
    struct oc_error *err;
};

/* ---- reading ---- */

static int read_text(struct edit *e)
{
    struct stat st;

    e->mode = 0600;
    oc_buf_adds(&e->text, "");
    if (stat(e->file, &st)) {
        return 0; /* the first setting makes the file */
    }
    e->mode = st.st_mode & 07777;
    return oc_file_read(e->file, OC_CONFIG_MAX_BYTES, &e->text, e->err);
}

static const struct oc_node *parse(struct edit *e, const struct oc_buf *text,
                                   enum oc_includes includes)
{
    char *dir = oc_path_dir(e->file);
    struct oc_parse_from from = {
        .file = e->file, .dir = dir, .layer = OC_LAYER_FILE, .includes = includes};
    const struct oc_node *root = oc_config_parse(&e->arena, text->data, text->len, &from, e->err);
    free(dir);
    return root;
}

/* The key with items of lists by number, as they stand in this file. */
static int number_items(struct edit *e, const struct oc_node *root, struct oc_buf *key)
{
    const struct oc_node *node = root;
    const char *cursor = e->key;
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

/* The value as it will stand in the file. A number takes the place of a string as a string. */
static int spell_value(struct edit *e, const char *value, bool as_string, struct oc_buf *out)
{
    struct oc_parse_from from = {
        .file = "value", .layer = OC_LAYER_FILE, .includes = OC_INCLUDES_REFUSE};
    const struct oc_node *node = oc_config_value(&e->arena, NULL, value, &from, e->err);

    if (!node) {
        oc_error_prefix(e->err, "%s", e->key);
        return OC_E_CONFIG;
    }
    if (as_string && (node->type == OC_NODE_INT || node->type == OC_NODE_FLOAT)) {
        oc_dump_string(value, out);
    } else {
        oc_dump_value(node, out);
    }
    return 0;
}

static void replace(struct edit *e, const struct oc_place *place, const char *value)
{
    add_range(e, 0, place->value_start);
    oc_buf_adds(&e->out, value);
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
static int add_setting(struct edit *e, const char *rest, const char *value, const char *indent)
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
    oc_buf_addf(&e->out, "%s;", value);
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
 * that. */
static int insert_line(struct edit *e, const struct oc_place *place, const char *value)
{
    const char *newline = memchr(e->text.data + place->last, '\n', e->text.len - place->last);
    size_t at = newline ? (size_t)(newline - e->text.data) + 1 : e->text.len;
    char indent[INDENT_MAX];

    if (place->end == e->text.len) {
        at = e->text.len;
    } else if (at > place->end) {
        at = place->end;
    }
    find_indent(e, place, indent);
    add_range(e, 0, at);
    if (at > 0 && e->text.data[at - 1] != '\n') {
        oc_buf_addc(&e->out, '\n');
    }
    int rc = add_setting(e, place->rest, value, indent);
    oc_buf_addc(&e->out, '\n');
    add_range(e, at, e->text.len);
    return rc;
}

static int insert(struct edit *e, const struct oc_place *place, const char *value)
{
    if (!one_line(e, place)) {
        return insert_line(e, place, value);
    }
    add_range(e, 0, place->last);
    oc_buf_addc(&e->out, ' ');
    int rc = add_setting(e, place->rest, value, NULL);
    if (skip_blanks(&e->text, place->last) == place->last) {
        oc_buf_addc(&e->out, ' ');
    }
    add_range(e, place->last, e->text.len);
    return rc;
}

/* ---- the whole ---- */

static int change(struct edit *e, const char *key, const char *value)
{
    struct oc_place place;
    struct oc_buf spelled = {0};
    int rc = 0;

    if (!oc_locate(e->text.data, e->text.len, key, &place)) {
        return oc_error_set(e->err, OC_E_NOT_FOUND, "%s: no place for it in %s", e->key, e->file);
    }
    if (!value && !place.found) {
        return oc_error_set(e->err, OC_E_NOT_FOUND, "%s is not set in %s", e->key, e->file);
    }
    if (!value) {
        remove_setting(e, &place);
        return 0;
    }
    rc = spell_value(e, value, place.found && place.value_string, &spelled);
    if (!rc && place.found) {
        replace(e, &place, spelled.data);
    } else if (!rc) {
        rc = insert(e, &place, spelled.data);
    }
    oc_buf_finish(&spelled);
    return rc;
}

int oc_config_edit(const char *file, const char *key, const char *value,
                   int (*check)(void *ctx, const struct oc_node *root, struct oc_error *err),
                   void *ctx, struct oc_error *err)
{
    struct oc_error local;
    char *real = realpath(file, NULL);
    struct edit e = {.file = real ? real : file, .key = key, .err = err ? err : &local};
    struct oc_buf numbered = {0};
    const struct oc_node *root;

    oc_buf_adds(&e.out, "");
    int rc = read_text(&e);
    if (rc) {
        goto out;
    }
    rc = (root = parse(&e, &e.text, OC_INCLUDES_SKIP)) ? 0 : e.err->code;
    rc = rc ? rc : number_items(&e, root, &numbered);
    rc = rc ? rc : change(&e, numbered.data, value);
    if (rc) {
        goto out;
    }
    rc = (root = parse(&e, &e.out, OC_INCLUDES_FOLLOW)) ? 0 : e.err->code;
    rc = rc || !check ? rc : check(ctx, root, err);
    rc = rc ? rc : oc_file_rewrite(e.file, e.out.data, e.out.len, e.mode, err);
out:
    oc_arena_finish(&e.arena);
    oc_buf_finish(&e.text);
    oc_buf_finish(&e.out);
    oc_buf_finish(&numbered);
    free(real);
    return rc;
}
