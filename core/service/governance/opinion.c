/* The second opinion: the hook `quorum` about what the tally passed. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/service/governance/flow.h"
#include "core/service/governance/tally/tally_hook.h"

static void tell(struct oc_governance *g, const json_t *p, const char *message)
{
    oc_governance_alert(g, "governance-tally-disagrees", oc_json_str(p, "id", ""), "critical",
                        message, true);
}

/* A policy may hold back what the tally passed. It never passes anything, and when the two do not agree, or nobody knows what
 * it would have said, nothing is carried out. */
const char *oc_flow_second_opinion(struct oc_governance *g, const json_t *p, int64_t now,
                                   const struct oc_tally_result *r)
{
    struct oc_governance_case c;
    json_t *answer = NULL;
    if (!g->env->policies) {
        return NULL;
    }
    oc_governance_case(g, p, &c);
    json_t *args = oc_tally_hook_args(&c.tally, c.members, now, p);
    oc_governance_case_finish(&c);
    const int code = oc_policy_ask(g->env->policies, "quorum", args, &answer, NULL, NULL);
    const enum oc_tally_agreement agreement =
        code == OC_OK ? oc_tally_hook_compare(answer, r) : OC_TALLY_AGREES;
    const bool failed = code != OC_OK && code != OC_E_NOT_FOUND;
    json_decref(args);
    json_decref(answer);
    if (failed) {
        tell(g, p, "the policy `quorum` failed: nothing was carried out");
        return "policy_failed";
    }
    if (agreement == OC_TALLY_DISAGREES) {
        tell(g, p, "the policy `quorum` counts otherwise than the host: nothing was carried out");
        return "tally_disagrees";
    }
    return agreement == OC_TALLY_HELD_BACK ? "held_back" : NULL;
}
