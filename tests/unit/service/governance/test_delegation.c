/* Delegations: no circles, an end, and the right one for each proposal. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/delegation.h"

#define NOW INT64_C(1763818200000)

struct book {
    struct oc_gov_delegation list[16];
    size_t count;
};

static struct oc_gov_delegation make(const char *from, const char *to, const char *scope,
                                     uint64_t nonce)
{
    struct oc_gov_delegation d = {.nonce = nonce,
                                  .expires_at = NOW + OC_DAY,
                                  .stamp = {.at = NOW, .key_revoked = OC_TALLY_NEVER}};
    oc_copy(d.from, sizeof d.from, from);
    oc_copy(d.to, sizeof d.to, to);
    oc_copy(d.scope, sizeof d.scope, scope);
    return d;
}

static int add(struct book *b, struct oc_gov_delegation d, int64_t now, struct oc_error *err)
{
    oc_error_init(err);
    const int code = oc_gov_delegation_check(b->list, b->count, &d, now, err);
    if (code == OC_OK) {
        d.stamp.index = b->count;
        d.stamp.at = now;
        b->list[b->count++] = d;
    }
    return code;
}

static void test_a_circle_is_refused_and_named(void **state)
{
    struct book b = {0};
    struct oc_error err;
    (void)state;
    assert_int_equal(add(&b, make("alpha", "beta", "all", 1), NOW, &err), OC_OK);
    assert_int_equal(add(&b, make("beta", "charlie", "tactical", 1), NOW, &err), OC_OK);
    assert_int_equal(add(&b, make("charlie", "alpha", "tactical", 1), NOW, &err), OC_E_CONFLICT);
    assert_string_equal(err.message,
                        "delegations would form a circle: charlie, alpha, beta, charlie");
    assert_int_equal(add(&b, make("charlie", "alpha", "all", 1), NOW, &err), OC_E_CONFLICT);
    assert_int_equal(add(&b, make("charlie", "alpha", "operational", 1), NOW, &err), OC_OK);
    /* beta speaks for itself again: now nothing closes */
    assert_int_equal(add(&b, make("beta", "-", "tactical", 2), NOW, &err), OC_OK);
    assert_int_equal(add(&b, make("charlie", "alpha", "tactical", 1), NOW, &err), OC_OK);
}

static void test_what_has_expired_closes_no_circle(void **state)
{
    struct book b = {0};
    struct oc_error err;
    (void)state;
    assert_int_equal(add(&b, make("alpha", "beta", "all", 1), NOW, &err), OC_OK);
    struct oc_gov_delegation d = make("beta", "alpha", "all", 1);
    d.expires_at = NOW + 2 * OC_DAY;
    assert_int_equal(add(&b, d, NOW + OC_DAY, &err), OC_E_CONFLICT); /* its last ms */
    assert_int_equal(add(&b, d, NOW + OC_DAY + 1, &err), OC_OK);
}

static void test_delegations_have_an_end_and_a_rising_nonce(void **state)
{
    struct book b = {0};
    struct oc_error err;
    (void)state;
    struct oc_gov_delegation d = make("alpha", "beta", "all", 1);
    d.expires_at = NOW + OC_DELEGATION_MAX + 1;
    assert_int_equal(add(&b, d, NOW, &err), OC_E_CONFIG);
    d.expires_at = NOW - 1;
    assert_int_equal(add(&b, d, NOW, &err), OC_E_CONFIG);
    assert_int_equal(add(&b, make("alpha", "alpha", "all", 1), NOW, &err), OC_E_CONFIG);
    assert_int_equal(add(&b, make("alpha", "beta", "some", 1), NOW, &err), OC_E_CONFIG);
    assert_int_equal(add(&b, make("alpha", "beta", "all", 0), NOW, &err), OC_E_CONFLICT);
    assert_int_equal(add(&b, make("alpha", "beta", "all", 4), NOW, &err), OC_OK);
    assert_int_equal(add(&b, make("alpha", "charlie", "all", 4), NOW, &err), OC_E_CONFLICT);
    assert_string_equal(err.hint, "Use 5 or more.");
    assert_int_equal(add(&b, make("alpha", "charlie", "tactical", 1), NOW, &err), OC_OK);
}

static void test_each_proposal_gets_the_one_of_its_category(void **state)
{
    static const struct oc_member members[3] = {{"alpha", true}, {"beta", true}, {"charlie", true}};
    struct oc_delegation_record records[OC_ELECTORS_MAX];
    struct book b = {0};
    struct oc_error err;
    (void)state;
    assert_int_equal(add(&b, make("charlie", "beta", "all", 1), NOW, &err), OC_OK);
    assert_int_equal(add(&b, make("alpha", "beta", "all", 1), NOW, &err), OC_OK);
    assert_int_equal(add(&b, make("alpha", "dora", "tactical", 1), NOW + 5, &err), OC_OK);
    size_t n =
        oc_gov_delegation_records(b.list, b.count, members, 3, OC_GOV_TACTICAL, NOW + 9, records);
    assert_int_equal(n, 2);
    assert_int_equal(records[0].from, 2); /* in the order of the ledger */
    assert_int_equal(records[0].to, 1);
    assert_int_equal(records[1].from, 0);
    assert_int_equal(records[1].to, OC_TALLY_NOBODY); /* dora has no vote */
    n = oc_gov_delegation_records(b.list, b.count, members, 3, OC_GOV_STRATEGIC, NOW + 9, records);
    assert_int_equal(n, 2);
    assert_int_equal(records[1].to, 1);
    n = oc_gov_delegation_records(b.list, b.count, members, 3, OC_GOV_TACTICAL, NOW + 4, records);
    assert_int_equal(records[1].to, 1); /* the one for tactical matters was not there yet */
    b.list[1].stamp.key_revoked = NOW;
    n = oc_gov_delegation_records(b.list, b.count, members, 3, OC_GOV_STRATEGIC, NOW + 9, records);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_circle_is_refused_and_named),
        cmocka_unit_test(test_what_has_expired_closes_no_circle),
        cmocka_unit_test(test_delegations_have_an_end_and_a_rising_nonce),
        cmocka_unit_test(test_each_proposal_gets_the_one_of_its_category),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
