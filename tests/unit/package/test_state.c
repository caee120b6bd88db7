/* The reader of state.json and receipts. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/state.h"
#include "core/package/tree.h"
#include "core/sys/file.h"

#define HEX  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define REST "\"surface\":\"" HEX "\",\"grants\":[],\"tier\":\"sandbox\",\"trust\":\"unsigned\""
#define ROW(name)                                                                                  \
    "{\"name\":\"" name "\",\"id\":\"local/" name "\",\"version\":\"1.0.0\",\"digest\":\"" HEX     \
    "\",\"source\":\"file:/x\",\"enabled\":true," REST "}"
#define STATE(rows) "{\"schema\":1,\"generation\":7,\"plugins\":[" rows "]}"

static int parse(const char *text, struct oc_state *state, struct oc_error *err)
{
    oc_error_init(err);
    return oc_state_parse(text, strlen(text), state, err);
}

static void rows_are_sorted_by_name_and_found_by_name_and_id(void **unused)
{
    struct oc_state state;
    struct oc_error err;
    (void)unused;
    assert_int_equal(parse(STATE(ROW("zeta") "," ROW("alpha")), &state, &err), OC_OK);
    assert_int_equal(state.generation, 7);
    assert_int_equal(state.count, 2);
    assert_string_equal(state.plugins[0].name, "alpha");
    assert_ptr_equal(oc_state_find(&state, "zeta"), &state.plugins[1]);
    assert_ptr_equal(oc_state_find(&state, "local/zeta"), &state.plugins[1]);
    assert_null(oc_state_find(&state, "beta"));
    assert_true(state.plugins[0].enabled && !state.plugins[0].disabled_why);
    oc_state_finish(&state);
}

static void a_disabled_plugin_has_a_reason(void **unused)
{
    struct oc_state state;
    struct oc_error err;
    (void)unused;
    assert_int_equal(parse(STATE("{\"name\":\"a\",\"id\":\"x/a\",\"version\":\"1\",\"digest\":\"\","
                                 "\"source\":\"link:/a\"," REST "}"),
                           &state, &err),
                     OC_OK);
    assert_false(state.plugins[0].enabled);
    assert_string_equal(state.plugins[0].disabled_why, "user");
    oc_state_finish(&state);
}

static void what_is_damaged_names_the_key(void **unused)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "JSON"},
        {"{}", "schema"},
        {"{\"schema\":2}", "schema"},
        {"{\"schema\":1,\"generation\":-4,\"plugins\":[]}", "generation"},
        {"{\"schema\":1,\"generation\":4}", "plugins"},
        {STATE("{}"), "plugins[0].name"},
        {STATE(ROW("a") "," ROW("a")), "a is there twice"},
        {STATE("{\"name\":\"a\",\"id\":\"a\"}"), "plugins[0].id"},
        {STATE("{\"name\":\"a\",\"id\":\"../a\"}"), "plugins[0].id"},
        {STATE("{\"name\":\"../a\",\"id\":\"x/a\"}"), "plugins[0].name"},
        {STATE("{\"name\":\"a\",\"id\":\"x/a\",\"version\":\"1\",\"digest\":\"../../x\","
               "\"source\":\"file:/x\"}"),
         "plugins[0].digest"},
        {STATE("{\"name\":\"a\",\"id\":\"x/a\",\"version\":\"1\",\"digest\":\"\","
               "\"source\":\"file:/x\"}"),
         "plugins[0].digest"},
        {STATE("{\"name\":\"a\",\"id\":\"x/a\",\"version\":\"1\",\"digest\":\"" HEX
               "\",\"source\":\"file:/x\",\"trust\":\"much\"}"),
         "plugins[0].trust"},
    };
    (void)unused;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        struct oc_state state;
        struct oc_error err;
        assert_int_equal(parse(cases[i].text, &state, &err), OC_E_CONFIG);
        if (!strstr(err.message, cases[i].said)) {
            fail_msg("%s: %s", cases[i].text, err.message);
        }
        assert_null(state.json);
    }
}

/* ---- files ---- */

static char home[64];

static int make_home(void **unused)
{
    (void)unused;
    oc_copy(home, sizeof home, "/tmp/openclaw-state-XXXXXX");
    assert_non_null(mkdtemp(home));
    return 0;
}

static int remove_home(void **unused)
{
    (void)unused;
    return oc_tree_remove(home, NULL);
}

static void put(const char *path, const char *text)
{
    char *full = oc_path_join(home, path), *dir = oc_path_dir(full);
    assert_int_equal(oc_dir_make(dir, 0755, NULL), OC_OK);
    assert_int_equal(oc_file_write(full, text, strlen(text), 0644, NULL), OC_OK);
    free(dir);
    free(full);
}

static void a_fresh_home_has_an_empty_state(void **unused)
{
    struct oc_state state;
    struct oc_error err;
    (void)unused;
    oc_error_init(&err);
    assert_int_equal(oc_state_load(home, &state, &err), OC_OK);
    assert_int_equal(state.generation, 0);
    assert_int_equal(state.count, 0);
    oc_state_finish(&state);
}

static void the_current_generation_is_what_the_link_names(void **unused)
{
    struct oc_state state;
    struct oc_error err;
    (void)unused;
    oc_error_init(&err);
    put("packages/generations/7/state.json", STATE(ROW("hello")));
    char *link = oc_path_join(home, "packages/current");
    assert_int_equal(symlink("generations/7", link), 0);
    assert_int_equal(oc_state_load(home, &state, &err), OC_OK);
    assert_int_equal(state.generation, 7);
    oc_state_finish(&state);
    assert_int_equal(oc_state_load_generation(home, 7, &state, &err), OC_OK);
    oc_state_finish(&state);
    assert_int_equal(oc_state_load_generation(home, 8, &state, &err), OC_E_NOT_FOUND);
    put("packages/generations/8/state.json", STATE(ROW("hello")));
    assert_int_equal(oc_state_load_generation(home, 8, &state, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "generation 7"));

    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("generations/9", link), 0);
    assert_int_equal(oc_state_load(home, &state, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.hint, "rollback"));
    free(link);
}

static void a_receipt_belongs_to_its_artifact(void **unused)
{
    struct oc_state state;
    struct oc_error err;
    (void)unused;
    assert_int_equal(parse(STATE(ROW("hello")), &state, &err), OC_OK);
    assert_null(oc_state_receipt(home, &state.plugins[0], &err));
    assert_non_null(strstr(err.hint, "--force"));
    put("packages/store/sha256/" HEX "/.openclaw/receipt.json", "{\"digest\":\"b\",\"files\":{}}");
    assert_null(oc_state_receipt(home, &state.plugins[0], &err));
    put("packages/store/sha256/" HEX "/.openclaw/receipt.json",
        "{\"digest\":\"" HEX "\",\"files\":{\"a\":\"b\"}}");
    json_t *receipt = oc_state_receipt(home, &state.plugins[0], &err);
    assert_non_null(receipt);
    json_decref(receipt);
    oc_state_finish(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_by_name_and_found_by_name_and_id),
        cmocka_unit_test(a_disabled_plugin_has_a_reason),
        cmocka_unit_test(what_is_damaged_names_the_key),
        cmocka_unit_test_setup_teardown(a_fresh_home_has_an_empty_state, make_home, remove_home),
        cmocka_unit_test_setup_teardown(the_current_generation_is_what_the_link_names, make_home,
                                        remove_home),
        cmocka_unit_test_setup_teardown(a_receipt_belongs_to_its_artifact, make_home, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
