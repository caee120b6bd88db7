/* How a proposal goes: stages, votes, decisions, execution. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/world.h"

#define RUN   "\"op\":\"test.run\",\"params\":\"{\\\"name\\\":\\\"x\\\",\\\"count\\\":3}\""
#define QUICK "governance = { declaration = \"0\"; };"

static struct world w;

static int begin(void **state)
{
    (void)state;
    world_begin(&w, QUICK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

static void two_of_three_approve_and_the_operation_runs_as_asked(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    assert_is(&w, "stage", "review");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_OK);
    assert_true(oc_json_int(w.s.result, "index", -1) > 0);
    assert_int_equal(strlen(oc_json_str(w.s.result, "leaf", "")), 64);
    assert_is(&w, "status", "open");
    assert_int_equal(w.ran, 0);
    assert_int_equal(world_vote(&w, "beta", "yes"), OC_OK);
    assert_is(&w, "status", "approved");
    assert_is(&w, "execution.status", "completed");
    assert_int_equal(w.ran, 1);
    assert_string_equal(w.actor, "test");
    assert_string_equal(w.approval, w.id);
    assert_int_equal(oc_json_int(w.params, "count", 0), 3);
    world_pass(&w, OC_HOUR);
    assert_int_equal(w.ran, 1);
}

static void two_no_reject(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    world_vote(&w, "alpha", "no");
    world_vote(&w, "beta", "no");
    assert_is(&w, "status", "rejected");
    assert_int_equal(world_vote(&w, "charlie", "yes"), OC_E_CONFLICT);
    assert_int_equal(w.ran, 0);
}

static void an_operation_that_fails_is_said_to_have_failed(void **state)
{
    (void)state;
    w.fails = 1;
    world_propose(&w, "operational", RUN);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    assert_is(&w, "execution.status", "failed");
    assert_is(&w, "execution.message", "it broke");
}

static void silence_until_the_deadline_is_a_timeout(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    world_vote(&w, "alpha", "yes");
    world_pass(&w, 5 * OC_MINUTE);
    assert_is(&w, "status", "open"); /* the last millisecond counts */
    world_pass(&w, 2);
    assert_is(&w, "status", "timed_out");
    assert_is(&w, "reason", "no_quorum");
    assert_int_equal(w.ran, 0);
}

static void a_wall_clock_that_jumps_moves_no_deadline(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    stage_set_clock(oc_time_wall() + OC_DAY);
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_OK);
    stage_set_clock(oc_time_wall() - 2 * OC_DAY);
    assert_int_equal(world_vote(&w, "beta", "yes"), OC_OK);
    assert_is(&w, "status", "approved");
}

static void a_tactical_proposal_needs_the_examiners_review_too(void **state)
{
    (void)state;
    world_propose(&w, "tactical", RUN);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    world_vote(&w, "charlie", "yes");
    assert_is(&w, "status", "open");
    assert_int_equal(world_say(&w, "governance.review", "examiner", "verdict", "reject"), OC_OK);
    assert_is(&w, "status", "approved"); /* it is advice */
}

static void a_strategic_proposal_needs_all_and_both_signatures(void **state)
{
    (void)state;
    world_propose(&w, "strategic", RUN);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    world_vote(&w, "charlie", "yes");
    world_say(&w, "governance.review", "examiner", "verdict", "approve");
    assert_is(&w, "status", "open");
    assert_int_equal(world_say(&w, "governance.approve", "steward", "reason", "x"), OC_E_DENIED);
    assert_int_equal(world_say(&w, "governance.approve", "sentinel", "reason", "x"), OC_OK);
    assert_is(&w, "status", "approved");
    assert_int_equal(w.ran, 1);
}

static void a_missing_approval_is_a_timeout(void **state)
{
    (void)state;
    world_propose(&w, "strategic", RUN);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    world_vote(&w, "charlie", "yes");
    world_pass(&w, 15 * OC_MINUTE + 2);
    assert_is(&w, "status", "timed_out");
    assert_is(&w, "reason", "unsigned");
}

