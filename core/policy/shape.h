/* The shapes that answers of policies must have. SPDX-License-Identifier: MIT
 *
 * A shape is written as people read it:
 *   string  integer  number  boolean  nil  any  "word" (that very string)
 *   [SHAPE]                       a list
 *   {name: SHAPE, other?: SHAPE}  a table with these members and no others; `?` marks what may be left out
 *   {name: SHAPE, *: SHAPE}       ... and any others of that shape
 *   SHAPE|SHAPE                   one of them
 * An empty table is both a list and a table of members. Shapes are written in the table of hooks, never by users: one that
 * does not parse is a bug. [loop] */
#ifndef OC_POLICY_SHAPE_H
#define OC_POLICY_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct lua_State;
struct oc_shape;

struct oc_shape *oc_shape_create(const char *text);
void oc_shape_destroy(struct oc_shape *shape); /* NULL is fine */

#define OC_SHAPE_WHY 320 /* bytes */
/* Whether the value at `index` fits. When not, `why` says where and what: "channels[2]: expected string, got number".
 * Runs no Lua code; may raise when memory ends. */
bool oc_shape_fits(const struct oc_shape *shape, struct lua_State *L, int index,
                   char why[OC_SHAPE_WHY]);

#endif
