/* Promised deliveries: order, retries, crashes, bounds, a failing store. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/service/alert/deliver/sender.h"

#define TWO                                                                                        \
    "alerts = { storm_limit = 0; channels = ( { plugin = \"console\"; }, { plugin = \"webhook\"; " \
    "name = \"ops\"; "                                                                             \
    "} ); };"

/* The id of the delivery under way on `channel`, its alert and event checked. */
static void under_way(const char *channel, const char *alert, const char *event, char id[37])
{
    json_t *params = plugin_take(channel);
    assert_non_null(params);
    assert_string_equal(oc_json_str(params, "event", ""), event);
    assert_string_equal(oc_json_str(json_object_get(params, "alert"), "id", ""), alert);
    snprintf(id, 37, "%s", oc_json_str(params, "id", ""));
    json_decref(params);
}

static void a_promise_is_in_the_store_before_it_is_sent(void **state)
{
    struct world *w = *state;
    char a[37], b[37];
    world_start(w, TWO);
    fire(w, "aa");
    assert_int_equal(kv_count(w, "outbox"), 2);
    under_way("console", "aa", "firing", a);
    under_way("ops", "aa", "firing", b);
    assert_string_not_equal(a, b);
    plugin_answer("console", OC_OK, NULL);
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 1);
    plugin_answer("ops", OC_OK, NULL);
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void a_promise_is_kept_after_a_crash_with_the_same_id(void **state)
{
    struct world *w = *state;
    char before[37], after[37];
    world_start(w, TWO);
    fire(w, "aa");
    fire(w, "bb");
    under_way("ops", "aa", "firing", before);
    plugin_answer("console", OC_OK, NULL);
    plugin_answer("console", OC_OK, NULL);
    world_pass(OC_SECOND);
    world_crash(w);
    assert_int_equal(kv_count(w, "outbox"), 2);

    world_start(w, TWO);
    assert_null(plugin_take("console"));
    under_way("ops", "aa", "firing", after);
    assert_string_equal(before, after);
    plugin_answer("ops", OC_OK, NULL);
    under_way("ops", "bb", "firing", after);
    plugin_answer("ops", OC_OK, NULL);
    resolve(w, "aa"); /* promised after those that were restored */
    under_way("ops", "aa", "resolved", after);
    plugin_answer("ops", OC_OK, NULL);
    world_pass(OC_SECOND);
    plugin_drain("console");
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void a_crash_after_the_delivery_repeats_it_with_the_same_id(void **state)
{
    struct world *w = *state;
    char before[37], after[37];
    world_start(w, TWO);
    fire(w, "aa");
    under_way("ops", "aa", "firing", before);
    plugin_answer("ops", OC_OK, NULL);
    world_crash(w); /* before the removal was written */
    world_start(w, TWO);
    under_way("ops", "aa", "firing", after);
    assert_string_equal(before, after);
}

static void one_channel_keeps_the_order_and_does_not_hold_up_another(void **state)
{
    struct world *w = *state;
    char id[37];
    world_start(w, TWO);
    fire(w, "aa");
    fire(w, "bb");
    resolve(w, "aa");
    assert_int_equal(plugin_drain("console"), 3);
    under_way("ops", "aa", "firing", id);
    plugin_answer("ops", OC_OK, NULL);
    under_way("ops", "bb", "firing", id);
    plugin_answer("ops", OC_OK, NULL);
    under_way("ops", "aa", "resolved", id);
}

static void a_failed_attempt_is_repeated_three_times_with_growing_pauses(void **state)
{
    struct world *w = *state;
    char first[37], id[37];
    static const int64_t pauses[] = {1000, 4000, 16000};
    w->warnings_wanted = true;
    world_start(w, TWO);
    fire(w, "aa");
    under_way("ops", "aa", "firing", first);
    for (size_t i = 0; i < 3; i++) {
        plugin_answer("ops", i == 1 ? OC_E_TIMEOUT : OC_E_RETRY, NULL);
        world_pass(pauses[i] - 1);
        assert_null(plugin_take("ops"));
        world_pass(pauses[i] / 4 + 1); /* the random part */
        under_way("ops", "aa", "firing", id);
        assert_string_equal(first, id);
    }
    assert_null(event_of(w, "alert.failed"));
    plugin_answer("ops", OC_E_RETRY, NULL);
    const json_t *failed = event_of(w, "alert.failed");
    assert_int_equal(oc_json_int(failed, "attempts", 0), 4);
    assert_string_equal(oc_json_str(failed, "delivery", ""), first);
    assert_string_equal(oc_json_str(failed, "channel", ""), "ops");
    plugin_drain("console");
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void what_cannot_succeed_is_not_repeated(void **state)
{
    static const int codes[] = {OC_E_PERMANENT, OC_E_CONFIG, OC_E_AUTH, OC_E_DENIED, OC_E_INTERNAL};
    struct world *w = *state;
    char id[] = "a0";
    w->warnings_wanted = true;
    world_start(w, TWO);
    for (size_t i = 0; i < OC_COUNT(codes); i++) {
        id[1] = (char)('0' + i);
        fire(w, id);
        plugin_answer("ops", codes[i], NULL);
        assert_int_equal(events_of(w, "alert.failed"), i + 1);
        assert_null(plugin_take("ops"));
    }
}

static void a_receiver_may_ask_for_a_longer_pause(void **state)
{
    struct world *w = *state;
    char id[37];
    world_start(w, TWO);
    fire(w, "aa");
    plugin_answer("ops", OC_E_RETRY, "{\"answer\":\"HTTP 429\",\"retry_after\":60}");
    world_pass(59 * OC_SECOND);
    assert_null(plugin_take("ops"));
    world_pass(2 * OC_SECOND);
    under_way("ops", "aa", "firing", id);
    plugin_answer("ops", OC_E_RETRY, "{\"retry_after\":1e300}");
    world_pass(OC_CHANNEL_RETRY_MAX + OC_SECOND);
    under_way("ops", "aa", "firing", id);
    plugin_answer("ops", OC_OK, "{\"answer\":7}");
}

static void an_instance_that_takes_no_calls_costs_no_attempt(void **state)
{
    struct world *w = *state;
    json_t *params;
    world_start(w, TWO);
    plugin_become("ops", OC_INSTANCE_FENCED);
    fire(w, "aa");
    world_pass(OC_MINUTE);
    assert_null(plugin_take("ops"));
    assert_null(event_of(w, "alert.failed"));
    plugin_become("ops", OC_INSTANCE_READY);
    world_pass(2 * OC_SECOND);
    params = plugin_take("ops");
    assert_int_equal(oc_json_int(params, "attempt", 0), 1);
    json_decref(params);
    /* the host answers CONFLICT for what waited while the start failed */
    plugin_become("ops", OC_INSTANCE_FAILED);
    plugin_answer("ops", OC_E_CONFLICT, NULL);
    assert_null(event_of(w, "alert.failed"));
    plugin_become("ops", OC_INSTANCE_READY);
    world_pass(2 * OC_SECOND);
    params = plugin_take("ops");
    assert_int_equal(oc_json_int(params, "attempt", 0), 1);
    json_decref(params);
}

static void people_are_told_although_nothing_can_be_stored(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, TWO);
    world_store(w, true);
    fire(w, "aa");
    assert_int_equal(plugin_drain("console"), 1);
    assert_true(w->warnings >= 1);
    unsigned warned = w->warnings;
    world_pass(5 * OC_MINUTE);
    assert_int_equal(w->warnings, warned); /* said once */
    assert_int_equal(kv_count(w, "outbox"), 0);

    world_store(w, false); /* well again: what is still promised is written now */
    world_pass(OC_MINUTE);
    assert_int_equal(kv_count(w, "outbox"), 1);
    assert_int_equal(kv_count(w, "alert"), 1);
    plugin_answer("ops", OC_OK, NULL);
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static struct oc_delivery *promise(int64_t seq, const char *event)
{
    json_t *alert = json_pack("{s:s}", "id", "aa");
    struct oc_delivery *d = oc_delivery_create("ops", event, alert, "{\"id\":\"aa\"}", seq);
    json_decref(alert);
    return d;
}

static void a_full_queue_gives_up_the_oldest_end_first(void **state)
{
    static const char *const events[] = {"resolved", "firing", "resolved", "firing"};
    static const int64_t victims[] = {3, 2, 4};
    struct oc_delivery_queue q = {0};
    (void)state;
    for (int64_t i = 0; i < 4; i++) {
        oc_delivery_push(&q, promise(i + 1, events[i]));
    }
    for (size_t i = 0; i < OC_COUNT(victims); i++) {
        struct oc_delivery *d = oc_delivery_sacrifice(&q, "resolved");
        assert_int_equal(d->seq, victims[i]);
        oc_delivery_destroy(d);
    }
    assert_null(oc_delivery_sacrifice(&q, "resolved")); /* the head may be on its way */
    assert_int_equal(q.count, 1);
    assert_ptr_equal(q.head, q.tail);
    oc_delivery_queue_finish(&q);
    assert_null(oc_delivery_pop(&q));
}

static void a_delivery_is_read_as_it_was_written_and_nonsense_is_not(void **state)
{
    struct oc_delivery *d = promise(42, "firing");
    struct oc_buf text = {0};
    oc_delivery_save(d, &text);
    json_t *json = json_loads(text.data, 0, NULL);
    oc_buf_finish(&text);
    struct oc_delivery *again = oc_delivery_load(json);
    (void)state;
    assert_string_equal(again->id, d->id);
    assert_int_equal(again->seq, 42);
    assert_string_equal(again->alert, d->alert);
    oc_delivery_destroy(again);
    json_object_set_new(json, "id", json_string("short"));
    assert_null(oc_delivery_load(json));
    json_decref(json);
    json = json_array();
    assert_null(oc_delivery_load(json));
    json_decref(json);
    oc_delivery_destroy(d);
}

static void unreadable_records_are_dropped_and_the_rest_is_kept(void **state)
{
    struct world *w = *state;
    json_t *nonsense = json_pack("{s:i}", "id", 1);
    char id[37];
    w->warnings_wanted = true;
    world_start(w, TWO);
    fire(w, "aa");
    world_crash(w);
    oc_kv_put(w->env.store, "outbox", "x", nonsense, true, NULL);
    oc_kv_put(w->env.store, "alert", "x", nonsense, true, NULL);
    oc_kv_put(w->env.store, "silence", "x", nonsense, true, NULL);
    json_decref(nonsense);
    world_start(w, TWO);
    under_way("ops", "aa", "firing", id);
    plugin_drain("ops");
    plugin_drain("console");
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void restored_promises_keep_the_order_in_which_they_were_made(void **state)
{
    static const char *const ids[] = {"cc", "aa", "bb"}; /* the store gives them by key: reversed */
    struct world *w = *state;
    char id[37], key[37];
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "%08d-0000-7000-8000-000000000000", 9 - i);
        json_t *record =
            json_pack("{s:s, s:s, s:s, s:i, s:i, s:{s:s}}", "id", key, "channel", "ops", "event",
                      "firing", "seq", i + 1, "created", 1, "alert", "id", ids[i]);
        oc_kv_put(w->env.store, "outbox", key, record, true, NULL);
        json_decref(record);
    }
    world_start(w, TWO);
    for (int i = 0; i < 3; i++) {
        under_way("ops", ids[i], "firing", id);
        plugin_answer("ops", OC_OK, NULL);
    }
}

static void promises_to_a_channel_that_is_gone_fail_aloud(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, TWO);
    fire(w, "aa");
    world_crash(w);
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; } ); };");
    assert_string_equal(oc_json_str(event_of(w, "alert.failed"), "channel", ""), "ops");
    plugin_drain("console");
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void the_pauses_grow_fourfold_up_to_a_bound(void **state)
{
    (void)state;
    assert_int_equal(oc_sender_backoff(1), OC_SECOND);
    assert_int_equal(oc_sender_backoff(2), 4 * OC_SECOND);
    assert_int_equal(oc_sender_backoff(3), 16 * OC_SECOND);
    assert_int_equal(oc_sender_backoff(100), 5 * OC_MINUTE);
}

