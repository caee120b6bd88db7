/* Tests of core/config/secret.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include "core/config/bind.h"

static const struct oc_option options[] = {{.name = "secret", .type = OC_OPT_SECRET}, {0}};
static const char *secret;

/* Binds { secret = "<text>"; } written in a file with this mode; the findings are checked. */
static void bind_secret(const char *text, mode_t mode, const char *expected)
{
    static struct oc_arena arena;
    struct oc_diags diags = {0};
    struct oc_error err;
    char *conf = oc_asprintf("secret = \"%s\";\n", text);
    const char *file = put_file("main.conf", conf);

    free(conf);
    oc_arena_finish(&arena);
    assert_int_equal(chmod(file, mode), 0);
    const struct oc_node *root = oc_config_parse_file(&arena, file, OC_LAYER_FILE, &err);
    assert_non_null(root);
    secret = NULL;
    oc_bind(options, sizeof options[0], root, "", NULL, &secret, sizeof secret, &arena, &diags);
    for (size_t i = 0; i < diags.list.count; i++) { /* the folder's name is random */
        free(diags.list.items[i].file);
        diags.list.items[i].file = oc_strdup("f");
    }
    assert_findings(&diags, expected);
}

static void a_variable_gives_the_secret(void **state)
{
    (void)state;
    setenv("OC_TEST_SECRET", "hunter2", 1);
    bind_secret("$env:OC_TEST_SECRET", 0644, "");
    assert_string_equal(secret, "hunter2");
    unsetenv("OC_TEST_SECRET");
}

static void a_missing_variable_is_named(void **state)
{
    (void)state;
    unsetenv("OC_TEST_SECRET");
    bind_secret("$env:OC_TEST_SECRET", 0600,
                "f:1: secret: the environment variable OC_TEST_SECRET is not set\n"
                "  Set it in the environment of the program, or use \"$file:PATH\".\n");
    assert_null(secret);
    setenv("OC_TEST_SECRET", "", 1);
    bind_secret("$env:OC_TEST_SECRET", 0600,
                "f:1: secret: the environment variable OC_TEST_SECRET is empty\n"
                "  Set it in the environment of the program, or use \"$file:PATH\".\n");
    unsetenv("OC_TEST_SECRET");
}

/* A check runs in another environment than the daemon. */
static void a_variable_of_another_process_is_a_warning_and_stands_in(void **state)
{
    (void)state;
    static const struct oc_option needed[] = {
        {.name = "secret", .type = OC_OPT_SECRET, .flags = OC_OPT_REQUIRED}, {0}};
    struct oc_arena arena = {0};
    struct oc_diags diags = {.of_another = true};
    struct oc_node *root = must_parse(&arena, "secret = \"$env:OC_TEST_SECRET\";");
    unsetenv("OC_TEST_SECRET");
    assert_int_equal(
        oc_bind(needed, sizeof needed[0], root, "", NULL, &secret, sizeof secret, &arena, &diags),
        0);
    assert_string_equal(secret, "$env:OC_TEST_SECRET");
    assert_findings(&diags,
                    "t.conf:1: secret: (warning) the environment variable OC_TEST_SECRET is "
                    "not set here\n  The daemon must have it in its environment.\n");
    oc_arena_finish(&arena);
}

static void a_file_gives_the_secret_without_its_last_newline(void **state)
{
    (void)state;
    put_file("key", "  hunter2 \r\n\n");
    bind_secret("$file:key", 0600, "");
    assert_string_equal(secret, "  hunter2 ");
}

static void a_file_that_everybody_can_read_is_refused(void **state)
{
    (void)state;
    char expected[700];
    const char *path = put_file("key", "hunter2\n");
    assert_int_equal(chmod(path, 0644), 0);
    snprintf(expected, sizeof expected,
             "f:1: secret: the secret file %s can be read by everybody (mode 0644)\n"
             "  Run `chmod 600 %s`.\n",
             path, path);
    bind_secret("$file:key", 0600, expected);
    assert_null(secret);
}

static void a_file_that_is_missing_empty_or_binary_is_said(void **state)
{
    (void)state;
    char expected[1400];
    const char *path = put_file("empty", "\n");
    snprintf(expected, sizeof expected, "f:1: secret: the secret file %s is empty\n", path);
    bind_secret("$file:empty", 0600, expected);

    path = path_of("binary");
    assert_int_equal(oc_file_write(path, "a\0b", 3, 0600, NULL), 0);
    snprintf(expected, sizeof expected, "f:1: secret: the secret file %s is not a text\n", path);
    bind_secret("$file:binary", 0600, expected);

    struct oc_error err;
    struct oc_buf nothing = {0};
    oc_file_read(path_of("gone"), 1, &nothing, &err);
    snprintf(expected, sizeof expected, "f:1: secret: %s\n%s%s%s", err.message,
             *err.hint ? "  " : "", err.hint, *err.hint ? "\n" : "");
    bind_secret("$file:gone", 0600, expected);
}

