/* Entries of the ordinary way of a proposal: from its submission to its decision and its execution. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/state_internal.h"

static void submitted(json_t *state, uint64_t index, const json_t *entry)
{
    const json_t *given = json_object_get(entry, "record");
    const char *id = oc_json_str(given, "id", NULL);
    if (!id || oc_governance_find(state, id)) {
        return;
    }
    json_t *p = json_deep_copy(given);
    oc_json_set_int(p, "index", (int64_t)index);
    json_object_set_new(json_object_get(state, "proposals"), id, p);
}

static void enter(json_t *p, const char *stage, const json_t *entry)
{
    if (!oc_governance_is_closed(p)) {
        oc_json_set_str(p, "stage", stage);
        oc_json_set_str(p, "status", "open");
        json_object_del(p, "stage_until");
        oc_state_copy(p, entry, "stage_until");
    }
}

static void stage_changed(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p) {
        enter(p, oc_json_str(entry, "stage", "review"), entry);
        oc_state_copy(p, entry,
                      "rules"); /* what was deferred is opened with a deadline of its own */
        oc_state_copy(p, entry, "subject");
    }
}

/* What was said about another text, or in another cycle, does not count for this one. */
static void forget_votes(json_t *p)
{
    static const char *const lists[] = {"ballots", "signatures", "vetoes", "overrides"};
    for (size_t i = 0; i < OC_COUNT(lists); i++) {
        json_object_del(p, lists[i]);
    }
}

static void deliberation_started(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (!p) {
        return;
    }
    if (json_object_get(entry, "subject")) { /* a new cycle, with a deadline of its own */
        forget_votes(p);
        oc_state_copy(p, entry, "cycle");
        oc_state_copy(p, entry, "rules");
        oc_state_copy(p, entry, "subject");
    }
    enter(p, "deliberation", entry);
}

static void deliberation_completed(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p) {
        enter(p, "final_vote", entry);
    }
}

/* Which of them count is the tally's to say. */
static void vote_cast(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p && !oc_governance_is_closed(p)) {
        oc_state_sign(state, p, "ballots", index, entry);
    }
}

static void approval_signed(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p && !oc_governance_is_closed(p)) {
        oc_state_sign(state, p, "signatures", index, entry);
    }
}

/* Of something that was done without a vote it is the review afterwards. */
static void review_signed(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry), *after = json_object_get(p, "review");
    if (!p) {
        return;
    }
    oc_state_sign(state, p, "signatures", index, entry);
    if (after && !json_object_get(after, "by")) {
        oc_json_set_str(after, "by", oc_json_str(entry, "member", ""));
        oc_state_copy(after, entry, "at");
        oc_state_copy(after, entry, "word");
    }
}

static void comment_added(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p) {
        json_t *c = json_object();
        oc_state_copy(c, entry, "by");
        oc_state_copy(c, entry, "text");
        oc_state_copy(c, entry, "at");
        oc_json_set_int(c, "index", (int64_t)index);
        json_array_append_new(oc_state_list(p, "comments"), c);
    }
}

static void amended(json_t *state, uint64_t index, const json_t *entry)
{
    static const char *const keys[] = {"subject",       "rules", "revision",
                                       "modifications", "stage", "stage_until"};
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (!p) {
        return;
    }
    json_object_update_new(p, json_deep_copy(json_object_get(entry, "fields")));
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_state_copy(p, entry, keys[i]);
    }
    forget_votes(p);
}

static void withdrawn(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p) {
        oc_json_set_str(p, "status", "withdrawn");
        oc_json_set_int(p, "decided_at", oc_json_int(entry, "at", 0));
        oc_state_copy(p, entry, "reason");
        oc_state_close(state, p);
    }
}

static void decision_reached(json_t *state, uint64_t index, const json_t *entry)
{
    static const char *const keys[] = {"reason", "tally", "review", "provisional"};
    json_t *p = oc_state_proposal(state, entry);
    if (!p) {
        return;
    }
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_state_copy(p, entry, keys[i]);
    }
    oc_json_set_str(p, "status", oc_json_str(entry, "outcome", "rejected"));
    oc_json_set_int(p, "decided_at", oc_json_int(entry, "at", 0));
    oc_json_set_int(p, "decided_index", (int64_t)index);
    if (strcmp(oc_json_str(entry, "outcome", ""), "approved") == 0 && json_object_get(p, "op")) {
        oc_json_set_str(p, "stage", "execution");
        json_object_del(p, "stage_until");
        oc_json_set_str(oc_state_object(p, "execution"), "status", "pending");
    } else {
        oc_state_close(state, p);
    }
}

static void execution_started(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p) {
        json_t *x = oc_state_object(p, "execution");
        oc_json_set_str(x, "status", "executing");
        oc_json_set_int(x, "started_at", oc_json_int(entry, "at", 0));
        oc_json_set_int(x, "started_index", (int64_t)index);
        oc_state_copy(x, entry, "attempts");
    }
}

static void execution_ended(json_t *state, uint64_t index, const json_t *entry)
{
    static const char *const keys[] = {"status", "code", "message", "hint", "result"};
    json_t *p = oc_state_proposal(state, entry);
    if (!p) {
        return;
    }
    json_t *x = oc_state_object(p, "execution");
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_state_copy(x, entry, keys[i]);
    }
    oc_json_set_int(x, "ended_at", oc_json_int(entry, "at", 0));
    oc_json_set_int(x, "ended_index", (int64_t)index);
    oc_state_close(state, p);
}

const struct oc_state_type oc_state_voting[] = {
    {"approval_signed", approval_signed},
    {"comment_added", comment_added},
    {"decision_reached", decision_reached},
    {"deliberation_completed", deliberation_completed},
    {"deliberation_started", deliberation_started},
    {"execution_ended", execution_ended},
    {"execution_started", execution_started},
    {"proposal_amended", amended},
    {"proposal_submitted", submitted},
    {"proposal_withdrawn", withdrawn},
    {"review_signed", review_signed},
    {"stage_changed", stage_changed},
    {"vote_cast", vote_cast},
};
const size_t oc_state_voting_count = OC_COUNT(oc_state_voting);
