/* Builds a folder of sources into a plugin folder. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_BUILD_H
#define OC_PACKAGE_BUILD_H

#include "core/package/work.h"

/* Makes the plugin of `dir` ready to be packed: *built_dir (owned by the caller, absolute) holds plugin.json, the .so and the
 * assets, and nothing else.
 *   - a folder with CMakeLists.txt is configured and built in dir/build with the SDK of this program; tests are not built;
 *   - one with a plugin.json and its .so, or a plugin.json of a preset or a skill, is used as it is: *built_dir is `dir`, or
 *     dir/build/plugins/<name> when there are files to leave out;
 *   - one with openclaw.plugin.json, a package.json that has the key "openclaw", or a SKILL.md alone becomes a skill: see
 *     core/package/legacy.h. Nothing of it is executed.
 * Progress and compiler warnings are told through w. On failure w->err names the first error as file:line, with reason
 * "build-failed", "compiler-missing", "sdk-missing" or "folder-unknown". */
int oc_build_folder(struct oc_work *w, const char *dir, char **built_dir);

/* The same with the plugin's tests, which are left in dir/build for ctest. */
int oc_build_tests(struct oc_work *w, const char *dir, char **built_dir);

/* The folder of openclaw-sdk-config.cmake that belongs to this program, in a build tree or installed; OPENCLAW_SDK overrides
 * it. NULL when there is none. Owned by the caller. */
char *oc_build_sdk(void);

#endif
