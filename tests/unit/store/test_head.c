/* Tests of core/store/head.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/points.h"
#include "tests/unit/unit.h"

#include "core/store/head.h"

enum { SERIES = 7, RECORDS = 2000 };

static void records_of_many_series_come_back_in_order(void **state)
{
    (void)state;
    struct random r = {42};
    struct oc_head h = {0};
    static struct {
        uint32_t id;
        bool seal;
        struct oc_point point;
    } put[RECORDS];
    double last[SERIES + 1] = {0};

    int64_t now = 1767225600000;
    for (int i = 0; i < RECORDS; i++) {
        uint32_t id = 1 + (uint32_t)random_below(&r, SERIES);
        now += (int64_t)random_below(&r, 3) * 1000;
        put[i].id = id;
        put[i].seal = random_below(&r, 50) == 0;
        put[i].point =
            (struct oc_point){now, random_value(&r, (enum shape)(id % SHAPES), last[id])};
        if (put[i].seal) {
            oc_head_seal(&h, id);
        } else {
            oc_head_sample(&h, id, now, last[id], put[i].point.value);
            last[id] = put[i].point.value;
        }
    }

    struct oc_head_reader reader;
    memset(last, 0, sizeof last);
    assert_true(oc_head_begin(&reader, h.buf.data, h.buf.len));
    for (int i = 0; i < RECORDS; i++) {
        assert_int_equal(oc_head_step(&reader), put[i].seal ? OC_HEAD_SEAL : OC_HEAD_SAMPLE);
        assert_int_equal(reader.id, put[i].id);
        if (!put[i].seal) {
            struct oc_point got = {reader.time_ms, 0};
            assert_true(oc_head_value(&reader, last[reader.id], &got.value));
            assert_true(points_equal(&got, &put[i].point, 1));
            last[reader.id] = got.value;
        }
    }
    assert_int_equal(oc_head_step(&reader), OC_HEAD_END);
    oc_head_finish(&h);
}

static void an_unchanged_value_of_the_next_series_is_one_byte(void **state)
{
    (void)state;
    struct oc_head h = {0};
    oc_head_sample(&h, 1, 1000, 5, 5);
    size_t len = h.buf.len;
    oc_head_sample(&h, 2, 1000, 7, 7);
    assert_int_equal(h.buf.len - len, 1);
    oc_head_finish(&h);
}

static void a_cleared_head_begins_anew(void **state)
{
    (void)state;
    struct oc_head h = {0};
    struct oc_head_reader r;
    double value;
    oc_head_sample(&h, 9, 5000, 0, 1);
    oc_head_clear(&h);
    assert_int_equal(h.buf.len, 0);
    oc_head_sample(&h, 9, 6000, 1, 2);
    assert_true(oc_head_begin(&r, h.buf.data, h.buf.len));
    assert_int_equal(oc_head_step(&r), OC_HEAD_SAMPLE);
    assert_int_equal(r.id, 9);
    assert_int_equal(r.time_ms, 6000);
    assert_true(oc_head_value(&r, 1, &value));
    assert_true(value == 2);
    oc_head_finish(&h);
}

static void damaged_heads_end_within_bounds(void **state)
{
    (void)state;
    struct random r = {4};
    for (int round = 0; round < 3000; round++) {
        size_t len = random_below(&r, 64);
        uint8_t *bytes = malloc(len + 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)random_next(&r);
        }
        if (len) {
            bytes[0] = 1;
        }
        struct oc_head_reader reader;
        bool more = oc_head_begin(&reader, bytes, len);
        assert_int_equal(more, len > 0);
        for (size_t steps = 0; more; steps++) {
            double value;
            enum oc_head_next next = oc_head_step(&reader);
            more = next == OC_HEAD_SEAL ||
                   (next == OC_HEAD_SAMPLE && oc_head_value(&reader, 1, &value));
            assert_true(steps < 65);
        }
        free(bytes);
    }
}

static void another_version_is_refused(void **state)
{
    (void)state;
    struct oc_head_reader r;
    assert_false(oc_head_begin(&r, "\x02\x08", 2));
    assert_false(oc_head_begin(&r, "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_many_series_come_back_in_order),
        cmocka_unit_test(an_unchanged_value_of_the_next_series_is_one_byte),
        cmocka_unit_test(a_cleared_head_begins_anew),
        cmocka_unit_test(damaged_heads_end_within_bounds),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
