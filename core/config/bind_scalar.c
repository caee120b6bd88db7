/* Turning one value into what its option wants, or saying why not. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/binder.h"
#include "core/config/dump.h"
#include "core/config/mask.h"
#include "core/config/url.h"
#include "core/sys/file.h"

#define SHOWN_MAX 60 /* bytes of a wrong value in a message */

size_t oc_option_size(uint32_t type)
{
    switch (type) {
    case OC_OPT_BOOL:
    case OC_OPT_ENUM:
        return sizeof(int32_t);
    case OC_OPT_INT:
    case OC_OPT_DURATION:
    case OC_OPT_SIZE:
        return sizeof(int64_t);
    case OC_OPT_FLOAT:
        return sizeof(double);
    case OC_OPT_STRING:
    case OC_OPT_SECRET:
    case OC_OPT_PATH:
    case OC_OPT_URL:
        return sizeof(const char *);
    case OC_OPT_STRINGS:
    case OC_OPT_INTS:
    case OC_OPT_MAP:
    case OC_OPT_GROUPS:
        return sizeof(struct oc_list);
    case OC_OPT_GROUP:
        return 1;
    default:
        return 0;
    }
}

const char *oc_scalar_text(struct oc_arena *arena, const struct oc_node *node)
{
    char text[OC_NUMBER_TEXT];

    switch (node->type) {
    case OC_NODE_BOOL:
        return node->boolean ? "true" : "false";
    case OC_NODE_INT:
        snprintf(text, sizeof text, "%" PRId64, node->integer);
        return oc_arena_strdup(arena, text);
    case OC_NODE_FLOAT:
        return oc_arena_strdup(arena, oc_number_text(node->number, text));
    case OC_NODE_STRING:
        return oc_arena_strdup(arena, node->string);
    case OC_NODE_LIST:
    case OC_NODE_GROUP:
        break;
    }
    return "";
}

size_t oc_choices_split(const char *choices, struct oc_arena *arena, const char ***out)
{
    size_t count = 0, cap = 1;

    for (const char *p = choices; p && *p; p++) {
        cap += *p == '|';
    }
    *out = oc_arena_alloc(arena, cap * sizeof **out);
    while (choices && *choices) {
        size_t len = strcspn(choices, "|");
        (*out)[count++] = oc_arena_strndup(arena, choices, len);
        choices += len + (choices[len] == '|');
    }
    return count;
}

/* ---- messages ---- */

static void add_number(struct oc_buf *out, uint32_t type, double value)
{
    char text[32];
    if (type == OC_OPT_DURATION) {
        oc_buf_addf(out, "\"%s\"", oc_duration_format((int64_t)value, text, sizeof text));
    } else if (type == OC_OPT_SIZE) {
        oc_buf_adds(out, oc_size_human(value, text, sizeof text));
    } else {
        oc_buf_addf(out, "%.15g", value);
    }
}

/* The upper limit counts unless it lies below the lower one: {1, 0} means "at least 1". */
static bool has_max(const struct oc_option *option)
{
    return option->max >= option->min && (option->min != 0 || option->max != 0);
}

static bool in_limits(const struct oc_option *option, double value)
{
    return (option->min == 0 && option->max == 0) ||
           (value >= option->min && (!has_max(option) || value <= option->max));
}

static void add_limits(struct oc_buf *out, const struct oc_option *option)
{
    if (option->min == 0 && option->max == 0) {
        return;
    }
    oc_buf_adds(out, has_max(option) ? " from " : " of at least ");
    add_number(out, option->type, option->min);
    if (has_max(option)) {
        oc_buf_adds(out, " to ");
        add_number(out, option->type, option->max);
    }
}

static void add_choices(struct oc_buf *out, const char *choices, const char *around,
                        const char *behind)
{
    for (size_t i = 0; choices && *choices; i++) {
        size_t len = strcspn(choices, "|");
        const char *gap = i == 0 ? "" : choices[len] ? ", " : " or ";
        oc_buf_addf(out, "%s%s%.*s%s%s", gap, around, (int)len, choices, behind, around);
        choices += len + (choices[len] == '|');
    }
}

