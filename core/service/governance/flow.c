/* What has to happen next to a proposal: flow.h. SPDX-License-Identifier: MIT */
#include "core/service/governance/flow.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define STEPS_MAX 16 /* in a row: more would be a mistake of ours */

json_t *oc_flow_entry(const json_t *p, int64_t now)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", oc_json_str(p, "id", ""));
    oc_json_set_int(entry, "at", now);
    return entry;
}

void oc_governance_open_cycle(const struct oc_governance *g, const json_t *p, int64_t now,
                              json_t *entry)
{
    enum oc_gov_category category = OC_GOV_OPERATIONAL;
    struct oc_tally_rules frozen;
    char subject[OC_SHA256_HEX];
    json_t *next = json_deep_copy(p);
    oc_gov_category_parse(oc_json_str(p, "category", ""), &category);
    oc_gov_rules_freeze(&g->rules, category, now, &frozen);
    oc_json_take(entry, "rules", oc_tally_rules_json(&frozen));
    json_object_update(next, entry);
    oc_governance_subject(next, subject);
    oc_json_set_str(entry, "subject", subject);
    json_decref(next);
}

/* Those whose voice was counted, through a delegate too. */
static json_t *participants(const json_t *p, const struct oc_tally_result *tally)
{
    struct oc_member members[OC_ELECTORS_MAX];
    const uint32_t count = oc_governance_electorate(p, members);
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        if (tally && tally->voice[i] != OC_CHOICE_NONE) {
            json_array_append_new(list, json_string(members[i].name));
        }
    }
    return list;
}

void oc_governance_decide(struct oc_governance *g, const json_t *p, const char *outcome,
                          const char *reason, const struct oc_tally_result *tally)
{
    const int64_t now = oc_governance_now(g, p);
    json_t *entry = oc_flow_entry(p, now);
    oc_json_set_str(entry, "outcome", outcome);
    oc_json_set_str(entry, "reason", reason);
    oc_json_set_str(entry, "category", oc_json_str(p, "category", ""));
    oc_json_take(entry, "participants", participants(p, tally));
    if (tally) {
        oc_json_take(entry, "tally", oc_governance_tally_json(tally));
    }
    if (strcmp(reason, "emergency_override") == 0) {
        oc_json_take(entry, "review",
                     json_pack("{s:I}", "due", (json_int_t)(now + g->settings.review_within_ms)));
    }
    oc_governance_write(g, "decision_reached", entry, NULL, NULL);
}

static bool start_execution(struct oc_governance *g, const json_t *p, int64_t now)
{
    const json_t *x = json_object_get(p, "execution");
    if (strcmp(oc_json_str(x, "status", ""), "pending") != 0 || g->stopping || !g->resumed) {
        return false;
    }
    json_t *entry = oc_flow_entry(p, now);
    oc_json_set_int(entry, "attempts", oc_json_int(x, "attempts", 0) + 1);
    oc_json_set_str(entry, "op", oc_json_str(json_object_get(p, "op"), "name", ""));
    return oc_governance_write(g, "execution_started", entry, NULL, NULL) == OC_OK;
}

static bool conclude(struct oc_governance *g, const json_t *p, int64_t now,
                     const struct oc_tally_result *r)
{
    const bool hung = r->reason == OC_REASON_TIE || r->reason == OC_REASON_SHORT;
    const char *against;
    switch (r->outcome) {
    case OC_TALLY_PENDING:
        return oc_flow_step_stage(g, p, now, r);
    case OC_TALLY_PASSED:
        against = oc_flow_second_opinion(g, p, now, r);
        oc_governance_decide(g, p, against ? "rejected" : "approved",
                             against ? against : oc_tally_reason_name(r->reason), r);
        return true;
    case OC_TALLY_REJECTED:
    case OC_TALLY_TIMED_OUT:
        if (hung) {
            return oc_flow_undecided(g, p, now, r);
        }
        break;
    case OC_TALLY_VETOED:
    case OC_TALLY_INVALID:
        break;
    }
    oc_governance_decide(g, p, oc_outcome_name(r->outcome), oc_tally_reason_name(r->reason), r);
    return true;
}

/* True when something was done, so that there may be more; *look: the proposal's time at which to look again. */
static bool step(struct oc_governance *g, const json_t *p, int64_t *look)
{
    const char *stage = oc_json_str(p, "stage", "");
    struct oc_tally_result r;
    *look = OC_TALLY_NEVER;
    if (oc_governance_is_closed(p) || strcmp(stage, "deferred") == 0) {
        return false;
    }
    const int64_t now = oc_governance_now(g, p),
                  until = oc_json_int(p, "stage_until", OC_TALLY_NEVER);
    if (strcmp(stage, "execution") == 0) {
        return start_execution(g, p, now);
    }
    oc_governance_tally(g, p, now, &r);
    *look = until < r.next ? until : r.next;
    if (strcmp(stage, "deadlock") == 0) {
        *look = until;
        return oc_flow_step_deadlock(g, p, now, &r, look);
    }
    return conclude(g, p, now, &r);
}

void oc_governance_poke(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id);
    int64_t look = OC_TALLY_NEVER;
    if (!p || g->env->ephemeral || g->failed) {
        return;
    }
    for (int i = 0; i < STEPS_MAX && p && step(g, p, &look); i++) {
        p = oc_governance_find(g->state, id);
    }
    if (!p || oc_governance_is_closed(p)) {
        free(oc_map_remove(&g->clocks, id));
    } else {
        oc_flow_look_again(g, p, look);
    }
}

void oc_governance_each(struct oc_governance *g,
                        void (*fn)(struct oc_governance *g, const char *id))
{
    OC_VEC(char *) ids = {0};
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        OC_VEC_PUSH(&ids, oc_strdup(id));
    }
    for (size_t i = 0; i < ids.count; i++) {
        fn(g, ids.items[i]);
        free(ids.items[i]);
    }
    OC_VEC_FINISH(&ids);
}

void oc_governance_poke_all(struct oc_governance *g)
{
    oc_governance_each(g, oc_governance_poke);
}

void oc_governance_written(struct oc_governance *g, const char *type, const json_t *entry)
{
    const char *id = oc_json_str(entry, "proposal", "");
    if (strcmp(type, "execution_started") == 0) {
        oc_governance_run(g, id);
    } else if (strcmp(type, "rollback_started") == 0) {
        oc_governance_roll_back(g, id);
    } else {
        oc_governance_ending_settled(g, type, entry, true);
    }
}
