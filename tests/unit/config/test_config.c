/* Tests of core/config/config.c and explain.c: layers. SPDX-License-Identifier: MIT */
#include "tests/unit/config/layers_fixture.h"

#include "core/config/path.h"

/* ---- layers ---- */

static void a_file_lies_over_the_defaults(void **state)
{
    (void)state;
    struct loaded l = load(put_file("a/openclaw.conf", "store = { retention = \"7d\"; };\n"), NULL);

    assert_string_equal(l.err.message, "");
    assert_at(&l, "store", "{\"backend\":\"sqlite\",\"retention\":\"7d\"}");
    assert_at(&l, "collectors", "[{\"interval\":\"30s\",\"plugin\":\"system\"}]");
    assert_string_equal(oc_config_file(l.config), path_of("a/openclaw.conf"));
    assert_int_equal(oc_diags_errors(&l.diags), 0);
    finish(&l);
}

static void conf_d_is_laid_on_in_byte_order(void **state)
{
    (void)state;
    const char *file = put_file("b/openclaw.conf", "store = { retention = \"7d\"; };");
    put_file("b/conf.d/10-x.conf", "store = { retention = \"8d\"; }; x = 10;");
    put_file("b/conf.d/20-x.conf", "x = 20;");
    put_file("b/conf.d/9-x.conf", "x = 9;"); /* "9" comes after "20" */
    put_file("b/conf.d/.hidden.conf", "x = 1 = 2;");
    put_file("b/conf.d/notes.txt", "not a configuration");
    struct loaded l = load(file, NULL);

    assert_string_equal(l.err.message, "");
    assert_at(&l, "x", "9");
    assert_at(&l, "store.retention", "\"8d\"");
    finish(&l);
}

static void a_flag_wins_over_everything(void **state)
{
    (void)state;
    static const char *const sets[] = {"store.retention=1d", "new.deep.key=5", "x=[1,2]", NULL};
    struct loaded l = load(put_file("c/openclaw.conf", "store = { retention = \"7d\"; };"), sets);

    assert_at(&l, "store", "{\"backend\":\"sqlite\",\"retention\":\"1d\"}");
    assert_at(&l, "new", "{\"deep\":{\"key\":5}}");
    assert_at(&l, "x", "[1,2]");
    const struct oc_node *node = oc_node_get(oc_config_root(l.config), "new.deep");
    assert_string_equal(node->file, "flag --set");
    assert_string_equal(node->key, "deep");
    finish(&l);
}

static void an_environment_variable_sets_a_scalar(void **state)
{
    (void)state;
    struct oc_config_source source = {
        .file = put_file("d/openclaw.conf", "host = { home = \"x\"; };"), .defaults = defaults};
    struct oc_diags diags = {0};

    setenv("OPENCLAW__STORE__RETENTION", "3d", 1);
    setenv("OPENCLAW__THRESHOLDS__CPU__WARNING_PERCENT", "80", 1);
    setenv("OPENCLAW__COLLECTORS__SYSTEM__INTERVAL", "5s", 1);
    setenv("OPENCLAW_HOME", path_of("env-home"), 1);
    struct oc_config *c = oc_config_load(&source, &diags, NULL);
    unsetenv("OPENCLAW__STORE__RETENTION");
    unsetenv("OPENCLAW__THRESHOLDS__CPU__WARNING_PERCENT");
    unsetenv("OPENCLAW__COLLECTORS__SYSTEM__INTERVAL");
    unsetenv("OPENCLAW_HOME");

    const struct oc_node *root = oc_config_root(c);
    assert_string_equal(oc_node_get(root, "store.retention")->string, "3d");
    assert_string_equal(oc_node_get(root, "store.retention")->file,
                        "environment OPENCLAW__STORE__RETENTION");
    assert_int_equal(oc_node_get(root, "thresholds.cpu.warning_percent")->integer, 80);
    assert_string_equal(oc_node_get(root, "collectors.system.interval")->string, "5s");
    assert_string_equal(oc_config_home(c), path_of("env-home"));
    assert_findings(&diags, "");
    oc_config_destroy(c);
}

