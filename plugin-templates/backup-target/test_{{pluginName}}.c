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

static void what_is_put_is_listed_got_and_removed(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "folder", folder);
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_input(t, "content", 7);
    assert_int_equal(oc_test_call(t, "storage.put/1", "{\"key\":\"db/monday\"}", 1000), OC_OK);
    assert_int_equal(oc_test_call(t, "storage.list/1", NULL, 1000), OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "\"key\":\"db/monday\""));
    assert_int_equal(oc_test_call(t, "storage.get/1", "{\"key\":\"db/monday\"}", 1000), OC_OK);
    size_t len = 0;
    const char *bytes = oc_test_bytes(t, &len);
    assert_int_equal(len, 7);
    assert_memory_equal(bytes, "content", 7);
    assert_int_equal(oc_test_call(t, "storage.remove/1", "{\"key\":\"db/monday\"}", 1000), OC_OK);
    assert_int_equal(oc_test_call(t, "storage.get/1", "{\"key\":\"db/monday\"}", 1000),
                     OC_E_NOT_FOUND);
    assert_int_equal(oc_test_close(t), 0);
    rmdir(folder);
}

static void a_key_does_not_lead_out_of_the_folder(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "folder", "/tmp");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "storage.get/1", "{\"key\":\"../etc/hostname\"}", 1000),
                     OC_E_CONFIG);
    assert_int_equal(oc_test_call(t, "storage.get/1", "{\"key\":\"a/../../etc/hostname\"}", 1000),
                     OC_E_NOT_FOUND);
    assert_int_equal(oc_test_call(t, "storage.get/1", "{}", 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_listed_got_and_removed),
        cmocka_unit_test(a_key_does_not_lead_out_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
