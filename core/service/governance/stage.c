/* The stages around a vote: submission, review, deliberation, final vote, declaration, override. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/service/governance/flow.h"

/* Until when a stage of this length lasts: the last one keeps its share of the time to the deadline. */
static int64_t stage_end(const struct oc_governance *g, const json_t *p, int64_t now,
                         int64_t length)
{
    const int64_t last = oc_flow_deadline(p) - g->rules.stages.final_vote_ms;
    const int64_t end = now + length < last ? now + length : last;
    return end > now ? end : now;
}

static bool enter(struct oc_governance *g, const json_t *p, const char *type, const char *stage,
                  int64_t now, int64_t until)
{
    json_t *entry = oc_flow_entry(p, now);
    oc_json_set_str(entry, "stage", stage);
    oc_json_set_int(entry, "stage_until", until);
    return oc_governance_write(g, type, entry, NULL, NULL) == OC_OK;
}

static bool is_complete(const json_t *p)
{
    static const char *const fields[] = {"title", "description", "justification",
                                         "impact_assessment", "rollback_plan"};
    for (size_t i = 0; i < OC_COUNT(fields); i++) {
        if (!*oc_json_str(p, fields[i], "")) {
            return false;
        }
    }
    return true;
}

/* The latest word of this member; NULL when it has not said anything. */
static const char *review_of(const json_t *p, const char *member)
{
    const json_t *row;
    const char *word = NULL;
    size_t i;
    json_array_foreach(json_object_get(p, "signatures"), i, row)
    {
        if (strcmp(oc_json_str(row, "kind", ""), "review") == 0 &&
            strcmp(oc_json_str(row, "member", ""), member) == 0) {
            word = oc_json_str(row, "word", "");
        }
    }
    return word;
}

struct words {
    bool all;     /* everybody has reviewed it, or voted */
    bool voted;   /* everybody has voted */
    bool doubted; /* somebody does not want it so */
};

/* Whoever abstains has looked at it, and doubts nothing. */
static bool is_doubt(const char *word)
{
    return word && strcmp(word, "approve") != 0 && strcmp(word, "abstain") != 0;
}

static struct words words_of(const json_t *p, const struct oc_tally_result *r)
{
    struct oc_member members[OC_ELECTORS_MAX];
    const uint32_t count = oc_governance_electorate(p, members);
    struct words w = {.all = true, .voted = true};
    const char *examiner = review_of(p, oc_json_str(p, "examiner", ""));
    for (uint32_t i = 0; i < count; i++) {
        const char *word = review_of(p, members[i].name);
        w.voted = w.voted && r->voice[i] != OC_CHOICE_NONE;
        w.all = w.all && (word || r->voice[i] != OC_CHOICE_NONE);
        w.doubted = w.doubted || is_doubt(word);
    }
    w.all = w.all && (examiner || !(r->missing & OC_TALLY_MISSING_REVIEW));
    w.doubted = w.doubted || is_doubt(examiner);
    return w;
}

static bool leave_submission(struct oc_governance *g, const json_t *p, int64_t now)
{
    if (is_complete(p)) {
        return enter(g, p, "stage_changed", "review", now,
                     stage_end(g, p, now, g->rules.stages.review_ms));
    }
    if (now > oc_json_int(p, "stage_until", 0)) {
        oc_governance_decide(g, p, "timed_out", "incomplete", NULL);
        return true;
    }
    return false;
}

static bool leave_review(struct oc_governance *g, const json_t *p, int64_t now, struct words w)
{
    if (!w.all && now <= oc_json_int(p, "stage_until", 0)) {
        return false;
    }
    if (w.doubted && stage_end(g, p, now, g->rules.stages.deliberation_ms) > now) {
        return enter(g, p, "deliberation_started", "deliberation", now,
                     stage_end(g, p, now, g->rules.stages.deliberation_ms));
    }
    return enter(g, p, "stage_changed", "final_vote", now, oc_flow_deadline(p));
}

static bool step_stage(struct oc_governance *g, const json_t *p, int64_t now,
                       const struct oc_tally_result *r)
{
    const char *stage = oc_json_str(p, "stage", "");
    const struct words w = words_of(p, r);
    if (strcmp(stage, "submission") == 0) {
        return leave_submission(g, p, now);
    }
    if (strcmp(stage, "review") == 0) {
        return leave_review(g, p, now, w);
    }
    if (strcmp(stage, "deliberation") == 0) {
        const bool over = now > oc_json_int(p, "stage_until", 0);
        return (over || w.voted || (w.all && !w.doubted)) &&
               enter(g, p, "deliberation_completed", "final_vote", now, oc_flow_deadline(p));
    }
    if (strcmp(stage, "declaration") == 0 || strcmp(stage, "override") == 0) {
        return enter(g, p, "stage_changed", "final_vote", now,
                     oc_flow_deadline(p)); /* not any more */
    }
    return false;
}

bool oc_flow_wait(struct oc_governance *g, const json_t *p, const char *stage, int64_t now,
                  int64_t until)
{
    return (strcmp(oc_json_str(p, "stage", ""), stage) != 0 ||
            oc_json_int(p, "stage_until", 0) != until) &&
           enter(g, p, "stage_changed", stage, now, until);
}

bool oc_flow_step_stage(struct oc_governance *g, const json_t *p, int64_t now,
                        const struct oc_tally_result *r)
{
    const char *want = r->reason == OC_REASON_WAITING_DECLARATION ? "declaration"
                       : r->reason == OC_REASON_WAITING_OVERRIDE  ? "override"
                                                                  : NULL;
    if (!want) {
        return step_stage(g, p, now, r);
    }
    return oc_flow_wait(g, p, want, now, r->next);
}
