/* A plugin folder made by copying, for plugins without code. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_AUTHOR_STAGE_H
#define OC_PACKAGE_AUTHOR_STAGE_H

#include <jansson.h>

#include "core/base/error.h"

#define OC_STAGE_FILES_MAX 4096u
#define OC_STAGE_BYTES_MAX (64u << 20)

/* Copies what belongs to the plugin into dir/build/plugins/<name>, which is made anew: everything but hidden files, build
 * folders, README, CMakeLists.txt, tests and C sources. `manifest` (may be NULL) is written as its plugin.json; then the files
 * are foreign, and none of them stays executable. Links are OC_E_REFUSED. *out is owned by the caller. */
int oc_stage_folder(const char *dir, const char *name, const json_t *manifest, char **out,
                    struct oc_error *err);

/* Removes a folder with all that is in it; links are removed, not followed. A folder that is not there is fine. */
void oc_stage_remove(const char *path);

#endif
