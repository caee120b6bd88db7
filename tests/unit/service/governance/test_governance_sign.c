/* Signing where the key is: nothing is signed but what was asked for. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/world.h"

#define RULES "governance = { declaration = \"30s\"; };"

static struct world w;
static char *key;      /* file of a secret key */
static char other[65]; /* a proposal that nobody asks to sign */

static int begin(void **state)
{
    (void)state;
    world_begin(&w, RULES);
    key = oc_path_join(w.s.home, "alpha.key");
    world_ask(&w, "governance.keys.create",
              world_text("{\"member\":\"alpha\",\"output\":\"%s\"}", key));
    snprintf(other, sizeof other, "%s", world_propose(&w, "operational", ""));
    world_propose(&w, "strategic", "");
    return 0;
}

static int end(void **state)
{
    (void)state;
    char *pub = oc_asprintf("%s.pub", key);
    unlink(pub);
    unlink(key);
    free(pub);
    free(key);
    world_end(&w);
    return 0;
}

/* What the host says is to be signed; owned by the caller. */
static char *form(const char *params)
{
    world_ask(&w, "governance.form", params);
    return oc_strdup(oc_json_str(w.s.result, "text", ""));
}

/* `asked` is the parameters that are told beside key and text. */
static int sign(const char *text, const char *asked)
{
    json_t *params = json_loads(asked, 0, NULL);
    assert_non_null(params);
    oc_json_set_str(params, "key", key);
    oc_json_set_str(params, "text", text);
    char *all = oc_json_text(params);
    const int code = world_call(&w, "governance.sign", all);
    free(all);
    json_decref(params);
    return code;
}

#define VOTE(proposal, choice, more)                                                               \
    "{\"op\":\"governance.vote\",\"as\":\"alpha\",\"proposal\":\"" proposal                        \
    "\",\"choice\":\"" choice "\"" more "}"

static void a_ballot_is_of_the_proposal_the_word_and_the_reason_that_were_given(void **state)
{
    (void)state;
    char *text = form(world_text(VOTE("%s", "yes", ",\"reason\":\"good\""), w.id));
    const struct {
        char *asked;
        int code;
    } cases[] = {
        {oc_asprintf(VOTE("%s", "yes", ",\"reason\":\"good\""), w.id), OC_OK},
        {oc_asprintf(VOTE("%s", "yes", ",\"reason\":\"good\",\"nonce\":1"), w.id), OC_OK},
        {oc_asprintf(VOTE("%s", "yes", ",\"reason\":\"good\",\"nonce\":2"), w.id), OC_E_VERIFY},
        {oc_asprintf(VOTE("%s", "yes", ",\"reason\":\"good\""), other), OC_E_VERIFY},
        {oc_asprintf(VOTE("%s", "no", ",\"reason\":\"good\""), w.id), OC_E_VERIFY},
        {oc_asprintf(VOTE("%s", "yes", ",\"reason\":\"bad\""), w.id), OC_E_VERIFY},
        {oc_asprintf(VOTE("%s", "yes", ""), w.id), OC_E_VERIFY},
        {oc_strdup("{\"as\":\"alpha\",\"word\":\"yes\"}"), OC_OK},
        {oc_strdup("{\"as\":\"beta\"}"), OC_E_VERIFY},
        {oc_strdup("{\"word\":\"no\"}"), OC_E_VERIFY},
        {oc_asprintf("{\"proposal\":\"%s\"}", other), OC_E_VERIFY},
        {oc_strdup("{\"op\":\"governance.review\",\"verdict\":\"yes\"}"), OC_E_VERIFY},
        {oc_strdup("{\"op\":\"governance.list\"}"), OC_E_CONFIG},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        if (sign(text, cases[i].asked) != cases[i].code) {
            fail_msg("%s: %s", cases[i].asked, w.s.error.message);
        }
        free(cases[i].asked);
    }
    free(text);
}

static void an_approval_is_no_refusal(void **state)
{
    (void)state;
    char *text = form(world_text(
        "{\"op\":\"governance.approve\",\"as\":\"sentinel\",\"proposal\":\"%s\",\"refuse\":true}",
        w.id));
    static const char asked[] = "{\"op\":\"governance.approve\",\"as\":\"sentinel\",\"refuse\":%s}";
    assert_int_equal(sign(text, world_text(asked, "true")), OC_OK);
    assert_int_equal(sign(text, world_text(asked, "false")), OC_E_VERIFY);
    free(text);
}

static void a_delegation_is_to_whom_for_what_and_as_long_as_was_given(void **state)
{
    (void)state;
    char *text = form("{\"op\":\"governance.delegate\",\"as\":\"alpha\",\"to\":\"beta\",\"for\":"
                      "\"2h\",\"scope\":\"operational\"}");
    static const struct {
        const char *to, *span, *scope;
        int code;
    } cases[] = {{"beta", "2h", "operational", OC_OK},
                 {"beta", "124m", "operational", OC_OK}, /* clocks differ */
                 {"charlie", "2h", "operational", OC_E_VERIFY},
                 {"beta", "2h", "all", OC_E_VERIFY},
                 {"beta", "1h", "operational", OC_E_VERIFY},
                 {"beta", "3h", "operational", OC_E_VERIFY}};
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        const char *asked = world_text("{\"op\":\"governance.delegate\",\"as\":\"alpha\",\"to\":"
                                       "\"%s\",\"for\":\"%s\",\"scope\":\"%s\"}",
                                       cases[i].to, cases[i].span, cases[i].scope);
        if (sign(text, asked) != cases[i].code) {
            fail_msg("%s: %s", asked, w.s.error.message);
        }
    }
    assert_int_equal(sign(text, "{\"op\":\"governance.undelegate\",\"as\":\"alpha\","
                                "\"scope\":\"operational\"}"),
                     OC_E_VERIFY);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ballot_is_of_the_proposal_the_word_and_the_reason_that_were_given),
        TEST(an_approval_is_no_refusal),
        TEST(a_delegation_is_to_whom_for_what_and_as_long_as_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
