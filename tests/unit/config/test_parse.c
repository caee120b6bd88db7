/* Tests of core/config/parse.c, source.c and lex.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

static struct oc_arena arena;

static int finish_arena(void **state)
{
    (void)state;
    oc_arena_finish(&arena);
    return 0;
}

static void assert_refused(const char *text, const char *message, const char *hint)
{
    struct oc_error err;
    assert_null(parse_text(&arena, text, &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_string_equal(err.message, message);
    assert_string_equal(err.hint, hint);
}

static void every_value_knows_its_line(void **state)
{
    (void)state;
    const struct oc_node *root = must_parse(&arena, "# first\n"
                                                    "a = 1;\n"
                                                    "b = {\n"
                                                    "    // inner\n"
                                                    "    c = \"x\"; /* one\n"
                                                    "    two */ d = true;\n"
                                                    "};\n"
                                                    "e = (\n"
                                                    "    { f = 1; },\n"
                                                    "    { f = 2; }\n"
                                                    ");\n");
    assert_int_equal(oc_node_get(root, "a")->line, 2);
    assert_int_equal(oc_node_get(root, "b")->line, 3);
    assert_int_equal(oc_node_get(root, "b.c")->line, 5);
    assert_int_equal(oc_node_get(root, "b.d")->line, 6);
    assert_int_equal(oc_node_get(root, "e[1]")->line, 10);
    assert_int_equal(oc_node_get(root, "e[1].f")->line, 10);
    assert_string_equal(oc_node_get(root, "e[1].f")->file, "t.conf");
    assert_string_equal(oc_node_get(root, "a")->dir, "/etc/t");
}

static void integers_keep_all_their_bits(void **state)
{
    (void)state;
    const struct oc_node *root =
        must_parse(&arena, "a = 99999999999; b = -99999999999; c = 0xFFFFFFFF; d = 5L; e = +7;\n"
                           "f = 9223372036854775807; g = 2147483648; h = 010;");
    assert_true(oc_node_get(root, "a")->integer == INT64_C(99999999999));
    assert_true(oc_node_get(root, "b")->integer == INT64_C(-99999999999));
    assert_true(oc_node_get(root, "c")->integer == INT64_C(0xFFFFFFFF));
    assert_int_equal(oc_node_get(root, "d")->integer, 5);
    assert_int_equal(oc_node_get(root, "e")->integer, 7);
    assert_true(oc_node_get(root, "f")->integer == INT64_MAX);
    assert_true(oc_node_get(root, "g")->integer == INT64_C(2147483648));
    assert_int_equal(oc_node_get(root, "h")->integer, 10);
}

static void numbers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    assert_refused("a = 1;\nb = 9223372036854775808;",
                   "t.conf:2: the number `9223372036854775808` is too large", "");
    assert_refused("a = 1e999;", "t.conf:1: the number `1e999` is too large", "");
}

static void lists_may_mix_types_and_end_with_a_comma(void **state)
{
    (void)state;
    const struct oc_node *root =
        must_parse(&arena, "a = [1, 2.5, \"x\",]; b = ( 1, { c = 2; }, # last\n ); d = [];");
    assert_json(oc_node_json(root), "{\"a\":[1,2.5,\"x\"],\"b\":[1,{\"c\":2}],\"d\":[]}");
}

static void strings_may_come_in_pieces_and_hold_brackets(void **state)
{
    (void)state;
    const struct oc_node *root =
        must_parse(&arena, "a = \"x{[(\" /* c */ \"y\\\"}\" # \"\n \"\\\\\"; b = \"\\x41\";");
    assert_string_equal(oc_node_get(root, "a")->string, "x{[(y\"}\\");
    assert_string_equal(oc_node_get(root, "b")->string, "A");
}

