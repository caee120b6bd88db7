/* Tests of core/config/edit.c and locate.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

static void assert_edit(const char *before, const char *key, const char *value, const char *after)
{
    struct oc_error err;
    oc_error_init(&err);
    const char *file = put_file("edit.conf", before);
    int rc = oc_config_edit(file, key, value, NULL, NULL, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(rc, 0);
    assert_file(file, after);
}

static void assert_no_edit(const char *text, const char *key, const char *value, int code,
                           const char *what)
{
    struct oc_error err;
    const char *file = put_file("edit.conf", text);
    assert_int_equal(oc_config_edit(file, key, value, NULL, NULL, &err), code);
    if (!strstr(err.message, what)) {
        assert_string_equal(err.message, what);
    }
    assert_file(file, text);
}

static void a_value_is_replaced_and_nothing_else(void **state)
{
    (void)state;
    assert_edit(
        "# my host\nstore = {   # where\n  retention = \"30d\"  ; // days\n  backend = \"x\";\n}\n",
        "store.retention", "7d",
        "# my host\nstore = {   # where\n  retention = \"7d\"  ; // days\n  backend = \"x\";\n}\n");
    assert_edit("a = { b : 1, c = true }", "a.c", "false", "a = { b : 1, c = false }");
    assert_edit("a = \"x\" # one\n \"y\";\n", "a", "z", "a = \"z\";\n");
}

static void a_value_keeps_its_kind(void **state)
{
    (void)state;
    assert_edit("a = \"10MB\";\n", "a", "2048", "a = \"2048\";\n"); /* text stays text */
    assert_edit("a = 1;\n", "a", "5000000000", "a = 5000000000L;\n");
    assert_edit("a = 1;\n", "a", "\"1\"", "a = \"1\";\n");
    assert_edit("a = \"x\";\n", "a", "say \"hi\"", "a = \"say \\\"hi\\\"\";\n");
    assert_edit("a = [200];\n", "a", "[200, 201]", "a = [200, 201];\n");
}

static void a_list_item_is_found_by_name_or_number(void **state)
{
    (void)state;
    static const char before[] = "collectors = (\n"
                                 "  { plugin = \"system\"; interval = \"10s\"; }, # the machine\n"
                                 "  { plugin = \"http\"; name = \"web\"; interval = \"30s\"; }\n"
                                 ");\n";
    static const char after[] = "collectors = (\n"
                                "  { plugin = \"system\"; interval = \"10s\"; }, # the machine\n"
                                "  { plugin = \"http\"; name = \"web\"; interval = \"5s\"; }\n"
                                ");\n";
    assert_edit(before, "collectors[web].interval", "5s", after);
    assert_edit(before, "collectors.web.interval", "5s", after);
    assert_edit(before, "collectors[1].interval", "5s", after);
}

static void a_missing_key_is_added_in_the_style_of_its_group(void **state)
{
    (void)state;
    assert_edit("store = {\n      backend = \"x\"; # keep\n};\n", "store.retention", "7d",
                "store = {\n      backend = \"x\"; # keep\n      retention = \"7d\";\n};\n");
    assert_edit("store = { backend = \"x\"; };\n", "store.retention", "7d",
                "store = { backend = \"x\"; retention = \"7d\"; };\n");
    assert_edit("store = {};\n", "store.retention", "7d", "store = { retention = \"7d\"; };\n");
    assert_edit("store = {\n};\n", "store.retention", "7d",
                "store = {\n    retention = \"7d\";\n};\n");
    assert_edit("store = {\n  a = {\n    b = 1;\n  };\n};\n", "store.a.c", "2",
                "store = {\n  a = {\n    b = 1;\n    c = 2;\n  };\n};\n");
}

static void missing_groups_are_made(void **state)
{
    (void)state;
    assert_edit("", "store.retention", "7d", "store = {\n    retention = \"7d\";\n};\n");
    assert_edit("a = 1;", "b", "2", "a = 1;\nb = 2;\n");
    assert_edit("a = 1;\n# the end\n", "x.y.z", "2",
                "a = 1;\n# the end\nx = {\n    y = {\n        z = 2;\n    };\n};\n");
    assert_edit("s = { a = 1; };", "s.b.c", "2", "s = { a = 1; b = { c = 2; }; };");
}

static void a_setting_is_removed_with_its_line(void **state)
{
    (void)state;
    assert_edit("a = 1;\nb = 2;\nc = 3;\n", "b", NULL, "a = 1;\nc = 3;\n");
    assert_edit("s = { a = 1; b = 2; };\n", "s.b", NULL, "s = { a = 1; };\n");
    assert_edit("a = 1;\nb = 2; # why\nc = 3;\n", "b", NULL, "a = 1;\n# why\nc = 3;\n");
    assert_edit("s = {\n  a = 1;\n  b = (\n    1,\n    2\n  );\n};\n", "s.b", NULL,
                "s = {\n  a = 1;\n};\n");
}

