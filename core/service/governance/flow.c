/* What has to happen next to a proposal. SPDX-License-Identifier: MIT
 *
 * The outcome is the tally's to say. The stages around it are about time: each ends when its work is done and at the latest after
 * its own time, review and deliberation so that the last stage keeps its share, and the deadline ends them all. A ballot may be cast
 * in every one of them but the first. Each step is an entry; steps are taken until there is nothing to do now. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"
#include "core/service/governance/tally_hook.h"

#define STEPS_MAX 16 /* in a row: more would be a mistake of ours */

struct clock {
    struct oc_deadline time;
    int64_t due; /* monotonic: when to look again; INT64_MAX = never */
};

/* ---- time ---- */

static int64_t deadline_of(const json_t *p)
{
    return oc_json_int(json_object_get(p, "rules"), "deadline", 0);
}

static struct clock *clock_of(struct oc_governance *g, const json_t *p)
{
    const char *id = oc_json_str(p, "id", "");
    struct clock *c = oc_map_get(&g->clocks, id);
    if (!c) {
        const struct oc_clocks now = oc_clocks_read();
        const int64_t opened = oc_json_int(p, "submitted_at", 0);
        c = oc_calloc(1, sizeof *c);
        c->due = INT64_MAX;
        oc_deadline_resume(&c->time, &now, opened, deadline_of(p), oc_json_int(p, "time", opened),
                           false);
        oc_map_set(&g->clocks, id, c);
    }
    return c;
}

int64_t oc_governance_now(struct oc_governance *g, const json_t *p)
{
    const struct oc_clocks now = oc_clocks_read();
    if (oc_governance_is_closed(p)) {
        const int64_t last = oc_json_int(p, "time", 0);
        return now.wall > last ? now.wall : last;
    }
    return oc_deadline_now(&clock_of(g, p)->time, &now);
}

void oc_governance_forget_clock(struct oc_governance *g, const char *id)
{
    free(oc_map_remove(&g->clocks, id));
}

/* ---- entries ---- */

static json_t *entry_of(const json_t *p, int64_t now)
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

/* Until when a stage of this length lasts: the last one keeps its share of the time to the deadline. */
static int64_t stage_end(const struct oc_governance *g, const json_t *p, int64_t now,
                         int64_t length)
{
    const int64_t last = deadline_of(p) - g->rules.stages.final_vote_ms;
    const int64_t end = now + length < last ? now + length : last;
    return end > now ? end : now;
}

static bool enter(struct oc_governance *g, const json_t *p, const char *type, const char *stage,
                  int64_t now, int64_t until)
{
    json_t *entry = entry_of(p, now);
    oc_json_set_str(entry, "stage", stage);
    oc_json_set_int(entry, "stage_until", until);
    return oc_governance_write(g, type, entry, NULL, NULL) == OC_OK;
}

void oc_governance_decide(struct oc_governance *g, const json_t *p, const char *outcome,
                          const char *reason, const struct oc_tally_result *tally)
{
    const int64_t now = oc_governance_now(g, p);
    json_t *entry = entry_of(p, now);
    oc_json_set_str(entry, "outcome", outcome);
    oc_json_set_str(entry, "reason", reason);
    oc_json_set_str(entry, "category", oc_json_str(p, "category", ""));
    if (tally) {
        oc_json_take(entry, "tally", oc_governance_tally_json(tally));
    }
    if (strcmp(reason, "emergency_override") == 0) {
        oc_json_take(entry, "review",
                     json_pack("{s:I}", "due", (json_int_t)(now + g->settings.review_within_ms)));
    }
    oc_governance_write(g, "decision_reached", entry, NULL, NULL);
}

/* ---- a vote without a decision ---- */

static const char *const methods[] = {"escalate_to_steward", "request_examiner_arbitration",
                                      "defer_to_next_cycle", "emergency_human_consultation"};
enum { STEWARD, EXAMINER, NEXT_CYCLE, HUMAN, METHODS };

