/* The hook `quorum` gets what the tally gets, and says the same. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/sandbox.h"
#include "core/service/governance/tally/tally_hook.h"
#include "core/sys/file.h"

#define RECORDS 10

static const struct oc_member members[5] = {
    {"alpha", true}, {"beta", true}, {"charlie", true}, {"dora", false}, {"emil", false}};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

struct draft {
    struct oc_tally_case c;
    struct oc_ballot_record ballots[RECORDS];
    struct oc_delegation_record delegations[RECORDS];
    struct oc_signature_record signatures[RECORDS];
    struct oc_veto_record vetoes[RECORDS];
    struct oc_override_record overrides[RECORDS];
};

static void add(struct draft *d, struct oc_tally_stamp stamp, uint32_t *seed)
{
    const uint32_t member = next_random(seed) % 6; /* the last one is a stranger */
    switch (next_random(seed) % 8) {
    case 0:
        d->signatures[d->c.signature_count++] =
            (struct oc_signature_record){.stamp = stamp,
                                         .kind = (enum oc_signature_kind)(next_random(seed) % 2),
                                         .verdict = (enum oc_verdict)(next_random(seed) % 3),
                                         .nonce = next_random(seed) % 3};
        break;
    case 1:
        d->vetoes[d->c.veto_count++] =
            (struct oc_veto_record){.stamp = stamp,
                                    .holder = (enum oc_veto_holder)(next_random(seed) % 2),
                                    .condition = (enum oc_veto_condition)(next_random(seed) % 4)};
        break;
    case 2:
        d->overrides[d->c.override_count++] =
            (struct oc_override_record){.stamp = stamp, .member = member};
        break;
    case 3:
        d->delegations[d->c.delegation_count++] =
            (struct oc_delegation_record){.stamp = stamp,
                                          .from = member,
                                          .to = next_random(seed) % 5,
                                          .expires_at = 490 + next_random(seed) % 20};
        break;
    default:
        d->ballots[d->c.ballot_count++] =
            (struct oc_ballot_record){.stamp = stamp,
                                      .member = member,
                                      .choice = (enum oc_choice)(1 + next_random(seed) % 3),
                                      .nonce = 1 + next_random(seed) % 2};
        break;
    }
}

static void fill(struct draft *d, uint32_t round)
{
    uint32_t seed = round;
    int64_t at = 1;
    memset(d, 0, sizeof *d);
    d->c.rules = (struct oc_tally_rules){.threshold = (enum oc_threshold)(round % 3),
                                         .strict_supermajority = round & 8,
                                         .min_votes = 1 + round % 3,
                                         .examiner_review = round & 16,
                                         .sentinel_approval = round & 32,
                                         .deadline = 500,
                                         .declaration_ms = round & 64 ? 60 : 0,
                                         .override_ms = 150};
    d->c.electorate = (struct oc_electorate){.count = 3 + round % 3, .triad = 7};
    for (uint32_t i = 0; i < OC_ELECTORS_MAX; i++) {
        d->c.electorate.revoked_at[i] = OC_TALLY_NEVER;
    }
    d->c.electorate.revoked_at[round % 5] = round & 128 ? 300 : OC_TALLY_NEVER;
    for (uint64_t i = 0; i < RECORDS; i++) {
        const bool backwards = round % 50 == 0 && i == 7; /* what no ledger would hold */
        at += next_random(&seed) % 120;
        add(d,
            (struct oc_tally_stamp){.index = i * 3,
                                    .at = backwards ? 1 : at,
                                    .key_revoked = next_random(&seed) % 12 ? OC_TALLY_NEVER : at},
            &seed);
    }
    d->c.ballots = d->ballots;
    d->c.delegations = d->delegations;
    d->c.signatures = d->signatures;
    d->c.vetoes = d->vetoes;
    d->c.overrides = d->overrides;
}

