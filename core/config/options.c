/* Option tables: reading them across versions, and checking them. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/binder.h"

#define MAX_OPTIONS 256 /* of one table: an unterminated one must not run away */

const struct oc_option *oc_option_at(const struct oc_option *table, size_t stride, size_t i)
{
    return (const struct oc_option *)(const void *)((const char *)table + i * stride);
}

const struct oc_option *oc_option_find(const struct oc_option *table, size_t stride,
                                       const char *name)
{
    const struct oc_option *option;
    for (size_t i = 0; (option = oc_option_at(table, stride, i))->name; i++) {
        if (!strcmp(option->name, name)) {
            return option;
        }
    }
    return NULL;
}

bool oc_option_is_json(const struct oc_option *option)
{
    return option->type == OC_OPT_STRING && option->choices && !strcmp(option->choices, "json");
}

const char *oc_option_type_name(uint32_t type)
{
    static const char *const names[] = {
        [OC_OPT_BOOL] = "boolean",      [OC_OPT_INT] = "integer",     [OC_OPT_FLOAT] = "number",
        [OC_OPT_DURATION] = "duration", [OC_OPT_SIZE] = "size",       [OC_OPT_STRING] = "string",
        [OC_OPT_SECRET] = "secret",     [OC_OPT_ENUM] = "choice",     [OC_OPT_PATH] = "path",
        [OC_OPT_URL] = "url",           [OC_OPT_STRINGS] = "strings", [OC_OPT_INTS] = "integers",
        [OC_OPT_MAP] = "map",           [OC_OPT_GROUP] = "group",     [OC_OPT_GROUPS] = "groups",
    };
    return type >= OC_OPT_BOOL && type < OC_COUNT(names) ? names[type] : "unknown";
}

struct checker {
    size_t stride;
    struct oc_error *err;
    int depth;
};

static int check_table(struct checker *c, const struct oc_option *table, size_t size);

static bool name_valid(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return *name >= 'a' && *name <= 'z' && !name[len] && len <= 64;
}

static size_t alignment(uint32_t type)
{
    switch (type) {
    case OC_OPT_BOOL:
    case OC_OPT_ENUM:
        return _Alignof(int32_t);
    case OC_OPT_GROUP:
        return 1; /* its members are checked one by one */
    case OC_OPT_FLOAT:
        return _Alignof(double);
    case OC_OPT_INT:
    case OC_OPT_DURATION:
    case OC_OPT_SIZE:
        return _Alignof(int64_t);
    default:
        return _Alignof(struct oc_list);
    }
}

static int wrong(const struct checker *c, const struct oc_option *option, const char *what)
{
    return oc_error_set(c->err, OC_E_INTERNAL, "option %s: %s", option->name, what);
}

static int check_default(const struct checker *c, const struct oc_option *option)
{
    struct oc_option alone[2] = {*option, {0}};
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    union {
        struct oc_list list;
        int64_t integer;
    } target = {{0}};
    int rc = 0;

    alone[0].offset = 0;
    alone[0].flags = 0;
    if (oc_bind(alone, sizeof alone[0], NULL, "", NULL, &target, sizeof target, &arena, &diags)) {
        rc = oc_error_set(c->err, OC_E_INTERNAL, "option %s: default: %s", option->name,
                          diags.list.items[0].message);
    }
    oc_arena_wipe(&arena); /* a secret is resolved in it */
    oc_diags_finish(&diags);
    return rc;
}

static int check_place(const struct checker *c, const struct oc_option *option, size_t size)
{
    size_t width = oc_option_size(option->type);
    if (width == 0) {
        return wrong(c, option, "unknown type");
    }
    if (option->offset > size || size - option->offset < width) {
        return wrong(c, option, "lies outside the struct");
    }
    return option->offset % alignment(option->type) ? wrong(c, option, "is not aligned") : 0;
}

/* What the type needs beside a place. */
static int check_kind(struct checker *c, const struct oc_option *option, size_t size)
{
    bool list = option->type == OC_OPT_GROUPS;

    if (option->type == OC_OPT_ENUM && (!option->choices || !*option->choices)) {
        return wrong(c, option, "a choice without choices");
    }
    if (!isfinite(option->min) || !isfinite(option->max)) {
        return wrong(c, option, "a limit is no number: for none leave it out");
    }
    if (option->default_text && option->flags & OC_OPT_REQUIRED) {
        return wrong(c, option, "is required and has a default");
    }
    if (!list && option->type != OC_OPT_GROUP) {
        return option->default_text ? check_default(c, option) : 0;
    }
    if (!option->options || option->default_text) {
        return wrong(c, option,
                     option->options ? "a group cannot have a default"
                                     : "a group without a table of options");
    }
    if (list && option->item_size == 0) {
        return wrong(c, option, "item_size is 0");
    }
    return check_table(c, option->options, list ? option->item_size : size - option->offset);
}

/* Two options that write to the same bytes: a copied line of the table that was not finished. */
static bool overlap(const struct oc_option *a, const struct oc_option *b)
{
    size_t a_end = a->offset + oc_option_size(a->type), b_end = b->offset + oc_option_size(b->type);
    return a->offset < b_end && b->offset < a_end;
}

static int check_option(struct checker *c, const struct oc_option *table, size_t i, size_t size)
{
    const struct oc_option *option = oc_option_at(table, c->stride, i);

    if (!name_valid(option->name)) {
        return wrong(c, option, "the name is not in snake_case");
    }
    for (size_t j = 0; j < i; j++) {
        const struct oc_option *other = oc_option_at(table, c->stride, j);
        if (!strcmp(other->name, option->name)) {
            return wrong(c, option, "is there twice");
        }
        if (overlap(other, option)) {
            return oc_error_set(c->err, OC_E_INTERNAL, "option %s: writes where %s writes",
                                option->name, other->name);
        }
    }
    int rc = check_place(c, option, size);
    return rc ? rc : check_kind(c, option, size);
}

static int check_table(struct checker *c, const struct oc_option *table, size_t size)
{
    int rc = 0;

    if (c->depth == OC_BIND_MAX_DEPTH) {
        return oc_error_set(c->err, OC_E_INTERNAL, "option tables nest deeper than %d levels",
                            OC_BIND_MAX_DEPTH);
    }
    c->depth++;
    for (size_t i = 0; !rc && oc_option_at(table, c->stride, i)->name; i++) {
        rc = i < MAX_OPTIONS ? check_option(c, table, i, size)
                             : oc_error_set(c->err, OC_E_INTERNAL,
                                            "more than %d options: does the table end with a "
                                            "NULL name?",
                                            MAX_OPTIONS);
    }
    c->depth--;
    return rc;
}

int oc_options_check(const struct oc_option *table, size_t stride, size_t target_size,
                     struct oc_error *err)
{
    struct checker c = {.stride = stride, .err = err};

    if (!table) {
        return 0;
    }
    if (stride < sizeof(struct oc_option) || stride % _Alignof(struct oc_option)) {
        return oc_error_set(err, OC_E_INTERNAL, "the stride of the option table is %zu", stride);
    }
    return check_table(&c, table, target_size);
}
