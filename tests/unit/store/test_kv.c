/* Tests of core/store/kv.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

static int put(struct kit *kit, const char *space, const char *key, int value, bool durable)
{
    json_t *json = json_pack("{s:i}", "v", value);
    int rc = oc_kv_put(kit->store, space, key, json, durable, NULL);
    json_decref(json);
    return rc;
}

static int get(struct kit *kit, const char *space, const char *key)
{
    json_t *json = oc_kv_get(kit->store, space, key);
    int value = (int)oc_json_int(json, "v", -1);
    json_decref(json);
    return value;
}

static void what_was_put_is_there_until_it_is_removed(void **state)
{
    struct kit *kit = *state;
    assert_int_equal(get(kit, "alert", "cpu"), -1);
    assert_int_equal(put(kit, "alert", "cpu", 1, true), OC_OK);
    assert_int_equal(put(kit, "alert", "cpu", 2, false), OC_OK);
    assert_int_equal(put(kit, "silence", "cpu", 3, false), OC_OK);
    assert_int_equal(get(kit, "alert", "cpu"), 2);
    assert_int_equal(get(kit, "silence", "cpu"), 3);
    assert_int_equal(oc_kv_remove(kit->store, "alert", "cpu", true, NULL), OC_OK);
    assert_int_equal(oc_kv_remove(kit->store, "alert", "cpu", false, NULL),
                     OC_OK); /* already gone */
    assert_int_equal(get(kit, "alert", "cpu"), -1);
    assert_int_equal(get(kit, "silence", "cpu"), 3);
}

static void all_of_a_space_and_nothing_else(void **state)
{
    struct kit *kit = *state;
    put(kit, "kv:web", "b", 2, false);
    put(kit, "kv:web", "a", 1, false);
    put(kit, "kv:web2", "c", 3, false);
    json_t *all = oc_kv_all(kit->store, "kv:web");
    assert_int_equal(json_object_size(all), 2);
    assert_int_equal(oc_json_int(json_object_get(all, "b"), "v", -1), 2);
    json_decref(all);
    all = oc_kv_all(kit->store, "none");
    assert_int_equal(json_object_size(all), 0);
    json_decref(all);
}

static void values_of_every_kind_come_back(void **state)
{
    struct kit *kit = *state;
    json_t *values[] = {json_null(),
                        json_true(),
                        json_integer(7),
                        json_real(0.5),
                        json_string("gr\xc3\xbc\xc3\x9f"
                                    "e \"x\"\n"),
                        json_pack("[i,{s:[]}]", 1, "a")};
    for (size_t i = 0; i < OC_COUNT(values); i++) {
        assert_int_equal(oc_kv_put(kit->store, "s", "k", values[i], false, NULL), OC_OK);
        json_t *got = oc_kv_get(kit->store, "s", "k");
        assert_true(json_equal(got, values[i]));
        json_decref(got);
        json_decref(values[i]);
    }
}

static void durable_values_survive_a_crash_without_a_flush(void **state)
{
    struct kit *kit = *state;
    put(kit, "silence", "a", 1, true);
    kit_crash(kit);
    assert_int_equal(get(kit, "silence", "a"), 1);
}

static void a_durable_commit_reaches_the_disk(void **state)
{
    struct kit *kit = *state;
    sqlite3_stmt *stmt;
    put(kit, "s", "k", 1, true);
    sqlite3_prepare_v2(kit->store->db.sql, "PRAGMA synchronous", -1, &stmt, NULL);
    sqlite3_step(stmt);
    assert_int_equal(sqlite3_column_int(stmt, 0), 2); /* FULL: fsync at the commit */
    sqlite3_finalize(stmt);
    put(kit, "s", "k", 2, false);
    sqlite3_prepare_v2(kit->store->db.sql, "PRAGMA synchronous", -1, &stmt, NULL);
    sqlite3_step(stmt);
    assert_int_equal(sqlite3_column_int(stmt, 0), 1);
    sqlite3_finalize(stmt);
}

