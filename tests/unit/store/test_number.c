/* Tests of core/store/number.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/store/number.h"

static void varints_of_all_lengths_come_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t v = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, got = 0;
        uint8_t bytes[OC_VARINT_MAX];
        size_t len = oc_varint_put(bytes, v);
        const uint8_t *p = bytes;
        assert_true(oc_varint_get(&p, bytes + len, &got));
        assert_int_equal(got, v);
        assert_ptr_equal(p, bytes + len);
        p = bytes;
        assert_false(oc_varint_get(&p, bytes + len - 1, &got));
    }
}

static void a_varint_that_never_ends_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[32];
    uint64_t got;
    const uint8_t *p = bytes;
    memset(bytes, 0xff, sizeof bytes);
    assert_false(oc_varint_get(&p, bytes + sizeof bytes, &got));
}

static void zigzag_keeps_small_numbers_small(void **state)
{
    (void)state;
    assert_int_equal(oc_zigzag(0), 0);
    assert_int_equal(oc_zigzag(-1), 1);
    assert_int_equal(oc_zigzag(1), 2);
    const int64_t edges[] = {0, 1, -1, 63, -64, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        assert_int_equal(oc_unzigzag(oc_zigzag(edges[i])), edges[i]);
    }
}

static void decimals_are_exact_or_refused(void **state)
{
    (void)state;
    int64_t m;
    assert_true(oc_decimal_exact(12.34, 2, &m));
    assert_int_equal(m, 1234);
    assert_false(oc_decimal_exact(12.34, 1, &m));
    assert_true(oc_decimal_exact(-7, 0, &m));
    assert_int_equal(m, -7);
    assert_false(oc_decimal_exact(0.1 + 0.2, 1, &m)); /* 0.30000000000000004 */
    assert_false(oc_decimal_exact(-0.0, 0, &m));
    assert_false(oc_decimal_exact(NAN, 0, &m));
    assert_false(oc_decimal_exact(INFINITY, 3, &m));
    assert_false(oc_decimal_exact(1e300, 0, &m));
}

static void values_follow_each_other_exactly(void **state)
{
    (void)state;
    const double values[] = {0,      0,      1,        1.5,  12.34,
                             12.35,  -0.0,   0.0,      NAN,  NAN,
                             1e300,  1e-9,   -1e300,   1e15, 2251799813685247.0,
                             0.0001, 1 / 3., INFINITY, 0,    1e4};
    double before = 0;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t bytes[OC_VALUE_BYTES];
        size_t len;
        double got;
        const uint8_t *p = bytes;
        unsigned kind = oc_value_put(bytes, before, values[i], &len);
        assert_true(kind < OC_VALUE_KINDS && len <= sizeof bytes);
        assert_true(oc_value_get(kind, &p, bytes + len, before, &got));
        assert_int_equal(oc_double_bits(got), oc_double_bits(values[i]));
        assert_ptr_equal(p, bytes + len);
        before = values[i];
    }
}

static void a_cent_more_is_one_byte(void **state)
{
    (void)state;
    uint8_t bytes[OC_VALUE_BYTES];
    size_t len;
    assert_int_equal(oc_value_put(bytes, 12.34, 12.35, &len), OC_VALUE_DECIMAL + 2);
    assert_int_equal(len, 1);
    assert_int_equal(oc_value_put(bytes, 5, 5, &len), OC_VALUE_SAME);
    assert_int_equal(len, 0);
}

static void a_kind_that_is_none_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[16] = {0};
    const uint8_t *p = bytes;
    double got;
    assert_false(oc_value_get(OC_VALUE_KINDS, &p, bytes + sizeof bytes, 0, &got));
    assert_false(oc_value_get(OC_VALUE_RAW, &p, bytes + 7, 0, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_of_all_lengths_come_back),
        cmocka_unit_test(a_varint_that_never_ends_is_refused),
        cmocka_unit_test(zigzag_keeps_small_numbers_small),
        cmocka_unit_test(decimals_are_exact_or_refused),
        cmocka_unit_test(values_follow_each_other_exactly),
        cmocka_unit_test(a_cent_more_is_one_byte),
        cmocka_unit_test(a_kind_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