static void add_expected(struct oc_buf *out, const struct oc_option *option)
{
    static const char *const plain[] = {
        [OC_OPT_BOOL] = "true or false",
        [OC_OPT_INT] = "a whole number",
        [OC_OPT_FLOAT] = "a number",
        [OC_OPT_STRING] = "a string",
        [OC_OPT_SECRET] = "a secret such as \"$env:NAME\"",
        [OC_OPT_PATH] = "a path",
        [OC_OPT_URL] = "a URL",
        [OC_OPT_STRINGS] = "a list of strings",
        [OC_OPT_INTS] = "a list of whole numbers",
        [OC_OPT_MAP] = "a group { name = \"value\"; }",
        [OC_OPT_GROUP] = "a group { ... }",
        [OC_OPT_GROUPS] = "a list of groups ( { ... } )",
    };
    bool limited = option->min != 0 || option->max != 0;

    switch (option->type) {
    case OC_OPT_DURATION:
        oc_buf_adds(out, limited ? "a duration" : "a duration such as \"10s\"");
        break;
    case OC_OPT_SIZE:
        oc_buf_adds(out, limited ? "a size" : "a size such as \"10MB\"");
        break;
    case OC_OPT_ENUM:
        add_choices(out, option->choices, "\"", "");
        return;
    default:
        oc_buf_adds(out, plain[option->type]);
        break;
    }
    if (option->type == OC_OPT_URL && option->choices) {
        oc_buf_adds(out, " that begins with ");
        add_choices(out, option->choices, "", "://");
    } else if (option->type <= OC_OPT_SIZE) {
        add_limits(out, option);
    } else if (option->flags & OC_OPT_REQUIRED && option->type != OC_OPT_URL &&
               option->type <= OC_OPT_INTS) {
        oc_buf_adds(out, " that is not empty");
    }
}

/* A wrong string in quotation marks, on one line, cut, and without a password. */
static void add_shown(struct oc_buf *out, const char *text)
{
    char *s = oc_mask_message(text);
    size_t len = strlen(s), shown = len;
    if (len > SHOWN_MAX) {
        for (shown = SHOWN_MAX; shown > 0 && ((unsigned char)s[shown] & 0xc0) == 0x80;) {
            shown--;
        }
    }
    char *cut = oc_strndup(s, shown);
    oc_buf_adds(out, "the string ");
    oc_dump_string(cut, out);
    oc_buf_adds(out, shown < len ? "..." : "");
    free(cut);
    free(s);
}

static bool may_be_secret(const struct oc_option *option)
{
    return option->type == OC_OPT_SECRET || option->flags & OC_OPT_SENSITIVE;
}

static void add_found(struct oc_buf *out, struct oc_arena *arena, const struct oc_option *option,
                      const struct oc_node *node)
{
    if (node->type == OC_NODE_LIST || node->type == OC_NODE_GROUP) {
        oc_buf_addf(out, "%s %s", node->count ? "a" : "an empty", oc_node_type_name(node->type));
    } else if (may_be_secret(option)) {
        oc_buf_addf(out, "a %s", node->type == OC_NODE_STRING ? "string" : "value of another type");
    } else if (option->type == OC_OPT_URL && node->type == OC_NODE_STRING &&
               strchr(node->string, '?')) {
        oc_buf_adds(out, "another string, not shown: it may hold a secret");
    } else if (node->type == OC_NODE_STRING) {
        add_shown(out, node->string);
    } else if (node->type == OC_NODE_BOOL) {
        oc_buf_adds(out, node->boolean ? "true" : "false");
    } else {
        oc_buf_addf(out, "the number %s", oc_scalar_text(arena, node));
    }
}

static bool wants_list(const struct oc_option *option)
{
    return option->type == OC_OPT_STRINGS || option->type == OC_OPT_INTS;
}

/* The same without the value. */
static void add_secret_hint(struct oc_buf *out, const struct oc_option *option,
                            const struct oc_node *node)
{
    if (option->type == OC_OPT_STRING && node->type < OC_NODE_STRING) {
        oc_buf_adds(out, "Write it in quotation marks.");
    } else if (wants_list(option) && node->type < OC_NODE_LIST) {
        oc_buf_adds(out, "Put it in brackets: [ ... ].");
    }
}

