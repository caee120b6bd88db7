/* Tests core/api/login/form.c and page.c: what the login page takes and shows. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/api/login/form.h"
#include "core/api/login/page.h"
#include "core/base/mem.h"

static void a_value_is_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *body, *value; /* NULL: none */
    } table[] = {{"secret=abc", "abc"},
                 {"next=%2Fa&secret=abc", "abc"},
                 {"secret=a%2Bb+c", "a+b c"},
                 {"secret=", ""},
                 {"secret=a&secret=b", "a"},
                 {"", NULL},
                 {"secret", NULL},
                 {"xsecret=a", NULL},
                 {"secret%3Da", NULL},
                 {"secret=%", NULL},
                 {"secret=%4", NULL},
                 {"secret=%zz", NULL},
                 {"secret=%00", NULL},
                 {"secret=0123456789abcdef", NULL}}; /* 15 fit */
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        char value[16];
        const long n =
            oc_form_value(table[i].body, strlen(table[i].body), "secret", value, sizeof value);
        if (table[i].value) {
            assert_string_equal(value, table[i].value);
            assert_int_equal(n, strlen(value));
        } else {
            assert_int_equal(n, -1);
        }
    }
}

static void signing_in_leads_to_paths_of_our_own_only(void **state)
{
    (void)state;
    static const struct {
        const char *next, *to;
    } table[] = {{"/alerts?a=b#c", "/alerts?a=b#c"},
                 {"/", "/"},
                 {NULL, "/"},
                 {"", "/"},
                 {"//evil", "/"},
                 {"/\\evil", "/"},
                 {"http://evil", "/"},
                 {"/a\nb", "/"},
                 {"/\t/evil", "/"},
                 {"javascript:alert(1)", "/"},
                 {"/a\\b", "/"},
                 {" /a", "/"}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        assert_string_equal(oc_form_next(table[i].next), table[i].to);
    }
}

static void what_is_shown_is_escaped(void **state)
{
    (void)state;
    struct oc_buf page = {0};
    oc_login_form(&page, "<b>&\"'", "\"><script>", "/\"><script>alert(1)</script>");
    assert_null(strstr(page.data, "<script"));
    assert_null(strstr(page.data, "<b>"));
    oc_buf_clear(&page);
    oc_login_welcome(&page, "admin", "/\"><script>alert(1)</script>");
    assert_null(strstr(page.data, "<script"));
    oc_buf_finish(&page);
}

static void a_page_holds_neither_script_nor_style(void **state)
{
    (void)state;
    struct oc_buf page = {0};
    oc_login_form(&page, NULL, NULL, "/");
    assert_null(strstr(page.data, "<script"));
    assert_null(strstr(page.data, "<style"));
    assert_null(strstr(page.data, " style="));
    assert_null(strstr(page.data, " onload"));
    assert_non_null(strstr(page.data, "<label for=\"secret\">"));
    oc_buf_finish(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_decoded),
        cmocka_unit_test(signing_in_leads_to_paths_of_our_own_only),
        cmocka_unit_test(what_is_shown_is_escaped),
        cmocka_unit_test(a_page_holds_neither_script_nor_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
