/* Sentinels of loads that never ended. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/plugin/library/sentinel.h"
#include "core/sys/file.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int make_home(void **state)
{
    char dir[] = "/tmp/openclaw-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    *state = oc_strdup(dir);
    return 0;
}

static int drop_home(void **state)
{
    nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static bool there(const char *home, const char *plugin)
{
    char *path = oc_asprintf("%s/run/loading/%s", home, plugin);
    const bool is = oc_file_exists(path);
    free(path);
    return is;
}

static void a_load_leaves_nothing_behind_when_it_ends(void **state)
{
    struct oc_sentinels *s = oc_sentinels_open(*state);
    assert_false(there(*state, "p"));
    oc_sentinels_begin(s, "p", "d", false);
    assert_true(there(*state, "p"));
    oc_sentinels_end(s, "p");
    assert_false(there(*state, "p"));
    oc_sentinels_close(s);
}

static void loads_of_one_plugin_may_overlap(void **state)
{
    struct oc_sentinels *s = oc_sentinels_open(*state);
    oc_sentinels_begin(s, "p", "d", true);
    oc_sentinels_begin(s, "p", "d", true);
    oc_sentinels_begin(s, "q", "d", true);
    oc_sentinels_end(s, "p");
    assert_true(there(*state, "p"));
    oc_sentinels_end(s, "p");
    assert_false(there(*state, "p"));
    oc_sentinels_end(s, "q");
    oc_sentinels_close(s);
}

static void one_that_is_found_makes_that_plugin_be_skipped_and_no_other(void **state)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_sentinels *s = oc_sentinels_open(*state);
    oc_sentinels_begin(s, "p", "d", false);
    oc_sentinels_close(s); /* the process ended */

    s = oc_sentinels_open(*state);
    assert_int_equal(oc_sentinels_check(s, "q", "d", false, &err), OC_OK);
    assert_int_equal(oc_sentinels_check(s, "p", "d", false, &err), OC_E_CONFLICT);
    assert_non_null(strstr(err.message, "skipped: the daemon ended while this plugin was being "
                                        "loaded at 20"));
    assert_non_null(strstr(err.hint, "`openclaw plugin reset p`"));
    oc_sentinels_close(s);
}

static void it_stays_skipped_until_it_is_cleared(void **state)
{
    struct oc_sentinels *s = oc_sentinels_open(*state);
    oc_sentinels_begin(s, "p", "d", false);
    oc_sentinels_close(s);
    for (int i = 0; i < 3; i++) {
        s = oc_sentinels_open(*state);
        assert_int_equal(oc_sentinels_check(s, "p", "d", false, NULL), OC_E_CONFLICT);
        oc_sentinels_close(s);
    }
    s = oc_sentinels_open(*state);
    assert_true(oc_sentinels_clear(s, "p"));
    assert_false(oc_sentinels_clear(s, "p"));
    assert_int_equal(oc_sentinels_check(s, "p", "d", false, NULL), OC_OK);
    assert_false(there(*state, "p"));
    oc_sentinels_close(s);
}

static void another_artifact_is_given_a_chance(void **state)
{
    struct oc_sentinels *s = oc_sentinels_open(*state);
    oc_sentinels_begin(s, "p", "d1", false);
    oc_sentinels_close(s);
    s = oc_sentinels_open(*state);
    assert_int_equal(oc_sentinels_check(s, "p", "d2", false, NULL), OC_OK);
    oc_sentinels_begin(s, "p", "d2", false);
    oc_sentinels_end(s, "p");
    assert_false(there(*state, "p"));
    oc_sentinels_close(s);
}

/* Whoever kills the daemon just then is the likelier reason. */
static void a_plugin_of_the_installation_is_skipped_after_three_times_in_a_row(void **state)
{
    for (int i = 0; i < OC_SENTINEL_BUNDLED; i++) {
        struct oc_sentinels *s = oc_sentinels_open(*state);
        assert_int_equal(oc_sentinels_check(s, "p", "", true, NULL), OC_OK);
        oc_sentinels_begin(s, "p", "", true);
        oc_sentinels_close(s);
    }
    struct oc_sentinels *s = oc_sentinels_open(*state);
    assert_int_equal(oc_sentinels_check(s, "p", "", true, NULL), OC_E_CONFLICT);
    oc_sentinels_close(s);
}

static void a_load_that_ends_breaks_the_row(void **state)
{
    for (int i = 0; i < 10; i++) {
        struct oc_sentinels *s = oc_sentinels_open(*state);
        assert_int_equal(oc_sentinels_check(s, "p", "", true, NULL), OC_OK);
        oc_sentinels_begin(s, "p", "", true);
        if (i % 2) {
            oc_sentinels_end(s, "p");
        }
        oc_sentinels_close(s);
    }
}

static void a_file_that_says_nothing_still_names_its_plugin(void **state)
{
    char *path = oc_asprintf("%s/run/loading", (char *)*state);
    assert_int_equal(oc_dir_make(path, 0700, NULL), OC_OK);
    char *file = oc_path_join(path, "p"), *odd = oc_path_join(path, ".hidden");
    assert_int_equal(oc_file_write(file, "{\"dig", 5, 0600, NULL), OC_OK);
    assert_int_equal(oc_file_write(odd, "", 0, 0600, NULL), OC_OK);
    struct oc_sentinels *s = oc_sentinels_open(*state);
    assert_int_equal(oc_sentinels_check(s, "p", "", false, NULL), OC_E_CONFLICT);
    assert_int_equal(oc_sentinels_check(s, ".hidden", "", false, NULL), OC_OK);
    oc_sentinels_close(s);
    free(odd);
    free(file);
    free(path);
}

static void a_home_that_cannot_be_written_to_loads_all_the_same(void **state)
{
    (void)state;
    struct oc_sentinels *s = oc_sentinels_open("/proc/self/nothing");
    oc_sentinels_begin(s, "p", "d", false);
    oc_sentinels_end(s, "p");
    oc_sentinels_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_home, drop_home)
        TEST(a_load_leaves_nothing_behind_when_it_ends),
        TEST(loads_of_one_plugin_may_overlap),
        TEST(one_that_is_found_makes_that_plugin_be_skipped_and_no_other),
        TEST(it_stays_skipped_until_it_is_cleared),
        TEST(another_artifact_is_given_a_chance),
        TEST(a_plugin_of_the_installation_is_skipped_after_three_times_in_a_row),
        TEST(a_load_that_ends_breaks_the_row),
        TEST(a_file_that_says_nothing_still_names_its_plugin),
        TEST(a_home_that_cannot_be_written_to_loads_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
