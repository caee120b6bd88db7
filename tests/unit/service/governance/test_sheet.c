/* Sheets: many ballots under one signature. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/governance/sheet.h"

#define MANY 67

static uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];

static struct oc_statement ballot(size_t number)
{
    struct oc_statement s = {.kind = OC_STATEMENT_BALLOT, .nonce = number + 1};
    snprintf(s.proposal, sizeof s.proposal, "p-%zu", number);
    memset(s.subject, 'a', 64);
    memset(s.electorate, 'b', 64);
    oc_copy(s.member, sizeof s.member, "alpha");
    oc_copy(s.word, sizeof s.word, "yes");
    oc_statement_reason(&s, NULL);
    return s;
}

static void make(size_t count, struct oc_statement *ballots, char **signatures)
{
    struct oc_error err;
    oc_sign_keypair(public_key, secret);
    for (size_t i = 0; i < count; i++) {
        ballots[i] = ballot(i);
    }
    assert_int_equal(oc_sheet_sign(ballots, count, secret, signatures, &err), OC_OK);
}

static void drop(size_t count, char **signatures)
{
    for (size_t i = 0; i < count; i++) {
        free(signatures[i]);
    }
}

static int verify(const struct oc_statement *s, const char *signature, struct oc_sheet_seen *seen)
{
    struct oc_error err;
    oc_error_init(&err);
    const int rc = oc_sheet_verify(s, public_key, signature, seen, &err);
    assert_true((rc == OC_OK) == (err.message[0] == '\0'));
    return rc;
}

static void every_ballot_of_a_sheet_of_every_size_is_good_alone(void **state)
{
    static struct oc_statement ballots[MANY];
    char *signatures[MANY];
    (void)state;
    for (size_t count = 1; count <= MANY; count++) {
        struct oc_sheet_seen *seen = oc_sheet_seen_create();
        make(count, ballots, signatures);
        for (size_t i = 0; i < count; i++) {
            assert_true(oc_sheet_is(signatures[i]));
            assert_int_equal(verify(&ballots[i], signatures[i], i % 2 ? seen : NULL), OC_OK);
        }
        drop(count, signatures);
        oc_sheet_seen_destroy(seen);
    }
}

static void a_ballot_that_is_not_on_it_is_refused(void **state)
{
    static struct oc_statement ballots[5];
    struct oc_sheet_seen *seen = oc_sheet_seen_create();
    char *signatures[5];
    (void)state;
    make(5, ballots, signatures);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(verify(&ballots[i], signatures[i], seen), OC_OK);
        struct oc_statement other = ballots[i];
        oc_copy(other.word, sizeof other.word, "no");
        assert_int_equal(verify(&other, signatures[i], seen), OC_E_VERIFY);
        assert_int_equal(verify(&ballots[i], signatures[(i + 1) % 5], seen), OC_E_VERIFY);
    }
    struct oc_statement veto = ballots[0];
    veto.kind = OC_STATEMENT_VETO;
    oc_copy(veto.word, sizeof veto.word, "corruption_risk_identified");
    assert_int_equal(verify(&veto, signatures[0], seen), OC_E_CONFIG);
    drop(5, signatures);
    oc_sheet_seen_destroy(seen);
}

static void what_was_seen_is_of_one_key_and_one_member(void **state)
{
    static struct oc_statement ballots[2];
    struct oc_sheet_seen *seen = oc_sheet_seen_create();
    struct oc_error err;
    char *signatures[2];
    uint8_t other[OC_SIGN_PUBLIC], unused[OC_SIGN_SECRET];
    (void)state;
    make(2, ballots, signatures);
    oc_sign_keypair(other, unused);
    assert_int_equal(verify(&ballots[0], signatures[0], seen), OC_OK);
    assert_int_equal(oc_sheet_verify(&ballots[0], other, signatures[0], seen, &err), OC_E_VERIFY);
    struct oc_statement another = ballots[0];
    oc_copy(another.member, sizeof another.member, "beta");
    assert_int_equal(verify(&another, signatures[0], seen), OC_E_VERIFY);
    drop(2, signatures);
    oc_sheet_seen_destroy(seen);
}

/* Any one bit of any one signature. */
static void nothing_of_a_signature_can_be_changed(void **state)
{
    static struct oc_statement ballots[6];
    struct oc_sheet_seen *seen = oc_sheet_seen_create();
    char *signatures[6];
    (void)state;
    make(6, ballots, signatures);
    for (size_t i = 0; i < 6; i++) {
        const size_t len = strlen(signatures[i]);
        assert_int_equal(verify(&ballots[i], signatures[i], seen), OC_OK);
        for (size_t k = 0; k < len; k++) {
            char *copy = oc_strdup(signatures[i]);
            copy[k] ^= 1;
            assert_int_equal(verify(&ballots[i], copy, seen), OC_E_VERIFY);
            free(copy);
        }
    }
    drop(6, signatures);
    oc_sheet_seen_destroy(seen);
}

static void a_signature_of_another_form_is_refused(void **state)
{
    static const char *const texts[] = {"sheet:",          "sheet:0:0:",
                                        "sheet:1:1:AAAA",  "sheet:0:1:",
                                        "sheet:00:1:AAAA", "sheet:0:99999:AAAA",
                                        "sheet:-1:2:AAAA", "sheet:0:18446744073709551617:AAAA",
                                        "Sheet:0:1:AAAA"};
    const struct oc_statement s = ballot(0);
    (void)state;
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        assert_int_equal(verify(&s, texts[i], NULL), OC_E_VERIFY);
    }
}

static void a_sheet_is_of_ballots_of_one_member(void **state)
{
    struct oc_statement ballots[2] = {ballot(0), ballot(1)};
    struct oc_error err;
    char *signatures[2];
    (void)state;
    assert_int_equal(oc_sheet_sign(ballots, 0, secret, signatures, &err), OC_E_CONFIG);
    oc_copy(ballots[1].member, sizeof ballots[1].member, "beta");
    assert_int_equal(oc_sheet_sign(ballots, 2, secret, signatures, &err), OC_E_CONFIG);
    ballots[1] = ballot(1);
    ballots[1].kind = OC_STATEMENT_OVERRIDE;
    assert_int_equal(oc_sheet_sign(ballots, 2, secret, signatures, &err), OC_E_CONFIG);
}

static void a_ballot_with_a_reason_does_not_come_on_a_sheet(void **state)
{
    struct oc_statement ballots[2] = {ballot(0), ballot(1)};
    struct oc_error err;
    char *signatures[2];
    (void)state;
    oc_error_init(&err);
    oc_statement_reason(&ballots[1], "because");
    assert_int_equal(oc_sheet_sign(ballots, 2, secret, signatures, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "number 2 was made with a reason"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ballot_of_a_sheet_of_every_size_is_good_alone),
        cmocka_unit_test(a_ballot_that_is_not_on_it_is_refused),
        cmocka_unit_test(what_was_seen_is_of_one_key_and_one_member),
        cmocka_unit_test(nothing_of_a_signature_can_be_changed),
        cmocka_unit_test(a_signature_of_another_form_is_refused),
        cmocka_unit_test(a_sheet_is_of_ballots_of_one_member),
        cmocka_unit_test(a_ballot_with_a_reason_does_not_come_on_a_sheet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
