/* A configuration of files, flags and built-in text, for these tests. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CONFIG_LAYERS_FIXTURE_H
#define OC_TESTS_CONFIG_LAYERS_FIXTURE_H

#include "tests/unit/config/fixture.h"

static const char defaults[] =
    "store = { backend = \"sqlite\"; retention = \"30d\"; };\n"
    "policies = { dir = \"policies\"; };\n"
    "collectors = ( { plugin = \"system\"; interval = \"30s\"; } );\n"
    "alerts = { cooldown = \"15m\"; channels = ( { plugin = \"console\"; } );\n"
    "    rules = ( { name = \"cpu\"; expr = \"a > 1\"; severity = \"warning\"; },\n"
    "              { name = \"ram\"; expr = \"b > 1\"; } ); };\n";

struct loaded {
    struct oc_config *config;
    struct oc_diags diags;
    struct oc_error err;
};

static inline struct loaded load(const char *file, const char *const *sets)
{
    struct oc_config_source source = {
        .file = file, .sets = sets, .defaults = defaults, .no_environment = true};
    struct loaded l = {.config = NULL};
    oc_error_init(&l.err);
    l.config = oc_config_load(&source, &l.diags, &l.err);
    return l;
}

static inline void finish(struct loaded *l)
{
    oc_config_destroy(l->config);
    oc_diags_finish(&l->diags);
}

static inline void assert_at(const struct loaded *l, const char *key, const char *expected)
{
    const struct oc_node *node = oc_node_get(oc_config_root(l->config), key);
    assert_non_null(node);
    json_t *json = oc_node_json(node);
    char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
}

#endif
