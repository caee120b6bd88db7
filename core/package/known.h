/* The plugins that this host has, by name, bundled or installed. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_KNOWN_H
#define OC_PACKAGE_KNOWN_H

#include "core/package/work.h"
#include "core/plugin/manifest/manifest.h"

/* The folder of the bundled plugin of that name; owned by the caller, NULL: none. */
char *oc_known_bundled(const struct oc_work *w, const char *name);
/* The manifest of the plugin of that name, bundled or installed; owned by the caller, NULL: none that could be read. */
struct oc_manifest *oc_known_manifest(const struct oc_work *w, const char *name);

#endif
