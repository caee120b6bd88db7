/* Tests of core/store/recover.c and schema.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/stat.h>

static size_t asides(const struct kit *kit)
{
    char *data = oc_path_dir(kit->path);
    size_t count = 0;
    DIR *d = opendir(data);
    for (struct dirent *e; (e = readdir(d));) {
        count += strstr(e->d_name, ".corrupt-") && !oc_ends(e->d_name, "-wal") &&
                 !oc_ends(e->d_name, "-shm");
    }
    closedir(d);
    free(data);
    return count;
}

/* Overwrites the file from `offset` on; the data of -wal is in it already, since the store was
 * closed or told to. */
static void damage(const struct kit *kit, off_t offset, int byte)
{
    struct stat st;
    int fd = open(kit->path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    char *junk = oc_alloc((size_t)st.st_size + 1);
    memset(junk, byte, (size_t)st.st_size + 1);
    if (st.st_size > offset) {
        assert_int_equal(pwrite(fd, junk, (size_t)(st.st_size - offset), offset),
                         st.st_size - offset);
    }
    free(junk);
    close(fd);
}

static void put(struct kit *kit, const char *key)
{
    json_t *value = json_true();
    assert_int_equal(oc_kv_put(kit->store, "s", key, value, true, NULL), OC_OK);
    json_decref(value);
}

static bool has(struct kit *kit, const char *key)
{
    json_t *value = oc_kv_get(kit->store, "s", key);
    json_decref(value);
    return value != NULL;
}

static void check_works(struct kit *kit)
{
    static int64_t later =
        KIT_NOW + OC_DAY; /* a file that was repaired may hold what came before */
    struct oc_series *series = kit_series(kit, "m", "after");
    assert_true(oc_store_healthy(kit->store, NULL));
    assert_true(oc_store_append(kit->store, series, later++, 1));
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    put(kit, "after");
    kit_reopen(kit);
    assert_true(has(kit, "after"));
    assert_true(kit_count(kit, kit_series(kit, "m", "after")) > 0);
}

static void a_file_that_is_no_database_is_set_aside(void **state)
{
    struct kit *kit = *state;
    put(kit, "before");
    oc_store_close(kit->store);
    damage(kit, 0, 'x');
    kit_open(kit);
    assert_false(has(kit, "before"));
    assert_int_equal(asides(kit), 1);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
    assert_true(oc_starts(oc_json_str(kit->last, "path", ""), kit->path));
    assert_true(*oc_json_str(kit->last, "message", ""));
    assert_true(oc_file_exists(oc_json_str(kit->last, "path", "")));
    check_works(kit);
    assert_int_equal(asides(kit), 1);
}

static void the_log_of_a_damaged_file_goes_with_it(void **state)
{
    struct kit *kit = *state;
    char *wal = oc_asprintf("%s-wal", kit->path);
    oc_store_close(kit->store);
    damage(kit, 0, 'x');
    assert_int_equal(oc_file_write(wal, "an old log", 10, 0600, NULL), OC_OK);
    kit_open(kit);
    char *aside = oc_asprintf("%s-wal", oc_json_str(kit->last, "path", ""));
    assert_true(oc_file_exists(aside));
    free(aside);
    free(wal);
    check_works(kit);
}

/* What is left in the folder of the store, by the end of its name. */
static bool is_beside(const struct kit *kit, const char *suffix)
{
    char *name = oc_asprintf("%s%s", kit->path, suffix);
    bool there = oc_file_exists(name);
    free(name);
    return there;
}

static void a_new_file_is_made_whole(void **state)
{
    struct kit *kit = *state;
    char *path = oc_asprintf("%s-2", kit->path);
    unsigned char head[100];
    oc_db_found(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && read(fd, head, sizeof head) == (ssize_t)sizeof head);
    close(fd);
    assert_memory_equal(head, "SQLite format 3", 16);
    assert_int_equal(head[18], 2); /* with a write-ahead log from the first transaction on */
    assert_int_equal(head[19], 2);
    assert_true(head[55] > 0 && head[67] == 1); /* incremental vacuum */
    struct oc_db db;
    assert_int_equal(oc_db_open(&db, path, OC_DB_LOOK, NULL), OC_OK); /* our tables are in it */
    oc_db_close(&db);
    free(path);
}

static void a_log_without_its_file_is_not_taken_for_that_of_a_new_one(void **state)
{
    struct kit *kit = *state;
    char *wal = oc_asprintf("%s-wal", kit->path);
    put(kit, "old");
    struct oc_buf log = {0};
    assert_int_equal(oc_file_read(wal, 1 << 20, &log, NULL), OC_OK);
    assert_true(log.len > 0);
    oc_store_close(kit->store);
    assert_int_equal(unlink(kit->path), 0);
    assert_int_equal(oc_file_write(wal, log.data, log.len, 0600, NULL), OC_OK);
    oc_db_found(kit->path);
    assert_false(is_beside(kit, "")); /* SQLite knows what to do with the log */
    kit_open(kit);
    check_works(kit);
    assert_false(has(kit, "old"));
    oc_buf_finish(&log);
    free(wal);
}

static void a_file_that_is_there_is_opened_without_a_write(void **state)
{
    struct kit *kit = *state;
    struct stat st;
    char *wal = oc_asprintf("%s-wal", kit->path);
    kit_reopen(kit);
    assert_true(stat(wal, &st) != 0 || st.st_size == 0);
    free(wal);
}

static void two_damaged_files_in_one_second_are_both_kept(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 2; i++) {
        oc_store_close(kit->store);
        damage(kit, 0, 'x');
        kit_open(kit);
    }
    assert_int_equal(asides(kit), 2);
}