static void a_flag_that_cannot_be_set_is_a_finding(void **state)
{
    (void)state;
    static const char *const sets[] = {"store.retention.x=1",
                                       "collectors.gone.interval=5s",
                                       "nothing",
                                       "a..b=1",
                                       "k=[1",
                                       "=1",
                                       NULL};
    struct loaded l = load(put_file("e/openclaw.conf", ""), sets);

    assert_findings(
        &l.diags,
        "flag --set:0: store.retention.x: store.retention.x: only a list or a group can have a "
        "member "
        "\"x\"\n"
        "flag --set:0: collectors.gone.interval: collectors.gone.interval: the list has no item "
        "\"gone\"\n"
        "flag --set:0: nothing: expected key=value\n"
        "  Write it as --set key=value.\n"
        "flag --set:0: a..b: a..b: not a key\n"
        "flag --set:0: k: flag --set:1: `[` is never closed\n"
        "flag --set:0: =1: expected key=value\n"
        "  Write it as --set key=value.\n");
    finish(&l);
}

/* ---- files ---- */

static void a_named_file_must_be_there(void **state)
{
    (void)state;
    struct loaded l = load(path_of("gone.conf"), NULL);
    assert_null(l.config);
    assert_int_equal(l.err.code, OC_E_NOT_FOUND);
    finish(&l);
}

static void a_broken_file_of_conf_d_is_an_error_with_its_line(void **state)
{
    (void)state;
    char message[600];
    const char *file = put_file("l/openclaw.conf", "a = 1;");
    put_file("l/conf.d/x.conf", "b = 1;\nc = {\n");
    struct loaded l = load(file, NULL);
    assert_null(l.config);
    assert_int_equal(l.err.code, OC_E_CONFIG);
    snprintf(message, sizeof message, "%s:2: `{` is never closed", path_of("l/conf.d/x.conf"));
    assert_string_equal(l.err.message, message);
    finish(&l);
}

static void without_a_file_the_defaults_are_in_force(void **state)
{
    (void)state;
    char *home = oc_strdup(getenv("HOME"));
    setenv("HOME", path_of("nobody"), 1);
    struct loaded l = load(NULL, NULL);
    setenv("HOME", home, 1);
    free(home);
    if (!oc_file_exists("/etc/openclaw/openclaw.conf")) {
        assert_null(oc_config_file(l.config));
        assert_at(&l, "store.backend", "\"sqlite\"");
    }
    assert_string_equal(oc_config_home(l.config), path_of("nobody/.openclaw"));
    finish(&l);
}

static void the_file_is_found_by_variable_and_in_the_home(void **state)
{
    (void)state;
    struct oc_config_source source = {.defaults = ""};
    struct oc_diags diags = {0};

    put_file("m/openclaw.conf", "x = \"home\";");
    setenv("OPENCLAW_HOME", path_of("m"), 1);
    struct oc_config *c = oc_config_load(&source, &diags, NULL);
    assert_string_equal(oc_node_get(oc_config_root(c), "x")->string, "home");
    oc_config_destroy(c);

    setenv("OPENCLAW_CONFIG", put_file("n.conf", "x = \"variable\";"), 1);
    c = oc_config_load(&source, &diags, NULL);
    assert_string_equal(oc_node_get(oc_config_root(c), "x")->string, "variable");
    oc_config_destroy(c);
    unsetenv("OPENCLAW_CONFIG");
    unsetenv("OPENCLAW_HOME");
    oc_diags_finish(&diags);
}

static void conf_d_of_the_home_is_read_without_a_file(void **state)
{
    (void)state;
    struct oc_config_source source = {.defaults = ""};
    struct oc_diags diags = {0};

    if (oc_file_exists("/etc/openclaw/openclaw.conf")) {
        skip();
    }
    put_file("alone/conf.d/x.conf", "x = \"part\";");
    setenv("OPENCLAW_HOME", path_of("alone"), 1);
    struct oc_config *c = oc_config_load(&source, &diags, NULL);
    assert_null(oc_config_file(c));
    assert_string_equal(oc_config_folder(c), path_of("alone"));
    assert_string_equal(oc_node_get(oc_config_root(c), "x")->string, "part");
    oc_config_destroy(c);
    assert_int_equal(symlink("closed", path_of("closed")), 0); /* nobody gets in there */
    setenv("OPENCLAW_HOME", path_of("closed"), 1);
    c = oc_config_load(&source, &diags, NULL);
    assert_non_null(c);
    oc_config_destroy(c);
    unsetenv("OPENCLAW_HOME");
    oc_diags_finish(&diags);
}

static void a_home_is_relative_to_its_file_and_built_in_paths_to_the_home(void **state)
{
    (void)state;
    struct loaded l = load(put_file("o/openclaw.conf", "host = { home = \"state\"; };"), NULL);
    assert_string_equal(oc_config_home(l.config), path_of("o/state"));
    assert_string_equal(oc_node_get(oc_config_root(l.config), "policies.dir")->dir,
                        path_of("o/state"));
    assert_string_equal(oc_node_get(oc_config_root(l.config), "host.home")->dir, path_of("o"));
    finish(&l);
}