static void a_plain_secret_is_fine_in_a_private_file_only(void **state)
{
    (void)state;
    bind_secret("hunter2", 0600, "");
    assert_string_equal(secret, "hunter2");
    bind_secret("hunter2", 0644,
                "f:1: secret: (warning) a secret stands in a file that everybody can read\n"
                "  Use \"$env:NAME\" or \"$file:PATH\", or run chmod 600.\n");
    assert_string_equal(secret, "hunter2");
    bind_secret("", 0644, "");
}

/* ---- in a map ---- */

static const struct oc_option maps[] = {
    {.name = "headers", .type = OC_OPT_MAP, .flags = OC_OPT_SENSITIVE},
    {.name = "labels", .type = OC_OPT_MAP, .offset = sizeof(struct oc_list)},
    {.name = "more",
     .type = OC_OPT_MAP,
     .flags = OC_OPT_SENSITIVE,
     .offset = 2 * sizeof(struct oc_list),
     .default_text = "{ X = \"$env:OC_TEST_SECRET\"; }"},
    {0}};
struct bound {
    struct oc_list headers, labels, more;
};

static const char *value_of(const struct oc_list *map, const char *name)
{
    const struct oc_pair *pairs = map->items;
    for (uint64_t i = 0; i < map->count; i++) {
        if (strcmp(pairs[i].name, name) == 0) {
            return pairs[i].value;
        }
    }
    return NULL;
}

static void what_a_map_refers_to_is_read_where_it_may_be_a_secret(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct bound b;
    char *conf = oc_asprintf("headers = { A = \"$env:OC_TEST_SECRET\"; B = \"$file:%s\"; C = "
                             "\"plain\"; D = 5; };\nlabels = { A = \"$env:OC_TEST_SECRET\"; };",
                             put_file("key", "Bearer x\n"));
    setenv("OC_TEST_SECRET", "hunter2", 1);
    const struct oc_node *root = must_parse(&arena, conf);
    oc_bind(maps, sizeof maps[0], root, "", NULL, &b, sizeof b, &arena, &diags);
    assert_findings(&diags, "");
    assert_string_equal(value_of(&b.headers, "A"), "hunter2");
    assert_string_equal(value_of(&b.headers, "B"), "Bearer x");
    assert_string_equal(value_of(&b.headers, "C"), "plain");
    assert_string_equal(value_of(&b.headers, "D"), "5");
    assert_string_equal(value_of(&b.labels, "A"), "$env:OC_TEST_SECRET");
    assert_string_equal(value_of(&b.more, "X"), "$env:OC_TEST_SECRET"); /* the table's own words */
    unsetenv("OC_TEST_SECRET");
    free(conf);
    oc_arena_finish(&arena);
}

static void what_a_map_refers_to_and_is_not_there_is_said(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct bound b;
    unsetenv("OC_TEST_SECRET");
    const struct oc_node *root =
        must_parse(&arena, "headers = {\nA = \"$env:OC_TEST_SECRET\"; B = \"b\"; };");
    assert_int_equal(oc_bind(maps, sizeof maps[0], root, "", NULL, &b, sizeof b, &arena, &diags),
                     1);
    assert_findings(&diags,
                    "t.conf:2: headers.A: the environment variable OC_TEST_SECRET is not set\n"
                    "  Set it in the environment of the program, or use \"$file:PATH\".\n");
    assert_int_equal(b.headers.count, 1);
    oc_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_gives_the_secret),
        cmocka_unit_test(a_missing_variable_is_named),
        cmocka_unit_test(a_variable_of_another_process_is_a_warning_and_stands_in),
        cmocka_unit_test(a_file_gives_the_secret_without_its_last_newline),
        cmocka_unit_test(a_file_that_everybody_can_read_is_refused),
        cmocka_unit_test(a_file_that_is_missing_empty_or_binary_is_said),
        cmocka_unit_test(a_plain_secret_is_fine_in_a_private_file_only),
        cmocka_unit_test(what_a_map_refers_to_is_read_where_it_may_be_a_secret),
        cmocka_unit_test(what_a_map_refers_to_and_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
