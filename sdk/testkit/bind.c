/* Options from JSON into the instance, by the plugin's own table. SPDX-License-Identifier: MIT */
#include "kit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct binder {
    size_t stride;
    struct kit_list *memory;
    struct oc_error *err;
};

static int32_t bind_table(struct binder *b, const struct oc_option *table, const json_t *group,
                          char *base, const char *path);

static const struct oc_option *option_at(const struct binder *b, const struct oc_option *table,
                                         size_t i)
{
    return (const struct oc_option *)(const void *)((const char *)table + i * b->stride);
}

static char *keep_text(struct binder *b, const char *text)
{
    return kit_keep(b->memory, kit_format("%s", text));
}

static int32_t wrong(struct binder *b, const char *path, const char *expected, const char *got)
{
    return kit_fail(b->err, OC_E_CONFIG, "%s: expected %s, got %s", path, expected, got);
}

/* "1h30m": a sum of numbers with units; the factor of each unit comes from `units`. */
struct unit {
    const char *name;
    int64_t factor;
};

static bool parse_units(const char *text, const struct unit *units, bool bare, int64_t *sum)
{
    *sum = 0;
    if (strcmp(text, "0") == 0) {
        return true;
    }
    const char *at = text;
    do {
        char *end;
        errno = 0;
        const double n = strtod(at, &end);
        if (end == at || errno || n < 0 || n > 1e15) {
            return false;
        }
        const size_t len = strspn(end, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        const struct unit *u = units;
        while (u->name && (strlen(u->name) != len || strncmp(u->name, end, len) != 0)) {
            u++;
        }
        if (!u->name && !(bare && len == 0)) {
            return false;
        }
        *sum += (int64_t)(n * (double)(u->name ? u->factor : 1));
        at = end + len;
    } while (*at);
    return true;
}

static bool parse_duration(const char *text, int64_t *ms)
{
    static const struct unit units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
    return parse_units(text, units, false, ms);
}

static bool parse_size(const char *text, int64_t *bytes)
{
    static const struct unit units[] = {{"B", 1},        {"KB", 1 << 10},          {"MB", 1 << 20},
                                        {"GB", 1 << 30}, {"TB", INT64_C(1) << 40}, {NULL, 0}};
    return parse_units(text, units, true, bytes);
}

static bool parse_int(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return !errno && end != text && !*end;
}

/* The rule of plugin.h: 0, 0 is no limit at all, and a `max` below `min` is no upper one. */
static int32_t check_limits(struct binder *b, const struct oc_option *o, double value,
                            const char *path)
{
    const bool limited = o->min < 0 || o->min > 0 || o->max < 0 || o->max > 0;
    const bool has_max = limited && o->max >= o->min;
    if (!isfinite(value) || (has_max && (value < o->min || value > o->max))) {
        return kit_fail(b->err, OC_E_CONFIG, "%s: %g is not between %g and %g", path, value, o->min,
                        o->max);
    }
    if (limited && value < o->min) {
        return kit_fail(b->err, OC_E_CONFIG, "%s: %g is less than %g", path, value, o->min);
    }
    return OC_OK;
}

static int32_t bind_whole(struct binder *b, const struct oc_option *o, const char *text, char *at,
                          const char *path)
{
    int64_t value;
    const bool ok = o->type == OC_OPT_DURATION ? parse_duration(text, &value)
                    : o->type == OC_OPT_SIZE   ? parse_size(text, &value)
                                               : parse_int(text, &value);
    if (!ok) {
        return wrong(b, path,
                     o->type == OC_OPT_DURATION ? "a duration such as \"10s\""
                     : o->type == OC_OPT_SIZE   ? "a size such as \"64KB\""
                                                : "a whole number",
                     text);
    }
    memcpy(at, &value, sizeof value);
    return check_limits(b, o, (double)value, path);
}

/* The place of `text` among the words of "a|b|c", -1 when it is not there. */
static int32_t choice_index(const char *choices, const char *text, size_t len)
{
    int32_t index = 0;
    for (const char *at = choices; at; index++) {
        const size_t word = strcspn(at, "|");
        if (word == len && strncmp(at, text, len) == 0) {
            return index;
        }
        at = at[word] ? at + word + 1 : NULL;
    }
    return -1;
}

static int32_t bind_string(struct binder *b, const struct oc_option *o, const char *text, char *at,
                           const char *path)
{
    char *kept;
    if (o->type == OC_OPT_SECRET) {
        char *secret = kit_secret(path, text, b->err);
        if (!secret) {
            return b->err->code;
        }
        kept = kit_keep(b->memory, secret);
    } else if (o->type == OC_OPT_PATH && text[0] != '/') {
        char *cwd = realpath(".", NULL);
        kept = kit_keep(b->memory, kit_format("%s/%s", cwd ? cwd : "", text));
        free(cwd);
    } else {
        kept = keep_text(b, text);
    }
    const char *scheme_end = strstr(kept, "://");
    if (o->type == OC_OPT_URL &&
        (!scheme_end ||
         (o->choices && choice_index(o->choices, kept, (size_t)(scheme_end - kept)) < 0))) {
        return wrong(b, path, o->choices ? o->choices : "a URL", text);
    }
    memcpy(at, &kept, sizeof kept);
    return OC_OK;
}

static int32_t bind_text(struct binder *b, const struct oc_option *o, const char *text, char *at,
                         const char *path)
{
    if (o->type == OC_OPT_BOOL || o->type == OC_OPT_ENUM) {
        const char *choices = o->type == OC_OPT_BOOL ? "false|true" : o->choices;
        const int32_t value = choice_index(choices, text, strlen(text));
        memcpy(at, &value, sizeof value);
        return value < 0 ? wrong(b, path, choices, text) : OC_OK;
    }
    if (o->type == OC_OPT_FLOAT) {
        char *end;
        const double value = strtod(text, &end);
        memcpy(at, &value, sizeof value);
        return end == text || *end ? wrong(b, path, "a number", text)
                                   : check_limits(b, o, value, path);
    }
    if (o->type == OC_OPT_INT || o->type == OC_OPT_DURATION || o->type == OC_OPT_SIZE) {
        return bind_whole(b, o, text, at, path);
    }
    return bind_string(b, o, text, at, path);
}

static int32_t bind_scalar(struct binder *b, const struct oc_option *o, const json_t *value,
                           char *at, const char *path)
{
    if (json_is_string(value)) {
        return bind_text(b, o, json_string_value(value), at, path);
    }
    const bool number = o->type == OC_OPT_INT || o->type == OC_OPT_FLOAT || o->type == OC_OPT_SIZE;
    const bool fits = (json_is_boolean(value) && o->type == OC_OPT_BOOL) ||
                      (json_is_integer(value) && number) ||
                      (json_is_real(value) && o->type == OC_OPT_FLOAT);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    const int32_t code =
        fits ? bind_text(b, o, text, at, path) : wrong(b, path, "another type", text);
    free(text);
    return code;
}

static int32_t bind_pairs(struct binder *b, const struct oc_option *o, const json_t *value,
                          char *at, const char *path)
{
    if (!json_is_object(value)) {
        return wrong(b, path, "an object of texts", "something else");
    }
    const size_t count = json_object_size(value);
    struct oc_pair *pairs = kit_keep(b->memory, kit_alloc((count + 1) * sizeof *pairs));
    const struct oc_list list = {pairs, count};
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (!json_is_string(item)) {
            return wrong(b, path, "an object of texts", key);
        }
        const char *text = json_string_value(item);
        char *secret = o->flags & OC_OPT_SENSITIVE ? kit_secret(path, text, b->err) : NULL;
        if (o->flags & OC_OPT_SENSITIVE && !secret) {
            return b->err->code;
        }
        pairs->name = keep_text(b, key);
        pairs->value = secret ? kit_keep(b->memory, secret) : keep_text(b, text);
        pairs++;
    }
    memcpy(at, &list, sizeof list);
    return OC_OK;
}

