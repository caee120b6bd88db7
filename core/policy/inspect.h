/* Looking into policies and testing them. SPDX-License-Identifier: MIT [loop] */
#ifndef OC_POLICY_INSPECT_H
#define OC_POLICY_INSPECT_H

#include "core/policy/policy.h"

/* The text in force of a policy, borrowed until the next reload; NULL when there is no such policy.
 */
const char *oc_policy_source(struct oc_policies *p, const char *name, size_t *len);

/* Compiles a text that is to be put in force and runs its top level in a throw-away sandbox: its functions must be hooks, at least
 * one, and that which `name` ("route.lua") names if it is one. *hooks: their names, owned by the caller; NULL after an error. */
int oc_policy_check_hooks(const char *name, const char *text, size_t len, json_t **hooks,
                          struct oc_error *err);

/* A set that has what is in force in `p`, in states of its own, and `text` in the place of the policy `name` (NULL: no other
 * text). Nothing that is asked of it is counted, recorded or told anybody. OC_E_CONFIG when the text does not load. */
int oc_policies_overlay(struct oc_policies *p, const char *name, const char *text, size_t len,
                        struct oc_policies **overlay, struct oc_error *err);

/* oc_policy_ask for somebody who tries something out: a failure is neither noted nor told, and the question is kept only of a hook that others
 * ask (oc_hook.outside), when they do not ask why. */
int oc_policy_try(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err);

/* A file of tests, and what it is run against. */
struct oc_policy_suite {
    const char *name; /* of the file of tests, as messages call it */
    const char *text;
    size_t len;
    const char *folder; /* where files of `fixture` are; NULL: there are none */
    /* a policy to be put in the place of the one of that name, or NULL: as it is in force */
    const char *subject, *subject_text;
    size_t subject_len;
    bool
        coverage; /* of the subject; of the shipped or loaded policy of that name when it has no text */
};

/* The file sets `tests` or returns the list itself: a list of
 *   { name = "...", hook = "route", args = { {...}, 0 }, expect = { "ops" } }
 * `expect` left out expects nil; `fails = true` expects the hook to fail, a text that its message has that in it.
 * `fixture = "NAME.json"` takes the arguments from a file beside the tests. `at` or `now` (milliseconds, or a time such as
 * "2026-03-01T02:00:00Z") is given as the argument of that name. `steps` is a list of tests that are run one after the other
 * in the same state; a step has what it does not say from the test, and `after = "15m"` moves its time on from the step
 * before. Every question is asked twice: a policy that answers otherwise the second time fails.
 * *report: {"file","tests":[{"name","ok","got","expected","message"}],"coverage":{"policy","file","lines","executed",
 * "missed":[..]}}, owned by the caller. OC_E_CONFIG when the file is not such a list. */
int oc_policies_run_tests(struct oc_policies *p, const struct oc_policy_suite *suite,
                          json_t **report, struct oc_error *err);

/* From now on the inputs of hooks are kept: a sample of them, the last few hundred of each. */
void oc_policies_keep_inputs(struct oc_policies *p);
/* The last `count` inputs of a hook, [{"at","args"}], the oldest first; caller owns. */
json_t *oc_policies_inputs(struct oc_policies *p, const char *hook, size_t count);
/* Takes back what oc_policies_inputs gave. */
void oc_policies_load_inputs(struct oc_policies *p, const char *hook, const json_t *inputs);

/* What `text` as the policy `name` would have answered to the last `last` inputs of each of its hooks:
 * {"policy","hooks":[{"hook","inputs","differ"}],"differences":[{"hook","at","args","before","after"}],"partial"} (at most 100 differences).
 * It takes a second at the most: "partial" is true when inputs were left out because of that.
 * Owned by the caller. */
int oc_policies_compare(struct oc_policies *p, const char *name, const char *text, size_t len,
                        size_t last, json_t **report, struct oc_error *err);

/* From now on what is in force is kept in NAME.lua.last: after a start it stands for a NAME.lua that does not load. When NAME.lua goes,
 * it becomes NAME.lua.previous. For a host; a private daemon puts nothing in force. */
void oc_policies_keep_last(struct oc_policies *p);
/* The same once, of one policy. */
void oc_policies_remember(struct oc_policies *p, const char *name);

/* Failures when asked that are older than `ms` are forgotten: the policy is well again. */
void oc_policies_settle(struct oc_policies *p, int64_t ms);

#endif
