/* What governance takes from nobody, or not from everybody, and what it says then. SPDX-License-Identifier: MIT */
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

static void who_has_no_vote_or_another_key_is_refused(void **state)
{
    (void)state;
    world_propose(&w, "operational", "");
    assert_int_equal(world_vote(&w, "explorer", "yes"), OC_E_DENIED);
    memcpy(w.secrets[0], w.secrets[1], OC_SIGN_SECRET); /* beta signs for alpha */
    assert_int_equal(world_vote(&w, "alpha", "yes"), OC_E_VERIFY);
    assert_int_equal(stage_count(&w.s, "governance.rule_violation_detected"), 1);
    assert_int_equal(world_call(&w, "governance.propose",
                                "{\"title\":\"T\",\"changes\":[\"Triad.Consensus.Threshold\"]}"),
                     OC_E_REFUSED); /* in whatever case */
}

static void a_change_of_the_rules_is_strategic(void **state)
{
    static const char *const lesser[] = {"operational", "tactical", "emergency"};
    const char *more = "\"changes\":[\"Governance.categories.operational.deadline\"]";
    (void)state;
    for (size_t i = 0; i < OC_COUNT(lesser); i++) {
        assert_int_equal(
            world_call(&w, "governance.propose",
                       world_text("{\"title\":\"T\",\"category\":\"%s\",%s}", lesser[i], more)),
            OC_E_CONFIG);
    }
    assert_string_equal(w.s.error.hint, "Propose it with --category strategic.");
    world_propose(&w, "strategic", more);
}

static void what_is_inviolable_is_refused(void **state)
{
    (void)state;
    assert_int_equal(world_call(&w, "governance.propose",
                                "{\"title\":\"T\",\"changes\":[\"triad.consensus.threshold\"]}"),
                     OC_E_REFUSED);
    assert_int_equal(stage_count(&w.s, "governance.rule_violation_detected"), 1);
}

static void a_name_that_is_no_parameter_is_refused_with_the_list(void **state)
{
    static const char *const wrong[] = {"nonsense", "sentinel.advisory_only", "a..b", "a b.c", ""};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        assert_int_equal(world_call(&w, "governance.propose",
                                    world_text("{\"title\":\"T\",\"changes\":[\"%s\"]}", wrong[i])),
                         OC_E_CONFIG);
        assert_non_null(strstr(w.s.error.message, "are triad.consensus.threshold, security."));
        assert_non_null(strstr(w.s.error.message, ", deliberation.phases.required"));
    }
    assert_int_equal(
        world_call(&w, "governance.propose", "{\"title\":\"T\",\"changes\":[\"alerts.cooldown\"]}"),
        OC_OK);
    world_ask(&w, "governance.rules", "{}");
    const json_t *first = json_array_get(json_object_get(w.s.result, "inviolable"), 0);
    assert_string_equal(oc_json_str(first, "name", ""), "triad.consensus.threshold");
}

static int propose(const char *op, const char *params)
{
    char *text;
    json_t *draft = json_pack("{s:s,s:s,s:s}", "title", "T", "op", op, "params", params);
    text = oc_json_text(draft);
    const int code = world_call(&w, "governance.propose", text);
    free(text);
    json_decref(draft);
    return code;
}

static void an_operation_with_a_secret_is_refused(void **state)
{
    (void)state;
    assert_int_equal(propose("test.run", "{\"password\":\"x\"}"), OC_E_REFUSED);
    assert_non_null(strstr(w.s.error.message, "test.run is given a secret: password"));
    assert_int_equal(propose("test.run", "{\"name\":\"x\"}"), OC_OK);
}

static void what_could_never_run_is_not_voted_on(void **state)
{
    (void)state;
    assert_int_equal(propose("test.tell", "{\"name\":\"x\"}"), OC_E_REFUSED);
    assert_non_null(strstr(w.s.error.message, "test.tell answers with a secret"));
    assert_int_equal(propose("test.look", "{\"count\":13}"), OC_E_CONFIG);
    assert_string_equal(w.s.error.message, "thirteen brings bad luck");
    assert_int_equal(propose("test.look", "{\"count\":\"many\"}"), OC_E_CONFIG);
    assert_int_equal(propose("test.look", "{\"cuont\":12}"), OC_E_CONFIG);
    assert_int_equal(propose("governance.vote", "{\"proposal\":\"last\",\"choice\":\"yes\"}"),
                     OC_E_UNSUPPORTED); /* that is said by a member */
    assert_int_equal(world_call(&w, "governance.propose", "{\"title\":\"T\",\"params\":\"{}\"}"),
                     OC_E_CONFIG);
    assert_string_equal(w.s.error.message, "there are parameters of no operation");
    assert_int_equal(
        world_call(&w, "governance.propose", "{\"title\":\"T\",\"rollback_params\":\"{}\"}"),
        OC_E_CONFIG);
    assert_int_equal(w.ran, 0);
    assert_int_equal(propose("test.look", "{\"count\":12}"), OC_OK);
}

