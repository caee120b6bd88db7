/* Garbage, floods and giants; and the blocks of records. SPDX-License-Identifier: MIT */
#include "rig.h"

#include <math.h>

#include <openclaw/emit.h>

static void garbage_is_dropped_and_said_once(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "garbage", "g", "{}");
    assert_int_equal(rig_call(rig, i, "tool.garbage/1", NULL, 5000), OC_OK);
    assert_string_equal(rig_text(&rig->samples),
                        "garbage.value=1\ngarbage.dirty,target=caf\xef\xbf\xbd=2\n");
    assert_string_equal(rig_text(&rig->texts), "odd state, odd text \xef\xbf\xbd(\n");
    assert_true(rig_logged("warn plugin emits bad records"));
    assert_true(rig_logged("\"dropped\":11"));
    assert_true(rig_logged("\"first\":\"wrong struct_size of a record\""));
    pthread_mutex_lock(&rig_log_lock);
    oc_buf_clear(&rig_log);
    pthread_mutex_unlock(&rig_log_lock);
    rig_call(rig, i, "tool.garbage/1", NULL, 5000);
    assert_false(rig_logged("bad records"));
    rig_destroy(rig, i, 1000);
}

static void a_flood_is_cut_at_the_cap(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "garbage", "g", "{}");
    assert_int_equal(rig_call(rig, i, "tool.flood/1", NULL, 20000), OC_E_PERMANENT);
    assert_int_equal(rig->records, OC_CALL_RECORDS_MAX);
    assert_int_equal(rig_call(rig, i, "tool.flood/1", "1", 20000), OC_E_PERMANENT);
    assert_has(rig->err.message, "more than 100000 records");
    assert_int_equal(rig->records, OC_CALL_RECORDS_MAX);
    rig_destroy(rig, i, 1000);
}

/* ---- a flood in pieces ---- */

#define FLOOD 20000u

static void *flood(void *ctx)
{
    struct oc_records *r = ctx;
    const struct oc_sink sink = oc_records_sink(r);
    for (unsigned i = 0; i < FLOOD; i++) {
        assert_int_equal(oc_emit_gauge(&sink, "flood.value", i), OC_OK);
    }
    oc_records_end(r);
    return NULL;
}

static void on_pieces(void *ctx, const struct oc_record *records, size_t count)
{
    size_t *total = ctx;
    for (size_t i = 0; i < count; i++) {
        assert_true(records[i].value == (double)(*total)++);
    }
}

static void a_flood_comes_to_the_loop_in_small_pieces(void **state)
{
    struct rig *rig = *state;
    size_t total = 0, most = 0;
    pthread_t thread;
    struct oc_records *r = oc_records_create(rig->loop, 1, on_pieces, &total);
    assert_int_equal(pthread_create(&thread, NULL, flood, r), 0);
    while (total < FLOOD / 2) {
        const size_t before = total;
        oc_loop_step(rig->loop, false);
        most = total - before > most ? total - before : most;
    }
    pthread_join(thread, NULL); /* it waits for us for a while, and not for ever */
    oc_records_drain(r);
    assert_int_equal(total, FLOOD);
    assert_in_range(most, 1, 2000);
    oc_records_destroy(r);
    while (oc_loop_step(rig->loop, false)) {
    }
}

struct lengths {
    uint64_t total, longest;
    size_t count;
    char last[4];
};

static void on_lengths(void *ctx, const struct oc_record *records, size_t count)
{
    struct lengths *l = ctx;
    for (size_t i = 0; i < count; i++) {
        const struct oc_view t = records[i].text;
        l->total += t.len;
        l->longest = t.len > l->longest ? t.len : l->longest;
        l->count++;
        memcpy(l->last, t.ptr + t.len - 2, 2);
        assert_int_equal(t.ptr[t.len], '\0');
    }
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct lengths *l = ctx;
    (void)err;
    (void)took_ms;
    l->last[2] = 'd';
    assert_int_equal(code, OC_OK);
}

