/* The tally, where more than ballots decides: delegations, signatures, vetoes. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/tally_draft.h"

/* ---- delegation ---- */

static void test_a_delegate_speaks_at_the_deadline_and_not_before(void **state)
{
    (void)state;
    struct draft d = begin(5, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    lend(&d, 5, 2, 0, DEADLINE);
    EXPECT(d, DEADLINE, OC_TALLY_PENDING, OC_REASON_WAITING_VOTES);
    EXPECT(d, DEADLINE + 1, OC_TALLY_PASSED, OC_REASON_CARRIED);
    assert_int_equal(d.r.delegated, 1);
    assert_int_equal(d.r.voice[2], OC_CHOICE_YES);
    vote(&d, 900, 2, OC_CHOICE_NO); /* its own ballot comes first */
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_SHORT);
}

static void test_a_chain_is_followed_a_circle_is_not(void **state)
{
    (void)state;
    struct draft d = begin(5, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_NO);
    lend(&d, 30, 2, 3, DEADLINE);
    lend(&d, 31, 3, 4, DEADLINE);
    lend(&d, 32, 4, 0, DEADLINE);
    EXPECT(d, DEADLINE + 1, OC_TALLY_PASSED, OC_REASON_CARRIED);
    assert_int_equal(d.r.yes, 4);
    lend(&d, 33, 4, 2, DEADLINE); /* the newest one counts */
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_TIE);
    assert_int_equal(d.r.absent, 3);
}

static void test_an_expired_late_or_withdrawn_delegation_lends_nothing(void **state)
{
    static const struct {
        int64_t at, expires;
        uint32_t to;
    } rows[] = {{5, DEADLINE - 1, 0},
                {DEADLINE + 1, DEADLINE + 9, 0},
                {5, DEADLINE, OC_TALLY_NOBODY},
                {5, DEADLINE, 3},
                {5, DEADLINE, 2}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
        vote(&d, 10, 0, OC_CHOICE_YES);
        vote(&d, 10, 1, OC_CHOICE_NO);
        lend(&d, rows[i].at, 2, rows[i].to, rows[i].expires);
        EXPECT(d, DEADLINE + 2, OC_TALLY_TIMED_OUT, OC_REASON_TIE);
        assert_int_equal(d.r.delegated, 0);
    }
}

static void test_a_revoked_member_neither_lends_nor_borrows(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 10, 1, OC_CHOICE_NO);
    lend(&d, 11, 2, 0, DEADLINE);
    d.c.electorate.revoked_at[0] = 500;
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_TIE);
    d.c.electorate.revoked_at[0] = DEADLINE + 1;
    EXPECT(d, DEADLINE + 1, OC_TALLY_PASSED, OC_REASON_CARRIED);
    d.c.electorate.revoked_at[2] = DEADLINE;
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_TIE);
}

/* ---- signatures ---- */

static void test_the_review_must_be_there_and_only_advises(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SUPER);
    d.c.rules.examiner_review = true;
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    EXPECT(d, 30, OC_TALLY_PENDING, OC_REASON_WAITING_SIGNATURES);
    assert_int_equal(d.r.missing, OC_TALLY_MISSING_REVIEW);
    EXPECT(d, DEADLINE + 1, OC_TALLY_TIMED_OUT, OC_REASON_UNSIGNED);
    put_signature(&d, 40, OC_SIGNATURE_REVIEW, OC_VERDICT_REJECT, 1);
    EXPECT(d, 40, OC_TALLY_PASSED, OC_REASON_CARRIED);
}

static void test_the_approval_must_be_one_and_its_refusal_decides(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_UNANIMOUS);
    d.c.rules.sentinel_approval = true;
    for (uint32_t i = 0; i < 3; i++) {
        vote(&d, 10, i, OC_CHOICE_YES);
    }
    put_signature(&d, 20, OC_SIGNATURE_APPROVAL, OC_VERDICT_CHANGES, 1);
    EXPECT(d, 20, OC_TALLY_PENDING, OC_REASON_WAITING_SIGNATURES);
    put_signature(&d, 30, OC_SIGNATURE_APPROVAL, OC_VERDICT_APPROVE, 1); /* a duplicate */
    EXPECT(d, 30, OC_TALLY_PENDING, OC_REASON_WAITING_SIGNATURES);
    struct draft refused = d;
    put_signature(&d, 40, OC_SIGNATURE_APPROVAL, OC_VERDICT_APPROVE, 2);
    EXPECT(d, 40, OC_TALLY_PASSED, OC_REASON_CARRIED);
    put_signature(&refused, 40, OC_SIGNATURE_APPROVAL, OC_VERDICT_REJECT, 2);
    EXPECT(refused, 40, OC_TALLY_REJECTED, OC_REASON_REFUSED);
}

