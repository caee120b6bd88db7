/* Tests of core/api/ops/accept.c: how a client would like its answer. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/ops/accept.h"

static void events_are_sent_to_who_names_them(void **state)
{
    (void)state;
    assert_true(oc_wish_read("text/event-stream", NULL).events);
    assert_true(oc_wish_read("application/json;q=0.5, Text/Event-Stream ; q=1", NULL).events);
    assert_false(oc_wish_read("*/*", NULL).events);
    assert_false(oc_wish_read("text/*", NULL).events);
    assert_false(oc_wish_read("text/event-streams", NULL).events);
    assert_false(oc_wish_read("", NULL).events);
    assert_false(oc_wish_read(NULL, NULL).events);
}

static void preferences_are_read_and_bounded(void **state)
{
    (void)state;
    struct oc_wish wish = oc_wish_read(NULL, "respond-async, wait=10");
    assert_true(wish.async);
    assert_int_equal(wish.wait_ms, 10000);
    assert_int_equal(oc_wish_read(NULL, "wait=99999999999999999999").wait_ms, OC_WISH_WAIT_MAX_MS);
    assert_int_equal(oc_wish_read(NULL, "wait=-1").wait_ms, 0);
    assert_int_equal(oc_wish_read(NULL, "wait=").wait_ms, 0);
    assert_int_equal(oc_wish_read(NULL, "wait=1x").wait_ms, 0);
    assert_false(oc_wish_read(NULL, "respond-async=1").async);
    assert_true(oc_wish_read(NULL, ", ,RESPOND-ASYNC ,").async);
}

static void a_last_event_is_a_number(void **state)
{
    (void)state;
    assert_int_equal(oc_last_event_read("17"), 17);
    assert_int_equal(oc_last_event_read("17x"), 0);
    assert_int_equal(oc_last_event_read("-1"), 0);
    assert_int_equal(oc_last_event_read(NULL), 0);
    assert_true(oc_last_event_read("99999999999999999999999") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_sent_to_who_names_them),
        cmocka_unit_test(preferences_are_read_and_bounded),
        cmocka_unit_test(a_last_event_is_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
