/* The arguments of a question while they are being said. SPDX-License-Identifier: MIT
 *
 * Not for other floors; the calls are in ask.h. [loop] */
#ifndef OC_POLICY_ARGS_H
#define OC_POLICY_ARGS_H

#include <lua.h>

#include "core/policy/ask.h"
#include "core/policy/tape.h"

#define OC_ARGS_DEPTH_MAX 16

struct oc_args {
    lua_State *L;
    struct oc_tape *tape; /* where all is noted down, too; or NULL */
    const json_t *reads;  /* of the hook (reads.h) */
    int depth;
    struct {
        bool list;
        lua_Integer items;
    } open[OC_ARGS_DEPTH_MAX];
};

#endif
