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
    int loaded, failed, removed;
    char message[512];
    char in_force[16], sha[80]; /* of the last event */
};

static void on_event(void *ctx, const struct oc_event *event)
{
    struct fixture *f = ctx;
    if (strcmp(event->topic, "policy.loaded") == 0) {
        f->loaded++;
    } else if (strcmp(event->topic, "policy.removed") == 0) {
        f->removed++;
    } else {
        f->failed++;
    }
    snprintf(f->message, sizeof(f->message), "%s: %s", oc_json_str(event->data, "policy", "?"),
             oc_json_str(event->data, "message", "?"));
    snprintf(f->in_force, sizeof(f->in_force), "%s", oc_json_str(event->data, "in_force", "?"));
    snprintf(f->sha, sizeof(f->sha), "%s", oc_json_str(event->data, "sha256", "none"));
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
    static const char *const NAMES[] = {
        "route.lua",  "a.lua",         "b.lua",          "b_test.lua",
        "note.txt",   ".hidden.lua",   "route.lua.last", "route.lua.previous",
        "a.lua.last", "a.lua.previous"};
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
    write_file(f, "b.lua", "function routes() return 'b' end");
    write_file(f, "a.lua",
               "function routes() return 'a' end function route() return {'a only'} end");
    assert_int_equal(oc_policies_reload(f->p), 2);
    assert_answer(f, "routes", "\"b\"");
    assert_answer(f, "route", "[\"a only\"]");
    remove_file(f, "b.lua");
    assert_int_equal(oc_policies_reload(f->p), 1);
    assert_answer(f, "routes", "\"a\"");
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
    write_file(f, "a.lua", "count = 0 function routes() count = count + 1 return count end");
    assert_int_equal(oc_policies_reload(f->p), 1);
    assert_answer(f, "routes", "1");
    assert_int_equal(oc_policies_reload(f->p), 0);
    assert_answer(f, "routes", "2");
    assert_int_equal(f->loaded, 1);
}

static void a_broken_file_keeps_its_last_good_version(void **state)
{
    struct fixture *f = *state;
    write_file(f, "a.lua", "function routes() return 'good' end");
    oc_policies_reload(f->p);
    write_file(f, "a.lua", "function routes()\n  return 'bad\nend");
    assert_int_equal(oc_policies_reload(f->p), 1);
    assert_answer(f, "routes", "\"good\"");
    assert_int_equal(f->failed, 1);
    assert_non_null(strstr(f->message, "a.lua:2:"));
    json_t *row = row_of(f, "a");
    assert_string_equal(oc_json_str(row, "state", ""), "failed");
    assert_int_equal(oc_json_int(row, "line", 0), 2);
    json_decref(row);
    assert_int_equal(oc_policies_reload(f->p), 0); /* said once */
    assert_int_equal(f->failed, 1);
    write_file(f, "a.lua", "function routes() return 'better' end");
    oc_policies_reload(f->p);
    assert_answer(f, "routes", "\"better\"");
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

/* Another host over the same folder. */
static void restart(struct fixture *f)
{
    oc_policies_destroy(f->p);
    f->p = oc_policies_create(f->bus, NULL);
    oc_policies_keep_last(f->p);
    oc_policies_set_dir(f->p, f->dir);
    oc_policies_reload(f->p);
}

static void assert_row(struct fixture *f, const char *name, const char *state, const char *in_force)
{
    json_t *row = row_of(f, name);
    assert_string_equal(oc_json_str(row, "state", ""), state);
    assert_string_equal(oc_json_str(row, "in_force", ""), in_force);
    json_decref(row);
}

static void what_was_in_force_last_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    restart(f);
    for (int i = 1; i <= 3; i++) { /* by hand: nobody but the host sees them */
        char text[64];
        snprintf(text, sizeof(text), "function route() return {'v%d'} end", i);
        write_file(f, "route.lua", text);
        oc_policies_reload(f->p);
        assert_row(f, "route", "ok", "file");
    }
    write_file(f, "route.lua", "function route( broken");
    oc_policies_reload(f->p);
    assert_answer(f, "route", "[\"v3\"]");
    assert_row(f, "route", "failed", "kept");
    assert_string_equal(f->in_force, "kept");
    for (int i = 0; i < 2; i++) {
        restart(f);
        assert_answer(f, "route", "[\"v3\"]");
        assert_row(f, "route", "failed", "last");
        assert_string_equal(f->in_force, "last");
        assert_non_null(strstr(f->message, "route.lua:1:"));
    }
    write_file(f, "route.lua", "function route( broken otherwise");
    oc_policies_reload(f->p);
    assert_row(f, "route", "failed", "last");
    write_file(f, "route.lua", "function route() return {'v4'} end");
    oc_policies_reload(f->p);
    assert_row(f, "route", "ok", "file");
    write_file(f, "route.lua", "function route( broken");
    restart(f);
    assert_answer(f, "route", "[\"v4\"]");
}