static struct lengths emit_big(struct rig *rig, struct oc_instance *i, const char *type)
{
    struct lengths l = {0};
    const struct oc_invocation inv = {.method = "tool.big/1",
                                      .params = type,
                                      .timeout_ms = 20000,
                                      .on_records = on_lengths,
                                      .on_done = on_done,
                                      .ctx = &l};
    assert_int_equal(oc_instance_call(i, &inv, NULL, NULL), OC_OK);
    RIG_UNTIL(rig, l.last[2] == 'd');
    return l;
}

static void ten_megabytes_of_text_are_cut_between_two_characters(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "garbage", "g", "{}");
    const struct lengths l = emit_big(rig, i, "2");
    assert_int_equal(l.count, 1);
    assert_in_range(l.total, OC_RECORD_TEXT_MAX - 3, OC_RECORD_TEXT_MAX);
    assert_memory_equal(l.last, "\xc3\xa9", 2);
    assert_true(rig_logged("\"cut\":1"));
    rig_destroy(rig, i, 1000);
}

static void ten_megabytes_of_a_stream_arrive_whole_in_pieces(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "garbage", "g", "{}");
    const struct lengths l = emit_big(rig, i, "6");
    assert_int_equal(l.total, 10u << 20);
    assert_int_equal(l.longest, OC_RECORD_TEXT_MAX);
    assert_int_equal(l.count, 10);
    rig_destroy(rig, i, 1000);
}

static void ten_megabytes_of_json_are_dropped_because_half_of_it_is_none(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "garbage", "g", "{}");
    const struct lengths l = emit_big(rig, i, "5");
    assert_int_equal(l.count, 0);
    assert_true(rig_logged("more than 1 MiB"));
    rig_destroy(rig, i, 1000);
}

static void six_thousand_records_arrive_in_a_few_deliveries(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{\"size\": 6000}");
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 20000), OC_OK);
    assert_int_equal(rig->records, 6001);
    assert_in_range(rig->deliveries, 1, 30);
    rig_destroy(rig, i, 1000);
}

/* ---- the blocks alone ---- */

struct kept {
    struct oc_record records[8];
    size_t count;
    int64_t time_ms;
};

static void keep(void *ctx, const struct oc_record *records, size_t count)
{
    struct kept *k = ctx;
    for (size_t i = 0; i < count; i++) {
        k->time_ms = records[i].time_ms;
        k->count++;
    }
}

static void a_record_without_a_time_gets_that_of_the_call(void **state)
{
    struct rig *rig = *state;
    struct kept k = {0};
    struct oc_records *r = oc_records_create(rig->loop, 777, keep, &k);
    const struct oc_sink sink = oc_records_sink(r);
    assert_int_equal(oc_emit_gauge(&sink, "a.b", 1), OC_OK);
    oc_records_end(r);
    oc_records_drain(r);
    assert_int_equal(k.count, 1);
    assert_int_equal(k.time_ms, 777);
    oc_records_destroy(r);
}

static void a_cancelled_call_emits_nothing_more(void **state)
{
    struct rig *rig = *state;
    struct kept k = {0};
    struct oc_records *r = oc_records_create(rig->loop, 1, keep, &k);
    const struct oc_sink sink = oc_records_sink(r);
    assert_int_equal(*oc_records_cancel_flag(r), 0);
    oc_records_cancel(r);
    assert_int_equal(*oc_records_cancel_flag(r), 1);
    assert_int_equal(oc_emit_gauge(&sink, "a.b", 1), OC_E_CANCELLED);
    assert_int_equal(sink.flush(sink.ctx), OC_E_CANCELLED);
    oc_records_end(r);
    oc_records_drain(r);
    assert_int_equal(k.count, 0);
    oc_records_destroy(r);
}

