/* Fuzzes reading, writing, binding and importing a configuration. SPDX-License-Identifier: MIT */
// uses: oc_config
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/config/bind.h"
#include "core/config/dump.h"
#include "core/config/import/import.h"
#include "core/config/locate.h"
#include "core/config/merge.h"
#include "core/config/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
    const char *name, *url;
    struct oc_list codes;
};

struct sample {
    int32_t on, level;
    int64_t count, wait, size;
    double ratio;
    const char *text, *path, *url;
    struct oc_list words, numbers, headers, targets;
    struct target one;
};

static const struct oc_option target_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct target, name)},
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct target, url),
     .choices = "http|https"},
    {.name = "codes",
     .type = OC_OPT_INTS,
     .offset = offsetof(struct target, codes),
     .default_text = "[200]"},
    {0},
};

#define AT(member) .offset = offsetof(struct sample, member)
static const struct oc_option options[] = {
    {.name = "on", .type = OC_OPT_BOOL, AT(on)},
    {.name = "level", .type = OC_OPT_ENUM, AT(level), .choices = "info|warning|critical"},
    {.name = "count", .type = OC_OPT_INT, AT(count), .min = 1, .max = 10},
    {.name = "wait", .type = OC_OPT_DURATION, AT(wait)},
    {.name = "size", .type = OC_OPT_SIZE, AT(size)},
    {.name = "ratio", .type = OC_OPT_FLOAT, AT(ratio)},
    {.name = "text", .type = OC_OPT_STRING, AT(text), .default_text = "x"},
    {.name = "path", .type = OC_OPT_PATH, AT(path)},
    {.name = "url", .type = OC_OPT_URL, AT(url)},
    {.name = "words", .type = OC_OPT_STRINGS, AT(words)},
    {.name = "numbers", .type = OC_OPT_INTS, AT(numbers)},
    {.name = "headers", .type = OC_OPT_MAP, AT(headers)},
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     AT(targets),
     .item_size = sizeof(struct target),
     .options = target_options},
    {.name = "one", .type = OC_OPT_GROUP, AT(one), .options = target_options},
    {0},
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const struct oc_node *parse(struct oc_arena *arena, const char *text, size_t len)
{
    struct oc_parse_from from = {
        .file = "fuzz", .layer = OC_LAYER_FILE, .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;
    return oc_config_parse(arena, text, len, &from, &err);
}

/* What is written parses to the same tree. */
static void check_dump(struct oc_arena *arena, const struct oc_node *root)
{
    struct oc_buf out = {0};
    size_t left_out = oc_config_dump(root, &out);
    const struct oc_node *back = parse(arena, out.data, out.len);

    require(left_out == 0);
    if (back) { /* indentation may make a large file too large */
        json_t *before = oc_node_json(root), *after = oc_node_json(back);
        require(json_equal(before, after));
        json_decref(before);
        json_decref(after);
    } else {
        require(out.len > OC_CONFIG_MAX_BYTES);
    }
    oc_buf_finish(&out);
}

/* Every key of the root is where the tree says it is. */
static void check_places(const struct oc_node *root, const char *text, size_t len)
{
    struct oc_place place;
    for (size_t i = 0; i < root->count && i < 20; i++) {
        require(oc_locate(text, len, root->children[i]->key, &place) && place.found);
        require(place.start < place.value_start && place.value_start < place.value_end &&
                place.value_end <= place.end && place.end <= len);
    }
    require(oc_locate(text, len, "not-there-at-all", &place) && !place.found && place.end <= len);
}

static void check_bind(struct oc_arena *arena, const struct oc_node *root)
{
    struct oc_diags diags = {0};
    struct sample sample = {0};

    size_t errors =
        oc_bind(options, sizeof options[0], root, "x", NULL, &sample, sizeof sample, arena, &diags);
    require(errors == oc_diags_errors(&diags));
    require(sample.level >= 0 && sample.level <= 2 && sample.wait >= 0 && sample.size >= 0);
    oc_diags_finish(&diags);
}

static void check_merge(struct oc_arena *arena, const struct oc_node *root)
{
    struct oc_diags diags = {0};
    const struct oc_node *once = oc_merge(arena, NULL, root, &diags);
    require(once->count == root->count);
    require(oc_merge(arena, once, root, &diags)->count == root->count);
    oc_diags_finish(&diags);
}

static void check_import(const char *text, size_t len)
{
    struct oc_arena arena = {0};
    struct oc_buf out = {0};
    struct oc_diags diags = {0};
    struct oc_error err;
    json_t *report = oc_import_text("fuzz", text, len, &out, &diags, &err);

    require(!report || out.len > OC_CONFIG_MAX_BYTES / 2 || parse(&arena, out.data, out.len));
    json_decref(report);
    oc_diags_finish(&diags);
    oc_buf_finish(&out);
    oc_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_arena arena = {0};
    char *text = oc_strndup((const char *)data, size);
    const struct oc_node *root = parse(&arena, text, size);

    if (root) {
        check_dump(&arena, root);
        check_places(root, text, size);
        check_bind(&arena, root);
        check_merge(&arena, root);
    }
    check_import(text, size);
    free(text);
    oc_arena_finish(&arena);
    return 0;
}
