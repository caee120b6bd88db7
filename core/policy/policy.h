/* Policies: the Lua files that decide, with hot reload and last-good fall-back. SPDX-License-Identifier: MIT
 *
 * Each file of the policy folder (and each shipped default that no file of the same name replaces) is one chunk in one
 * sandbox of its own; it defines functions named after hooks (`route`). The last file in byte order of names that has a
 * hook is asked; shipped defaults come before all files, so any file of the folder outranks them. Names are
 * "<name>.lua"; "*_test.lua" are tests and not loaded. A file that does not compile, whose top level fails, or that is no policy (a function that is no
 * hook, no hook, not the hook it is named after) keeps its last good version in force, with an event "policy.failed"; good reloads publish "policy.loaded", a file that is gone "policy.removed". Each is {"policy","message","in_force"
 * as in the list,"sha256" of the text in force, null: none}. [loop] */
#ifndef OC_POLICY_POLICY_H
#define OC_POLICY_POLICY_H

#include "core/loop/bus.h"
#include "core/policy/sandbox.h"

struct oc_policies;

struct oc_policies *oc_policies_create(struct oc_bus *bus,
                                       const char *dir /* may be NULL or absent */);
void oc_policies_destroy(struct oc_policies *p);
/* takes effect with the next reload */
void oc_policies_set_dir(struct oc_policies *p, const char *dir);
const char *oc_policies_dir(const struct oc_policies *p); /* borrowed; may be NULL */
/* Looks at the folder again; returns how many files changed. Called on reload and every few seconds (mtime, size). */
int oc_policies_reload(struct oc_policies *p);
/* [{"name","file","hooks","state":"ok"|"failed","error","line","loaded","builtin","in_force","calls","failures"}]; caller
 * owns. in_force: "file" (as it is), "kept" (as it was before it failed), "last" (it failed at the start: NAME.lua.last), "built in" or "nothing". */
json_t *oc_policies_list(struct oc_policies *p);
/* Another number whenever something else is in force: for those who keep answers. */
uint64_t oc_policies_generation(const struct oc_policies *p);
/* Asks `hook` with `args` (JSON array). OC_E_NOT_FOUND when no policy has it. `why` (may be NULL) receives
 * {"policy","file","lines":[..]} owned by the caller. */
int oc_policy_ask(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err);

#endif