/* ---- vetoes ---- */

static struct draft won(int64_t declaration_ms)
{
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    d.c.rules.declaration_ms = declaration_ms;
    vote(&d, 10, 0, OC_CHOICE_YES);
    vote(&d, 20, 1, OC_CHOICE_YES);
    return d;
}

static void test_a_won_vote_is_declared_after_its_time_for_a_veto(void **state)
{
    (void)state;
    struct draft d = won(30);
    EXPECT(d, 50, OC_TALLY_PENDING, OC_REASON_WAITING_DECLARATION);
    assert_int_equal(d.r.carried_at, 20);
    assert_int_equal(d.r.next, 51);
    EXPECT(d, 51, OC_TALLY_PASSED, OC_REASON_CARRIED);
    assert_int_equal(d.r.decided_at, 51);
    veto(&d, 51, OC_VETO_STEWARD, OC_VETO_SECURITY); /* too late */
    EXPECT(d, 500, OC_TALLY_PASSED, OC_REASON_CARRIED);
}

static void test_a_veto_stands_unless_the_whole_triad_overrides_it(void **state)
{
    (void)state;
    struct draft d = won(30);
    veto(&d, 50, OC_VETO_SENTINEL, OC_VETO_IDENTITY);
    EXPECT(d, 150, OC_TALLY_PENDING, OC_REASON_WAITING_OVERRIDE);
    assert_int_equal(d.r.vetoes, 1u << OC_VETO_SENTINEL);
    EXPECT(d, 151, OC_TALLY_VETOED, OC_REASON_VETO);
    assert_int_equal(d.r.condition, OC_VETO_IDENTITY);
    assert_int_equal(d.r.decided_at, 151);
    override(&d, 60, 0);
    override(&d, 70, 1);
    EXPECT(d, 151, OC_TALLY_VETOED, OC_REASON_VETO);
    override(&d, 150, 2);
    EXPECT(d, 150, OC_TALLY_PASSED, OC_REASON_CARRIED);
    assert_int_equal(d.r.decided_at, 150);
}

static void test_an_override_lifts_only_what_came_before_it(void **state)
{
    (void)state;
    struct draft d = won(30);
    for (uint32_t i = 0; i < 3; i++) {
        override(&d, 30, i);
    }
    veto(&d, 40, OC_VETO_STEWARD, OC_VETO_CORRUPTION);
    EXPECT(d, 141, OC_TALLY_VETOED, OC_REASON_VETO);
    for (uint32_t i = 0; i < 3; i++) {
        override(&d, 45, i);
    }
    veto(&d, 46, OC_VETO_STEWARD, OC_VETO_SECURITY); /* it had its veto */
    EXPECT(d, 141, OC_TALLY_PASSED, OC_REASON_CARRIED);
}

static void test_a_veto_names_one_of_three_conditions(void **state)
{
    (void)state;
    struct draft d = won(30);
    veto(&d, 30, OC_VETO_STEWARD, OC_VETO_NONE);
    veto(&d, 31, OC_VETO_STEWARD, (enum oc_veto_condition)9);
    veto(&d, 32, (enum oc_veto_holder)5, OC_VETO_SECURITY);
    EXPECT(d, 500, OC_TALLY_PASSED, OC_REASON_CARRIED);
}

static void test_a_vote_goes_on_under_a_veto(void **state)
{
    (void)state;
    struct draft d = begin(3, OC_THRESHOLD_SIMPLE);
    d.c.rules.override_ms = 5000;
    veto(&d, 5, OC_VETO_STEWARD, OC_VETO_SECURITY);
    vote(&d, 10, 0, OC_CHOICE_NO);
    vote(&d, 20, 1, OC_CHOICE_NO);
    EXPECT(d, 20, OC_TALLY_REJECTED, OC_REASON_OUTVOTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_delegate_speaks_at_the_deadline_and_not_before),
        cmocka_unit_test(test_a_chain_is_followed_a_circle_is_not),
        cmocka_unit_test(test_an_expired_late_or_withdrawn_delegation_lends_nothing),
        cmocka_unit_test(test_a_revoked_member_neither_lends_nor_borrows),
        cmocka_unit_test(test_the_review_must_be_there_and_only_advises),
        cmocka_unit_test(test_the_approval_must_be_one_and_its_refusal_decides),
        cmocka_unit_test(test_a_won_vote_is_declared_after_its_time_for_a_veto),
        cmocka_unit_test(test_a_veto_stands_unless_the_whole_triad_overrides_it),
        cmocka_unit_test(test_an_override_lifts_only_what_came_before_it),
        cmocka_unit_test(test_a_veto_names_one_of_three_conditions),
        cmocka_unit_test(test_a_vote_goes_on_under_a_veto),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