/* ---- explain ---- */

static void explain_lists_every_layer_and_says_which_wins(void **state)
{
    (void)state;
    const char *file = put_file("p/openclaw.conf", "\nstore = {\n  retention = \"7d\"; };");
    put_file("p/conf.d/x.conf", "store = { retention = \"8d\"; };");
    struct loaded l = load(file, (const char *const[]){"store.retention=9d", NULL});
    char expected[1200];

    snprintf(
        expected, sizeof expected,
        "[{\"file\":\"built "
        "in\",\"layer\":\"default\",\"line\":1,\"value\":\"30d\",\"wins\":false},"
        "{\"file\":\"%s\",\"layer\":\"file\",\"line\":3,\"value\":\"7d\",\"wins\":false},"
        "{\"file\":\"%s\",\"layer\":\"conf.d\",\"line\":1,\"value\":\"8d\",\"wins\":false},"
        "{\"file\":\"flag --set\",\"layer\":\"flag\",\"line\":0,\"value\":\"9d\",\"wins\":true}]",
        path_of("p/openclaw.conf"), path_of("p/conf.d/x.conf"));
    assert_json(oc_config_explain(l.config, "store.retention"), expected);
    assert_json(oc_config_explain(l.config, "store.nothing"), "[]");
    assert_json(oc_config_explain(l.config, "store..x"), "[]");
    assert_json(oc_config_explain(l.config, ""), "[]");
    finish(&l);
}

static void explain_follows_an_item_through_its_name(void **state)
{
    (void)state;
    const char *file =
        put_file("q/openclaw.conf", "collectors = ( { plugin = \"a\"; interval = \"1s\"; },\n"
                                    "{ plugin = \"b\"; interval = \"2s\"; } );");
    put_file("q/conf.d/x.conf", "collectors = ( { plugin = \"b\"; interval = \"3s\"; } );");
    struct loaded l = load(file, (const char *const[]){"collectors.b.interval=4s", NULL});
    json_t *rows = oc_config_explain(l.config, "collectors[1].interval");

    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "value", ""), "2s");
    assert_string_equal(oc_json_str(json_array_get(rows, 1), "value", ""), "3s");
    assert_string_equal(oc_json_str(json_array_get(rows, 2), "value", ""), "4s");
    assert_true(oc_json_bool(json_array_get(rows, 2), "wins", false));
    json_decref(rows);
    finish(&l);
}

static void explain_shows_values_inside_a_group_given_as_a_flag(void **state)
{
    (void)state;
    struct loaded l = load(put_file("r/openclaw.conf", ""),
                           (const char *const[]){"store={ retention = \"5d\"; }", NULL});
    json_t *rows = oc_config_explain(l.config, "store.retention");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(oc_json_str(json_array_get(rows, 1), "value", ""), "5d");
    assert_true(oc_json_bool(json_array_get(rows, 1), "wins", false));
    json_decref(rows);
    finish(&l);
}

/* What an entry shows is what was given there, not what all of them make together. */
static void explain_shows_what_each_layer_gave(void **state)
{
    (void)state;
    struct loaded l = load(put_file("r2/openclaw.conf", "store = { backend = \"memory\"; };"),
                           (const char *const[]){"store={ retention = \"5d\"; }",
                                                 "store.retention=6d", "store.retention=6d", NULL});
    json_t *rows = oc_config_explain(l.config, "store.backend");
    assert_int_equal(json_array_size(rows), 2); /* the default and the file */
    assert_false(oc_json_bool(json_array_get(rows, 0), "wins", true));
    assert_true(oc_json_bool(json_array_get(rows, 1), "wins", false));
    json_decref(rows);
    rows = oc_config_explain(l.config, "store.retention");
    assert_int_equal(json_array_size(rows), 4);
    assert_string_equal(oc_json_str(json_array_get(rows, 1), "value", ""), "5d");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(oc_json_bool(json_array_get(rows, i), "wins", i != 3), i == 3);
    }
    json_decref(rows);
    finish(&l);
}

static void assert_above(const struct oc_config *c, const char *key, const char *expected)
{
    char *above = oc_config_above_file(c, key);
    assert_string_equal(above ? above : "nothing", expected);
    free(above);
}

