/* What is out of the ordinary: vetoes, deadlocks, emergencies, the degraded mode. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/world.h"

#define RUN   "\"op\":\"test.run\""
#define UNDO  "\"op\":\"test.run\",\"rollback_op\":\"test.undo\""
#define RULES "governance = { declaration = \"30s\"; };"

static struct world w;

static int begin(void **state)
{
    (void)state;
    world_begin(&w, RULES);
    return 0;
}

static int begin_with_one(void **state)
{
    (void)state;
    world_begin(&w, "governance = { sentinel = \"beta\";\n examiner = \"beta\"; };");
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

static int veto(const char *member, const char *condition)
{
    char rest[256];
    snprintf(rest, sizeof rest,
             "\"proposal\":\"%s\",\"condition\":\"%s\",\"evidence\":\"a port is open\"", w.id,
             condition);
    return world_sign(&w, "governance.veto", member, rest);
}

static int override(const char *member)
{
    char rest[128];
    snprintf(rest, sizeof rest, "\"proposal\":\"%s\"", w.id);
    return world_sign(&w, "governance.override", member, rest);
}

static void win(void)
{
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
}

/* ---- veto ---- */

static void a_veto_stops_what_was_won_and_is_not_yet_declared(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    win();
    assert_is(&w, "stage", "declaration");
    assert_int_equal(veto("examiner", "security_violation_detected"), OC_E_DENIED);
    assert_int_equal(veto("steward", "bad_mood"), OC_E_CONFIG);
    assert_int_equal(world_sign(&w, "governance.veto", "steward",
                                world_text("\"proposal\":\"%s\",\"evidence\":\" \","
                                           "\"condition\":\"security_violation_detected\"",
                                           w.id)),
                     OC_E_CONFIG); /* what shows it? */
    assert_int_equal(veto("steward", "security_violation_detected"), OC_OK);
    assert_is(&w, "stage", "override");
    assert_int_equal(veto("steward", "identity_threat_detected"), OC_E_CONFLICT); /* it had one */
    assert_int_equal(veto("sentinel", "identity_threat_detected"), OC_OK);
    world_pass(&w, 10 * OC_MINUTE + 2);
    assert_is(&w, "status", "vetoed");
    assert_int_equal(w.ran, 0);
}

static void the_whole_triad_overrides_a_veto(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    assert_int_equal(override("alpha"), OC_E_CONFLICT);
    win();
    veto("sentinel", "corruption_risk_identified");
    assert_int_equal(override("steward"), OC_E_DENIED);
    override("alpha");
    override("beta");
    assert_is(&w, "stage", "override");
    override("charlie");
    world_pass(&w, OC_MINUTE);
    assert_is(&w, "status", "approved");
    assert_int_equal(w.ran, 1);
}

/* Else the host would look at it again and again from the end of the one that was lifted. */
static void the_stage_lasts_as_long_as_the_veto_that_is_left(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    win();
    const int64_t begun = oc_time_wall();
    veto("steward", "security_violation_detected");
    override("alpha");
    override("beta");
    world_pass(&w, OC_MINUTE);
    veto("sentinel", "corruption_risk_identified");
    override("charlie"); /* the steward's alone has been overridden by all of them */
    assert_is(&w, "stage", "override");
    assert_true(oc_json_int(oc_governance_find(w.g->state, w.id), "stage_until", 0) >=
                begun + 11 * OC_MINUTE);
}

static void what_is_declared_runs_after_its_time(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    win();
    world_pass(&w, 29 * OC_SECOND);
    assert_int_equal(w.ran, 0);
    world_pass(&w, 2 * OC_SECOND);
    assert_int_equal(w.ran, 1);
    assert_int_equal(veto("steward", "security_violation_detected"), OC_E_CONFLICT);
}

/* ---- deadlock ---- */

static void disagree(void)
{
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "no");
    world_vote(&w, "charlie", "abstain");
}

