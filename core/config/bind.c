/* Walking a group along an option table. SPDX-License-Identifier: MIT */
#include "core/config/bind.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/binder.h"
#include "core/config/parse.h"

/* ---- findings ---- */

static void add_where(struct oc_buf *out, const struct oc_where *where)
{
    if (!where) {
        return;
    }
    add_where(out, where->up);
    if (where->key) {
        oc_buf_addf(out, "%s%s", out->len ? "." : "", where->key);
    } else {
        oc_buf_addf(out, "[%zu]", where->index);
    }
}

static void add_finding(struct oc_binder *b, bool warning, const struct oc_where *where,
                        const struct oc_node *node, const char *hint, const char *fmt, va_list ap)
    __attribute__((format(printf, 6, 0)));

static void add_finding(struct oc_binder *b, bool warning, const struct oc_where *where,
                        const struct oc_node *node, const char *hint, const char *fmt, va_list ap)
{
    struct oc_buf key = {0};
    char *message = oc_vasprintf(fmt, ap);

    oc_buf_adds(&key, "");
    add_where(&key, where);
    oc_diags_add(b->diags, warning, node, key.data, hint, "%s", message);
    oc_buf_finish(&key);
    free(message);
}

void oc_binder_fail(struct oc_binder *b, const struct oc_where *where, const struct oc_node *node,
                    const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_finding(b, false, where, node, hint, fmt, ap);
    va_end(ap);
}

void oc_binder_warn(struct oc_binder *b, const struct oc_where *where, const struct oc_node *node,
                    const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_finding(b, true, where, node, hint, fmt, ap);
    va_end(ap);
}

/* ---- lists and groups ---- */

static void bind_table(struct oc_binder *b, const struct oc_option *table,
                       const struct oc_node *group, const struct oc_where *where,
                       const char *const *ignore, void *target, size_t size, bool required);

static const struct oc_node *too_many(struct oc_binder *b, const struct oc_node *node,
                                      const struct oc_where *where)
{
    oc_binder_fail(b, where, node, "", "more than %d items", OC_BIND_MAX_ITEMS);
    return NULL;
}

/* A list given as one scalar, "a,b" from a flag or the environment: the items as nodes. */
static const struct oc_node *split_scalar(struct oc_binder *b, const struct oc_node *node,
                                          const struct oc_where *where)
{
    struct oc_node *list = oc_arena_alloc(b->arena, sizeof *list);
    const char *text = oc_scalar_text(b->arena, node);
    size_t cap = 1;

    for (const char *p = text; *p; p++) {
        cap += *p == ',';
    }
    if (cap > OC_BIND_MAX_ITEMS) {
        return too_many(b, node, where);
    }
    *list = *node;
    list->type = OC_NODE_LIST;
    list->count = 0;
    list->children = oc_arena_alloc(b->arena, cap * sizeof(struct oc_node *));
    while (*text) {
        size_t len = strcspn(text, ",");
        struct oc_node *item = oc_arena_alloc(b->arena, sizeof *item);
        *item = *node;
        item->type = OC_NODE_STRING;
        item->string = oc_arena_strndup(b->arena, text, len);
        list->children[list->count++] = item;
        text += len + (text[len] == ',');
    }
    return list;
}

/* The list that the option wants, NULL after a finding. */
static const struct oc_node *want_list(struct oc_binder *b, const struct oc_option *option,
                                       const struct oc_node *node, const struct oc_where *where)
{
    bool loose = node->layer >= OC_LAYER_ENV && option->type != OC_OPT_GROUPS;
    if (loose && node->type < OC_NODE_LIST) {
        return split_scalar(b, node, where);
    }
    if (node->type != OC_NODE_LIST) {
        oc_bind_mismatch(b, option, node, where);
        return NULL;
    }
    return node->count > OC_BIND_MAX_ITEMS ? too_many(b, node, where) : node;
}

