/* The original's governance files, and its vote scripts. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/import/ballot_legacy.h"
#include "core/service/governance/import/import.h"

static const char rules_text[] =
    "{\"version\":\"1.0.0\",\"quorum_configuration\":{\"triad_members\":[\"alpha\",\"beta\","
    "\"charlie\"],\"minimum_quorum_size\":2,\"quorum_percentage\":66.67,\"voting_timeout\":300,"
    "\"deliberation_timeout\":600,\"auto_abort_on_timeout\":true},"
    "\"voting_thresholds\":{"
    "\"simple_majority\":{\"percentage\":50.01,\"minimum_votes\":2,\"use_cases\":"
    "[\"routine_operational_decisions\"]},"
    "\"supermajority\":{\"percentage\":66.67,\"minimum_votes\":2,\"use_cases\":"
    "[\"governance_rule_changes\"]},"
    "\"unanimous\":{\"percentage\":100,\"minimum_votes\":2,\"use_cases\":[\"identity_changes\"]}},"
    "\"decision_categories\":{"
    "\"operational\":{\"threshold\":\"simple_majority\",\"timeout\":300,"
    "\"requires_examiner_review\":false},"
    "\"tactical\":{\"threshold\":\"supermajority\",\"timeout\":601,"
    "\"requires_examiner_review\":true},"
    "\"strategic\":{\"threshold\":\"unanimous\",\"timeout\":900,\"requires_examiner_review\":true,"
    "\"requires_sentinel_approval\":true},"
    "\"emergency\":{\"threshold\":\"simple_majority\",\"timeout\":60}},"
    "\"voting_process\":{\"stages\":[{\"stage\":\"proposal_submission\",\"timeout\":60},"
    "{\"stage\":\"initial_review\",\"timeout\":120},"
    "{\"stage\":\"deliberation\",\"timeout\":300,\"max_modification_rounds\":3},"
    "{\"stage\":\"final_vote\",\"timeout\":120},"
    "{\"stage\":\"result_declaration\",\"timeout\":31}]},"
    "\"special_rules\":{\"veto_power\":{\"enabled\":true,\"holders\":[\"steward\",\"sentinel\"],"
    "\"conditions\":[\"security_violation_detected\",\"corruption_risk_identified\","
    "\"identity_threat_detected\"],\"override\":\"unanimous_triad_vote\"},"
    "\"emergency_override\":{\"enabled\":true,\"trigger\":\"sentinel_declaration\",\"duration\":"
    "3600,\"post_action_review\":true},"
    "\"deadlock_resolution\":{\"enabled\":true,\"trigger\":"
    "\"no_decision_after_2_deliberation_cycles\",\"methods\":[\"escalate_to_steward\"]}},"
    "\"audit_requirements\":{\"retention_days\":366},"
    "\"governance_events\":{\"logging\":{\"path\":\"/root/x.log\"}},"
    "\"audit_trail\":{\"ledger\":\"/root/y.json\"},"
    "\"colour\":{\"of\":\"money\"}}";

static json_t *import(const char *text, enum oc_gov_file *kind, struct oc_gov_rules *rules)
{
    json_t *findings = NULL;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_gov_import(text, strlen(text), kind, rules, &findings, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    return findings;
}

/* The first finding at a path, NULL when there is none. */
static const char *found(const json_t *findings, const char *path, const char *level)
{
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        if (strcmp(oc_json_str(f, "path", ""), path) == 0 &&
            strcmp(oc_json_str(f, "level", ""), level) == 0) {
            return oc_json_str(f, "message", "");
        }
    }
    return NULL;
}

