/* Tests of core/base/map.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/map.h"
#include "core/base/mem.h"

#define KEYS 5000

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    struct oc_map m = {0};
    size_t it = 0;
    assert_null(oc_map_get(&m, "x"));
    assert_null(oc_map_remove(&m, "x"));
    assert_false(oc_map_next(&m, &it, NULL, NULL));
    oc_map_finish(&m, free);
}

static void keys_are_copied_and_values_replaced(void **state)
{
    (void)state;
    struct oc_map m = {0};
    int one = 1, two = 2;
    char key[] = "key";
    assert_null(oc_map_set(&m, key, &one));
    key[0] = 'x';
    assert_ptr_equal(oc_map_get(&m, "key"), &one);
    assert_ptr_equal(oc_map_set(&m, "key", &two), &one);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(oc_map_remove(&m, "key"), &two);
    assert_null(oc_map_get(&m, "key"));
    assert_int_equal(m.count, 0);
    oc_map_finish(&m, NULL);
}

static void keys_are_compared_by_all_their_bytes(void **state)
{
    (void)state;
    struct oc_map m = {0};
    int a, b, c, d;
    oc_map_set(&m, "", &a);
    oc_map_setn(&m, "abcdef", 3, &b);
    oc_map_setn(&m, "abc\0x", 5, &c);
    oc_map_set(&m, "abcd", &d);
    assert_ptr_equal(oc_map_get(&m, ""), &a);
    assert_ptr_equal(oc_map_get(&m, "abc"), &b);
    assert_ptr_equal(oc_map_getn(&m, "abc\0x", 5), &c);
    assert_null(oc_map_getn(&m, "abc\0y", 5));
    assert_ptr_equal(oc_map_getn(&m, "abcdef", 4), &d);
    oc_map_finish(&m, NULL);
}

static void many_keys_come_and_go(void **state)
{
    (void)state;
    struct oc_map m = {0};
    char key[32];
    static int values[KEYS];
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_null(oc_map_set(&m, key, &values[i]));
    }
    for (int i = 0; i < KEYS; i += 2) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_ptr_equal(oc_map_remove(&m, key), &values[i]);
    }
    assert_int_equal(m.count, KEYS / 2);
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_ptr_equal(oc_map_get(&m, key), i % 2 ? (void *)&values[i] : NULL);
    }
    oc_map_finish(&m, NULL);
}

static void churn_does_not_grow_the_table(void **state)
{
    (void)state;
    struct oc_map m = {0};
    char key[32];
    int value;
    for (int i = 0; i < 100000; i++) { /* every key is new: each leaves a mark behind */
        snprintf(key, sizeof key, "key-%d", i);
        oc_map_set(&m, key, &value);
        oc_map_remove(&m, key);
    }
    assert_int_equal(m.count, 0);
    assert_in_range(m.cap, 1, 64);
    oc_map_finish(&m, NULL);
}

static void iteration_sees_every_entry_once(void **state)
{
    (void)state;
    struct oc_map m = {0};
    int seen[100] = {0};
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "%d", i);
        oc_map_set(&m, name, &seen[i]);
    }
    oc_map_remove(&m, "50");
    size_t it = 0;
    const char *key;
    void *value;
    while (oc_map_next(&m, &it, &key, &value)) {
        assert_ptr_equal(value, &seen[atoi(key)]);
        seen[atoi(key)]++;
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(seen[i], i != 50);
    }
    oc_map_finish(&m, NULL);
}

static void finish_frees_the_values_that_are_left(void **state)
{
    (void)state;
    struct oc_map m = {0}; /* the leak checker watches */
    oc_map_set(&m, "a", oc_strdup("1"));
    free(oc_map_set(&m, "a", oc_strdup("2")));
    oc_map_set(&m, "b", oc_strdup("3"));
    free(oc_map_remove(&m, "b"));
    oc_map_finish(&m, free);
    assert_int_equal(m.count, 0);
    assert_null(oc_map_get(&m, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(keys_are_copied_and_values_replaced),
        cmocka_unit_test(keys_are_compared_by_all_their_bytes),
        cmocka_unit_test(many_keys_come_and_go),
        cmocka_unit_test(churn_does_not_grow_the_table),
        cmocka_unit_test(iteration_sees_every_entry_once),
        cmocka_unit_test(finish_frees_the_values_that_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
