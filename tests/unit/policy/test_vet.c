/* A file that is no policy, or lost its hook, puts nothing in force. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/loop/bus.h"
#include "core/policy/inspect.h"
#include "core/policy/policy.h"
#include "core/sys/file.h"

#define ALLOW   "function authorize() return {allow = true} end"
#define REFUSE  "function authorize() return {allow = false, reason = 'mine'} end"
#define COUNTED "function quorum() return {outcome = 'rejected', reason = 'mine'} end"

static char dir[64], in_force[16];
static struct oc_bus *bus;
static struct oc_policies *policies;
static int failed;

static void on_failed(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    failed++;
    snprintf(in_force, sizeof in_force, "%s", oc_json_str(event->data, "in_force", ""));
}

/* Another host over the same folder. */
static void start(void)
{
    oc_policies_destroy(policies);
    policies = oc_policies_create(bus, NULL);
    oc_policies_keep_last(policies);
    oc_policies_set_dir(policies, dir);
    oc_policies_reload(policies);
}

static int setup(void **state)
{
    (void)state;
    oc_log_set_level(-1);
    strcpy(dir, "/tmp/oc-vet-XXXXXX");
    assert_non_null(mkdtemp(dir));
    bus = oc_bus_create();
    oc_bus_subscribe(bus, "policy.failed", on_failed, NULL);
    policies = NULL;
    failed = 0;
    start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_policies_destroy(policies);
    oc_bus_destroy(bus);
    DIR *folder = opendir(dir);
    for (struct dirent *e; folder && (e = readdir(folder)) != NULL;) {
        char *path = oc_path_join(dir, e->d_name);
        unlink(path); /* not "." and ".." */
        free(path);
    }
    closedir(folder);
    assert_int_equal(rmdir(dir), 0);
    return 0;
}

static void put(const char *name, const char *text)
{
    char *path = oc_path_join(dir, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    free(path);
    oc_policies_reload(policies);
}

static void assert_row(const char *name, const char *state, const char *standing)
{
    json_t *rows = oc_policies_list(policies), *row;
    bool found = false;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(oc_json_str(row, "name", ""), name) == 0) {
            found = true;
            assert_string_equal(oc_json_str(row, "state", ""), state);
            assert_string_equal(oc_json_str(row, "in_force", ""), standing);
        }
    }
    assert_true(found);
    json_decref(rows);
}

/* The member `key` of what the hook answers to a question that the built-in policies guard. */
static void assert_says(const char *hook, const char *key, const char *expected)
{
    struct oc_error err;
    json_t *result = NULL, *args = strcmp(hook, "authorize") == 0
                                       ? json_pack("[s,{s:s,s:s,s:b},{}]", "policy.remove", "name",
                                                   "ann", "role", "admin", "governed", 1)
                                       : json_array();
    oc_error_init(&err);
    if (oc_policy_ask(policies, hook, args, &result, NULL, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(oc_json_str(result, key, ""), expected);
    json_decref(result);
    json_decref(args);
}

/* What an editor, a full disk or a slip makes of a file. */
static const char *const LOST[] = {
    "",
    "-- nothing but words\n",
    "local function authorize() return {allow = true} end",
    "authorize = {allow = true}",
    "function authorise() return {allow = true} end",
    "function Authorize() return {allow = true} end",
    "function route() return {'file'} end",
    "function route() return {} end function routes() return {} end",
    ALLOW " function helper() end",
};

static void a_file_that_lost_its_hook_leaves_what_was_in_force(void **state)
{
    (void)state;
    put("authorize.lua", REFUSE);
    put("quorum.lua", COUNTED);
    for (size_t i = 0; i < OC_COUNT(LOST); i++) {
        put("authorize.lua", LOST[i]);
        put("quorum.lua", LOST[i]);
        assert_int_equal(failed, 2);
        assert_string_equal(in_force, "kept");
        assert_row("authorize", "failed", "kept");
        assert_row("quorum", "failed", "kept");
        assert_says("authorize", "reason", "mine");
        assert_says("quorum", "reason", "mine");
        for (int again = 0; again < 2;
             again++) { /* a host that was killed left no more than this */
            start();
            assert_row("authorize", "failed", "last");
            assert_row("quorum", "failed", "last");
            assert_says("authorize", "reason", "mine");
            assert_says("quorum", "reason", "mine");
        }
        put("authorize.lua", REFUSE);
        put("quorum.lua", COUNTED);
        assert_row("authorize", "ok", "file");
        failed = 0;
    }
}

static void a_file_that_never_had_its_hook_leaves_the_built_in_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_COUNT(LOST); i++) {
        put("authorize.lua", LOST[i]);
        assert_int_equal(failed, (int)i + 1);
        assert_string_equal(in_force, "built in");
        assert_row("authorize", "failed", "built in");
        assert_says("authorize", "approval", "strategic");
    }
    put("authorize.lua", ALLOW);
    assert_row("authorize", "ok", "file");
    assert_says("authorize", "approval", "");
}

