/* Level 1: plugins that do wrong when they start and stop. SPDX-License-Identifier: MIT */
#include "tests/unit/package/check/kit.h"

#include "core/sys/limit.h"

static void starting_and_stopping_is_watched(void **state)
{
    static const char *const cases[][2] = {
        {"do_crash_start", "OC1001"},  {"do_crash_stop", "OC1001"},    {"do_stride", "OC1002"},
        {"do_methods", "OC1003"},      {"do_no_help", "OC1004"},       {"do_no_message", "OC1005"},
        {"do_unsteady", "OC1006"},     {"do_fds", "OC1007"},           {"do_threads", "OC1008"},
        {"do_config_crash", "OC1010"}, {"do_config_silent", "OC1011"},
    };
    (void)state;
    expect_each(cases, OC_COUNT(cases), 1);
}

#if !OC_SANITIZED /* its allocator keeps memory that was freed, and does not count it */
static void memory_that_grows_is_found(void **state)
{
    static const char *const cases[][2] = {{"do_memory", "OC1009"}};
    (void)state;
    expect_each(cases, OC_COUNT(cases), 1);
}
#endif

static void what_fails_level_0_is_not_executed(void **state)
{
    (void)state;
    json_t *result = check_specimen("undefined", 1);
    assert_int_equal(oc_json_int(result, "level", -1), 0);
    assert_int_equal(json_array_size(json_object_get(result, "left_out")), 1);
    json_decref(result);
}

static void nothing_runs_for_a_check_that_only_looks(void **state)
{
    json_t *ids = json_pack("[s]", "OC0111");
    const struct oc_check_options options = {.level = 1, .only = ids, .seed = 1, .rounds = 30};
    (void)state;
    json_t *result = check_at(OC_SPECIMENS "/good", &options);
    assert_int_equal(oc_json_int(result, "level", -1), 0);
    assert_int_equal(json_array_size(json_object_get(result, "left_out")), 0);
    json_decref(result);
    json_decref(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_level_0_is_not_executed),
        cmocka_unit_test(nothing_runs_for_a_check_that_only_looks),
#if !OC_SANITIZED
        cmocka_unit_test(memory_that_grows_is_found),
#endif
        cmocka_unit_test(starting_and_stopping_is_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