static void add_hint(struct oc_buf *out, struct oc_binder *b, const struct oc_option *option,
                     const struct oc_node *node)
{
    bool whole = node->type == OC_NODE_INT && node->integer > 0;

    if (may_be_secret(option)) {
        add_secret_hint(out, option, node);
    } else if (option->type == OC_OPT_DURATION && whole) {
        oc_buf_addf(out, "Write the unit too: \"%" PRId64 "s\" or \"%" PRId64 "ms\".",
                    node->integer, node->integer);
    } else if (option->type == OC_OPT_STRING && node->type < OC_NODE_STRING) {
        oc_buf_addf(out, "Write it in quotation marks: \"%s\".", oc_scalar_text(b->arena, node));
    } else if (option->type == OC_OPT_ENUM && node->type == OC_NODE_STRING) {
        const char **choices;
        size_t count = oc_choices_split(option->choices, b->arena, &choices);
        const char *near = oc_nearest(node->string, choices, count);
        if (near) {
            oc_buf_addf(out, "Did you mean \"%s\"?", near);
        }
    } else if (option->type == OC_OPT_GROUPS && node->type == OC_NODE_GROUP) {
        oc_buf_adds(out, "Put the group in brackets: ( { ... } ).");
    } else if (wants_list(option) && node->type < OC_NODE_LIST) {
        oc_buf_adds(out, "Put it in brackets: [");
        oc_dump_value(node, out);
        oc_buf_adds(out, "].");
    }
}

void oc_bind_mismatch(struct oc_binder *b, const struct oc_option *option,
                      const struct oc_node *node, const struct oc_where *where)
{
    struct oc_buf expected = {0}, found = {0}, hint = {0};

    oc_buf_adds(&hint, "");
    add_expected(&expected, option);
    add_found(&found, b->arena, option, node);
    add_hint(&hint, b, option, node);
    oc_binder_fail(b, where, node, hint.data, "expected %s, found %s", expected.data, found.data);
    oc_buf_finish(&expected);
    oc_buf_finish(&found);
    oc_buf_finish(&hint);
}

/* ---- values ---- */

static bool wants_text(uint32_t type)
{
    return type == OC_OPT_STRING || type == OC_OPT_SECRET || type == OC_OPT_ENUM ||
           type == OC_OPT_PATH || type == OC_OPT_URL;
}

/* Flags, environment variables and JSON parameters have no types to speak of: a number may be meant
 * as text, and text as a number or a truth value. */
static struct oc_node loosen(struct oc_binder *b, uint32_t type, const struct oc_node *node)
{
    struct oc_node out = *node;
    char *end;

    if (wants_text(type) && node->type < OC_NODE_STRING) {
        out.type = OC_NODE_STRING;
        out.string = oc_scalar_text(b->arena, node);
    } else if (type == OC_OPT_BOOL && node->type < OC_NODE_LIST) {
        const char *text = oc_scalar_text(b->arena, node);
        bool yes = !strcasecmp(text, "true") || !strcasecmp(text, "yes") ||
                   !strcasecmp(text, "on") || !strcmp(text, "1");
        bool no = !strcasecmp(text, "false") || !strcasecmp(text, "no") ||
                  !strcasecmp(text, "off") || !strcmp(text, "0");
        if (yes || no) {
            out.type = OC_NODE_BOOL;
            out.boolean = yes;
        }
    } else if (type == OC_OPT_INT && node->type == OC_NODE_STRING && *node->string) {
        errno = 0;
        int64_t value = strtoll(node->string, &end, 10);
        if (!*end && !errno) {
            out.type = OC_NODE_INT;
            out.integer = value;
        }
    } else if (type == OC_OPT_FLOAT && node->type == OC_NODE_STRING && *node->string) {
        double value = strtod(node->string, &end);
        if (!*end && isfinite(value)) {
            out.type = OC_NODE_FLOAT;
            out.number = value;
        }
    }
    return out;
}