static void what_cannot_be_edited_is_said_and_left_alone(void **state)
{
    (void)state;
    assert_no_edit("a = 1;\n", "b", NULL, OC_E_NOT_FOUND, "b is not set in ");
    assert_no_edit("a = 1;\n", "a.b", "2", OC_E_NOT_FOUND, "a.b: no place for it in ");
    assert_no_edit("a = ({ plugin = \"x\"; });\n", "a[7].b", "2", OC_E_NOT_FOUND,
                   "a[7].b: no item \"7\"");
    assert_no_edit("a = 1;\n", "a..b", "2", OC_E_CONFIG, "a..b: not a key");
    assert_no_edit("a = 1;\n", "", "2", OC_E_CONFIG, ": not a key");
    assert_no_edit("a = 1;\n", "b c", "2", OC_E_CONFIG, "b c: \"b c\" cannot be added");
    assert_no_edit("a = 1;\n", "l[0]", "2", OC_E_CONFIG, "l[0]: \"0\" cannot be added");
    assert_no_edit("a = 1;\n", "a", "[1", OC_E_CONFIG, "a: value:1: `[` is never closed");
    assert_no_edit("a = 1;\n", "a", "\"x\"; b = 2", OC_E_CONFIG, "a: value:1: expected one value");
    assert_no_edit("a = 1;\n", "a.token", "[hunter2]", OC_E_NOT_FOUND, "no place for it");
    assert_no_edit("b = 1;\n", "a.token", "[hunter2]", OC_E_CONFIG,
                   "a.token: value:1: expected a value, found what is not shown");
    assert_no_edit("b = 1;\n", "a.token", "{ x = 1; y = hunter2; }", OC_E_CONFIG,
                   "a.token: value:1: expected a value, found what is not shown");
    assert_no_edit("a = = 1;\n", "a", "2", OC_E_CONFIG, ":1: expected a value, found `=`");
}

static void a_comment_is_no_place_for_a_setting(void **state)
{
    (void)state;
    assert_edit(
        "store = {\n  backend = \"x\"; /* kept,\n     see docs */\n};\n", "store.retention", "7d",
        "store = {\n  backend = \"x\"; /* kept,\n     see docs */\n  retention = \"7d\";\n};\n");
    assert_edit("store = {\n  b = 1; /* x */ # y\n  // z\n};\n", "store.c", "2",
                "store = {\n  b = 1; /* x */ # y\n  c = 2;\n  // z\n};\n");
    assert_edit("s = { /* a\n b */ };\n", "s.c", "2", "s = { /* a\n b */ \n    c = 2;\n};\n");
    assert_edit("s = {\n  b = 1; /* a\n b */ };\n", "s.c", "2",
                "s = {\n  b = 1; /* a\n b */ \n  c = 2;\n};\n");
}

static void an_item_of_a_list_is_taken_out(void **state)
{
    (void)state;
    static const char before[] = "collectors = (\n"
                                 "  { plugin = \"system\"; },\n"
                                 "  { plugin = \"http\"; name = \"web\"; },\n"
                                 "  { plugin = \"tcp\"; }\n"
                                 ");\n";
    static const char first[] = "collectors = (\n"
                                "  { plugin = \"http\"; name = \"web\"; },\n"
                                "  { plugin = \"tcp\"; }\n"
                                ");\n";
    static const char second[] = "collectors = (\n"
                                 "  { plugin = \"system\"; },\n"
                                 "  { plugin = \"tcp\"; }\n"
                                 ");\n";
    assert_edit(before, "collectors[web]", NULL, second);
    assert_edit(before, "collectors[0]", NULL, first);
    assert_edit("a = [1, 2, 3];\n", "a[1]", NULL, "a = [1, 3];\n");
    assert_edit("a = ( { b = 1; } );\n", "a[0]", NULL, "a = ( );\n");
}

static void a_key_of_an_included_file_is_not_doubled(void **state)
{
    (void)state;
    put_file("other.conf", "store = { retention = \"1d\"; };\n");
    assert_no_edit("@include \"other.conf\"\n", "store.retention", "2d", OC_E_CONFIG,
                   "this name is already set");
}

static int refuse(void *ctx, const struct oc_config_draft *draft, struct oc_error *err)
{
    *(int64_t *)ctx = oc_node_get(draft->root, "a")->integer;
    assert_int_equal(oc_node_get(draft->old_root, "a")->integer, 1);
    assert_string_equal(draft->text->data, "a = 2;\n");
    assert_string_equal(draft->old_text->data, "a = 1;\n");
    return oc_error_set(err, OC_E_CONFIG, "a must be odd");
}

static int want_number(void *ctx, const struct oc_config_draft *draft, struct oc_error *err)
{
    const struct oc_node *a = oc_node_get(draft->root, "a");
    ++*(int *)ctx;
    return a && a->type == OC_NODE_INT ? OC_OK
                                       : oc_error_set(err, OC_E_CONFIG, "expected a number");
}

