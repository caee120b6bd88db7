/* Tests of core/store/store.c, tails.c, read.c and load.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/points.h"
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>

static void what_was_appended_is_read_in_order(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < 1000; i++) {
        assert_true(oc_store_append(kit->store, series, KIT_NOW + i * 1000, i));
    }
    assert_int_equal(kit_count(kit, series), 1000);
    assert_int_equal(series->time_ms, KIT_NOW + 999000);
    assert_true(series->value == 999);
}

static void ranges_are_half_open(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    struct kit_points got = {0};
    for (int i = 0; i < 100; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, i);
    }
    oc_store_read(kit->store, series, KIT_NOW + 10000, KIT_NOW + 20000, kit_take, &got, NULL);
    assert_int_equal(got.list.count, 10);
    assert_true(got.list.items[0].value == 10 && got.list.items[9].value == 19);
    got.list.count = 0;
    oc_store_read(kit->store, series, KIT_NOW + 5, KIT_NOW + 5, kit_take, &got, NULL);
    oc_store_read(kit->store, series, KIT_NOW + 9, KIT_NOW, kit_take, &got, NULL);
    oc_store_read(kit->store, series, INT64_MIN, KIT_NOW, kit_take, &got, NULL);
    oc_store_read(kit->store, series, KIT_NOW + OC_DAY, INT64_MAX, kit_take, &got, NULL);
    assert_int_equal(got.list.count, 0);
    OC_VEC_FINISH(&got.list);
}

static void samples_of_the_past_are_dropped(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    assert_true(oc_store_append(kit->store, series, KIT_NOW, 1));
    assert_false(oc_store_append(kit->store, series, KIT_NOW, 2));     /* the same time */
    assert_false(oc_store_append(kit->store, series, KIT_NOW - 1, 3)); /* the clock went back */
    assert_false(oc_store_append(kit->store, series, 0, 4));
    assert_false(oc_store_append(kit->store, series, INT64_MIN, 4));
    assert_false(oc_store_append(kit->store, series, INT64_MAX, 4)); /* nonsense */
    assert_true(
        oc_store_append(kit->store, series, KIT_NOW + OC_DAY * 400, 5)); /* it jumped ahead */
    assert_true(series->value == 5);
    assert_int_equal(kit_count(kit, series), 2);
    assert_int_equal(kit_stat(kit, "dropped"), 5);
    kit_reopen(kit);
    series = kit_series(kit, "m", "a");
    assert_false(
        oc_store_append(kit->store, series, KIT_NOW + OC_DAY, 6)); /* remembered over a restart */
    assert_int_equal(kit_count(kit, series), 2);
}

static void a_clock_that_was_put_right_silences_no_series(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    const int64_t jumps[] = {2 * OC_HOUR, 3 * OC_DAY, 4000 * OC_DAY};
    int64_t now = KIT_NOW;
    size_t count = 0;
    for (size_t i = 0; i < OC_COUNT(jumps); i++) {
        for (int j = 0; j < 5; j++, count++) {
            now += 10000;
            assert_true(oc_store_append(kit->store, series, now, (double)count));
        }
        oc_time_fake(now + jumps[i], 0);
        for (int j = 1; j < 5; j++) {
            assert_true(oc_store_append(kit->store, series, now + jumps[i] + j, -1));
        }
        if (i) {
            assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
        }
        oc_time_fake(now, 0);
        assert_true(oc_store_append(kit->store, series, now + 1, (double)count++));
        assert_false(oc_store_append(kit->store, series, now - 1, -1));
        assert_true(series->value == (double)(count - 1));
    }
    assert_int_equal(kit_count(kit, series), count);
    oc_store_flush(kit->store, NULL);
    kit_crash(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), count);
}

static void the_latest_sample_is_none_after_a_restart(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    oc_store_append(kit->store, series, KIT_NOW, 1);
    oc_store_flush(kit->store, NULL);
    kit_crash(kit);
    series = kit_series(kit, "m", "a");
    assert_int_equal(series->time_ms, 0);
    assert_int_equal(kit_count(kit, series), 1);
}

static void a_crash_loses_no_more_than_since_the_last_flush(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < 500; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, i % 7);
    }
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    for (int i = 500; i < 600; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, i % 7);
    }
    kit_crash(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), 500);
}

