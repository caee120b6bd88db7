/* Tests of core/store/events.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

static void add(struct kit *kit, int64_t time_ms, const char *topic, int n)
{
    json_t *data = json_pack("{s:i}", "n", n);
    assert_int_equal(oc_events_append(kit->store, time_ms, topic, data, NULL), OC_OK);
    json_decref(data);
}

/* The numbers of the events that a query gives, as text. */
static const char *ask(struct kit *kit, struct oc_event_query q)
{
    static char text[256];
    size_t i;
    json_t *row, *rows = oc_events_query(kit->store, &q, NULL);
    assert_non_null(rows);
    text[0] = '\0';
    json_array_foreach(rows, i, row)
    {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%d", i ? " " : "",
                 (int)oc_json_int(json_object_get(row, "data"), "n", -1));
    }
    json_decref(rows);
    return text;
}

/* Not the plain "alert", the newest of them. */
static bool is_below_alert(const void *ctx, const char *topic)
{
    (void)ctx;
    return strcmp(topic, "alert") != 0;
}

static void check_queries(struct kit *kit)
{
    assert_string_equal(ask(kit, (struct oc_event_query){.limit = 1, .shows = is_below_alert}),
                        "4");
    assert_string_equal(ask(kit, (struct oc_event_query){.shows = is_below_alert}), "4 3 2 1");
    assert_string_equal(ask(kit, (struct oc_event_query){0}), "5 4 3 2 1");
    assert_string_equal(ask(kit, (struct oc_event_query){.limit = 2}), "5 4");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "alert.firing"}), "4 1");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "alert.*"}), "4 2 1");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "alert"}), "5");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "alert.*", .limit = 1}), "4");
    assert_string_equal(
        ask(kit, (struct oc_event_query){.from_ms = KIT_NOW + 2, .to_ms = KIT_NOW + 4}), "3 2");
    assert_string_equal(ask(kit, (struct oc_event_query){.after_id = 3}), "5 4");
    assert_string_equal(ask(kit, (struct oc_event_query){.after_id = UINT64_MAX}), "");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "none"}), "");
}

/* As on the WebSocket: wherever the * stands, and with the limit counting what matches. */
static void check_patterns(struct kit *kit)
{
    static const char *const rows[][2] = {
        {"*", "5 4 3 2 1"},
        {"al*", "5 4 3 2 1"},
        {"alert*", "5 4 3 2 1"},
        {"alert.*", "4 2 1"},
        {"*.firing", "4 1"},
        {"alert.?iring", "4 1"},
        {"a*.*n*", "4 3 1"},
        {"?", ""},
        {"*z", ""},
        {"alerting.not*", "3"},
        {"b*", ""},
        {"[a]*", ""},
    };
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        assert_string_equal(ask(kit, (struct oc_event_query){.topic = rows[i][0]}), rows[i][1]);
    }
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "*.firing", .limit = 2}), "4 1");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "*.not", .limit = 1}), "3");
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = "al*", .limit = 2}), "5 4");
}

static void events_are_found_newest_first_pending_or_written(void **state)
{
    struct kit *kit = *state;
    add(kit, KIT_NOW + 1, "alert.firing", 1);
    add(kit, KIT_NOW + 2, "alert.resolved", 2);
    add(kit, KIT_NOW + 3, "alerting.not", 3);
    add(kit, KIT_NOW + 4, "alert.firing", 4);
    add(kit, KIT_NOW + 5, "alert", 5);
    check_queries(kit);
    check_patterns(kit);
    oc_store_flush(kit->store, NULL);
    check_queries(kit);
    check_patterns(kit);
    kit_reopen(kit);
    check_queries(kit);
}

static void a_query_spans_what_is_written_and_what_is_pending(void **state)
{
    struct kit *kit = *state;
    add(kit, KIT_NOW + 1, "alert.firing", 1);
    add(kit, KIT_NOW + 2, "alert.resolved", 2);
    add(kit, KIT_NOW + 3, "alerting.not", 3);
    oc_store_flush(kit->store, NULL);
    add(kit, KIT_NOW + 4, "alert.firing", 4);
    add(kit, KIT_NOW + 5, "alert", 5);
    check_queries(kit);
}

static void rows_have_id_time_topic_and_data(void **state)
{
    struct kit *kit = *state;
    struct oc_event_query q = {0};
    add(kit, KIT_NOW, "a.b", 1);
    assert_int_equal(oc_events_append(kit->store, KIT_NOW, "c", NULL, NULL), OC_OK);
    json_t *rows = oc_events_query(kit->store, &q, NULL);
    json_t *row = json_array_get(rows, 1);
    assert_int_equal(oc_json_int(row, "id", 0), 1);
    assert_string_equal(oc_json_str(row, "time", ""), "2026-01-01T00:00:00.000Z");
    assert_string_equal(oc_json_str(row, "topic", ""), "a.b");
    assert_true(json_is_object(json_object_get(json_array_get(rows, 0), "data")));
    json_decref(rows);
}

static void ids_grow_across_restarts(void **state)
{
    struct kit *kit = *state;
    add(kit, KIT_NOW, "t", 1);
    add(kit, KIT_NOW, "t", 2);
    kit_reopen(kit);
    add(kit, KIT_NOW, "t", 3);
    assert_string_equal(ask(kit, (struct oc_event_query){.after_id = 2}), "3");
    oc_time_advance(100 * OC_DAY);
    oc_store_maintain(kit->store, NULL); /* all are too old now */
    assert_string_equal(ask(kit, (struct oc_event_query){0}), "");
    kit_reopen(kit);
    add(kit, oc_time_wall(), "t", 4);
    assert_string_equal(ask(kit, (struct oc_event_query){.after_id = 3}), "4");
}

static void retention_takes_the_old_ones_only(void **state)
{
    struct kit *kit = *state;
    add(kit, KIT_NOW, "t", 1);
    add(kit, KIT_NOW + 20 * OC_DAY, "t", 2);
    oc_time_advance(40 * OC_DAY);
    oc_store_maintain(kit->store, NULL);
    assert_string_equal(ask(kit, (struct oc_event_query){0}), "2");
}

static void pending_events_are_bounded(void **state)
{
    struct kit *kit = *state;
    char *text = oc_alloc(1 << 19);
    memset(text, 'x', (1 << 19) - 1);
    text[(1 << 19) - 1] = '\0';
    json_t *data = json_pack("{s:s}", "t", text);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(oc_events_append(kit->store, KIT_NOW, "big", data, NULL), OC_OK);
    }
    assert_true(kit->store->event_bytes <= OC_PENDING_BYTES_MAX);
    json_decref(data);
    free(text);
}

static void bad_events_are_refused(void **state)
{
    struct kit *kit = *state;
    char topic[200];
    memset(topic, 't', sizeof topic);
    topic[199] = '\0';
    assert_int_equal(oc_events_append(kit->store, KIT_NOW, topic, NULL, NULL), OC_E_CONFIG);
    assert_int_equal(oc_events_append(kit->store, KIT_NOW, "", NULL, NULL), OC_E_CONFIG);
    memcpy(topic + 190, ".*", 3);
    assert_string_equal(ask(kit, (struct oc_event_query){.topic = topic}), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(events_are_found_newest_first_pending_or_written),
        kit_test(a_query_spans_what_is_written_and_what_is_pending),
        kit_test(rows_have_id_time_topic_and_data),
        kit_test(ids_grow_across_restarts),
        kit_test(retention_takes_the_old_ones_only),
        kit_test(pending_events_are_bounded),
        kit_test(bad_events_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
