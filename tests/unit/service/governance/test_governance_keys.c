/* Keys of members, and what is not decided without them. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/world.h"

#include "core/policy/policy.h"
#include "core/sys/file.h"

#define RUN "\"op\":\"test.run\""

static struct world w;

static int begin(void **state)
{
    (void)state;
    world_begin(&w, "governance = { declaration = \"0\"; };");
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* The id of the latest key of a member. */
static const char *key_of(const char *member)
{
    static char id[64];
    const json_t *row, *list = stage_ask(&w.s, "governance.keys.list", NULL);
    size_t i;
    json_array_foreach(list, i, row)
    {
        if (strcmp(oc_json_str(row, "member", ""), member) == 0) {
            snprintf(id, sizeof id, "%s", oc_json_str(row, "id", ""));
        }
    }
    return id;
}

static int take_back(const char *id, int64_t since)
{
    return world_call(&w, "governance.keys.revoke",
                      world_text("{\"id\":\"%s\",\"since\":%lld}", id, (long long)since));
}

/* The neutral point, one of order 8, and one that is on no curve. */
static void a_key_that_nobody_can_have_is_refused(void **state)
{
    static const char *const keys[] = {"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                       "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        assert_int_equal(
            world_call_here(&w, "governance.keys.register",
                            world_text("{\"member\":\"newcomer\",\"key\":\"%s\"}", keys[i])),
            OC_E_CONFIG);
        assert_string_equal(w.s.error.message, "nobody can have the secret key of this one");
    }
    assert_int_equal(
        world_call_here(&w, "governance.keys.register",
                        world_text("{\"member\":\"\u00c4nne\",\"key\":\"%s\"}", keys[0])),
        OC_E_CONFIG);
    assert_string_equal(w.s.error.hint, OC_MEMBER_NAME_RULE);
}

static void a_key_is_not_replaced_while_it_is_good(void **state)
{
    uint8_t key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
    struct oc_buf text = {0};
    (void)state;
    world_propose(&w, "operational", RUN);
    oc_sign_keypair(key, secret);
    oc_base64(key, sizeof key, &text);
    char *params = oc_asprintf("{\"member\":\"alpha\",\"key\":\"%s\"}", text.data);
    const uint64_t before = oc_ledger_size(w.s.env.ledger);
    assert_int_equal(world_call(&w, "governance.keys.register", params), OC_E_CONFLICT);
    assert_int_equal(oc_ledger_size(w.s.env.ledger), before);
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_OK); /* the one that it has is good still */

    char *old = oc_strdup(key_of("alpha"));
    stage_pass(&w.s, 1000);
    assert_int_equal(take_back(old, 0), OC_OK);
    const json_t *event = stage_last(&w.s, "governance.key_revoked");
    assert_string_equal(oc_json_str(event, "id", ""), old);
    assert_string_equal(oc_json_str(event, "member", ""), "alpha");
    assert_non_null(oc_json_str(event, "by", NULL));
    assert_int_equal(world_call(&w, "governance.keys.register", params), OC_E_DENIED);
    assert_int_equal(world_call_here(&w, "governance.keys.register", params), OC_OK);
    event = stage_last(&w.s, "governance.key_registered");
    assert_string_equal(oc_json_str(event, "member", ""), "alpha");
    assert_non_null(oc_json_str(event, "by", NULL));
    assert_string_not_equal(key_of("alpha"), old);
    free(old);
    free(params);
    oc_buf_finish(&text);
}

static void a_new_key_does_not_count_for_what_was_open(void **state)
{
    (void)state;
    world_propose(&w, "operational", RUN);
    assert_int_equal(take_back(key_of("alpha"), 0), OC_OK);
    world_register(&w, "alpha");
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_E_DENIED);
    world_propose(&w, "operational", RUN);
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_OK);
}

static void an_old_delegation_cannot_be_brought_again(void **state)
{
    char rest[128];
    (void)state;
    const int64_t until = oc_time_wall() + OC_DAY;
    snprintf(rest, sizeof rest, "\"to\":\"beta\",\"scope\":\"all\",\"nonce\":1,\"expires\":%lld",
             (long long)until);
    assert_int_equal(
        world_sign(&w, "governance.delegate", "charlie", "\"to\":\"beta\",\"scope\":\"all\""),
        OC_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(world_sign(&w, "governance.undelegate", "alpha", "\"scope\":\"all\""),
                         OC_OK);
    }
    size_t count;
    struct oc_gov_delegation *all = oc_governance_delegations(w.g, &count);
    assert_string_equal(all[0].from, "charlie"); /* nobody's makes room for another one's */
    assert_in_range(count, 2, 12);
    free(all);
    json_array_clear(json_object_get(w.g->state, "delegations"));
    assert_int_equal(world_sign(&w, "governance.delegate", "alpha", rest), OC_E_CONFLICT);
}