static void what_was_flushed_before_the_end_of_its_owner_is_freed(void **state)
{
    struct rig *rig = *state;
    struct kept k = {0};
    struct oc_records *r = oc_records_create(rig->loop, 1, keep, &k);
    const struct oc_sink sink = oc_records_sink(r);
    oc_emit_gauge(&sink, "a.b", 1);
    oc_flush(&sink);
    oc_emit_gauge(&sink, "a.b", 2);
    oc_records_destroy(r); /* the wake-up of the flush is still under way */
    oc_loop_step(rig->loop, false);
    assert_int_equal(k.count, 0);
}

static int count_bytes(void *ctx, const void *data, uint64_t len)
{
    (void)data;
    *(uint64_t *)ctx += len;
    return OC_OK;
}

static void what_is_streamed_leaves_the_room_of_a_call_to_its_other_records(void **state)
{
    struct rig *rig = *state;
    struct kept k = {0};
    uint64_t bytes = 0;
    struct oc_records *r = oc_records_create(rig->loop, 1, keep, &k);
    const struct oc_sink sink = oc_records_sink(r);
    oc_records_stream(r, count_bytes, &bytes);
    for (unsigned i = 0; i < OC_CALL_RECORDS_MAX; i++) {
        assert_int_equal(oc_emit_text(&sink, OC_RECORD_BYTES, "b", 1), OC_OK);
    }
    assert_int_equal(oc_emit_gauge(&sink, "a.b", 1), OC_OK);
    assert_false(oc_records_report(r)->over);
    oc_records_end(r);
    oc_records_drain(r);
    assert_int_equal(bytes, OC_CALL_RECORDS_MAX);
    assert_int_equal(k.count, 1);
    oc_records_destroy(r);
}

static void long_label_values_are_cut_quietly(void **state)
{
    struct rig *rig = *state;
    struct kept k = {0};
    struct oc_records *r = oc_records_create(rig->loop, 1, keep, &k);
    const struct oc_sink sink = oc_records_sink(r);
    char value[400];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    const struct oc_label label = oc_label("target", value);
    assert_int_equal(oc_emit_sample(&sink, "a.b", OC_KIND_GAUGE, 1, &label, 1), OC_OK);
    assert_string_equal(oc_records_report(r)->first, "");
    oc_records_end(r);
    oc_records_drain(r);
    assert_int_equal(k.count, 1);
    oc_records_destroy(r);
}

static void every_block_boundary_keeps_its_records(void **state)
{
    struct rig *rig = *state;
    for (size_t len = 0; len < 300; len += 7) {
        oc_buf_clear(&rig->samples);
        rig->records = 0;
        struct oc_records *r = oc_records_create(rig->loop, 1, rig_on_records, rig);
        const struct oc_sink sink = oc_records_sink(r);
        char value[301];
        memset(value, 'v', len);
        value[len] = '\0';
        const struct oc_label label = oc_label("l", value);
        for (int i = 0; i < 200; i++) {
            assert_int_equal(oc_emit_sample(&sink, "a.b", OC_KIND_GAUGE, i, &label, 1), OC_OK);
        }
        oc_records_end(r);
        oc_records_drain(r);
        assert_int_equal(rig->records, 200);
        assert_has(rig_text(&rig->samples), "=199\n");
        oc_records_destroy(r);
        oc_loop_step(rig->loop, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
        TEST(garbage_is_dropped_and_said_once),
        TEST(a_flood_is_cut_at_the_cap),
        TEST(a_flood_comes_to_the_loop_in_small_pieces),
        TEST(ten_megabytes_of_text_are_cut_between_two_characters),
        TEST(ten_megabytes_of_a_stream_arrive_whole_in_pieces),
        TEST(ten_megabytes_of_json_are_dropped_because_half_of_it_is_none),
        TEST(six_thousand_records_arrive_in_a_few_deliveries),
        TEST(a_record_without_a_time_gets_that_of_the_call),
        TEST(a_cancelled_call_emits_nothing_more),
        TEST(what_was_flushed_before_the_end_of_its_owner_is_freed),
        TEST(what_is_streamed_leaves_the_room_of_a_call_to_its_other_records),
        TEST(long_label_values_are_cut_quietly),
        TEST(every_block_boundary_keeps_its_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
