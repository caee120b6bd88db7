/* Tests of core/store/maintain.c: packing, retention, giving back. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

static int64_t rows(struct kit *kit, const char *table)
{
    sqlite3_stmt *stmt;
    char *sql = oc_asprintf("SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(kit->store->db.sql, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    free(sql);
    return count;
}

static void maintain(struct kit *kit)
{
    for (int i = 0; i < 50; i++) {
        assert_int_equal(oc_store_maintain(kit->store, NULL), OC_OK);
    }
}

/* `hours` of samples, 30 s apart, for a number of series. */
static void fill(struct kit *kit, int series, int hours)
{
    char target[16];
    for (int i = 0; i < hours * 120; i++) {
        int64_t now = oc_time_wall() + 30000;
        oc_time_fake(now, now);
        for (int j = 0; j < series; j++) {
            snprintf(target, sizeof target, "t%d", j);
            oc_store_append(kit->store, kit_series(kit, "m", target), now,
                            (i * 7 + j) % 100 / 10.0);
        }
        if (i % 20 == 0) {
            oc_store_flush(kit->store, NULL);
        }
    }
}

static void pieces_of_a_bucket_that_is_over_become_one_chunk_a_series(void **state)
{
    struct kit *kit = *state;
    fill(kit, 5, 13);
    assert_true(rows(kit, "piece") > 10);
    assert_int_equal(rows(kit, "chunk"), 0);
    maintain(kit);
    assert_int_equal(rows(kit, "chunk"), 5 * 2); /* two of the three buckets are over */
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "t3")), 13 * 120);
    assert_int_equal(kit_stat(kit, "samples"), 5 * 13 * 120);
    kit_reopen(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "t3")), 13 * 120);
    assert_int_equal(kit_stat(kit, "samples"), 5 * 13 * 120);
}

static void a_series_that_went_silent_is_packed_too(void **state)
{
    struct kit *kit = *state;
    oc_store_append(kit->store, kit_series(kit, "m", "silent"), KIT_NOW + 1, 1);
    oc_time_advance(OC_DAY);
    maintain(kit);
    assert_int_equal(rows(kit, "piece"), 0);
    assert_int_equal(rows(kit, "chunk"), 1);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "silent")), 1);
}

static void a_dense_series_gets_several_chunks(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "dense");
    for (int i = 0; i < 20000; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, 1.0 / (i + 1));
    }
    oc_time_advance(OC_DAY);
    maintain(kit);
    assert_int_equal(rows(kit, "chunk"), (20000 + OC_CHUNK_POINTS - 1) / OC_CHUNK_POINTS);
    assert_int_equal(kit_count(kit, series), 20000);
}

static void pieces_that_come_late_go_behind_the_chunks(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "late");
    for (int round = 0; round < 3; round++) {
        oc_store_append(kit->store, series, KIT_NOW + 1000 + round, round);
        oc_time_fake(KIT_NOW + OC_DAY, 0);
        maintain(kit);
    }
    assert_int_equal(rows(kit, "chunk"), 3);
    assert_int_equal(kit_count(kit, series), 3);
}

static void one_call_does_a_slice(void **state)
{
    struct kit *kit = *state;
    fill(kit, 600, 1);
    oc_time_advance(OC_DAY);
    oc_store_maintain(kit->store, NULL);
    assert_in_range(rows(kit, "chunk"), 1, 256);
    maintain(kit);
    assert_int_equal(rows(kit, "chunk"), 600);
    assert_int_equal(rows(kit, "piece"), 0);
}