static void a_truncated_file_is_set_aside_or_used_but_never_fatal(void **state)
{
    struct kit *kit = *state;
    for (off_t len = 100; len < 90000; len = len * 2 + 17) {
        for (int i = 0; i < 50; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%d", i);
            put(kit, key);
        }
        oc_store_close(kit->store);
        assert_int_equal(truncate(kit->path, len), 0);
        kit_open(kit);
        has(kit, "k7"); /* meets the damage at the latest */
        check_works(kit);
    }
    assert_true(kit_heard(kit, "store.corrupt") > 3);
}

static void damage_met_while_running_replaces_the_file_and_keeps_what_is_in_memory(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < 50; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, i);
    }
    put(kit, "before");
    oc_store_flush(kit->store, NULL);
    sqlite3_wal_checkpoint_v2(kit->store->db.sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    damage(kit, 4096, 0xff);
    sqlite3_db_release_memory(kit->store->db.sql);

    struct oc_error err;
    json_t *value = json_true();
    assert_int_equal(oc_kv_put(kit->store, "s", "lost", value, true, &err), OC_E_PERMANENT);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
    assert_true(oc_store_healthy(kit->store, NULL));
    assert_int_equal(oc_kv_put(kit->store, "s", "kept", value, true, &err), OC_OK);
    json_decref(value);
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    kit_reopen(kit);
    assert_true(has(kit, "kept"));
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), 50); /* its tail was in memory */
    assert_int_equal(asides(kit), 1);
}

static void damage_met_by_a_reader_is_handled_too(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    struct kit_points got = {0};
    for (int i = 0; i < 3000; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, 1.0 / (i + 1));
    }
    oc_store_flush(kit->store, NULL);
    sqlite3_wal_checkpoint_v2(kit->store->db.sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    damage(kit, 4096, 0xff);
    sqlite3_db_release_memory(kit->store->db.sql);
    assert_int_equal(oc_store_read(kit->store, series, 0, INT64_MAX, kit_take, &got, NULL),
                     OC_E_PERMANENT);
    assert_true(got.list.count > 0); /* the tail */
    OC_VEC_FINISH(&got.list);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
    check_works(kit);
}

static void keys_are_saved_from_a_file_that_is_damaged_elsewhere(void **state)
{
    struct kit *kit = *state;
    put(kit, "silence");
    oc_store_flush(kit->store, NULL);
    oc_db_exec(&kit->store->db, "INSERT INTO head(data) VALUES(zeroblob(200000))", NULL);
    oc_store_close(kit->store);
    damage(kit, 100000, 0xff); /* the chain of overflow pages */
    kit_open(kit);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
    assert_int_equal(oc_json_int(kit->last, "saved_keys", -1), 1);
    assert_true(has(kit, "silence"));
    check_works(kit);
}

static void a_damaged_log_costs_only_what_is_behind_it(void **state)
{
    struct kit *kit = *state;
    struct oc_series *series = kit_series(kit, "m", "a");
    for (int i = 0; i < 3; i++) {
        oc_store_append(kit->store, series, KIT_NOW + i * 1000, i);
        oc_store_flush(kit->store, NULL);
    }
    oc_db_exec(&kit->store->db, "UPDATE head SET data = x'0107' WHERE id = 3", NULL);
    kit_crash(kit);
    series = kit_series(kit, "m", "a");
    assert_int_equal(kit_count(kit, series), 2);
    assert_true(oc_store_append(kit->store, series, KIT_NOW + 9000, 1));
    kit_reopen(kit);
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), 3);
    assert_int_equal(asides(kit), 0);
}

