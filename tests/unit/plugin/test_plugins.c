/* Finding and loading plugins; every reason to refuse one. SPDX-License-Identifier: MIT */
#include "rig.h"

#include <sys/stat.h>

#include "core/sys/file.h"

/* A folder of its own for each test, with changed copies of fixtures. */
static char scratch[64];

static int setup(void **state)
{
    strcpy(scratch, "/tmp/openclaw-plugins-XXXXXX");
    return mkdtemp(scratch) ? rig_setup(state) : -1;
}

static int teardown(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    return system(command) | rig_teardown(state); /* NOLINT: the test's own folder */
}

static void put_bytes(const char *folder, const char *file, const void *data, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scratch, folder);
    assert_int_equal(oc_dir_make(path, 0755, NULL), OC_OK);
    snprintf(path, sizeof path, "%s/%s/%s", scratch, folder, file);
    assert_int_equal(oc_file_write(path, data, len, 0644, NULL), OC_OK);
}

static void put(const char *folder, const char *file, const char *text)
{
    put_bytes(folder, file, text, strlen(text));
}

/* Copies fixture `ok` to scratch/<folder>, with `from` replaced by `to` (of the same length) in the
 * library. */
static void put_changed(const char *folder, const char *from, const char *to)
{
    struct oc_buf so = {0}, json = {0};
    assert_int_equal(oc_file_read(OC_FIXTURES "/ok/ok.so", 64u << 20, &so, NULL), OC_OK);
    assert_int_equal(oc_file_read(OC_FIXTURES "/ok/plugin.json", 65536, &json, NULL), OC_OK);
    if (from) {
        assert_int_equal(strlen(from), strlen(to));
        char *at = memmem(so.data, so.len, from, strlen(from));
        assert_non_null(at);
        for (; at; at = memmem(so.data, so.len, from, strlen(from))) {
            memcpy(at, to, strlen(to));
        }
    }
    put_bytes(folder, "ok.so", so.data, so.len);
    put_bytes(folder, "plugin.json", json.data, json.len);
    oc_buf_finish(&so);
    oc_buf_finish(&json);
}

static struct oc_plugins *scan(struct rig *rig)
{
    struct oc_plugins *p = oc_plugins_create(rig->loop, rig->bus, rig->workers);
    oc_plugins_scan(p, scratch);
    return p;
}

static void refused(struct rig *rig, const char *name, const char *message)
{
    struct oc_plugin *p = oc_plugin_find(rig->plugins, name);
    assert_non_null(p);
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_plugin_load(p, &err), OC_E_CONFIG);
    assert_has(err.message, message);
    assert_has(err.message, name);
    assert_int_equal(oc_plugin_state(p), OC_PLUGIN_FAILED);
    assert_string_equal(oc_plugin_error(p)->message, err.message);
    assert_null(oc_plugin_entry_of(p));
    assert_false(oc_plugin_has_method(p, "tool.call/1"));
}

static void a_scan_finds_plugins_one_and_two_levels_deep(void **state)
{
    struct rig *rig = *state;
    put_changed("collector/ok", NULL, NULL);
    struct oc_plugins *p = scan(rig);
    struct oc_plugin *ok = oc_plugin_find(p, "ok");
    assert_non_null(ok);
    assert_int_equal(oc_plugin_state(ok), OC_PLUGIN_FOUND);
    assert_string_equal(oc_plugin_manifest(ok)->version, "1.0.0");
    assert_null(oc_plugin_find(p, "nothing"));
    oc_plugins_scan(p, "/nonexistent");
    oc_plugins_destroy(p);
}

static void a_good_plugin_loads_once_and_knows_its_methods(void **state)
{
    struct rig *rig = *state;
    struct oc_plugin *ok = oc_plugin_find(rig->plugins, "ok");
    assert_false(oc_plugin_has_method(ok, "collector.collect/1"));
    assert_int_equal(oc_plugin_load(ok, NULL), OC_OK);
    assert_int_equal(oc_plugin_load(ok, NULL), OC_OK);
    assert_int_equal(oc_plugin_state(ok), OC_PLUGIN_LOADED);
    assert_true(oc_plugin_has_method(ok, "collector.collect/1"));
    assert_false(oc_plugin_has_method(ok, "collector.collect/2"));
    assert_string_equal(oc_plugin_entry_of(ok)->options[0].name, "who");
}

static void a_bad_manifest_is_kept_as_a_failed_plugin(void **state)
{
    struct rig *rig = *state;
    put("sick", "plugin.json", "{\"name\": 3}");
    struct oc_plugins *p = scan(rig);
    struct oc_plugin *sick = oc_plugin_find(p, "sick");
    assert_non_null(sick);
    assert_int_equal(oc_plugin_state(sick), OC_PLUGIN_FAILED);
    assert_null(oc_plugin_manifest(sick));
    assert_has(oc_plugin_error(sick)->message, "name: expected a string");
    assert_int_equal(oc_plugin_load(sick, NULL), OC_E_CONFIG);
    put("sick", "plugin.json",
        "{\"name\": \"sick\", \"version\": \"1.0.0\", \"summary\": \"s\", \"instances\": "
        "[{\"plugin\": \"x\"}]}");
    oc_plugins_scan(p, scratch);
    assert_non_null(oc_plugin_manifest(oc_plugin_find(p, "sick"))); /* healed by the next scan */
    assert_int_equal(oc_plugin_load(oc_plugin_find(p, "sick"), NULL), OC_E_UNSUPPORTED);
    oc_plugins_destroy(p);
}

