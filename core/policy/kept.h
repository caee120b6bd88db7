/* Tables that policies can read and not change. SPDX-License-Identifier: MIT
 *
 * Not for other floors. Such a table is an empty one whose metatable leads to the real one; what reads tables from C asks
 * for that. [loop] */
#ifndef OC_POLICY_KEPT_H
#define OC_POLICY_KEPT_H

#include <lua.h>

#include "core/policy/ask.h"

/* Pushes the value as a table of this kind, converted at the first time and after each change. Raises. */
void oc_kept_push(lua_State *L, const struct oc_kept *k);
/* What it is, borrowed; it never changes, another one takes its place. */
json_t *oc_kept_value(const struct oc_kept *k);

#endif
