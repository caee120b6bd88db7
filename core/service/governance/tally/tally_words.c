/* Thresholds in exact integers, and the words for everything that a tally knows. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/governance/tally/tally.h"

bool oc_threshold_met(enum oc_threshold threshold, bool strict, uint32_t yes, uint32_t eligible)
{
    const uint64_t y = yes, n = eligible;
    switch (threshold) {
    case OC_THRESHOLD_SIMPLE:
        return n > 0 && 2 * y > n;
    case OC_THRESHOLD_SUPER:
        return n > 0 && (strict ? 10000 * y > 6667 * n : 3 * y >= 2 * n);
    case OC_THRESHOLD_UNANIMOUS:
        return n > 0 && y == n;
    default:
        return false;
    }
}

uint32_t oc_threshold_needed(enum oc_threshold threshold, bool strict, uint32_t eligible)
{
    uint32_t yes = 0;
    while (yes < eligible && !oc_threshold_met(threshold, strict, yes, eligible)) {
        yes++;
    }
    return yes;
}

static const char *const thresholds[] = {"simple_majority", "supermajority", "unanimous"};
static const char *const choices[] = {"none", "yes", "no", "abstain"};
static const char *const verdicts[] = {"approve", "request_changes", "reject", "abstain"};
static const char *const conditions[] = {"none", "security_violation_detected",
                                         "corruption_risk_identified", "identity_threat_detected"};
static const char *const outcomes[] = {"pending",   "passed", "rejected",
                                       "timed_out", "vetoed", "invalid"};
static const char *const reasons[] = {
#define X(name, text) text,
    OC_TALLY_REASON_MAP(X)
#undef X
};

/* The index of a word from `first` on; false when it is none. */
static bool find(const char *const *words, size_t count, size_t first, const char *word, size_t *at)
{
    for (size_t i = first; word && i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

const char *oc_threshold_name(enum oc_threshold threshold)
{
    return threshold < OC_COUNT(thresholds) ? thresholds[threshold] : "unknown";
}

bool oc_threshold_parse(const char *name, enum oc_threshold *threshold)
{
    size_t at = 0;
    const bool found = find(thresholds, OC_COUNT(thresholds), 0, name, &at);
    *threshold = found ? (enum oc_threshold)at : *threshold;
    return found;
}

const char *oc_choice_name(enum oc_choice choice)
{
    return choice < OC_COUNT(choices) ? choices[choice] : "unknown";
}

bool oc_choice_parse(const char *name, enum oc_choice *choice)
{
    size_t at = 0;
    const bool found = find(choices, OC_COUNT(choices), 1, name, &at);
    *choice = found ? (enum oc_choice)at : *choice;
    return found;
}

const char *oc_verdict_name(enum oc_verdict verdict)
{
    return verdict < OC_COUNT(verdicts) ? verdicts[verdict] : "unknown";
}

bool oc_verdict_parse(const char *name, enum oc_verdict *verdict)
{
    size_t at = 0;
    const bool found = find(verdicts, OC_COUNT(verdicts), 0, name, &at);
    *verdict = found ? (enum oc_verdict)at : *verdict;
    return found;
}

const char *oc_veto_name(enum oc_veto_condition condition)
{
    return condition < OC_COUNT(conditions) ? conditions[condition] : "unknown";
}

bool oc_veto_parse(const char *name, enum oc_veto_condition *condition)
{
    size_t at = 0;
    const bool found = find(conditions, OC_COUNT(conditions), 1, name, &at);
    *condition = found ? (enum oc_veto_condition)at : *condition;
    return found;
}

const char *oc_outcome_name(enum oc_outcome outcome)
{
    return outcome < OC_COUNT(outcomes) ? outcomes[outcome] : "unknown";
}

const char *oc_tally_reason_name(enum oc_tally_reason reason)
{
    return reason < OC_COUNT(reasons) ? reasons[reason] : "unknown";
}

/* ---- for people ---- */

static const char *explain(enum oc_tally_reason reason)
{
    switch (reason) {
    case OC_REASON_WAITING_VOTES:
        return "more votes are needed";
    case OC_REASON_WAITING_QUORUM:
        return "too few members have voted themselves";
    case OC_REASON_WAITING_SIGNATURES:
        return "a signature is missing";
    case OC_REASON_WAITING_DECLARATION:
        return "the vote is won and will be declared";
    case OC_REASON_WAITING_OVERRIDE:
        return "a veto stands";
    case OC_REASON_CARRIED:
        return "the vote was won";
    case OC_REASON_OUTVOTED:
        return "those that have not voted cannot change it";
    case OC_REASON_TIE:
        return "a tie does not pass";
    case OC_REASON_REFUSED:
        return "the sentinel refused its approval";
    case OC_REASON_NO_QUORUM:
        return "too few members voted themselves";
    case OC_REASON_SHORT:
        return "the yes did not suffice by the deadline";
    case OC_REASON_UNSIGNED:
        return "a signature was missing at the deadline";
    case OC_REASON_VETO:
        return "the veto was not overridden in time";
    case OC_REASON_BAD_INPUT:
    default:
        return "the records are not in order";
    }
}

static const char *missing_text(uint32_t missing)
{
    switch (missing) {
    case 0:
        return "";
    case OC_TALLY_MISSING_REVIEW:
        return "; the examiner's review is missing";
    case OC_TALLY_MISSING_APPROVAL:
        return "; the sentinel's approval is missing";
    default:
        return "; the examiner's review and the sentinel's approval are missing";
    }
}

char *oc_tally_describe(const struct oc_tally_result *r, char *buf, size_t size)
{
    char delegated[48] = "";
    if (r->delegated > 0) {
        snprintf(delegated, sizeof delegated, " (%u through delegates)", r->delegated);
    }
    snprintf(buf, size, "%s: %s; %u yes, %u no, %u abstain, %u absent of %u%s, %u yes needed%s",
             oc_outcome_name(r->outcome), explain(r->reason), r->yes, r->no, r->abstain, r->absent,
             r->eligible, delegated, r->needed, missing_text(r->missing));
    return buf;
}
