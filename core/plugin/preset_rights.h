/* What the preset of a package may make of other plugins. SPDX-License-Identifier: MIT
 *
 * Its instances run with the rights of the plugins that it names, mostly those that came with the host: in the daemon, with all that
 * their manifests ask for. Whoever installed the package has consented to what the preset itself asks for, and to nothing else. A preset
 * that came with the host, or that the operator has put into a folder of plugins, is trusted as the configuration is. */
#ifndef OC_PLUGIN_PRESET_RIGHTS_H
#define OC_PLUGIN_PRESET_RIGHTS_H

#include "core/plugin/manifest/manifest.h"
#include "core/plugin/plugin.h"

/* What an instance of a plugin with the manifest `used` (or NULL) may and these rights do not cover: an array of texts, owned by the
 * caller. [any] */
json_t *oc_preset_missing(const json_t *rights, const struct oc_manifest *used);
char *oc_preset_rights_text(const json_t *rights); /* "a, b"; owned by the caller. [any] */

/* The first "$env:NAME" or "$file:PATH" in `items`, the instances of a preset, that `given` does not have: what the configuration says of
 * the preset, or NULL. Borrowed; NULL: none. [any] */
const char *oc_preset_reference(const json_t *items, const json_t *given);

/* May the preset have these instances, of which `given` is what the configuration says? One of a package may use only what it has every
 * right of itself, and name no secret of the host. OC_E_DENIED; *command (unless `command` is NULL) is then the command line
 * that gives it what was taken back, owned by the caller, and NULL where there is none. [loop] */
int oc_preset_check_use(struct oc_plugins *plugins, const struct oc_plugin *preset,
                        const json_t *items, const json_t *given, char **command,
                        struct oc_error *err);

#endif
