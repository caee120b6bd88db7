/* A vote without a decision, and the ways out of it. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/service/governance/flow.h"

static const char *const methods[] = {"escalate_to_steward", "request_examiner_arbitration",
                                      "defer_to_next_cycle", "emergency_human_consultation"};
enum { STEWARD, EXAMINER, NEXT_CYCLE, HUMAN, METHODS };

static bool new_cycle(struct oc_governance *g, const json_t *p, int64_t now)
{
    json_t *entry = oc_flow_entry(p, now);
    oc_json_set_int(entry, "cycle", oc_json_int(p, "cycle", 1) + 1);
    oc_governance_open_cycle(g, p, now, entry);
    const int64_t deadline = oc_json_int(json_object_get(entry, "rules"), "deadline", now);
    int64_t end = deadline - g->rules.stages.final_vote_ms;
    end = now + g->rules.stages.deliberation_ms < end ? now + g->rules.stages.deliberation_ms : end;
    oc_json_set_int(entry, "stage_until", end > now ? end : now);
    return oc_governance_write(g, "deliberation_started", entry, NULL, NULL) == OC_OK;
}

/* The next of the ways out of it, in their order. */
static bool escalate(struct oc_governance *g, const json_t *p, int64_t now, int64_t step,
                     const struct oc_tally_result *tally)
{
    json_t *entry = oc_flow_entry(p, now);
    if (step >= METHODS) {
        json_decref(entry);
        oc_governance_decide(g, p, "rejected", "deadlock", NULL);
        return true;
    }
    oc_json_set_str(entry, "method", methods[step]);
    oc_json_set_int(entry, "step", step);
    oc_json_set_int(entry, "cycle", oc_json_int(p, "cycle", 1));
    oc_json_set_int(entry, "stage_until",
                    now + (step == HUMAN ? g->settings.human_ms : g->settings.deadlock_ms));
    if (tally) {
        oc_json_take(entry, "tally", oc_governance_tally_json(tally));
    }
    if (step == HUMAN) {
        oc_governance_alert(g, "governance-deadlock", oc_json_str(p, "id", ""), "critical",
                            "a proposal is deadlocked: a person has to decide with `openclaw "
                            "governance approve`",
                            true);
    }
    return oc_governance_write(g, step == STEWARD ? "deadlock_detected" : "deadlock_escalated",
                               entry, NULL, NULL) == OC_OK;
}

bool oc_flow_undecided(struct oc_governance *g, const json_t *p, int64_t now,
                       const struct oc_tally_result *r)
{
    const json_t *deadlock = json_object_get(p, "deadlock");
    struct oc_tally_result v;
    oc_governance_vetoes(g, p, now, &v);
    if (v.outcome == OC_TALLY_VETOED) {
        oc_governance_decide(g, p, "vetoed", "veto", r);
        return true;
    }
    if (v.vetoes) { /* another cycle would forget it before its time */
        return oc_flow_wait(g, p, "override", now, v.next);
    }
    if (deadlock) { /* the cycle to which it was deferred has brought nothing */
        return escalate(g, p, now, HUMAN, r);
    }
    if (oc_json_int(p, "cycle", 1) < (int64_t)g->rules.deadlock_cycles) {
        return new_cycle(g, p, now);
    }
    return escalate(g, p, now, STEWARD, r);
}

/* What the one who was asked has said since: 1 yes, -1 no, 0 nothing yet. */
static int arbitration(const json_t *p, int64_t step)
{
    const json_t *list = json_object_get(p, "signatures"), *row;
    const int64_t since = oc_json_int(json_object_get(p, "deadlock"), "at", 0);
    const char *who = step == STEWARD    ? oc_json_str(p, "steward", "")
                      : step == EXAMINER ? oc_json_str(p, "examiner", "")
                                         : "human";
    size_t i;
    json_array_foreach(list, i, row)
    {
        const char *word = oc_json_str(row, "word", "");
        if (strcmp(oc_json_str(row, "kind", ""), "approval") == 0 &&
            strcmp(oc_json_str(row, "member", ""), who) == 0 &&
            oc_json_int(row, "at", 0) >= since && strcmp(word, "request_changes") != 0) {
            return strcmp(word, "approve") == 0 ? 1 : -1;
        }
    }
    return 0;
}

bool oc_flow_step_deadlock(struct oc_governance *g, const json_t *p, int64_t now,
                           const struct oc_tally_result *r, int64_t *look)
{
    const int64_t step = oc_json_int(json_object_get(p, "deadlock"), "step", 0);
    const int said = arbitration(p, step);
    struct oc_tally_result v;
    oc_governance_vetoes(g, p, now, &v);
    if (v.outcome == OC_TALLY_VETOED) {
        oc_governance_decide(g, p, "vetoed", "veto", r);
    } else if (v.vetoes && said >= 0) { /* who is asked may refuse it meanwhile, and nothing else */
        *look = v.next;
        return false;
    } else if (said > 0 && r->missing) {
        oc_governance_decide(g, p, "rejected", oc_tally_reason_name(OC_REASON_UNSIGNED), r);
    } else if (said) {
        oc_governance_decide(g, p, said > 0 ? "approved" : "rejected", methods[step], r);
    } else if (step == NEXT_CYCLE) {
        return new_cycle(g, p, now);
    } else if (now > oc_json_int(p, "stage_until", 0)) {
        return escalate(g, p, now, step + 1, NULL);
    } else {
        return false;
    }
    if (step == HUMAN) {
        oc_governance_alert(g, "governance-deadlock", oc_json_str(p, "id", ""), "critical", "",
                            false);
    }
    return true;
}
