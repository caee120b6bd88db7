/* Takes from this process what its plugin has no right to, for good. SPDX-License-Identifier: MIT
 *
 * Called once by a plugin host, before it opens the plugin, while the process has one thread. Nothing of it can be
 * undone: it holds for every thread and every child that comes later.
 *
 * `init` (all optional but "tier"; unknown keys are ignored):
 *   {"tier":"process"|"sandbox",
 *    "rights":["network:tcp:5432", ...],            the effective permissions, core/plugin/manifest/rights.h
 *    "limits":{"memory_bytes","processes","descriptors","file_bytes"},
 *    "dirs":{"plugin":"/..","state":"/..","tmp":"/.."},  {plugin} {state} {tmp} of the permissions; tmp is private and becomes
 *                                                   TMPDIR; folders that do not exist give no right
 *    "require_full":true,                           OC_E_REFUSED when this kernel cannot enforce what they need
 *    "parent":1234,                                 who must be alive: the host; looked at after PDEATHSIG is set
 *    "cgroup":{"memory":true,"pids":true},          what the host holds with a group already
 *    "kernel":"landlock=3"}                         see core/sys/kernel.h
 *
 * `report` (owned by the caller) says what was done, for the READY frame:
 *   {"tier","landlock":7,"seccomp":true,"limits":{"memory":"data-segment"|"cgroup"|"no", "processes":"kernel"|"cgroup"|"denied"|
 *    "no", "descriptors":"kernel"},"missing":["..."],"ignored":[..]}
 * An error means that the process must end: it may be confined by half. */
#ifndef OC_PLUGHOST_CONFINE_H
#define OC_PLUGHOST_CONFINE_H

#include <jansson.h>

#include "core/base/error.h"

#define OC_CONFINE_FIRST_CLOSED                                                                    \
    5 /* descriptors from here on are closed: 0, 1, 2, the channel, the stream */

int oc_confine(const json_t *init, json_t **report, struct oc_error *err);

#endif