static void the_file_is_private(void **state)
{
    struct kit *kit = *state;
    struct stat st;
    assert_int_equal(stat(kit->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- a store and a plain array must agree, whatever happens ---- */

enum { MODEL_SERIES = 12 };

struct model {
    struct kit *kit;
    struct random random;
    int64_t now_ms;
    struct kit_points points[MODEL_SERIES]; /* appended */
    size_t flushed[MODEL_SERIES];           /* of them, seen by a flush */
    struct oc_series *series[MODEL_SERIES];
};

static void model_handles(struct model *m)
{
    char target[16];
    for (int i = 0; i < MODEL_SERIES; i++) {
        snprintf(target, sizeof target, "t%d", i);
        m->series[i] = kit_series(m->kit, "model", target);
    }
}

static void model_append(struct model *m)
{
    for (int i = 0; i < MODEL_SERIES; i++) {
        struct kit_points *p = &m->points[i];
        double before = p->list.count ? p->list.items[p->list.count - 1].value : 0;
        double value = random_value(&m->random, (enum shape)(i % SHAPES), before);
        int64_t time_ms = m->now_ms - (int64_t)random_below(&m->random, 3) * 10;
        if (random_below(&m->random, 10) < 8 &&
            oc_store_append(m->kit->store, m->series[i], time_ms, value)) {
            OC_VEC_PUSH(&p->list, ((struct oc_point){time_ms, value}));
        }
    }
    m->now_ms += random_gap(&m->random);
    oc_time_fake(m->now_ms, m->now_ms);
}

static void model_flushed(struct model *m)
{
    for (int i = 0; i < MODEL_SERIES; i++) {
        m->flushed[i] = m->points[i].list.count;
    }
}

static void model_compare(struct model *m)
{
    for (int i = 0; i < MODEL_SERIES; i++) {
        struct kit_points got = {0};
        struct kit_points *want = &m->points[i];
        size_t first = 0, last = want->list.count;
        int64_t from = 0, to = INT64_MAX;
        if (last && random_below(&m->random, 2)) { /* some range */
            first = random_below(&m->random, last);
            last = first + random_below(&m->random, last - first) + 1;
            from = want->list.items[first].time_ms;
            to = want->list.items[last - 1].time_ms + 1;
        }
        assert_int_equal(oc_store_read(m->kit->store, m->series[i], from, to, kit_take, &got, NULL),
                         OC_OK);
        assert_int_equal(got.list.count, last - first);
        assert_true(points_equal(got.list.items, want->list.items + first, last - first));
        OC_VEC_FINISH(&got.list);
    }
}

static void model_crash(struct model *m)
{
    kit_crash(m->kit);
    model_handles(m);
    for (int i = 0; i < MODEL_SERIES; i++) {
        m->points[i].list.count = m->flushed[i];
    }
}

static void model_step(struct model *m)
{
    uint64_t dice = random_below(&m->random, 1000);

    if (dice < 900) {
        model_append(m);
    } else if (dice < 960) {
        assert_int_equal(oc_store_flush(m->kit->store, NULL), OC_OK);
        model_flushed(m);
    } else if (dice < 975) {
        assert_int_equal(oc_store_maintain(m->kit->store, NULL), OC_OK);
        model_flushed(m);
    } else if (dice < 980) {
        kit_reopen(m->kit);
        model_handles(m);
        model_flushed(m);
    } else if (dice < 985) {
        model_crash(m);
    } else if (dice < 990) {
        m->kit->store->snapshot_due = true; /* as after a log that grew too large */
    } else {
        model_compare(m);
    }
}

static void the_store_agrees_with_a_plain_array(void **state)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct model m = {.kit = *state,
                          .random = {seed * 7919},
                          .now_ms = KIT_NOW + (int64_t)seed * 20 * OC_DAY};
        char name[16];
        snprintf(name, sizeof name, "seed%d", (int)seed);
        m.kit->options.retention_ms = 1000 * OC_DAY;
        kit_reopen(m.kit);
        model_handles(&m);
        for (int i = 0; i < MODEL_SERIES; i++) { /* series of an earlier seed have points already */
            oc_store_read(m.kit->store, m.series[i], 0, INT64_MAX, kit_take, &m.points[i], NULL);
        }
        model_flushed(&m);
        for (int step = 0; step < 2500; step++) {
            model_step(&m);
        }
        model_compare(&m);
        int64_t total = 0;
        for (int i = 0; i < MODEL_SERIES; i++) {
            total += (int64_t)m.points[i].list.count;
            OC_VEC_FINISH(&m.points[i].list);
        }
        assert_int_equal(kit_stat(m.kit, "samples"), total);
    }
}

/* ---- reading while things change ---- */

struct meddler {
    struct kit *kit;
    struct oc_series *series;
    size_t count;
};

static void meddle(void *ctx, const struct oc_point *points, size_t count)
{
    struct meddler *m = ctx;
    struct kit_points got = {0};
    (void)points;
    m->count += count;
    oc_store_flush(m->kit->store, NULL);
    oc_store_read(m->kit->store, m->series, KIT_NOW, KIT_NOW + 10000, kit_take, &got, NULL);
    assert_int_equal(got.list.count, 10);
    OC_VEC_FINISH(&got.list);
}

static void a_reader_may_use_the_store(void **state)
{
    struct kit *kit = *state;
    struct meddler m = {.kit = kit, .series = kit_series(kit, "m", "a")};
    for (int i = 0; i < 3000; i++) {
        oc_store_append(kit->store, m.series, KIT_NOW + i * 1000, 1.0 / (i + 1));
        if (i == 1000) {
            oc_store_flush(kit->store, NULL);
        }
    }
    assert_int_equal(oc_store_read(kit->store, m.series, 0, INT64_MAX, meddle, &m, NULL), OC_OK);
    assert_int_equal(m.count, 3000);
}

static void a_second_store_may_look_while_the_first_writes(void **state)
{
    struct kit *kit = *state;
    struct kit other = *kit;
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < 900; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, 1.0 / (i + 1));
    }
    json_t *value = json_integer(1);
    oc_kv_put(kit->store, "s", "k", value, true, NULL);
    oc_store_flush(kit->store, NULL);
    other.options.read_only = true;
    kit_open(&other);
    for (int i = 900; i < 2000; i++) { /* tails that it has loaded are sealed meanwhile */
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, 1.0 / (i + 1));
    }
    oc_store_flush(kit->store, NULL);
    struct oc_series *seen = kit_series(&other, "m", "a");
    assert_int_equal(seen->id, series->id);
    assert_true(kit_count(&other, seen) >= 900);
    json_t *got = oc_kv_get(other.store, "s", "k");
    assert_int_equal(json_integer_value(got), 1);
    json_decref(got);
    assert_int_equal(oc_kv_put(other.store, "s", "k", value, false, NULL), OC_E_DENIED);
    assert_int_equal(oc_events_append(other.store, KIT_NOW, "t", NULL, NULL), OC_E_DENIED);
    assert_true(oc_store_append(other.store, seen, KIT_NOW + OC_DAY, 1));
    assert_int_equal(oc_store_flush(other.store, NULL), OC_OK); /* to nowhere */
    json_decref(value);
    oc_store_close(other.store);
    assert_int_equal(kit_count(kit, series), 2000);
}

