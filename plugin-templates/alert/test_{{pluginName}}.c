/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openclaw/testkit.h>

static const char alert[] =
    "{\"id\":\"1\",\"event\":\"firing\",\"attempt\":1,\"alert\":{\"severity\":\"critical\","
    "\"title\":\"disk\",\"message\":\"full\\nand more\"}}";

static void an_alert_becomes_one_line(void **state)
{
    (void)state;
    char path[] = "/tmp/{{pluginName}}-XXXXXX", line[256] = "";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "path", path);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "alert.send/1", alert, 1000), OC_OK);
    assert_true(read(fd, line, sizeof line - 1) > 0);
    assert_string_equal(line, "firing critical disk: full and more\n");
    assert_string_equal(oc_test_json(t, 0), "{\"answer\":\"written\"}");
    assert_int_equal(oc_test_close(t), 0);
    close(fd);
    unlink(path);
}

static void a_folder_that_is_not_there_is_a_wrong_configuration(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent/alerts.log");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "alert.send/1", alert, 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

/* Of the second alert three bytes fit and the rest does not, as on a disk that runs full. */
static void half_a_line_is_not_delivered_and_does_not_stay(void **state)
{
    (void)state;
    static const char line[] = "firing critical disk: full and more\n";
    static const char twice[] = "firing critical disk: full and more\n"
                                "firing critical disk: full and more\n";
    char path[] = "/tmp/{{pluginName}}-XXXXXX", content[256] = "";
    struct rlimit old, more;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", path);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "alert.send/1", alert, 1000), OC_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    more = (struct rlimit){strlen(line) + 3, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &more), 0);
    const int32_t code = oc_test_call(t, "alert.send/1", alert, 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(t)->message, strerror(EFBIG)));
    assert_int_equal(oc_test_count(t, OC_RECORD_JSON), 0);
    assert_int_equal(oc_test_call(t, "alert.send/1", alert, 1000), OC_OK);
    assert_true(read(fd, content, sizeof content - 1) > 0);
    assert_string_equal(content, twice);
    assert_int_equal(oc_test_close(t), 0);
    close(fd);
    unlink(path);
}

/* A file of the kernel that not even root may write; where /proc/sys cannot be written at all it is the same. */
static void a_file_that_may_not_be_written_is_denied(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/proc/sys/kernel/ostype");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "alert.send/1", alert, 1000), OC_E_DENIED);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_becomes_one_line),
        cmocka_unit_test(half_a_line_is_not_delivered_and_does_not_stay),
        cmocka_unit_test(a_file_that_may_not_be_written_is_denied),
        cmocka_unit_test(a_folder_that_is_not_there_is_a_wrong_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
