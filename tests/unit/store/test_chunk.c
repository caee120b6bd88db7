/* Tests of core/store/chunk.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/points.h"
#include "tests/unit/unit.h"

#include "core/store/chunk.h"

static struct oc_point points[OC_CHUNK_POINTS], got[OC_CHUNK_POINTS];

static size_t check(size_t count)
{
    struct oc_buf bytes = {0};
    oc_chunk_encode(points, count, &bytes);
    assert_int_equal(oc_chunk_decode(bytes.data, bytes.len, got), count);
    assert_true(points_equal(points, got, count));
    size_t len = bytes.len;
    oc_buf_finish(&bytes);
    return len;
}

static void points_of_every_shape_come_back(void **state)
{
    (void)state;
    struct random r = {20261122};
    for (int shape = 0; shape < SHAPES; shape++) {
        for (int round = 0; round < 40; round++) {
            size_t count = 1 + random_below(&r, round < 30 ? 300 : OC_CHUNK_POINTS);
            random_points(&r, (enum shape)shape, points, count);
            check(count);
        }
    }
}

static void one_point_and_the_most_points_come_back(void **state)
{
    (void)state;
    struct random r = {3};
    for (int shape = 0; shape < SHAPES; shape++) {
        random_points(&r, (enum shape)shape, points, OC_CHUNK_POINTS);
        check(1);
        check(2);
        check(OC_CHUNK_POINTS);
    }
}

static void times_at_the_edges_come_back(void **state)
{
    (void)state;
    points[0] = (struct oc_point){INT64_MIN, 1};
    points[1] = (struct oc_point){-1, 2};
    points[2] = (struct oc_point){0, 3};
    points[3] = (struct oc_point){INT64_MAX, 4};
    check(4);
}

static void the_odd_values_come_back(void **state)
{
    (void)state;
    const double odd[] = {NAN,   INFINITY, -INFINITY, -0.0, 0.0, 5e-324, 1.7976931348623157e308,
                          1e-300};
    for (size_t i = 0; i < 8; i++) {
        points[i] = (struct oc_point){(int64_t)i * 10, odd[i]};
    }
    check(8);
    for (size_t i = 0; i < 100; i++) { /* one exception among decimals */
        points[i] = (struct oc_point){(int64_t)i * 10, i == 50 ? NAN : (double)i / 10};
    }
    assert_in_range(check(100), 1, 100);
}

static size_t size_of(enum shape shape)
{
    struct random r = {11};
    random_points(&r, shape, points, 720);
    for (int i = 0; i < 720; i++) {
        points[i].time_ms = 1767225600000 + 30000 * i;
    }
    return check(720);
}

static void usual_series_are_small(void **state)
{
    (void)state;
    assert_in_range(size_of(SHAPE_CONST), 1, 30);
    assert_in_range(size_of(SHAPE_BOOL), 1, 200);
    assert_in_range(size_of(SHAPE_INTEGER), 1, 720 * 5 / 8);
    assert_in_range(size_of(SHAPE_TENTHS), 1, 720 * 11 / 8 + 30); /* 10 bits of entropy */
    assert_in_range(size_of(SHAPE_CENTS), 1, 720 * 18 / 8 + 30);  /* 16.6 bits */
    assert_in_range(size_of(SHAPE_FREE), 1, 720 * 8);
}

/* Decodes from a block of just that size, so that a read past its end is seen. */
static int decode_copy(const char *data, size_t len)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    int count = oc_chunk_decode(copy, len, got);
    free(copy);
    return count;
}

static void a_chunk_cut_short_is_refused(void **state)
{
    (void)state;
    struct random r = {8};
    for (int shape = 0; shape < SHAPES; shape++) {
        struct oc_buf bytes = {0};
        random_points(&r, (enum shape)shape, points, 100);
        oc_chunk_encode(points, 100, &bytes);
        for (size_t len = 0; len < bytes.len; len++) {
            assert_int_equal(decode_copy(bytes.data, len), -1);
        }
        oc_buf_finish(&bytes);
    }
}

static void damaged_chunks_are_refused_or_decoded_within_bounds(void **state)
{
    (void)state;
    struct random r = {13};
    for (int round = 0; round < 3000; round++) {
        struct oc_buf bytes = {0};
        random_points(&r, (enum shape)random_below(&r, SHAPES), points, 1 + random_below(&r, 150));
        oc_chunk_encode(points, 20, &bytes);
        for (uint64_t flips = 1 + random_below(&r, 4); flips; flips--) {
            bytes.data[random_below(&r, bytes.len)] ^= (char)(1 << random_below(&r, 8));
        }
        int count = decode_copy(bytes.data, bytes.len);
        assert_in_range(count + 1, 0, OC_CHUNK_POINTS + 1);
        for (int i = 1; i < count; i++) {
            assert_true(got[i].time_ms > got[i - 1].time_ms);
        }
        oc_buf_finish(&bytes);
    }
}

static void another_version_is_refused(void **state)
{
    (void)state;
    struct oc_buf bytes = {0};
    points[0] = (struct oc_point){1, 1};
    oc_chunk_encode(points, 1, &bytes);
    bytes.data[0] = (char)((bytes.data[0] & 0xf0) | 2);
    assert_int_equal(oc_chunk_decode(bytes.data, bytes.len, got), -1);
    oc_buf_finish(&bytes);
    assert_int_equal(oc_chunk_decode("", 0, got), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_every_shape_come_back),
        cmocka_unit_test(one_point_and_the_most_points_come_back),
        cmocka_unit_test(times_at_the_edges_come_back),
        cmocka_unit_test(the_odd_values_come_back),
        cmocka_unit_test(usual_series_are_small),
        cmocka_unit_test(a_chunk_cut_short_is_refused),
        cmocka_unit_test(damaged_chunks_are_refused_or_decoded_within_bounds),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
