/* Tests of core/config/merge.c: lists of several layers. SPDX-License-Identifier: MIT */
#include "tests/unit/config/layers_fixture.h"

static void built_in_collectors_count_only_while_nobody_lists_any(void **state)
{
    (void)state;
    struct loaded l =
        load(put_file("f/openclaw.conf",
                      "collectors = ( { plugin = \"redis\"; name = \"cache\"; } );\n"
                      "alerts = { channels = ( { plugin = \"file\"; path = \"x\"; } ); };"),
             NULL);
    assert_at(&l, "collectors", "[{\"name\":\"cache\",\"plugin\":\"redis\"}]");
    assert_at(&l, "alerts.channels", "[{\"path\":\"x\",\"plugin\":\"file\"}]");
    finish(&l);
}

static void a_built_in_collector_that_is_listed_is_what_no_file_says_of_it(void **state)
{
    (void)state;
    const char *file =
        put_file("t/openclaw.conf", "collectors = ( { plugin = \"web\"; },\n"
                                    "  { plugin = \"http\"; name = \"other\"; } );\n");
    put_file("t/conf.d/1.conf", "collectors = ( { plugin = \"system\"; per_core = true; } );");
    put_file("t/conf.d/2.conf", "collectors = ( { plugin = \"tcp\"; name = \"system\"; } );");
    struct loaded l = load(file, NULL);
    assert_at(&l, "collectors",
              "[{\"plugin\":\"web\"},{\"name\":\"other\",\"plugin\":\"http\"},"
              "{\"name\":\"system\",\"plugin\":\"tcp\"}]");
    finish(&l);
    put_file("t/conf.d/2.conf", "collectors = ( { plugin = \"system\"; } );");
    l = load(file, (const char *const[]){"collectors.system.deadline=3s", NULL});
    assert_at(
        &l, "collectors",
        "[{\"plugin\":\"web\"},{\"name\":\"other\",\"plugin\":\"http\"},"
        "{\"deadline\":\"3s\",\"interval\":\"30s\",\"per_core\":true,\"plugin\":\"system\"}]");
    json_t *rows = oc_config_explain(l.config, "collectors.system.interval");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "layer", ""), "default");
    assert_true(oc_json_bool(json_array_get(rows, 0), "wins", false));
    json_decref(rows);
    assert_findings(&l.diags, "");
    finish(&l);
}

static void what_a_flag_or_the_environment_lists_is_built_in_as_well(void **state)
{
    (void)state;
    struct oc_config_source source = {
        .file = put_file("u/openclaw.conf", "collectors = ( { plugin = \"web\"; } );\n"),
        .defaults = defaults};
    struct loaded l = load(
        source.file, (const char *const[]){"collectors=({plugin=\"system\"; deadline=\"3s\";})",
                                           "collectors.system.per_core=true", NULL});
    assert_at(&l, "collectors",
              "[{\"plugin\":\"web\"},"
              "{\"deadline\":\"3s\",\"interval\":\"30s\",\"per_core\":true,"
              "\"plugin\":\"system\"}]");
    json_t *rows = oc_config_explain(l.config, "collectors.system.interval");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "layer", ""), "default");
    assert_true(oc_json_bool(json_array_get(rows, 0), "wins", false));
    json_decref(rows);
    finish(&l);
    l = load(put_file("u/none.conf", ""),
             (const char *const[]){"collectors=({plugin=\"tcp\"; name=\"system\";})",
                                   "collectors=({plugin=\"system\";})", NULL});
    assert_at(&l, "collectors", "[{\"interval\":\"30s\",\"plugin\":\"system\"}]");
    finish(&l);
    setenv("OPENCLAW__COLLECTORS", "({plugin=\"system\";})", 1);
    l.config = oc_config_load(&source, &l.diags, &l.err);
    unsetenv("OPENCLAW__COLLECTORS");
    assert_at(&l, "collectors",
              "[{\"plugin\":\"web\"},{\"interval\":\"30s\",\"plugin\":\"system\"}]");
    finish(&l);
}

static void what_is_listed_keeps_what_single_values_have_said_of_the_built_in_one(void **state)
{
    (void)state;
    static const char *const lists[] = {"collectors=({plugin=\"system\"; deadline=\"3s\";})",
                                        "alerts.channels=({plugin=\"console\"; a=1;})", NULL};
    struct oc_config_source source = {
        .file = put_file("v/openclaw.conf", ""), .sets = lists, .defaults = defaults};
    struct loaded l = {.config = NULL};
    oc_error_init(&l.err);
    setenv("OPENCLAW__COLLECTORS__SYSTEM__INTERVAL", "5s", 1);
    setenv("OPENCLAW__ALERTS__CHANNELS__CONSOLE__B", "2", 1);
    l.config = oc_config_load(&source, &l.diags, &l.err);
    unsetenv("OPENCLAW__COLLECTORS__SYSTEM__INTERVAL");
    unsetenv("OPENCLAW__ALERTS__CHANNELS__CONSOLE__B");
    assert_at(&l, "collectors",
              "[{\"deadline\":\"3s\",\"interval\":\"5s\",\"plugin\":\"system\"}]");
    assert_at(&l, "alerts.channels", "[{\"a\":1,\"b\":2,\"plugin\":\"console\"}]");
    json_t *rows = oc_config_explain(l.config, "collectors.system.interval");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(oc_json_str(json_array_get(rows, 1), "layer", ""), "environment");
    assert_true(oc_json_bool(json_array_get(rows, 1), "wins", false));
    json_decref(rows);
    assert_findings(&l.diags, "");
    finish(&l);
    l = load(put_file("v/other.conf", ""),
             (const char *const[]){"collectors.system.name=system", "collectors.system.plugin=tcp",
                                   "collectors=({plugin=\"system\";})", NULL});
    assert_at(&l, "collectors", "[{\"interval\":\"30s\",\"plugin\":\"system\"}]");
    finish(&l);
}

