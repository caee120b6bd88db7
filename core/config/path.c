/* Walking a key from group to group and into lists. SPDX-License-Identifier: MIT */
#include "core/config/path.h"

#include <string.h>

static bool is_key_char(char c)
{
    return c && !strchr(".[]", c);
}

int oc_step_next(const char **cursor, struct oc_step *step)
{
    const char *p = *cursor;

    if (!*p) {
        return 0;
    }
    step->bracket = *p == '[';
    p += step->bracket;
    step->name = p;
    while (step->bracket ? *p && *p != ']' : is_key_char(*p)) {
        p++;
    }
    step->len = (size_t)(p - step->name);
    if (step->len == 0 || (step->bracket && *p != ']')) {
        return -1;
    }
    p += step->bracket;
    if (*p == '.') { /* a name must follow */
        p++;
        if (!is_key_char(*p)) {
            return -1;
        }
    } else if (*p && *p != '[') {
        return -1;
    }
    *cursor = p;
    return 1;
}

static bool step_is(const struct oc_step *step, const char *s)
{
    return s && strlen(s) == step->len && !memcmp(s, step->name, step->len);
}

const char *oc_node_string(const struct oc_node *group, const char *key)
{
    for (size_t i = 0; group->type == OC_NODE_GROUP && i < group->count; i++) {
        const struct oc_node *child = group->children[i];
        if (child->type == OC_NODE_STRING && !strcmp(child->key, key)) {
            return child->string;
        }
    }
    return NULL;
}

const char *oc_node_identity(const struct oc_node *item)
{
    const char *name = oc_node_string(item, "name");
    return name ? name : oc_node_string(item, "plugin");
}

/* The step as a position in a list of `count`, -1 when it is none. */
static ptrdiff_t position(const struct oc_step *step, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < step->len; i++) {
        if (step->name[i] < '0' || step->name[i] > '9') {
            return -1;
        }
        at = at * 10 + (size_t)(step->name[i] - '0');
        if (at >= count) { /* also keeps it from overflowing */
            return -1;
        }
    }
    return (ptrdiff_t)at;
}

ptrdiff_t oc_step_find(const struct oc_node *node, const struct oc_step *step)
{
    if (node->type == OC_NODE_LIST) {
        for (size_t i = 0; i < node->count; i++) {
            if (step_is(step, oc_node_identity(node->children[i]))) {
                return (ptrdiff_t)i;
            }
        }
        return step->bracket ? position(step, node->count) : -1;
    }
    for (size_t i = 0; node->type == OC_NODE_GROUP && !step->bracket && i < node->count; i++) {
        if (step_is(step, node->children[i]->key)) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

const struct oc_node *oc_node_get(const struct oc_node *node, const char *path)
{
    struct oc_step step;
    int more;

    while (node && (more = oc_step_next(&path, &step)) != 0) {
        ptrdiff_t at = more > 0 ? oc_step_find(node, &step) : -1;
        node = at < 0 ? NULL : node->children[at];
    }
    return node;
}

bool oc_path_by_name(const char *path)
{
    return !strcmp(path, "collectors") || !strcmp(path, "alerts.channels") ||
           !strcmp(path, "alerts.rules") || !strcmp(path, "schedules");
}

static void add_step(struct oc_buf *out, const struct oc_step *step, bool bracket,
                     const char *identity)
{
    oc_buf_adds(out, bracket ? "[" : out->len ? "." : "");
    if (identity) {
        oc_buf_adds(out, identity);
    } else {
        oc_buf_add(out, step->name, step->len);
    }
    oc_buf_adds(out, bracket ? "]" : "");
}

bool oc_path_canonical(const struct oc_node *root, const char *key, struct oc_buf *out)
{
    const struct oc_node *node = root;
    struct oc_step step;
    int more;

    oc_buf_clear(out);
    oc_buf_adds(out, "");
    while ((more = oc_step_next(&key, &step)) > 0) {
        bool list = node && node->type == OC_NODE_LIST;
        bool by_name = list && oc_path_by_name(out->data);
        ptrdiff_t at = node ? oc_step_find(node, &step) : -1;
        const struct oc_node *child = at < 0 ? NULL : node->children[at];
        add_step(out, &step, list || step.bracket,
                 by_name && child ? oc_node_identity(child) : NULL);
        node = child;
    }
    return more == 0;
}
