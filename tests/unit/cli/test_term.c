/* Widths, tables, curves and values. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

static FILE *out;
static char *text;
static size_t size;

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    out = open_memstream(&text, &size);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_time_fake(-1, -1);
    fclose(out);
    free(text);
    return 0;
}

static void assert_written(const char *expected)
{
    fflush(out);
    assert_string_equal(text, expected);
    fclose(out);
    free(text);
    out = open_memstream(&text, &size);
}

/* ---- cells ---- */

static void width_counts_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(oc_term_width("abc"), 3);
    assert_int_equal(oc_term_width("é→…"), 3);
    assert_int_equal(oc_term_width("日本"), 4);
    assert_int_equal(oc_term_width("e\xcc\x81"), 1);   /* a combining accent */
    assert_int_equal(oc_term_width("a\xff\xfe b"), 3); /* bytes that are not UTF-8 */
    assert_int_equal(oc_term_width("\033[31m"), 4);    /* the escape itself is not shown */
    assert_int_equal(oc_term_width("a\u202eb\u2069\u200f"), 2);
}

static void what_turns_the_writing_is_not_shown(void **state)
{
    (void)state;
    oc_term_cell(out, "db\u202e ko si\u2066\u2069\u061c", 0, TERM_PLAIN, false);
    assert_written("db ko si");
    oc_term_text(out,
                 "\u200e\u05d0\u05d1\u202c ok"); /* letters that are written from the right stay */
    assert_written("\u05d0\u05d1 ok");
}

static void a_cell_is_padded_or_cut_to_its_width(void **state)
{
    (void)state;
    oc_term_cell(out, "ab", 4, TERM_PLAIN, false);
    assert_written("ab  ");
    oc_term_cell(out, "abcdef", 4, TERM_PLAIN, false);
    assert_written("abc…");
    oc_term_cell(out, "日本語", 5, TERM_PLAIN, false);
    assert_written("日本…");
}

static void no_escape_of_a_stranger_reaches_the_terminal(void **state)
{
    (void)state;
    oc_term_cell(out,
                 "a\033[2Jb\a\x7f\xc2\x9b"
                 "1m\nc",
                 0, TERM_PLAIN, false);
    assert_written("a[2Jb1m c");
    oc_term_text(out, "a\033]0;x\a\nb\tc");
    assert_written("a]0;x\nb\tc");
}

static void colour_is_written_only_when_wanted(void **state)
{
    (void)state;
    oc_term_cell(out, "ok", 4, TERM_GREEN, true);
    assert_written("\033[32mok\033[0m  ");
    oc_term_cell(out, "ok", 4, TERM_GREEN, false);
    assert_written("ok  ");
}

static void a_state_has_a_colour_by_its_first_word(void **state)
{
    (void)state;
    assert_int_equal(oc_term_state_color("critical"), TERM_RED);
    assert_int_equal(oc_term_state_color("CRITICAL (1/3)"), TERM_RED);
    assert_int_equal(oc_term_state_color("ok (flapping)"), TERM_GREEN);
    assert_int_equal(oc_term_state_color("ok then"), TERM_PLAIN);
    assert_int_equal(oc_term_state_color("okay"), TERM_PLAIN);
    assert_int_equal(oc_term_state_color(""), TERM_PLAIN);
}

static void text_is_wrapped_at_words(void **state)
{
    (void)state;
    oc_term_wrap(out, "one two three four", 2, 10);
    assert_written("one two\n  three\n  four");
    oc_term_wrap(out, "a\nb", 2, 10);
    assert_written("a\n  b");
    oc_term_wrap(out, "averyveryverylongword x", 0, 10);
    assert_written("averyveryverylongword\nx");
    oc_term_wrap(out,
                 "a\033[2Jb\tc \xc2\x9b"
                 "d",
                 0, 10);
    assert_written("a[2Jb c d");
}

static void a_line_that_is_put_together_is_cleaned_as_a_whole(void **state)
{
    (void)state;
    oc_term_printf(out, "%s: %d%%\n", "a\033]0;b\007", 5);
    assert_written("a]0;b: 5%\n");
}

/* ---- tables ---- */

