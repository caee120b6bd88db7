/* Logs of bounded size: lines, files that are full, moved away or not ours. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sys/file.h"
#include "core/sys/linelog.h"

static char home[64];
static struct oc_linelog made;

static int begin(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "/tmp/oc-linelog-XXXXXX");
    assert_non_null(mkdtemp(home));
    oc_linelog_init(&made, home, "x.log", 60, 2);
    return 0;
}

static const char *path_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/logs/%s", home, name);
    return path;
}

static int end(void **state)
{
    static const char *const names[] = {"x.log", "x.log.1", "x.log.2", "x.log.3", "moved"};
    (void)state;
    oc_linelog_finish(&made);
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        unlink(path_of(names[i]));
    }
    rmdir(path_of(""));
    assert_int_equal(rmdir(home), 0);
    return 0;
}

static void put(int number)
{
    oc_linelog_write(&made, json_pack("{s:i,s:s}", "line", number, "text", "a\nb"));
}

static void assert_file(const char *name, const char *text)
{
    struct oc_buf found = {0};
    struct oc_error err;
    assert_int_equal(oc_file_read(path_of(name), 4096, &found, &err), OC_OK);
    assert_string_equal(found.data, text);
    oc_buf_finish(&found);
}

static void every_line_is_one_and_only_the_owner_reads_it(void **state)
{
    struct stat st;
    (void)state;
    put(1);
    put(2);
    assert_file("x.log", "{\"line\":1,\"text\":\"a\\nb\"}\n{\"line\":2,\"text\":\"a\\nb\"}\n");
    assert_int_equal(stat(path_of("x.log"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_full_file_makes_room_and_the_last_one_goes(void **state)
{
    (void)state;
    for (int i = 1; i <= 7; i++) {
        put(i);
    }
    assert_file("x.log", "{\"line\":7,\"text\":\"a\\nb\"}\n");
    assert_file("x.log.1", "{\"line\":5,\"text\":\"a\\nb\"}\n{\"line\":6,\"text\":\"a\\nb\"}\n");
    assert_file("x.log.2", "{\"line\":3,\"text\":\"a\\nb\"}\n{\"line\":4,\"text\":\"a\\nb\"}\n");
    assert_false(oc_file_exists(path_of("x.log.3")));
}

static void a_file_that_was_moved_away_is_made_anew(void **state)
{
    char moved[160];
    (void)state;
    put(1);
    snprintf(moved, sizeof moved, "%s", path_of("moved"));
    assert_int_equal(rename(path_of("x.log"), moved), 0);
    put(2);
    assert_file("moved", "{\"line\":1,\"text\":\"a\\nb\"}\n");
    assert_file("x.log", "{\"line\":2,\"text\":\"a\\nb\"}\n");
}

static void what_is_no_file_is_not_written_to(void **state)
{
    (void)state;
    put(1);
    assert_int_equal(unlink(path_of("x.log")), 0);
    assert_int_equal(mkfifo(path_of("x.log"), 0600), 0); /* nobody reads it: we do not wait */
    put(2);
    assert_true(made.failing);
    assert_int_equal(unlink(path_of("x.log")), 0);
    assert_int_equal(symlink(home, path_of("x.log")), 0);
    put(3);
    assert_true(made.failing);
    assert_int_equal(unlink(path_of("x.log")), 0);
    put(4);
    assert_false(made.failing);
    assert_file("x.log", "{\"line\":4,\"text\":\"a\\nb\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_line_is_one_and_only_the_owner_reads_it, begin, end),
        cmocka_unit_test_setup_teardown(a_full_file_makes_room_and_the_last_one_goes, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_away_is_made_anew, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_written_to, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
