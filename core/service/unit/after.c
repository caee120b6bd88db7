/* Which unit comes after which: names that are none, and circles. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/unit/internal.h"

static const struct oc_node *node_of(const struct oc_node *list, const struct unit *u)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct oc_node *name = oc_node_get(list->children[i], "name");
        if (name && name->type == OC_NODE_STRING && strcmp(name->string, u->name) == 0) {
            return list->children[i];
        }
    }
    return list;
}

static void check_names(const struct oc_unit *s, const struct unit *u, const struct oc_node *node,
                        struct oc_diags *diags)
{
    const char *const *after = u->options.after.items;
    OC_VEC(const char *) names = {0};
    for (size_t i = 0; i < s->units.count; i++) {
        OC_VEC_PUSH(&names, s->units.items[i]->name);
    }
    for (size_t i = 0; i < u->options.after.count; i++) {
        if (!oc_unit_find(s, after[i])) {
            const char *near = oc_nearest(after[i], names.items, names.count);
            char *path = oc_asprintf("%s.after", u->path), *hint = NULL;
            hint = near ? oc_asprintf("Did you mean `%s`?", near)
                        : oc_strdup("Name units of this configuration.");
            oc_diags_add(diags, false, node, path, hint, "unit %s comes after %s, which is no unit",
                         u->name, after[i]);
            free(hint);
            free(path);
        }
    }
    OC_VEC_FINISH(&names);
}

static size_t index_of(const struct oc_unit *s, const char *name)
{
    size_t i = 0;
    while (i < s->units.count && strcmp(s->units.items[i]->name, name) != 0) {
        i++;
    }
    return i;
}

/* Marks all that come before the unit `i`, by one step or many. */
static void mark_before(const struct oc_unit *s, size_t i, bool *before)
{
    OC_VEC(size_t) open = {0};
    OC_VEC_PUSH(&open, i);
    while (open.count) {
        const struct unit *u = s->units.items[open.items[--open.count]];
        const char *const *after = u->options.after.items;
        for (size_t k = 0; k < u->options.after.count; k++) {
            const size_t at = index_of(s, after[k]);
            if (at < s->units.count && !before[at]) {
                before[at] = true;
                OC_VEC_PUSH(&open, at);
            }
        }
    }
    OC_VEC_FINISH(&open);
}

/* True when unit `i` comes after itself; `told` gets all that are in a circle with it. */
static bool is_circle(const struct oc_unit *s, size_t i, bool *told)
{
    bool *before = oc_calloc(s->units.count, sizeof *before);
    mark_before(s, i, before);
    const bool circle = before[i];
    for (size_t k = 0; circle && k < s->units.count; k++) {
        if (before[k] && !told[k]) {
            bool *back = oc_calloc(s->units.count, sizeof *back);
            mark_before(s, k, back);
            told[k] = back[i];
            free(back);
        }
    }
    free(before);
    return circle;
}

void oc_unit_check_after(const struct oc_unit *s, const struct oc_node *list,
                         struct oc_diags *diags)
{
    bool *told = oc_calloc(s->units.count ? s->units.count : 1, sizeof *told);
    for (size_t i = 0; i < s->units.count; i++) {
        const struct unit *u = s->units.items[i];
        if (!u->options.after.count) {
            continue;
        }
        const struct oc_node *node = node_of(list, u);
        check_names(s, u, node, diags);
        if (!told[i] && is_circle(s, i, told)) {
            char *path = oc_asprintf("%s.after", u->path);
            oc_diags_add(diags, false, node, path,
                         "Take one of the units out of the other's `after`.",
                         "unit %s comes after itself, through what it comes after", u->name);
            free(path);
        }
    }
    free(told);
}
