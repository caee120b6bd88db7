/* How this floor asks a policy. SPDX-License-Identifier: MIT
 *
 * Not for other floors: they have ask.h and policy.h. [loop] */
#ifndef OC_POLICY_QUESTION_H
#define OC_POLICY_QUESTION_H

#include "core/policy/ask.h"
#include "core/policy/policies.h"
#include "core/policy/state.h"

/* The policy that answers a hook, or NULL. */
struct oc_policy *oc_policies_find_hook(struct oc_policies *p, const char *hook);
/* Asks this policy; `index` is the hook's place in oc_hooks, -1 when the host does not know it (any answer fits then). */
int oc_policy_put(struct oc_policies *p, struct oc_policy *policy, const char *hook, int index,
                  oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx, struct oc_error *err);
/* OC_E_NOT_FOUND, said. */
int oc_policy_nobody(const char *hook, struct oc_error *err);
/* As people compare: 1 is 1.0, and an empty Lua table is the empty list and the empty object. */
bool oc_policy_same(const json_t *a, const json_t *b);
/* testing_check.c: OC_E_CONFIG with the first test that is none, and why. `file` as messages call it. */
int oc_policy_tests_check(const char *file, const json_t *tests, struct oc_error *err);
void oc_policies_publish(struct oc_policies *p, const char *topic, const struct oc_policy *policy,
                         const char *message);

#endif
