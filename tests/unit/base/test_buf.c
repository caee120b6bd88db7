/* Tests of core/base/buf.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

static void a_fresh_buffer_has_no_data(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    oc_buf_clear(&b);
    oc_buf_consume(&b, 0);
    assert_null(b.data);
    oc_buf_finish(&b);
    char *taken = oc_buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
}

static void everything_appended_is_terminated(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    oc_buf_reserve(&b, 10);
    assert_string_equal(b.data, "");
    oc_buf_adds(&b, "one");
    oc_buf_addc(&b, ' ');
    oc_buf_add(&b, "two-and-more", 3);
    oc_buf_addf(&b, " %d%s", 3, "!");
    assert_string_equal(b.data, "one two 3!");
    assert_int_equal(b.len, 10);
    oc_buf_add(&b, NULL, 0);
    assert_int_equal(b.len, 10);
    oc_buf_finish(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
}

static void bytes_with_zeros_are_kept(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    oc_buf_add(&b, "a\0b", 3);
    oc_buf_addc(&b, '\0');
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "a\0b\0\0", 5);
    oc_buf_finish(&b);
}

static void whole_numbers_are_decimal(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    static const int64_t values[] = {0, -1, 10, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < OC_COUNT(values); i++) {
        oc_buf_addi(&b, values[i]);
        oc_buf_addc(&b, ' ');
    }
    assert_string_equal(b.data, "0 -1 10 9223372036854775807 -9223372036854775808 ");
    oc_buf_finish(&b);
}

static void formats_longer_than_the_room_fit(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    for (int width = 1; width < 400; width++) { /* every distance to the end of the memory */
        size_t before = b.len;
        oc_buf_addf(&b, "%0*d", width, 7);
        assert_int_equal(b.len, before + (size_t)width);
        assert_int_equal(strlen(b.data), b.len);
        assert_int_equal(b.data[b.len - 1], '7');
    }
    oc_buf_finish(&b);
}

static void consume_drops_the_front(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    oc_buf_adds(&b, "headbody");
    oc_buf_consume(&b, 4);
    assert_string_equal(b.data, "body");
    oc_buf_consume(&b, 4);
    assert_string_equal(b.data, "");
    assert_int_equal(b.len, 0);
    oc_buf_finish(&b);
}

static void clear_keeps_the_memory_and_take_gives_it_away(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    oc_buf_adds(&b, "something");
    size_t cap = b.cap;
    oc_buf_clear(&b);
    assert_string_equal(b.data, "");
    assert_int_equal(b.cap, cap);
    oc_buf_adds(&b, "new");
    char *taken = oc_buf_take(&b);
    assert_string_equal(taken, "new");
    assert_null(b.data);
    oc_buf_adds(&b, "again");
    assert_string_equal(b.data, "again");
    oc_buf_finish(&b);
    free(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_buffer_has_no_data),
        cmocka_unit_test(everything_appended_is_terminated),
        cmocka_unit_test(bytes_with_zeros_are_kept),
        cmocka_unit_test(whole_numbers_are_decimal),
        cmocka_unit_test(formats_longer_than_the_room_fit),
        cmocka_unit_test(consume_drops_the_front),
        cmocka_unit_test(clear_keeps_the_memory_and_take_gives_it_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