static void looking_at_nothing_makes_nothing(void **state)
{
    struct kit *kit = *state;
    char *path = oc_path_join(kit->dir, "none/openclaw.db");
    struct kit other = {.options = {.path = path, .read_only = true}};
    kit_open(&other);
    assert_null(oc_kv_get(other.store, "s", "k"));
    assert_int_equal(kit_count(&other, kit_series(&other, "m", "a")), 0);
    oc_store_close(other.store);
    assert_false(oc_file_exists(path));
    free(path);
}

static void a_store_in_memory_works_without_a_file(void **state)
{
    (void)state;
    struct kit kit = {.options = {.path = ":memory:"}};
    kit_open(&kit);
    struct oc_series *series = kit_series(&kit, "m", "a");
    for (int i = 0; i < 5000; i++) {
        oc_store_append(kit.store, series, KIT_NOW + i * 1000, 1.0 / (i + 1));
    }
    assert_int_equal(oc_store_flush(kit.store, NULL), OC_OK);
    assert_int_equal(kit_count(&kit, series), 5000);
    assert_true(oc_store_healthy(kit.store, NULL));
    oc_store_close(kit.store);
    oc_store_close(NULL);
}

static void an_idle_flush_writes_nothing(void **state)
{
    struct kit *kit = *state;
    oc_store_append(kit->store, kit_series(kit, "m", "a"), KIT_NOW, 1);
    oc_store_flush(kit->store, NULL);
    int before = sqlite3_total_changes(kit->store->db.sql);
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    assert_int_equal(sqlite3_total_changes(kit->store->db.sql), before);
}

static void a_flush_of_many_series_is_one_row(void **state)
{
    struct kit *kit = *state;
    char target[16];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            snprintf(target, sizeof target, "t%d", i);
            oc_store_append(kit->store, kit_series(kit, "m", target), KIT_NOW + round * 1000, i);
        }
        int before = sqlite3_total_changes(kit->store->db.sql);
        oc_store_flush(kit->store, NULL);
        if (round) { /* the first time the series themselves are written */
            assert_int_equal(sqlite3_total_changes(kit->store->db.sql) - before, 1);
        }
    }
}

static void the_log_of_samples_is_kept_short(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series[50];
    char target[16];
    for (int i = 0; i < 50; i++) {
        snprintf(target, sizeof target, "t%d", i);
        series[i] = kit_series(kit, "m", target);
    }
    for (int round = 0; round < 3000; round++) {
        for (int i = 0; i < 50; i++) {
            oc_store_append(kit->store, series[i], KIT_NOW + round * 1000, 1.0 / (round + i + 1));
        }
        oc_store_flush(kit->store, NULL);
        assert_true(kit->store->head_bytes <= OC_HEAD_BYTES_MIN);
    }
    kit_crash(kit);
    assert_int_equal(kit_stat(kit, "samples"), 150000);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "t7")), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(what_was_appended_is_read_in_order),
        kit_test(ranges_are_half_open),
        kit_test(samples_of_the_past_are_dropped),
        kit_test(a_clock_that_was_put_right_silences_no_series),
        kit_test(the_latest_sample_is_none_after_a_restart),
        kit_test(a_crash_loses_no_more_than_since_the_last_flush),
        kit_test(the_file_is_private),
        kit_test(the_store_agrees_with_a_plain_array),
        kit_test(a_reader_may_use_the_store),
        kit_test(a_second_store_may_look_while_the_first_writes),
        kit_test(looking_at_nothing_makes_nothing),
        cmocka_unit_test(a_store_in_memory_works_without_a_file),
        kit_test(an_idle_flush_writes_nothing),
        kit_test(a_flush_of_many_series_is_one_row),
        kit_test(the_log_of_samples_is_kept_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
