/* Tests of core/package/author/subst.c: values stay values. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/author/subst.h"

#define NASTY "a\"b\\c'd */ ${x} `y` <z> ?\?/ : #"

static json_t *vars_with(const char *value)
{
    return json_pack("{s:s,s:s,s:s}", "word", "spool", "nasty", value, "empty", "");
}

/* `expected` NULL: it is refused. */
static void expect(const char *path, const char *text, const char *value, const char *expected)
{
    struct oc_buf out = {0};
    struct oc_error err;
    json_t *vars = vars_with(value);
    oc_error_init(&err);
    const int code = oc_subst_text(path, text, strlen(text), vars, NULL, &out, &err);
    if (expected) {
        assert_string_equal(err.message, "");
        assert_string_equal(out.data ? out.data : "", expected);
    } else {
        assert_int_equal(code, OC_E_CONFIG);
        assert_non_null(strstr(err.message, path));
    }
    oc_buf_finish(&out);
    json_decref(vars);
}

static void words_are_put_in_everywhere(void **state)
{
    (void)state;
    expect("x.c", "int {{word}} = 1; /* {{ word }} */", "", "int spool = 1; /* spool */");
    expect("x.md", "# {{word}}{{empty}}!", "", "# spool!");
    expect("x.json", "{\"{{word}}\": 1}", "", "{\"spool\": 1}");
}

static void unknown_variables_stay_and_are_named_once(void **state)
{
    struct oc_buf out = {0};
    (void)state;
    static const char text[] = "{{other}} {{other}} ${{ a.b }} {{}} {{{word}}} {{word";
    json_t *vars = vars_with(""), *unknown = json_array();
    assert_int_equal(oc_subst_text("x.md", text, strlen(text), vars, unknown, &out, NULL), OC_OK);
    assert_string_equal(out.data, "{{other}} {{other}} ${{ a.b }} {{}} {spool} {{word");
    assert_int_equal(json_array_size(unknown), 1);
    oc_buf_finish(&out);
    json_decref(vars);
    json_decref(unknown);
}

static void values_are_not_looked_through_again(void **state)
{
    (void)state;
    expect("x.md", "{{nasty}}", "{{word}}", "{{word}}");
}

static void in_c_strings_values_are_escaped(void **state)
{
    (void)state;
    expect("x.c", "char *s = \"{{nasty}}\";", "a\"b\\c'd ?\?/",
           "char *s = \"a\\\"b\\\\c\\'d ?\\?/\";");
    expect("x.cpp", "auto s = \"\\\"{{nasty}}\";", "a\"", "auto s = \"\\\"a\\\"\";");
    expect("x.c", "char c = '\"'; char *s = \"{{nasty}}\";", "\"",
           "char c = '\"'; char *s = \"\\\"\";");
}

static void in_comments_values_end_nothing(void **state)
{
    (void)state;
    expect("x.c", "/* {{nasty}} */", "a */ b \"c\"", "/* a * / b \"c\" */");
    expect("x.c", "/* {{nasty}} */", "a *\\ b /\\* c", "/* a * / b // * c */");
    expect("x.c", "/*{{nasty}}*/", "/ a", "/* / a*/");
    expect("x.c", "/* {{nasty}}/x */", "a *", "/* a * /x */");
    expect("x.rs", "/* {{nasty}}*/", "a /", "/* a / */");
    expect("x.c", "/* {{nasty}}{{nasty}} */", "/ *", "/* / * / *  */");
    expect("x.rs", "// {{nasty}}\nfn a() {}", "x \\", "// x /\nfn a() {}");
    expect("x.sh", "# {{nasty}}", "$(reboot)", "# $(reboot)");
}

static void in_code_only_words_may_stand(void **state)
{
    (void)state;
    expect("x.c", "int {{nasty}};", "x; system(1)", NULL);
    expect("x.py", "import {{nasty}}", "os\"", NULL);
    expect("x.sh", "echo {{nasty}}", "$(reboot)", NULL);
    expect("x.sh", "echo {{nasty}}", "a b", NULL);
    expect("CMakeLists.txt", "project({{nasty}})", "a) execute_process(b", NULL);
    expect("x.json", "{\"a\": {{nasty}}}", "1, \"b\": 2", NULL);
    expect("x.c", "int {{nasty}};", "", NULL);
}