/* STRINGS and INTS. Items that are wrong are reported and left out. */
static void bind_list(struct oc_binder *b, const struct oc_option *option,
                      const struct oc_node *node, const struct oc_where *where, void *slot)
{
    const struct oc_node *list = want_list(b, option, node, where);
    struct oc_option item = *option;
    uint64_t count = 0;
    char *items;

    if (!list) {
        return;
    }
    if (list->count == 0 && option->flags & OC_OPT_REQUIRED) {
        oc_bind_mismatch(b, option, node, where);
        return;
    }
    item.type = option->type == OC_OPT_INTS ? OC_OPT_INT : OC_OPT_STRING;
    item.flags = option->flags & OC_OPT_SENSITIVE;
    size_t size = oc_option_size(item.type);
    items = oc_arena_alloc(b->arena, (list->count ? list->count : 1) * size);
    for (size_t i = 0; i < list->count; i++) {
        struct oc_where here = {.up = where, .index = i};
        size_t before = oc_diags_errors(b->diags);
        oc_bind_scalar(b, &item, list->children[i], &here, items + count * size);
        count += oc_diags_errors(b->diags) == before;
    }
    memcpy(slot, &(struct oc_list){.items = items, .count = count}, sizeof(struct oc_list));
}

/* One that may hold a secret (headers, the environment of a program) may refer to it. NULL after a finding. */
static const char *map_value(struct oc_binder *b, const struct oc_option *option,
                             const struct oc_node *node, const struct oc_where *where)
{
    const bool refers = option->flags & OC_OPT_SENSITIVE && node->type == OC_NODE_STRING &&
                        oc_secret_is_reference(node->string);
    return refers ? oc_bind_secret(b, node, where) : oc_scalar_text(b->arena, node);
}

static void bind_map(struct oc_binder *b, const struct oc_option *option,
                     const struct oc_node *node, const struct oc_where *where, void *slot)
{
    if (node->type != OC_NODE_GROUP) {
        oc_bind_mismatch(b, option, node, where);
        return;
    }
    struct oc_pair *pairs = oc_arena_alloc(b->arena, (node->count + 1) * sizeof *pairs);
    uint64_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        const struct oc_node *child = node->children[i];
        struct oc_where here = {.up = where, .key = child->key};
        if (child->type >= OC_NODE_LIST) {
            struct oc_option text = {.type = OC_OPT_STRING};
            oc_bind_mismatch(b, &text, child, &here);
            continue;
        }
        const char *value = map_value(b, option, child, &here);
        if (value) {
            pairs[count++] =
                (struct oc_pair){.name = oc_arena_strdup(b->arena, child->key), .value = value};
        }
    }
    memcpy(slot, &(struct oc_list){.items = pairs, .count = count}, sizeof(struct oc_list));
}

static void bind_groups(struct oc_binder *b, const struct oc_option *option,
                        const struct oc_node *node, const struct oc_where *where, void *slot)
{
    const struct oc_node *list = want_list(b, option, node, where);
    if (!list) {
        return;
    }
    size_t size = option->item_size;
    char *items = oc_arena_alloc(b->arena, (list->count ? list->count : 1) * size);
    uint64_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct oc_where here = {.up = where, .index = i};
        if (list->children[i]->type != OC_NODE_GROUP) {
            struct oc_option group = {.type = OC_OPT_GROUP};
            oc_bind_mismatch(b, &group, list->children[i], &here);
            continue;
        }
        bind_table(b, option->options, list->children[i], &here, NULL, items + count++ * size, size,
                   true);
    }
    memcpy(slot, &(struct oc_list){.items = items, .count = count}, sizeof(struct oc_list));
}

/* ---- one option ---- */

static void bind_value(struct oc_binder *b, const struct oc_option *option,
                       const struct oc_node *node, const struct oc_where *where, void *slot)
{
    switch (option->type) {
    case OC_OPT_STRINGS:
    case OC_OPT_INTS:
        bind_list(b, option, node, where, slot);
        break;
    case OC_OPT_MAP:
        bind_map(b, option, node, where, slot);
        break;
    case OC_OPT_GROUPS:
        bind_groups(b, option, node, where, slot);
        break;
    default:
        oc_bind_scalar(b, option, node, where, slot);
        break;
    }
}

/* Its value may borrow from the node. */
static bool is_list(const struct oc_option *option)
{
    return option->type == OC_OPT_STRINGS || option->type == OC_OPT_INTS ||
           option->type == OC_OPT_MAP || option->type == OC_OPT_GROUPS;
}

