/* Tests of core/store/sequence.c and core/store/bits.h. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/store/sequence.h"

#define COUNT_MAX 1000

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t encode(const int64_t *values, size_t count, struct oc_buf *out)
{
    struct oc_bitw w = {.out = out};
    oc_buf_clear(out);
    oc_sequence_put(&w, values, count);
    oc_bitw_end(&w);
    return out->len;
}

static void check(const int64_t *values, size_t count)
{
    struct oc_buf bytes = {0};
    int64_t got[COUNT_MAX];

    encode(values, count, &bytes);
    const uint8_t *data = (const uint8_t *)(bytes.data ? bytes.data : "");
    struct oc_bitr r = {.p = data, .end = data + bytes.len};
    oc_sequence_get(&r, got, count);
    assert_false(r.bad);
    assert_memory_equal(got, values, count * sizeof *values);
    oc_buf_finish(&bytes);
}

static void bits_come_back_in_order(void **state)
{
    (void)state;
    struct oc_buf bytes = {0};
    struct oc_bitw w = {.out = &bytes};
    for (unsigned n = 0; n <= OC_BITS_MAX; n++) {
        oc_bitw_put(&w, (UINT64_C(1) << n) - 1, n);
        oc_bitw_put(&w, 0, 1);
    }
    oc_bitw_put64(&w, 0x0123456789abcdef);
    oc_bitw_end(&w);
    struct oc_bitr r = {.p = (const uint8_t *)bytes.data,
                        .end = (const uint8_t *)bytes.data + bytes.len};
    for (unsigned n = 0; n <= OC_BITS_MAX; n++) {
        assert_int_equal(oc_bitr_get(&r, n), (UINT64_C(1) << n) - 1);
        assert_int_equal(oc_bitr_get(&r, 1), 0);
    }
    assert_int_equal(oc_bitr_get64(&r), 0x0123456789abcdef);
    assert_false(r.bad);
    oc_bitr_get(&r, 8);
    assert_true(r.bad);
    oc_buf_finish(&bytes);
}

static void short_sequences_come_back(void **state)
{
    (void)state;
    const int64_t values[] = {5, -7, 1000000};
    check(values, 0);
    check(values, 1);
    check(values, 2);
    check(values, 3);
}

static void the_widest_numbers_come_back(void **state)
{
    (void)state;
    int64_t values[130];
    for (int i = 0; i < 130; i++) {
        values[i] = i % 3 == 0 ? INT64_MIN : i % 3 == 1 ? INT64_MAX : i;
    }
    check(values, 130);
}

static void random_sequences_of_any_width_come_back(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    for (int round = 0; round < 500; round++) {
        int64_t values[COUNT_MAX];
        unsigned shift = (unsigned)(next_random(&seed) % 64);
        size_t count = next_random(&seed) % COUNT_MAX;
        for (size_t i = 0; i < count; i++) {
            values[i] = (int64_t)(next_random(&seed) >> shift);
            if (round % 3 == 1 && i) {
                values[i] = (int64_t)((uint64_t)values[i - 1] + (uint64_t)values[i]);
            }
            if (round % 3 == 2 && next_random(&seed) % 8) {
                values[i] = i ? values[i - 1] : 0;
            }
        }
        check(values, count);
    }
}

static void a_straight_line_costs_next_to_nothing(void **state)
{
    (void)state;
    struct oc_buf bytes = {0};
    int64_t values[720];
    for (int i = 0; i < 720; i++) {
        values[i] = INT64_C(1767225600000) + 30000 * i;
    }
    assert_in_range(encode(values, 720, &bytes), 1, 24);
    oc_buf_finish(&bytes);
}

static void noise_costs_about_its_entropy(void **state)
{
    (void)state;
    struct oc_buf bytes = {0};
    int64_t values[960];
    uint64_t seed = 99;
    for (int i = 0; i < 960; i++) { /* uniform over 256 values: 8 bits each */
        values[i] = 100000 + (int64_t)(next_random(&seed) % 256);
    }
    assert_in_range(encode(values, 960, &bytes), 960, 960 * 9 / 8);
    oc_buf_finish(&bytes);
}

static void a_sequence_cut_short_is_bad(void **state)
{
    (void)state;
    struct oc_buf bytes = {0};
    int64_t values[200], got[200];
    uint64_t seed = 5;
    for (int i = 0; i < 200; i++) {
        values[i] = (int64_t)(next_random(&seed) % 1000);
    }
    size_t len = encode(values, 200, &bytes);
    for (size_t cut = 0; cut < len; cut++) {
        char *copy = malloc(cut + 1); /* so that a read past the end is seen */
        memcpy(copy, bytes.data, cut);
        copy = realloc(copy, cut ? cut : 1);
        struct oc_bitr r = {.p = (const uint8_t *)copy, .end = (const uint8_t *)copy + cut};
        oc_sequence_get(&r, got, 200);
        assert_true(r.bad);
        free(copy);
    }
    oc_buf_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_come_back_in_order),
        cmocka_unit_test(short_sequences_come_back),
        cmocka_unit_test(the_widest_numbers_come_back),
        cmocka_unit_test(random_sequences_of_any_width_come_back),
        cmocka_unit_test(a_straight_line_costs_next_to_nothing),
        cmocka_unit_test(noise_costs_about_its_entropy),
        cmocka_unit_test(a_sequence_cut_short_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
