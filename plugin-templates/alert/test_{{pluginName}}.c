/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openclaw/testkit.h>

static void an_alert_becomes_one_line(void **state)
{
    (void)state;
    static const char alert[] =
        "{\"id\":\"1\",\"event\":\"firing\",\"attempt\":1,\"alert\":{\"severity\":\"critical\","
        "\"title\":\"disk\",\"message\":\"full\\nand more\"}}";
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
    static const char alert[] =
        "{\"id\":\"1\",\"event\":\"firing\",\"attempt\":1,\"alert\":{\"severity\":\"critical\","
        "\"title\":\"disk\",\"message\":\"full\\nand more\"}}";
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent/alerts.log");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "alert.send/1", alert, 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_becomes_one_line),
        cmocka_unit_test(a_folder_that_is_not_there_is_a_wrong_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