static void hostile_rows_are_survived(void **state)
{
    struct kit *kit = *state;
    static const char *const rows[] = {
        "INSERT INTO series(id, kind, name, labels) VALUES(-1, 0, 'a', '')",
        "INSERT INTO series(id, kind, name, labels) VALUES(99999999999, 0, 'b', '')",
        "INSERT INTO series(id, kind, name, labels) VALUES(5, 77, 'c', x'61')",
        "INSERT INTO series(id, kind, name, labels) VALUES(6, -1, 'd d', '')",
        "INSERT INTO series(id, kind, name, labels) VALUES(7, 'x', 12, 13)",
        "INSERT INTO snapshot(data) VALUES(x'01ffffffffffffffffff7f')",
        "INSERT INTO snapshot(data) VALUES('')",
        "INSERT INTO head(data) VALUES(x'010000')",
        "INSERT INTO piece VALUES(-5, -5, 'x', 'y', 'z')",
        "INSERT INTO chunk VALUES(-5, 0, '')",
        "INSERT INTO chunk VALUES(9223372036854775807, 0, 'x')",
        "INSERT INTO kv VALUES('s', 'broken', '{')",
        "INSERT INTO event VALUES(7, 'x', '', '[')",
        "INSERT INTO meta VALUES('samples', 'many')",
    };
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        assert_int_equal(oc_db_exec(&kit->store->db, rows[i], NULL), OC_OK);
    }
    struct oc_event_query q = {0};
    kit_reopen(kit);
    assert_false(has(kit, "broken"));
    json_decref(oc_events_query(kit->store, &q, NULL));
    for (int i = 0; i < 5; i++) {
        oc_store_maintain(kit->store, NULL);
    }
    check_works(kit);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    put(kit, "k");
    oc_db_exec(&kit->store->db, "PRAGMA user_version = 999", NULL);
    oc_store_close(kit->store);
    kit->store = oc_store_open(&kit->options, NULL, kit->bus, &err);
    assert_null(kit->store);
    assert_int_equal(err.code, OC_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "999"));
    assert_true(*err.hint);
    kit->options.read_only = true;
    assert_null(oc_store_open(&kit->options, NULL, kit->bus, &err));
    assert_int_equal(err.code, OC_E_UNSUPPORTED);
    assert_int_equal(asides(kit), 0);
}

static void a_read_only_open_does_not_repair(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    oc_store_close(kit->store);
    damage(kit, 0, 'x');
    kit->options.read_only = true;
    kit->store = oc_store_open(&kit->options, NULL, kit->bus, &err);
    assert_null(kit->store);
    assert_int_equal(err.code, OC_E_PERMANENT);
    assert_int_equal(asides(kit), 0);
}

static void assert_lost(struct kit *kit, const char *what)
{
    kit->options.existed = true;
    kit_open(kit);
    assert_int_equal(asides(kit), 1);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
    assert_string_equal(oc_json_str(kit->last, "message", ""), what);
    assert_true(oc_file_exists(oc_json_str(kit->last, "path", "")));
    check_works(kit); /* and opened again it is not lost again */
    assert_int_equal(asides(kit), 1);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
}

static void an_empty_file_where_there_was_a_store_is_no_new_one(void **state)
{
    struct kit *kit = *state;
    put(kit, "before");
    oc_store_close(kit->store);
    assert_int_equal(truncate(kit->path, 0), 0);
    assert_lost(kit, "the database is empty");
}

static void a_file_that_is_gone_where_there_was_a_store_is_no_new_one(void **state)
{
    struct kit *kit = *state;
    put(kit, "before");
    oc_store_close(kit->store);
    assert_int_equal(unlink(kit->path), 0);
    assert_lost(kit, "the database is gone");
}

static void a_host_that_has_not_lived_has_lost_nothing(void **state)
{
    struct kit *kit = *state;
    oc_store_close(kit->store);
    assert_int_equal(unlink(kit->path), 0);
    kit_open(kit);
    assert_int_equal(asides(kit), 0);
    assert_int_equal(kit_heard(kit, "store.corrupt"), 0);
    check_works(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(a_file_that_is_no_database_is_set_aside),
        kit_test(the_log_of_a_damaged_file_goes_with_it),
        kit_test(a_new_file_is_made_whole),
        kit_test(a_log_without_its_file_is_not_taken_for_that_of_a_new_one),
        kit_test(a_file_that_is_there_is_opened_without_a_write),
        kit_test(two_damaged_files_in_one_second_are_both_kept),
        kit_test(a_truncated_file_is_set_aside_or_used_but_never_fatal),
        kit_test(damage_met_while_running_replaces_the_file_and_keeps_what_is_in_memory),
        kit_test(damage_met_by_a_reader_is_handled_too),
        kit_test(keys_are_saved_from_a_file_that_is_damaged_elsewhere),
        kit_test(a_damaged_log_costs_only_what_is_behind_it),
        kit_test(hostile_rows_are_survived),
        kit_test(a_newer_schema_is_refused_and_left_alone),
        kit_test(a_read_only_open_does_not_repair),
        kit_test(an_empty_file_where_there_was_a_store_is_no_new_one),
        kit_test(a_file_that_is_gone_where_there_was_a_store_is_no_new_one),
        kit_test(a_host_that_has_not_lived_has_lost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
