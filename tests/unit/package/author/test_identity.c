/* Tests of core/package/author/identity.c: what git's file says of its user. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/package/author/identity.h"

static void expect(const char *text, const char *key, const char *value)
{
    char *found = oc_gitconfig_user(text, strlen(text), key);
    if (value) {
        assert_non_null(found);
        assert_string_equal(found, value);
    } else {
        assert_null(found);
    }
    free(found);
}

static void the_last_value_of_the_section_counts(void **state)
{
    (void)state;
    expect("[user]\n\tname = Ann\n[core]\nname = no\n[USER]\n NAME=Ann Lee  \n", "name", "Ann Lee");
    expect("[user]\nemail=ann@example.org", "email", "ann@example.org");
}

static void other_sections_and_keys_are_not_meant(void **state)
{
    (void)state;
    expect("[user \"work\"]\nname = no\n", "name", NULL);
    expect("[users]\nname = no\n[us]\nname = no\nname = no\n", "name", NULL);
    expect("[user]\nnames = no\nname\n", "name", NULL);
    expect("name = no\n", "name", NULL);
}

static void quotes_comments_and_backslashes_are_resolved(void **state)
{
    (void)state;
    expect("[user]\nname = \"Ann # \\\"A\\\" ; Lee \" # not this\n", "name", "Ann # \"A\" ; Lee ");
    expect("[user]\nname = Ann\\\\Lee ; x\n", "name", "Ann\\Lee");
    expect("[user]\nname = \n", "name", "");
}

static void what_breaks_off_is_no_harm(void **state)
{
    static const char whole[] = "[user]\n name = \"Ann \\\" Lee\" # x\n email = a@b\n[user";
    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        char *part = malloc(len ? len : 1); /* exactly so long: a byte too far is seen */
        assert_non_null(part);
        memcpy(part, whole, len);
        free(oc_gitconfig_user(part, len, "name"));
        free(oc_gitconfig_user(part, len, "email"));
        free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_value_of_the_section_counts),
        cmocka_unit_test(other_sections_and_keys_are_not_meant),
        cmocka_unit_test(quotes_comments_and_backslashes_are_resolved),
        cmocka_unit_test(what_breaks_off_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
