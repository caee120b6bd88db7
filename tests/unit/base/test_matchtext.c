/* Matchers as text. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/base/matchtext.h"

static void whatever_the_value_holds_is_in_quotes(void **state)
{
    static const char *const rows[][2] = {{"web", "n=\"web\""},
                                          {"", "n=\"\""},
                                          {"a\"b\\c\nd", "n=\"a\\\"b\\\\c\\nd\""},
                                          {"~.*", "n=\"~.*\""}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char *text = oc_match_equal("n", rows[i][0]);
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

static void a_name_is_in_quotes_where_it_would_be_read_otherwise(void **state)
{
    static const char *const rows[][2] = {{"alertname", "alertname=\"v\""},
                                          {"rule", "\"rule\"=\"v\""},
                                          {"a =\"b", "\"a =\\\"b\"=\"v\""}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *text = oc_match_equal(rows[i][0], "v");
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_value_holds_is_in_quotes),
        cmocka_unit_test(a_name_is_in_quotes_where_it_would_be_read_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
