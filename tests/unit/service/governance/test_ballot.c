/* Statements: the bytes that members sign. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/governance/ballot.h"

static struct oc_statement make(enum oc_statement_kind kind)
{
    static const char *const words[OC_STATEMENT_KINDS] = {
        "yes", "approve", "request_changes",         "corruption_risk_identified",
        "",    "",        "identity_threat_detected"};
    struct oc_statement s = {.kind = kind, .nonce = 1, .expires_ms = 1763818200000};
    oc_copy(s.proposal, sizeof s.proposal, "0193a-p_1");
    memset(s.subject, 'a', 64);
    memset(s.electorate, 'b', 64);
    oc_copy(s.member, sizeof s.member, "alpha");
    oc_copy(s.to, sizeof s.to, "beta");
    oc_copy(s.scope, sizeof s.scope, "tactical");
    oc_copy(s.word, sizeof s.word, words[kind]);
    oc_statement_reason(&s, "because");
    return s;
}

static char *text_of(const struct oc_statement *s)
{
    struct oc_buf out = {0};
    oc_statement_text(s, &out);
    return oc_buf_take(&out);
}

static void test_a_ballot_has_one_text(void **state)
{
    struct oc_statement s = make(OC_STATEMENT_BALLOT);
    (void)state;
    oc_statement_reason(&s, NULL);
    char *text = text_of(&s);
    assert_string_equal(
        text, "openclaw-ballot-v1\n"
              "proposal 0193a-p_1\n"
              "subject aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
              "electorate bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
              "member alpha\n"
              "word yes\n"
              "nonce 1\n"
              "rationale e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
    free(text);
}

static void test_a_delegation_has_one_text(void **state)
{
    const struct oc_statement s = make(OC_STATEMENT_DELEGATION);
    (void)state;
    char *text = text_of(&s);
    assert_string_equal(text, "openclaw-delegation-v1\n"
                              "member alpha\n"
                              "to beta\n"
                              "scope tactical\n"
                              "expires 1763818200000\n"
                              "nonce 1\n");
    free(text);
}

static void test_every_kind_is_read_back_as_the_same_bytes(void **state)
{
    struct oc_statement back;
    struct oc_error err;
    (void)state;
    for (unsigned k = 0; k < OC_STATEMENT_KINDS; k++) {
        const struct oc_statement s = make((enum oc_statement_kind)k);
        assert_int_equal(oc_statement_check(&s, &err), OC_OK);
        char *text = text_of(&s);
        assert_true(strlen(text) <= OC_STATEMENT_MAX);
        assert_int_equal(oc_statement_parse(text, strlen(text), &back, &err), OC_OK);
        char *again = text_of(&back);
        assert_string_equal(text, again);
        free(text);
        free(again);
    }
}

static void test_no_other_bytes_are_a_statement(void **state)
{
    struct oc_statement back;
    struct oc_error err;
    (void)state;
    for (unsigned k = 0; k < OC_STATEMENT_KINDS; k++) {
        const struct oc_statement s = make((enum oc_statement_kind)k);
        char *text = text_of(&s);
        const size_t len = strlen(text);
        char *copy = oc_alloc(len + 2);
        for (size_t cut = 0; cut < len; cut++) { /* too short */
            assert_int_equal(oc_statement_parse(text, cut, &back, &err), OC_E_VERIFY);
        }
        snprintf(copy, len + 2, "%s\n", text); /* too long */
        assert_int_equal(oc_statement_parse(copy, len + 1, &back, &err), OC_E_VERIFY);
        for (size_t i = 0; i < len; i++) { /* a NUL, a line more, another case */
            memcpy(copy, text, len);
            copy[i] = '\0';
            assert_int_equal(oc_statement_parse(copy, len, &back, &err), OC_E_VERIFY);
            copy[i] = text[i] == '\n' ? ' ' : '\n';
            assert_int_equal(oc_statement_parse(copy, len, &back, &err), OC_E_VERIFY);
        }
        free(copy);
        free(text);
    }
}

