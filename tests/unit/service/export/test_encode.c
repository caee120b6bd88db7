/* Tests of core/service/export/encode.c against bytes that protoc made. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/service/export/encode.h"

static void a_sample_is_the_bytes_that_protobuf_gives(void **state)
{
    static const char expected[] =
        "\x0a\x25"                           /* timeseries, 37 bytes */
        "\x0a\x0e\x0a\x08__name__\x12\x02up" /* label: 14 bytes */
        "\x0a\x06\x0a\x01"
        "a\x12\x01"
        "b"                                         /* label: 6 bytes */
        "\x12\x0b\x09\0\0\0\0\0\0\xf8\x3f\x10\x05"; /* sample: 1.5 at 5 ms */
    const struct oc_encode_label labels[] = {{"__name__", "up"}, {"a", "b"}};
    struct oc_buf out = {0};
    (void)state;
    oc_encode_sample(&out, labels, 2, 5, 1.5);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, sizeof expected - 1);
    oc_buf_finish(&out);
}

static void long_times_and_values_take_more_bytes(void **state)
{
    char value[300];
    struct oc_buf out = {0};
    (void)state;
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    const struct oc_encode_label labels[] = {{"n", value}};
    oc_encode_sample(&out, labels, 1, INT64_C(1732274567123), 0);
    /* 3 + 302 + 3 of the label's name and value, 3 of the label; 1 + 1 + 9 + 1 + 6 of the sample; 3 of the series */
    assert_int_equal((unsigned char)out.data[0], 0x0a);
    size_t series = (unsigned char)out.data[1] & 0x7f;
    series |= (size_t)(unsigned char)out.data[2] << 7;
    assert_int_equal(out.len, 3 + series);
    oc_buf_finish(&out);
}

static void nan_is_the_marker_of_a_series_that_ended(void **state)
{
    struct oc_buf out = {0};
    (void)state;
    oc_encode_sample(&out, NULL, 0, 1, NAN);
    assert_memory_equal(out.data + 5, "\x02\0\0\0\0\0\xf0\x7f", 8);
    oc_buf_finish(&out);
}

static void a_time_before_1970_is_ten_bytes(void **state)
{
    struct oc_buf out = {0};
    (void)state;
    oc_encode_sample(&out, NULL, 0, -1, 0);
    assert_int_equal(out.len, 2 + 2 + 9 + 1 + 10);
    oc_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_is_the_bytes_that_protobuf_gives),
        cmocka_unit_test(long_times_and_values_take_more_bytes),
        cmocka_unit_test(nan_is_the_marker_of_a_series_that_ended),
        cmocka_unit_test(a_time_before_1970_is_ten_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
