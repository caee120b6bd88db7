/* Writing libconfig text. SPDX-License-Identifier: MIT */
#include "core/config/dump.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/config/parse.h"

#define LINE_MAX_COLUMNS 100
#define INDENT           4

char *oc_number_text(double value, char text[OC_NUMBER_TEXT])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, OC_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(text, NULL) == value) { /* bit for bit, except for NaN, which is not for here */
            break;
        }
    }
    if (!strpbrk(text, ".en")) {
        size_t len = strlen(text);
        snprintf(text + len, OC_NUMBER_TEXT - len, ".0");
    }
    return text;
}

bool oc_config_name_valid(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*";
    static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*0123456789_-";
    return *name && strchr(letters, *name) && !name[strspn(name, rest)] &&
           strcasecmp(name, "true") != 0 && strcasecmp(name, "false") != 0;
}

void oc_dump_string(const char *s, struct oc_buf *out)
{
    oc_buf_addc(out, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            oc_buf_addc(out, '\\');
            oc_buf_addc(out, *s);
        } else if (c == '\n') {
            oc_buf_adds(out, "\\n");
        } else if (c == '\t') {
            oc_buf_adds(out, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            oc_buf_addf(out, "\\x%02X", c);
        } else {
            oc_buf_addc(out, *s);
        }
    }
    oc_buf_addc(out, '"');
}

static void dump_integer(int64_t value, struct oc_buf *out)
{
    bool wide = value < INT32_MIN || value > INT32_MAX;
    oc_buf_addf(out, wide ? "%" PRId64 "L" : "%" PRId64, value);
}

static size_t dump_line(const struct oc_node *node, struct oc_buf *out);

static size_t dump_line_group(const struct oc_node *group, struct oc_buf *out)
{
    size_t left_out = 0;

    oc_buf_adds(out, "{");
    for (size_t i = 0; i < group->count; i++) {
        const struct oc_node *child = group->children[i];
        if (!oc_config_name_valid(child->key)) {
            left_out++;
            continue;
        }
        oc_buf_addf(out, " %s = ", child->key);
        left_out += dump_line(child, out);
        oc_buf_addc(out, ';');
    }
    oc_buf_adds(out, " }");
    return left_out;
}

/* libconfig writes scalars of one type as an array. */
static bool is_array(const struct oc_node *list)
{
    for (size_t i = 0; i < list->count; i++) {
        enum oc_node_type type = list->children[i]->type;
        if (type >= OC_NODE_LIST || type != list->children[0]->type) {
            return false;
        }
    }
    return list->count > 0;
}

static size_t dump_line_list(const struct oc_node *list, struct oc_buf *out)
{
    size_t left_out = 0;
    bool array = is_array(list);

    oc_buf_addc(out, array ? '[' : '(');
    for (size_t i = 0; i < list->count; i++) {
        oc_buf_adds(out, i ? ", " : array ? "" : " ");
        left_out += dump_line(list->children[i], out);
    }
    oc_buf_adds(out, array ? "]" : list->count ? " )" : ")");
    return left_out;
}

static size_t dump_line(const struct oc_node *node, struct oc_buf *out)
{
    char text[OC_NUMBER_TEXT];

    switch (node->type) {
    case OC_NODE_BOOL:
        oc_buf_adds(out, node->boolean ? "true" : "false");
        return 0;
    case OC_NODE_INT:
        dump_integer(node->integer, out);
        return 0;
    case OC_NODE_FLOAT:
        oc_buf_adds(out, oc_number_text(node->number, text));
        return 0;
    case OC_NODE_STRING:
        oc_dump_string(node->string, out);
        return 0;
    case OC_NODE_LIST:
        return dump_line_list(node, out);
    case OC_NODE_GROUP:
        break;
    }
    return dump_line_group(node, out);
}

size_t oc_dump_value(const struct oc_node *node, struct oc_buf *out)
{
    return dump_line(node, out);
}

static bool is_scalar_list(const struct oc_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        if (node->children[i]->type >= OC_NODE_LIST) {
            return false;
        }
    }
    return node->type == OC_NODE_LIST;
}

/* Scalars, lists of them, and groups of these are easy to read on one line. */
static bool is_simple(const struct oc_node *node)
{
    for (size_t i = 0; node->type == OC_NODE_GROUP && i < node->count; i++) {
        const struct oc_node *child = node->children[i];
        if (child->type >= OC_NODE_LIST && !is_scalar_list(child)) {
            return false;
        }
    }
    return node->type != OC_NODE_LIST || is_scalar_list(node);
}

/* Tries the value on one line; takes it back and says false when that would be hard to read. */
static bool dump_short(const struct oc_node *node, size_t column, struct oc_buf *out,
                       size_t *left_out)
{
    bool nested = node->type >= OC_NODE_LIST;
    size_t begin = out->len;

    if (!is_simple(node)) {
        return false;
    }
    *left_out = dump_line(node, out);
    if (nested && column + out->len - begin > LINE_MAX_COLUMNS) {
        out->len = begin;
        out->data[begin] = '\0';
        return false;
    }
    return true;
}

static void indent(struct oc_buf *out, int depth)
{
    oc_buf_addf(out, "%*s", depth * INDENT, "");
}

static size_t dump_node(const struct oc_node *node, int depth, size_t column, struct oc_buf *out);

static size_t dump_members(const struct oc_node *group, int depth, struct oc_buf *out)
{
    size_t left_out = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct oc_node *child = group->children[i];
        if (!oc_config_name_valid(child->key)) {
            left_out++;
            continue;
        }
        indent(out, depth);
        oc_buf_addf(out, "%s = ", child->key);
        left_out += dump_node(child, depth, (size_t)(depth * INDENT) + strlen(child->key) + 4, out);
        oc_buf_adds(out, ";\n");
    }
    return left_out;
}

static size_t dump_items(const struct oc_node *list, int depth, struct oc_buf *out)
{
    size_t left_out = 0;
    for (size_t i = 0; i < list->count; i++) {
        indent(out, depth);
        left_out += dump_node(list->children[i], depth, (size_t)(depth * INDENT) + 1, out);
        oc_buf_adds(out, i + 1 < list->count ? ",\n" : "\n");
    }
    return left_out;
}

static size_t dump_node(const struct oc_node *node, int depth, size_t column, struct oc_buf *out)
{
    size_t left_out;
    bool group = node->type == OC_NODE_GROUP;

    if (dump_short(node, column, out, &left_out)) {
        return left_out;
    }
    oc_buf_adds(out, group ? "{\n" : "(\n");
    left_out = group ? dump_members(node, depth + 1, out) : dump_items(node, depth + 1, out);
    indent(out, depth);
    oc_buf_adds(out, group ? "}" : ")");
    return left_out;
}

size_t oc_config_dump(const struct oc_node *group, struct oc_buf *out)
{
    oc_buf_adds(out, "");
    return dump_members(group, 0, out);
}

char *oc_dump_json(const json_t *value)
{
    struct oc_node *node = oc_node_from_json(value, "");
    struct oc_buf out = {0};
    bool group = node->type == OC_NODE_GROUP;
    size_t left_out = group ? oc_config_dump(node, &out) : oc_dump_value(node, &out);

    if (left_out > 0) {
        oc_buf_addf(&out, "%s# keys with names that no file can spell: %zu\n", group ? "" : "\n",
                    left_out);
    }
    oc_node_free(node);
    return oc_buf_take(&out);
}
