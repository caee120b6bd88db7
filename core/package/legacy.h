/* Manifests in the formats that came before ours, read for skills. SPDX-License-Identifier: MIT  [any]
 *
 * A skill may come with `openclaw.plugin.json`, with a package.json that has the key "openclaw" (the fields in it, or in its
 * key "plugin"), or with nothing but its SKILL.md. These are read as data and become a manifest of ours with the kind
 * "skill". Code that such a folder holds is never run: a folder without SKILL.md is refused. */
#ifndef OC_PACKAGE_LEGACY_H
#define OC_PACKAGE_LEGACY_H

#include <jansson.h>

#include "core/base/error.h"

/* *manifest (owned by the caller) is a plugin.json for the folder. Sentences about what could not be kept are appended to
 * `warnings` (an array, or NULL). OC_E_NOT_FOUND: nothing in the folder says that it is a plugin; OC_E_UNSUPPORTED: it is one,
 * and no skill; OC_E_CONFIG: file and key. */
int oc_legacy_manifest(const char *dir, json_t **manifest, json_t *warnings, struct oc_error *err);

#endif