static void reach_deadlock(void)
{
    world_propose(&w, "operational", RUN);
    disagree();
    assert_is(&w, "status", "open");
    assert_is(&w, "stage", "deliberation");
    assert_int_equal(oc_json_int(oc_governance_find(w.g->state, w.id), "cycle", 0), 2);
    disagree();
    assert_is(&w, "status", "deadlocked");
    assert_is(&w, "deadlock.method", "escalate_to_steward");
}

static void two_cycles_without_a_decision_are_for_the_steward(void **state)
{
    (void)state;
    reach_deadlock();
    assert_int_equal(world_say(&w, "governance.approve", "examiner", "reason", "x"), OC_E_DENIED);
    assert_int_equal(world_say(&w, "governance.approve", "steward", "reason", "x"), OC_OK);
    assert_is(&w, "status", "approved");
    assert_is(&w, "reason", "escalate_to_steward");
    assert_int_equal(w.ran, 1);
}

static void then_for_the_examiner(void **state)
{
    char rest[128];
    (void)state;
    reach_deadlock();
    world_pass(&w, 5 * OC_MINUTE + 2);
    assert_is(&w, "deadlock.method", "request_examiner_arbitration");
    snprintf(rest, sizeof rest, "\"proposal\":\"%s\",\"refuse\":true", w.id);
    assert_int_equal(world_sign(&w, "governance.approve", "examiner", rest), OC_OK);
    assert_is(&w, "status", "rejected");
}

static void then_another_cycle_and_then_a_person(void **state)
{
    (void)state;
    reach_deadlock();
    world_pass(&w, 10 * OC_MINUTE + 4);
    assert_is(&w, "status", "open"); /* deferred to the next cycle */
    disagree();
    assert_is(&w, "deadlock.method", "emergency_human_consultation");
    assert_int_equal(stage_count(&w.s, "rule.firing"), 1);
    world_ask(&w, "governance.approve", world_text("{\"proposal\":\"%s\",\"refuse\":true}", w.id));
    assert_is(&w, "status", "rejected");
    assert_int_equal(stage_count(&w.s, "rule.resolved"), 1);
}

static void a_person_who_does_not_answer_ends_it_too(void **state)
{
    (void)state;
    reach_deadlock();
    world_pass(&w, 10 * OC_MINUTE + 4);
    disagree();
    world_pass(&w, OC_DAY + 2);
    assert_is(&w, "status", "rejected");
    assert_is(&w, "reason", "deadlock");
}

/* ---- veto and deadlock ---- */

/* One yes of two at the deadline is too few. */
static void fall_short(void)
{
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "abstain");
    world_pass(&w, 5 * OC_MINUTE + 2);
}

static void override_by_all(void)
{
    assert_int_equal(override("alpha"), OC_OK);
    assert_int_equal(override("beta"), OC_OK);
    assert_int_equal(override("charlie"), OC_OK);
}

static void a_veto_that_was_lifted_ends_no_deadlock(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    fall_short();
    assert_int_equal(oc_json_int(oc_governance_find(w.g->state, w.id), "cycle", 0), 2);
    assert_int_equal(veto("sentinel", "security_violation_detected"), OC_OK);
    override_by_all();
    assert_int_equal(override("alpha"), OC_E_CONFLICT); /* there is nothing to lift any more */
    assert_string_equal(w.s.error.hint, "An override lifts a veto that was exercised before it: "
                                        "there is nothing to lift.");
    fall_short();
    assert_is(&w, "status", "deadlocked");
    assert_int_equal(world_say(&w, "governance.approve", "steward", "reason", "x"), OC_OK);
    assert_is(&w, "status", "approved");
}

