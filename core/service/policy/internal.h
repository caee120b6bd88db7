/* What the files of this folder share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_POLICY_INTERNAL_H
#define OC_SERVICE_POLICY_INTERNAL_H

#include "core/base/map.h"
#include "core/service/policy/gate.h"
#include "core/service/policy/policy_service.h"

#define OC_POLICY_FILE_MAX (256u << 10)

struct oc_policy_service {
    const struct oc_env *env;
    struct oc_timer *timer; /* NULL in an ephemeral daemon */
    struct oc_gate *gate;
    struct oc_subscription *failed, *loaded, *removed; /* NULL in an ephemeral daemon */
    struct oc_map troubles; /* names of policies, while its alert fires */
    bool looked;            /* alerts of an earlier life were looked at */
    unsigned looks;         /* at the files, so far */
    bool news;              /* a policy was loaded or failed since the last look for troubles */
};

void oc_policy_add_ops(struct oc_policy_service *s);
void oc_policy_add_test_op(struct oc_policy_service *s);
void oc_policy_add_change_ops(struct oc_policy_service *s);
void oc_policy_add_look_ops(struct oc_policy_service *s);

/* What a policy of this name and its tests would change against what is in force: [{"file", "before": "in force" or null, "after":
 * "proposed", "built in" or null, and the members of oc_textdiff_json}]. NULL: it is not touched (test), or what is built in is in
 * force again (text). Caller owns. */
json_t *oc_policy_changes(const struct oc_policy_service *s, const char *name, const char *text,
                          const char *test);

/* "policies/route.lua" of a whole path: what messages call the file. */
const char *oc_policy_short_name(const char *path);

/* Fires the alert policy_failed{policy} for each policy that does not load or fails when asked, and resolves it. */
void oc_policy_look_for_troubles(struct oc_policy_service *s);
void oc_policy_forget_troubles(struct oc_policy_service *s);

/* A report of `policy test` as other tools read it; caller owns. `files` are the reports of oc_policies_run_tests. */
char *oc_policy_tap(const json_t *files);
char *oc_policy_junit(const json_t *files);

#endif
