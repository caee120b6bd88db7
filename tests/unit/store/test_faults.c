/* Tests of core/store/health.c: disks full or read-only. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/resource.h>

static void limit_pages(struct kit *kit, int64_t spare)
{
    char sql[64];
    int64_t pages = oc_db_number(&kit->store->db, OC_SQL_PAGE_COUNT, 0, "");
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)(pages + spare));
    assert_int_equal(oc_db_exec(&kit->store->db, sql, NULL), OC_OK);
}

static int put(struct kit *kit, const char *key, size_t size, bool durable, struct oc_error *err)
{
    char *text = oc_alloc(size + 1);
    memset(text, 'x', size);
    text[size] = '\0';
    json_t *value = json_string(text);
    int rc = oc_kv_put(kit->store, "s", key, value, durable, err);
    json_decref(value);
    free(text);
    return rc;
}

static bool has(struct kit *kit, const char *key)
{
    json_t *value = oc_kv_get(kit->store, "s", key);
    json_decref(value);
    return value != NULL;
}

/* Appends enough that a flush needs pages. */
static void append_many(struct kit *kit, int64_t *at, int count)
{
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < count; i++, ++*at) {
        oc_store_append(kit->store, series, KIT_NOW + *at * 1000, 1.0 / (double)(*at + 1));
    }
}

static void a_full_disk_is_said_once_and_everything_is_caught_up(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    int64_t at = 0;
    append_many(kit, &at, 100);
    oc_store_flush(kit->store, NULL);
    limit_pages(kit, 0);
    for (int i = 0; i < 5; i++) {
        append_many(kit, &at, 3000);
        oc_events_append(kit->store, KIT_NOW + i, "t", NULL, NULL);
        assert_int_equal(oc_store_flush(kit->store, &err), OC_E_RETRY);
    }
    assert_true(*err.message && *err.hint);
    assert_false(oc_store_healthy(kit->store, &err));
    assert_non_null(strstr(err.message, "full"));
    assert_int_equal(kit_heard(kit, "store.failing"), 1);
    assert_int_equal(kit_heard(kit, "store.recovered"), 0);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), at);

    limit_pages(kit, 100000);
    assert_int_equal(oc_store_flush(kit->store, &err), OC_OK);
    assert_true(oc_store_healthy(kit->store, &err));
    assert_int_equal(kit_heard(kit, "store.recovered"), 1);
    kit_crash(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), at);
    struct oc_event_query q = {0};
    json_t *events = oc_events_query(kit->store, &q, NULL);
    assert_int_equal(json_array_size(events), 5);
    json_decref(events);
}

static void a_put_that_does_not_reach_the_disk_is_an_error(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    limit_pages(kit, 1);
    assert_int_equal(put(kit, "large", 50000, true, &err), OC_E_RETRY);
    assert_true(*err.message && *err.hint);
    assert_false(has(kit, "large"));
    assert_false(oc_store_healthy(kit->store, NULL));
    oc_store_begin(kit->store);
    put(kit, "a", 10, false, NULL);
    assert_int_equal(put(kit, "b", 50000, false, NULL), OC_E_RETRY);
    assert_int_equal(put(kit, "c", 10, false, &err), OC_E_RETRY); /* the group is lost already */
    assert_int_equal(oc_store_end(kit->store, &err), OC_E_RETRY);
    assert_false(has(kit, "a") || has(kit, "b") || has(kit, "c"));
    limit_pages(kit, 1000);
    assert_int_equal(put(kit, "large", 50000, true, &err), OC_OK);
    assert_true(oc_store_healthy(kit->store, NULL));
}

static void what_waits_for_the_disk_is_bounded_and_the_oldest_goes_first(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    limit_pages(kit, 0);
    uint64_t state64 = 1;
    int64_t at = 0;
    for (; at < 3000000; at++) { /* eight random bytes each: more than the bound */
        state64 = state64 * 6364136223846793005u + 1442695040888963407u;
        oc_store_append(kit->store, series, KIT_NOW + at * 10, (double)(state64 >> 11) / 3.7);
        if (at % 500000 == 499999) {
            assert_int_not_equal(oc_store_flush(kit->store, NULL), OC_OK);
        }
    }
    assert_true(kit->store->piece_bytes <= OC_PENDING_BYTES_MAX);
    assert_true(kit->store->head.buf.cap <= 2 * OC_HEAD_BYTES_MAX + 64);
    assert_true(kit_stat(kit, "lost") > 0);
    assert_int_equal(kit_stat(kit, "samples") + kit_stat(kit, "lost"), at);
    limit_pages(kit, 1000000);
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    struct kit_points got = {0};
    oc_store_read(kit->store, series, 0, INT64_MAX, kit_take, &got, NULL);
    assert_int_equal((int64_t)got.list.count + kit_stat(kit, "lost"), at);
    assert_int_equal(got.list.items[got.list.count - 1].time_ms, KIT_NOW + (at - 1) * 10);
    OC_VEC_FINISH(&got.list);
}

