/* The table of operations: what it tells, and what it does not take in. SPDX-License-Identifier: MIT */
#include "test_op.h"

static void the_table_as_json_leaves_internal_operations_out(void **state)
{
    (void)state;
    json_t *list = oc_ops_json(f.ops, false), *all = oc_ops_json(f.ops, true);
    assert_int_equal(json_array_size(list), 3);
    assert_int_equal(json_array_size(all), 7);
    const json_t *greet_json = json_array_get(list, 0);
    assert_string_equal(oc_json_str(greet_json, "name", ""), "test.greet");
    assert_int_equal(json_array_size(json_object_get(greet_json, "params")), 4);
    assert_string_equal(oc_json_str(json_object_get(greet_json, "schema"), "type", ""), "object");
    json_decref(list);
    json_decref(all);
}

static void the_generation_is_another_when_an_operation_comes_or_goes(void **state)
{
    static const struct oc_op brought = {.name = "brought.along", .summary = "x"};
    (void)state;
    uint64_t before = oc_ops_generation(f.ops);
    assert_int_equal(oc_ops_add_plugin(f.ops, &brought, NULL, "tool", NULL), OC_OK);
    uint64_t after = oc_ops_generation(f.ops);
    assert_int_not_equal(before, after);
    oc_ops_remove(f.ops, brought.name);
    assert_int_not_equal(oc_ops_generation(f.ops), after);
    after = oc_ops_generation(f.ops);
    assert_int_equal(oc_ops_add_plugin(f.ops, &ops_table[0], NULL, "tool", NULL), OC_E_CONFLICT);
    assert_int_equal(oc_ops_generation(f.ops), after);
}

static void a_name_that_is_taken_is_refused_to_plugins(void **state)
{
    struct oc_error err;
    oc_error_init(&err);
    (void)state;
    assert_int_equal(oc_ops_add_plugin(f.ops, &ops_table[0], NULL, "tool", &err), OC_E_CONFLICT);
    assert_non_null(strstr(err.message, "test.greet"));
}

static void an_operation_of_a_plugin_gives_way_to_the_hosts_own(void **state)
{
    static const struct oc_op brought = {.name = "late.part", .summary = "the plugin's"};
    static const struct oc_op own = {.name = "late.part", .summary = "the host's"};
    (void)state;
    assert_int_equal(oc_ops_add_plugin(f.ops, &brought, NULL, "tool", NULL), OC_OK);
    oc_ops_add(f.ops, &own, NULL);
    assert_ptr_equal(oc_ops_find(f.ops, "late.part"), &own);
    oc_ops_remove_plugin(f.ops, &brought);
    assert_ptr_equal(oc_ops_find(f.ops, "late.part"), &own);
    oc_ops_remove(f.ops, own.name);
    assert_int_equal(oc_ops_add_plugin(f.ops, &brought, NULL, "tool", NULL), OC_OK);
    oc_ops_remove_plugin(f.ops, &brought);
    assert_null(oc_ops_find(f.ops, "late.part"));
}

static void a_parameter_that_every_command_has_is_refused(void **state)
{
    static const char *const taken[] = {"timeout", "json", "no_color", "version"};
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(taken); i++) {
        const struct oc_option params[] = {{.name = taken[i], .type = OC_OPT_STRING}, {0}};
        const struct oc_op op = {.name = "brought.along", .summary = "x", .params = params};
        oc_error_init(&err);
        assert_int_equal(oc_ops_add_plugin(f.ops, &op, NULL, "tool", &err), OC_E_CONFIG);
        assert_non_null(strstr(err.message, taken[i]));
        assert_null(oc_ops_find(f.ops, op.name));
    }
}

/* A call whose end is the end of another one, as a check that waits for a collector is. */

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)
    const struct CMUnitTest tests[] = {
        TEST(the_table_as_json_leaves_internal_operations_out),
        TEST(the_generation_is_another_when_an_operation_comes_or_goes),
        TEST(a_parameter_that_every_command_has_is_refused),
        TEST(a_name_that_is_taken_is_refused_to_plugins),
        TEST(an_operation_of_a_plugin_gives_way_to_the_hosts_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