static void an_emergency_is_declared_once(void **state)
{
    char rest[160];
    (void)state;
    const int64_t now = oc_time_wall();
    static const char form[] = "\"condition\":\"identity_threat_detected\",\"reason\":\"leak\","
                               "\"nonce\":%d,\"expires\":%lld";
    snprintf(rest, sizeof rest, form, 1, (long long)(now + 60000));
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel", rest), OC_OK);
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel", rest), OC_E_CONFLICT);
    snprintf(rest, sizeof rest, form, 2, (long long)(now + 90000)); /* nor is it made longer */
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel", rest), OC_E_CONFLICT);
    world_pass(&w, 61000);
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel", rest), OC_E_CONFLICT);
    assert_string_equal(w.s.error.message, "EMERGENCY-1 has not been reviewed yet");
    const json_t *owed = oc_governance_find(w.g->state, "EMERGENCY-1");
    assert_true(oc_json_int(json_object_get(owed, "review"), "due", 0) > now);
    snprintf(w.id, sizeof w.id, "EMERGENCY-1");
    assert_int_equal(world_say(&w, "governance.review", "sentinel", "verdict", "approve"),
                     OC_E_DENIED);
    assert_int_equal(world_say(&w, "governance.review", "examiner", "verdict", "approve"), OC_OK);
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel", rest), OC_OK);
    world_pass(&w, 61000);
    snprintf(rest, sizeof rest, form, 1, (long long)(now + 160000)); /* a nonce that was used */
    snprintf(w.id, sizeof w.id, "EMERGENCY-2");
    assert_int_equal(world_say(&w, "governance.review", "alpha", "verdict", "approve"), OC_OK);
    assert_int_equal(world_sign(&w, "governance.emergency", "sentinel", rest), OC_E_CONFLICT);
}

static int propose_as(const char *actor, enum oc_role role, const char *category, const char *text)
{
    const struct oc_call_request req = {
        .op = "governance.propose",
        .params =
            json_pack("{s:s,s:s,s:s}", "title", "T", "category", category, "description", text),
        .actor = {.name = actor, .role = role},
        .on_done = stage_done,
        .ctx = &w.s};
    w.s.done = 0;
    oc_ops_call(w.s.env.ops, &req);
    for (int i = 0; i < 8 && !w.s.done; i++) {
        stage_pass(&w.s, 0);
    }
    assert_int_equal(w.s.done, 1);
    return w.s.code;
}

static void full_slots_keep_no_emergency_and_no_administrator_out(void **state)
{
    int taken = 0;
    (void)state;
    for (int i = 0; i < 4 * OC_GOVERNANCE_ACTOR_MAX; i++) {
        char actor[32];
        snprintf(actor, sizeof actor, "token:%d", i % 4);
        taken += propose_as(actor, OC_ROLE_OPERATOR, "strategic", "d") == OC_OK;
    }
    assert_int_equal(taken, OC_GOVERNANCE_OPEN_MAX);
    assert_int_equal(propose_as("token:e", OC_ROLE_OPERATOR, "strategic", "d"), OC_E_CONFLICT);
    assert_int_equal(propose_as("token:e", OC_ROLE_OPERATOR, "tactical", "d"), OC_OK);
    assert_int_equal(propose_as("token:0", OC_ROLE_OPERATOR, "emergency", "d"), OC_OK);
    assert_int_equal(propose_as("cli:uid=0", OC_ROLE_ADMIN, "strategic", "d"), OC_OK);
    taken = 0;
    for (int i = 0; i < OC_GOVERNANCE_ACTOR_MAX; i++) {
        taken += propose_as("token:f", OC_ROLE_OPERATOR, "emergency", "d") == OC_OK;
    }
    assert_int_equal(taken, OC_GOVERNANCE_URGENT_MAX); /* one alone cannot fill those either */
}

static void one_actor_cannot_fill_the_disk(void **state)
{
    char *text = oc_alloc(OC_GOVERNANCE_TEXT_MAX + 1);
    size_t taken = 0;
    (void)state;
    memset(text, 'x', OC_GOVERNANCE_TEXT_MAX);
    text[OC_GOVERNANCE_TEXT_MAX] = '\0';
    while (propose_as("token:a", OC_ROLE_OPERATOR, "operational", text) == OC_OK) {
        taken += OC_GOVERNANCE_TEXT_MAX;
        assert_true(taken <= OC_GOVERNANCE_BURST);
        char *last = oc_asprintf("{\"proposal\":\"%s\"}", oc_json_str(w.s.result, "proposal", ""));
        world_call(&w, "governance.withdraw", last);
        free(last);
    }
    assert_int_equal(w.s.code, OC_E_CONFLICT);
    assert_non_null(strstr(w.s.error.message, "too much text"));
    assert_int_equal(propose_as("token:b", OC_ROLE_OPERATOR, "operational", text), OC_OK);
    oc_time_advance(OC_HOUR);
    assert_int_equal(propose_as("token:a", OC_ROLE_OPERATOR, "operational", text), OC_OK);
    free(text);
}