static void a_file_that_never_was_good_is_said_to_be_replaced(void **state)
{
    struct fixture *f = *state;
    write_file(f, "route.lua", "function route( broken");
    write_file(f, "a.lua", "function routes( broken");
    restart(f);
    assert_row(f, "route", "failed", "built in");
    assert_row(f, "a", "failed", "nothing");
}

/* The shipped text was in force since: a broken file of that name later does not bring the old one back. */
static void a_file_that_goes_is_told_and_does_not_come_back(void **state)
{
    struct fixture *f = *state;
    char *aside = oc_path_join(f->dir, "route.lua.previous");
    restart(f);
    write_file(f, "route.lua", "function route() return {'mine'} end");
    write_file(f, "a.lua", "function routes() return 1 end");
    oc_policies_reload(f->p);
    remove_file(f, "a.lua");
    oc_policies_reload(f->p);
    assert_int_equal(f->removed, 1);
    assert_string_equal(f->message, "a: its file is gone");
    assert_string_equal(f->in_force, "nothing");
    assert_string_equal(f->sha, "none");
    remove_file(f, "route.lua");
    oc_policies_reload(f->p);
    assert_int_equal(f->removed, 2);
    assert_string_equal(f->message, "route: its file is gone: what is built in is in force");
    assert_int_equal(strlen(f->sha), 64);
    assert_true(oc_file_exists(aside));
    write_file(f, "route.lua", "function route( broken");
    restart(f);
    assert_row(f, "route", "failed", "built in");
    free(aside);
}

static void a_file_that_went_while_no_host_ran_is_told(void **state)
{
    struct fixture *f = *state;
    restart(f);
    write_file(f, "route.lua", "function route() return {'mine'} end");
    oc_policies_reload(f->p);
    remove_file(f, "route.lua");
    restart(f);
    assert_int_equal(f->removed, 1);
    assert_string_equal(f->in_force, "built in");
    restart(f);
    assert_int_equal(f->removed, 1); /* once */
    oc_policies_set_dir(f->p,
                        "/nonexistent"); /* another folder: nothing was removed from this one */
    write_file(f, "route.lua", "function route() return {'mine'} end");
    oc_policies_set_dir(f->p, f->dir);
    oc_policies_reload(f->p);
    oc_policies_set_dir(f->p, "/nonexistent");
    oc_policies_reload(f->p);
    write_file(f, "route.lua", "function route( broken");
    restart(f);
    assert_answer(f, "route", "[\"mine\"]");
}

static void the_digest_of_what_is_in_force_is_told(void **state)
{
    struct fixture *f = *state;
    write_file(f, "a.lua", "function routes() end");
    oc_policies_reload(f->p);
    assert_string_equal(f->in_force, "file");
    assert_string_equal(f->sha, "d753f6f51235d5842ee36cbc0e9beb85009d3c65e24f1f747be65f4eebc0acae");
    write_file(f, "a.lua", "function routes(");
    oc_policies_reload(f->p);
    assert_string_equal(f->in_force, "kept");
    assert_string_equal(f->sha, "d753f6f51235d5842ee36cbc0e9beb85009d3c65e24f1f747be65f4eebc0acae");
}

/* A NUL is no text for whoever reads the answer in C, and bytes that are no UTF-8 none in JSON. */
static void text_is_clean_when_it_leaves_lua(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *result;
    write_file(f, "a.lua",
               "function routes() return {'a\\0b', 'caf\\xe9 \\xff', 'caf\\u{e9}'} end\n"
               "function route() return {'ops', '\\xe9\\0x'} end");
    oc_policies_reload(f->p);
    assert_answer(f, "routes",
                  "[\"a\xef\xbf\xbd"
                  "b\",\"caf\xef\xbf\xbd \xef\xbf\xbd\",\"caf\xc3\xa9\"]");
    assert_answer(f, "route", "[\"ops\",\"\xef\xbf\xbd\xef\xbf\xbdx\"]");
    write_file(f, "a.lua", "function routes() return {['k\\0\\xff'] = 1} end");
    oc_policies_reload(f->p);
    assert_answer(f, "routes", "{\"k\xef\xbf\xbd\xef\xbf\xbd\":1}");
    write_file(f, "a.lua", "function routes() error('caf\\xe9 \\0 end', 0) end");
    oc_policies_reload(f->p);
    oc_error_init(&err);
    assert_int_equal(oc_policy_ask(f->p, "routes", NULL, &result, NULL, &err), OC_E_PERMANENT);
    assert_string_equal(err.message, "policy a: caf\xef\xbf\xbd \xef\xbf\xbd end");
    write_file(f, "a.lua", "function authorize() return {allow = 'caf\\xe9\\0'} end");
    oc_policies_reload(f->p);
    assert_int_equal(oc_policy_ask(f->p, "authorize", NULL, &result, NULL, &err), OC_E_PERMANENT);
    assert_non_null(strstr(err.message, "\"caf\xef\xbf\xbd\xef\xbf\xbd\""));
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
    write_file(f, "a.lua", "x = 1; string.rep = nil; function route() return {tostring(x)} end");
    write_file(f, "b.lua", "function routes() return {x == nil, string.rep ~= nil} end");
    oc_policies_reload(f->p);
    assert_answer(f, "routes", "[true,true]");
    assert_answer(f, "route", "[\"1\"]");
}

