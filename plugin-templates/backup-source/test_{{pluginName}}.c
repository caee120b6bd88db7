/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/testkit.h>

static void what_was_dumped_is_restored(void **state)
{
    (void)state;
    char path[] = "/tmp/{{pluginName}}-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "before", 6), 6);
    close(fd);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "path", path);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "backup.dump/1", NULL, 1000), OC_OK);
    size_t len = 0;
    const char *bytes = oc_test_bytes(t, &len);
    assert_int_equal(len, 6);
    assert_memory_equal(bytes, "before", 6);
    oc_test_input(t, "after", 5);
    assert_int_equal(oc_test_call(t, "backup.restore/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_call(t, "backup.dump/1", NULL, 1000), OC_OK);
    bytes = oc_test_bytes(t, &len);
    assert_int_equal(len, 5);
    assert_memory_equal(bytes, "after", 5);
    assert_int_equal(oc_test_close(t), 0);
    unlink(path);
}

static void a_restored_file_keeps_its_rights_and_no_link_is_followed(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX", path[128], temp[144], other[128];
    struct stat st;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(temp, sizeof temp, "%s.restoring", path);
    snprintf(other, sizeof other, "%s/other", folder);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(chmod(path, 0644), 0);
    close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(symlink(other, temp), 0);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", path);
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_input(t, "after", 5);
    assert_int_equal(oc_test_call(t, "backup.restore/1", NULL, 1000), OC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(oc_test_close(t), 0);
    unlink(path);
    unlink(other);
    assert_int_equal(rmdir(folder), 0); /* nothing is left of the restore */
}

/* Three bytes fit and the rest does not, as on a disk that runs full. */
static void a_disk_that_runs_full_is_said_and_the_old_file_stays(void **state)
{
    (void)state;
    char path[] = "/tmp/{{pluginName}}-XXXXXX";
    struct rlimit old, three;
    struct stat st;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "before", 6), 6);
    close(fd);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", path);
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_input(t, "after", 5);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    three = (struct rlimit){3, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &three), 0);
    const int32_t code = oc_test_call(t, "backup.restore/1", NULL, 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(t)->message, strerror(EFBIG)));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 6);
    assert_int_equal(oc_test_close(t), 0);
    unlink(path);
}

static void a_stream_is_verified(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent");
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_input(t, "content", 7);
    assert_int_equal(oc_test_call(t, "backup.verify/1", NULL, 1000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "{\"bytes\":7}");
    assert_int_equal(oc_test_close(t), 0);
}

static void a_file_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "backup.dump/1", NULL, 1000), OC_E_NOT_FOUND);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_dumped_is_restored),
        cmocka_unit_test(a_restored_file_keeps_its_rights_and_no_link_is_followed),
        cmocka_unit_test(a_disk_that_runs_full_is_said_and_the_old_file_stays),
        cmocka_unit_test(a_stream_is_verified),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
