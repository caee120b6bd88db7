/* Differences of texts: the shortest, whole ones for what has little in common, cut ones for people. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/textdiff.h"

static const struct oc_textdiff_limits WIDE = {
    .context = 3, .lines = 10000, .bytes = 1u << 20, .line = 1000};

/* The lines of the diff, each behind a '/'. Caller owns. */
static char *told(const char *old_text, const char *new_text,
                  const struct oc_textdiff_limits *limits)
{
    struct oc_textdiff d;
    struct oc_buf out = {0};
    const json_t *line;
    size_t i;
    oc_textdiff_init(&d, old_text, strlen(old_text), new_text, strlen(new_text));
    json_t *o = oc_textdiff_json(&d, limits);
    json_array_foreach(json_object_get(o, "lines"), i, line)
    {
        oc_buf_addf(&out, "/%s", json_string_value(line));
    }
    oc_buf_addf(&out, " +%lld -%lld", (long long)oc_json_int(o, "added", -1),
                (long long)oc_json_int(o, "removed", -1));
    if (oc_json_int(o, "left_out", 0)) {
        oc_buf_addf(&out, " left out %lld", (long long)oc_json_int(o, "left_out", 0));
    }
    json_decref(o);
    oc_textdiff_finish(&d);
    return oc_buf_take(&out);
}

static void assert_told(const char *old_text, const char *new_text, const char *expected)
{
    char *got = told(old_text, new_text, &WIDE);
    assert_string_equal(got, expected);
    free(got);
}

static void what_is_the_same_has_no_difference(void **state)
{
    (void)state;
    assert_told("", "", " +0 -0");
    assert_told("a\nb\n", "a\nb\n", " +0 -0");
}

static void a_changed_line_is_one_gone_and_one_new(void **state)
{
    (void)state;
    assert_told("a\nb\nc\n", "a\nB\nc\n", "/@@ -1,3 +1,3 @@/ a/-b/+B/ c +1 -1");
}

static void the_example_of_the_paper_takes_five_changes(void **state)
{
    (void)state;
    assert_told("A\nB\nC\nA\nB\nB\nA\n", "C\nB\nA\nB\nA\nC\n",
                "/@@ -1,7 +1,6 @@/-A/-B/ C/+B/ A/ B/-B/ A/+C +2 -3");
}

static void a_text_may_begin_or_end(void **state)
{
    (void)state;
    assert_told("", "a\nb\n", "/@@ -0,0 +1,2 @@/+a/+b +2 -0");
    assert_told("a\nb\n", "", "/@@ -1,2 +0,0 @@/-a/-b +0 -2");
    assert_told("b\n", "a\nb\n", "/@@ -1,1 +1,2 @@/+a/ b +1 -0");
}

static void a_missing_end_of_line_is_a_difference(void **state)
{
    (void)state;
    assert_told("a\nb\n", "a\nb", "/@@ -1,2 +1,2 @@/ a/-b/+b/\\ No newline at end of file +1 -1");
}

static void changes_far_apart_are_told_each_with_what_is_around(void **state)
{
    (void)state;
    assert_told("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\nx\n2\n3\n4\n5\n6\n7\n8\n9\ny\n",
                "/@@ -1,5 +1,5 @@/ 0/-1/+x/ 2/ 3/ 4/@@ -8,3 +8,4 @@/ 7/ 8/ 9/+y +2 -1");
    assert_told("0\n1\n2\n3\n4\n5\n6\n", "x\n1\n2\n3\n4\n5\ny\n",
                "/@@ -1,7 +1,7 @@/-0/+x/ 1/ 2/ 3/ 4/ 5/-6/+y +2 -2");
}

static void what_is_too_long_to_read_is_counted(void **state)
{
    (void)state;
    const struct oc_textdiff_limits few = {.context = 1, .lines = 3, .bytes = 1000, .line = 100};
    const struct oc_textdiff_limits small = {.context = 1, .lines = 99, .bytes = 30, .line = 100};
    const struct oc_textdiff_limits narrow = {.context = 1, .lines = 99, .bytes = 999, .line = 4};
    char *text = told("a\nb\nc\n", "A\nB\nC\n", &few);
    assert_string_equal(text, "/@@ -1,3 +1,3 @@/-a/-b +3 -3 left out 4");
    free(text);
    text = told("a\nb\nc\n", "A\nB\nC\n", &small);
    assert_string_equal(text, "/@@ -1,3 +1,3 @@/-a/-b +3 -3 left out 4");
    free(text);
    text = told("", "123456\nabc\xc3\xa4\nab\n", &narrow);
    assert_string_equal(text, "/@@ -0,0 +1,3 @@/+1234…/+abc…/+ab +3 -0");
    free(text);
}

static void what_is_no_text_becomes_text(void **state)
{
    (void)state;
    assert_told("", "a\xff\x1b[31m\n", "/@@ -0,0 +1,1 @@/+a\xef\xbf\xbd[31m +1 -0");
}