static void a_veto_in_a_deadlock_can_be_overridden_too(void **state)
{
    (void)state;
    reach_deadlock();
    assert_int_equal(override("alpha"), OC_E_CONFLICT);
    assert_is(&w, "veto_until", "");
    assert_int_equal(veto("sentinel", "security_violation_detected"), OC_OK);
    assert_is(&w, "status", "deadlocked");
    assert_string_not_equal(world_member_of(&w, "veto_until"), "");
    assert_int_equal(world_say(&w, "governance.approve", "steward", "reason", "x"), OC_OK);
    world_pass(&w, 9 * OC_MINUTE); /* the steward's time is over, and nothing else is tried */
    assert_is(&w, "status", "deadlocked");
    assert_is(&w, "deadlock.method", "escalate_to_steward");
    assert_int_equal(w.ran, 0);
    override_by_all();
    assert_is(&w, "status", "approved");
    assert_int_equal(w.ran, 1);
}

static void a_veto_in_a_deadlock_that_nobody_lifts_ends_it(void **state)
{
    (void)state;
    reach_deadlock();
    veto("sentinel", "security_violation_detected");
    world_pass(&w, 10 * OC_MINUTE);
    assert_is(&w, "status", "deadlocked");
    world_pass(&w, 2);
    assert_is(&w, "status", "vetoed");
}

static void another_cycle_forgets_no_veto_that_stands(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    world_pass(&w, 4 * OC_MINUTE);
    veto("sentinel", "security_violation_detected");
    fall_short();
    assert_is(&w, "status", "open");
    assert_is(&w, "stage", "override");
    world_pass(&w, 4 * OC_MINUTE);
    override_by_all();
    assert_is(&w, "stage", "deliberation");
    assert_int_equal(oc_json_int(oc_governance_find(w.g->state, w.id), "cycle", 0), 2);
    veto("sentinel", "security_violation_detected");
    fall_short();
    world_pass(&w, 5 * OC_MINUTE);
    assert_is(&w, "status", "vetoed");
}

/* ---- emergency ---- */

static void in_an_emergency_what_is_urgent_runs_and_is_reviewed_later(void **state)
{
    (void)state;
    assert_int_equal(
        world_sign(&w, "governance.emergency", "steward",
                   "\"condition\":\"security_violation_detected\",\"reason\":\"leak\""),
        OC_E_DENIED);
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel",
                                "\"condition\":\"security_violation_detected\""),
                     OC_E_CONFIG); /* why? */
    assert_int_equal(
        world_sign(&w, "governance.emergency", "sentinel",
                   "\"condition\":\"security_violation_detected\",\"reason\":\"leak\""),
        OC_OK);
    world_propose(&w, "emergency", RUN);
    assert_int_equal(w.ran, 1);
    assert_is(&w, "reason", "emergency_override");
    assert_is(&w, "tally_text", "decided by the sentinel's emergency override, without a vote");
    world_propose(&w, "operational", RUN);
    assert_int_equal(w.ran, 1); /* anything else is voted on */
    world_pass(&w, OC_HOUR + 10 * OC_SECOND);
    assert_int_equal(stage_count(&w.s, "governance.emergency_ended"), 1);
    world_propose(&w, "emergency", RUN);
    assert_int_equal(w.ran, 1);
}

static void a_review_that_is_overdue_is_an_alert(void **state)
{
    (void)state;
    world_sign(&w, "governance.emergency", "sentinel",
               "\"condition\":\"identity_threat_detected\",\"reason\":\"leak\"");
    world_propose(&w, "emergency", RUN);
    world_pass(&w, OC_DAY + 10 * OC_SECOND);
    assert_int_equal(stage_count(&w.s, "rule.firing"), 1);
    assert_int_equal(world_say(&w, "governance.review", "examiner", "verdict", "approve"), OC_OK);
    world_pass(&w, 10 * OC_SECOND);
    assert_int_equal(stage_count(&w.s, "rule.resolved"), 1);
    world_pass(&w, 2 * OC_HOUR); /* the emergency itself is reviewed, too */
    assert_int_equal(stage_count(&w.s, "rule.firing"), 2);
}

