/* Looking into policies and testing them. SPDX-License-Identifier: MIT [loop] */
#ifndef OC_POLICY_INSPECT_H
#define OC_POLICY_INSPECT_H

#include "core/policy/policy.h"

/* The text in force of a policy, borrowed until the next reload; NULL when there is no such policy.
 */
const char *oc_policy_source(struct oc_policies *p, const char *name, size_t *len);

/* Runs a file of tests against the policies in force. The file sets `tests` or returns the list
 * itself: tests = { { name = "...", hook = "route", args = { {...}, 0 }, expect = { "ops" } }, ...
 * } `expect` left out expects nil; `fails = true` expects the hook to fail. *rows:
 * [{"name","ok","got","expected"}], owned by the caller. OC_E_CONFIG when the file is not such a
 * list. */
int oc_policies_test(struct oc_policies *p, const char *name, const char *text, size_t len,
                     json_t **rows, struct oc_error *err);

#endif
