/* Merging groups by key and lists by name. SPDX-License-Identifier: MIT */
#include "core/config/merge.h"

#include <string.h>

#include "core/base/map.h"
#include "core/config/parse.h"
#include "core/config/path.h"

struct merger {
    struct oc_arena *arena;
    struct oc_diags *diags;
    const struct oc_node
        *built_in; /* the whole of that layer, among others or alone; may be NULL */
};

static const struct oc_node *merge(const struct merger *m, const struct oc_node *low,
                                   const struct oc_node *high, const char *path);

/* A copy of `like` with room for `cap` children and none in it. */
static struct oc_node *container(const struct merger *m, const struct oc_node *like, size_t cap)
{
    struct oc_node *node = oc_arena_alloc(m->arena, sizeof *node);
    *node = *like;
    node->children = oc_arena_alloc(m->arena, (cap ? cap : 1) * sizeof(struct oc_node *));
    node->count = 0;
    return node;
}

static void append(struct oc_node *node, const struct oc_node *child)
{
    node->children[node->count++] = (struct oc_node *)child;
}

static ptrdiff_t find_key(const struct oc_node *group, const char *key)
{
    struct oc_step step = {.name = key, .len = strlen(key)};
    return group ? oc_step_find(group, &step) : -1;
}

static const struct oc_node *merge_groups(const struct merger *m, const struct oc_node *low,
                                          const struct oc_node *high, const char *path)
{
    struct oc_node *out = container(m, high, (low ? low->count : 0) + high->count);

    for (size_t i = 0; low && i < low->count; i++) {
        append(out, low->children[i]);
    }
    for (size_t i = 0; i < high->count; i++) {
        const struct oc_node *child = high->children[i];
        ptrdiff_t at = find_key(low, child->key);
        char *below = oc_asprintf("%s%s%s", path, *path ? "." : "", child->key);
        const struct oc_node *merged = merge(m, at < 0 ? NULL : low->children[at], child, below);
        free(below);
        if (at < 0) {
            append(out, merged);
        } else {
            out->children[at] = (struct oc_node *)merged;
        }
    }
    return out;
}

/* An item that names another plugin is another thing: keys of the old one would mean nothing to it.
 */
static bool same_plugin(const struct oc_node *low, const struct oc_node *high)
{
    const char *a = oc_node_string(low, "plugin"), *b = oc_node_string(high, "plugin");
    return !a || !b || !strcmp(a, b);
}

static void report_twin(const struct merger *m, const struct oc_node *item, const char *path,
                        size_t i, const char *identity, const struct oc_node *first)
{
    char *key = oc_asprintf("%s[%zu]", path, i);
    char *hint = oc_asprintf("Give each a name of its own, such as name = \"%s-2\".", identity);
    oc_diags_add(m->diags, false, item, key, hint, "the name \"%s\" is taken by the one of line %d",
                 identity, first->line);
    free(key);
    free(hint);
}

/* Items of a list by their names. */
struct names {
    struct oc_map known;    /* places in the result of those from below */
    struct oc_map left_out; /* built-in ones from below, as single values have changed them */
    struct oc_map built_in; /* as they were, whether or not a layer has listed them */
    struct oc_map seen;     /* those of `high` so far */
};

static void finish_names(struct names *names)
{
    oc_map_finish(&names->known, NULL);
    oc_map_finish(&names->left_out, NULL);
    oc_map_finish(&names->built_in, NULL);
    oc_map_finish(&names->seen, NULL);
}

/* The items from below, as far as they count whatever is listed. */
static void take_low(struct oc_node *out, struct names *names, const struct oc_node *low,
                     bool built_in_too)
{
    for (size_t i = 0; low && i < low->count; i++) {
        struct oc_node *item = low->children[i];
        const char *identity = oc_node_identity(item);
        const bool left_out = !built_in_too && item->layer == OC_LAYER_DEFAULT;
        if (!left_out) {
            append(out, item);
        }
        if (identity && left_out) {
            oc_map_set(&names->left_out, identity, item);
        } else if (identity) {
            oc_map_set(&names->known, identity, &out->children[out->count - 1]);
        }
    }
}

static void take_built_in(struct names *names, const struct oc_node *list)
{
    for (size_t i = 0; list && list->type == OC_NODE_LIST && i < list->count; i++) {
        struct oc_node *item = list->children[i];
        const char *identity = oc_node_identity(item);
        if (identity && item->layer == OC_LAYER_DEFAULT) {
            oc_map_set(&names->built_in, identity, item);
        }
    }
}

/* What one item of `high` is laid over, or NULL; `place`: of the one of its name from below, or NULL. */
static const struct oc_node *find_under(const struct names *names, const struct oc_node *item,
                                        const char *identity, struct oc_node *const *place)
{
    const struct oc_node *const from[] = {place ? *place : NULL,
                                          oc_map_get(&names->left_out, identity),
                                          oc_map_get(&names->built_in, identity)};
    for (size_t i = 0; i < OC_COUNT(from); i++) {
        if (from[i] && same_plugin(from[i], item)) {
            return from[i];
        }
    }
    return NULL;
}

/* Lays one item of `high` over the one of its name. Nothing below an item merges by name, so "-"
 * will do as its path. */