/* ---- degraded mode ---- */

static void degrade(void)
{
    world_health(&w, "beta", "critical");
    world_health(&w, "charlie", "unreachable");
    world_pass(&w, 11 * OC_MINUTE);
    assert_true(oc_governance_is_degraded(w.g));
}

static void restore(void)
{
    world_health(&w, "beta", "ok");
    world_pass(&w, 0);
    assert_false(oc_governance_is_degraded(w.g));
}

static void one_member_that_is_down_changes_nothing(void **state)
{
    (void)state;
    world_health(&w, "beta", "critical");
    world_pass(&w, OC_HOUR);
    assert_false(oc_governance_is_degraded(w.g));
}

static void a_clock_that_is_set_degrades_and_ratifies_nothing(void **state)
{
    (void)state;
    world_health(&w, "beta", "critical");
    world_health(&w, "charlie", "critical");
    world_pass(&w, 10 * OC_SECOND);
    stage_set_clock(oc_time_wall() + 40 * OC_DAY);
    world_pass(&w, 10 * OC_SECOND);
    assert_false(oc_governance_is_degraded(w.g));
    world_pass(&w, 10 * OC_MINUTE);
    assert_true(oc_governance_is_degraded(w.g));
    world_propose(&w, "tactical", UNDO);
    stage_set_clock(oc_time_wall() + 40 * OC_DAY);
    assert_int_equal(
        world_call(&w, "governance.propose", "{\"title\":\"T\",\"category\":\"tactical\"}"),
        OC_E_CONFLICT); /* one in four hours */
    restore();
    world_pass(&w, 10 * OC_SECOND);
    stage_set_clock(oc_time_wall() + 40 * OC_DAY);
    world_pass(&w, OC_HOUR);
    assert_is(&w, "provisional.status", "pending");
    world_pass(&w, OC_DAY);
    assert_is(&w, "provisional.status", "ratified");
}

static void members_are_known_by_the_targets_of_their_checks(void **state)
{
    (void)state;
    world_check(&w, "agent/beta", "beta", "critical");
    world_check(&w, "agent/charlie", "charlie", "critical");
    world_check(&w, "web/alpha-page", "alpha-page", "critical"); /* of nobody */
    world_pass(&w, 11 * OC_MINUTE);
    assert_true(oc_governance_is_degraded(w.g));
    world_check(&w, "agent/beta", "beta", "ok");
    world_pass(&w, 0);
    assert_false(oc_governance_is_degraded(w.g));
}

static void a_member_of_whom_one_check_is_up_can_be_reached(void **state)
{
    (void)state;
    world_check(&w, "agent/beta", "beta", "critical");
    world_check(&w, "beta", "", "ok");
    world_check(&w, "beta", "", "unknown");
    world_health(&w, "charlie", "critical");
    world_pass(&w, OC_HOUR);
    assert_false(oc_governance_is_degraded(w.g));
    world_check(&w, "beta", "", "critical");
    world_pass(&w, 11 * OC_MINUTE);
    assert_true(oc_governance_is_degraded(w.g));
}

static void on_snapshot(struct oc_call *call, void *checks)
{
    oc_call_succeed(call, json_deep_copy(checks));
}

