/* Modules of the host itself: floors of core that a program loads when it wants them. SPDX-License-Identifier: MIT
 *
 * A module is built with the program (oc_add_module) and uses its functions directly, so both must be of one build; it is
 * never unloaded. [loop] */
#ifndef OC_PLUGIN_MODULE_H
#define OC_PLUGIN_MODULE_H

#include "core/base/error.h"
#include "core/loop/worker.h"

/* Says that the module will be wanted soon: a worker begins to load it, with the libraries that it needs, while the loop does something else.
 * What fails is left for oc_module_open to say. */
void oc_module_expect(const char *name, struct oc_workers *workers);

/* The data symbol `symbol` of the module `name` ("openclaw-api"), which lies beside the program or in libexec/openclaw.
 * NULL and err (OC_E_NOT_FOUND: not installed; OC_E_CONFIG: cannot be loaded, and why). */
const void *oc_module_open(const char *name, const char *symbol, struct oc_error *err);

#endif
