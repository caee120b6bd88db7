/* The sections `isolation` and `plugins`. SPDX-License-Identifier: MIT */
#include "core/service/plugin/sections.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

#define TIERS "inproc|process|sandbox" /* in the order of enum oc_tier */

#define OF(member) offsetof(struct isolation_options, member)
static const struct oc_option options[] = {
    {.name = "require",
     .type = OC_OPT_ENUM,
     .offset = OF(require),
     .default_text = "available",
     .choices = "available|full",
     .help = "full: a plugin of which this kernel cannot enforce a right is not started"},
    {.name = "bundled",
     .type = OC_OPT_ENUM,
     .offset = OF(bundled),
     .default_text = "inproc",
     .choices = TIERS,
     .help = "where plugins run that no package brought"},
    {0}};
#undef OF

#define OF(member) offsetof(struct isolation_plugin, member)
static const struct oc_option plugin_options[] = {
    {.name = "tier",
     .type = OC_OPT_ENUM,
     .offset = OF(tier),
     .default_text = "default",
     .choices = TIERS "|default",
     .help = "where this plugin runs; default: what its package says, or isolation.bundled"},
    {.name = "memory",
     .type = OC_OPT_SIZE,
     .offset = OF(limits.memory_bytes),
     .default_text = "512MB",
     .min = 1048576,
     .help = "memory that its process may take"},
    {.name = "cpu_percent",
     .type = OC_OPT_INT,
     .offset = OF(limits.cpu_percent),
     .default_text = "50",
     .min = 1,
     .max = 6400,
     .help = "share of one core; enforced where there is a cgroup"},
    {.name = "processes",
     .type = OC_OPT_INT,
     .offset = OF(limits.processes),
     .default_text = "5",
     .min = 1,
     .max = 10000,
     .help = "processes and threads that it may have"},
    {.name = "descriptors",
     .type = OC_OPT_INT,
     .offset = OF(limits.descriptors),
     .default_text = "100",
     .min = 16,
     .max = 65536,
     .help = "open files and sockets that it may have"},
    {.name = "start",
     .type = OC_OPT_DURATION,
     .offset = OF(limits.start_ms),
     .default_text = "30s",
     .min = 100,
     .max = 600000,
     .help = "how long its start may take"},
    {.name = "call",
     .type = OC_OPT_DURATION,
     .offset = OF(limits.call_ms),
     .default_text = "10s",
     .min = 10,
     .max = 3600000,
     .help = "how long a call may take that brings no deadline"},
    {.name = "stop",
     .type = OC_OPT_DURATION,
     .offset = OF(limits.stop_ms),
     .default_text = "5s",
     .min = 10,
     .max = 600000,
     .help = "how long its stop may take"},
    {.name = "samples_per_second",
     .type = OC_OPT_INT,
     .offset = OF(limits.samples_per_second),
     .default_text = "20000",
     .min = 1,
     .max = 10000000,
     .help = "samples beyond this rate are dropped and counted"},
    {.name = "log_lines_per_second",
     .type = OC_OPT_INT,
     .offset = OF(limits.log_lines_per_second),
     .default_text = "200",
     .min = 1,
     .max = 1000000,
     .help = "log lines beyond this rate are dropped and counted"},
    {0}};
#undef OF

static const char *const own_plugins[] = {"plugins", NULL};

static bool is_group(const struct oc_node *node, const char *key, struct oc_diags *diags)
{
    if (node->type == OC_NODE_GROUP) {
        return true;
    }
    oc_diags_add(diags, false, node, key, "Write { KEY = VALUE; ... }.",
                 "expected a group, found a %s", oc_node_type_name(node->type));
    return false;
}

/* An option that is wrong leaves the limits of the defaults in force: never fewer walls than asked for. */
static void read_plugin(struct isolation *i, const struct oc_node *group, struct oc_diags *diags)
{
    struct isolation_plugin *p = oc_calloc(1, sizeof *p);
    char *path = oc_asprintf("isolation.plugins.%s", group->key);
    if (is_group(group, path, diags)) {
        oc_bind(plugin_options, sizeof *plugin_options, group, path, NULL, p, sizeof *p, &i->arena,
                diags);
    } else {
        oc_bind(plugin_options, sizeof *plugin_options, NULL, path, NULL, p, sizeof *p, &i->arena,
                diags);
    }
    free(path);
    free(oc_map_set(&i->plugins, group->key, p));
}

void oc_isolation_read(struct isolation *i, const struct oc_config *config, struct oc_diags *diags)
{
    const struct oc_node *root = oc_config_root(config);
    const struct oc_node *group = oc_node_get(root, "isolation");
    const struct oc_node *each = oc_node_get(root, "isolation.plugins");
    memset(i, 0, sizeof *i);
    oc_bind(options, sizeof *options, group, "isolation", own_plugins, &i->options,
            sizeof i->options, &i->arena, diags);
    if (each && is_group(each, "isolation.plugins", diags)) {
        for (size_t k = 0; k < each->count; k++) {
            read_plugin(i, each->children[k], diags);
        }
    }
}

void oc_isolation_finish(struct isolation *i)
{
    oc_map_finish(&i->plugins, free);
    oc_arena_finish(&i->arena);
}

const struct isolation_plugin *oc_isolation_of(const struct isolation *i, const char *plugin)
{
    return oc_map_get(&i->plugins, plugin);
}

const struct oc_node *oc_plugin_section(const struct oc_config *config, const char *plugin)
{
    const struct oc_node *all = oc_node_get(oc_config_root(config), "plugins");
    for (size_t k = 0; all && all->type == OC_NODE_GROUP && k < all->count; k++) {
        if (strcmp(all->children[k]->key, plugin) == 0) {
            return all->children[k];
        }
    }
    return NULL;
}

void oc_plugin_service_describe(json_t *sections)
{
    oc_json_take(sections, "isolation", oc_options_json(options, sizeof *options));
    oc_json_take(sections, "isolation.plugins.NAME",
                 oc_options_json(plugin_options, sizeof *plugin_options));
    oc_json_take(sections, "plugins.NAME", json_array()); /* those of the plugin */
}