static void one_actor_opens_fifty(void **state)
{
    (void)state;
    for (int i = 0; i < OC_GOVERNANCE_ACTOR_MAX + OC_GOVERNANCE_RESERVE; i++) {
        world_propose(&w, "operational", "");
    }
    assert_int_equal(world_call(&w, "governance.propose", "{\"title\":\"T\"}"), OC_E_CONFLICT);
    assert_int_equal(world_call_here(&w, "governance.propose", "{\"title\":\"T\"}"), OC_OK);
    char title[300];
    memset(title, 'x', 250);
    title[250] = '\0';
    assert_int_equal(world_call(&w, "governance.amend",
                                world_text("{\"proposal\":\"%s\",\"title\":\"%s\"}", w.id, title)),
                     OC_E_CONFIG);
}

static void a_receipt_says_what_the_entry_says(void **state)
{
    char text[1024];
    uint8_t bytes[OC_SIGN_SIGNATURE];
    struct oc_buf signature = {0};
    (void)state;
    world_propose(&w, "operational", "");
    world_ask(&w, "governance.form",
              world_text("{\"proposal\":\"%s\",\"choice\":\"yes\",\"as\":\"alpha\",\"op\":"
                         "\"governance.vote\",\"nonce\":1}",
                         w.id));
    snprintf(text, sizeof text, "%s", oc_json_str(w.s.result, "text", ""));
    oc_sign(w.secrets[world_member("alpha")], text, strlen(text), bytes);
    oc_base64(bytes, sizeof bytes, &signature);
    static const char form[] =
        "{\"proposal\":\"%s\",\"choice\":\"%s\",\"as\":\"alpha\",\"nonce\":1,"
        "\"signature\":\"%s\"}";
    world_ask(&w, "governance.vote", world_text(form, w.id, "yes", signature.data));
    json_t *first = json_deep_copy(w.s.result);
    world_ask(&w, "governance.vote", world_text(form, w.id, "yes", signature.data));
    assert_true(json_equal(first, w.s.result));
    assert_int_equal(
        world_call(&w, "governance.vote", world_text(form, w.id, "no", signature.data)),
        OC_E_CONFLICT);
    json_decref(first);
    oc_buf_finish(&signature);
}

static void what_was_discussed_is_shown(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    world_ask(&w, "governance.discuss",
              world_text("{\"proposal\":\"%s\",\"text\":\"wait until monday\"}", w.id));
    json_t *answer =
        oc_ops_ask(w.s.env.ops, "governance.show", json_pack("{s:s}", "proposal", w.id));
    assert_string_equal(
        oc_json_str(json_array_get(json_object_get(answer, "comments"), 0), "text", ""),
        "wait until monday");
    json_decref(answer);
}

static void a_revocation_is_never_moved_to_later(void **state)
{
    (void)state;
    char *id = oc_strdup(key_of("beta"));
    const int64_t at = oc_time_wall() + 1000;
    stage_pass(&w.s, 5000);
    assert_int_equal(take_back(id, at), OC_OK);
    assert_int_equal(take_back(id, 0), OC_E_CONFLICT);
    assert_int_equal(take_back(id, at + 1), OC_E_CONFLICT);
    assert_int_equal(take_back(id, at), OC_E_CONFLICT);
    assert_int_equal(take_back(id, at - 500), OC_OK); /* the theft was earlier than it seemed */
    assert_int_equal(oc_json_int(json_object_get(w.g->state, "revoked"), id, 0), at - 500);
    assert_int_equal(take_back("0000", 0), OC_E_NOT_FOUND);
    free(id);
}

/* ---- what nobody can decide ---- */

static const char *request(const char *name)
{
    json_t *params =
        json_pack("{s:s,s:{s:s},s:s,s:s,s:s}", "op", "test.run", "params", "name", name, "actor",
                  "cli:uid=7", "role", "operator", "category", "operational");
    const struct oc_call_request req = {.op = "governance.request",
                                        .params = params,
                                        .actor = {.name = "policy", .role = OC_ROLE_ADMIN},
                                        .on_done = stage_done,
                                        .ctx = &w.s};
    w.s.done = 0;
    oc_ops_call(w.s.env.ops, &req);
    assert_int_equal(w.s.done, 1); /* at once */
    return w.s.code == OC_OK ? oc_json_str(w.s.result, "proposal", "") : "";
}

