/* Versions and ranges. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/package/semver.h"

static void versions_are_read_as_the_specification_says(void **state)
{
    static const char *const good[] = {"0.0.0",      "1.2.3",         "10.20.30", "1.0.0-alpha",
                                       "1.0.0-rc.1", "1.0.0-0.x-y.9", "1.0.0+5",  "1.0.0-a+b.001"};
    static const char *const bad[] = {
        "",           "1",        "1.2",    "01.2.3",  "1.2.3-",
        "1.2.3-a..b", "1.2.3-01", "1.2.3+", "v1.2.3",  "1.2.3 ",
        "1.2.3-ä",    "1.2.-3",   "1..3",   "1.2.3.4", "9999999999999.0.0"};
    struct oc_semver v;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        assert_true(oc_semver_parse(good[i], &v));
    }
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        if (oc_semver_parse(bad[i], &v)) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

static void order_is_that_of_the_specification(void **state)
{
    static const char *const ascending[] = {
        "0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
        "1.0.0",      "1.0.1",        "1.2.0",         "1.10.0",
        "2.0.0"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(ascending); i++) {
        for (size_t k = 0; k < OC_COUNT(ascending); k++) {
            const int order = oc_semver_compare(ascending[i], ascending[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
    assert_int_equal(oc_semver_compare("1.0.0+a", "1.0.0+b"), 0);
    assert_true(oc_semver_compare("nonsense", "0.0.0") < 0);
}

static void ranges_hold_what_they_say(void **state)
{
    static const struct {
        const char *range, *in, *out;
    } rows[] = {
        {"", "3.2.1", "1.0.0-rc.1"},
        {"latest", "0.0.1", "nonsense"},
        {"*", "1.0.0", "1.0.0-a"},
        {"1", "1.9.0", "2.0.0"},
        {"1.2", "1.2.9", "1.3.0"},
        {"1.x", "1.0.0", "0.9.0"},
        {"1.2.*", "1.2.0", "1.1.9"},
        {"1.2.3", "1.2.3", "1.2.4"},
        {"=1.2.3", "1.2.3+b", "1.2.3-rc"},
        {"^1.2.3", "1.9.9", "1.2.2"},
        {"^1.2.3", "1.2.3", "2.0.0-rc.1"},
        {"^0.2.3", "0.2.9", "0.3.0"},
        {"^0.0.3", "0.0.3", "0.0.4"},
        {"^0.0", "0.0.9", "0.1.0"},
        {"^1", "1.0.0", "2.0.0"},
        {"^0", "0.9.0", "1.0.0"},
        {"~1.2.3", "1.2.9", "1.3.0"},
        {"~1.2", "1.2.0", "1.3.0"},
        {"~1", "1.9.0", "2.0.0"},
        {">=1.2", "1.2.0", "1.1.9"},
        {">1.2", "1.3.0", "1.2.9"},
        {">1.2.3", "1.2.4", "1.2.3"},
        {"<2", "1.9.9", "2.0.0"},
        {"<=1.2", "1.2.9", "1.3.0"},
        {"<=1.2.3", "1.2.3", "1.2.4"},
        {">=1.2 <2", "1.5.0", "2.1.0"},
        {">= 1.2, < 2", "1.2.0", "1.1.0"},
        {">=1.0.0-rc.1", "1.0.0-rc.2", "1.1.0-rc.1"},
        {"1.0.0-rc.1", "1.0.0-rc.1", "1.0.0"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        if (!oc_range_matches(rows[i].range, rows[i].in)) {
            fail_msg("'%s' should hold %s", rows[i].range, rows[i].in);
        }
        if (oc_range_matches(rows[i].range, rows[i].out)) {
            fail_msg("'%s' should not hold %s", rows[i].range, rows[i].out);
        }
        assert_int_equal(oc_range_check(rows[i].range, NULL), OC_OK);
    }
}

static void a_range_that_is_wrong_is_named(void **state)
{
    static const char *const bad[] = {
        "abc", "1.2.3.4", "^", ">=", "1 || 2", "x.1", "1.-1", "1.2.3-"};
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        oc_error_init(&err);
        if (oc_range_check(bad[i], &err) != OC_E_CONFIG || !err.message[0]) {
            fail_msg("'%s' was taken", bad[i]);
        }
        assert_false(oc_range_matches(bad[i], "1.2.3"));
    }
}

static void an_exact_range_gives_its_version(void **state)
{
    (void)state;
    assert_string_equal(oc_range_exact("1.2.3"), "1.2.3");
    assert_string_equal(oc_range_exact("= 1.2.3-rc.1"), "1.2.3-rc.1");
    assert_null(oc_range_exact("^1.2.3"));
    assert_null(oc_range_exact("1.2"));
    assert_null(oc_range_exact(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_read_as_the_specification_says),
        cmocka_unit_test(order_is_that_of_the_specification),
        cmocka_unit_test(ranges_hold_what_they_say),
        cmocka_unit_test(a_range_that_is_wrong_is_named),
        cmocka_unit_test(an_exact_range_gives_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
