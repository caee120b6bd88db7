/* Tests of core/config/import/import_thresholds.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/import_fixture.h"

static void pairs_that_are_in_order_are_taken(void **state)
{
    (void)state;
    assert_import("{\"alerting\": {}, \"thresholds\": {\"cpu\": {\"warning_percent\": 95, "
                  "\"critical_percent\": 99},\n"
                  "  \"memory\": {\"warning_percent\": 89}, \"disk\": {\"critical_percent\": 81}}}",
                  "thresholds = {\n"
                  "    cpu = { warning_percent = 95; critical_percent = 99; };\n"
                  "    memory = { warning_percent = 89; };\n"
                  "    disk = { critical_percent = 81; };\n"
                  "};\n",
                  "");
}

static void a_pair_that_is_not_in_order_is_left_out(void **state)
{
    (void)state;
    struct imported i =
        import("{\"alerting\": {}, \"thresholds\": {\"cpu\": {\"warning_percent\": 95, "
               "\"critical_percent\": 90, \"sustained_duration_seconds\": 60},\n"
               "  \"disk\": {\"critical_percent\": 70}}}");
    assert_string_equal(strchr(i.text.data, '\n') + 1,
                        "thresholds = {\n    cpu = { sustained = \"1m\"; };\n};\n");
    assert_int_equal(oc_json_int(i.report, "mapped", 0), 1);
    finish(&i,
           "f:0: thresholds.cpu.warning_percent: (warning) expected less than critical_percent, "
           "which is 90; found 95\n"
           "  A warning comes before it is critical: write `warning_percent` below "
           "`critical_percent`. Until then the defaults of both hold.\n"
           "f:0: thresholds.disk.critical_percent: (warning) expected more than warning_percent, "
           "which is 80; found 70\n"
           "  A warning comes before it is critical: write `warning_percent` below "
           "`critical_percent`. Until then the defaults of both hold.\n");
}

static void where_less_is_worse_the_warning_is_the_greater_one(void **state)
{
    (void)state;
    assert_import(
        "thresholds: { agent: { healthWarning: 0.4, healthCritical: 0.2 },\n"
        "  service: { uptimeWarning: 90, uptimeCritical: 99, errorRateCritical: 2 } }\n",
        "thresholds = {\n    agent_health = { score_warning = 0.4; score_critical = 0.2; };\n};\n",
        "f:0: thresholds.service.uptimeWarning: (warning) expected more than uptimeCritical, "
        "which is 99; found 90\n"
        "  A warning comes before it is critical: write `uptimeWarning` above `uptimeCritical`. "
        "Until then the defaults of both hold.\n"
        "f:0: thresholds.service.errorRateCritical: (warning) expected more than "
        "errorRateWarning, which is 5; found 2\n"
        "  A warning comes before it is critical: write `errorRateWarning` below "
        "`errorRateCritical`. Until then the defaults of both hold.\n");
}

static void a_figure_is_called_as_the_file_calls_it(void **state)
{
    (void)state;
    assert_import("thresholds: { agent: { healthScoreWarning: 0.2, healthScoreCritical: 0.4 },\n"
                  "  litellm: { errorRateWarning: 101 } }\n",
                  "",
                  "f:0: thresholds.agent.healthScoreWarning: (warning) expected more than "
                  "healthScoreCritical, which is 0.4; found 0.2\n"
                  "  A warning comes before it is critical: write `healthScoreWarning` above "
                  "`healthScoreCritical`. Until then the defaults of both hold.\n"
                  "f:0: thresholds.litellm.errorRateWarning: (warning) expected a percentage from "
                  "0 to 100, found 101\n"
                  "  Write a number from 0 to 100. Until then the default, 5, holds.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_that_are_in_order_are_taken),
        cmocka_unit_test(a_pair_that_is_not_in_order_is_left_out),
        cmocka_unit_test(where_less_is_worse_the_warning_is_the_greater_one),
        cmocka_unit_test(a_figure_is_called_as_the_file_calls_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