static void every_language_has_its_own_strings(void **state)
{
    (void)state;
    expect("x.json", "{\"a\": \"{{nasty}}\"}", "a\"b\\'", "{\"a\": \"a\\\"b\\\\'\"}");
    expect("x.rs", "let a = \"{{nasty}}\"; let b: &'a str;", "a'\"",
           "let a = \"a'\\\"\"; let b: &'a str;");
    expect("x.js", "a = `{{nasty}}`", "`${x}`", "a = `\\`\\${x}\\``");
    expect("x.js", "a = '{{nasty}}'", "it's \"x\"", "a = 'it\\'s \"x\"'");
    expect("x.sh", "a='{{nasty}}'", "it's $x", "a='it'\\''s $x'");
    expect("x.sh", "a=\"{{nasty}}\"", "\"$x`y`\\", "a=\"\\\"\\$x\\`y\\`\\\\\"");
    expect("CMakeLists.txt", "set(a \"{{nasty}}\")", "${x}\"", "set(a \"\\${x}\\\"\")");
    expect("x.html", "<a b=\"{{nasty}}\">", "<i>'\"&", "<a b=\"&lt;i&gt;&#39;&quot;&amp;\">");
    expect("LICENSE", "by {{nasty}}", NASTY, "by " NASTY);
}

static void front_matter_is_yaml_and_the_rest_is_text(void **state)
{
    (void)state;
    expect("SKILL.md", "---\nname: {{word}}\ndescription: {{nasty}}\n---\n# {{nasty}}\n",
           "a: \"b\" # c",
           "---\nname: spool\ndescription: \"a: \\\"b\\\" # c\"\n---\n# a: \"b\" # c\n");
    expect("SKILL.md", "---\na: '{{nasty}}'\nb: \"{{nasty}}\"\n---\n", "it's \"x\"",
           "---\na: 'it''s \"x\"'\nb: \"it's \\\"x\\\"\"\n---\n");
    expect("x.yaml", "a: {{nasty}}\n", "true", "a: \"true\"\n");
    expect("x.yaml", "a: {{nasty}}\n", "plain words", "a: plain words\n");
    expect("x.yaml", "a: b {{nasty}}\n", "x: y", NULL);
    expect("README.md", "---\nno front matter", "", "---\nno front matter");
}

static void values_are_one_clean_line(void **state)
{
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    char longer[OC_SUBST_VALUE_MAX + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(oc_subst_check_value("a", NASTY, &err), OC_OK);
    assert_int_equal(oc_subst_check_value("a", "a\nb", &err), OC_E_CONFIG);
    assert_int_equal(oc_subst_check_value("a", "a\033[2J", &err), OC_E_CONFIG);
    assert_int_equal(oc_subst_check_value("a", "\xff", &err), OC_E_CONFIG);
    assert_int_equal(oc_subst_check_value("a", longer, &err), OC_E_CONFIG);
}

static void expect_path(const char *path, const char *value, int code, const char *expected)
{
    char *out = NULL;
    struct oc_error err;
    json_t *vars = vars_with(value);
    oc_error_init(&err);
    assert_int_equal(oc_subst_path(path, vars, &out, &err), code);
    if (expected) {
        assert_string_equal(out, expected);
    } else {
        assert_null(out);
    }
    free(out);
    json_decref(vars);
}

static void names_of_files_stay_in_the_folder(void **state)
{
    (void)state;
    expect_path("src/{{word}}.c", "", OC_OK, "src/spool.c");
    expect_path("{{nasty}}.c", "a/b", OC_E_CONFIG, NULL);
    expect_path("{{nasty}}.c", "..", OC_E_CONFIG, NULL);
    expect_path("{{nasty}}", "", OC_E_CONFIG, NULL);
    expect_path("../x", "", OC_E_REFUSED, NULL);
    expect_path("a/../../x", "", OC_E_REFUSED, NULL);
    expect_path("/etc/passwd", "", OC_E_REFUSED, NULL);
    expect_path("a//b", "", OC_E_REFUSED, NULL);
    expect_path("a/./b", "", OC_E_REFUSED, NULL);
    expect_path("a\\b", "", OC_E_REFUSED, NULL);
    expect_path("a/", "", OC_E_REFUSED, NULL);
    expect_path("a\nb", "", OC_E_REFUSED, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_put_in_everywhere),
        cmocka_unit_test(unknown_variables_stay_and_are_named_once),
        cmocka_unit_test(values_are_not_looked_through_again),
        cmocka_unit_test(in_c_strings_values_are_escaped),
        cmocka_unit_test(in_comments_values_end_nothing),
        cmocka_unit_test(in_code_only_words_may_stand),
        cmocka_unit_test(every_language_has_its_own_strings),
        cmocka_unit_test(front_matter_is_yaml_and_the_rest_is_text),
        cmocka_unit_test(values_are_one_clean_line),
        cmocka_unit_test(names_of_files_stay_in_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