static void a_thousand_alerts_share_a_few_transactions(void **state)
{
    struct world *w = *state;
    char id[16];
    world_start(w, TWO);
    int64_t before = oc_time_mono();
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "%04d", i);
        rule_event(w, "rule.firing", id, "critical");
    }
    assert_int_equal(kv_count(w, "outbox"), 0); /* not one by one */
    world_pass(10);
    assert_int_equal(kv_count(w, "outbox"), 2000);
    assert_int_equal(kv_count(w, "alert"), 1000);
    assert_int_equal(plugin_drain("console"), 1000);
    assert_int_equal(plugin_drain("ops"), 1000);
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
    assert_true(oc_time_mono() - before < 2 * OC_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_promise_is_in_the_store_before_it_is_sent),
        IN_WORLD(a_promise_is_kept_after_a_crash_with_the_same_id),
        IN_WORLD(a_crash_after_the_delivery_repeats_it_with_the_same_id),
        IN_WORLD(one_channel_keeps_the_order_and_does_not_hold_up_another),
        IN_WORLD(a_failed_attempt_is_repeated_three_times_with_growing_pauses),
        IN_WORLD(what_cannot_succeed_is_not_repeated),
        IN_WORLD(a_receiver_may_ask_for_a_longer_pause),
        IN_WORLD(an_instance_that_takes_no_calls_costs_no_attempt),
        IN_WORLD(people_are_told_although_nothing_can_be_stored),
        cmocka_unit_test(a_full_queue_gives_up_the_oldest_end_first),
        cmocka_unit_test(a_delivery_is_read_as_it_was_written_and_nonsense_is_not),
        IN_WORLD(unreadable_records_are_dropped_and_the_rest_is_kept),
        IN_WORLD(restored_promises_keep_the_order_in_which_they_were_made),
        IN_WORLD(promises_to_a_channel_that_is_gone_fail_aloud),
        cmocka_unit_test(the_pauses_grow_fourfold_up_to_a_bound),
        IN_WORLD(a_thousand_alerts_share_a_few_transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
