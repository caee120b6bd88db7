/* Tests of core/sys/update.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/file.h"
#include "core/sys/update.h"

static char dir[64];

static int create(void **state)
{
    (void)state;
    oc_copy(dir, sizeof dir, "/tmp/oc-update-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int destroy(void **state)
{
    (void)state;
    char *command = oc_asprintf("rm -rf '%s'", dir);
    int rc = system(command);
    free(command);
    return rc;
}

/* Updates `path` from `seen` to "new". */
static int update(const char *path, const char *seen, struct oc_error *err)
{
    struct oc_buf before = {0}, after = {0};
    oc_error_init(err);
    oc_buf_adds(&before, seen);
    oc_buf_adds(&after, "new");
    int rc = oc_file_update(path, &before, &after, 0600, err);
    oc_buf_finish(&before);
    oc_buf_finish(&after);
    return rc;
}

static void assert_text(const char *path, const char *text)
{
    struct oc_buf now = {0};
    oc_buf_adds(&now, "");
    assert_int_equal(oc_file_read(path, 100, &now, NULL), 0);
    assert_string_equal(now.data, text);
    oc_buf_finish(&now);
}

static void what_was_seen_is_replaced(void **state)
{
    (void)state;
    static const char *const befores[] = {"old", ""};
    char *path = oc_path_join(dir, "seen");
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(befores); i++) {
        assert_int_equal(oc_file_write(path, befores[i], strlen(befores[i]), 0600, NULL), 0);
        assert_int_equal(update(path, befores[i], &err), OC_OK);
        assert_text(path, "new");
    }
    free(path);
}

static void what_somebody_else_wrote_is_left(void **state)
{
    (void)state;
    static const char *const theirs[] = {"odd", "older", ""};
    char *path = oc_path_join(dir, "theirs");
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(theirs); i++) {
        assert_int_equal(oc_file_write(path, theirs[i], strlen(theirs[i]), 0600, NULL), 0);
        assert_int_equal(update(path, "old", &err), OC_E_CONFLICT);
        assert_text(path, theirs[i]);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(update(path, "old", &err), OC_E_CONFLICT);
    assert_false(oc_file_exists(path));
    free(path);
}

static void a_lock_that_somebody_keeps_is_not_waited_for(void **state)
{
    (void)state;
    char *path = oc_path_join(dir, "locked");
    struct oc_error err;
    assert_int_equal(oc_file_write(path, "old", 3, 0600, NULL), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_SH), 0);
    assert_int_equal(update(path, "old", &err), OC_E_CONFLICT);
    assert_non_null(strstr(err.message, "somebody else is writing"));
    assert_text(path, "old");
    close(fd);
    assert_int_equal(update(path, "old", &err), OC_OK);
    free(path);
}

static void a_link_stands_for_its_file_and_one_to_nowhere_for_none(void **state)
{
    (void)state;
    char *file = oc_path_join(dir, "file"), *link = oc_path_join(dir, "link"), *real;
    struct oc_error err;
    bool fresh;
    oc_error_init(&err);
    assert_int_equal(oc_file_resolve(file, &real, &fresh, &err), OC_OK);
    assert_true(fresh);
    assert_string_equal(real, file);
    free(real);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(oc_file_resolve(link, &real, &fresh, &err), OC_E_NOT_FOUND);
    assert_null(real);
    assert_int_equal(oc_file_write(file, "x", 1, 0600, NULL), 0);
    assert_int_equal(oc_file_resolve(link, &real, &fresh, &err), OC_OK);
    assert_false(fresh);
    assert_string_equal(real, file);
    free(real);
    free(link);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_seen_is_replaced, create, destroy),
        cmocka_unit_test_setup_teardown(what_somebody_else_wrote_is_left, create, destroy),
        cmocka_unit_test_setup_teardown(a_lock_that_somebody_keeps_is_not_waited_for, create,
                                        destroy),
        cmocka_unit_test_setup_teardown(a_link_stands_for_its_file_and_one_to_nowhere_for_none,
                                        create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