static void a_group_is_all_or_nothing(void **state)
{
    struct kit *kit = *state;
    oc_store_begin(kit->store);
    put(kit, "s", "a", 1, false);
    oc_store_begin(kit->store); /* nested: the outermost pair decides */
    put(kit, "s", "b", 2, true);
    assert_int_equal(oc_store_end(kit->store, NULL), OC_OK);
    assert_int_equal(get(kit, "s", "a"), 1); /* visible within */
    assert_int_equal(oc_store_flush(kit->store, NULL), OC_E_CONFLICT);
    assert_int_equal(oc_store_end(kit->store, NULL), OC_OK);
    kit_crash(kit);
    assert_int_equal(get(kit, "s", "a"), 1);
    assert_int_equal(get(kit, "s", "b"), 2);

    oc_store_begin(kit->store);
    put(kit, "s", "a", 10, false);
    kit->store->group_rc = OC_E_RETRY; /* as when a write in between fails */
    assert_int_equal(put(kit, "s", "b", 20, false), OC_E_RETRY);
    assert_int_equal(oc_store_end(kit->store, NULL), OC_E_RETRY);
    assert_int_equal(get(kit, "s", "a"), 1);
    assert_int_equal(get(kit, "s", "b"), 2);
}

static void an_empty_group_is_fine(void **state)
{
    struct kit *kit = *state;
    oc_store_begin(kit->store);
    assert_int_equal(oc_store_end(kit->store, NULL), OC_OK);
    assert_true(oc_store_healthy(kit->store, NULL));
}

static void bad_keys_and_values_are_refused(void **state)
{
    struct kit *kit = *state;
    char longest[600];
    struct oc_error err;
    memset(longest, 'k', sizeof longest);
    longest[599] = '\0';
    assert_int_equal(put(kit, "s", longest, 1, false), OC_E_CONFIG);
    assert_int_equal(put(kit, longest, "k", 1, false), OC_E_CONFIG);
    assert_int_equal(put(kit, "s", "", 1, false), OC_E_CONFIG);
    assert_int_equal(put(kit, "", "k", 1, false), OC_E_CONFIG);
    char *large = oc_alloc((1u << 20) + 10);
    memset(large, 'x', (1u << 20) + 9);
    large[(1u << 20) + 9] = '\0';
    json_t *json = json_string(large);
    assert_int_equal(oc_kv_put(kit->store, "s", "k", json, true, &err), OC_E_CONFIG);
    assert_true(err.message[0]);
    json_decref(json);
    free(large);
    assert_true(oc_store_healthy(kit->store, NULL));
}

static void one_who_looks_from_beside_sees_what_is_written(void **state)
{
    struct kit *kit = *state;
    struct oc_error err;
    json_t *value = NULL;
    oc_error_init(&err);
    assert_int_equal(put(kit, "policy", "governed", 7, true), OC_OK);
    const char *path = oc_store_path(kit->store);
    assert_int_equal(oc_kv_peek(path, "policy", "governed", &value, &err), OC_OK);
    assert_int_equal(oc_json_int(value, "v", -1), 7);
    json_decref(value);
    assert_int_equal(oc_kv_peek(path, "policy", "other", &value, &err), OC_OK);
    assert_null(value);
    assert_int_equal(oc_kv_peek("/nonexistent/x.db", "s", "k", &value, &err), OC_E_NOT_FOUND);
    assert_null(value);
    assert_int_equal(put(kit, "policy", "governed", 8, true), OC_OK); /* nothing was disturbed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(what_was_put_is_there_until_it_is_removed),
        kit_test(all_of_a_space_and_nothing_else),
        kit_test(values_of_every_kind_come_back),
        kit_test(durable_values_survive_a_crash_without_a_flush),
        kit_test(a_durable_commit_reaches_the_disk),
        kit_test(a_group_is_all_or_nothing),
        kit_test(an_empty_group_is_fine),
        kit_test(bad_keys_and_values_are_refused),
        kit_test(one_who_looks_from_beside_sees_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