static struct oc_lua *load(void)
{
    const struct oc_lua_limits patient = {.deadline_ms = 60000}; /* the machine may be busy */
    struct oc_lua *lua = oc_lua_create(&patient);
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(OC_SOURCE_DIR "/etc/policies/quorum.lua", 1 << 20, &text, NULL),
                     OC_OK);
    assert_int_equal(oc_lua_run(lua, "quorum.lua", text.data, text.len, NULL), OC_OK);
    oc_buf_finish(&text);
    return lua;
}

static void compare(const json_t *answer, const struct oc_tally_result *r)
{
    assert_string_equal(oc_json_str(answer, "outcome", ""), oc_outcome_name(r->outcome));
    assert_string_equal(oc_json_str(answer, "reason", ""), oc_tally_reason_name(r->reason));
    assert_int_equal(oc_tally_hook_compare(answer, r), OC_TALLY_AGREES);
    assert_int_equal(oc_json_int(answer, "yes", 0), r->yes);
    assert_int_equal(oc_json_int(answer, "no", 0), r->no);
    assert_int_equal(oc_json_int(answer, "abstain", 0), r->abstain);
    assert_int_equal(oc_json_int(answer, "absent", 0), r->absent);
    assert_int_equal(oc_json_int(answer, "present", 0), r->present);
    assert_int_equal(oc_json_int(answer, "delegated", 0), r->delegated);
    assert_int_equal(oc_json_int(answer, "carried_at", 0), r->carried_at);
    assert_int_equal(oc_json_int(answer, "decided_at", 0), r->decided_at);
}

static void test_the_hook_says_what_the_tally_says(void **state)
{
    struct oc_lua *lua = load();
    unsigned seen[6] = {0};
    (void)state;
    for (uint32_t round = 0; round < 3000; round++) {
        struct draft d;
        struct oc_tally_result r;
        struct oc_error err;
        json_t *answer = NULL;
        fill(&d, round);
        const int64_t now = 100 + round % 900;
        json_t *args = oc_tally_hook_args(&d.c, members, now, NULL);
        oc_error_init(&err);
        if (oc_lua_call(lua, "quorum", args, &answer, NULL, NULL, &err) != OC_OK) {
            fail_msg("%s", err.message);
        }
        oc_tally(&d.c, now, &r);
        compare(answer, &r);
        seen[r.outcome]++;
        json_decref(answer);
        json_decref(args);
    }
    for (size_t i = 0; i < OC_COUNT(seen); i++) {
        assert_true(seen[i] > 0); /* each outcome has been met */
    }
    oc_lua_destroy(lua);
}

static void test_more_is_known_of_the_proposal_but_nothing_replaced(void **state)
{
    struct draft d;
    (void)state;
    fill(&d, 1);
    json_t *more = json_pack("{s:s,s:s}", "category", "tactical", "rules", "mine");
    json_t *args = oc_tally_hook_args(&d.c, members, 1, more);
    json_t *p = json_array_get(args, 0);
    assert_string_equal(oc_json_str(p, "category", ""), "tactical");
    assert_true(json_is_object(json_object_get(p, "rules")));
    assert_string_equal(json_string_value(oc_json_path(p, "electorate[1].name")), "beta");
    json_decref(args);
    json_decref(more);
}

static void test_a_policy_can_hold_back_and_never_pass(void **state)
{
    struct oc_tally_result r = {.outcome = OC_TALLY_PASSED};
    json_t *pending = json_pack("{s:s}", "outcome", "pending");
    json_t *passed = json_pack("{s:s}", "outcome", "passed");
    (void)state;
    assert_int_equal(oc_tally_hook_compare(passed, &r), OC_TALLY_AGREES);
    assert_int_equal(oc_tally_hook_compare(pending, &r), OC_TALLY_HELD_BACK);
    assert_int_equal(oc_tally_hook_compare(NULL, &r), OC_TALLY_HELD_BACK);
    r.outcome = OC_TALLY_REJECTED;
    assert_int_equal(oc_tally_hook_compare(passed, &r), OC_TALLY_DISAGREES);
    json_decref(pending);
    json_decref(passed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_hook_says_what_the_tally_says),
        cmocka_unit_test(test_more_is_known_of_the_proposal_but_nothing_replaced),
        cmocka_unit_test(test_a_policy_can_hold_back_and_never_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