static void what_nobody_can_decide_is_not_kept(void **state)
{
    (void)state;
    snprintf(w.id, sizeof w.id, "%s", request("early"));
    assert_int_equal(w.s.code, OC_OK);
    stage_pass(&w.s, 0);
    assert_int_equal(take_back(key_of("charlie"), 0), OC_OK);
    const uint64_t before = oc_ledger_size(w.s.env.ledger);
    request("late");
    assert_int_equal(w.s.code, OC_E_CONFLICT);
    assert_non_null(strstr(w.s.error.message, "every member of the triad"));
    assert_non_null(strstr(w.s.error.hint, "charlie"));
    assert_int_equal(oc_ledger_size(w.s.env.ledger), before);
    assert_false(oc_json_bool(stage_ask(&w.s, "governance.status", NULL), "ready",
                              true));            /* says the same */
    assert_string_equal(request("early"), w.id); /* it waits, and not longer than its deadline */

    world_register(&w, "charlie");
    assert_true(strlen(request("late")) > 0);
    assert_int_equal(w.s.code, OC_OK);
    stage_pass(&w.s, 0);
}

/* ---- the policy that counts, too ---- */

static void decide_with(const char *policy, const char *status, const char *reason)
{
    struct oc_error err;
    char *dir = oc_path_join(w.s.home, "counting"), *file = oc_path_join(dir, "quorum.lua");
    assert_int_equal(oc_dir_make(dir, 0700, &err), OC_OK);
    assert_int_equal(oc_file_write(file, policy, strlen(policy), 0600, &err), OC_OK);
    w.s.env.policies = oc_policies_create(w.s.env.bus, dir);
    world_propose(&w, "operational", RUN);
    world_vote(&w, "alpha", "yes");
    world_vote(&w, "beta", "yes");
    world_pass(&w, 100);
    assert_is(&w, "status", status);
    assert_is(&w, "reason", reason);
    oc_policies_destroy(w.s.env.policies);
    w.s.env.policies = NULL;
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(dir), 0);
    free(file);
    free(dir);
}

#define HEAD "function quorum(proposal, ballots, now) "

static void a_policy_that_agrees_lets_pass_what_the_host_passed(void **state)
{
    (void)state;
    decide_with(HEAD "return { outcome = 'passed' } end", "approved", "carried");
    assert_int_equal(w.ran, 1);
}

static void a_policy_that_is_stricter_holds_it_back(void **state)
{
    (void)state;
    decide_with(HEAD "return { outcome = 'rejected', reason = 'not on a Sunday' } end", "rejected",
                "held_back");
    assert_int_equal(w.ran, 0);
}

static void a_policy_that_fails_lets_nothing_be_carried_out(void **state)
{
    (void)state;
    decide_with(HEAD "error('lost count') end", "rejected", "policy_failed");
    assert_int_equal(w.ran, 0);
}

static void an_answer_that_does_not_fit_is_a_failure(void **state)
{
    (void)state;
    decide_with(HEAD "return { outcome = 'maybe' } end", "rejected", "policy_failed");
    assert_int_equal(w.ran, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_that_nobody_can_have_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_key_is_not_replaced_while_it_is_good, begin, end),
        cmocka_unit_test_setup_teardown(a_new_key_does_not_count_for_what_was_open, begin, end),
        cmocka_unit_test_setup_teardown(an_old_delegation_cannot_be_brought_again, begin, end),
        cmocka_unit_test_setup_teardown(an_emergency_is_declared_once, begin, end),
        cmocka_unit_test_setup_teardown(one_actor_opens_fifty, begin, end),
        cmocka_unit_test_setup_teardown(full_slots_keep_no_emergency_and_no_administrator_out,
                                        begin, end),
        cmocka_unit_test_setup_teardown(one_actor_cannot_fill_the_disk, begin, end),
        cmocka_unit_test_setup_teardown(a_receipt_says_what_the_entry_says, begin, end),
        cmocka_unit_test_setup_teardown(what_was_discussed_is_shown, begin, end),
        cmocka_unit_test_setup_teardown(a_revocation_is_never_moved_to_later, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_can_decide_is_not_kept, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_agrees_lets_pass_what_the_host_passed, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_policy_that_is_stricter_holds_it_back, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_fails_lets_nothing_be_carried_out, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_answer_that_does_not_fit_is_a_failure, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