static void who_is_down_before_anybody_listens_is_noticed(void **state)
{
    static const struct oc_option no_options[] = {
        {.name = "alerts", .type = OC_OPT_BOOL, .help = "with alerts"}, {0}};
    static const struct oc_op op = {.name = "health.snapshot",
                                    .summary = "What the checks say",
                                    .flags = OC_OP_INTERNAL,
                                    .params = no_options,
                                    .params_size = sizeof(int32_t),
                                    .handler = on_snapshot};
    (void)state;
    json_t *said =
        json_pack("{s:[{s:s,s:s,s:s,s:b},{s:s,s:s,s:s,s:b},{s:s,s:s,s:s,s:b}]}", "checks",
                  "service", "agent/beta", "target", "beta", "state", "critical", "hard", 1,
                  "service", "agent/charlie", "target", "charlie", "state", "unreachable", "hard",
                  1, "service", "agent/alpha", "target", "alpha", "state", "critical", "hard", 0);
    oc_ops_add(w.s.env.ops, &op, said);
    oc_governance_reach_ask(w.g);
    world_pass(&w, 11 * OC_MINUTE);
    assert_true(oc_governance_is_degraded(w.g));
    assert_true(oc_governance_is_reachable(w.g, "alpha")); /* not for certain down */
    json_object_set_new(said, "checks", json_array());     /* the checks were taken out */
    oc_governance_reach_ask(w.g);
    world_pass(&w, 0);
    assert_false(oc_governance_is_degraded(w.g));
    json_decref(said);
}

static void degraded_routine_proceeds_and_what_is_critical_waits(void **state)
{
    (void)state;
    degrade();
    world_propose(&w, "operational", RUN);
    assert_int_equal(w.ran, 1);
    assert_is(&w, "reason", "degraded_proceed");
    assert_int_equal(oc_json_int(stage_ask(&w.s, "governance.status", NULL), "reviews_due", 0), 1);
    assert_int_equal(world_say(&w, "governance.review", "examiner", "verdict", "approve"), OC_OK);
    assert_int_equal(oc_json_int(stage_ask(&w.s, "governance.status", NULL), "reviews_due", 0), 0);
    world_propose(&w, "strategic", RUN);
    assert_is(&w, "status", "deferred");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_E_CONFLICT);
    world_pass(&w, OC_HOUR);
    restore();
    assert_is(&w, "stage", "review");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_OK);
    assert_int_equal(w.ran, 1);
}

static void what_was_provisional_is_ratified_by_silence(void **state)
{
    (void)state;
    degrade();
    world_propose(&w, "tactical", UNDO);
    assert_int_equal(w.ran, 1);
    assert_is(&w, "provisional.status", "pending");
    assert_int_equal(
        world_call(&w, "governance.propose", "{\"title\":\"T\",\"category\":\"tactical\"}"),
        OC_E_CONFLICT); /* one in four hours, and asking again helps nobody */
    assert_non_null(strstr(w.s.error.hint, "3h 59m") ? w.s.error.hint
                                                     : strstr(w.s.error.hint, "4h"));
    world_pass(&w, 30 * OC_HOUR);
    assert_is(&w, "provisional.status", "pending"); /* nobody could have answered yet */
    assert_is(&w, "tally_text", "provisional, without a vote: too few members could be reached");
    assert_is(&w, "ratification_text", "begins when a majority of the members is back");
    restore();
    assert_non_null(strstr(world_member_of(&w, "ratification_text"), "silence ratifies it"));
    world_pass(&w, OC_DAY + 10 * OC_SECOND);
    assert_is(&w, "provisional.status", "ratified");
    assert_is(&w, "provisional.reason", "silence");
    assert_is(&w, "ratification_text", "ratified by silence");
    assert_int_equal(w.ran, 1);
}

static void what_was_provisional_and_is_rejected_is_undone(void **state)
{
    (void)state;
    degrade();
    world_propose(&w, "tactical", UNDO);
    restore();
    assert_int_equal(world_say(&w, "governance.ratify", "alpha", "choice", "no"), OC_OK);
    assert_int_equal(world_say(&w, "governance.ratify", "beta", "choice", "no"), OC_OK);
    world_pass(&w, 10 * OC_SECOND);
    assert_is(&w, "provisional.status", "rejected");
    assert_is(&w, "ratification_text", "rejected by a majority");
    assert_is(&w, "execution.status", "rolled_back");
    assert_int_equal(w.ran, 2);
}

