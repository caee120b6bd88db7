/* Numbered things of one size. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/service/alert/table/slab.h"

#define MANY 1000u /* more than one slab holds */

struct thing {
    uint64_t value;
    uint32_t more;
};

static void what_is_taken_is_zero_and_stays_where_it_is(void **state)
{
    struct oc_slab s;
    struct thing *first;
    (void)state;
    oc_slab_init(&s, sizeof(struct thing));
    assert_int_equal(oc_slab_take(&s), 1);
    first = oc_slab_at(&s, 1);
    for (uint32_t i = 2; i <= MANY; i++) {
        assert_int_equal(oc_slab_take(&s), i);
        struct thing *t = oc_slab_at(&s, i);
        assert_int_equal(t->value + t->more, 0);
        t->value = i;
    }
    assert_ptr_equal(oc_slab_at(&s, 1), first);
    for (uint32_t i = 2; i <= MANY; i++) {
        assert_int_equal(((struct thing *)oc_slab_at(&s, i))->value, i);
    }
    oc_slab_clear(&s);
}

static void what_is_given_back_is_given_out_again(void **state)
{
    struct oc_slab s;
    (void)state;
    oc_slab_init(&s, sizeof(struct thing));
    for (uint32_t i = 1; i <= 3; i++) {
        ((struct thing *)oc_slab_at(&s, oc_slab_take(&s)))->value = UINT64_MAX;
    }
    oc_slab_give(&s, 1);
    oc_slab_give(&s, 3);
    assert_int_equal(oc_slab_take(&s), 3);
    assert_int_equal(((struct thing *)oc_slab_at(&s, 3))->value, 0);
    assert_int_equal(oc_slab_take(&s), 1);
    assert_int_equal(oc_slab_take(&s), 4);
    oc_slab_clear(&s);
    assert_int_equal(oc_slab_take(&s), 1);
    oc_slab_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_zero_and_stays_where_it_is),
        cmocka_unit_test(what_is_given_back_is_given_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