/* A preset `pre` with an operation that the host does not take. */
#define WRONG                                                                                      \
    "\"name\": \"pre\", \"summary\": \"s\", \"instances\": [{\"plugin\": \"x\"}], "                \
    "\"operations\": [{\"name\": \"pre.show\", \"summary\": \"s\", \"method\": \"t/1\", "          \
    "\"view\": \"tree\"}]"

/* The plugin `pre` of a folder of packages that links it to `to`. */
static struct oc_plugin *sync_to(struct oc_plugins *p, const char *to)
{
    char folder[128], link[160];
    snprintf(folder, sizeof folder, "%s/plugins", scratch);
    snprintf(link, sizeof link, "%s/pre", folder);
    assert_int_equal(oc_dir_make(folder, 0755, NULL), OC_OK);
    unlink(link);
    assert_int_equal(symlink(to, link), 0);
    oc_plugins_sync(p, folder);
    return oc_plugin_find(p, "pre");
}

static void a_plugin_of_the_store_does_without_an_operation_and_says_so(void **state)
{
    struct rig *rig = *state;
    struct oc_plugins *p = oc_plugins_create(rig->loop, rig->bus, rig->workers);
    put("0123abcd", "plugin.json", "{\"version\": \"1.0.0\", " WRONG "}");
    struct oc_plugin *pre = sync_to(p, "../0123abcd");
    assert_int_equal(oc_plugin_state(pre), OC_PLUGIN_FOUND);
    assert_int_equal(json_array_size(oc_plugin_manifest(pre)->left_out), 1);
    assert_true(rig_logged("operation of a plugin left out"));
    put("0123abcd", "plugin.json", "{\"version\": \"1.0.1\", " WRONG "}");
    pre = oc_plugin_refresh(pre);
    assert_string_equal(oc_plugin_manifest(pre)->version, "1.0.1");
    oc_plugins_destroy(p);
}

static void of_a_plugin_that_is_refused_whole_nothing_is_said_to_be_left_out(void **state)
{
    struct rig *rig = *state;
    struct oc_plugins *p = oc_plugins_create(rig->loop, rig->bus, rig->workers);
    put("0123abcd", "plugin.json", "{\"version\": \"one\", " WRONG "}");
    struct oc_plugin *pre = sync_to(p, "../0123abcd"); /* known by its link, not by the digest */
    assert_int_equal(oc_plugin_state(pre), OC_PLUGIN_FAILED);
    assert_has(oc_plugin_error(pre)->message, "version: expected a semantic version");
    assert_false(rig_logged("left out"));
    oc_plugins_destroy(p);
}

/* Its author would look for the operation in vain. */
static void a_plugin_under_development_is_read_strictly(void **state)
{
    struct rig *rig = *state;
    char to[128];
    struct oc_plugins *p = oc_plugins_create(rig->loop, rig->bus, rig->workers);
    snprintf(to, sizeof to, "%s/my-plugin", scratch);
    put("my-plugin", "plugin.json", "{\"version\": \"1.0.0\", " WRONG "}");
    struct oc_plugin *pre = sync_to(p, to);
    assert_non_null(pre);
    assert_int_equal(oc_plugin_state(pre), OC_PLUGIN_FAILED);
    assert_has(oc_plugin_error(pre)->message, "operations[0].view: expected");
    put("my-plugin", "plugin.json", "{\"version\": \"1.0.1\", " WRONG "}");
    assert_int_equal(oc_plugin_state(oc_plugin_refresh(pre)), OC_PLUGIN_FAILED);
    oc_plugins_destroy(p);
}

static void the_first_plugin_of_a_name_wins(void **state)
{
    struct rig *rig = *state;
    put_changed("a", NULL, NULL);
    put_changed("b", NULL, NULL);
    struct oc_plugins *p = scan(rig);
    assert_has(oc_plugin_manifest(oc_plugin_find(p, "ok"))->dir, "/a");
    assert_true(rig_logged("another one has its name"));
    oc_plugins_destroy(p);
}

static void count(void *ctx, struct oc_plugin *plugin)
{
    (void)plugin;
    ++*(size_t *)ctx;
}

static void each_goes_over_all(void **state)
{
    struct rig *rig = *state;
    size_t n = 0;
    oc_plugins_each(rig->plugins, count, &n);
    assert_true(n >= 16); /* as many as the fixtures that are built */
}