static void merge_item(const struct merger *m, struct oc_node *out, struct names *names,
                       const struct oc_node *item, const char *identity)
{
    struct oc_node **place = identity ? oc_map_get(&names->known, identity) : NULL;
    const struct oc_node *under = identity ? find_under(names, item, identity, place) : NULL;

    if (identity) {
        oc_map_set(&names->seen, identity, (void *)item);
    }
    if (under) {
        item = merge_groups(m, under, item, "-");
    }
    if (place) {
        *place = (struct oc_node *)item;
    } else {
        append(out, item);
    }
}

static const struct oc_node *merge_items(const struct merger *m, const struct oc_node *low,
                                         const struct oc_node *high, const char *path)
{
    struct oc_node *out = container(m, high, (low ? low->count : 0) + high->count);
    bool built_in_too = !strcmp(path, "alerts.rules") || !strcmp(path, "schedules");
    struct names names = {0};

    take_low(out, &names, low, built_in_too);
    take_built_in(&names, oc_node_get(m->built_in, path));
    for (size_t i = 0; i < high->count; i++) {
        const struct oc_node *item = high->children[i];
        const char *identity = oc_node_identity(item);
        const struct oc_node *first = identity ? oc_map_get(&names.seen, identity) : NULL;
        if (first) {
            report_twin(m, item, path, i, identity, first);
        } else {
            merge_item(m, out, &names, item, identity);
        }
    }
    finish_names(&names);
    return out;
}

static const struct oc_node *merge(const struct merger *m, const struct oc_node *low,
                                   const struct oc_node *high, const char *path)
{
    if (low && low->type != high->type) {
        low = NULL;
    }
    if (high->type == OC_NODE_GROUP) {
        return merge_groups(m, low, high, path);
    }
    if (high->type == OC_NODE_LIST && oc_path_by_name(path)) {
        return merge_items(m, low, high, path);
    }
    return high;
}

const struct oc_node *oc_merge(struct oc_arena *arena, const struct oc_node *low,
                               const struct oc_node *high, struct oc_diags *diags)
{
    struct merger m = {.arena = arena, .diags = diags, .built_in = low};
    return merge(&m, low, high, "");
}

/* ---- one value ---- */

struct setter {
    struct merger m;
    const char *key; /* the whole of it */
    const struct oc_node *value;
    struct oc_error *err;
};

static const struct oc_node *set(const struct setter *s, const struct oc_node *node,
                                 const char *cursor, int depth);

static const struct oc_node *no_place(const struct setter *s, int code, const struct oc_step *step,
                                      const char *what)
{
    oc_error_set(s->err, code, "%s: %s \"%.*s\"", s->key, what, (int)step->len, step->name);
    return NULL;
}

/* A group with nothing in it that says it comes from where the value comes from. */
static const struct oc_node *empty_group(const struct setter *s)
{
    struct oc_node like = *s->value;
    like.type = OC_NODE_GROUP;
    return container(&s->m, &like, 0);
}

static const struct oc_node *set_below(const struct setter *s, const struct oc_node *node,
                                       const char *cursor, const struct oc_step *step, int depth)
{
    ptrdiff_t at = oc_step_find(node, step);

    if (at < 0 && node->type == OC_NODE_LIST) {
        return no_place(s, OC_E_NOT_FOUND, step, "the list has no item");
    }
    if (node->type < OC_NODE_LIST || (node->type == OC_NODE_GROUP && step->bracket)) {
        return no_place(s, OC_E_CONFIG, step, "only a list or a group can have a member");
    }
    const struct oc_node *child =
        set(s, at < 0 ? empty_group(s) : node->children[at], cursor, depth);
    if (!child) {
        return NULL;
    }
    struct oc_node *out = container(&s->m, node, node->count + 1);
    out->count = node->count;
    memcpy(out->children, node->children, node->count * sizeof(struct oc_node *));
    if (at >= 0) {
        out->children[at] = (struct oc_node *)child;
        return out;
    }
    struct oc_node *named = oc_arena_alloc(s->m.arena, sizeof *named);
    *named = *child;
    named->key = oc_arena_strndup(s->m.arena, step->name, step->len);
    append(out, named);
    return out;
}

/* At the end of the key: the value, with the key of what it replaces. */
static const struct oc_node *settle(const struct setter *s, const struct oc_node *node)
{
    struct oc_node *out = oc_arena_alloc(s->m.arena, sizeof *out);
    *out = *merge(&s->m, node, s->value, s->key);
    out->key = node->key;
    return out;
}

static const struct oc_node *set(const struct setter *s, const struct oc_node *node,
                                 const char *cursor, int depth)
{
    struct oc_step step;
    int more = oc_step_next(&cursor, &step);

    if (more < 0 || depth > OC_CONFIG_MAX_DEPTH) {
        oc_error_set(s->err, OC_E_CONFIG, "%s: not a key", s->key);
        return NULL;
    }
    return more ? set_below(s, node, cursor, &step, depth + 1) : settle(s, node);
}

int oc_merge_at(struct oc_arena *arena, const struct oc_node **root, const struct oc_node *built_in,
                const char *key, const struct oc_node *value, struct oc_diags *diags,
                struct oc_error *err)
{
    struct oc_error local;
    struct setter s = {.m = {.arena = arena, .diags = diags, .built_in = built_in},
                       .key = key,
                       .value = value,
                       .err = err ? err : &local};

    if (!*key) {
        return oc_error_set(err, OC_E_CONFIG, "a key is missing");
    }
    const struct oc_node *merged = set(&s, *root, key, 0);
    if (!merged) {
        return s.err->code;
    }
    *root = merged;
    return 0;
}
