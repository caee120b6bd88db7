/* The health service's part of the configuration. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/health/table.h"

struct health_options {
    int64_t max_attempts;
};
static const struct oc_option health_options[] = {
    {.name = "max_attempts",
     .type = OC_OPT_INT,
     .offset = offsetof(struct health_options, max_attempts),
     .default_text = "3",
     .min = 1,
     .max = 100,
     .help = "failed checks in a row that make a state hard"},
    {0}};

static const struct oc_option dependency_options[] = {
    {.name = "service",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct dependency, service),
     .help = "the dependent service: instance or instance/target, * and ? match"},
    {.name = "depends_on",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct dependency, parents),
     .help = "services that it needs"},
    {0}};

struct source_options {
    const char *plugin, *name;
    struct oc_list depends_on;
    int64_t max_attempts;
};
/* The schedule validates these keys: here they are only read. */
static const struct oc_option source_options[] = {
    {.name = "plugin",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct source_options, plugin),
     .help = "which plugin collects"},
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct source_options, name),
     .help = "name of the instance"},
    {.name = "depends_on",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct source_options, depends_on),
     .help = "services that this one needs"},
    {.name = "max_attempts",
     .type = OC_OPT_INT,
     .offset = offsetof(struct source_options, max_attempts),
     .default_text = "0",
     .help = "failed checks in a row that make a state hard"},
    {0}};

static const char *const others[] = {"*", NULL};

static void configure_sources(struct oc_health *h, const struct oc_node *root)
{
    const struct oc_node *list = oc_node_get(root, "collectors");
    for (size_t i = 0; list && i < list->count; i++) {
        struct source_options o = {0};
        struct oc_diags ignored = {0};
        if (list->children[i]->type == OC_NODE_GROUP) {
            oc_bind(source_options, sizeof *source_options, list->children[i], "collectors", others,
                    &o, sizeof o, &h->arena, &ignored);
        }
        oc_diags_finish(&ignored);
        const char *name = o.name ? o.name : o.plugin;
        if (!name) {
            continue;
        }
        struct source *src = oc_map_get(&h->sources, name);
        if (!src) {
            src = oc_calloc(1, sizeof *src);
            oc_map_set(&h->sources, name, src);
        }
        src->max_attempts = (unsigned)o.max_attempts;
        src->parents = o.depends_on;
    }
}

/* ---- cycles: services that wait for each other would hide each other's failure ---- */

struct names {
    OC_VEC(const char *);
};

static const struct oc_list *parents_of(const struct oc_health *h, const char *name, size_t *cursor)
{
    const struct source *src = oc_map_get(&h->sources, name);
    if (*cursor == 0) {
        (*cursor)++;
        if (src && src->parents.count) {
            return &src->parents;
        }
    }
    while (*cursor - 1 < h->dependencies.count) {
        const struct dependency *d = &h->dependencies.items[*cursor - 1];
        (*cursor)++;
        if (oc_health_depends(d, name)) {
            return &d->parents;
        }
    }
    return NULL;
}

/* Adds the parents of `name` to `todo`, each once. */
static void visit(const struct oc_health *h, const char *name, struct oc_map *seen,
                  struct names *todo)
{
    const struct oc_list *parents;
    size_t cursor = 0;
    while ((parents = parents_of(h, name, &cursor)) != NULL) {
        const char *const *items = parents->items;
        for (uint64_t i = 0; i < parents->count; i++) {
            if (!oc_map_get(seen, items[i])) {
                oc_map_set(seen, items[i], seen);
                OC_VEC_PUSH(todo, items[i]);
            }
        }
    }
}

static bool leads_to_itself(const struct oc_health *h, const char *name)
{
    struct oc_map seen = {0};
    struct names todo = {0};
    visit(h, name, &seen, &todo);
    for (size_t i = 0; i < todo.count; i++) {
        visit(h, todo.items[i], &seen, &todo);
    }
    bool found = oc_map_get(&seen, name) != NULL;
    OC_VEC_FINISH(&todo);
    oc_map_finish(&seen, NULL);
    return found;
}

static void refuse_cycles(struct oc_health *h, const struct oc_node *at, struct oc_diags *diags)
{
    const char *instance;
    void *value;
    for (size_t it = 0; oc_map_next(&h->sources, &it, &instance, &value);) {
        struct source *src = value;
        if (src->parents.count && leads_to_itself(h, instance)) {
            oc_diags_add(diags, false, at, "depends_on",
                         "Remove one of the dependencies of the circle.", "%s depends on itself",
                         instance);
            src->parents.count = 0;
        }
    }
    for (size_t i = 0; i < h->dependencies.count; i++) {
        struct dependency *d = &h->dependencies.items[i];
        if (leads_to_itself(h, d->service)) {
            oc_diags_add(diags, false, at, "dependencies",
                         "Remove one of the dependencies of the circle.", "%s depends on itself",
                         d->service);
            d->parents.count = 0;
        }
    }
}

static void configure_dependencies(struct oc_health *h, const struct oc_node *root,
                                   struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(root, "dependencies");
    h->dependencies.count = 0;
    if (list && list->type != OC_NODE_LIST) {
        return; /* told with the other sections */
    }
    for (size_t i = 0; list && i < list->count; i++) {
        char path[64];
        struct dependency d = {0};
        snprintf(path, sizeof path, "dependencies[%zu]", i);
        if (oc_bind(dependency_options, sizeof *dependency_options, list->children[i], path, NULL,
                    &d, sizeof d, &h->arena, diags) == 0) {
            OC_VEC_PUSH(&h->dependencies, d);
        }
    }
    refuse_cycles(h, list ? list : root, diags);
}

static void forget_sources(struct oc_health *h)
{
    const char *instance;
    void *value;
    for (size_t it = 0; oc_map_next(&h->sources, &it, &instance, &value);) {
        struct source *src = value;
        src->parents.count = 0;
        src->max_attempts = 0;
    }
}

void oc_health_configure(struct oc_health *h, const struct oc_config *config,
                         struct oc_diags *diags)
{
    const struct oc_node *root = oc_config_root(config);
    struct oc_arena old = h->arena;
    memset(&h->arena, 0, sizeof h->arena);
    struct health_options o = {0};
    oc_bind(health_options, sizeof *health_options, oc_node_get(root, "health"), "health", NULL, &o,
            sizeof o, &h->arena, diags);
    h->max_attempts = o.max_attempts;
    forget_sources(h);
    configure_sources(h, root);
    configure_dependencies(h, root, diags);
    oc_health_apply_attempts(h, NULL);
    oc_health_windows_configure(h, config, diags);
    oc_arena_finish(&old);
}

void oc_health_describe(json_t *sections)
{
    oc_json_take(sections, "health", oc_options_json(health_options, sizeof *health_options));
    oc_json_take(sections, "dependencies",
                 oc_options_json(dependency_options, sizeof *dependency_options));
    oc_json_take(sections, "maintenance", oc_health_windows_json());
}
