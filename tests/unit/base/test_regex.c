/* Regular expressions that must match the whole text. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/regex.h"

struct row {
    const char *pattern, *text;
    bool matches;
};

static bool matches(const char *pattern, const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_regex *re = oc_regex_create(pattern, &err);
    if (!re) {
        fail_msg("%s: %s", pattern, err.message);
    }
    bool result = oc_regex_match(re, text, strlen(text));
    for (int i = 0; i < 40; i++) { /* a run leaves nothing behind, and the table says the same */
        assert_int_equal(oc_regex_match(re, text, strlen(text)), result);
    }
    oc_regex_destroy(re);
    return result;
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(rows[i].pattern, rows[i].text) != rows[i].matches) {
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
        }
    }
}

static void the_whole_text_must_match(void **state)
{
    static const struct row rows[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "a", true},
        {"a", "ab", false},
        {"a", "ba", false},
        {".*", "anything", true},
        {".*", "", true},
        {".+", "", false},
        {"a|b|cd", "cd", true},
        {"a|b|cd", "abcd", false},
        {"(a|b)*c", "ababc", true},
        {"(a|b)*c", "abac ", false},
        {"^abc$", "abc", true},
        {"a^b", "ab", false},
        {"a$|b", "b", true},
        {"db-[0-9]+\\.example", "db-12.example", true},
        {"db-[0-9]+\\.example", "db-12xexample", false},
    };
    (void)state;
    check(rows, OC_COUNT(rows));
}

static void quantifiers_count(void **state)
{
    static const struct row rows[] = {
        {"a{3}", "aaa", true},    {"a{3}", "aa", false},
        {"a{2,}", "aaaaa", true}, {"a{2,}", "a", false},
        {"a{1,3}", "aaa", true},  {"a{1,3}", "aaaa", false},
        {"a{0}", "", true},       {"(ab){2}", "abab", true},
        {"a{,3}", "a{,3}", true}, {"a{", "a{", true},
        {"a*?b+?", "aabb", true}, {"(a*)*b", "aaab", true},
        {"(a?){3}", "aa", true},  {"(|a)+b", "aab", true},
        {"a??", "a", true},       {"(a|ab)(c|bcd)(d*)", "abcd", true},
    };
    (void)state;
    check(rows, OC_COUNT(rows));
}

static void classes_and_escapes_mean_what_they_do_elsewhere(void **state)
{
    static const struct row rows[] = {
        {"\\d+\\w\\s", "12a ", true},
        {"\\D\\W\\S", "a-b", true},
        {"\\D", "5", false},
        {"[a-c]x", "bx", true},
        {"[^a-c]x", "bx", false},
        {"[]a]+", "a]", true},
        {"[a-]+", "-a", true},
        {"[\\d.]+", "1.2", true},
        {"[[:alpha:]]+", "abc", true},
        {"[[:digit:]_]+", "1_2", true},
        {"\\.\\*", ".*", true},
        {"\\x41\\x{1F600}", "A😀", true},
        {"a.c", "a\nc", false},
        {"(?s)a.c", "a\nc", true},
        {"(?i)ErRoR", "error", true},
        {"(?i)[a-f]+", "FACE", true},
        {"(?:ab)+", "abab", true},
        {"(?P<n>x)y", "xy", true},
        {"\\bfoo\\b.*", "foo bar", true},
        {"fo\\Bo", "foo", true},
        {"\\Afoo\\z", "foo", true},
        {"\\t", "\t", true},
    };
    (void)state;
    check(rows, OC_COUNT(rows));
}

static void a_dot_is_one_character_not_one_byte(void **state)
{
    static const struct row rows[] = {
        {".", "é", true},          {"..", "é", false},   {"[à-ü]+", "éè", true},
        {"日.語", "日本語", true}, {"[^a]", "日", true}, {".", "\xff", true},
    };
    (void)state;
    check(rows, OC_COUNT(rows));
}

static void what_is_no_expression_is_refused_with_the_reason(void **state)
{
    static const char *const bad[] = {
        "(",     ")",       "[",    "[a",    "*a",      "a\\",    "\\1",
        "(?=a)", "(?<!a)b", "\\pL", "[b-a]", "a{2000}", "a{3,2}", "((((((a{50}){50}){50}))))",
        "\\xZZ", "\xff"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        struct oc_error err;
        oc_error_init(&err);
        assert_null(oc_regex_create(bad[i], &err));
        assert_int_equal(err.code, OC_E_CONFIG);
        assert_true(strlen(err.message) > 0);
    }
}

static void a_pattern_made_to_explode_takes_linear_time(void **state)
{
    static const char *const patterns[] = {"(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*.*.*.*)*b",
                                           "(a?){100}a{100}b"};
    char *text = oc_calloc(1, 4097);
    (void)state;
    memset(text, 'a', 4096);
    for (size_t i = 0; i < OC_COUNT(patterns); i++) {
        struct oc_regex *re = oc_regex_create(patterns[i], NULL);
        assert_non_null(re);
        assert_false(oc_regex_match(re, text, 4096));
        assert_true(oc_regex_steps(re) < 4097u * OC_REGEX_PROGRAM_MAX);
        oc_regex_destroy(re);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_text_must_match),
        cmocka_unit_test(quantifiers_count),
        cmocka_unit_test(classes_and_escapes_mean_what_they_do_elsewhere),
        cmocka_unit_test(a_dot_is_one_character_not_one_byte),
        cmocka_unit_test(what_is_no_expression_is_refused_with_the_reason),
        cmocka_unit_test(a_pattern_made_to_explode_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
