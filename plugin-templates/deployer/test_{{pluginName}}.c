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
#include <sys/stat.h>
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
    assert_int_equal(
        oc_test_call(t, "deployer.plan/1", "{\"name\":\"web\",\"spec\":{\"v\":1}}", 1000), OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "keep"));
    assert_string_equal(state_after(t, "deployer.destroy/1", web), "absent");
    assert_string_equal(state_after(t, "deployer.destroy/1", web), "absent");
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
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
        cmocka_unit_test(a_name_does_not_lead_out_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
