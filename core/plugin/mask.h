/* Hides secrets in configuration that is shown. SPDX-License-Identifier: MIT  [loop]
 *
 * Of a section that belongs to a plugin the option table of that plugin says what its members are. */
#ifndef OC_PLUGIN_MASK_H
#define OC_PLUGIN_MASK_H

#include "core/config/node.h"
#include "core/plugin/plugin.h"

struct oc_masking {
    struct oc_plugins
        *plugins; /* whose option tables say what is a secret; NULL: names alone tell */
    bool all;     /* for an admin: what may be a secret is shown, what is one is not */
};
/* A copy of the configuration in which every secret (by its option or its name, or a password inside a URL) is "********";
 * references such as $env:NAME stay. Without `all` so is what may be one: values of headers, of options that their plugins
 * flag OC_OPT_SENSITIVE, of queries of URLs, and the texts of plugins of which nothing is known. Owned by the caller. */
json_t *oc_mask_config(const struct oc_masking *m, const json_t *root);
/* The same for a value that is found at `path` below `root` ("alerts.channels[0].url"; NULL = all of it). */
json_t *oc_mask_config_at(const struct oc_masking *m, const struct oc_node *root, const char *path,
                          const json_t *value);
/* Does `key` belong to a section of what the host counts and compares, and is `value` (a text) a number or a duration? That is no
 * secret, whatever it is called: failed_passwords_warning. */
bool oc_mask_is_figure(const char *key, const char *value);

#endif
