/* Trees from text, by way of libconfig. SPDX-License-Identifier: MIT */
#include "core/config/parse.h"

#include <libconfig.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/dump.h"
#include "core/config/source.h"
#include "core/sys/file.h"

struct builder {
    struct oc_arena *arena;
    const struct oc_source *source;
    enum oc_layer layer;
};

static const char *clean_string(struct oc_arena *arena, const char *s)
{
    size_t len = strlen(s);
    if (oc_utf8_valid(s, len)) {
        return oc_arena_strndup(arena, s, len);
    }
    char *clean = oc_utf8_clean(s, len);
    const char *kept = oc_arena_strdup(arena, clean);
    free(clean);
    return kept;
}

static struct oc_node *build(const struct builder *b, const config_setting_t *setting);

static void build_children(const struct builder *b, struct oc_node *node,
                           const config_setting_t *setting)
{
    int count = config_setting_length(setting);

    node->children = oc_arena_alloc(b->arena, (size_t)count * sizeof(struct oc_node *));
    for (int i = 0; i < count; i++) {
        node->children[i] = build(b, config_setting_get_elem(setting, (unsigned)i));
    }
    node->count = (size_t)count;
}

static struct oc_node *build(const struct builder *b, const config_setting_t *setting)
{
    struct oc_node *node = oc_arena_alloc(b->arena, sizeof *node);
    const char *name = config_setting_name(setting);
    struct oc_source_run place = oc_source_at(b->source, (int)config_setting_source_line(setting));

    node->key = name ? oc_arena_strdup(b->arena, name) : NULL;
    node->file = place.file;
    node->dir = place.dir;
    node->line = place.line;
    node->layer = b->layer;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        node->type = OC_NODE_BOOL;
        node->boolean = config_setting_get_bool(setting);
        break;
    case CONFIG_TYPE_INT:
        node->type = OC_NODE_INT;
        node->integer = config_setting_get_int(setting);
        break;
    case CONFIG_TYPE_INT64:
        node->type = OC_NODE_INT;
        node->integer = config_setting_get_int64(setting);
        break;
    case CONFIG_TYPE_FLOAT:
        node->type = OC_NODE_FLOAT;
        node->number = config_setting_get_float(setting);
        break;
    case CONFIG_TYPE_STRING:
        node->type = OC_NODE_STRING;
        node->string = clean_string(b->arena, config_setting_get_string(setting));
        break;
    default: /* a group, or a list: arrays have been turned into lists */
        node->type = config_setting_is_group(setting) ? OC_NODE_GROUP : OC_NODE_LIST;
        build_children(b, node, setting);
        break;
    }
    return node;
}

static int parse_fail(const struct oc_source *source, const config_t *config, struct oc_error *err)
{
    struct oc_source_run place = oc_source_at(source, config_error_line(config));
    const char *what = config_error_text(config);

    if (!strcmp(what, "duplicate setting name")) {
        what = "this name is already set in the same group";
    }
    return oc_error_set(err, OC_E_CONFIG, "%s:%d: %s", place.file, place.line, what);
}

struct oc_node *oc_config_parse(struct oc_arena *arena, const char *text, size_t len,
                                const struct oc_parse_from *from, struct oc_error *err)
{
    struct oc_source source;
    struct oc_node *root = NULL;
    config_t config;

    config_init(&config);
    if (oc_source_init(&source, arena, text, len, from, err)) {
        goto out;
    }
    if (!config_read_string(&config, source.text.data)) {
        parse_fail(&source, &config, err);
        goto out;
    }
    struct builder b = {.arena = arena, .source = &source, .layer = from->layer};
    root = build(&b, config_root_setting(&config));
    root->line = 0;
out:
    config_destroy(&config);
    oc_source_finish(&source);
    return root;
}

struct oc_node *oc_config_parse_file(struct oc_arena *arena, const char *file, enum oc_layer layer,
                                     struct oc_error *err)
{
    struct oc_buf text = {0};
    struct oc_node *root = NULL;
    char *dir = oc_path_dir(file);
    struct oc_parse_from from = {.file = file, .dir = dir, .layer = layer};

    if (!oc_file_read(file, OC_CONFIG_MAX_BYTES, &text, err)) {
        root = oc_config_parse(arena, text.data ? text.data : "", text.len, &from, err);
    }
    free(dir);
    oc_buf_finish(&text);
    return root;
}

/* ---- single values ---- */

static struct oc_node *parse_value(struct oc_arena *arena, const char *text,
                                   const struct oc_parse_from *from, struct oc_error *err)
{
    char *setting = oc_asprintf("value = %s", text);
    struct oc_node *root = oc_config_parse(arena, setting, strlen(setting), from, err);

    free(setting);
    if (root && root->count != 1) {
        oc_error_set(err, OC_E_CONFIG, "%s:1: expected one value", from->file);
        return NULL;
    }
    return root ? root->children[0] : NULL;
}

/* A number counts only when printing it gives the text back: "007" and "1.50" stay strings, so
 * nothing is lost when a string is wanted after all. */
static bool read_number(const char *text, struct oc_node *node)
{
    char back[OC_NUMBER_TEXT], *end;

    if (!strchr("-0123456789", text[0])) {
        return false;
    }
    node->type = OC_NODE_INT;
    node->integer = strtoll(text, &end, 10);
    snprintf(back, sizeof back, "%lld", (long long)node->integer);
    if (!*end && !strcmp(back, text)) {
        return true;
    }
    node->type = OC_NODE_FLOAT;
    node->number = strtod(text, &end);
    return !*end && isfinite(node->number) && !strcmp(oc_number_text(node->number, back), text);
}

struct oc_node *oc_config_value(struct oc_arena *arena, const char *key, const char *text,
                                const struct oc_parse_from *from, struct oc_error *err)
{
    struct oc_node *node;

    if (text[0] && strchr("\"({[", text[0])) {
        node = parse_value(arena, text, from, err);
    } else {
        node = oc_arena_alloc(arena, sizeof *node);
        if (!strcmp(text, "true") || !strcmp(text, "false")) {
            node->type = OC_NODE_BOOL;
            node->boolean = text[0] == 't';
        } else if (!read_number(text, node)) {
            node->type = OC_NODE_STRING;
            node->string = clean_string(arena, text);
        }
    }
    if (node) {
        node->key = key ? oc_arena_strdup(arena, key) : NULL;
        node->file = oc_arena_strdup(arena, from->file);
        node->dir = from->dir ? oc_arena_strdup(arena, from->dir) : NULL;
        node->line = 0;
        node->layer = from->layer;
    }
    return node;
}