static void maintenance_on_a_full_disk_fails_and_loses_nothing(void **state)
{
    struct kit *kit = *state;
    int64_t at = 0;
    append_many(kit, &at, 20000);
    oc_store_flush(kit->store, NULL);
    limit_pages(kit, 0);
    oc_time_advance(OC_DAY);
    for (int i = 0; i < 3; i++) {
        oc_store_maintain(kit->store, NULL);
        assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), at);
        assert_int_equal(kit_stat(kit, "samples"), at);
    }
    limit_pages(kit, 10000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(oc_store_maintain(kit->store, NULL), OC_OK);
    }
    kit_reopen(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), at);
    assert_int_equal(kit_stat(kit, "samples"), at);
}

/* The kernel refuses to let a file grow: what a quota does. */
static void a_file_that_may_not_grow_is_survived(void **state)
{
    struct kit *kit = *state;
    struct rlimit old, small = {.rlim_cur = 16384};
    int64_t at = 0;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    append_many(kit, &at, 5000);
    int rc = oc_store_flush(kit->store, NULL);
    int durable = put(kit, "k", 100000, true, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_not_equal(rc, OC_OK);
    assert_int_not_equal(durable, OC_OK);
    assert_int_equal(kit_heard(kit, "store.failing"), 1);
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    assert_int_equal(put(kit, "k", 100000, true, NULL), OC_OK);
    assert_int_equal(kit_heard(kit, "store.recovered"), 1);
    kit_reopen(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), at);
}

static void without_a_writable_home_the_store_drifts_in_memory(void **state)
{
    struct kit *kit = *state;
    struct kit other = *kit;
    struct oc_error err;
    int64_t at = 0;
    other.options.path = "/proc/self/nowhere/openclaw.db";
    kit_open(&other);
    assert_false(oc_store_healthy(other.store, &err));
    assert_true(*err.message && *err.hint);
    assert_int_equal(kit_heard(kit, "store.failing"), 1);
    assert_int_equal(put(&other, "k", 10, true, &err), OC_E_DENIED); /* would not survive */
    assert_int_equal(put(&other, "k", 10, false, &err), OC_OK);
    assert_true(has(&other, "k"));
    oc_store_begin(other.store);
    put(&other, "group", 10, false, NULL);
    assert_int_equal(oc_store_end(other.store, &err), OC_E_DENIED);
    assert_false(has(&other, "group"));
    append_many(&other, &at, 5000);
    assert_int_equal(oc_store_flush(other.store, &err), OC_E_DENIED);
    assert_int_equal(kit_count(&other, kit_series(&other, "m", "a")), 5000);
    assert_int_equal(oc_events_append(other.store, KIT_NOW, "t", NULL, NULL), OC_OK);
    assert_int_equal(oc_store_maintain(other.store, NULL), OC_OK);
    oc_store_close(other.store);
}

static void a_file_that_another_process_holds_is_an_error(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    sqlite3 *holder;
    oc_store_close(kit->store);
    kit->store = NULL;
    assert_int_equal(sqlite3_open(kit->path, &holder), SQLITE_OK);
    sqlite3_exec(holder, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM kv;", NULL,
                 NULL, NULL);
    assert_null(oc_store_open(&kit->options, NULL, kit->bus, &err));
    assert_int_equal(err.code, OC_E_RETRY);
    sqlite3_close(holder);
    kit_open(kit);
}

static void news_waits_for_the_loop_to_turn(void **state)
{
    struct kit *kit = *state;
    struct oc_loop *loop = oc_loop_create();
    struct oc_store_options options = kit->options;
    options.path = "/proc/self/nowhere/openclaw.db";
    struct oc_store *store = oc_store_open(&options, loop, kit->bus, NULL);
    assert_non_null(store);
    assert_int_equal(kit_heard(kit, "store.failing"), 0); /* nobody can have subscribed yet */
    oc_loop_step(loop, false);
    oc_loop_step(loop, false);
    assert_int_equal(kit_heard(kit, "store.failing"), 1);
    oc_store_close(store);
    oc_loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(a_full_disk_is_said_once_and_everything_is_caught_up),
        kit_test(a_put_that_does_not_reach_the_disk_is_an_error),
        kit_test(what_waits_for_the_disk_is_bounded_and_the_oldest_goes_first),
        kit_test(maintenance_on_a_full_disk_fails_and_loses_nothing),
        kit_test(a_file_that_may_not_grow_is_survived),
        kit_test(without_a_writable_home_the_store_drifts_in_memory),
        kit_test(a_file_that_another_process_holds_is_an_error),
        kit_test(news_waits_for_the_loop_to_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