static void separators_are_optional_as_in_libconfig(void **state)
{
    (void)state;
    assert_json(oc_node_json(must_parse(&arena, "\xef\xbb\xbf"
                                                "a=1 b:2, c={d=1}")),
                "{\"a\":1,\"b\":2,\"c\":{\"d\":1}}");
    assert_json(oc_node_json(must_parse(&arena, "")), "{}");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_refused("a = 1;\nwait = 10s;\n", "t.conf:2: expected a value, found `10s`",
                   "Write text in quotation marks: \"10s\".");
    assert_refused("a = sqlite;", "t.conf:1: expected a value, found `sqlite`",
                   "Write text in quotation marks: \"sqlite\".");
    assert_refused("a = ;", "t.conf:1: expected a value, found `;`", "");
    assert_refused("a\n= {\n b = 1;\n", "t.conf:2: `{` is never closed", "");
    assert_refused("a = (1, 2\nb = 3;", "t.conf:2: expected `,` or `)`, found `b`", "");
    assert_refused("a = {\n b = (1, 2};\n",
                   "t.conf:2: expected `)` for the `(` of line 2, found `}`", "");
    assert_refused("a = 1;\n}", "t.conf:2: `}` closes nothing", "");
    assert_refused("a = 1;;", "t.conf:1: expected a name, found `;`", "");
    assert_refused("a 1;", "t.conf:1: expected `=` after the name, found `1`", "");
    assert_refused("a =", "t.conf:1: expected a value, found the end of the file", "");
    assert_refused("a = 1;\nb = \"x;\nc = 2;\n", "t.conf:2: a string is never closed", "");
    assert_refused("/* a = 1;", "t.conf:1: a comment is never closed", "");
    assert_refused("a = 'x';", "t.conf:1: unexpected `'`",
                   "Strings are written in double quotation marks.");
    assert_refused("1a = 2;", "t.conf:1: expected a name, found `1a`",
                   "A name begins with a letter; letters, digits, _ and - follow.");
    assert_refused("a = 1 \"x\";", "t.conf:1: expected `;`, found `\"x\"`", "");
    assert_refused("a = 1;\n\na = 2;", "t.conf:3: this name is already set in the same group", "");
}

static void what_may_be_a_secret_is_in_no_message(void **state)
{
    (void)state;
    assert_refused("password = hunter2;",
                   "t.conf:1: expected a value, found what is not shown: it may be a secret",
                   "Write text in quotation marks.");
    assert_refused("headers = { Authorization = Bearer; };",
                   "t.conf:1: expected a value, found what is not shown: it may be a secret",
                   "Write text in quotation marks.");
    assert_refused("tokens = [ \"a\", hunter2 ];",
                   "t.conf:1: expected a value, found what is not shown: it may be a secret",
                   "Write text in quotation marks.");
    assert_refused(
        "password \"hunter2\";",
        "t.conf:1: expected `=` after the name, found what is not shown: it may be a secret", "");
    assert_refused("api_key = 99999999999999999999;", "t.conf:1: the number is too large", "");
    assert_refused("password = 12 34x;",
                   "t.conf:1: expected a name, found what is not shown: it may be a secret",
                   "A name begins with a letter; letters, digits, _ and - follow.");
    assert_refused("password = \"x\";\nwait = 10s;", "t.conf:2: expected a value, found `10s`",
                   "Write text in quotation marks: \"10s\".");
}

static void a_zero_byte_is_refused_however_it_is_written(void **state)
{
    (void)state;
    assert_refused("a = 1;\nb = \"x\\x00y\";", "t.conf:2: a string cannot hold a zero byte", "");
    assert_refused("b = \"x\" \"\\\\\\x00\";", "t.conf:1: a string cannot hold a zero byte", "");
    const struct oc_node *root = must_parse(&arena, "a = \"x\\\\x00\"; b = \"\\x01\\x0a\";");
    assert_string_equal(oc_node_get(root, "a")->string, "x\\x00");
    assert_string_equal(oc_node_get(root, "b")->string, "\x01\n");
}