static struct term_table table_of(const char *const *titles, size_t columns,
                                  const char *const *cells, size_t count)
{
    struct term_table t = {.columns = columns, .titles = titles};
    for (size_t i = 0; i < count; i++) {
        oc_table_add(&t, oc_strdup(cells[i]));
    }
    return t;
}

static void columns_are_as_wide_as_their_cells(void **state)
{
    (void)state;
    static const char *const titles[] = {"Name", "N"}, *const cells[] = {"a", "100", "longer", "2"};
    struct term_table t = table_of(titles, 2, cells, 4);
    oc_table_print(&t, out, 0, false);
    assert_written("Name    N\na       100\nlonger  2\n");
    oc_table_finish(&t);
}

static void an_empty_column_is_left_out(void **state)
{
    (void)state;
    static const char *const titles[] = {"Name", "Error", "N"}, *const cells[] = {"a", "", "1"};
    struct term_table t = table_of(titles, 3, cells, 3);
    oc_table_print(&t, out, 0, false);
    assert_written("Name  N\na     1\n");
    oc_table_finish(&t);
}

static void an_empty_last_column_leaves_no_blanks_behind(void **state)
{
    (void)state;
    static const char *const titles[] = {"Name", "Error"}, *const cells[] = {"a", ""};
    struct term_table t = table_of(titles, 2, cells, 2);
    oc_table_print(&t, out, 0, false);
    assert_written("Name\na\n");
    oc_table_finish(&t);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    static const char *const titles[] = {"One", "Two", "Three"};
    static const char *const cells[] = {"a text that is rather long",
                                        "another one, longer than the first", "short"};
    struct term_table t = table_of(titles, 3, cells, 3);
    oc_table_print(&t, out, 40, false);
    fflush(out);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        assert_true(oc_term_width(line) <= 40);
    }
    oc_table_finish(&t);
}

static void csv_quotes_what_needs_it(void **state)
{
    (void)state;
    static const char *const titles[] = {"a", "b"}, *const cells[] = {"x,y", "say \"hi\"", "1\n2",
                                                                      ""};
    struct term_table t = table_of(titles, 2, cells, 4);
    oc_table_csv(&t, out, true, false);
    assert_written("a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"1\n2\",\r\n");
    oc_table_finish(&t);
}

static void csv_runs_nothing_in_a_spreadsheet(void **state)
{
    (void)state;
    static const char *const titles[] = {"a", "b"}, *const cells[] = {"=cmd()", "-1.5"};
    struct term_table t = table_of(titles, 2, cells, 2);
    oc_table_csv(&t, out, false, false);
    assert_written("\"'=cmd()\",-1.5\r\n");
    oc_table_finish(&t);
}

static void csv_on_a_terminal_has_no_control_characters(void **state)
{
    (void)state;
    static const char *const titles[] = {"a", "b"}, *const cells[] = {"\033[2Jx", "1\n2\r\302\233"};
    struct term_table t = table_of(titles, 2, cells, 2);
    oc_table_csv(&t, out, true, true);
    assert_written("a,b\r\n[2Jx,\"1\n2\"\r\n");
    oc_table_finish(&t);
}

/* ---- curves ---- */

static void a_curve_spans_from_the_least_to_the_most(void **state)
{
    (void)state;
    const double values[] = {0, 1, 2, 3, 4, 5, 6, 7};
    char *line = oc_term_sparkline(values, 8, 8);
    assert_string_equal(line, "▁▂▃▄▅▆▇█");
    free(line);
}

static void a_gap_in_a_curve_is_a_space(void **state)
{
    (void)state;
    const double values[] = {1, NAN, 1};
    char *line = oc_term_sparkline(values, 3, 3);
    assert_string_equal(line, "▁ ▁");
    free(line);
    line = oc_term_sparkline(NULL, 0, 10);
    assert_string_equal(line, "");
    free(line);
}

/* ---- values ---- */

static void assert_text(json_t *value, enum cli_unit unit, const char *expected)
{
    char *got = oc_value_text(value, unit);
    assert_string_equal(got, expected);
    free(got);
    json_decref(value);
}