/* `count` lines, each of which is told from those of another `seed`. Caller owns. */
static char *many(size_t count, unsigned seed)
{
    struct oc_buf out = {0};
    for (size_t i = 0; i < count; i++) {
        oc_buf_addf(&out, "%u of %zu\n", seed, i);
    }
    return oc_buf_take(&out);
}

static void texts_with_nothing_in_common_replace_each_other_whole(void **state)
{
    (void)state;
    struct oc_textdiff d;
    char *a = many(5000, 1), *b = many(7000, 2);
    oc_textdiff_init(&d, a, strlen(a), b, strlen(b));
    assert_int_equal(d.changes.count, 1);
    assert_int_equal(d.changes.items[0].old_count, 5000);
    assert_int_equal(d.changes.items[0].new_count, 7000);
    oc_textdiff_finish(&d);
    free(a);
    free(b);
}

/* Every diagonal is as long as the texts: found only in minutes. */
static void what_is_made_to_take_long_is_given_up(void **state)
{
    (void)state;
    struct oc_textdiff d;
    struct oc_buf a = {0}, b = {0};
    char *end_a = many(1000, 1), *end_b = many(1000, 2);
    oc_buf_adds(&a, "p\n");
    oc_buf_adds(&b, "q\n");
    for (int i = 0; i < 120000; i++) {
        oc_buf_addc(&a, '\n');
        oc_buf_addc(&b, '\n');
    }
    oc_buf_adds(&a, end_a);
    oc_buf_adds(&b, end_b);
    oc_textdiff_init(&d, a.data, a.len, b.data, b.len);
    assert_int_equal(d.changes.count, 1);
    assert_int_equal(d.changes.items[0].old_count, 121001);
    oc_textdiff_finish(&d);
    oc_buf_finish(&a);
    oc_buf_finish(&b);
    free(end_a);
    free(end_b);
}

/* The least number of changes, by the table of all pairs. */
static size_t least_changes(const struct oc_textdiff *d)
{
    const size_t n = d->old_lines.count, m = d->new_lines.count;
    size_t(*t)[64] = oc_calloc(64, sizeof *t), least;
    for (size_t i = 0; i <= n; i++) {
        for (size_t k = 0; k <= m; k++) {
            const bool same =
                i && k && d->old_lines.items[i - 1].text[0] == d->new_lines.items[k - 1].text[0];
            const size_t up = i ? t[i - 1][k] + 1 : SIZE_MAX, left = k ? t[i][k - 1] + 1 : SIZE_MAX;
            t[i][k] = !i && !k ? 0 : up < left ? up : left;
            t[i][k] = same && t[i - 1][k - 1] < t[i][k] ? t[i - 1][k - 1] : t[i][k];
        }
    }
    least = t[n][m];
    free(t);
    return least;
}

static void random_texts_differ_by_the_least_and_become_each_other(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        char texts[2][128] = {{0}};
        struct oc_textdiff d;
        struct oc_buf made = {0};
        size_t at = 0, changed = 0;
        for (int side = 0; side < 2; side++) {
            const uint32_t lines = (seed = seed * 1664525u + 1013904223u) >> 27;
            for (uint32_t i = 0; i < lines; i++) {
                seed = seed * 1664525u + 1013904223u;
                texts[side][2 * i] = (char)('a' + (seed >> 24) % 4);
                texts[side][2 * i + 1] = '\n';
            }
        }
        oc_textdiff_init(&d, texts[0], strlen(texts[0]), texts[1], strlen(texts[1]));
        for (size_t i = 0; i < d.changes.count; i++) {
            const struct oc_text_change *c = &d.changes.items[i];
            for (; at < c->old_at; at++) {
                oc_buf_add(&made, d.old_lines.items[at].text, 2);
            }
            at += c->old_count;
            for (size_t k = 0; k < c->new_count; k++) {
                oc_buf_add(&made, d.new_lines.items[c->new_at + k].text, 2);
            }
            changed += c->old_count + c->new_count;
        }
        for (; at < d.old_lines.count; at++) {
            oc_buf_add(&made, d.old_lines.items[at].text, 2);
        }
        assert_string_equal(made.data ? made.data : "", texts[1]);
        assert_int_equal(changed, least_changes(&d));
        oc_buf_finish(&made);
        oc_textdiff_finish(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_same_has_no_difference),
        cmocka_unit_test(a_changed_line_is_one_gone_and_one_new),
        cmocka_unit_test(the_example_of_the_paper_takes_five_changes),
        cmocka_unit_test(a_text_may_begin_or_end),
        cmocka_unit_test(a_missing_end_of_line_is_a_difference),
        cmocka_unit_test(changes_far_apart_are_told_each_with_what_is_around),
        cmocka_unit_test(what_is_too_long_to_read_is_counted),
        cmocka_unit_test(what_is_no_text_becomes_text),
        cmocka_unit_test(texts_with_nothing_in_common_replace_each_other_whole),
        cmocka_unit_test(what_is_made_to_take_long_is_given_up),
        cmocka_unit_test(random_texts_differ_by_the_least_and_become_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