static void bytes_that_are_not_text_are_refused(void **state)
{
    (void)state;
    struct oc_parse_from from = {.file = "b.conf", .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;

    assert_null(oc_config_parse(&arena, "a = 1;\nb\0 = 2;", 14, &from, &err));
    assert_string_equal(err.message, "b.conf:2: not a text in UTF-8");
    assert_refused("a = \"\xff\";", "t.conf:1: not a text in UTF-8", "Save the file as UTF-8.");
    const struct oc_node *root = must_parse(&arena, "a = \"\\xff\";"); /* by an escape */
    assert_string_equal(oc_node_get(root, "a")->string, "\xef\xbf\xbd");
}

/* ---- bounds ---- */

static void nesting_is_bounded(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    for (int i = 0; i < 100000; i++) {
        oc_buf_adds(&text, "a={");
    }
    assert_refused(text.data, "t.conf:1: groups and lists nest deeper than 32 levels", "");
    oc_buf_clear(&text);
    oc_buf_adds(&text, "a=");
    for (int i = 0; i < OC_CONFIG_MAX_DEPTH; i++) {
        oc_buf_adds(&text, "(");
    }
    for (int i = 0; i < OC_CONFIG_MAX_DEPTH; i++) {
        oc_buf_adds(&text, ")");
    }
    must_parse(&arena, text.data);
    oc_buf_finish(&text);
}

static void size_is_bounded(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    while (text.len <= OC_CONFIG_MAX_BYTES) {
        oc_buf_adds(&text, "# nothing here\n");
    }
    assert_refused(text.data, "t.conf:1: larger than 1048576 bytes with what it includes", "");
    oc_buf_finish(&text);
}

static void the_keys_of_one_group_are_bounded(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    for (int i = 0; i <= OC_CONFIG_MAX_KEYS; i++) {
        oc_buf_addf(&text, "k%d = 1;\n", i);
    }
    assert_refused(text.data, "t.conf:1025: more than 1024 keys in one group", "");
    oc_buf_finish(&text);
}

/* ---- includes ---- */

static const struct oc_node *parse_file(const char *path, struct oc_error *err)
{
    oc_error_init(err);
    return oc_config_parse_file(&arena, path, OC_LAYER_FILE, err);
}

static void an_include_is_relative_to_the_file_that_names_it(void **state)
{
    (void)state;
    struct oc_error err;
    put_file("sub/deep.conf", "deep = \"here\"; # no newline at the end");
    put_file("sub/one.conf", "one = 1;\n@include \"deep.conf\"\nafter = 2;");
    const char *main_file = put_file("main.conf", "a = 1;\n  @include \"sub/one.conf\"\nb = 2;\n");
    const struct oc_node *root = parse_file(main_file, &err);

    assert_string_equal(err.message, "");
    assert_string_equal(oc_node_get(root, "deep")->string, "here");
    assert_string_equal(oc_node_get(root, "deep")->file, path_of("sub/deep.conf"));
    assert_string_equal(oc_node_get(root, "deep")->dir, path_of("sub"));
    assert_int_equal(oc_node_get(root, "deep")->line, 1);
    assert_int_equal(oc_node_get(root, "after")->line, 3);
    assert_string_equal(oc_node_get(root, "b")->file, main_file);
    assert_int_equal(oc_node_get(root, "b")->line, 3);
}

static void an_error_names_the_included_file(void **state)
{
    (void)state;
    struct oc_error err;
    char message[600];

    put_file("bad.conf", "\n\nx = = 1;\n");
    const char *main_file = put_file("main.conf", "a = 1;\n@include \"bad.conf\"\n");
    assert_null(parse_file(main_file, &err));
    snprintf(message, sizeof message, "%s:3: expected a value, found `=`", path_of("bad.conf"));
    assert_string_equal(err.message, message);
}

static void a_missing_include_names_the_line_that_wants_it(void **state)
{
    (void)state;
    struct oc_error err;
    char begin[600];

    const char *main_file = put_file("main.conf", "a = 1;\n@include \"gone.conf\"\n");
    assert_null(parse_file(main_file, &err));
    assert_int_equal(err.code, OC_E_NOT_FOUND);
    snprintf(begin, sizeof begin, "%s:2: include: ", main_file);
    assert_true(oc_starts(err.message, begin));
}

static void a_file_that_includes_itself_is_refused(void **state)
{
    (void)state;
    struct oc_error err;
    const char *main_file = put_file("loop.conf", "@include \"loop.conf\"\n");
    assert_null(parse_file(main_file, &err));
    assert_non_null(strstr(err.message, "too many includes"));
    assert_string_equal(err.hint, "Does a file include itself?");
}

static void many_includes_are_bounded_in_sum(void **state)
{
    (void)state;
    struct oc_error err;
    struct oc_buf text = {0};

    while (text.len < OC_CONFIG_MAX_BYTES / 2) {
        oc_buf_adds(&text, "# half\n");
    }
    put_file("half.conf", text.data);
    assert_null(parse_file(
        put_file("main.conf", "@include \"half.conf\"\n@include \"half.conf\"\n"), &err));
    assert_non_null(strstr(err.message, "larger than"));
    oc_buf_finish(&text);
}

static void brackets_do_not_span_files(void **state)
{
    (void)state;
    struct oc_error err;
    put_file("open.conf", "b = 1; }");
    assert_null(parse_file(put_file("main.conf", "a = {\n@include \"open.conf\"\n"), &err));
    assert_non_null(strstr(err.message, "open.conf:1: `}` closes nothing"));
}

static void an_include_from_text_alone_is_refused(void **state)
{
    (void)state;
    assert_refused("a = 1;\n@include \"/etc/passwd\"\n", "t.conf:2: an include is not allowed here",
                   "");
    assert_refused("a = 1; @include \"x\"\n", "t.conf:1: unexpected `@`", "");
}

/* ---- single values ---- */

static void a_bare_value_is_what_it_looks_like(void **state)
{
    (void)state;
    struct oc_parse_from from = {.file = "flag", .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;
    static const char *const cases[][2] = {
        {"10", "10"},
        {"-3", "-3"},
        {"0.5", "0.5"},
        {"true", "true"},
        {"sqlite", "\"sqlite\""},
        {"10s", "\"10s\""},
        {"007", "\"007\""},
        {"1.50", "\"1.50\""},
        {"", "\"\""},
        {"\"10\"", "\"10\""},
        {"[1, 2]", "[1,2]"},
        {"{ a = 1; }", "{\"a\":1}"},
        {"TRUE", "\"TRUE\""},
        {"1e999", "\"1e999\""},
        {"99999999999", "99999999999"},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        const struct oc_node *node = oc_config_value(&arena, "k", cases[i][0], &from, &err);
        assert_non_null(node);
        json_t *json = oc_node_json(node);
        char *found = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        assert_string_equal(found, cases[i][1]);
        free(found);
        json_decref(json);
    }
}

static void a_value_cannot_bring_a_second_key(void **state)
{
    (void)state;
    struct oc_parse_from from = {.file = "flag", .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;
    assert_null(oc_config_value(&arena, "k", "\"a\"; b = 1", &from, &err));
    assert_string_equal(err.message, "flag:1: expected one value");
    assert_null(oc_config_value(&arena, "k", "[1", &from, &err));
    assert_string_equal(err.message, "flag:1: `[` is never closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_value_knows_its_line, finish_arena),
        cmocka_unit_test_teardown(integers_keep_all_their_bits, finish_arena),
        cmocka_unit_test_teardown(numbers_that_do_not_fit_are_refused, finish_arena),
        cmocka_unit_test_teardown(lists_may_mix_types_and_end_with_a_comma, finish_arena),
        cmocka_unit_test_teardown(strings_may_come_in_pieces_and_hold_brackets, finish_arena),
        cmocka_unit_test_teardown(separators_are_optional_as_in_libconfig, finish_arena),
        cmocka_unit_test_teardown(mistakes_are_named, finish_arena),
        cmocka_unit_test_teardown(what_may_be_a_secret_is_in_no_message, finish_arena),
        cmocka_unit_test_teardown(a_zero_byte_is_refused_however_it_is_written, finish_arena),
        cmocka_unit_test_teardown(bytes_that_are_not_text_are_refused, finish_arena),
        cmocka_unit_test_teardown(nesting_is_bounded, finish_arena),
        cmocka_unit_test_teardown(size_is_bounded, finish_arena),
        cmocka_unit_test_teardown(the_keys_of_one_group_are_bounded, finish_arena),
        cmocka_unit_test_teardown(an_include_is_relative_to_the_file_that_names_it, finish_arena),
        cmocka_unit_test_teardown(an_error_names_the_included_file, finish_arena),
        cmocka_unit_test_teardown(a_missing_include_names_the_line_that_wants_it, finish_arena),
        cmocka_unit_test_teardown(a_file_that_includes_itself_is_refused, finish_arena),
        cmocka_unit_test_teardown(many_includes_are_bounded_in_sum, finish_arena),
        cmocka_unit_test_teardown(brackets_do_not_span_files, finish_arena),
        cmocka_unit_test_teardown(an_include_from_text_alone_is_refused, finish_arena),
        cmocka_unit_test_teardown(a_bare_value_is_what_it_looks_like, finish_arena),
        cmocka_unit_test_teardown(a_value_cannot_bring_a_second_key, finish_arena),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
