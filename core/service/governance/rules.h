/* The rules of governance: categories, thresholds, stages, who holds which office. SPDX-License-Identifier: MIT  [any]
 *
 * The shipped rules are those of the original's governance-quorum-rules.json with its contradictions settled (docs/decisions/0033).
 * A proposal freezes what it needs of them (oc_gov_rules_freeze): a later change of the rules changes no open or old proposal. */
#ifndef OC_SERVICE_GOVERNANCE_RULES_H
#define OC_SERVICE_GOVERNANCE_RULES_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/service/governance/tally/tally.h"

#define OC_GOV_NAME 65 /* a member's name and its end: oc_name_valid */

enum oc_gov_category {
    OC_GOV_OPERATIONAL,
    OC_GOV_TACTICAL,
    OC_GOV_STRATEGIC,
    OC_GOV_EMERGENCY,
    OC_GOV_CATEGORIES
};

struct oc_gov_category_rules {
    enum oc_threshold threshold;
    uint32_t min_votes;
    int64_t timeout_ms; /* from submission to the deadline; no stage moves it */
    bool examiner_review, sentinel_approval;
    int64_t declaration_ms; /* from passed to declared: the last chance of a veto */
};

/* A stage is over as soon as its work is done, and at the latest after this; the deadline ends them all. */
struct oc_gov_stage_rules {
    int64_t submission_ms, review_ms, deliberation_ms, final_vote_ms, declaration_ms;
    /* Amendments of one proposal; each opens the vote anew, with a deadline of its own */
    uint32_t modification_rounds;
};

struct oc_gov_rules {
    struct oc_gov_category_rules categories[OC_GOV_CATEGORIES];
    struct oc_gov_stage_rules stages;
    bool strict_supermajority; /* "more than 66.67 %" as it is written: 3 of a triad of 3 */
    int64_t override_ms;       /* how long the triad has to override a veto */
    int64_t emergency_ms;      /* how long an emergency override lasts */
    uint32_t deadlock_cycles;  /* undecided votes on one matter that are a deadlock */
    int64_t ratification_ms; /* how long provisional decisions may be reviewed after restoration */
    int64_t retention_ms;    /* of the audit trail */
    char triad[OC_ELECTORS_MAX][OC_GOV_NAME]; /* the electorate unless a category names another */
    uint32_t triad_count;
    char steward[OC_GOV_NAME], sentinel[OC_GOV_NAME],
        examiner[OC_GOV_NAME]; /* who holds the offices */
};

void oc_gov_rules_default(struct oc_gov_rules *rules);
/* Whether they can work at all: names valid and different, minimum votes within the triad, times above 0. OC_E_CONFIG. */
int oc_gov_rules_check(const struct oc_gov_rules *rules, struct oc_error *err);

const char *oc_gov_category_name(enum oc_gov_category category); /* "operational" ... */
bool oc_gov_category_parse(const char *name, enum oc_gov_category *category);

/* The part that is frozen into a proposal opened at `opened` (the proposal's time, wall ms). */
void oc_gov_rules_freeze(const struct oc_gov_rules *rules, enum oc_gov_category category,
                         int64_t opened, struct oc_tally_rules *frozen);

/* Frozen rules as they stand in a proposal and in the ledger; also the `proposal.rules` of the hook `quorum`:
 * {"threshold","strict_supermajority","minimum_votes","examiner_review","sentinel_approval","deadline","declaration_ms","override_ms"}. */
json_t *oc_tally_rules_json(const struct oc_tally_rules *rules);
/* Strict: every member must be there and of its type. OC_E_VERIFY with the member's name. */
int oc_tally_rules_read(const json_t *json, struct oc_tally_rules *rules, struct oc_error *err);

/* The whole rules as the record that `governance rules` shows. */
json_t *oc_gov_rules_json(const struct oc_gov_rules *rules);

/* ---- what nobody may change ---- */

struct oc_gov_inviolable {
    const char *name, *value; /* "triad.consensus.threshold", "2/3" */
};
extern const struct oc_gov_inviolable oc_gov_inviolables[]; /* ends with a NULL name */
/* The parameter that a change of `path` would touch, in whatever case it is written: itself, something below it or something that holds
 * it. NULL = none. */
const struct oc_gov_inviolable *oc_gov_inviolable_find(const char *path);
/* Whether `name`, which is none of them, can be the name of a parameter: not one word alone, and not one of them written in another
 * way. OC_E_CONFIG, and err lists them. */
int oc_gov_change_check(const char *name, struct oc_error *err);

/* ---- texts for --help ---- */

#define OC_GOV_HELP_CATEGORIES                                                                     \
    "operational: more than half of the electorate, within 5 minutes. tactical: at least two "     \
    "thirds, within 10 minutes, with a review signed by the examiner. strategic: all members, "    \
    "each in its own hand, within 15 minutes, with the examiner's review and the sentinel's "      \
    "approval. emergency: more than half, within 1 minute, declared at once."
#define OC_GOV_HELP_COUNTING                                                                       \
    "Counted are whole votes against the electorate that was frozen when the proposal was made: "  \
    "simple majority 2*yes > eligible, supermajority 3*yes >= 2*eligible (with "                   \
    "strict_supermajority more than 66.67 %: 3 of 3), unanimous yes = eligible. At least 2 "       \
    "members must vote themselves. An abstention is present but no yes; an absent or revoked "     \
    "member stays in the denominator; a tie does not pass. A ballot accepted in the last "         \
    "millisecond of the deadline counts, a later one never. What has not passed by the deadline "  \
    "is rejected (timed_out), in every category."
#define OC_GOV_HELP_VOTE                                                                           \
    "A ballot with a higher nonce replaces the member's earlier one while the proposal is open; "  \
    "the same nonce again is a duplicate, a lower one is stale. A proposal is decided as soon as " \
    "the members that have not voted can no longer change its outcome."
#define OC_GOV_HELP_DELEGATE                                                                       \
    "A delegate speaks for a member that has not voted when the deadline comes; it never counts "  \
    "towards the minimum of votes or towards unanimity. Delegations expire and may not form a "    \
    "circle."
#define OC_GOV_HELP_VETO                                                                           \
    "Steward and sentinel may each veto a proposal once, before it is declared, and must name "    \
    "exactly one of security_violation_detected, corruption_risk_identified, "                     \
    "identity_threat_detected. The veto stands unless every member of the triad signs an "         \
    "override within the override time."

#endif
