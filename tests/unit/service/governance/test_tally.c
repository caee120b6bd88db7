/* The tally, rule by rule. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/tally_draft.h"

/* ---- thresholds ---- */

static void test_thresholds_are_whole_numbers_over_the_eligible(void **state)
{
    static const struct {
        uint32_t eligible, simple, super, strict, unanimous;
    } rows[] = {{1, 1, 1, 1, 1},   {2, 2, 2, 2, 2},   {3, 2, 2, 3, 3},     {4, 3, 3, 3, 4},
                {5, 3, 4, 4, 5},   {6, 4, 4, 5, 6},   {7, 4, 5, 5, 7},     {9, 5, 6, 7, 9},
                {11, 6, 8, 8, 11}, {12, 7, 8, 9, 12}, {64, 33, 43, 43, 64}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        const uint32_t n = rows[i].eligible;
        assert_int_equal(oc_threshold_needed(OC_THRESHOLD_SIMPLE, false, n), rows[i].simple);
        assert_int_equal(oc_threshold_needed(OC_THRESHOLD_SUPER, false, n), rows[i].super);
        assert_int_equal(oc_threshold_needed(OC_THRESHOLD_SUPER, true, n), rows[i].strict);
        assert_int_equal(oc_threshold_needed(OC_THRESHOLD_UNANIMOUS, false, n), rows[i].unanimous);
    }
    assert_false(oc_threshold_met(OC_THRESHOLD_UNANIMOUS, false, 0, 0));
    assert_false(oc_threshold_met((enum oc_threshold)9, false, 3, 3));
}

static void test_two_of_three_carry_a_supermajority_unless_it_is_strict(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SUPER);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    EXPECT(d, 20, OC_TALLY_PASSED, OC_REASON_CARRIED);
    d.c.rules.strict_supermajority = true;
    EXPECT(d, 20, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    assert_int_equal(d.r.needed, 3);
}

/* ---- early decisions ---- */

static void test_a_vote_is_decided_when_the_rest_cannot_change_it(void **state)
{
    (void)state;
    struct draft d = begin(5, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    EXPECT(d, 30, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    assert_int_equal(d.r.next, DEADLINE + 1);
    vote(&d, 40, 2, OC_CHOICE_YES);
    EXPECT(d, 40, OC_TALLY_PASSED, OC_REASON_CARRIED);
    assert_int_equal(d.r.decided_at, 40);
    assert_int_equal(d.r.absent, 2);

    struct draft no = begin(5, OC_THRESHOLD_SIMPLE);
    vote(&no, 10, 0, OC_CHOICE_NO);
    vote(&no, 20, 1, OC_CHOICE_ABSTAIN);
    EXPECT(no, 20, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    vote(&no, 30, 2, OC_CHOICE_NO);
    EXPECT(no, 30, OC_TALLY_REJECTED, OC_REASON_OUTVOTED);
}

static void test_a_decision_is_for_good(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    again(&d, 30, 1, OC_CHOICE_NO, 2);
    vote(&d, 40, 2, OC_CHOICE_NO);
    EXPECT(d, 2000, OC_TALLY_PASSED, OC_REASON_CARRIED);
    assert_int_equal(d.r.decided_at, 20);
    assert_int_equal(d.r.yes, 2);
    assert_int_equal(d.r.late, 2);
}

static void test_a_tie_does_not_pass(void **state)
{
    (void)state;
    struct draft d = begin(4, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_NO);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_TIE);
    vote(&d, 30, 2, OC_CHOICE_YES);
    vote(&d, 40, 3, OC_CHOICE_NO);
    EXPECT(d, 40, OC_TALLY_REJECTED, OC_REASON_TIE);
}

/* ---- the minimum, abstentions, absent members ---- */

static void test_one_member_is_no_quorum_however_many_it_speaks_for(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    lend(&d, 11, 1, 0, DEADLINE);
    lend(&d, 12, 2, 0, DEADLINE);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_NO_QUORUM);
    assert_int_equal(d.r.yes, 3);
    assert_int_equal(d.r.delegated, 2);
    assert_int_equal(d.r.present, 1);
}

static void test_an_abstention_is_present_but_no_yes(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_ABSTAIN);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_SHORT);
    assert_int_equal(d.r.present, 2);

    struct draft u = begin(3, OC_THRESHOLD_UNANIMOUS);
    vote(&u, 10, 0, OC_CHOICE_ABSTAIN);
    EXPECT(u, 10, OC_TALLY_REJECTED, OC_REASON_OUTVOTED);
}

static void test_an_absent_member_breaks_unanimity_even_through_a_delegate(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_UNANIMOUS);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    lend(&d, 30, 2, 0, DEADLINE);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_SHORT);
    assert_int_equal(d.r.yes, 3);
}

/* ---- the deadline ---- */

static void test_the_last_ms_of_the_deadline_counts_and_no_later_one(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, DEADLINE, 1, OC_CHOICE_YES);
    EXPECT(d, DEADLINE, OC_TALLY_PASSED, OC_REASON_CARRIED);
    d.ballots[1].stamp.at = DEADLINE + 1;
    EXPECT(d, DEADLINE, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_NO_QUORUM);
    assert_int_equal(d.r.late, 1);
    assert_int_equal(d.r.decided_at, DEADLINE + 1);
}