static int32_t bind_list(struct binder *b, const struct oc_option *o, const json_t *value, char *at,
                         const char *path)
{
    if (!json_is_array(value)) {
        return wrong(b, path, "a list", "something else");
    }
    const bool groups = o->type == OC_OPT_GROUPS;
    const struct oc_option item = {
        .type = o->type == OC_OPT_INTS ? OC_OPT_INT : OC_OPT_STRING, .min = o->min, .max = o->max};
    const size_t size = groups ? o->item_size : 8;
    const struct oc_list list = {
        kit_keep(b->memory, kit_alloc((json_array_size(value) + 1) * size)),
        json_array_size(value)};
    memcpy(at, &list, sizeof list);
    char *to = (char *)(uintptr_t)list.items;
    for (size_t i = 0; i < list.count; i++, to += size) {
        const json_t *element = json_array_get(value, i);
        char *where = kit_format("%s[%zu]", path, i);
        const int32_t code = groups ? bind_table(b, o->options, element, to, where)
                                    : bind_scalar(b, &item, element, to, where);
        free(where);
        if (code) {
            return code;
        }
    }
    return OC_OK;
}

static int32_t bind_value(struct binder *b, const struct oc_option *o, const json_t *value,
                          char *at, const char *path)
{
    switch (o->type) {
    case OC_OPT_STRINGS:
    case OC_OPT_INTS:
    case OC_OPT_GROUPS:
        return bind_list(b, o, value, at, path);
    case OC_OPT_MAP:
        return bind_pairs(b, o, value, at, path);
    case OC_OPT_GROUP:
        return bind_table(b, o->options, value, at, path);
    default:
        return bind_scalar(b, o, value, at, path);
    }
}

