/* One condition of a rule, for Lua and in native form. SPDX-License-Identifier: MIT
 *
 * Most rules are `metric op constant`, and the hot path of the daemon is evaluating those. Such a
 * condition is also kept as an operator and a constant. It decides only where Lua's answer follows
 * from the operator alone: two numbers, or two booleans under == and ~=. Everything else (a boolean
 * under <, say, which is an error) is left to Lua. [loop] */
#ifndef OC_SERVICE_RULE_COND_H
#define OC_SERVICE_RULE_COND_H

#include "core/base/vec.h"
#include "core/policy/sandbox.h"
#include "core/service/rule/thresholds.h"

enum oc_compare {
    OC_COMPARE_NONE,
    OC_COMPARE_LT,
    OC_COMPARE_LE,
    OC_COMPARE_GT,
    OC_COMPARE_GE,
    OC_COMPARE_EQ,
    OC_COMPARE_NE
};

struct oc_cond {
    int expr;                     /* handle in the Lua state; 0 = there is no condition */
    OC_VEC(char *) metrics;       /* names of the metrics that it reads, in order */
    enum oc_compare compare;      /* NONE: Lua only */
    struct oc_lua_value constant; /* a number or a boolean */
    bool has_constant; /* for messages: what is compared with, where that is one figure */
};

/* OC_E_CONFIG with what is wrong: syntax, a threshold that is not there, an unknown `label`-like
 * group, an answer that is neither true nor false whatever the samples are. */
int oc_cond_init(struct oc_cond *c, struct oc_lua *lua, const struct oc_thresholds *t,
                 const char *text, struct oc_error *err);
void oc_cond_finish(struct oc_cond *c); /* the handle dies with its Lua state */

/* True when the answer for a value of this kind (OC_KIND_*) is known without Lua; then *truth is
 * it. */
bool oc_cond_native(const struct oc_cond *c, uint32_t kind, double value, bool *truth);

#endif
