/* Tests of core/service/alert/table/pool.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdint.h>
#include <string.h>

#include "core/service/alert/table/pool.h"

static void things_made_one_after_the_other_lie_side_by_side(void **state)
{
    struct oc_pool p = {0};
    (void)state;
    char *a = oc_pool_take(&p, 44), *b = oc_pool_take(&p, 41);
    assert_ptr_equal(b, a + 48);
    assert_int_equal((uintptr_t)a % sizeof(void *), 0);
    oc_pool_finish(&p);
}

static void what_is_given_back_is_given_out_for_the_same_size(void **state)
{
    struct oc_pool p = {0};
    (void)state;
    void *a = oc_pool_take(&p, 48), *b = oc_pool_take(&p, 40);
    oc_pool_give(&p, a, 48);
    oc_pool_give(&p, b, 40);
    assert_ptr_equal(oc_pool_take(&p, 33), b);
    assert_ptr_equal(oc_pool_take(&p, 41), a);
    assert_int_equal(p.blocks.count, 1);
    oc_pool_finish(&p);
}

static void nothing_overlaps(void **state)
{
    enum { COUNT = 5000 };
    static unsigned char *items[COUNT];
    static size_t sizes[COUNT];
    struct oc_pool p = {0};
    uint32_t seed = 7;
    (void)state;
    for (size_t i = 0; i < 4 * COUNT; i++) {
        const size_t at = i % COUNT;
        seed = seed * 1664525u + 1013904223u;
        if (items[at]) {
            for (size_t k = 0; k < sizes[at]; k++) {
                assert_int_equal(items[at][k], at % 251);
            }
            oc_pool_give(&p, items[at], sizes[at]);
        }
        sizes[at] = (seed >> 8) % 400 + 1; /* larger ones come from malloc */
        items[at] = oc_pool_take(&p, sizes[at]);
        memset(items[at], (int)(at % 251), sizes[at]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        oc_pool_give(&p, items[i], sizes[i]);
        items[i] = NULL;
    }
    oc_pool_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_made_one_after_the_other_lie_side_by_side),
        cmocka_unit_test(what_is_given_back_is_given_out_for_the_same_size),
        cmocka_unit_test(nothing_overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