static void entries_that_are_not_sane_are_refused(void **state)
{
    struct rig *rig = *state;
    refused(rig, "broken_no_entry", "oc_plugin_entry: not exported by broken_no_entry.so");
    refused(rig, "broken_undefined", "this_symbol_is_nowhere");
    refused(rig, "broken_small", "oc_plugin_entry.struct_size is 40, expected 56");
    refused(rig, "broken_major", "oc_plugin_entry.abi_major is 9, expected 1");
    refused(rig, "broken_stride", "oc_plugin_entry.option_size is 20");
    refused(rig, "broken_huge", "oc_plugin_entry.instance_size is 18446744073709551615");
    refused(rig, "broken_no_methods", "the plugin has no methods");
    refused(rig, "broken_twice", "method tool.call/1 is there twice");
    refused(rig, "broken_method_id", "method 1: expected an id");
    refused(rig, "broken_method_null", "method tool.other/1 has no function");
    refused(rig, "broken_options", "far");
}

static void a_plugin_for_a_later_minor_is_refused_and_says_which(void **state)
{
    refused(*state, "newer", "abi: the plugin has \"1.9\", this host has \"1.0\"");
}

static void longer_structs_of_a_later_minor_are_read_by_their_stride(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "future", "f", "{\"a\": 40}");
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 1000), OC_OK);
    assert_string_equal(rig_text(&rig->samples), "future.sum=42\n");
    rig_destroy(rig, i, 1000);
}

static void signatures_that_do_not_fit_this_host_are_refused(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"abi_major=1\n", "abi_major=2\n", "abi_major: the plugin has \"2\", this host has \"1\""},
        {"abi_min_minor=0", "abi_min_minor=7", "abi_min_minor: the plugin has \"7\""},
        {"libc=glibc", "libc=brand", "libc: the plugin has \"brand\""},
        {"libc_min=2.", "libc_min=9.", "libc_min: the plugin has \"9."},
        {"language=c\n", "language=D\n", "language: the plugin has \"D\""},
        {"arch=", "ARCH=", "arch: the plugin has \"\""},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        put_changed("ok", cases[i].from, cases[i].to);
        struct oc_plugins *p = scan(rig);
        struct oc_error err;
        oc_error_init(&err);
        assert_int_equal(oc_plugin_load(oc_plugin_find(p, "ok"), &err), OC_E_CONFIG);
        assert_has(err.message, cases[i].message);
        assert_true(err.hint[0] != '\0');
        oc_plugins_destroy(p);
    }
}

static void a_manifest_that_is_not_the_built_one_is_refused_with_the_difference(void **state)
{
    struct rig *rig = *state;
    put_changed("ok", "\"version\": \"1.0.0\"", "\"version\": \"6.6.6\"");
    struct oc_plugins *p = scan(rig);
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_plugin_load(oc_plugin_find(p, "ok"), &err), OC_E_CONFIG);
    assert_has(err.message,
               "version: plugin.json says \"1.0.0\", the library was built with \"6.6.6\"");
    oc_plugins_destroy(p);
}

static void a_manifest_that_differs_in_white_space_only_is_refused_too(void **state)
{
    struct rig *rig = *state;
    put_changed("ok", "\"MIT\",\n", "\"MIT\" ,");
    struct oc_plugins *p = scan(rig);
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_plugin_load(oc_plugin_find(p, "ok"), &err), OC_E_CONFIG);
    assert_has(err.message, "bytes");
    oc_plugins_destroy(p);
}

static void a_library_that_is_none_is_refused(void **state)
{
    struct rig *rig = *state;
    put_changed("ok", NULL, NULL);
    put("ok", "ok.so", "#!/bin/sh\n");
    struct oc_plugins *p = scan(rig);
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_plugin_load(oc_plugin_find(p, "ok"), &err), OC_E_CONFIG);
    assert_has(err.message, "no ELF file");
    oc_plugins_destroy(p);
}

static void a_missing_library_is_said(void **state)
{
    struct rig *rig = *state;
    char path[128];
    put_changed("ok", NULL, NULL);
    snprintf(path, sizeof path, "%s/ok/ok.so", scratch);
    unlink(path);
    struct oc_plugins *p = scan(rig);
    assert_int_equal(oc_plugin_load(oc_plugin_find(p, "ok"), NULL), OC_E_NOT_FOUND);
    oc_plugins_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        TEST(a_scan_finds_plugins_one_and_two_levels_deep),
        TEST(a_good_plugin_loads_once_and_knows_its_methods),
        TEST(a_bad_manifest_is_kept_as_a_failed_plugin),
        TEST(a_plugin_of_the_store_does_without_an_operation_and_says_so),
        TEST(of_a_plugin_that_is_refused_whole_nothing_is_said_to_be_left_out),
        TEST(a_plugin_under_development_is_read_strictly),
        TEST(the_first_plugin_of_a_name_wins),
        TEST(each_goes_over_all),
        TEST(entries_that_are_not_sane_are_refused),
        TEST(a_plugin_for_a_later_minor_is_refused_and_says_which),
        TEST(longer_structs_of_a_later_minor_are_read_by_their_stride),
        TEST(signatures_that_do_not_fit_this_host_are_refused),
        TEST(a_manifest_that_is_not_the_built_one_is_refused_with_the_difference),
        TEST(a_manifest_that_differs_in_white_space_only_is_refused_too),
        TEST(a_library_that_is_none_is_refused),
        TEST(a_missing_library_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