static void bind_default(struct oc_binder *b, const struct oc_option *option,
                         const struct oc_node *group, const struct oc_where *where, void *slot)
{
    struct oc_parse_from from = {.file = "built in",
                                 .dir = group ? group->dir : NULL,
                                 .layer = OC_LAYER_FLAG, /* read as loosely as a flag */
                                 .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;
    /* Free text is its own value: "[]" is two characters there, not an empty list. */
    struct oc_node text = {.type = OC_NODE_STRING,
                           .key = option->name,
                           .string = option->default_text,
                           .file = from.file,
                           .dir = from.dir,
                           .layer = from.layer};
    struct oc_arena scratch = {0};
    const struct oc_node *node = &text;

    if (option->type != OC_OPT_STRING || *option->default_text == '"') {
        node = oc_config_value(is_list(option) ? b->arena : &scratch, option->name,
                               option->default_text, &from, &err);
    }
    if (node && !is_list(option)) { /* what a finding may keep of it is not of the scratch memory */
        text = *node;
        text.key = option->name;
        text.file = from.file;
        text.dir = from.dir;
        node = &text;
    }
    const bool was_default = b->default_list;
    b->default_list = is_list(option);
    if (node) {
        bind_value(b, option, node, where, slot);
    } else {
        oc_binder_fail(b, where, NULL, "", "the default does not parse: %s", err.message);
    }
    b->default_list = was_default;
    oc_arena_finish(&scratch);
}

/* GROUP: a group that is not there has its defaults and asks for nothing. */
static void bind_nested(struct oc_binder *b, const struct oc_option *option,
                        const struct oc_node *node, const struct oc_where *where, void *slot,
                        size_t room)
{
    if (node && node->type != OC_NODE_GROUP) {
        oc_bind_mismatch(b, option, node, where);
        node = NULL;
    }
    bind_table(b, option->options, node, where, NULL, slot, room, node != NULL);
}

static void report_missing(struct oc_binder *b, const struct oc_option *option,
                           const struct oc_node *group, const struct oc_where *where)
{
    char *hint = oc_asprintf("Add `%s` (%s)%s%s.", option->name, oc_option_type_name(option->type),
                             option->help ? ": " : "", option->help ? option->help : "");
    oc_binder_fail(b, where, group, hint, "this key is required");
    free(hint);
}

static const struct oc_node *member(const struct oc_node *group, const char *key)
{
    for (size_t i = 0; group && i < group->count; i++) {
        if (!strcmp(group->children[i]->key, key)) {
            return group->children[i];
        }
    }
    return NULL;
}

static void bind_option(struct oc_binder *b, const struct oc_option *option,
                        const struct oc_node *group, const struct oc_where *up, void *target,
                        size_t size, bool required)
{
    const struct oc_node *node = member(group, option->name);
    struct oc_where where = {.up = up, .key = option->name};
    size_t width = oc_option_size(option->type);

    if (width == 0 || option->offset > size || size - option->offset < width) {
        oc_binder_fail(b, &where, node, "", "the option table of the program is wrong here");
        return;
    }
    void *slot = (char *)target + option->offset;
    if (!node && required && option->flags & OC_OPT_REQUIRED) {
        report_missing(b, option, group, &where);
    }
    if (option->type == OC_OPT_GROUP) {
        bind_nested(b, option, node, &where, slot, size - option->offset);
        return;
    }
    memset(slot, 0, width); /* it may be bound again, and the arena of before be gone */
    if (option->default_text) {
        bind_default(b, option, group, &where, slot);
    }
    if (node) {
        bind_value(b, option, node, &where, slot);
    }
}

/* ---- tables ---- */

static bool is_ignored(const char *const *ignore, const char *key)
{
    while (ignore && *ignore && strcmp(*ignore, "*") != 0 && strcmp(*ignore, key) != 0) {
        ignore++;
    }
    return ignore && *ignore;
}

struct names {
    OC_VEC(const char *) list;
};

static void known_names(const struct oc_binder *b, const struct oc_option *table,
                        const char *const *ignore, struct names *names)
{
    const struct oc_option *option;
    for (size_t i = 0; (option = oc_option_at(table, b->stride, i))->name; i++) {
        OC_VEC_PUSH(&names->list, option->name);
    }
    for (; ignore && *ignore; ignore++) {
        OC_VEC_PUSH(&names->list, *ignore);
    }
}

static void report_unknown(struct oc_binder *b, const struct oc_option *table,
                           const char *const *ignore, const struct oc_node *node,
                           const struct oc_where *where)
{
    struct names names = {0};
    struct oc_buf hint = {0};

    known_names(b, table, ignore, &names);
    const char *near = oc_nearest(node->key, names.list.items, names.list.count);
    if (near) {
        oc_buf_addf(&hint, "Did you mean `%s`?", near);
    } else {
        oc_buf_adds(&hint, "Known here: ");
        for (size_t i = 0; i < names.list.count; i++) {
            oc_buf_addf(&hint, "%s%s", i ? ", " : "", names.list.items[i]);
        }
        oc_buf_adds(&hint, names.list.count ? "." : "nothing.");
    }
    oc_binder_fail(b, where, node, hint.data, "unknown key");
    oc_buf_finish(&hint);
    OC_VEC_FINISH(&names.list);
}

static void check_unknown(struct oc_binder *b, const struct oc_option *table,
                          const struct oc_node *group, const struct oc_where *where,
                          const char *const *ignore)
{
    for (size_t i = 0; group && i < group->count; i++) {
        const struct oc_node *child = group->children[i];
        struct oc_where here = {.up = where, .key = child->key};
        if (!oc_option_find(table, b->stride, child->key) && !is_ignored(ignore, child->key)) {
            report_unknown(b, table, ignore, child, &here);
        }
    }
}

static void bind_table(struct oc_binder *b, const struct oc_option *table,
                       const struct oc_node *group, const struct oc_where *where,
                       const char *const *ignore, void *target, size_t size, bool required)
{
    const struct oc_option *option;

    if (!table || b->depth == OC_BIND_MAX_DEPTH) {
        oc_binder_fail(b, where, group, "", "the option table of the program is wrong here");
        return;
    }
    b->depth++;
    for (size_t i = 0; (option = oc_option_at(table, b->stride, i))->name; i++) {
        bind_option(b, option, group, where, target, size, required);
    }
    check_unknown(b, table, group, where, ignore);
    b->depth--;
}

static size_t bind_all(struct oc_binder *b, const struct oc_option *table,
                       const struct oc_node *group, const char *path, const char *const *ignore,
                       void *target, size_t size)
{
    struct oc_where root = {.key = path};
    size_t before = oc_diags_errors(b->diags);

    if (group && group->type != OC_NODE_GROUP) {
        struct oc_option wanted = {.type = OC_OPT_GROUP};
        oc_bind_mismatch(b, &wanted, group, &root);
        group = NULL;
    }
    bind_table(b, table, group, path && *path ? &root : NULL, ignore, target, size, true);
    return oc_diags_errors(b->diags) - before;
}

size_t oc_bind(const struct oc_option *table, size_t stride, const struct oc_node *group,
               const char *path, const char *const *ignore, void *target, size_t target_size,
               struct oc_arena *arena, struct oc_diags *diags)
{
    struct oc_binder b = {.stride = stride, .arena = arena, .diags = diags};
    return bind_all(&b, table, group, path, ignore, target, target_size);
}

int oc_bind_json(const struct oc_option *table, const json_t *object, void *target,
                 size_t target_size, struct oc_arena *arena, struct oc_error *err)
{
    return oc_bind_json_at(table, sizeof *table, object, target, target_size, arena, err);
}

/* A text that holds a JSON object (choices "json") may be given as the object itself. A new reference. */
static json_t *with_texts(const struct oc_option *table, size_t stride, const json_t *object)
{
    json_t *given = (json_t *)(uintptr_t)object, *own = NULL;
    const struct oc_option *option;

    for (size_t i = 0; table && (option = oc_option_at(table, stride, i))->name; i++) {
        const json_t *value = json_object_get(object, option->name);
        if (oc_option_is_json(option) && json_is_object(value)) {
            char *text = oc_json_text(value);
            own = own ? own : json_copy(given);
            json_object_set_new(own, option->name, json_string(text));
            free(text);
        }
    }
    return own ? own : json_incref(given);
}

int oc_bind_json_at(const struct oc_option *table, size_t stride, const json_t *object,
                    void *target, size_t target_size, struct oc_arena *arena, struct oc_error *err)
{
    struct oc_diags diags = {0};
    struct oc_binder b = {.stride = stride, .arena = arena, .diags = &diags, .plain_secrets = true};
    json_t *given = object ? with_texts(table, stride, object) : NULL;
    struct oc_node *group = given ? oc_node_from_json(given, NULL) : NULL;
    int rc = 0;

    bind_all(&b, table, group, "", NULL, target, target_size);
    json_decref(given);
    for (size_t i = 0; !rc && i < diags.list.count; i++) {
        const struct oc_diag *diag = &diags.list.items[i];
        if (!diag->warning) {
            rc = oc_error_set(err, OC_E_CONFIG, "%s%s%s", diag->key, *diag->key ? ": " : "",
                              diag->message);
            oc_error_hint(err, "%s", diag->hint);
        }
    }
    oc_node_free(group);
    oc_diags_finish(&diags);
    return rc;
}