static void test_silence_is_no_consent_in_an_emergency_either(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    EXPECT(d, DEADLINE, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_NO_QUORUM);
    assert_int_equal(d.r.absent, 3);
}

/* ---- changing a vote ---- */

static void test_a_higher_nonce_replaces_an_equal_one_is_a_duplicate_a_lower_one_stale(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_UNANIMOUS);
    again(&d, 10, 0, OC_CHOICE_YES, 5);
    again(&d, 11, 0, OC_CHOICE_NO, 5);
    again(&d, 12, 0, OC_CHOICE_NO, 4);
    again(&d, 13, 0, OC_CHOICE_YES, 0);
    EXPECT(d, 20, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    assert_int_equal(d.r.yes, 1);
    assert_int_equal(d.r.duplicate, 1);
    assert_int_equal(d.r.stale, 2);
    again(&d, 14, 0, OC_CHOICE_NO, 6);
    EXPECT(d, 20, OC_TALLY_REJECTED, OC_REASON_OUTVOTED);
    assert_int_equal(d.r.present, 1);
}

static void test_a_strangers_ballot_and_one_without_a_choice_count_nothing(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 3, OC_CHOICE_YES);
    vote(&d, 11, OC_TALLY_NOBODY, OC_CHOICE_YES);
    vote(&d, 12, 0, OC_CHOICE_NONE);
    vote(&d, 13, 1, (enum oc_choice)7);
    EXPECT(d, 20, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    assert_int_equal(d.r.unknown, 4);
    assert_int_equal(d.r.present, 0);
}

/* ---- revocation ---- */

static void test_what_a_key_signed_counts_only_before_its_revocation(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES)->stamp.key_revoked = 11;
    vote(&d, 20, 1, OC_CHOICE_YES)->stamp.key_revoked = 20;
    EXPECT(d, 30, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    assert_int_equal(d.r.yes, 1);
    assert_int_equal(d.r.revoked, 1);
    again(&d, 25, 1, OC_CHOICE_YES, 1); /* with its new key; the nonce was never used */
    EXPECT(d, 30, OC_TALLY_PASSED, OC_REASON_CARRIED);
}

static void test_a_revoked_member_stays_in_the_denominator(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_UNANIMOUS);
    d.c.electorate.revoked_at[2] = 5;
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    vote(&d, 30, 2, OC_CHOICE_YES);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_SHORT);
    assert_int_equal(d.r.eligible, 3);
    assert_int_equal(d.r.revoked, 1);
}

/* ---- what cannot be trusted ---- */

static void test_records_that_no_ledger_would_hold_execute_nothing(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 20, 0, OC_CHOICE_YES);
    vote(&d, 10, 1, OC_CHOICE_YES); /* time runs backwards */
    EXPECT(d, 50, OC_TALLY_INVALID, OC_REASON_BAD_INPUT);
    d.ballots[1].stamp.at = 20;
    d.ballots[1].stamp.index = 0; /* twice the same place */
    EXPECT(d, 50, OC_TALLY_INVALID, OC_REASON_BAD_INPUT);
    d.ballots[1].stamp.index = 1;
    EXPECT(d, 50, OC_TALLY_PASSED, OC_REASON_CARRIED);
    d.c.electorate.count = 0;
    EXPECT(d, 50, OC_TALLY_INVALID, OC_REASON_BAD_INPUT);
    d.c.electorate.count = OC_ELECTORS_MAX + 1;
    EXPECT(d, 50, OC_TALLY_INVALID, OC_REASON_BAD_INPUT);
}

static void test_periods_at_the_end_of_time_do_not_overflow(void **state)
{
    (void)state;
    struct draft d = begin(2, OC_THRESHOLD_SIMPLE);
    d.c.rules.deadline = INT64_MAX;
    d.c.rules.declaration_ms = d.c.rules.override_ms = INT64_MAX;
    veto(&d, INT64_MAX - 2, OC_VETO_STEWARD, OC_VETO_SECURITY);
    vote(&d, INT64_MAX - 1, 0, OC_CHOICE_YES);
    vote(&d, INT64_MAX - 1, 1, OC_CHOICE_YES);
    EXPECT(d, INT64_MAX, OC_TALLY_PENDING, OC_REASON_WAITING_OVERRIDE);
    assert_int_equal(d.r.next, INT64_MAX);
}

