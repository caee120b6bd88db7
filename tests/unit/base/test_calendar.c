/* Tests of core/base/calendar.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define NOW INT64_C(1763818200123) /* 2025-11-22T13:30:00.123Z */

static void times_are_written_in_utc_with_ms(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(oc_time_format(NOW, buf, sizeof buf), "2025-11-22T13:30:00.123Z");
    assert_string_equal(oc_time_format(0, buf, sizeof buf), "1970-01-01T00:00:00.000Z");
    assert_string_equal(oc_time_format(-1, buf, sizeof buf), "1969-12-31T23:59:59.999Z");
    assert_string_equal(oc_time_format(INT64_MAX, buf, sizeof buf), "9999-12-31T23:59:59.999Z");
    assert_string_equal(oc_time_format(INT64_MIN, buf, sizeof buf), "0000-01-01T00:00:00.000Z");
}

static void times_are_read_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2025-11-22T13:30:00.123Z", NOW},
        {"2025-11-22t13:30:00.123z", NOW},
        {"2025-11-22 13:30:00.1239Z", NOW},
        {"2025-11-22T14:30:00.123+01:00", NOW},
        {"2025-11-22T08:00:00.123-05:30", NOW},
        {"2025-11-22T13:30:00Z", NOW - 123},
        {"2025-11-22", INT64_C(1763769600000)},
        {"2024-02-29", INT64_C(1709164800000)},
        {"1970-01-01T00:00:00Z", 0},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"@1763818200", NOW - 123},
        {"@0", 0},
        {"now", NOW},
        {"2h", NOW - 2 * OC_HOUR},
        {"-2h", NOW - 2 * OC_HOUR},
        {"1h30m", NOW - 90 * OC_MINUTE},
        {"0", NOW},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        int64_t ms = -1;
        if (oc_time_parse(cases[i].text, NOW, &ms)) {
            fail_msg("\"%s\" was refused", cases[i].text);
        }
        assert_int_equal(ms, cases[i].ms);
    }
}

/* The C library as the judge: every day that RFC 3339 can name, written and read. */
static void every_day_of_ten_thousand_years_is_the_one_of_the_c_library(void **state)
{
    (void)state;
    const int64_t first = INT64_C(-62167219200), last = INT64_C(253402214400);
    for (int64_t s = first; s <= last; s += 24 * 3600) {
        time_t t = (time_t)s;
        struct tm tm;
        char ours[32], theirs[64];
        int64_t back = 1;
        gmtime_r(&t, &tm);
        snprintf(theirs, sizeof theirs, "%04d-%02d-%02dT00:00:00.000Z", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday);
        oc_time_format(s * OC_SECOND, ours, sizeof ours);
        if (strcmp(ours, theirs) != 0 || oc_time_parse(ours, NOW, &back) || back != s * OC_SECOND) {
            fail_msg("day %lld: %s instead of %s", (long long)(s / 86400), ours, theirs);
        }
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "-",
        "@",
        "@-1",
        "@1x",
        "@99999999999999",
        "@99999999999999999999999",
        "tomorrow",
        "12",
        "2025",
        "2025-11",
        "2025-13-01",
        "2025-00-01",
        "2025-11-31",
        "2025-02-29",
        "2025-11-00",
        "2025-11-22T",
        "2025-11-22T13:30Z",
        "2025-11-22T13:30:00",
        "2025-11-22T24:00:00Z",
        "2025-11-22T13:60:00Z",
        "2025-11-22T13:30:61Z",
        "2025-11-22T13:30:00.Z",
        "2025-11-22T13:30:00+01",
        "2025-11-22T13:30:00+24:00",
        "2025-11-22T13:30:00Zx",
        "2025-11-22X13:30:00Z",
        "20251122",
        "--2h",
        "2025-1-2",
        "-1-01-01",
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        int64_t ms;
        if (oc_time_parse(cases[i], NOW, &ms) != OC_E_CONFIG) {
            fail_msg("\"%s\" was taken", cases[i]);
        }
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    char buf[32];
    for (int64_t ms = -OC_DAY * 366; ms < OC_DAY * 40000; ms += 86399999 * 7 + 13) {
        int64_t back;
        assert_int_equal(oc_time_parse(oc_time_format(ms, buf, sizeof buf), NOW, &back), 0);
        assert_int_equal(back, ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc_with_ms),
        cmocka_unit_test(every_day_of_ten_thousand_years_is_the_one_of_the_c_library),
        cmocka_unit_test(times_are_read_in_every_form),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