static bool read_int(const struct oc_option *option, const struct oc_node *node, int64_t *value)
{
    switch (option->type) {
    case OC_OPT_INT:
        *value = node->integer;
        return node->type == OC_NODE_INT;
    case OC_OPT_DURATION:
        *value = 0;
        return (node->type == OC_NODE_INT && node->integer == 0) ||
               (node->type == OC_NODE_STRING && !oc_duration_parse(node->string, value));
    case OC_OPT_SIZE:
        *value = node->integer;
        return (node->type == OC_NODE_INT && node->integer >= 0) ||
               (node->type == OC_NODE_STRING && !oc_size_parse(node->string, value));
    default:
        return false;
    }
}

static bool write_int(const struct oc_option *option, const struct oc_node *node, void *slot)
{
    int64_t value = 0;
    if (!read_int(option, node, &value) || !in_limits(option, (double)value)) {
        return false;
    }
    memcpy(slot, &value, sizeof value);
    return true;
}

static bool write_bool(const struct oc_node *node, void *slot)
{
    int32_t value = node->type == OC_NODE_BOOL && node->boolean;
    if (node->type == OC_NODE_BOOL) {
        memcpy(slot, &value, sizeof value);
    }
    return node->type == OC_NODE_BOOL;
}

static bool write_float(const struct oc_option *option, const struct oc_node *node, void *slot)
{
    double value = node->type == OC_NODE_INT     ? (double)node->integer
                   : node->type == OC_NODE_FLOAT ? node->number
                                                 : NAN;
    if (!isfinite(value) || !in_limits(option, value)) {
        return false;
    }
    memcpy(slot, &value, sizeof value);
    return true;
}

static bool write_enum(struct oc_binder *b, const struct oc_option *option,
                       const struct oc_node *node, void *slot)
{
    const char **choices;
    size_t count = oc_choices_split(option->choices, b->arena, &choices);

    for (size_t i = 0; node->type == OC_NODE_STRING && i < count; i++) {
        if (!strcmp(choices[i], node->string)) {
            int32_t value = (int32_t)i;
            memcpy(slot, &value, sizeof value);
            return true;
        }
    }
    return false;
}

static void write_pointer(void *slot, const char *text)
{
    memcpy(slot, &text, sizeof text);
}

static const char *absolute(struct oc_binder *b, const struct oc_node *node)
{
    char *path = oc_path_expand(node->string, node->dir);
    const char *kept = oc_arena_strdup(b->arena, path);
    free(path);
    return kept;
}

/* STRING, SECRET, PATH and URL. A secret reports what is wrong with it itself, so that is no
 * mismatch. */
static bool write_text(struct oc_binder *b, const struct oc_option *option,
                       const struct oc_node *node, const struct oc_where *where, void *slot)
{
    bool empty = node->type == OC_NODE_STRING && !*node->string;

    if (node->type != OC_NODE_STRING || (empty && option->flags & OC_OPT_REQUIRED)) {
        return false;
    }
    if (option->type == OC_OPT_SECRET) {
        const char *secret = oc_bind_secret(b, node, where);
        if (secret) {
            write_pointer(slot, secret);
        }
    } else if (option->type == OC_OPT_URL && !oc_url_valid(node->string, option->choices)) {
        return false;
    } else if (option->type == OC_OPT_PATH) {
        write_pointer(slot, empty ? NULL : absolute(b, node));
    } else {
        write_pointer(slot, oc_arena_strdup(b->arena, node->string));
    }
    return true;
}

void oc_bind_scalar(struct oc_binder *b, const struct oc_option *option, const struct oc_node *node,
                    const struct oc_where *where, void *slot)
{
    struct oc_node loose;
    bool written = false;

    if (node->layer >= OC_LAYER_ENV) {
        loose = loosen(b, option->type, node);
        node = &loose;
    }
    switch (option->type) {
    case OC_OPT_BOOL:
        written = write_bool(node, slot);
        break;
    case OC_OPT_FLOAT:
        written = write_float(option, node, slot);
        break;
    case OC_OPT_ENUM:
        written = write_enum(b, option, node, slot);
        break;
    case OC_OPT_STRING:
    case OC_OPT_SECRET:
    case OC_OPT_PATH:
    case OC_OPT_URL:
        written = write_text(b, option, node, where, slot);
        break;
    default:
        written = write_int(option, node, slot);
        break;
    }
    if (!written) {
        oc_bind_mismatch(b, option, node, where);
    }
}
