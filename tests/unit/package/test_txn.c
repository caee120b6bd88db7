/* Transactions: generations, the store, the lock. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/tree.h"
#include "core/package/txn.h"
#include "core/sys/file.h"

#define HEX   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char home[64];
static struct oc_work w;

static int setup(void **unused)
{
    (void)unused;
    oc_copy(home, sizeof home, "/tmp/openclaw-txn-XXXXXX");
    assert_non_null(mkdtemp(home));
    w = (struct oc_work){.home = home};
    oc_error_init(&w.err);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    json_decref(w.details);
    json_decref(w.result);
    return oc_tree_remove(home, NULL);
}

static char *below(const char *path)
{
    return oc_asprintf("%s/packages/%s", home, path);
}

static bool is_there(const char *path)
{
    char *full = below(path);
    struct stat st;
    const bool there = lstat(full, &st) == 0;
    free(full);
    return there;
}

static json_t *row(const char *name, const char *digest)
{
    return json_pack("{s:s, s:s+, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:[]}", "name", name, "id",
                     "local/", name, "version", "1.0.0", "digest", digest, "source", "file:/x",
                     "trust", "unsigned", "tier", "sandbox", "enabled", 1, "surface", HEX,
                     "grants");
}

/* A staged folder with one file. */
static char *stage(struct oc_txn *t, const char *text)
{
    char *dir = oc_txn_stage(t);
    assert_non_null(dir);
    char *file = oc_path_join(dir, "plugin.json");
    assert_int_equal(oc_file_write(file, text, strlen(text), 0644, NULL), OC_OK);
    free(file);
    return dir;
}

static uint64_t install(const char *name, const char *digest, const char *text)
{
    struct oc_txn t;
    uint64_t generation = 0;
    assert_int_equal(oc_txn_begin(&w, &t), OC_OK);
    char *dir = stage(&t, text);
    assert_int_equal(oc_txn_publish(&t, dir, digest), OC_OK);
    oc_txn_set(&t, name, row(name, digest));
    assert_int_equal(oc_txn_commit(&t, "test", name, &generation), OC_OK);
    oc_txn_finish(&t);
    free(dir);
    return generation;
}

static void a_commit_makes_a_generation_with_links_into_the_store(void **unused)
{
    struct oc_state state;
    (void)unused;
    assert_int_equal(install("hello", HEX, "{}"), 1);
    assert_int_equal(install("other", OTHER, "{}"), 2);
    assert_int_equal(oc_state_load(home, &state, NULL), OC_OK);
    assert_int_equal(state.generation, 2);
    assert_int_equal(state.count, 2);
    oc_state_finish(&state);
    char *path = below("current/plugins/hello/plugin.json");
    assert_true(oc_file_exists(path));
    free(path);
    assert_true(is_there("generations/0/state.json"));
}

static void an_artifact_is_read_only_and_can_be_exchanged(void **unused)
{
    struct oc_buf text = {0};
    struct stat st;
    (void)unused;
    install("hello", HEX, "{\"one\":1}");
    char *path = below("store/sha256/" HEX "/plugin.json"), *dir = below("store/sha256/" HEX);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0444);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0555);
    install("hello", HEX, "{\"two\":2}");
    assert_int_equal(oc_file_read(path, 100, &text, NULL), OC_OK);
    assert_string_equal(text.data, "{\"two\":2}");
    oc_buf_finish(&text);
    free(dir);
    free(path);
}

static void without_a_commit_nothing_has_changed(void **unused)
{
    struct oc_txn t;
    (void)unused;
    install("hello", HEX, "{}");
    assert_int_equal(oc_txn_begin(&w, &t), OC_OK);
    free(stage(&t, "half"));
    oc_txn_drop(&t, "hello");
    oc_txn_finish(&t);
    struct oc_state state;
    assert_int_equal(oc_state_load(home, &state, NULL), OC_OK);
    assert_non_null(oc_state_find(&state, "hello"));
    oc_state_finish(&state);
    assert_false(is_there("staging/work"));
}

static void a_commit_without_a_difference_makes_no_generation(void **unused)
{
    struct oc_txn t;
    uint64_t generation = 0;
    (void)unused;
    install("hello", HEX, "{}");
    assert_int_equal(oc_txn_begin(&w, &t), OC_OK);
    assert_int_equal(oc_txn_commit(&t, "test", NULL, &generation), OC_OK);
    assert_int_equal(generation, 1);
    oc_txn_finish(&t);
    assert_false(is_there("generations/2"));
}

static void a_number_is_never_used_twice(void **unused)
{
    struct oc_txn t;
    uint64_t *list, generation = 0;
    (void)unused;
    install("hello", HEX, "{}");
    install("other", OTHER, "{}");
    assert_int_equal(oc_txn_begin(&w, &t), OC_OK);
    assert_int_equal(oc_txn_switch(&t, 1), OC_OK);
    oc_txn_finish(&t);
    assert_int_equal(oc_txn_begin(&w, &t), OC_OK);
    assert_int_equal(t.now.generation, 1);
    oc_txn_drop(&t, "hello");
    assert_int_equal(oc_txn_commit(&t, "test", NULL, &generation), OC_OK);
    oc_txn_finish(&t);
    assert_int_equal(generation, 3);
    assert_int_equal(oc_txn_generations(home, &list), 4);
    assert_int_equal(list[3], 3);
    free(list);
}

static void what_an_interruption_left_is_cleaned(void **unused)
{
    struct oc_txn t;
    (void)unused;
    install("hello", HEX, "{}");
    char *left = below("staging/work/3/assets"), *link = below("staging/current");
    assert_int_equal(oc_dir_make(left, 0555, NULL), OC_OK);
    assert_int_equal(symlink("generations/9", link), 0);
    assert_int_equal(oc_txn_begin(&w, &t), OC_OK);
    assert_false(is_there("staging/work"));
    assert_false(is_there("staging/current"));
    oc_txn_finish(&t);
    free(left);
    free(link);
}

static void a_damaged_state_can_only_be_repaired(void **unused)
{
    struct oc_txn t;
    bool damaged;
    (void)unused;
    install("hello", HEX, "{}");
    char *path = below("generations/1/state.json");
    assert_int_equal(oc_file_write(path, "{", 1, 0644, NULL), OC_OK);
    assert_int_equal(oc_txn_begin(&w, &t), OC_E_CONFIG);
    assert_int_equal(oc_txn_begin_damaged(&w, &t, &damaged), OC_OK);
    assert_true(damaged);
    assert_int_equal(t.now.generation, 1);
    oc_txn_finish(&t);
    free(path);
}

static void files_are_summed_and_links_refused(void **unused)
{
    struct oc_error err;
    (void)unused;
    oc_error_init(&err);
    install("hello", HEX, "{}");
    char *dir = below("store/sha256/" HEX);
    json_t *files = oc_tree_files(dir, &err);
    assert_int_equal(json_object_size(files), 1);
    assert_string_equal(oc_json_str(files, "plugin.json", ""),
                        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    json_decref(files);
    assert_int_equal(chmod(dir, 0755), 0);
    char *link = oc_path_join(dir, "more");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_null(oc_tree_files(dir, &err));
    assert_int_equal(err.code, OC_E_VERIFY);
    free(link);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_makes_a_generation_with_links_into_the_store,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_artifact_is_read_only_and_can_be_exchanged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_a_commit_nothing_has_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_commit_without_a_difference_makes_no_generation, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_number_is_never_used_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(what_an_interruption_left_is_cleaned, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_state_can_only_be_repaired, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_summed_and_links_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