static bool new_cycle(struct oc_governance *g, const json_t *p, int64_t now)
{
    json_t *entry = entry_of(p, now);
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
    json_t *entry = entry_of(p, now);
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

static bool undecided(struct oc_governance *g, const json_t *p, int64_t now,
                      const struct oc_tally_result *r)
{
    const json_t *deadlock = json_object_get(p, "deadlock");
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

static bool step_deadlock(struct oc_governance *g, const json_t *p, int64_t now,
                          const struct oc_tally_result *r)
{
    const int64_t step = oc_json_int(json_object_get(p, "deadlock"), "step", 0);
    const int said = arbitration(p, step);
    if (json_array_size(json_object_get(p, "vetoes")) > 0) {
        oc_governance_decide(g, p, "vetoed", "veto", r);
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

/* ---- stages ---- */

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
        w.doubted = w.doubted || (word && strcmp(word, "approve") != 0);
    }
    w.all = w.all && (examiner || !(r->missing & OC_TALLY_MISSING_REVIEW));
    w.doubted = w.doubted || (examiner && strcmp(examiner, "approve") != 0);
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
    return enter(g, p, "stage_changed", "final_vote", now, deadline_of(p));
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
               enter(g, p, "deliberation_completed", "final_vote", now, deadline_of(p));
    }
    if (strcmp(stage, "declaration") == 0 || strcmp(stage, "override") == 0) {
        return enter(g, p, "stage_changed", "final_vote", now, deadline_of(p)); /* not any more */
    }
    return false;
}

static bool step_pending(struct oc_governance *g, const json_t *p, int64_t now,
                         const struct oc_tally_result *r)
{
    const char *stage = oc_json_str(p, "stage", "");
    const char *want = r->reason == OC_REASON_WAITING_DECLARATION ? "declaration"
                       : r->reason == OC_REASON_WAITING_OVERRIDE  ? "override"
                                                                  : NULL;
    if (!want) {
        return step_stage(g, p, now, r);
    }
    return strcmp(stage, want) != 0 && enter(g, p, "stage_changed", want, now, r->next);
}

static bool start_execution(struct oc_governance *g, const json_t *p, int64_t now)
{
    const json_t *x = json_object_get(p, "execution");
    if (strcmp(oc_json_str(x, "status", ""), "pending") != 0 || g->stopping || !g->resumed) {
        return false;
    }
    json_t *entry = entry_of(p, now);
    oc_json_set_int(entry, "attempts", oc_json_int(x, "attempts", 0) + 1);
    oc_json_set_str(entry, "op", oc_json_str(json_object_get(p, "op"), "name", ""));
    return oc_governance_write(g, "execution_started", entry, NULL, NULL) == OC_OK;
}

/* The second opinion: a policy may hold back what the tally passed. It never passes anything, and when the two do not agree
 * nothing is carried out. */
static const char *second_opinion(struct oc_governance *g, const json_t *p, int64_t now,
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
    json_decref(args);
    json_decref(answer);
    if (agreement == OC_TALLY_DISAGREES) {
        oc_governance_alert(
            g, "governance-tally-disagrees", oc_json_str(p, "id", ""), "critical",
            "the policy `quorum` counts otherwise than the host: nothing was carried "
            "out",
            true);
        return "tally_disagrees";
    }
    return agreement == OC_TALLY_HELD_BACK ? "held_back" : NULL;
}

static bool conclude(struct oc_governance *g, const json_t *p, int64_t now,
                     const struct oc_tally_result *r)
{
    const bool hung = r->reason == OC_REASON_TIE || r->reason == OC_REASON_SHORT;
    const char *against;
    switch (r->outcome) {
    case OC_TALLY_PENDING:
        return step_pending(g, p, now, r);
    case OC_TALLY_PASSED:
        against = second_opinion(g, p, now, r);
        oc_governance_decide(g, p, against ? "rejected" : "approved",
                             against ? against : oc_tally_reason_name(r->reason), r);
        return true;
    case OC_TALLY_REJECTED:
    case OC_TALLY_TIMED_OUT:
        if (hung) {
            return undecided(g, p, now, r);
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
        return step_deadlock(g, p, now, &r);
    }
    return conclude(g, p, now, &r);
}

/* ---- the timer ---- */

static void on_due(void *ctx)
{
    struct oc_governance *g = ctx;
    const int64_t now = oc_time_mono();
    OC_VEC(char *) due = {0};
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&g->clocks, &it, &id, &value);) {
        if (((struct clock *)value)->due <= now) {
            OC_VEC_PUSH(&due, oc_strdup(id));
        }
    }
    for (size_t i = 0; i < due.count; i++) {
        oc_governance_poke(g, due.items[i]);
        free(due.items[i]);
    }
    OC_VEC_FINISH(&due);
    int64_t next = INT64_MAX;
    for (size_t it = 0; oc_map_next(&g->clocks, &it, NULL, &value);) {
        const int64_t at = ((struct clock *)value)->due;
        next = at < next ? at : next;
    }
    g->due = next;
    if (next != INT64_MAX) {
        oc_timer_start(g->timer, next > now ? next - now : 0, 0);
    }
}

static void look_again(struct oc_governance *g, const json_t *p, int64_t look)
{
    struct clock *c = clock_of(g, p);
    const struct oc_clocks clocks = oc_clocks_read();
    c->due = look == OC_TALLY_NEVER
                 ? INT64_MAX
                 : oc_time_mono() + oc_deadline_until(&c->time, &clocks, look + 1);
    if (!g->timer && !g->env->ephemeral) {
        g->timer = oc_timer_create(g->env->loop, on_due, g);
        g->due = INT64_MAX;
    }
    if (g->timer && c->due < g->due) {
        g->due = c->due;
        oc_timer_start(g->timer, c->due - oc_time_mono(), 0);
    }
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
        look_again(g, p, look);
    }
}

void oc_governance_poke_all(struct oc_governance *g)
{
    OC_VEC(char *) open = {0};
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        if (!oc_governance_is_closed(p)) {
            OC_VEC_PUSH(&open, oc_strdup(id));
        }
    }
    for (size_t i = 0; i < open.count; i++) {
        oc_governance_poke(g, open.items[i]);
        free(open.items[i]);
    }
    OC_VEC_FINISH(&open);
}

void oc_governance_written(struct oc_governance *g, const char *type, const json_t *entry)
{
    const char *id = oc_json_str(entry, "proposal", "");
    if (strcmp(type, "execution_started") == 0) {
        oc_governance_run(g, id);
    } else if (strcmp(type, "rollback_started") == 0) {
        oc_governance_roll_back(g, id);
    }
}
