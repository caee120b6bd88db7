/* A compiled tree of routes, as routing_tree.c makes it and routing.c walks it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_POLICY_ROUTING_TREE_H
#define OC_POLICY_ROUTING_TREE_H

#include "core/base/vec.h"
#include "core/policy/routing.h"

#define OC_ROUTING_NONE UINT32_MAX

struct oc_routing_node {
    struct oc_routing_matcher *matchers; /* owned */
    size_t matcher_count;
    uint32_t child, next; /* first child, next sibling; OC_ROUTING_NONE */
    bool goes_on;
};

/* Memory of Lua, but for what matchers and nodes hold. Its user value is the list of what routing.find gives, by node. */
struct oc_routing_tree {
    OC_VEC(struct oc_routing_node) nodes;
    size_t regexes;
};

/* "=", "!=", ... by enum oc_routing_op. */
extern const char *const oc_routing_operators[];

/* A function of Lua: from the table of a tree to the tree. Raises when something in it is wrong. */
int oc_routing_compile(lua_State *L);
/* Makes the metatable of trees. */
void oc_routing_register(lua_State *L);

#endif