static void built_in_rules_merge_by_name(void **state)
{
    (void)state;
    struct loaded l =
        load(put_file("g/openclaw.conf", "alerts = { rules = ( { name = \"cpu\"; expr = \"a > 5\"; "
                                         "}, { name = \"new\"; } ); };"),
             NULL);
    assert_at(&l, "alerts.rules",
              "[{\"expr\":\"a > 5\",\"name\":\"cpu\",\"severity\":\"warning\"},"
              "{\"expr\":\"b > 1\",\"name\":\"ram\"},{\"name\":\"new\"}]");
    finish(&l);
}

static void conf_d_adds_to_and_changes_the_collectors_of_the_file(void **state)
{
    (void)state;
    const char *file =
        put_file("h/openclaw.conf",
                 "collectors = ( { plugin = \"system\"; per_core = false; },\n"
                 "  { plugin = \"http\"; name = \"web\"; a = { x = 1; y = 1; }; l = (1, 2); } );");
    put_file("h/conf.d/1.conf", "collectors = ( { name = \"web\"; a = { y = 2; }; l = (3); } );");
    put_file("h/conf.d/2.conf", "collectors = ( { plugin = \"tcp\"; name = \"web\"; port = 1; },\n"
                                "               { plugin = \"redis\"; } );");
    struct loaded l = load(file, (const char *const[]){"collectors[system].interval=1s",
                                                       "collectors[2].interval=2s", NULL});
    assert_at(&l, "collectors",
              "[{\"interval\":\"1s\",\"per_core\":false,\"plugin\":\"system\"},"
              "{\"name\":\"web\",\"plugin\":\"tcp\",\"port\":1}," /* another plugin replaces */
              "{\"interval\":\"2s\",\"plugin\":\"redis\"}]");
    assert_findings(&l.diags, "");
    finish(&l);
}

static void items_of_one_name_merge_deeply_and_lists_replace(void **state)
{
    (void)state;
    const char *file =
        put_file("i/openclaw.conf",
                 "collectors = ( { plugin = \"http\"; a = { x = 1; y = 1; }; l = (1, 2); } );");
    put_file("i/conf.d/1.conf",
             "collectors = ( { plugin = \"http\"; a = { y = 2; }; l = (3); } );");
    struct loaded l = load(file, NULL);
    assert_at(&l, "collectors", "[{\"a\":{\"x\":1,\"y\":2},\"l\":[3],\"plugin\":\"http\"}]");
    finish(&l);
}

static void two_items_of_one_name_in_a_file_are_a_finding(void **state)
{
    (void)state;
    struct loaded l = load(put_file("j/openclaw.conf", "collectors = (\n"
                                                       "  { plugin = \"http\"; a = 1; },\n"
                                                       "  { plugin = \"http\"; a = 2; } );"),
                           NULL);
    char expected[600];
    snprintf(expected, sizeof expected,
             "%s:3: collectors[1]: the name \"http\" is taken by the one of line 2\n"
             "  Give each a name of its own, such as name = \"http-2\".\n",
             path_of("j/openclaw.conf"));
    assert_at(&l, "collectors", "[{\"a\":1,\"plugin\":\"http\"}]");
    assert_findings(&l.diags, expected);
    finish(&l);
}

static void a_value_of_another_type_replaces(void **state)
{
    (void)state;
    struct loaded l = load(put_file("k/openclaw.conf", "store = 5; collectors = \"all\";"), NULL);
    assert_at(&l, "store", "5");
    assert_at(&l, "collectors", "\"all\"");
    finish(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_collectors_count_only_while_nobody_lists_any),
        cmocka_unit_test(a_built_in_collector_that_is_listed_is_what_no_file_says_of_it),
        cmocka_unit_test(what_a_flag_or_the_environment_lists_is_built_in_as_well),
        cmocka_unit_test(what_is_listed_keeps_what_single_values_have_said_of_the_built_in_one),
        cmocka_unit_test(built_in_rules_merge_by_name),
        cmocka_unit_test(conf_d_adds_to_and_changes_the_collectors_of_the_file),
        cmocka_unit_test(items_of_one_name_merge_deeply_and_lists_replace),
        cmocka_unit_test(two_items_of_one_name_in_a_file_are_a_finding),
        cmocka_unit_test(a_value_of_another_type_replaces),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
