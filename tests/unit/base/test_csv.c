/* Fields of CSV: quoted, and nothing that a spreadsheet would run. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/csv.h"

static void is_field(const char *text, const char *wanted)
{
    struct oc_buf out = {0};
    oc_csv_field(&out, text);
    assert_string_equal(out.data ? out.data : "", wanted);
    oc_buf_finish(&out);
}

static void a_field_is_quoted_where_it_must_be(void **state)
{
    (void)state;
    is_field("", "");
    is_field("gpt-4o", "gpt-4o");
    is_field("a,b", "\"a,b\"");
    is_field("say \"hi\"", "\"say \"\"hi\"\"\"");
    is_field("two\nlines", "\"two\nlines\"");
    is_field(" x", "\" x\"");
}

static void a_formula_becomes_text(void **state)
{
    (void)state;
    is_field("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\"");
    is_field("+1+cmd", "\"'+1+cmd\"");
    is_field("-2+3", "\"'-2+3\"");
    is_field("@SUM(A1)", "\"'@SUM(A1)\"");
    is_field("  =1", "\"'  =1\"");
    is_field("\t=1", "\"'\t=1\"");
    is_field("-", "\"'-\"");
    is_field("-.", "\"'-.\"");
    is_field("-1e", "\"'-1e\"");
    is_field("-1.", "\"'-1.\"");
}

static void a_number_stays_a_number(void **state)
{
    (void)state;
    is_field("-1", "-1");
    is_field("+1", "+1");
    is_field("-0.25", "-0.25");
    is_field("-1.5e-07", "-1.5e-07");
    is_field("-2E+10", "-2E+10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_quoted_where_it_must_be),
        cmocka_unit_test(a_formula_becomes_text),
        cmocka_unit_test(a_number_stays_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