static void test_the_originals_rules_are_read_and_their_contradictions_said(void **state)
{
    enum oc_gov_file kind;
    struct oc_gov_rules r;
    (void)state;
    json_t *f = import(rules_text, &kind, &r);
    assert_int_equal(kind, OC_GOV_FILE_RULES);
    assert_int_equal(oc_gov_findings_errors(f), 0);
    assert_int_equal(r.categories[OC_GOV_TACTICAL].timeout_ms, 601 * OC_SECOND);
    assert_int_equal(r.categories[OC_GOV_TACTICAL].threshold, OC_THRESHOLD_SUPER);
    assert_int_equal(r.categories[OC_GOV_STRATEGIC].declaration_ms, 31 * OC_SECOND);
    assert_int_equal(r.categories[OC_GOV_EMERGENCY].declaration_ms, 0);
    assert_int_equal(r.retention_ms, 366 * OC_DAY);
    assert_false(r.strict_supermajority);
    assert_non_null(found(f, "quorum_configuration.quorum_percentage", "settled"));
    assert_non_null(found(f, "voting_thresholds.supermajority.use_cases", "settled"));
    assert_non_null(found(f, "voting_thresholds.unanimous", "settled"));
    assert_non_null(found(f, "special_rules.veto_power.holders", "settled"));
    assert_string_equal(found(f, "decision_categories.operational.timeout", "settled"),
                        "the stages may take 600 s, the whole decision 300 s");
    assert_null(found(f, "decision_categories.strategic.timeout", "settled"));
    assert_non_null(found(f, "audit_trail", "settled"));
    assert_non_null(found(f, "colour.of", "not_mapped"));
    json_decref(f);
}

static void test_rules_that_are_wrong_name_the_path(void **state)
{
    static const struct {
        const char *text, *path;
    } rows[] = {
        {"{\"quorum_configuration\":{\"triad_members\":[]}}", "quorum_configuration.triad_members"},
        {"{\"quorum_configuration\":{\"triad_members\":[\"a b\"]}}",
         "quorum_configuration.triad_members"},
        {"{\"quorum_configuration\":{\"triad_members\":[\"alpha\",\"alpha\"]}}", ""},
        {"{\"quorum_configuration\":{\"minimum_quorum_size\":-1}}",
         "quorum_configuration.minimum_quorum_size"},
        {"{\"decision_categories\":{\"tactical\":{\"threshold\":\"most\"}}}",
         "decision_categories.tactical.threshold"},
        {"{\"decision_categories\":{\"tactical\":{\"timeout\":0}}}",
         "decision_categories.tactical.timeout"},
        {"{\"decision_categories\":{\"tactical\":{\"timeout_seconds\":1e300}}}",
         "decision_categories.tactical.timeout_seconds"},
        {"{\"decision_categories\":{},\"special_rules\":{\"veto_power\":{\"holders\":[\"coder\"]}}"
         "}",
         "special_rules.veto_power.holders"},
        {"{\"decision_categories\":{},\"special_rules\":{\"veto_power\":{\"conditions\":[3]}}}",
         "special_rules.veto_power.conditions"},
        {"{\"decision_categories\":{},\"voting_process\":{\"stages\":[{\"timeout\":3}]}}",
         "voting_process.stages"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        enum oc_gov_file kind;
        json_t *f = import(rows[i].text, &kind, NULL);
        if (!found(f, rows[i].path, "error")) {
            fail_msg("%s: no error at \"%s\"", rows[i].text, rows[i].path);
        }
        json_decref(f);
    }
}

#define RECORD(votes, rest)                                                                        \
    "{\"proposal_id\":\"PROPOSAL-a_1\",\"title\":\"t\",\"status\":\"ratified\",\"votes\":" votes   \
    ",\"timestamp\":\"2026-11-22T13:30:00Z\",\"inviolable\":{\"credential_policy\":true,"          \
    "\"advocate_voice_rules\":true,\"advisory_agent_constraints\":true}" rest "}"
#define TWO_YES "{\"alpha\":\"YES\",\"beta\":\"YES\",\"charlie\":null}"

static void test_a_consensus_record_is_checked_and_null_is_not_voted(void **state)
{
    enum oc_gov_file kind;
    (void)state;
    json_t *f = import(RECORD(TWO_YES, ",\"consensus\":{\"threshold\":\"2/3\",\"yes_count\":2,"
                                       "\"reached\":true},\"sentinel_review\":{\"cleared\":true,"
                                       "\"concerns\":[]}"),
                       &kind, NULL);
    assert_int_equal(kind, OC_GOV_FILE_CONSENSUS);
    assert_int_equal(json_array_size(f), 0);
    json_decref(f);
    static const struct {
        const char *text, *path;
    } rows[] = {
        {RECORD("{\"alpha\":\"YES\",\"beta\":\"SUPPORT\",\"charlie\":\"NO\"}", ""), "status"},
        {RECORD("{\"alpha\":\"YES\",\"beta\":\"yes\",\"charlie\":\"YES\"}", ""), "votes.beta"},
        {RECORD("{\"alpha\":\"YES\",\"beta\":\"YES\"}", ""), "votes.charlie"},
        {RECORD("{\"alpha\":\"YES\",\"beta\":\"YES\",\"charlie\":\"\"}", ""), "votes.charlie"},
        {RECORD(TWO_YES, ",\"consensus\":{\"yes_count\":3}"), "consensus.yes_count"},
        {RECORD(TWO_YES, ",\"consensus\":{\"reached\":false}"), "consensus.reached"},
        {RECORD(TWO_YES, ",\"consensus\":{\"threshold\":\"66.67\"}"), "consensus.threshold"},
        {RECORD(TWO_YES, ",\"communication\":{\"protocol\":\"smoke\"}"), "communication.protocol"},
        {RECORD(TWO_YES, ",\"sentinel_review\":{\"concerns\":\"none\"}"),
         "sentinel_review.concerns"},
        {"{\"proposal_id\":\"PROPOSAL-\",\"votes\":{}}", "proposal_id"},
        {"{\"proposal_id\":\"PROPOSAL-x y\",\"votes\":{}}", "proposal_id"},
        {"{\"proposal_id\":\"PROPOSAL-x\",\"votes\":{}}", "timestamp"},
        {"{\"proposal_id\":\"PROPOSAL-x\",\"votes\":{},\"inviolable\":{\"credential_policy\":"
         "false}}",
         "inviolable.credential_policy"},
    };
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        f = import(rows[i].text, &kind, NULL);
        if (!found(f, rows[i].path, "error")) {
            fail_msg("%s: no error at \"%s\"", rows[i].text, rows[i].path);
        }
        json_decref(f);
    }
}