/* What is voted on is public: a secret two operations down would be, too. */
static void a_secret_of_an_operation_within_the_operation_is_refused(void **state)
{
    static const char *const HIDDEN[] = {
        "{\"op\":\"test.run\",\"params\":\"{\\\"password\\\":\\\"x\\\"}\"}",
        "{\"op\":\"test.run\",\"params\":\"{\\\"password\\\":\"}",
        "{\"op\":\"test.gone\",\"params\":\"{\\\"password\\\":\\\"x\\\"}\"}"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(HIDDEN); i++) {
        assert_int_equal(propose("test.hold", HIDDEN[i]), OC_E_REFUSED);
    }
    assert_int_equal(propose("test.hold", "{\"op\":\"test.run\",\"params\":\"{\\\"name\\\":"
                                          "\\\"x\\\"}\"}"),
                     OC_OK);
}

/* ---- what people are told ---- */

static const char *refused_as(const char *actor, enum oc_role role, const char *op,
                              const char *params)
{
    const struct oc_call_request req = {.op = op,
                                        .params = json_loads(params, 0, NULL),
                                        .actor = {.name = actor, .role = role},
                                        .on_done = stage_done,
                                        .ctx = &w.s};
    w.s.done = 0;
    oc_ops_call(w.s.env.ops, &req);
    stage_pass(&w.s, 0);
    assert_int_equal(w.s.done, 1);
    assert_int_not_equal(w.s.code, OC_OK);
    return w.s.error.message;
}

static void a_refusal_says_which_rule_it_is(void **state)
{
    (void)state;
    assert_string_equal(
        refused_as("test", OC_ROLE_ADMIN, "governance.show", "{\"proposal\":\"last\"}"),
        "there is no proposal yet");
    world_propose(&w, "operational", RUN);
    world_propose(&w, "operational", "");
    assert_string_equal(
        refused_as("test", OC_ROLE_ADMIN, "governance.show", "{\"proposal\":\"nope\"}"),
        "there is no proposal nope");
    assert_string_equal(
        refused_as("test", OC_ROLE_ADMIN, "governance.show", "{\"proposal\":\"PROPOSAL\"}"),
        "there are 2 proposals with PROPOSAL in their id");
    assert_string_equal(refused_as("token:x", OC_ROLE_OPERATOR, "governance.amend",
                                   "{\"proposal\":\"last\",\"title\":\"X\"}"),
                        "only test or an administrator may amend it");
    assert_string_equal(refused_as("token:x", OC_ROLE_OPERATOR, "governance.propose",
                                   "{\"title\":\"X\",\"op\":\"governance.keys.revoke\"}"),
                        "governance.keys.revoke needs the role admin, and yours is operator");
    assert_string_equal(
        refused_as("test", OC_ROLE_ADMIN, "governance.list", "{\"category\":\"foo\"}"),
        "'foo' is no category");
    char *text = oc_alloc(OC_GOVERNANCE_TEXT_MAX + 2);
    memset(text, 'x', OC_GOVERNANCE_TEXT_MAX + 1);
    text[OC_GOVERNANCE_TEXT_MAX + 1] = '\0';
    char *params = oc_asprintf("{\"proposal\":\"last\",\"text\":\"%s\"}", text);
    assert_string_equal(refused_as("test", OC_ROLE_ADMIN, "governance.discuss", params),
                        "the comment is longer than 16384 bytes");
    free(params);
    free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(who_has_no_vote_or_another_key_is_refused),
        T(a_change_of_the_rules_is_strategic),
        T(what_is_inviolable_is_refused),
        T(a_name_that_is_no_parameter_is_refused_with_the_list),
        T(an_operation_with_a_secret_is_refused),
        T(what_could_never_run_is_not_voted_on),
        T(a_secret_of_an_operation_within_the_operation_is_refused),
        T(a_refusal_says_which_rule_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