static void stages_give_way_to_each_other(void **state)
{
    (void)state;
    world_propose(&w, "strategic", "");
    assert_is(&w, "stage", "review");
    world_say(&w, "governance.review", "alpha", "verdict", "request_changes");
    world_pass(&w, 2 * OC_MINUTE + 1);
    assert_is(&w, "stage", "deliberation");
    world_pass(&w, 5 * OC_MINUTE + 1);
    assert_is(&w, "stage", "final_vote");
}

static void a_review_without_doubts_needs_no_deliberation(void **state)
{
    (void)state;
    world_propose(&w, "strategic", "");
    world_say(&w, "governance.review", "alpha", "verdict", "approve");
    world_say(&w, "governance.review", "beta", "verdict", "approve");
    world_say(&w, "governance.review", "charlie", "verdict", "approve");
    assert_is(&w, "stage", "review");
    world_say(&w, "governance.review", "examiner", "verdict", "approve");
    assert_is(&w, "stage", "final_vote");
}

static void the_last_stage_keeps_its_share_of_a_short_time(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    world_say(&w, "governance.review", "alpha", "verdict", "request_changes");
    world_pass(&w, 2 * OC_MINUTE + 1);
    assert_is(&w, "stage", "deliberation");
    world_pass(&w, OC_MINUTE + 1);
    assert_is(&w, "stage", "final_vote");
}

static void what_is_incomplete_waits_for_its_texts(void **state)
{
    (void)state;
    world_ask(&w, "governance.propose", "{\"title\":\"T\",\"category\":\"operational\"}");
    snprintf(w.id, sizeof w.id, "%s", oc_json_str(w.s.result, "proposal", ""));
    assert_is(&w, "stage", "submission");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_E_CONFLICT);
    world_ask(
        &w, "governance.amend",
        world_text(
            "{\"proposal\":\"%s\",\"description\":\"d\",\"justification\":\"j\",\"impact\":\"i\","
            "\"rollback_plan\":\"r\"}",
            w.id));
    assert_is(&w, "stage", "review");
    world_ask(&w, "governance.propose", "{\"title\":\"T\",\"category\":\"operational\"}");
    snprintf(w.id, sizeof w.id, "%s", oc_json_str(w.s.result, "proposal", ""));
    world_pass(&w, OC_MINUTE + 1);
    assert_is(&w, "status", "timed_out");
    assert_is(&w, "reason", "incomplete");
}

static void it_may_be_amended_three_times_and_the_vote_begins_anew(void **state)
{
    char amend[128];
    (void)state;
    world_propose(&w, "operational", RUN);
    snprintf(amend, sizeof amend, "{\"proposal\":\"%s\",\"description\":\"other\"}", w.id);
    world_vote(&w, "alpha", "yes");
    for (int i = 0; i < 3; i++) {
        world_ask(&w, "governance.amend", amend);
    }
    assert_int_equal(world_call(&w, "governance.amend", amend), OC_E_REFUSED);
    assert_int_equal(stage_count(&w.s, "governance.rule_violation_detected"), 1);
    world_vote(&w, "beta", "yes");
    assert_is(&w, "status", "open"); /* alpha's vote was for another text */
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_OK);
    assert_is(&w, "status", "approved");
}

static void a_vote_is_changed_only_when_that_is_said(void **state)
{
    char rest[256];
    (void)state;
    world_propose(&w, "operational", "");
    world_vote(&w, "alpha", "yes");
    assert_int_equal(world_vote(&w, "alpha", "no"), OC_E_CONFLICT);
    snprintf(rest, sizeof rest, "\"proposal\":\"%s\",\"choice\":\"no\",\"change\":true", w.id);
    assert_int_equal(world_sign(&w, "governance.vote", "alpha", rest), OC_OK);
    world_vote(&w, "beta", "no");
    assert_is(&w, "status", "rejected");
}

