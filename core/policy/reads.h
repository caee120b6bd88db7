/* What a hook says it reads of its arguments. SPDX-License-Identifier: MIT
 *
 * Not for other floors; see oc_question_reads in ask.h. A policy may have a global table
 *
 *     reads_only = { route = { "severity", "labels.team", "configured_channels", "at" } }
 *
 * of members of the first argument, single labels, and names of further arguments (hooks.h). The hook is then given these and no others,
 * however it is asked, and asking for another one fails: what it says of itself cannot be wrong, and whoever asks knows that questions that differ in
 * the rest have the same answer. What is kept for `policy diff` has everything. [loop] */
#ifndef OC_POLICY_READS_H
#define OC_POLICY_READS_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>

struct oc_lua;

/* {hook: [name]} of a policy that has run; NULL when it does not say. Owned by the caller. */
json_t *oc_reads_of(struct oc_lua *l);
/* `reads`: the list of one hook, NULL: all is read. Of "labels": one of them. */
bool oc_reads_has(const json_t *reads, const char *name);
/* Takes whatever is not named from the arguments, the first of which is at `first`. `hook`: its place in oc_hooks, or -1. Raises. */
void oc_reads_strip(lua_State *L, int first, const json_t *reads, int hook);

#endif