static void a_number_takes_the_place_of_a_string_that_should_have_been_one(void **state)
{
    (void)state;
    struct oc_error err;
    int checks = 0;
    const char *file = put_file("check.conf", "a = \"ninety\"; # x\n");
    assert_int_equal(oc_config_edit(file, "a", "90", want_number, &checks, &err), OC_OK);
    assert_file(file, "a = 90; # x\n");
    assert_int_equal(checks, 2);
    put_file("check.conf", "a = \"ninety\"; # x\n");
    assert_int_equal(oc_config_edit(file, "a", "full", want_number, &checks, &err), OC_E_CONFIG);
    assert_int_equal(checks, 3);
    assert_int_equal(oc_config_edit(file, "a", "91", NULL, NULL, &err), OC_OK);
    assert_file(file, "a = \"91\"; # x\n");
}

static void what_the_check_refuses_is_not_written(void **state)
{
    (void)state;
    struct oc_error err;
    int64_t seen = 0;
    const char *file = put_file("check.conf", "a = 1;\n");
    assert_int_equal(oc_config_edit(file, "a", "2", refuse, &seen, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "a must be odd");
    assert_int_equal(seen, 2);
    assert_file(file, "a = 1;\n");
}

static void mode_and_links_survive(void **state)
{
    (void)state;
    struct stat st;
    const char *file = put_file("real.conf", "a = 1;\n"), *link = path_of("link.conf");
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(symlink("real.conf", link), 0);
    assert_int_equal(oc_config_edit(link, "a", "2", NULL, NULL, NULL), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_file(file, "a = 2;\n");
}

/* Relative to the folder of the name, as for the loader. */
static void what_a_linked_file_includes_is_beside_the_link(void **state)
{
    (void)state;
    put_file("linked/part.conf", "b = 1;\n");
    put_file("behind/main.conf", "@include \"part.conf\"\na = 1;\n");
    assert_int_equal(symlink("../behind/main.conf", path_of("linked/main.conf")), 0);
    assert_int_equal(oc_config_edit(path_of("linked/main.conf"), "a", "2", NULL, NULL, NULL), 0);
    assert_file(path_of("behind/main.conf"), "@include \"part.conf\"\na = 2;\n");
}

static void a_link_to_nowhere_is_left_alone(void **state)
{
    (void)state;
    struct oc_error err;
    const char *link = path_of("dangling.conf");
    struct stat st;
    assert_int_equal(symlink("not-there.conf", link), 0);
    assert_int_equal(oc_config_edit(link, "a", "2", NULL, NULL, &err), OC_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "is a link to a file that is not there"));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_false(oc_file_exists(path_of("not-there.conf")));
}

/* A check during which somebody else writes the file `ctx`. */
static int meddle(void *ctx, const struct oc_config_draft *draft, struct oc_error *err)
{
    (void)draft, (void)err;
    return oc_file_write(ctx, "a = 9;\n", 7, 0600, NULL);
}

static void what_others_write_meanwhile_is_not_lost(void **state)
{
    (void)state;
    static const char *const befores[] = {"a = 1;\n", NULL};
    for (size_t i = 0; i < OC_COUNT(befores); i++) {
        struct oc_error err;
        const char *file =
            befores[i] ? put_file("busy.conf", befores[i]) : path_of("busy-new.conf");
        assert_int_equal(oc_config_edit(file, "a", "2", meddle, (void *)(uintptr_t)file, &err),
                         OC_E_CONFLICT);
        assert_file(file, "a = 9;\n");
    }
}

static void the_first_setting_makes_a_private_file(void **state)
{
    (void)state;
    struct stat st;
    const char *file = path_of("new/folder/new.conf");
    assert_int_equal(oc_config_edit(file, "host.name", "edge-1", NULL, NULL, NULL), 0);
    assert_file(file, "host = {\n    name = \"edge-1\";\n};\n");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_replaced_and_nothing_else),
        cmocka_unit_test(a_value_keeps_its_kind),
        cmocka_unit_test(a_list_item_is_found_by_name_or_number),
        cmocka_unit_test(a_missing_key_is_added_in_the_style_of_its_group),
        cmocka_unit_test(missing_groups_are_made),
        cmocka_unit_test(a_setting_is_removed_with_its_line),
        cmocka_unit_test(what_cannot_be_edited_is_said_and_left_alone),
        cmocka_unit_test(a_key_of_an_included_file_is_not_doubled),
        cmocka_unit_test(a_number_takes_the_place_of_a_string_that_should_have_been_one),
        cmocka_unit_test(what_the_check_refuses_is_not_written),
        cmocka_unit_test(a_comment_is_no_place_for_a_setting),
        cmocka_unit_test(an_item_of_a_list_is_taken_out),
        cmocka_unit_test(mode_and_links_survive),
        cmocka_unit_test(what_a_linked_file_includes_is_beside_the_link),
        cmocka_unit_test(a_link_to_nowhere_is_left_alone),
        cmocka_unit_test(what_others_write_meanwhile_is_not_lost),
        cmocka_unit_test(the_first_setting_makes_a_private_file),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