static void the_same_ballot_again_has_the_same_receipt(void **state)
{
    uint8_t bytes[OC_SIGN_SIGNATURE];
    struct oc_buf signature = {0};
    (void)state;
    world_propose(&w, "operational", "");
    world_ask(
        &w, "governance.form",
        world_text(
            "{\"op\":\"governance.vote\",\"proposal\":\"%s\",\"choice\":\"yes\",\"as\":\"alpha\"}",
            w.id));
    const char *text = oc_json_str(w.s.result, "text", "");
    oc_sign(w.secrets[0], text, strlen(text), bytes);
    oc_base64(bytes, sizeof bytes, &signature);
    char *sent = oc_asprintf("{\"proposal\":\"%s\",\"choice\":\"yes\",\"as\":\"alpha\",\"nonce\":1,"
                             "\"signature\":\"%s\"}",
                             w.id, signature.data);
    world_ask(&w, "governance.vote", sent);
    const int64_t index = oc_json_int(w.s.result, "index", -1);
    const uint64_t size = oc_ledger_size(w.s.env.ledger);
    world_ask(&w, "governance.vote", sent);
    assert_int_equal(oc_json_int(w.s.result, "index", -2), index);
    assert_int_equal(oc_ledger_size(w.s.env.ledger), size);
    world_vote(&w, "beta", "yes");
    world_ask(&w, "governance.vote", sent); /* decided meanwhile: the receipt is still good */
    assert_int_equal(oc_json_int(w.s.result, "index", -2), index);
    free(sent);
    oc_buf_finish(&signature);
}

static void a_revoked_key_counts_no_more(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    world_vote(&w, "alpha", "yes");
    world_ask(&w, "governance.keys.revoke",
              world_text("{\"id\":\"alpha\",\"since\":%lld}", (long long)oc_time_wall() - 1));
    world_vote(&w, "beta", "yes");
    assert_is(&w, "status", "open");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_E_DENIED);
    json_t *status = oc_ops_ask(w.s.env.ops, "governance.status", NULL);
    assert_false(oc_json_bool(status, "ready", true));
    json_decref(status);
    world_vote(&w, "charlie", "yes");
    assert_is(&w, "status", "approved");
}

static void a_delegate_speaks_for_who_is_silent_at_the_deadline(void **state)
{
    (void)state;
    assert_int_equal(
        world_sign(&w, "governance.delegate", "alpha", "\"to\":\"beta\",\"for\":\"2h\""), OC_OK);
    assert_int_equal(
        world_sign(&w, "governance.delegate", "beta", "\"to\":\"alpha\",\"for\":\"2h\""),
        OC_E_CONFLICT); /* a circle */
    assert_int_equal(
        world_sign(&w, "governance.delegate", "charlie", "\"to\":\"examiner\",\"for\":\"2h\""),
        OC_E_CONFIG); /* who does not vote itself */
    world_propose(&w, "operational", RUN);
    world_vote(&w, "beta", "yes");
    world_vote(&w, "charlie", "abstain");
    assert_is(&w, "status", "open");
    world_pass(&w, 5 * OC_MINUTE + 2);
    assert_is(&w, "status", "approved");
    assert_int_equal(world_sign(&w, "governance.undelegate", "alpha", ""), OC_OK);
}

/* In a ledger that has lost its end, and goes on, places come a second time. */
static void the_last_is_the_one_that_was_submitted_last(void **state)
{
    (void)state;
    char older[40];
    snprintf(older, sizeof older, "%s", world_propose(&w, "operational", ""));
    json_t *p = json_object_get(json_object_get(w.g->state, "proposals"), older);
    oc_json_set_int(p, "index", 1000);
    stage_pass(&w.s, 5);
    world_propose(&w, "operational", "");
    world_ask(&w, "governance.show", "{\"proposal\":\"last\"}");
    assert_string_equal(oc_json_str(w.s.result, "id", ""), w.id);
    world_ask(&w, "governance.list", "{}");
    assert_string_equal(oc_json_str(json_array_get(w.s.result, 0), "id", ""), w.id);
    assert_string_equal(oc_json_str(json_array_get(w.s.result, 1), "id", ""), older);
}

static const char *request(const char *asked, const char *actor)
{
    const struct oc_call_request req = {.op = "governance.request",
                                        .params = json_loads(asked, 0, NULL),
                                        .actor = {.name = actor, .role = OC_ROLE_ADMIN},
                                        .on_done = stage_done,
                                        .ctx = &w.s};
    w.s.done = 0;
    oc_ops_call(w.s.env.ops, &req);
    assert_int_equal(w.s.done, 1); /* at once */
    return oc_json_str(w.s.result, "proposal", "");
}

