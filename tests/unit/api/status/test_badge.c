/* Tests of the badges. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/api/status/badge.h"

static struct oc_buf out;

static const char *draw(const char *label, const char *value)
{
    oc_buf_clear(&out);
    oc_badge_add(&out, label, value, OC_BADGE_GREEN);
    return out.data;
}

static int clear(void **state)
{
    (void)state;
    oc_buf_finish(&out);
    return 0;
}

static void it_says_both_words(void **state)
{
    (void)state;
    const char *svg = draw("web/api", "operational");
    assert_non_null(strstr(svg, "<title>web/api: operational</title>"));
    assert_non_null(strstr(svg, ">web/api</text>"));
    assert_non_null(strstr(svg, ">operational</text>"));
    assert_non_null(strstr(svg, OC_BADGE_GREEN));
}

static void markup_is_text(void **state)
{
    (void)state;
    const char *svg = draw("<script>alert(1)</script>", "\" onload=\"x&");
    assert_null(strstr(svg, "<script"));
    assert_null(strstr(svg, "\" onload"));
    assert_non_null(strstr(svg, "&lt;script&gt;"));
    assert_non_null(strstr(svg, "&amp;"));
}

static void it_is_as_wide_as_its_words(void **state)
{
    (void)state;
    assert_int_equal(oc_badge_width(""), 0);
    assert_true(oc_badge_width("WWWW") > 2 * oc_badge_width("iiii"));
    assert_int_equal(oc_badge_width("\xc3\xa9"),
                     oc_badge_width("\xe2\x82\xac")); /* one character each */
    /* margins of 6 px at both sides of each word */
    const unsigned wanted = oc_badge_width("a") + oc_badge_width("bc") + 240;
    char width[64];
    snprintf(width, sizeof width, "width=\"%u.%u\" height=\"20\"", wanted / 10, wanted % 10);
    assert_non_null(strstr(draw("a", "bc"), width));
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    char name[601] = "";
    for (size_t i = 0; i < 200; i++) {
        memcpy(name + 3 * i, "\xe2\x82\xac", 4);
    }
    const char *svg = draw(name, "ok");
    size_t count = 0;
    for (const char *at = svg; (at = strstr(at, "\xe2\x82\xac")); at += 3) {
        count++;
    }
    assert_int_equal(count, 2 * 64); /* in the title and in the image */
    assert_true(strlen(svg) < 2000);
}

static void broken_bytes_are_made_whole(void **state)
{
    (void)state;
    const char *svg = draw("a\xff\x01z", "\xc3");
    assert_null(strchr(svg, '\xff'));
    assert_null(strchr(svg, '\x01'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(it_says_both_words, clear),
        cmocka_unit_test_teardown(markup_is_text, clear),
        cmocka_unit_test_teardown(it_is_as_wide_as_its_words, clear),
        cmocka_unit_test_teardown(a_long_name_is_cut_between_characters, clear),
        cmocka_unit_test_teardown(broken_bytes_are_made_whole, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
