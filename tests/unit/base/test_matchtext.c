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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_the_value_holds_is_in_quotes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
