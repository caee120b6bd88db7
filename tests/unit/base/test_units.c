/* Tests of core/base/units.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"

struct pair {
    int64_t number;
    const char *text;
};

static void durations_are_read(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {0, "0"},
        {0, "0s"},
        {1500, "1500ms"},
        {10000, "10s"},
        {900000, "15m"},
        {7200000, "2h"},
        {5400000, "1h30m"},
        {30 * OC_DAY, "30d"},
        {1, "1ms"},
        {OC_DAY + 1, "1d1ms"},
        {90061001, "1d1h1m1s1ms"},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        int64_t ms = -1;
        assert_int_equal(oc_duration_parse(cases[i].text, &ms), 0);
        assert_int_equal(ms, cases[i].number);
    }
}

static void wrong_durations_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "10",
        "s",
        "-5s",
        "+5s",
        " 5s",
        "5s ",
        "5 s",
        "1.5h",
        "5S",
        "5sec",
        "5w",
        "1m1h",
        "1h1h",
        "00x",
        "10s5",
        "9223372036854775807d",
        "99999999999999999999s",
        "106751991168d",
        "9223372036854775807ms1",
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        int64_t ms;
        if (oc_duration_parse(cases[i], &ms) != OC_E_CONFIG) {
            fail_msg("\"%s\" was taken", cases[i]);
        }
    }
}

static void durations_are_written_so_that_they_read_back(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {0, "0"},
        {1, "1ms"},
        {1500, "1500ms"},
        {9999, "9999ms"},
        {10500, "10s500ms"},
        {90000, "1m30s"},
        {OC_DAY, "1d"},
        {7500000, "2h5m"},
        {OC_HOUR, "1h"},
        {10000, "10s"},
        {INT64_MAX, "106751991167d7h12m55s807ms"},
    };
    char buf[32];
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        int64_t back;
        assert_string_equal(oc_duration_format(cases[i].number, buf, sizeof buf), cases[i].text);
        assert_int_equal(oc_duration_parse(buf, &back), 0);
        assert_int_equal(back, cases[i].number);
    }
    assert_string_equal(oc_duration_format(-5, buf, sizeof buf), "-5ms");
}

static void people_see_two_units_at_most(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {0, "0s"},
        {350, "350ms"},
        {3 * OC_MINUTE, "3m"},
        {7500000, "2h 5m"},
        {4 * OC_DAY, "4d"},
        {OC_DAY + 60000, "1d"},
        {OC_DAY + 2 * OC_HOUR + 1, "1d 2h"},
        {-90000, "-1m 30s"},
        {INT64_MIN, "0s"},
    };
    char buf[32];
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        assert_string_equal(oc_duration_human(cases[i].number, buf, sizeof buf), cases[i].text);
    }
}

static void a_small_buffer_is_never_overrun(void **state)
{
    (void)state;
    char buf[8];
    for (size_t size = 1; size <= sizeof buf; size++) {
        buf[size - 1] = 'x';
        oc_duration_format(INT64_MAX, buf, size);
        assert_int_equal(buf[size - 1], '\0');
        oc_duration_human(INT64_MAX, buf, size);
        oc_size_human(1e15, buf, size);
    }
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {1024, "1024"},
        {0, "0"},
        {5, "5B"},
        {65536, "64KB"},
        {10485760, "10MB"},
        {10485760, "10mb"},
        {INT64_C(2) << 30, "2GB"},
        {INT64_C(3) << 40, "3TB"},
    };
    static const char *const wrong[] = {"",      "KB",   "-1",        "1.5GB",
                                        "10 MB", "10XB", "8388608TB", "99999999999999999999"};
    int64_t bytes;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        assert_int_equal(oc_size_parse(cases[i].text, &bytes), 0);
        assert_int_equal(bytes, cases[i].number);
    }
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        assert_int_equal(oc_size_parse(wrong[i], &bytes), OC_E_CONFIG);
    }
}

static void sizes_are_written_for_people(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {512, "512 B"},
        {1024, "1 KB"},
        {1536, "1.5 KB"},
        {1023, "1023 B"},
        {1048575, "1 MB"},
        {1.5 * (1 << 30), "1.5 GB"},
        {-2048, "-2 KB"},
        {1e18, "888.2 PB"},
        {INFINITY, "?"},
    };
    char buf[32];
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        assert_string_equal(oc_size_human(cases[i].bytes, buf, sizeof buf), cases[i].text);
    }
    assert_string_equal(oc_size_human((double)NAN, buf, sizeof buf), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(wrong_durations_are_refused),
        cmocka_unit_test(durations_are_written_so_that_they_read_back),
        cmocka_unit_test(people_see_two_units_at_most),
        cmocka_unit_test(a_small_buffer_is_never_overrun),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(sizes_are_written_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