static void test_a_deliberation_record_needs_what_its_phase_needs(void **state)
{
    static const struct {
        const char *text, *path;
    } rows[] = {
        {"\"signal\",\"signal_trigger\":\"x\"", NULL},
        {"\"signal\"", "signal_trigger"},
        {"\"build\"", "build_response"},
        {"\"ratify\",\"vote_recorded\":true", NULL},
        {"\"ratify\",\"vote_recorded\":\"yes\"", "vote_recorded"},
        {"\"vote\"", "phase"},
        {"\"build\",\"build_response\":\"x\",\"inputs\":[{\"timestamp\":\"soon\"}]",
         "inputs[0].timestamp"},
        {"\"build\",\"build_response\":\"x\",\"inputs\":3", "inputs"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        enum oc_gov_file kind;
        char *text = oc_asprintf("{\"proposal_id\":\"PROPOSAL-1\",\"entered_at\":"
                                 "\"2026-11-22T13:30:00Z\",\"phase\":%s}",
                                 rows[i].text);
        json_t *f = import(text, &kind, NULL);
        assert_int_equal(kind, OC_GOV_FILE_DELIBERATION);
        if (rows[i].path) {
            assert_non_null(found(f, rows[i].path, "error"));
        } else {
            assert_int_equal(json_array_size(f), 0);
        }
        json_decref(f);
        free(text);
    }
}

static void test_other_documents_are_refused(void **state)
{
    enum oc_gov_file kind;
    json_t *f = NULL;
    struct oc_error err;
    (void)state;
    assert_int_equal(oc_gov_import("{}", 2, &kind, NULL, &f, &err), OC_E_UNSUPPORTED);
    assert_int_equal(oc_gov_import("[]", 2, &kind, NULL, &f, &err), OC_E_UNSUPPORTED);
    assert_int_equal(oc_gov_import("{", 1, &kind, NULL, &f, &err), OC_E_CONFIG);
    char *large = oc_calloc(1, OC_GOV_IMPORT_MAX + 1);
    assert_int_equal(oc_gov_import(large, OC_GOV_IMPORT_MAX + 1, &kind, NULL, &f, &err),
                     OC_E_CONFIG);
    assert_null(f);
    free(large);
}

/* ---- the vote scripts ---- */

static void expect_line(const char *a, const char *b, const char *c, bool wanted, const char *line)
{
    const char *const votes[3] = {a, b, c};
    struct oc_buf out = {0};
    bool validated = !wanted;
    assert_int_equal(oc_vote_validate("P1", votes, &out, &validated, NULL), OC_OK);
    assert_string_equal(out.data, line);
    assert_int_equal(validated, wanted);
    oc_buf_finish(&out);
}

static void test_validate_vote_says_what_the_original_says(void **state)
{
    struct oc_buf out = {0};
    struct oc_error err;
    bool validated = true;
    (void)state;
    expect_line("YES", "YES", "NO", true, "VALIDATED: P1 ratified with 2/3 YES votes");
    expect_line("YES", "YES", "YES", true, "VALIDATED: P1 ratified with 3/3 YES votes");
    expect_line("YES", "ABSTAIN", NULL, false, "REJECTED: P1 has 1/3 YES votes, 2 are needed");
    expect_line("YES", "SUPPORT", "SUPPORT", false,
                "REJECTED: P1 has 1/3 YES votes, 2 are needed (2 SUPPORT: no YES)");
    const char *const wrong[3] = {"YES", "yes", "YES"};
    assert_int_equal(oc_vote_validate("P1", wrong, &out, &validated, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "the vote of beta is none that is known");
    assert_false(validated);
    const char *const good[3] = {"YES", "YES", "YES"};
    assert_int_equal(oc_vote_validate("", good, &out, &validated, &err), OC_E_CONFIG);
    assert_int_equal(oc_vote_validate("a\x1b[2J", good, &out, &validated, &err), OC_E_CONFIG);
    assert_int_equal(out.len, 0);
}

static void test_failover_vote_makes_a_signed_body(void **state)
{
    struct oc_failover_vote v = {.vote = "SUPPORT", .proposal = "P\"1", .at = 1763818200000};
    struct oc_buf body = {0};
    struct oc_error err;
    char hex[OC_SHA256_HEX];
    (void)state;
    assert_int_equal(oc_failover_body(&v, &body, &err), OC_OK);
    assert_string_equal(body.data,
                        "{\"type\":\"vote\",\"agent\":\"alpha-failover\",\"proxy_for\":\"alpha\","
                        "\"proposal\":\"P\\\"1\",\"vote\":\"SUPPORT\",\"mode\":\"failover-vote\","
                        "\"timestamp\":\"2025-11-22T13:30:00.000Z\"}");
    assert_int_equal(oc_failover_sign("k", &body, hex, &err), OC_OK);
    assert_true(oc_failover_verify("k", body.data, body.len, hex));
    assert_false(oc_failover_verify("l", body.data, body.len, hex));
    assert_false(oc_failover_verify("k", body.data, body.len - 1, hex));
    assert_false(oc_failover_verify("k", body.data, body.len, "present"));
    assert_false(oc_failover_verify("k", body.data, body.len, NULL));
    assert_false(oc_failover_verify("", body.data, body.len, hex));
    assert_int_equal(oc_failover_sign("", &body, hex, &err), OC_E_CONFIG);
    oc_buf_finish(&body);
    v.vote = "YES";
    assert_int_equal(oc_failover_body(&v, &body, &err), OC_E_CONFIG);
    v.vote = "ABSTAIN";
    v.mode = "other";
    assert_int_equal(oc_failover_body(&v, &body, &err), OC_E_CONFIG);
    v.mode = "emergency-quorum";
    v.proxy_for = "a/b";
    assert_int_equal(oc_failover_body(&v, &body, &err), OC_E_CONFIG);
    v.proxy_for = "charlie";
    assert_int_equal(oc_failover_body(&v, &body, &err), OC_OK);
    oc_buf_finish(&body);
}

static void test_the_hmac_is_the_one_of_rfc_4231(void **state)
{
    struct oc_buf body = {0};
    char hex[OC_SHA256_HEX];
    (void)state;
    oc_buf_adds(&body, "what do ya want for nothing?");
    assert_int_equal(oc_failover_sign("Jefe", &body, hex, NULL), OC_OK);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    oc_buf_finish(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_originals_rules_are_read_and_their_contradictions_said),
        cmocka_unit_test(test_rules_that_are_wrong_name_the_path),
        cmocka_unit_test(test_a_consensus_record_is_checked_and_null_is_not_voted),
        cmocka_unit_test(test_a_deliberation_record_needs_what_its_phase_needs),
        cmocka_unit_test(test_other_documents_are_refused),
        cmocka_unit_test(test_validate_vote_says_what_the_original_says),
        cmocka_unit_test(test_failover_vote_makes_a_signed_body),
        cmocka_unit_test(test_the_hmac_is_the_one_of_rfc_4231),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
