/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

/* The state that a call answers, e.g. "running"; "" when it fails. */
static const char *state_after(struct oc_test *t, const char *method, const char *params)
{
    static const char *const states[] = {"running", "stopped", "absent"};
    if (oc_test_call(t, method, params, 1000) != OC_OK || !oc_test_json(t, 0)) {
        return "";
    }
    for (size_t i = 0; i < 3; i++) {
        if (strstr(oc_test_json(t, 0), states[i])) {
            return states[i];
        }
    }
    return "";
}

static void a_service_lives_from_plan_to_destroy(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX";
    static const char web[] = "{\"name\":\"web\"}";
    assert_non_null(mkdtemp(folder));
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "folder", folder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(
        oc_test_call(t, "deployer.plan/1", "{\"name\":\"web\",\"spec\":{\"v\":1}}", 1000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "{\"actions\":[{\"do\":\"create\",\"what\":\"web\"}]}");
    assert_string_equal(state_after(t, "deployer.status/1", web), "absent");
    assert_string_equal(state_after(t, "deployer.apply/1", "{\"name\":\"web\",\"spec\":{\"v\":1}}"),
                        "running");
    assert_string_equal(state_after(t, "deployer.apply/1", "{\"name\":\"web\",\"spec\":{\"v\":2}}"),
                        "running");
    assert_int_equal(oc_test_call(t, "deployer.logs/1", web, 1000), OC_OK);
    assert_string_equal(state_after(t, "deployer.stop/1", web), "stopped");
    assert_string_equal(state_after(t, "deployer.status/1", web), "stopped");
    assert_string_equal(state_after(t, "deployer.rollback/1", web), "running");
    assert_string_equal(state_after(t, "deployer.status/1", web), "running");
    assert_int_equal(
        oc_test_call(t, "deployer.plan/1", "{\"name\":\"web\",\"spec\":{\"v\":1}}", 1000), OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "keep"));
    assert_string_equal(state_after(t, "deployer.destroy/1", web), "absent");
    assert_string_equal(state_after(t, "deployer.destroy/1", web), "absent");
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* A child looks for the file all the time, and ends when it is not there, or when a test that failed
 * has ended without killing it. */
static pid_t watch(const char *path)
{
    const pid_t test = getpid();
    const pid_t child = fork();
    assert_true(child >= 0); /* kill(-1) would end everything else */
    if (child > 0) {
        return child;
    }
    while (getppid() == test && access(path, F_OK) == 0) {
    }
    _exit(1);
}

static void a_service_is_there_while_it_is_replaced(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX", path[128];
    static const char web[] = "{\"name\":\"web\"}";
    static const char one[] = "{\"name\":\"web\",\"spec\":{\"v\":1}}";
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/web.json", folder);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "folder", folder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_string_equal(state_after(t, "deployer.apply/1", one), "running");
    const pid_t child = watch(path);
    for (int i = 0; i < 300; i++) {
        assert_string_equal(state_after(t, "deployer.apply/1", one), "running");
    }
    int ended = 0;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended)); /* it never missed the file */
    assert_string_equal(state_after(t, "deployer.destroy/1", web), "absent");
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void what_cannot_be_kept_is_not_replaced(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX", before[128], inside[144];
    static const char one[] = "{\"name\":\"web\",\"spec\":{\"v\":1}}";
    static const char two[] = "{\"name\":\"web\",\"spec\":{\"v\":2}}";
    assert_non_null(mkdtemp(folder));
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "folder", folder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_string_equal(state_after(t, "deployer.apply/1", one), "running");
    snprintf(before, sizeof before, "%s/web.before.json", folder);
    snprintf(inside, sizeof inside, "%s/x", before);
    assert_int_equal(mkdir(before, 0700), 0); /* a file does not take the place of a full folder */
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_int_equal(oc_test_call(t, "deployer.apply/1", two, 1000), OC_E_RETRY);
    assert_int_equal(oc_test_call(t, "deployer.plan/1", one, 1000), OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "keep"));
    rmdir(inside);
    rmdir(before);
    assert_string_equal(state_after(t, "deployer.destroy/1", one), "absent");
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing is left of what failed */
}

static void a_name_does_not_lead_out_of_the_folder(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "folder", "/tmp");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "deployer.status/1", "{\"name\":\"../etc\"}", 1000),
                     OC_E_CONFIG);
    assert_int_equal(oc_test_call(t, "deployer.status/1", "{}", 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_call(t, "deployer.status/1", "[]", 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_lives_from_plan_to_destroy),
        cmocka_unit_test(a_service_is_there_while_it_is_replaced),
        cmocka_unit_test(what_cannot_be_kept_is_not_replaced),
        cmocka_unit_test(a_name_does_not_lead_out_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