static void test_fields_that_are_missing_or_malformed_are_named(void **state)
{
    struct oc_statement s = make(OC_STATEMENT_BALLOT);
    struct oc_error err;
    (void)state;
    oc_copy(s.word, sizeof s.word, "YES");
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "ballot: word is missing or not well formed");
    s = make(OC_STATEMENT_VETO);
    oc_copy(s.word, sizeof s.word, "none");
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    s = make(OC_STATEMENT_BALLOT);
    s.nonce = 0;
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    s.nonce = (uint64_t)INT64_MAX + 1;
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    s = make(OC_STATEMENT_BALLOT);
    oc_copy(s.proposal, sizeof s.proposal, "a b");
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    s = make(OC_STATEMENT_BALLOT);
    s.subject[3] = 'A';
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    s = make(OC_STATEMENT_DELEGATION);
    oc_copy(s.to, sizeof s.to, "-");
    assert_int_equal(oc_statement_check(&s, &err), OC_OK);
    oc_copy(s.scope, sizeof s.scope, "some");
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
    s.kind = OC_STATEMENT_KINDS;
    assert_int_equal(oc_statement_check(&s, &err), OC_E_CONFIG);
}

static void test_a_signature_fits_one_statement_and_one_key(void **state)
{
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET], signature[OC_SIGN_SIGNATURE];
    uint8_t other[OC_SIGN_PUBLIC], unused[OC_SIGN_SECRET];
    struct oc_statement s = make(OC_STATEMENT_BALLOT);
    struct oc_error err;
    (void)state;
    oc_sign_keypair(public_key, secret);
    oc_sign_keypair(other, unused);
    assert_int_equal(oc_statement_sign(&s, secret, signature, &err), OC_OK);
    assert_int_equal(oc_statement_verify(&s, public_key, signature, &err), OC_OK);
    assert_int_equal(oc_statement_verify(&s, other, signature, &err), OC_E_VERIFY);
    signature[5] ^= 1;
    assert_int_equal(oc_statement_verify(&s, public_key, signature, &err), OC_E_VERIFY);
    signature[5] ^= 1;
    struct oc_statement changed[7];
    for (size_t i = 0; i < OC_COUNT(changed); i++) {
        changed[i] = s;
    }
    oc_copy(changed[0].word, sizeof s.word, "no");
    changed[1].nonce = 2;
    changed[2].subject[0] = 'c';
    changed[3].electorate[0] = 'c';
    oc_copy(changed[4].member, sizeof s.member, "beta");
    oc_copy(changed[5].proposal, sizeof s.proposal, "0193a-p_2");
    oc_statement_reason(&changed[6], "otherwise");
    for (size_t i = 0; i < OC_COUNT(changed); i++) {
        assert_int_equal(oc_statement_verify(&changed[i], public_key, signature, &err),
                         OC_E_VERIFY);
    }
    assert_string_equal(err.message, "the signature of alpha does not fit this ballot");
}

/* A review says "approve" as an approval does; signing one gives away no other. */
static void test_kinds_cannot_be_taken_for_one_another(void **state)
{
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET], signature[OC_SIGN_SIGNATURE];
    struct oc_statement review = make(OC_STATEMENT_REVIEW), approval = review;
    struct oc_error err;
    (void)state;
    approval.kind = OC_STATEMENT_APPROVAL;
    oc_sign_keypair(public_key, secret);
    assert_int_equal(oc_statement_sign(&review, secret, signature, &err), OC_OK);
    assert_int_equal(oc_statement_verify(&review, public_key, signature, &err), OC_OK);
    assert_int_equal(oc_statement_verify(&approval, public_key, signature, &err), OC_E_VERIFY);
}

static void test_an_electorate_has_one_hash(void **state)
{
    struct oc_member members[3] = {{"alpha", true}, {"beta", true}, {"charlie", true}};
    char a[OC_SHA256_HEX], b[OC_SHA256_HEX];
    (void)state;
    oc_electorate_hash(members, 3, a);
    static const char text[] = "openclaw-electorate-v1\nalpha triad\nbeta triad\ncharlie triad\n";
    oc_sha256_hex(text, sizeof text - 1, b);
    assert_string_equal(a, b);
    members[2].triad = false;
    oc_electorate_hash(members, 3, b);
    assert_string_not_equal(a, b);
    assert_int_equal(oc_electorate_find(members, 3, "charlie"), 2);
    assert_int_equal(oc_electorate_find(members, 3, "dora"), OC_TALLY_NOBODY);
    assert_int_equal(oc_electorate_find(members, 3, NULL), OC_TALLY_NOBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ballot_has_one_text),
        cmocka_unit_test(test_a_delegation_has_one_text),
        cmocka_unit_test(test_every_kind_is_read_back_as_the_same_bytes),
        cmocka_unit_test(test_no_other_bytes_are_a_statement),
        cmocka_unit_test(test_fields_that_are_missing_or_malformed_are_named),
        cmocka_unit_test(test_a_signature_fits_one_statement_and_one_key),
        cmocka_unit_test(test_kinds_cannot_be_taken_for_one_another),
        cmocka_unit_test(test_an_electorate_has_one_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