/* ---- all together ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void add_at_random(struct draft *d, uint32_t *seed, int64_t at)
{
    const uint32_t member = next_random(seed) % d->c.electorate.count;
    switch (next_random(seed) % 8) {
    case 0:
        put_signature(d, at, (enum oc_signature_kind)(next_random(seed) % 2),
                      (enum oc_verdict)(next_random(seed) % 2), next_random(seed) % 4);
        break;
    case 1:
        veto(d, at, (enum oc_veto_holder)(next_random(seed) % 2),
             (enum oc_veto_condition)(next_random(seed) % 4));
        break;
    case 2:
    case 3:
        override(d, at, member);
        break;
    case 4:
        lend(d, at, member, next_random(seed) % d->c.electorate.count, DEADLINE);
        break;
    default:
        again(d, at, member, (enum oc_choice)(1 + next_random(seed) % 3),
              1 + next_random(seed) % 3);
        break;
    }
}

/* Whoever tallies while the ledger grows sees the decision that is seen when it is read again from the start: once decided, the same for ever. */
static void test_a_growing_ledger_never_changes_a_decision(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t seed = round;
        struct draft d = begin(1 + round % 7, (enum oc_threshold)(round % 3));
        struct oc_tally_result first = {0};
        d.c.rules.declaration_ms = round & 8 ? 100 : 0;
        d.c.rules.examiner_review = round & 16;
        d.c.rules.sentinel_approval = round & 32;
        int64_t at = 1;
        for (unsigned i = 0; i < MAX - 1; i++) {
            at += next_random(&seed) % 160;
            add_at_random(&d, &seed, at);
            const int64_t now = at + next_random(&seed) % 40;
            tally(&d, now);
            assert_int_equal(d.r.yes + d.r.no + d.r.abstain + d.r.absent, d.r.eligible);
            if (first.outcome != OC_TALLY_PENDING) {
                assert_int_equal(d.r.outcome, first.outcome);
                assert_int_equal(d.r.reason, first.reason);
                assert_int_equal(d.r.decided_at, first.decided_at);
                assert_int_equal(d.r.yes, first.yes);
            } else if (d.r.outcome != OC_TALLY_PENDING) {
                first = d.r;
                assert_true(d.r.decided_at > 0 && d.r.decided_at <= now);
                tally(&d, d.r.decided_at - 1); /* and it was open before */
                assert_int_equal(d.r.outcome, OC_TALLY_PENDING);
            } else {
                assert_true(d.r.next > now);
            }
            at = now > at ? now : at;
        }
    }
}

static void test_results_have_words_for_people(void **state)
{
    char text[256];
    enum oc_choice choice = OC_CHOICE_NONE;
    enum oc_threshold threshold = OC_THRESHOLD_SIMPLE;
    enum oc_verdict verdict = OC_VERDICT_APPROVE;
    enum oc_veto_condition condition = OC_VETO_NONE;
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SUPER);
    d.c.rules.examiner_review = true;
    vote(&d, 10, 0, OC_CHOICE_YES);
    tally(&d, DEADLINE + 1);
    assert_string_equal(oc_tally_describe(&d.r, text, sizeof text),
                        "timed_out: too few members voted themselves; 1 yes, 0 no, 0 abstain, 2 "
                        "absent of 3, 2 yes needed; the examiner's review is missing");
    assert_true(oc_choice_parse("abstain", &choice) && choice == OC_CHOICE_ABSTAIN);
    assert_false(oc_choice_parse("none", &choice) || oc_choice_parse(NULL, &choice));
    assert_true(oc_threshold_parse("unanimous", &threshold));
    assert_false(oc_threshold_parse("66.67", &threshold));
    assert_true(oc_verdict_parse("request_changes", &verdict) && verdict == OC_VERDICT_CHANGES);
    assert_true(oc_veto_parse("corruption_risk_identified", &condition));
    assert_false(oc_veto_parse("none", &condition));
    assert_string_equal(oc_outcome_name((enum oc_outcome)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thresholds_are_whole_numbers_over_the_eligible),
        cmocka_unit_test(test_two_of_three_carry_a_supermajority_unless_it_is_strict),
        cmocka_unit_test(test_a_vote_is_decided_when_the_rest_cannot_change_it),
        cmocka_unit_test(test_a_decision_is_for_good),
        cmocka_unit_test(test_a_tie_does_not_pass),
        cmocka_unit_test(test_one_member_is_no_quorum_however_many_it_speaks_for),
        cmocka_unit_test(test_an_abstention_is_present_but_no_yes),
        cmocka_unit_test(test_an_absent_member_breaks_unanimity_even_through_a_delegate),
        cmocka_unit_test(test_the_last_ms_of_the_deadline_counts_and_no_later_one),
        cmocka_unit_test(test_silence_is_no_consent_in_an_emergency_either),
        cmocka_unit_test(
            test_a_higher_nonce_replaces_an_equal_one_is_a_duplicate_a_lower_one_stale),
        cmocka_unit_test(test_a_strangers_ballot_and_one_without_a_choice_count_nothing),
        cmocka_unit_test(test_what_a_key_signed_counts_only_before_its_revocation),
        cmocka_unit_test(test_a_revoked_member_stays_in_the_denominator),
        cmocka_unit_test(test_records_that_no_ledger_would_hold_execute_nothing),
        cmocka_unit_test(test_periods_at_the_end_of_time_do_not_overflow),
        cmocka_unit_test(test_a_growing_ledger_never_changes_a_decision),
        cmocka_unit_test(test_results_have_words_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
