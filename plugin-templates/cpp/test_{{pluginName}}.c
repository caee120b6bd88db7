/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

static void a_folder_is_counted(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "path", OC_PLUGIN_DIR);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_true(oc_test_sample(t, "{{pluginIdentifier}}.files", NULL, NULL) >= 2);
    assert_true(oc_test_sample(t, "{{pluginIdentifier}}.size_bytes", NULL, NULL) > 100);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_null(oc_test_complaint(t)); /* nothing that the manifest does not declare */
    assert_int_equal(oc_test_close(t), 0);
}

#define COMING 64 /* files that come and go */

static void path_of(const char *folder, int number, char path[128])
{
    snprintf(path, 128, "%s/%d", folder, number);
}

/* A child that makes and removes files until it is killed, or until a test that failed has ended
 * without killing it. */
static pid_t come_and_go(const char *folder)
{
    const pid_t test = getpid();
    const pid_t child = fork();
    assert_true(child >= 0); /* kill(-1) would end everything else */
    if (child > 0) {
        return child;
    }
    for (int i = 0; getppid() == test; i = (i + 1) % COMING) {
        char path[128];
        path_of(folder, i, path);
        if (unlink(path) != 0) {
            close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        }
    }
    _exit(0);
}

static void a_file_that_vanishes_meanwhile_is_left_out(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", folder);
    assert_int_equal(oc_test_start(t), OC_OK);
    const pid_t child = come_and_go(folder);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(oc_test_close(t), 0);
    for (int i = 0; i < COMING; i++) {
        path_of(folder, i, path);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void a_count_that_was_cut_short_is_no_result(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", OC_PLUGIN_DIR);
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_cancel(t);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_E_CANCELLED);
    assert_int_equal(oc_test_count(t, 0), 0);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "No such file or directory");
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_counted),
        cmocka_unit_test(a_file_that_vanishes_meanwhile_is_left_out),
        cmocka_unit_test(a_count_that_was_cut_short_is_no_result),
        cmocka_unit_test(a_folder_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