static void a_request_of_the_gate_is_answered_at_once_and_once(void **state)
{
    const char *asked =
        "{\"op\":\"test.run\",\"params\":{\"name\":\"y\"},"
        "\"actor\":\"cli:uid=7\",\"role\":\"operator\",\"category\":\"operational\","
        "\"reason\":\"policy\"}";
    (void)state;
    request("{\"op\":\"test.run\",\"params\":{\"more\":1},\"actor\":\"cli:uid=7\",\"role\":"
            "\"operator\",\"category\":\"operational\"}",
            "policy");
    assert_int_equal(w.s.code, OC_E_CONFIG); /* what cannot run is not voted on */
    request(asked, "cli:uid=7");             /* nobody asks in another one's name */
    assert_int_equal(w.s.code, OC_E_DENIED);
    snprintf(w.id, sizeof w.id, "%s", request(asked, "policy"));
    assert_string_equal(request(asked, "policy"), w.id);
    stage_pass(&w.s, 0);
    assert_is(&w, "title", "Run test.run y"); /* what it is about */
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "charlie", "yes");
    assert_is(&w, "status", "approved");
    assert_string_not_equal(request(asked, "policy"), w.id);
    stage_pass(&w.s, 0);
    asked = "{\"op\":\"test.run\",\"params\":{\"name\":\"x\"},\"actor\":\"cli:uid=7\",\"role\":"
            "\"operator\"}";
    snprintf(w.id, sizeof w.id, "%s", request(asked, "policy"));
    stage_pass(&w.s, 0);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "charlie", "yes");
    assert_int_equal(w.ran, 2);
    assert_string_equal(w.actor, "cli:uid=7");
}

static void who_proposed_it_may_withdraw_it(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    world_ask(&w, "governance.discuss", world_text("{\"proposal\":\"%s\",\"text\":\"hm\"}", w.id));
    world_ask(&w, "governance.withdraw", world_text("{\"proposal\":\"%s\"}", w.id));
    assert_is(&w, "status", "withdrawn");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_E_CONFLICT);
}

static void who_watches_a_proposal_sees_what_happens_to_it(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    const struct oc_call_request req = {.op = "governance.watch",
                                        .params = json_pack("{s:s}", "proposal", w.id),
                                        .actor = {.name = "test"},
                                        .on_row = stage_row,
                                        .ctx = &w.s};
    struct oc_call *call = oc_ops_call(w.s.env.ops, &req);
    assert_non_null(call);
    world_vote(&w, "alpha", "yes");
    assert_int_equal(json_array_size(w.s.rows), 1);
    assert_string_equal(oc_json_str(json_array_get(w.s.rows, 0), "event", ""), "vote_cast");
    assert_string_equal(oc_json_str(json_array_get(w.s.rows, 0), "who", ""), "alpha");
    world_propose(&w, "operational", "");
    assert_int_equal(json_array_size(w.s.rows), 0); /* another one */
    oc_call_cancel(call);
}

static void a_restart_gives_the_same_state_again(void **state)
{
    char before[OC_SHA256_HEX], after[OC_SHA256_HEX];
    (void)state;
    world_propose(&w, "operational", RUN);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    world_propose(&w, "strategic", "");
    world_vote(&w, "alpha", "abstain");
    world_hash(&w, before);
    world_restart(&w, QUICK);
    world_hash(&w, after);
    assert_string_equal(before, after);
    assert_int_equal(w.ran, 1);
    assert_int_equal(oc_governance_save_now(w.g, NULL), OC_OK); /* and from a saved state */
    world_say(&w, "governance.review", "examiner", "verdict", "approve");
    world_hash(&w, before);
    world_restart(&w, QUICK);
    world_hash(&w, after);
    assert_string_equal(before, after);
}