static void what_is_older_than_the_retention_goes(void **state)
{
    struct kit *kit = *state;
    kit->options.retention_ms = 2 * OC_DAY;
    kit_reopen(kit);
    fill(kit, 3, 24);
    maintain(kit);
    fill(kit, 3, 48);
    maintain(kit);
    struct kit_points got = {0};
    oc_store_read(kit->store, kit_series(kit, "m", "t0"), 0, INT64_MAX, kit_take, &got, NULL);
    assert_true(got.list.items[0].time_ms >= oc_time_wall() - 2 * OC_DAY - 6 * OC_HOUR);
    assert_true(got.list.count >= 48 * 120);
    assert_int_equal(kit_stat(kit, "samples"), 3 * (int64_t)got.list.count);
    OC_VEC_FINISH(&got.list);
    oc_time_advance(10 * OC_DAY);
    maintain(kit);
    assert_int_equal(rows(kit, "chunk") + rows(kit, "piece"), 0);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "t0")), 0);
    assert_int_equal(kit_stat(kit, "samples"), 0);
}

static void a_file_that_was_large_shrinks(void **state)
{
    struct kit *kit = *state;
    struct oc_event_query q = {.limit = 1};
    json_t *data =
        json_pack("{s:s}", "t",
                  "a text that is long enough to fill some pages when it is there many times over");
    for (int i = 0; i < 100000; i++) {
        oc_events_append(kit->store, KIT_NOW, "t", data, NULL);
    }
    json_decref(data);
    oc_store_flush(kit->store, NULL);
    int64_t before = oc_db_number(&kit->store->db, OC_SQL_PAGE_COUNT, 0, "");
    oc_time_advance(100 * OC_DAY);
    for (int i = 0; i < 100; i++) {
        oc_store_maintain(kit->store, NULL);
    }
    assert_true(oc_db_number(&kit->store->db, OC_SQL_PAGE_COUNT, 0, "") < before * 2 / 3);
    json_t *left = oc_events_query(kit->store, &q, NULL);
    assert_int_equal(json_array_size(left), 0);
    json_decref(left);
}

static void a_damaged_piece_does_not_stop_the_rest(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < 2000; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, 1.0 / (i + 1));
    }
    oc_store_flush(kit->store, NULL);
    size_t all = kit_count(kit, series);
    assert_int_equal(
        oc_db_exec(&kit->store->db,
                   "UPDATE piece SET data = x'ff00' WHERE start = (SELECT min(start) FROM piece)",
                   NULL),
        OC_OK);
    size_t left = kit_count(kit, series);
    assert_in_range(left, all - 100, all - 1);
    oc_time_advance(OC_DAY);
    maintain(kit);
    assert_int_equal(rows(kit, "piece"), 0);
    assert_int_equal(kit_count(kit, series), left);
}

static void with_a_loop_the_slices_follow_each_other(void **state)
{
    struct kit *kit = *state;
    fill(kit, 600, 1);
    oc_store_close(kit->store);
    oc_time_advance(OC_DAY);
    oc_time_fake(
        -1, -1); /* timers need a clock that runs; for it all of this is long ago or far ahead */
    oc_time_fake(KIT_NOW + 2 * OC_DAY, 5000);
    struct oc_loop *loop = oc_loop_create();
    kit->store = oc_store_open(&kit->options, loop, kit->bus, NULL);
    assert_non_null(kit->store);
    assert_int_equal(oc_store_maintain(kit->store, NULL), OC_OK);
    assert_true(oc_timer_active(kit->store->maintain_timer));
    assert_true(oc_timer_active(kit->store->flush_timer));
    oc_store_close(kit->store);
    oc_loop_destroy(loop);
    kit_open(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(pieces_of_a_bucket_that_is_over_become_one_chunk_a_series),
        kit_test(a_series_that_went_silent_is_packed_too),
        kit_test(a_dense_series_gets_several_chunks),
        kit_test(pieces_that_come_late_go_behind_the_chunks),
        kit_test(one_call_does_a_slice),
        kit_test(what_is_older_than_the_retention_goes),
        kit_test(a_file_that_was_large_shrinks),
        kit_test(a_damaged_piece_does_not_stop_the_rest),
        kit_test(with_a_loop_the_slices_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
