/* Policies on disk: rank, hot reload, last good version. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/loop/bus.h"
#include "core/policy/inspect.h"
#include "core/policy/policy.h"
#include "core/sys/file.h"

struct fixture {
    char dir[64];
    struct oc_bus *bus;
    struct oc_policies *p;
    int loaded, failed;
    char message[512];
};

static void on_event(void *ctx, const struct oc_event *event)
{
    struct fixture *f = ctx;
    if (strcmp(event->topic, "policy.loaded") == 0) {
        f->loaded++;
    } else {
        f->failed++;
    }
    snprintf(f->message, sizeof(f->message), "%s: %s", oc_json_str(event->data, "policy", "?"),
             oc_json_str(event->data, "message", "?"));
}

static int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof(*f));
    strcpy(f->dir, "/tmp/oc-policies-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->bus = oc_bus_create();
    oc_bus_subscribe(f->bus, "policy.*", on_event, f);
    oc_log_set_level(OC_LOG_ERROR);
    f->p = oc_policies_create(f->bus, f->dir);
    *state = f;
    return 0;
}

static void write_file(struct fixture *f, const char *name, const char *text)
{
    char *path = oc_path_join(f->dir, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    free(path);
}

static void remove_file(struct fixture *f, const char *name)
{
    char *path = oc_path_join(f->dir, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static int teardown(void **state)
{
    static const char *const NAMES[] = {"route.lua",  "a.lua",    "b.lua",
                                        "b_test.lua", "note.txt", ".hidden.lua"};
    struct fixture *f = *state;
    oc_policies_destroy(f->p);
    oc_bus_destroy(f->bus);
    for (size_t i = 0; i < OC_COUNT(NAMES); i++) {
        char *path = oc_path_join(f->dir, NAMES[i]);
        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

/* What the hook answers, as compact JSON. */
static void assert_answer(struct fixture *f, const char *hook, const char *expected)
{
    struct oc_error err;
    json_t *result;
    oc_error_init(&err);
    if (oc_policy_ask(f->p, hook, NULL, &result, NULL, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    char *text = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
    json_decref(result);
}

static json_t *row_of(struct fixture *f, const char *name)
{
    json_t *rows = oc_policies_list(f->p), *found = NULL;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (strcmp(oc_json_str(json_array_get(rows, i), "name", ""), name) == 0) {
            found = json_deep_copy(json_array_get(rows, i));
        }
    }
    json_decref(rows);
    return found;
}

static void the_shipped_policies_need_no_folder(void **state)
{
    struct oc_policies *p = oc_policies_create(NULL, NULL);
    json_t *rows = oc_policies_list(p), *route = NULL;
    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        route = strcmp(oc_json_str(row, "name", ""), "route") == 0 ? row : route;
    }
    assert_non_null(route);
    assert_true(oc_json_bool(route, "builtin", false));
    assert_string_equal(oc_json_str(route, "state", ""), "ok");
    assert_string_equal(json_string_value(json_array_get(json_object_get(route, "hooks"), 0)),
                        "route");
    json_decref(rows);
    oc_policies_set_dir(p, "/nonexistent");
    assert_int_equal(oc_policies_reload(p), 0);
    oc_policies_destroy(p);
    oc_policies_destroy(NULL);
}

static void the_last_file_by_name_is_asked(void **state)
{
    struct fixture *f = *state;
    write_file(f, "b.lua", "function who() return 'b' end");
    write_file(f, "a.lua", "function who() return 'a' end function only() return 'a only' end");
    assert_int_equal(oc_policies_reload(f->p), 2);
    assert_answer(f, "who", "\"b\"");
    assert_answer(f, "only", "\"a only\"");
    remove_file(f, "b.lua");
    assert_int_equal(oc_policies_reload(f->p), 1);
    assert_answer(f, "who", "\"a\"");
}