static void a_deadline_that_passed_while_the_host_was_down_has_passed(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    world_vote(&w, "alpha", "yes");
    oc_governance_destroy(w.g);
    w.g = NULL;
    oc_ops_destroy(w.s.env.ops);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
    oc_time_advance(OC_HOUR);
    world_open(&w, QUICK);
    assert_is(&w, "status", "timed_out");
}

static void what_was_interrupted_runs_again_only_when_it_may(void **state)
{
    (void)state;
    world_propose(&w, "operational", "\"op\":\"test.slow\"");
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    assert_int_equal(w.ran, 1);
    assert_is(&w, "execution.status", "executing");
    world_restart(&w, QUICK);
    assert_int_equal(w.ran, 1);
    assert_is(&w, "execution.status", "failed");
    assert_is(&w, "execution.code", "interrupted");
    world_propose(&w, "operational", "\"op\":\"test.again\"");
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    assert_int_equal(w.ran, 2);
    world_restart(&w, QUICK);
    assert_int_equal(w.ran, 3);
    oc_call_succeed(w.waiting, NULL);
    w.waiting = NULL;
    stage_pass(&w.s, 0);
    assert_is(&w, "execution.status", "completed");
}

static void approve_again(void)
{
    world_propose(&w, "operational", "\"op\":\"test.again\"");
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    assert_int_equal(w.ran, 1);
}

/* All calls end before governance is told that the host goes. */
static void what_a_host_that_stops_interrupts_runs_again_after_it(void **state)
{
    (void)state;
    approve_again();
    oc_ops_stop(w.s.env.ops);
    assert_null(w.waiting);
    stage_pass(&w.s, 0);
    assert_is(&w, "execution.status", "executing");
    world_restart(&w, QUICK);
    assert_int_equal(w.ran, 2);
    oc_call_succeed(w.waiting, NULL);
    w.waiting = NULL;
    stage_pass(&w.s, 0);
    assert_is(&w, "execution.status", "completed");
}

static void an_end_that_cannot_be_written_is_written_later(void **state)
{
    (void)state;
    approve_again();
    w.g->failed =
        true; /* an entry before it could not be written: nothing is until all is read again */
    oc_call_succeed(w.waiting, json_pack("{s:s}", "made", "it"));
    w.waiting = NULL;
    world_pass(&w, OC_MINUTE);
    assert_is(&w, "execution.status", "executing");
    w.g->failed = false;
    world_pass(&w, 10 * OC_SECOND);
    assert_is(&w, "execution.status", "completed");
    assert_is(&w, "execution.result.made", "it");
    assert_int_equal(w.ran, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(two_of_three_approve_and_the_operation_runs_as_asked),
        T(two_no_reject),
        T(an_operation_that_fails_is_said_to_have_failed),
        T(silence_until_the_deadline_is_a_timeout),
        T(a_wall_clock_that_jumps_moves_no_deadline),
        T(a_tactical_proposal_needs_the_examiners_review_too),
        T(a_strategic_proposal_needs_all_and_both_signatures),
        T(a_missing_approval_is_a_timeout),
        T(stages_give_way_to_each_other),
        T(a_review_without_doubts_needs_no_deliberation),
        T(the_last_stage_keeps_its_share_of_a_short_time),
        T(what_is_incomplete_waits_for_its_texts),
        T(it_may_be_amended_three_times_and_the_vote_begins_anew),
        T(a_vote_is_changed_only_when_that_is_said),
        T(the_same_ballot_again_has_the_same_receipt),
        T(a_revoked_key_counts_no_more),
        T(a_delegate_speaks_for_who_is_silent_at_the_deadline),
        T(the_last_is_the_one_that_was_submitted_last),
        T(a_request_of_the_gate_is_answered_at_once_and_once),
        T(who_proposed_it_may_withdraw_it),
        T(who_watches_a_proposal_sees_what_happens_to_it),
        T(a_restart_gives_the_same_state_again),
        T(a_deadline_that_passed_while_the_host_was_down_has_passed),
        T(what_was_interrupted_runs_again_only_when_it_may),
        T(what_a_host_that_stops_interrupts_runs_again_after_it),
        T(an_end_that_cannot_be_written_is_written_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
