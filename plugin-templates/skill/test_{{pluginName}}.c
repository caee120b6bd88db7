/* {{pluginDisplayName}}, as it is packed. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

/* The text that is packed, in `text`. */
static void read_skill(char *text, size_t size)
{
    FILE *f = fopen(OC_PLUGIN_DIR "/SKILL.md", "re");
    assert_non_null(f);
    const size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    fclose(f);
}

static void the_front_matter_names_the_skill(void **state)
{
    char text[16384];
    (void)state;
    read_skill(text, sizeof text);
    assert_int_equal(strncmp(text, "---\n", 4), 0);
    assert_non_null(strstr(text, "\n---\n"));
    assert_non_null(strstr(text, "\nname: "));
    assert_non_null(strstr(text, "\ndescription: "));
}

static void the_text_says_when_and_how(void **state)
{
    char text[16384];
    (void)state;
    read_skill(text, sizeof text);
    assert_non_null(strstr(text, "## When to use it"));
    assert_non_null(strstr(text, "## How it is done"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_matter_names_the_skill),
        cmocka_unit_test(the_text_says_when_and_how),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
