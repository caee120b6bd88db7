/* Tests of core/api/ws/ring.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/ws/ring.h"

static void add(struct oc_ws_ring *r, uint64_t seq, size_t len)
{
    char *data = calloc(1, len);
    struct oc_packet *p = oc_packet_create(OC_WS_TEXT, data, len);
    const struct oc_ws_told told = {.seq = seq, .packet = p, .event = (char *)(uintptr_t) "a.b"};
    oc_ws_ring_add(r, &told);
    oc_packet_unref(p);
    free(data);
}

static void the_first_entry_after_a_number_is_found(void **state)
{
    struct oc_ws_ring r = {0};
    (void)state;
    assert_int_equal(oc_ws_ring_after(&r, 5), 0);
    assert_null(oc_ws_ring_at(&r, 0));
    for (uint64_t seq = 10; seq <= 30; seq += 5) {
        add(&r, seq, 1);
    }
    assert_int_equal(oc_ws_ring_after(&r, 0), 0);
    assert_int_equal(oc_ws_ring_after(&r, 10), 1);
    assert_int_equal(oc_ws_ring_after(&r, 12), 1);
    assert_int_equal(oc_ws_ring_after(&r, 30), 5);
    assert_int_equal(oc_ws_ring_at(&r, 1)->seq, 15);
    assert_string_equal(oc_ws_ring_at(&r, 1)->event, "a.b");
    assert_null(oc_ws_ring_at(&r, 5));
    oc_ws_ring_finish(&r);
}

static void the_oldest_make_room_and_are_remembered_as_gone(void **state)
{
    struct oc_ws_ring r = {0};
    (void)state;
    for (uint64_t seq = 1; seq <= OC_WS_RING_ENTRIES + 10; seq++) {
        add(&r, seq, 1);
    }
    assert_int_equal(r.count, OC_WS_RING_ENTRIES);
    assert_int_equal(r.forgotten, 10);
    assert_int_equal(oc_ws_ring_at(&r, 0)->seq, 11);
    add(&r, 100000, OC_WS_RING_BYTES / 2);
    add(&r, 100001, OC_WS_RING_BYTES / 2 - 100);
    assert_true(r.bytes <= OC_WS_RING_BYTES);
    assert_int_equal(oc_ws_ring_at(&r, r.count - 1)->seq, 100001);
    add(&r, 100002, OC_WS_RING_BYTES * 2); /* longer than all: it is there alone */
    assert_int_equal(r.count, 1);
    assert_int_equal(r.forgotten, 100001);
    oc_ws_ring_finish(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_entry_after_a_number_is_found),
        cmocka_unit_test(the_oldest_make_room_and_are_remembered_as_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