static void any_file_outranks_what_was_shipped(void **state)
{
    struct fixture *f = *state;
    write_file(f, "a.lua", "function route() return {'mine'} end");
    oc_policies_reload(f->p);
    assert_answer(f, "route", "[\"mine\"]");
    remove_file(f, "a.lua");
    oc_policies_reload(f->p);
    write_file(f, "route.lua", "function route() return {'replaced'} end");
    oc_policies_reload(f->p);
    assert_answer(f, "route", "[\"replaced\"]");
    json_t *row = row_of(f, "route");
    assert_false(oc_json_bool(row, "builtin", true));
    json_decref(row);
    remove_file(f, "route.lua");
    assert_int_equal(oc_policies_reload(f->p), 1);
    row = row_of(f, "route");
    assert_true(oc_json_bool(row, "builtin", false));
    json_decref(row);
}

static void an_unchanged_folder_is_left_alone(void **state)
{
    struct fixture *f = *state;
    write_file(f, "a.lua", "count = 0 function who() count = count + 1 return count end");
    assert_int_equal(oc_policies_reload(f->p), 1);
    assert_answer(f, "who", "1");
    assert_int_equal(oc_policies_reload(f->p), 0);
    assert_answer(f, "who", "2");
    assert_int_equal(f->loaded, 1);
}

static void a_broken_file_keeps_its_last_good_version(void **state)
{
    struct fixture *f = *state;
    write_file(f, "a.lua", "function who() return 'good' end");
    oc_policies_reload(f->p);
    write_file(f, "a.lua", "function who()\n  return 'bad\nend");
    assert_int_equal(oc_policies_reload(f->p), 1);
    assert_answer(f, "who", "\"good\"");
    assert_int_equal(f->failed, 1);
    assert_non_null(strstr(f->message, "a.lua:2:"));
    json_t *row = row_of(f, "a");
    assert_string_equal(oc_json_str(row, "state", ""), "failed");
    assert_int_equal(oc_json_int(row, "line", 0), 2);
    json_decref(row);
    assert_int_equal(oc_policies_reload(f->p), 0); /* said once */
    assert_int_equal(f->failed, 1);
    write_file(f, "a.lua", "function who() return 'better' end");
    oc_policies_reload(f->p);
    assert_answer(f, "who", "\"better\"");
    row = row_of(f, "a");
    assert_string_equal(oc_json_str(row, "state", ""), "ok");
    json_decref(row);
}

static void a_file_that_never_worked_leaves_the_shipped_one(void **state)
{
    struct fixture *f = *state;
    write_file(f, "route.lua", "while true do end");
    oc_policies_reload(f->p);
    assert_int_equal(f->failed, 1);
    json_t *row = row_of(f, "route"), *args = json_pack("[{}]"), *result;
    assert_true(oc_json_bool(row, "builtin", false));
    assert_string_equal(oc_json_str(row, "state", ""), "failed");
    assert_int_equal(oc_policy_ask(f->p, "route", args, &result, NULL, NULL), OC_OK);
    json_decref(row);
    json_decref(args);
    json_decref(result);
}

static void other_files_are_not_policies(void **state)
{
    struct fixture *f = *state;
    write_file(f, "note.txt", "not lua");
    write_file(f, "b_test.lua", "not lua");
    write_file(f, ".hidden.lua", "not lua");
    assert_int_equal(oc_policies_reload(f->p), 0);
    assert_int_equal(f->failed, 0);
}

static void policies_share_nothing(void **state)
{
    struct fixture *f = *state;
    write_file(f, "a.lua", "x = 1; string.rep = nil; function who() return x end");
    write_file(f, "b.lua", "function seen() return {x == nil, string.rep ~= nil} end");
    oc_policies_reload(f->p);
    assert_answer(f, "seen", "[true,true]");
}

static void a_failing_hook_is_counted_and_told(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *result, *why;
    write_file(f, "a.lua", "function who()\n  local x = nil\n  return x.y\nend");
    oc_policies_reload(f->p);
    assert_int_equal(oc_policy_ask(f->p, "who", NULL, &result, &why, &err), OC_E_PERMANENT);
    assert_null(result);
    assert_non_null(strstr(err.message, "policy a: "));
    assert_non_null(strstr(err.message, "a.lua:3:"));
    assert_string_equal(oc_json_str(why, "policy", ""), "a");
    assert_int_equal(json_array_size(json_object_get(why, "lines")), 2);
    json_decref(why);
    json_t *row = row_of(f, "a");
    assert_int_equal(oc_json_int(row, "calls", 0), 1);
    assert_int_equal(oc_json_int(row, "failures", 0), 1);
    json_decref(row);
    assert_int_equal(oc_policy_ask(f->p, "nosuch", NULL, &result, &why, &err), OC_E_NOT_FOUND);
    assert_null(why);
}

