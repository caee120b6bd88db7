/* Many ballots in one call, and under one signature. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/world.h"

#define RULES "governance = { declaration = \"30s\"; };"

static struct world w;

static int begin(void **state)
{
    (void)state;
    world_begin(&w, RULES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* ---- many at once ---- */

static void add_ballot(json_t *list, const char *member, const char *choice, bool sound)
{
    uint8_t bytes[OC_SIGN_SIGNATURE];
    struct oc_buf signature = {0};
    world_ask(
        &w, "governance.form",
        world_text(
            "{\"op\":\"governance.vote\",\"proposal\":\"%s\",\"choice\":\"%s\",\"as\":\"%s\"}",
            w.id, choice, member));
    const char *text = oc_json_str(w.s.result, "text", "");
    oc_sign(w.secrets[world_member(member)], text, strlen(text) - !sound, bytes);
    oc_base64(bytes, sizeof bytes, &signature);
    json_array_append_new(list,
                          json_sprintf("%s %s %s 1 %s", w.id, member, choice, signature.data));
    oc_buf_finish(&signature);
}

/* Takes the list. The journal loses something meanwhile when `loses`. */
static void deliver(json_t *list, bool loses)
{
    json_t *params = json_object();
    oc_json_take(params, "ballots", list);
    char *text = oc_json_text(params);
    stage_call(&w.s, "governance.votes", text);
    w.g->losses += loses;
    while (!w.s.done) {
        oc_loop_step(w.s.env.loop, true);
        stage_pass(&w.s, 0);
    }
    free(text);
    json_decref(params);
}

static void bring(json_t *list)
{
    deliver(list, false);
    assert_int_equal(w.s.code, OC_OK);
}

static void of_ballots_that_may_be_lost_no_receipt_is_given(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    json_t *list = json_array();
    add_ballot(list, "alpha", "yes", true);
    deliver(list, true);
    assert_int_equal(w.s.code, OC_E_RETRY);
    assert_null(w.s.result);
}

static void many_ballots_come_in_one_call(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    json_t *list = json_array();
    add_ballot(list, "alpha", "yes", true);
    add_ballot(list, "beta", "yes", false);
    add_ballot(list, "charlie", "no", true);
    json_array_append(list, json_array_get(list, 0));
    json_array_append_new(list, json_string("nonsense"));
    bring(list);
    assert_int_equal(oc_json_int(w.s.result, "taken", 0), 3);
    assert_int_equal(oc_json_int(w.s.result, "refused", 0), 2);
    const json_t *receipts = json_object_get(w.s.result, "receipts");
    assert_true(json_equal(json_array_get(receipts, 0), json_array_get(receipts, 3)));
    assert_true(json_is_string(json_array_get(receipts, 1)));
}

/* What alpha says about the proposal, as it is signed. */
static struct oc_statement statement(const char *choice)
{
    struct oc_statement s;
    struct oc_error err;
    world_ask(
        &w, "governance.form",
        world_text(
            "{\"op\":\"governance.vote\",\"proposal\":\"%s\",\"choice\":\"%s\",\"as\":\"alpha\"}",
            w.id, choice));
    const char *text = oc_json_str(w.s.result, "text", "");
    assert_int_equal(oc_statement_parse(text, strlen(text), &s, &err), OC_OK);
    return s;
}

static void one_signature_is_good_for_many_ballots(void **state)
{
    struct oc_statement ballots[3];
    char *signatures[3];
    struct oc_error err;
    json_t *list = json_array();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        world_propose(&w, "operational", "");
        ballots[i] = statement(i == 1 ? "no" : "yes");
    }
    assert_int_equal(oc_sheet_sign(ballots, 3, w.secrets[world_member("alpha")], signatures, &err),
                     OC_OK);
    for (size_t i = 0; i < 3; i++) {
        json_array_append_new(list, json_sprintf("%s alpha %s 1 %s", ballots[i].proposal,
                                                 i == 2 ? "no" : ballots[i].word, signatures[i]));
    }
    bring(list);
    assert_int_equal(oc_json_int(w.s.result, "taken", 0), 2); /* on the third it is a yes */
    const json_t *receipts = json_object_get(w.s.result, "receipts");
    assert_true(json_is_string(json_array_get(receipts, 2)));
    /* it comes alone as well, and again is the same ballot */
    for (int twice = 0; twice < 2; twice++) {
        char *text = oc_asprintf("{\"proposal\":\"%s\",\"choice\":\"yes\",\"as\":\"alpha\","
                                 "\"nonce\":1,\"signature\":\"%s\"}",
                                 ballots[2].proposal, signatures[2]);
        assert_int_equal(world_call(&w, "governance.vote", text), OC_OK);
        free(text);
    }
    for (size_t i = 0; i < 3; i++) {
        free(signatures[i]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(many_ballots_come_in_one_call),
        T(of_ballots_that_may_be_lost_no_receipt_is_given),
        T(one_signature_is_good_for_many_ballots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
