/* Tests of core/store/intern.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/store/intern.h"

static void equal_texts_are_equal_pointers(void **state)
{
    (void)state;
    struct oc_interns set;
    oc_interns_init(&set, 1);
    const char *a = oc_interns_add(&set, "redis.up", 8);
    assert_ptr_equal(oc_interns_add(&set, "redis.up and more", 8), a);
    assert_ptr_not_equal(oc_interns_add(&set, "redis.u", 7), a);
    assert_string_equal(a, "redis.up");
    assert_string_equal(oc_interns_add(&set, "", 0), "");
    assert_int_equal(set.count, 3);
    oc_interns_finish(&set);
}

static void texts_stay_where_they_are_while_the_set_grows(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static const char *kept[COUNT];
    struct oc_interns set;
    char text[32];

    oc_interns_init(&set, 2);
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "target-%d", i);
        kept[i] = oc_interns_add(&set, text, strlen(text));
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "target-%d", i);
        assert_ptr_equal(oc_interns_add(&set, text, strlen(text)), kept[i]);
        assert_string_equal(kept[i], text);
    }
    oc_interns_finish(&set);
}

static void a_text_larger_than_a_block_fits(void **state)
{
    (void)state;
    static char large[10000];
    struct oc_interns set;
    memset(large, 'x', sizeof large);
    oc_interns_init(&set, 3);
    const char *kept = oc_interns_add(&set, large, sizeof large);
    assert_int_equal(strlen(kept), sizeof large);
    assert_ptr_equal(oc_interns_add(&set, large, sizeof large), kept);
    oc_interns_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_are_equal_pointers),
        cmocka_unit_test(texts_stay_where_they_are_while_the_set_grows),
        cmocka_unit_test(a_text_larger_than_a_block_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
