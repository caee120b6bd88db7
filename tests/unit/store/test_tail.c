/* Tests of core/store/tail.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/points.h"
#include "tests/unit/unit.h"

#include "core/store/chunk.h"
#include "core/store/tail.h"

static struct oc_point points[OC_CHUNK_POINTS], got[OC_CHUNK_POINTS];

/* As many of the points as fit. */
static size_t fill(struct oc_tail *t, size_t count)
{
    size_t n = 0;
    while (n < count && !oc_tail_full(t, OC_TAIL_BYTES)) {
        oc_tail_add(t, points[n].time_ms, points[n].value);
        n++;
    }
    return n;
}

static void points_of_every_shape_come_back(void **state)
{
    (void)state;
    struct random r = {77};
    for (int shape = 0; shape < SHAPES; shape++) {
        struct oc_tail t = {0};
        for (int round = 0; round < 20; round++) {
            random_points(&r, (enum shape)shape, points, 500);
            size_t n = fill(&t, 500);
            assert_true(n >= OC_TAIL_BYTES / 24);
            assert_int_equal(oc_tail_points(&t, got), n);
            assert_true(points_equal(points, got, n));
            assert_int_equal(t.last_ms, points[n - 1].time_ms);
            oc_tail_clear(&t);
            assert_int_equal(oc_tail_points(&t, got), 0);
            assert_int_equal(t.last_ms, points[n - 1].time_ms);
        }
        oc_tail_finish(&t);
    }
}

static void a_constant_fills_the_tail_by_count_not_by_bytes(void **state)
{
    (void)state;
    struct oc_tail t = {0};
    for (int i = 0; i < OC_CHUNK_POINTS; i++) {
        points[i] = (struct oc_point){1000 + 30000 * i, 1};
    }
    assert_int_equal(fill(&t, OC_CHUNK_POINTS), OC_CHUNK_POINTS);
    assert_true(oc_tail_full(&t, OC_TAIL_BYTES));
    assert_in_range(t.len, 1, 32);
    assert_in_range(t.cap, 1, 56);
    assert_int_equal(oc_tail_points(&t, got), OC_CHUNK_POINTS);
    assert_true(points_equal(points, got, OC_CHUNK_POINTS));
    oc_tail_finish(&t);
}

static void a_saved_tail_goes_on_where_it_was(void **state)
{
    (void)state;
    struct random r = {5};
    for (int shape = 0; shape < SHAPES; shape++) {
        for (size_t split = 0; split < 12; split++) {
            struct oc_tail t = {0}, loaded = {0};
            struct oc_buf bytes = {0};
            random_points(&r, (enum shape)shape, points, 20);
            fill(&t, split);
            oc_tail_save(&t, &bytes);
            const uint8_t *p = (const uint8_t *)bytes.data;
            assert_true(oc_tail_load(&loaded, &p, p + bytes.len));
            assert_ptr_equal(p, bytes.data + bytes.len);
            assert_int_equal(loaded.last_ms, t.last_ms);
            for (size_t i = split; i < 20; i++) {
                oc_tail_add(&loaded, points[i].time_ms, points[i].value);
            }
            assert_int_equal(oc_tail_points(&loaded, got), 20);
            assert_true(points_equal(points, got, 20));
            oc_tail_finish(&t);
            oc_tail_finish(&loaded);
            oc_buf_finish(&bytes);
        }
    }
}

static void damaged_tails_are_refused_or_sound(void **state)
{
    (void)state;
    struct random r = {6};
    for (int round = 0; round < 5000; round++) {
        struct oc_tail t = {0}, loaded = {0};
        struct oc_buf bytes = {0};
        random_points(&r, (enum shape)random_below(&r, SHAPES), points, 60);
        fill(&t, 1 + random_below(&r, 60));
        oc_tail_save(&t, &bytes);
        size_t len = random_below(&r, 4) ? bytes.len : random_below(&r, bytes.len);
        bytes.data[random_below(&r, bytes.len)] ^= (char)(1 << random_below(&r, 8));
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, bytes.data, len);
        const uint8_t *p = copy;
        if (oc_tail_load(&loaded, &p, copy + len)) {
            size_t n = oc_tail_points(&loaded, got);
            assert_int_equal(n, loaded.count);
            for (size_t i = 1; i < n; i++) {
                assert_true(got[i].time_ms > got[i - 1].time_ms);
            }
        } else {
            assert_int_equal(loaded.count, 0);
            assert_null(loaded.data);
        }
        free(copy);
        oc_tail_finish(&t);
        oc_tail_finish(&loaded);
        oc_buf_finish(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_every_shape_come_back),
        cmocka_unit_test(a_constant_fills_the_tail_by_count_not_by_bytes),
        cmocka_unit_test(a_saved_tail_goes_on_where_it_was),
        cmocka_unit_test(damaged_tails_are_refused_or_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