static void one_member_for_everything_is_warned_of(void **state)
{
    (void)state;
    assert_int_equal(w.s.diags.list.count, 3);
    const struct oc_diag *d = w.s.diags.list.items;
    assert_true(d[0].warning && d[1].warning && d[2].warning);
    assert_string_equal(d[0].key, "governance.examiner");
    assert_string_equal(d[0].message, "beta would review and approve alone");
    assert_int_equal(d[0].line, 2);
    assert_string_equal(d[1].message, "beta votes, and would approve the vote, too");
    assert_string_equal(d[2].message, "beta votes, and would review the vote, too");
}

static void what_takes_it_back_has_sound_parameters(void **state)
{
    (void)state;
    assert_int_equal(
        world_call(&w, "governance.propose",
                   "{\"title\":\"T\",\"category\":\"operational\",\"description\":\"d\","
                   "\"justification\":\"j\",\"impact\":\"i\",\"rollback_plan\":\"r\","
                   "\"op\":\"test.run\",\"rollback_op\":\"governance.withdraw\","
                   "\"rollback_params\":\"{\\\"proposl\\\":\\\"last\\\"}\"}"),
        OC_E_CONFIG);
    assert_string_equal(w.s.error.message, "proposal: this key is required");
}

static void what_cannot_be_undone_is_told(void **state)
{
    (void)state;
    degrade();
    world_propose(&w, "tactical", RUN);
    restore();
    const size_t told = stage_count(&w.s, "rule.firing");
    world_say(&w, "governance.ratify", "alpha", "choice", "no");
    world_say(&w, "governance.ratify", "charlie", "choice", "no");
    world_pass(&w, 10 * OC_SECOND);
    assert_int_equal(stage_count(&w.s, "rule.firing"), told + 1);
    assert_int_equal(w.ran, 1);
}

static void all_of_it_is_there_after_a_restart(void **state)
{
    char before[OC_SHA256_HEX], after[OC_SHA256_HEX];
    (void)state;
    degrade();
    world_propose(&w, "tactical", UNDO);
    world_propose(&w, "strategic", RUN);
    restore();
    veto("steward", "security_violation_detected");
    world_sign(&w, "governance.emergency", "sentinel",
               "\"condition\":\"identity_threat_detected\",\"reason\":\"leak\"");
    world_hash(&w, before);
    world_restart(&w, RULES);
    world_hash(&w, after);
    assert_string_equal(before, after);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_veto_stops_what_was_won_and_is_not_yet_declared),
        T(the_whole_triad_overrides_a_veto),
        T(the_stage_lasts_as_long_as_the_veto_that_is_left),
        T(what_is_declared_runs_after_its_time),
        T(two_cycles_without_a_decision_are_for_the_steward),
        T(then_for_the_examiner),
        T(then_another_cycle_and_then_a_person),
        T(a_person_who_does_not_answer_ends_it_too),
        T(a_veto_that_was_lifted_ends_no_deadlock),
        T(a_veto_in_a_deadlock_can_be_overridden_too),
        T(a_veto_in_a_deadlock_that_nobody_lifts_ends_it),
        T(another_cycle_forgets_no_veto_that_stands),
        T(in_an_emergency_what_is_urgent_runs_and_is_reviewed_later),
        T(a_review_that_is_overdue_is_an_alert),
        T(one_member_that_is_down_changes_nothing),
        T(a_clock_that_is_set_degrades_and_ratifies_nothing),
        T(members_are_known_by_the_targets_of_their_checks),
        T(a_member_of_whom_one_check_is_up_can_be_reached),
        T(who_is_down_before_anybody_listens_is_noticed),
        T(degraded_routine_proceeds_and_what_is_critical_waits),
        T(what_was_provisional_is_ratified_by_silence),
        T(what_was_provisional_and_is_rejected_is_undone),
        T(what_takes_it_back_has_sound_parameters),
        cmocka_unit_test_setup_teardown(one_member_for_everything_is_warned_of, begin_with_one,
                                        end),
        T(what_cannot_be_undone_is_told),
        T(all_of_it_is_there_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