static void values_are_written_for_people(void **state)
{
    (void)state;
    assert_text(json_true(), CLI_UNIT_NONE, "yes");
    assert_text(json_false(), CLI_UNIT_NONE, "no");
    assert_text(json_null(), CLI_UNIT_NONE, "");
    assert_text(json_integer(42), CLI_UNIT_NONE, "42");
    assert_text(json_integer(9007199254740993), CLI_UNIT_NONE, "9007199254740993");
    assert_text(json_pack("{s:i}", "took_ms", 0), CLI_UNIT_NONE, "took=0s");
    assert_text(json_pack("{s:i, s:s}", "took_ms", 2000, "b_ms", "x"), CLI_UNIT_NONE,
                "took=2s b_ms=x");
    assert_text(json_pack("{s:[i,i], s:[i,s], s:[]}", "b_ms", 1, 2, "c_ms", 1, "x", "d_ms"),
                CLI_UNIT_NONE, "b=\"1ms, 2ms\" c_ms=\"1ms, x\"");
    assert_text(json_pack("{s:i, s:f}", "held_bytes", 1536, "far_ms", 9e15), CLI_UNIT_NONE,
                "held=\"1.5 KB\" far_ms=9e+15");
    assert_text(json_real(0.123456), CLI_UNIT_NONE, "0.1235");
    assert_text(json_real(12.345), CLI_UNIT_NONE, "12.35");
    assert_text(json_real(1234.5), CLI_UNIT_NONE, "1234");
    assert_text(json_integer(90000), CLI_UNIT_DURATION, "1m 30s");
    assert_text(json_integer(1500), CLI_UNIT_DURATION, "1s 500ms");
    assert_text(json_integer(1536), CLI_UNIT_SIZE, "1.5 KB");
    assert_text(json_pack("[s,s]", "a", "b"), CLI_UNIT_NONE, "a, b");
    assert_text(json_pack("{s:i,s:s}", "n", 1, "t", "x y"), CLI_UNIT_NONE, "n=1 t=\"x y\"");
}

static void a_time_is_local_and_short(void **state)
{
    (void)state;
    int64_t now;
    assert_int_equal(oc_time_parse("2026-11-22T14:00:00Z", 0, &now), 0);
    oc_time_fake(now, 0);
    assert_text(json_string("2026-11-22T13:30:05.123Z"), CLI_UNIT_NONE, "13:30:05");
    assert_text(json_string("2026-11-20T13:30:05Z"), CLI_UNIT_NONE, "2026-11-20 13:30");
    assert_text(json_string("2026-11-22T13:30:00Z"), CLI_UNIT_AGE, "30m");
    assert_text(json_string("2026-11-22T15:30:00Z"), CLI_UNIT_AGE, "0s");
    assert_text(json_string("2h"), CLI_UNIT_NONE, "2h"); /* a text is left alone */
}

static void a_member_tells_its_unit_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(oc_value_unit("uptime_ms"), CLI_UNIT_DURATION);
    assert_int_equal(oc_value_unit("memory_bytes"), CLI_UNIT_SIZE);
    assert_int_equal(oc_value_unit("count"), CLI_UNIT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_turns_the_writing_is_not_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(width_counts_columns_not_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cell_is_padded_or_cut_to_its_width, setup, teardown),
        cmocka_unit_test_setup_teardown(no_escape_of_a_stranger_reaches_the_terminal, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(colour_is_written_only_when_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_state_has_a_colour_by_its_first_word, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_wrapped_at_words, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_is_put_together_is_cleaned_as_a_whole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(columns_are_as_wide_as_their_cells, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_column_is_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_last_column_leaves_no_blanks_behind, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_line_is_wider_than_the_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(csv_quotes_what_needs_it, setup, teardown),
        cmocka_unit_test_setup_teardown(csv_runs_nothing_in_a_spreadsheet, setup, teardown),
        cmocka_unit_test_setup_teardown(csv_on_a_terminal_has_no_control_characters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_curve_spans_from_the_least_to_the_most, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_in_a_curve_is_a_space, setup, teardown),
        cmocka_unit_test_setup_teardown(values_are_written_for_people, setup, teardown),
        cmocka_unit_test_setup_teardown(a_time_is_local_and_short, setup, teardown),
        cmocka_unit_test_setup_teardown(a_member_tells_its_unit_by_its_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
