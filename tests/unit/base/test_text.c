/* Tests of core/base/text.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/text.h"

static void a_copy_always_ends_and_never_inside_a_character(void **state)
{
    (void)state;
    char buf[4];
    assert_int_equal(oc_copy(buf, sizeof buf, "abc"), 3);
    assert_string_equal(buf, "abc");
    assert_int_equal(oc_copy(buf, sizeof buf, "abcdef"), 3);
    assert_string_equal(buf, "abc");
    assert_int_equal(oc_copy(buf, sizeof buf, "ab\xc3\xa4"), 2);
    assert_string_equal(buf, "ab");
    assert_int_equal(oc_copy(buf, sizeof buf, "a\xc3\xa4"), 3);
    assert_string_equal(buf, "a\xc3\xa4");
    assert_int_equal(oc_copy(buf, 1, "abc"), 0);
    assert_string_equal(buf, "");
}

static void beginnings_and_ends_are_recognised(void **state)
{
    (void)state;
    assert_true(oc_starts("alert.firing", "alert."));
    assert_true(oc_starts("x", ""));
    assert_false(oc_starts("al", "alert"));
    assert_true(oc_ends("a.conf", ".conf"));
    assert_true(oc_ends("x", ""));
    assert_false(oc_ends("conf", ".conf"));
}

static void names_are_plain_words_of_at_most_64_characters(void **state)
{
    (void)state;
    char word[66];
    memset(word, 'a', sizeof word);
    word[65] = '\0';
    assert_true(oc_name_valid("main-db_2.x"));
    assert_true(oc_name_valid("9"));
    assert_true(oc_name_valid(word + 1));
    assert_false(oc_name_valid(word));
    assert_false(oc_name_valid(""));
    assert_false(oc_name_valid(".hidden"));
    assert_false(oc_name_valid("-flag"));
    assert_false(oc_name_valid("a/b"));
    assert_false(oc_name_valid("a b"));
    assert_false(oc_name_valid("\xc3\xa4"));
}

static void utf8_is_checked_as_rfc_3629_says(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "\xc3",             /* cut short */
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xff",
        "\xe2\x82",
        "\xc3(",
    };
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        assert_true(oc_utf8_valid(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        assert_false(oc_utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_true(oc_utf8_valid("\0", 1));
    assert_true(oc_utf8_printable("a\tb\n\xc3\xa4", 6, true));
    static const char *const acting[] = {"\x1b[2J",      "\x7f", "\xc2\x9b",
                                         "\xe2\x80\xae", "\xff", "\r"};
    for (size_t i = 0; i < OC_COUNT(acting); i++) {
        assert_false(oc_utf8_printable(acting[i], strlen(acting[i]), true));
    }
    assert_false(oc_utf8_printable("a\nb", 3, false));
    assert_false(oc_utf8_valid("\xc3\xa4", 1));
}

static void clean_text_has_no_bad_bytes_and_no_controls(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain\ttext\n", "plain\ttext\n"},
        {"a\x1b[31mb\x07\r", "a[31mb"},
        {"a\xff\xc3z", "a\xef\xbf\xbd\xef\xbf\xbdz"},
        {"\xc2\x9b"
         "2J",
         "2J"}, /* C1: a one-character escape sequence */
        {"\x7f", ""},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *clean = oc_utf8_clean(cases[i].in, strlen(cases[i].in));
        assert_string_equal(clean, cases[i].out);
        free(clean);
    }
    char *zero = oc_utf8_clean("a\0b", 3);
    assert_string_equal(zero, "ab");
    free(zero);
}

static void globs_know_stars_and_question_marks(void **state)
{
    (void)state;
    assert_true(oc_glob("*", ""));
    assert_true(oc_glob("", ""));
    assert_true(oc_glob("system.*", "system.cpu_percent"));
    assert_true(oc_glob("*.cpu*", "system.cpu_percent"));
    assert_true(oc_glob("a*b*c", "aXbYbZc"));
    assert_true(oc_glob("a?c", "abc"));
    assert_true(oc_glob("a?c", "a\xc3\xa4"
                               "c"));
    assert_true(oc_glob("*?", "x"));
    assert_true(oc_glob("**", "anything"));
    assert_false(oc_glob("", "x"));
    assert_false(oc_glob("a?c", "ac"));
    assert_false(oc_glob("a*b", "abc"));
    assert_false(oc_glob("?", ""));
    assert_false(oc_glob("[ab]", "a"));
    assert_true(oc_glob("[ab]", "[ab]"));
}

static void a_hostile_glob_ends_soon(void **state)
{
    (void)state;
    char text[5001];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(oc_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
                         text)); /* exponential if stars were all retried */
}

static void edit_distance_counts_single_slips(void **state)
{
    (void)state;
    assert_int_equal(oc_edit_distance("", ""), 0);
    assert_int_equal(oc_edit_distance("", "abc"), 3);
    assert_int_equal(oc_edit_distance("abc", ""), 3);
    assert_int_equal(oc_edit_distance("interval", "intreval"), 1);
    assert_int_equal(oc_edit_distance("interval", "intervall"), 1);
    assert_int_equal(oc_edit_distance("interval", "nterval"), 1);
    assert_int_equal(oc_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(oc_edit_distance("ca", "abc"),
                     3); /* optimal string alignment, not the unrestricted distance */
}

static void the_nearest_word_is_suggested_only_when_near(void **state)
{
    (void)state;
    static const char *const words[] = {"interval", "timeout", "targets", "url", "name"};
    size_t count = OC_COUNT(words);
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_string_equal(oc_nearest("intervall", words, count), "interval");
    assert_string_equal(oc_nearest("tiemout", words, count), "timeout");
    assert_string_equal(oc_nearest("target", words, count), "targets");
    assert_string_equal(oc_nearest("ulr", words, count), "url");
    assert_string_equal(oc_nearest("name", words, count), "name");
    assert_null(oc_nearest("password", words, count));
    assert_null(oc_nearest("x", words, count));
    assert_null(oc_nearest("", words, count));
    assert_null(oc_nearest(longest, words, count));
    assert_null(oc_nearest("name", words, 0));
}

static void of_two_near_words_the_nearer_wins(void **state)
{
    (void)state;
    static const char *const words[] = {"collections", "collectors"};
    assert_string_equal(oc_nearest("colectors", words, 2), "collectors");
    assert_string_equal(oc_nearest("collections", words, 2), "collections");
}

static void markup_cannot_break_out(void **state)
{
    struct oc_buf out = {0};
    (void)state;
    oc_markup_add(&out, "<a href=\"x\">it's\n\x01 & more</a>");
    assert_string_equal(out.data,
                        "&lt;a href=&quot;x&quot;&gt;it&#39;s&#10;  &amp; more&lt;/a&gt;");
    oc_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_cannot_break_out),
        cmocka_unit_test(a_copy_always_ends_and_never_inside_a_character),
        cmocka_unit_test(beginnings_and_ends_are_recognised),
        cmocka_unit_test(names_are_plain_words_of_at_most_64_characters),
        cmocka_unit_test(utf8_is_checked_as_rfc_3629_says),
        cmocka_unit_test(clean_text_has_no_bad_bytes_and_no_controls),
        cmocka_unit_test(globs_know_stars_and_question_marks),
        cmocka_unit_test(a_hostile_glob_ends_soon),
        cmocka_unit_test(edit_distance_counts_single_slips),
        cmocka_unit_test(the_nearest_word_is_suggested_only_when_near),
        cmocka_unit_test(of_two_near_words_the_nearer_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
