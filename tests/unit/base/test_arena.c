/* Tests of core/base/arena.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/arena.h"

static void allocations_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    struct oc_arena a = {0};
    unsigned char *previous = NULL;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *p = oc_arena_alloc(&a, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        assert_ptr_not_equal(p, previous);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, size); /* the next one must not see this */
        previous = p;
    }
    oc_arena_finish(&a);
}

static void large_allocations_leave_the_small_block_in_use(void **state)
{
    (void)state;
    struct oc_arena a = {0};
    char *first = oc_arena_alloc(&a, 16);
    char *large = oc_arena_alloc(&a, 100000);
    char *second = oc_arena_alloc(&a, 16);
    memset(large, 1, 100000);
    assert_ptr_equal(second, first + 16);
    oc_arena_finish(&a);
}

static void strings_live_as_long_as_the_arena(void **state)
{
    (void)state;
    struct oc_arena a = {0};
    const char *s = oc_arena_strdup(&a, "copy");
    const char *n = oc_arena_strndup(&a, "prefix-rest", 6);
    const char *empty = oc_arena_strndup(&a, NULL, 0);
    assert_string_equal(s, "copy");
    assert_string_equal(n, "prefix");
    assert_string_equal(empty, "");
    oc_arena_finish(&a);
    assert_null(a.head);
    assert_string_equal(oc_arena_strdup(&a, "used again"), "used again");
    oc_arena_wipe(&a);
    assert_null(a.head);
    oc_arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_zeroed_and_apart),
        cmocka_unit_test(large_allocations_leave_the_small_block_in_use),
        cmocka_unit_test(strings_live_as_long_as_the_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
