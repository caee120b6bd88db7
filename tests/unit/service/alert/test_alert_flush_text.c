/* Words of a group's notification. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/service/alert/group/flush.h"

static void expect(const char *pattern, const struct oc_flush_counts *c, const char *expected)
{
    char name[] = "category", value[] = "db", channel[] = "hook";
    struct oc_group_label label = {name, value};
    struct oc_group group = {.channel = channel, .labels = &label, .label_count = 1};
    char *text = oc_flush_text(pattern, &group, c);
    assert_string_equal(text, expected);
    free(text);
}

static const char original[] = "{{count}} {{severity}} alerts in {{category}}";

static void one_severity_is_said_as_it_is(void **state)
{
    (void)state;
    expect(original, &(struct oc_flush_counts){.firing = 3, .severity = {0, 3, 0}},
           "3 warning alerts in db");
    expect(NULL, &(struct oc_flush_counts){.firing = 1, .severity = {0, 0, 1}},
           "1 critical alert: category=db");
}

static void several_are_said_with_their_numbers_the_gravest_first(void **state)
{
    (void)state;
    const struct oc_flush_counts mixed = {.firing = 6, .resolved = 1, .severity = {1, 3, 2}};
    expect(original, &mixed, "6 critical (2), warning (3), info (1) alerts in db");
    expect("{{gravest}}: {{critical}}/{{warning}}/{{info}} to {{channel}}", &mixed,
           "critical: 2/3/1 to hook");
    expect(NULL, &mixed, "6 alerts, critical (2), warning (3), info (1), 1 resolved: category=db");
}

static void what_is_over_has_its_severities_too(void **state)
{
    (void)state;
    const struct oc_flush_counts over = {.resolved = 2, .severity = {0, 1, 1}};
    expect(original, &over, "2 critical (1), warning (1) alerts in db");
    expect("{{firing}}+{{resolved}}", &over, "0+2");
    expect(NULL, &over, "2 resolved: category=db");
}

static void odd_patterns_do_no_harm(void **state)
{
    (void)state;
    const struct oc_flush_counts one = {.firing = 1, .severity = {0, 1, 0}};
    expect("", &one, "");
    expect("{{", &one, "{{");
    expect("{{}}x{{nothing}}{{a-name-that-is-much-longer-than-any-severity-is}}", &one, "x");
    expect("{{count}", &one, "{{count}");
    expect("{{{{count}}}}", &one, "}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_severity_is_said_as_it_is),
        cmocka_unit_test(several_are_said_with_their_numbers_the_gravest_first),
        cmocka_unit_test(what_is_over_has_its_severities_too),
        cmocka_unit_test(odd_patterns_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
