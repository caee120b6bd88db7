/* Tests of core/base/hash.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/map.h"

/* The values come from an independent implementation of SipHash-1-3 that was checked against the
 * SipHash-2-4 vector of the paper's appendix A. */
static void the_hash_is_siphash_1_3(void **state)
{
    (void)state;
    assert_true(oc_hash_bytes("", 0, 0) == UINT64_C(0xd1fba762150c532c));
    assert_true(oc_hash_bytes("a", 1, 0) == UINT64_C(0x407448d2b89b1813));
    assert_true(oc_hash_bytes("openclaw", 8, 1) == UINT64_C(0x0a068aca74909bf5));
    assert_true(oc_hash_bytes("system.cpu_percent", 18, UINT64_C(0x123456789abcdef0)) ==
                UINT64_C(0x978b8ae7d9f6b87c));
}

static void nothing_needs_no_address(void **state)
{
    (void)state;
    assert_true(oc_hash_bytes(NULL, 0, 0) == oc_hash_bytes("x", 0, 0));
}

static void length_seed_and_every_bit_count(void **state)
{
    (void)state;
    unsigned char data[24] = {0};
    uint64_t plain = oc_hash_bytes(data, sizeof data, 7);
    assert_true(oc_hash_bytes(data, sizeof data - 1, 7) != plain);
    assert_true(oc_hash_bytes(data, sizeof data, 8) != plain);
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        int changed = __builtin_popcountll(oc_hash_bytes(data, sizeof data, 7) ^ plain);
        assert_in_range(changed, 12, 52);
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_siphash_1_3),
        cmocka_unit_test(nothing_needs_no_address),
        cmocka_unit_test(length_seed_and_every_bit_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