static bool is_composite(uint32_t type)
{
    return type >= OC_OPT_STRINGS;
}

/* A list, map or group that is given as text is JSON, or a list of words with commas. */
static json_t *composite_from_text(const struct oc_option *o, const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    if (value || o->type == OC_OPT_MAP || o->type == OC_OPT_GROUP || o->type == OC_OPT_GROUPS) {
        return value;
    }
    value = json_array();
    char *copy = kit_format("%s", text);
    char *rest = NULL;
    for (char *word = strtok_r(copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        json_array_append_new(value, json_string(word));
    }
    free(copy);
    return value;
}

static int32_t bind_option(struct binder *b, const struct oc_option *o, const json_t *group,
                           char *base, const char *path)
{
    const json_t *given = json_object_get(group, o->name);
    const char *text = json_is_string(given) ? json_string_value(given) : o->default_text;
    if (given && !json_is_string(given)) {
        return bind_value(b, o, given, base + o->offset, path);
    }
    if (!given && (o->flags & OC_OPT_REQUIRED)) {
        return kit_fail(b->err, OC_E_CONFIG, "%s: required and missing", path);
    }
    if (!text) {
        return o->type == OC_OPT_GROUP ? bind_table(b, o->options, NULL, base + o->offset, path)
                                       : OC_OK;
    }
    if (!is_composite(o->type)) {
        return bind_text(b, o, text, base + o->offset, path);
    }
    json_t *value = composite_from_text(o, text);
    const int32_t code = bind_value(b, o, value, base + o->offset, path);
    json_decref(value);
    return code;
}

static int32_t check_known(struct binder *b, const struct oc_option *table, const json_t *group,
                           const char *path)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)group, key, value)
    {
        size_t i = 0;
        while (table && option_at(b, table, i)->name &&
               strcmp(option_at(b, table, i)->name, key) != 0) {
            i++;
        }
        if (!table || !option_at(b, table, i)->name) {
            return kit_fail(b->err, OC_E_CONFIG, "%s%s%s: unknown option", path, *path ? "." : "",
                            key);
        }
    }
    return OC_OK;
}

static int32_t bind_table(struct binder *b, const struct oc_option *table, const json_t *group,
                          char *base, const char *path)
{
    if (group && !json_is_object(group)) {
        return wrong(b, path, "a group", "something else");
    }
    int32_t code = check_known(b, table, group, path);
    for (size_t i = 0; table && option_at(b, table, i)->name && !code; i++) {
        const struct oc_option *o = option_at(b, table, i);
        char *where = kit_format("%s%s%s", path, *path ? "." : "", o->name);
        code = bind_option(b, o, group, base, where);
        free(where);
    }
    return code;
}

int32_t kit_bind(const struct oc_plugin_entry *entry, const json_t *config, void *self,
                 struct kit_list *memory, struct oc_error *err)
{
    struct binder b = {entry->option_size, memory, err};
    return bind_table(&b, entry->options, config, self, "");
}
