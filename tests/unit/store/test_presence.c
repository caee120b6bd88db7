/* Tests of core/store/presence.c: the file goes away under the open store. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include <fcntl.h>

static int put(struct kit *kit, const char *key, struct oc_error *err)
{
    json_t *value = json_true();
    int rc = oc_kv_put(kit->store, "s", key, value, true, err);
    json_decref(value);
    return rc;
}

static bool has(struct kit *kit, const char *key)
{
    json_t *value = oc_kv_get(kit->store, "s", key);
    json_decref(value);
    return value != NULL;
}

static void append(struct kit *kit, int at)
{
    assert_true(oc_store_append(kit->store, kit_series(kit, "m", "a"), KIT_NOW + at * 1000, at));
}

static void begin(struct kit *kit)
{
    append(kit, 1);
    assert_int_equal(put(kit, "before", NULL), OC_OK);
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
}

static void drop(struct kit *kit, const char *suffix)
{
    char *name = oc_asprintf("%s%s", kit->path, suffix);
    assert_int_equal(unlink(name), 0);
    free(name);
}

static void drop_all(struct kit *kit)
{
    drop(kit, "");
    drop(kit, "-wal");
    drop(kit, "-shm");
}

static void check_nothing_is_lost(struct kit *kit)
{
    assert_true(oc_store_healthy(kit->store, NULL));
    assert_int_equal(kit_heard(kit, "store.failing"), 1);
    assert_int_equal(kit_heard(kit, "store.recovered"), 1);
    append(kit, 2);
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    kit_crash(kit);
    assert_true(has(kit, "before") && has(kit, "after"));
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), 2);
}

static void a_removed_file_is_written_again_before_a_durable_write(void **state)
{
    struct kit *kit = *state;
    begin(kit);
    drop_all(kit);
    assert_int_equal(put(kit, "after", NULL), OC_OK);
    check_nothing_is_lost(kit);
}

static void a_removed_file_is_written_again_before_a_transaction(void **state)
{
    struct kit *kit = *state;
    begin(kit);
    drop_all(kit);
    oc_store_begin(kit->store);
    put(kit, "after", NULL);
    assert_int_equal(oc_store_end(kit->store, NULL), OC_OK);
    check_nothing_is_lost(kit);
}

static void a_flush_notices_even_when_there_is_nothing_to_write(void **state)
{
    struct kit *kit = *state;
    begin(kit);
    drop(kit, "");
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    assert_true(oc_file_exists(kit->path));
    assert_int_equal(put(kit, "after", NULL), OC_OK);
    check_nothing_is_lost(kit);
}

static void a_removed_log_is_noticed_too(void **state)
{
    struct kit *kit = *state;
    begin(kit);
    drop(kit, "-wal");
    assert_int_equal(put(kit, "after", NULL), OC_OK);
    check_nothing_is_lost(kit);
}

static void without_its_folder_the_store_refuses_and_says_why(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    char *dir = oc_path_dir(kit->path);
    begin(kit);
    drop_all(kit);
    assert_int_equal(rmdir(dir), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_not_equal(put(kit, "after", &err), OC_OK);
        assert_non_null(strstr(err.message, "removed under the running daemon"));
        assert_int_not_equal(oc_store_flush(kit->store, &err), OC_OK);
    }
    assert_false(oc_store_healthy(kit->store, &err));
    assert_non_null(strstr(err.message, "removed under the running daemon"));
    assert_int_equal(kit_heard(kit, "store.failing"), 1);
    assert_true(has(kit, "before"));
    assert_int_equal(oc_dir_make(dir, 0700, NULL), OC_OK);
    free(dir);
    assert_int_equal(put(kit, "after", NULL), OC_OK);
    check_nothing_is_lost(kit);
}

static void a_file_of_somebody_else_at_the_path_is_left_alone(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    begin(kit);
    drop_all(kit);
    assert_int_equal(oc_file_write(kit->path, "a backup", 8, 0600, NULL), OC_OK);
    assert_int_not_equal(put(kit, "after", &err), OC_OK);
    assert_non_null(strstr(err.message, "replaced"));
    assert_false(oc_store_healthy(kit->store, NULL));
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(kit->path, 100, &text, NULL), OC_OK);
    assert_string_equal(text.data, "a backup");
    oc_buf_finish(&text);
}

static void overwrite(struct kit *kit, bool truncated)
{
    char junk[4096 * 8];
    memset(junk, 'x', sizeof junk);
    if (truncated) {
        assert_int_equal(truncate(kit->path, 0), 0);
    } else {
        int fd = open(kit->path, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, junk, sizeof junk, 0), sizeof junk);
        close(fd);
    }
}

static void check_overwritten(struct kit *kit, bool truncated)
{
    struct oc_error err;
    begin(kit);
    overwrite(kit, truncated);
    assert_int_not_equal(put(kit, "lost", &err), OC_OK);
    assert_non_null(strstr(err.message, "overwritten under the running daemon"));
    assert_int_equal(kit_heard(kit, "store.corrupt"), 1);
    assert_int_equal(put(kit, "after", NULL), OC_OK);
    assert_true(oc_store_healthy(kit->store, NULL));
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_OK);
    kit_crash(kit);
    assert_true(has(kit, "before")); /* read from the log of the open database */
    assert_true(has(kit, "after"));
    assert_false(has(kit, "lost"));
    assert_int_equal(kit_count(kit, kit_series(kit, "m", "a")), 1);
}

static void a_truncated_file_is_set_aside_and_memory_saved(void **state)
{
    check_overwritten(*state, true);
}

static void an_overwritten_file_is_set_aside_and_memory_saved(void **state)
{
    check_overwritten(*state, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_removed_file_is_written_again_before_a_durable_write),
        TEST(a_removed_file_is_written_again_before_a_transaction),
        TEST(a_flush_notices_even_when_there_is_nothing_to_write),
        TEST(a_removed_log_is_noticed_too),
        TEST(without_its_folder_the_store_refuses_and_says_why),
        TEST(a_file_of_somebody_else_at_the_path_is_left_alone),
        TEST(a_truncated_file_is_set_aside_and_memory_saved),
        TEST(an_overwritten_file_is_set_aside_and_memory_saved),
    };
    return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