/* Some editors write one; lines count as they do without it. */
static void a_byte_order_mark_is_no_mistake(void **state)
{
    (void)state;
    put("authorize.lua", "\xef\xbb\xbf" REFUSE);
    assert_row("authorize", "ok", "file");
    assert_says("authorize", "reason", "mine");
    put("authorize.lua", "\xef\xbb\xbf\xef\xbb\xbf" REFUSE); /* two are */
    assert_row("authorize", "failed", "kept");
    put("authorize.lua", "\xef\xbb\xbf");
    assert_row("authorize", "failed", "kept");
}

/* As a host that did not look left it. */
static void a_kept_text_that_is_no_policy_is_not_fallen_back_to(void **state)
{
    (void)state;
    put("authorize.lua.last", "");
    put("authorize.lua", "");
    start();
    assert_row("authorize", "failed", "built in");
    assert_says("authorize", "approval", "strategic");
}

/* Of a file of another name the same: what it guarded it goes on to guard. */
static void a_file_of_any_name_must_be_a_policy(void **state)
{
    (void)state;
    put("guards.lua", REFUSE);
    put("guards.lua", "");
    assert_row("guards", "failed", "kept");
    assert_says("authorize", "reason", "mine");
    put("guards.lua", "function authorise() return {allow = true} end\n" COUNTED);
    assert_row("guards", "failed", "kept");
    assert_says("authorize", "reason", "mine");
    put("other.lua", "local x = 1");
    assert_row("other", "failed", "nothing");
    put("guards.lua", COUNTED); /* a file of no hook's name may answer other hooks than before */
    assert_row("guards", "ok", "file");
    assert_says("authorize", "approval", "strategic");
}

static void a_text_is_checked_under_the_name_that_it_will_have(void **state)
{
    static const struct {
        const char *name, *text, *says; /* NULL: it is good */
    } CASES[] = {
        {"authorize.lua", "function route() end",
         "authorize.lua does not define the hook authorize"},
        {"policies/quorum.lua", ALLOW, "policies/quorum.lua does not define the hook quorum"},
        {"routes.lua", "function route() end", "routes.lua does not define the hook routes"},
        {"authorize.lua", ALLOW " function route() end", NULL},
        {"mine.lua", ALLOW, NULL},
        {"authorize.site.lua", "function route() end", NULL},
        {"authorize", "function route() end", "authorize does not define the hook authorize"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        struct oc_error err;
        json_t *hooks = NULL;
        oc_error_init(&err);
        const int code = oc_policy_check_hooks(CASES[i].name, CASES[i].text, strlen(CASES[i].text),
                                               &hooks, &err);
        assert_int_equal(code, CASES[i].says ? OC_E_CONFIG : OC_OK);
        if (CASES[i].says) {
            assert_string_equal(err.message, CASES[i].says);
        }
        json_decref(hooks);
    }
}

static void what_could_not_be_put_in_force_is_not_compared(void **state)
{
    static const char TEXT[] = "function route() return {'file'} end";
    struct oc_error err;
    json_t *report = NULL;
    (void)state;
    oc_error_init(&err);
    assert_int_equal(
        oc_policies_compare(policies, "authorize", TEXT, strlen(TEXT), 10, &report, &err),
        OC_E_CONFIG);
    assert_null(report);
    assert_int_equal(oc_policies_compare(policies, "mine", TEXT, strlen(TEXT), 10, &report, &err),
                     OC_OK);
    json_decref(report);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_file_that_lost_its_hook_leaves_what_was_in_force),
        T(a_file_that_never_had_its_hook_leaves_the_built_in_policy),
        T(a_byte_order_mark_is_no_mistake),
        T(a_kept_text_that_is_no_policy_is_not_fallen_back_to),
        T(a_file_of_any_name_must_be_a_policy),
        T(a_text_is_checked_under_the_name_that_it_will_have),
        T(what_could_not_be_put_in_force_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