static void what_goes_above_the_file_is_named(void **state)
{
    (void)state;
    char expected[300];
    const char *file = put_file("above/openclaw.conf", "store = { retention = \"7d\"; };");
    put_file("above/conf.d/x.conf", "\nstore = { retention = \"8d\"; };");
    struct loaded l = load(file, (const char *const[]){"alerts.cooldown=9m", NULL});
    snprintf(expected, sizeof expected, "%s:2", path_of("above/conf.d/x.conf"));
    assert_above(l.config, "store.retention", expected);
    assert_above(l.config, "alerts.cooldown", "flag --set");
    assert_above(l.config, "store.backend", "nothing");
    assert_above(l.config, "", "nothing");
    finish(&l);
}

/* ---- drafts ---- */

static void a_draft_is_read_in_the_place_of_the_file(void **state)
{
    (void)state;
    const char *file = put_file("draft/openclaw.conf", "store = { retention = \"1d\"; };\n");
    struct oc_buf text = {0};
    struct oc_diags diags = {0};
    struct oc_config_source source = {.file = file, .text = &text, .no_environment = true};
    put_file("draft/part.conf", "log = { level = \"debug\"; };\n");
    put_file("draft/conf.d/x.conf", "store = { max_series = 5; };\n");
    oc_buf_adds(&text, "@include \"part.conf\"\nstore = { retention = \"2d\"; };\n");
    struct oc_config *c = oc_config_load(&source, &diags, NULL);
    assert_non_null(c);
    const struct oc_node *node = oc_node_get(oc_config_root(c), "store.retention");
    assert_string_equal(node->string, "2d");
    assert_string_equal(node->file, file);
    assert_int_equal(node->line, 2);
    assert_non_null(oc_node_get(oc_config_root(c), "log.level"));
    assert_non_null(oc_node_get(oc_config_root(c), "store.max_series"));
    oc_config_destroy(c);
    oc_buf_finish(&text);
    oc_diags_finish(&diags);
}

static void a_dropped_built_in_wins_nowhere(void **state)
{
    (void)state;
    struct loaded l =
        load(put_file("s/openclaw.conf", "collectors = ( { plugin = \"a\"; } );"), NULL);
    json_t *rows = oc_config_explain(l.config, "collectors.system.interval");
    assert_int_equal(json_array_size(rows), 1);
    assert_false(oc_json_bool(json_array_get(rows, 0), "wins", true));
    json_decref(rows);
    finish(&l);
}

/* ---- findings ---- */

static void findings_become_json(void **state)
{
    (void)state;
    struct oc_diags diags = {0};
    struct oc_node at = {.file = "x.conf", .line = 7};

    oc_diags_add(&diags, true, &at, "a.b", NULL, "too %s", "loud");
    oc_diags_add(&diags, false, NULL, NULL, "Fix it.", "broken");
    assert_int_equal(oc_diags_errors(&diags), 1);
    assert_json(
        oc_diags_json(&diags),
        "[{\"file\":\"x.conf\",\"hint\":\"\",\"key\":\"a.b\",\"line\":7,\"message\":\"too loud\","
        "\"warning\":true},{\"file\":null,\"hint\":\"Fix it.\",\"key\":\"\",\"line\":0,"
        "\"message\":\"broken\",\"warning\":false}]");
    oc_diags_finish(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_lies_over_the_defaults),
        cmocka_unit_test(conf_d_is_laid_on_in_byte_order),
        cmocka_unit_test(a_flag_wins_over_everything),
        cmocka_unit_test(an_environment_variable_sets_a_scalar),
        cmocka_unit_test(a_flag_that_cannot_be_set_is_a_finding),
        cmocka_unit_test(a_named_file_must_be_there),
        cmocka_unit_test(a_broken_file_of_conf_d_is_an_error_with_its_line),
        cmocka_unit_test(without_a_file_the_defaults_are_in_force),
        cmocka_unit_test(the_file_is_found_by_variable_and_in_the_home),
        cmocka_unit_test(a_home_is_relative_to_its_file_and_built_in_paths_to_the_home),
        cmocka_unit_test(conf_d_of_the_home_is_read_without_a_file),
        cmocka_unit_test(explain_lists_every_layer_and_says_which_wins),
        cmocka_unit_test(explain_follows_an_item_through_its_name),
        cmocka_unit_test(explain_shows_values_inside_a_group_given_as_a_flag),
        cmocka_unit_test(explain_shows_what_each_layer_gave),
        cmocka_unit_test(what_goes_above_the_file_is_named),
        cmocka_unit_test(a_draft_is_read_in_the_place_of_the_file),
        cmocka_unit_test(a_dropped_built_in_wins_nowhere),
        cmocka_unit_test(findings_become_json),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
