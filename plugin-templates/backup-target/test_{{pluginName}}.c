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
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/testkit.h>

static struct oc_test *open_in(char *folder)
{
    assert_non_null(mkdtemp(folder));
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "folder", folder);
    assert_int_equal(oc_test_start(t), OC_OK);
    return t;
}

/* Calls with {"key"}; `content` is the stream of a put, else NULL. */
static int32_t call(struct oc_test *t, const char *method, const char *key, const char *content)
{
    char params[512];
    snprintf(params, sizeof params, "{\"key\":\"%s\"}", key);
    if (content) {
        oc_test_input(t, content, strlen(content));
    }
    return oc_test_call(t, method, params, 1000);
}

static void what_is_put_is_listed_got_and_removed(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX";
    struct oc_test *t = open_in(folder);
    assert_int_equal(call(t, "storage.put/1", "db/monday", "content"), OC_OK);
    assert_int_equal(oc_test_call(t, "storage.list/1", NULL, 1000), OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "\"key\":\"db/monday\""));
    assert_int_equal(call(t, "storage.get/1", "db/monday", NULL), OC_OK);
    size_t len = 0;
    const char *bytes = oc_test_bytes(t, &len);
    assert_int_equal(len, 7);
    assert_memory_equal(bytes, "content", 7);
    assert_int_equal(call(t, "storage.remove/1", "db/monday", NULL), OC_OK);
    assert_int_equal(call(t, "storage.get/1", "db/monday", NULL), OC_E_NOT_FOUND);
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void no_two_keys_share_a_file(void **state)
{
    (void)state;
    static const char *const keys[] = {"a/b",       "a+b", "a%2Fb",  "a%252Fb",
                                       "a.partial", "a",   "b.put-", "%"};
    const size_t count = sizeof keys / sizeof *keys;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX", row[64];
    struct oc_test *t = open_in(folder);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(call(t, "storage.put/1", keys[i], keys[i]), OC_OK);
    }
    assert_int_equal(oc_test_call(t, "storage.list/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_count(t, OC_RECORD_JSON), count);
    for (size_t i = 0; i < count; i++) {
        snprintf(row, sizeof row, "{\"key\":\"%s\",", keys[i]);
        assert_non_null(strstr(oc_test_dump(t), row));
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        assert_int_equal(call(t, "storage.get/1", keys[i], NULL), OC_OK);
        assert_string_equal(oc_test_bytes(t, &len), keys[i]);
        assert_int_equal(call(t, "storage.remove/1", keys[i], NULL), OC_OK);
    }
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_key_that_is_too_long_is_refused_at_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX", key[256];
    struct oc_test *t = open_in(folder);
    memset(key, 'k', sizeof key);
    for (size_t len = 240; len < sizeof key; len++) {
        key[len] = '\0';
        const int32_t code = call(t, "storage.put/1", key, "x");
        assert_int_equal(code, len <= 250 ? OC_OK : OC_E_CONFIG);
        assert_int_equal(call(t, "storage.remove/1", key, NULL), code);
        key[len] = 'k';
    }
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void what_was_cut_short_is_no_success(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX";
    struct oc_test *t = open_in(folder);
    assert_int_equal(call(t, "storage.put/1", "a", "content"), OC_OK);
    oc_test_cancel(t);
    assert_int_equal(call(t, "storage.get/1", "a", NULL), OC_E_CANCELLED);
    oc_test_cancel(t);
    assert_int_equal(oc_test_call(t, "storage.list/1", NULL, 1000), OC_E_CANCELLED);
    oc_test_cancel(t);
    assert_int_equal(call(t, "storage.put/1", "b", "content"), OC_E_CANCELLED);
    assert_int_equal(call(t, "storage.get/1", "b", NULL), OC_E_NOT_FOUND);
    assert_int_equal(call(t, "storage.remove/1", "a", NULL), OC_OK);
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Three bytes fit and the rest does not, as on a disk that runs full. */
static void a_disk_that_runs_full_is_said(void **state)
{
    (void)state;
    char folder[] = "/tmp/{{pluginName}}-XXXXXX";
    struct rlimit old, three;
    struct oc_test *t = open_in(folder);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    three = (struct rlimit){3, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &three), 0);
    const int32_t code = call(t, "storage.put/1", "a", "content");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(t)->message, strerror(EFBIG)));
    assert_int_equal(oc_test_close(t), 0);
    assert_int_equal(rmdir(folder), 0);
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
        cmocka_unit_test(no_two_keys_share_a_file),
        cmocka_unit_test(a_key_that_is_too_long_is_refused_at_once),
        cmocka_unit_test(what_was_cut_short_is_no_success),
        cmocka_unit_test(a_disk_that_runs_full_is_said),
        cmocka_unit_test(a_key_does_not_lead_out_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