static void a_failing_hook_is_counted_and_told(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *result, *why;
    write_file(f, "a.lua", "function routes()\n  local x = nil\n  return x.y\nend");
    oc_policies_reload(f->p);
    assert_int_equal(oc_policy_ask(f->p, "routes", NULL, &result, &why, &err), OC_E_PERMANENT);
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
        {"function routes() local s, t = ('x'):rep(100000), {} for i = 1, 100 do t[i] = s .. i end "
         "return #t end",
         OC_OK}, /* 10 MB */
        {"function routes() local s, t = ('x'):rep(100000), {} for i = 1, 200 do t[i] = s .. i end "
         "return #t end",
         OC_E_PERMANENT}, /* 20 MB */
        {"kept = {}\nlocal s = ('x'):rep(100000)\n"
         "function routes() for i = 1, 70 do kept[#kept + 1] = s .. #kept end return #kept end",
         OC_OK}, /* 7 MB more each time */
        {"function routes() for i = 1, 1000000 do end return 1 end", OC_OK},
        {"function routes() for i = 1, 20000000 do end return 1 end", OC_E_TIMEOUT},
    };
    struct fixture *f = *state;
    struct oc_error err;
    json_t *result = NULL;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        oc_error_init(&err);
        write_file(f, "a.lua", CASES[i].text);
        oc_policies_reload(f->p);
        assert_int_equal(oc_policy_ask(f->p, "routes", NULL, &result, NULL, &err), CASES[i].code);
        json_decref(result);
        if (i == 2) { /* what it keeps counts, and it stays asked after it was stopped */
            assert_int_equal(oc_policy_ask(f->p, "routes", NULL, &result, NULL, &err), OC_OK);
            json_decref(result);
            assert_int_equal(oc_policy_ask(f->p, "routes", NULL, &result, NULL, &err),
                             OC_E_PERMANENT);
            assert_non_null(strstr(err.message, "memory"));
        }
    }
}

static void a_check_runs_nothing_that_stays(void **state)
{
    static const char TEXT[] =
        "function routes() end function route() end local function c() end y = 1";
    struct oc_error err;
    json_t *hooks;
    (void)state;
    assert_int_equal(oc_policy_check_hooks("x.lua", TEXT, strlen(TEXT), &hooks, &err), OC_OK);
    char *text = json_dumps(hooks, JSON_COMPACT);
    assert_string_equal(text, "[\"route\",\"routes\"]");
    free(text);
    json_decref(hooks);
    assert_int_equal(oc_policy_check_hooks("x.lua", "nosuch()", 8, &hooks, &err), OC_E_PERMANENT);
    assert_null(hooks);
    assert_int_equal(oc_policy_check_hooks("x.lua", "= 1", 3, &hooks, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "x.lua:1:"));
}

/* As `policy apply` refuses it; each failure says where. */
static void what_is_no_policy_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *says;
        int code;
    } CASES[] = {
        {"local x = 1\nfunction rout() end", "x.lua:2: there is no hook rout", OC_E_CONFIG},
        {"", "x.lua defines no hook", OC_E_CONFIG},
        {"local x\nwhile true do\nend", "x.lua:2: instruction budget of", OC_E_TIMEOUT},
        {"local x\npcall(function()\n while true do end end)", "x.lua:3: instruction budget of",
         OC_E_TIMEOUT},
        {"\x1bLua", "x.lua: attempt to load a binary chunk", OC_E_CONFIG},
        {"local x = 1\nlocal function f()\n error(x ~= 1)\nend\nf()", "x.lua:3: the error is not a",
         OC_E_PERMANENT},
        {"error({})", "x.lua:1: the error is a table", OC_E_PERMANENT},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        struct oc_error err;
        json_t *hooks;
        oc_error_init(&err);
        assert_int_equal(
            oc_policy_check_hooks("x.lua", CASES[i].text, strlen(CASES[i].text), &hooks, &err),
            CASES[i].code);
        assert_null(hooks);
        if (strncmp(err.message, CASES[i].says, strlen(CASES[i].says)) != 0) {
            fail_msg("%s", err.message);
        }
    }
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
        assert_int_equal(oc_policy_check_hooks("x.lua", text, len, &hooks, &err), OC_OK);
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
        T(what_was_in_force_last_survives_a_restart),
        T(a_file_that_never_was_good_is_said_to_be_replaced),
        T(a_file_that_goes_is_told_and_does_not_come_back),
        T(a_file_that_went_while_no_host_ran_is_told),
        T(the_digest_of_what_is_in_force_is_told),
        T(text_is_clean_when_it_leaves_lua),
        T(other_files_are_not_policies),
        T(policies_share_nothing),
        T(a_failing_hook_is_counted_and_told),
        T(a_policy_has_its_budgets_of_memory_and_instructions),
        T(a_check_runs_nothing_that_stays),
        T(what_is_no_policy_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