/* The limits that every policy has: 16 MiB and ten million instructions a call. */
static void a_policy_has_its_budgets_of_memory_and_instructions(void **state)
{
    static const struct {
        const char *text;
        int code;
    } CASES[] = {
        {"function who() local s, t = ('x'):rep(100000), {} for i = 1, 100 do t[i] = s .. i end "
         "return #t end",
         OC_OK}, /* 10 MB */
        {"function who() local s, t = ('x'):rep(100000), {} for i = 1, 200 do t[i] = s .. i end "
         "return #t end",
         OC_E_PERMANENT}, /* 20 MB */
        {"kept = {}\nlocal s = ('x'):rep(100000)\n"
         "function who() for i = 1, 70 do kept[#kept + 1] = s .. #kept end return #kept end",
         OC_OK}, /* 7 MB more each time */
        {"function who() for i = 1, 1000000 do end return 1 end", OC_OK},
        {"function who() for i = 1, 20000000 do end return 1 end", OC_E_TIMEOUT},
    };
    struct fixture *f = *state;
    struct oc_error err;
    json_t *result = NULL;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        oc_error_init(&err);
        write_file(f, "a.lua", CASES[i].text);
        oc_policies_reload(f->p);
        assert_int_equal(oc_policy_ask(f->p, "who", NULL, &result, NULL, &err), CASES[i].code);
        json_decref(result);
        if (i == 2) { /* what it keeps counts, and it stays asked after it was stopped */
            assert_int_equal(oc_policy_ask(f->p, "who", NULL, &result, NULL, &err), OC_OK);
            json_decref(result);
            assert_int_equal(oc_policy_ask(f->p, "who", NULL, &result, NULL, &err), OC_E_PERMANENT);
            assert_non_null(strstr(err.message, "memory"));
        }
    }
}

static void a_check_runs_nothing_that_stays(void **state)
{
    static const char TEXT[] = "function b() end function a() end local function c() end y = 1";
    struct oc_error err;
    json_t *hooks;
    (void)state;
    assert_int_equal(oc_policy_check("x.lua", TEXT, strlen(TEXT), &hooks, &err), OC_OK);
    char *text = json_dumps(hooks, JSON_COMPACT);
    assert_string_equal(text, "[\"a\",\"b\"]");
    free(text);
    json_decref(hooks);
    assert_int_equal(oc_policy_check("x.lua", "nosuch()", 8, &hooks, &err), OC_E_PERMANENT);
    assert_null(hooks);
    assert_int_equal(oc_policy_check("x.lua", "= 1", 3, NULL, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "x.lua:1:"));
}

/* They are not run before they are asked: their hooks are read from the text. */
static void what_sleeps_is_known_as_if_it_had_run(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *rows = oc_policies_list(f->p), *row, *hooks;
    size_t i, len;
    oc_error_init(&err);
    assert_true(json_array_size(rows) >= 3);
    json_array_foreach(rows, i, row)
    {
        const char *text = oc_policy_source(f->p, oc_json_str(row, "name", ""), &len);
        assert_int_equal(oc_policy_check("x.lua", text, len, &hooks, &err), OC_OK);
        assert_true(json_equal(hooks, json_object_get(row, "hooks")));
        json_decref(hooks);
    }
    json_decref(rows);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_shipped_policies_need_no_folder),
        T(what_sleeps_is_known_as_if_it_had_run),
        T(the_last_file_by_name_is_asked),
        T(any_file_outranks_what_was_shipped),
        T(an_unchanged_folder_is_left_alone),
        T(a_broken_file_keeps_its_last_good_version),
        T(a_file_that_never_worked_leaves_the_shipped_one),
        T(other_files_are_not_policies),
        T(policies_share_nothing),
        T(a_failing_hook_is_counted_and_told),
        T(a_policy_has_its_budgets_of_memory_and_instructions),
        T(a_check_runs_nothing_that_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
