/* Asking without JSON: arguments, kept tables, answers, reloads, and what is recorded. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/ask.h"
#include "core/policy/inspect.h"
#include "core/sys/file.h"

struct fixture {
    char dir[64];
    struct oc_policies *p;
    struct oc_question *q;
    struct oc_kept *channels;
    char heard[256];
};

static void put(struct fixture *f, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/route.lua", f->dir);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    oc_policies_reload(f->p);
}

static int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof *f);
    oc_log_set_level(-1);
    strcpy(f->dir, "/tmp/oc-question-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->p = oc_policies_create(NULL, f->dir);
    f->q = oc_question_create(f->p, "route");
    f->channels = oc_kept_create(json_pack("[{s:s,s:[s]},{s:s,s:[]}]", "name", "ops", "levels",
                                           "critical", "name", "log", "levels"));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/route.lua", f->dir);
    unlink(path);
    rmdir(f->dir);
    oc_question_destroy(f->q);
    oc_kept_destroy(f->channels);
    oc_policies_destroy(f->p);
    free(f);
    oc_time_fake(-1, -1);
    return 0;
}

static void say(struct oc_args *a, void *ctx)
{
    struct fixture *f = ctx;
    oc_args_object(a, 8);
    oc_args_set_str(a, "severity", "critical");
    oc_args_set_str(a, "absent", NULL);
    oc_args_key(a, "nobody");
    oc_args_str(a, NULL);
    oc_args_set_int(a, "count", 3);
    oc_args_set_number(a, "value", 1.5);
    oc_args_set_bool(a, "on", true);
    oc_args_key(a, "labels");
    oc_args_object(a, 1);
    oc_args_set_str(a, "mount", "/");
    oc_args_end(a);
    oc_args_key(a, "list");
    oc_args_list(a, 2);
    oc_args_str(a, "one");
    oc_args_strn(a, "twoXX", 3);
    oc_args_end(a);
    oc_args_key(a, "configured_channels");
    oc_args_kept(a, f->channels);
    oc_args_end(a);
    oc_args_integer(a, 42);
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct fixture *f = ctx;
    struct oc_answer item;
    (void)err;
    f->heard[0] = '\0';
    for (size_t i = 0; oc_answer_at(answer, i, &item); i++) {
        strncat(f->heard, i ? "," : "", sizeof f->heard - strlen(f->heard) - 1);
        strncat(f->heard, oc_answer_str(&item, "?"), sizeof f->heard - strlen(f->heard) - 1);
        oc_answer_end(&item);
    }
    return OC_OK;
}

static int ask(struct fixture *f, struct oc_error *err)
{
    oc_error_init(err);
    return oc_question_ask(f->q, say, hear, f, err);
}

static void assert_heard(struct fixture *f, const char *expected)
{
    struct oc_error err;
    if (ask(f, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(f->heard, expected);
}

static void arguments_arrive_as_they_were_said(void **state)
{
    struct fixture *f = *state;
    put(f,
        "function route(a, at)\n"
        "  assert(a.severity == 'critical' and a.absent == nil and a.nobody == nil)\n"
        "  assert(a.count == 3 and a.value == 1.5)\n"
        "  assert(a.on == true and a.labels.mount == '/' and #a.list == 2 and a.list[2] == 'two')\n"
        "  assert(at == 42 and math.type(at) == 'integer')\n"
        "  return {a.list[1], 'x'}\nend");
    assert_heard(f, "one,x");
}

static void a_kept_table_reads_like_any_other(void **state)
{
    struct fixture *f = *state;
    put(f, "function route(a)\n"
           "  local c, names = a.configured_channels, {}\n"
           "  assert(#c == 2 and c[1].levels[1] == 'critical' and #c[2].levels == 0)\n"
           "  for i, channel in ipairs(c) do names[i] = channel.name end\n"
           "  for i, channel in pairs(c) do assert(names[i] == channel.name) end\n"
           "  local keys = {} for k in pairs(c[1]) do keys[#keys + 1] = k end\n"
           "  assert(table.concat(keys, ',') == 'levels,name' and next(c[1]) == 'levels')\n"
           "  assert(table.concat(c[1].levels, ',') == 'critical')\n"
           "  return names\nend");
    assert_heard(f, "ops,log");
    assert_heard(f, "ops,log");
    oc_kept_set(f->channels, json_pack("[{s:s,s:[s]},{s:s,s:[]}]", "name", "new", "levels",
                                       "critical", "name", "log", "levels"));
    assert_heard(f, "new,log");
}

static void a_kept_table_cannot_be_changed(void **state)
{
    struct fixture *f = *state;
    put(f,
        "function route(a)\n"
        "  local c = a.configured_channels\n"
        "  local tries = {\n"
        "    function() c[1] = nil end, function() c[3] = 1 end, function() c[1].name = 'x' end,\n"
        "    function() rawset(c, 3, 1) end, function() table.insert(c, 1) end,\n"
        "    function() table.remove(c) end, function() table.sort(c, function() end) end,\n"
        "    function() setmetatable(c, {}) end }\n"
        "  for i, try in ipairs(tries) do assert(not pcall(try), i) end\n"
        "  assert(getmetatable(c) == false and #c == 2 and c[1].name == 'ops')\n"
        "  return c[1].levels\nend");
    assert_heard(f, "critical"); /* also as an answer */
}

static void an_answer_that_does_not_fit_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    put(f, "function route() return {'a', 5} end");
    assert_int_equal(ask(f, &err), OC_E_PERMANENT);
    assert_non_null(strstr(err.message,
                           "policy route: route answered what does not fit: [2]: expected string"));
    assert_non_null(strstr(err.hint, "policy hooks route"));
    put(f, "function route() error('x') end");
    assert_int_equal(ask(f, &err), OC_E_PERMANENT);
    put(f, "function route() while true do end end");
    assert_int_equal(ask(f, &err), OC_E_TIMEOUT);
    put(f, "function route() return {'well'} end");
    assert_heard(f, "well");
}

static void a_question_survives_every_reload(void **state)
{
    struct fixture *f = *state;
    char text[64], expected[16];
    for (int i = 0; i < 50; i++) { /* good, broken, gone: somebody always answers */
        snprintf(text, sizeof text, "function route() return {'v%d'} end", i);
        snprintf(expected, sizeof expected, "v%d", i);
        put(f, text);
        assert_heard(f, expected);
        put(f, "function route( return {} end");
        assert_heard(f, expected);
        if (i % 10 == 9) {
            char path[128];
            snprintf(path, sizeof path, "%s/route.lua", f->dir);
            unlink(path);
            oc_policies_reload(f->p);
            assert_true(oc_question_heard(f->q));
            struct oc_error err;
            assert_int_equal(ask(f, &err), OC_OK); /* the shipped one */
        }
    }
}

static void the_version_before_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/route.lua.last", f->dir);
    assert_int_equal(oc_file_write(path, "function route() return {'last'} end", 36, 0600, NULL),
                     OC_OK);
    put(f, "function route( broken");
    assert_heard(f, "last");
    json_t *rows = oc_policies_list(f->p);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(oc_json_str(row, "name", ""), "route") == 0) {
            assert_string_equal(oc_json_str(row, "state", ""), "failed");
        }
    }
    json_decref(rows);
    unlink(path);
}

static void failures_are_forgotten_after_a_while(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    oc_time_fake(1000000, 1000000);
    put(f, "function route(a) if a.count == 3 then error('three') end return {} end");
    assert_int_equal(ask(f, &err), OC_E_PERMANENT);
    oc_policies_settle(f->p, OC_MINUTE);
    json_t *rows = oc_policies_list(f->p);
    size_t last = json_array_size(rows) - 1;
    assert_string_equal(oc_json_str(json_array_get(rows, last), "state", ""), "failing");
    json_decref(rows);
    oc_time_advance(OC_MINUTE);
    oc_policies_settle(f->p, OC_MINUTE);
    rows = oc_policies_list(f->p);
    assert_string_equal(oc_json_str(json_array_get(rows, last), "state", ""), "ok");
    json_decref(rows);
}

static void of_a_storm_only_a_sample_is_kept(void **state)
{
    struct fixture *f = *state;
    put(f, "function route(a) a.severity = 'changed' return {} end");
    oc_time_fake(1000000, 1000000);
    oc_policies_keep_inputs(f->p);
    for (int i = 0; i < 1000; i++) {
        assert_heard(f, "");
    }
    json_t *inputs = oc_policies_inputs(f->p, "route", 500);
    assert_int_equal(json_array_size(inputs), 1);
    const json_t *alert = json_array_get(json_object_get(json_array_get(inputs, 0), "args"), 0);
    assert_string_equal(oc_json_str(alert, "severity", ""), "critical"); /* as it was asked */
    assert_int_equal(json_array_size(json_object_get(alert, "configured_channels")), 2);
    json_decref(inputs);
    for (int i = 0; i < 500; i++) {
        oc_time_advance(20);
        assert_heard(f, "");
    }
    inputs = oc_policies_inputs(f->p, "route", 500);
    assert_int_equal(json_array_size(inputs), 256);
    json_decref(inputs);
}

static void what_somebody_tries_out_is_no_real_input(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *args = json_array(), *result = NULL;
    put(f, "function route() return {} end");
    oc_policies_keep_inputs(f->p);
    oc_error_init(&err);
    assert_int_equal(oc_policy_try(f->p, "route", args, &result, NULL, &err), OC_OK);
    json_decref(result);
    json_t *inputs = oc_policies_inputs(f->p, "route", 500);
    assert_int_equal(json_array_size(inputs), 0);
    json_decref(inputs);
    assert_int_equal(oc_policy_ask(f->p, "route", args, &result, NULL, &err), OC_OK);
    json_decref(result);
    json_decref(args);
    inputs = oc_policies_inputs(f->p, "route", 500);
    assert_int_equal(json_array_size(inputs), 1);
    json_decref(inputs);
}

static void what_others_ask_is_real_unless_they_ask_why(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *args = json_array(), *result = NULL, *why = NULL;
    put(f, "function route() return {} end function select_model() return nil end");
    oc_policies_keep_inputs(f->p);
    oc_error_init(&err);
    assert_int_equal(oc_policy_try(f->p, "select_model", args, &result, &why, &err), OC_OK);
    json_decref(result);
    json_decref(why);
    json_t *inputs = oc_policies_inputs(f->p, "select_model", 500);
    assert_int_equal(json_array_size(inputs), 0);
    json_decref(inputs);
    assert_int_equal(oc_policy_try(f->p, "select_model", args, &result, NULL, &err), OC_OK);
    json_decref(result);
    json_decref(args);
    inputs = oc_policies_inputs(f->p, "select_model", 500);
    assert_int_equal(json_array_size(inputs), 1);
    json_decref(inputs);
}

/* Neither kept as an input nor noted as a failure. */
static void what_is_tried_was_never_asked(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    oc_error_init(&err);
    put(f, "function route() error('no') end");
    oc_policies_keep_inputs(f->p);
    assert_int_equal(oc_question_try(f->q, say, hear, f, &err), OC_E_PERMANENT);
    json_t *rows = oc_policies_list(f->p), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        assert_string_equal(oc_json_str(row, "state", ""), "ok");
    }
    json_decref(rows);
    json_t *inputs = oc_policies_inputs(f->p, "route", 500);
    assert_int_equal(json_array_size(inputs), 0);
    json_decref(inputs);
    assert_int_equal(ask(f, &err), OC_E_PERMANENT);
    inputs = oc_policies_inputs(f->p, "route", 500);
    assert_int_equal(json_array_size(inputs), 1);
    json_decref(inputs);
}

static void a_new_file_is_compared_on_real_inputs(void **state)
{
    static const char NEW[] =
        "function route(a) if a.labels.mount == '/' then return {'root'} end return {} end";
    struct fixture *f = *state;
    struct oc_error err;
    json_t *report;
    put(f, "function route() return {'ops'} end");
    oc_policies_keep_inputs(f->p);
    assert_heard(f, "ops");
    assert_int_equal(oc_policies_compare(f->p, "route", NEW, strlen(NEW), 10, &report, &err),
                     OC_OK);
    const json_t *hook = json_array_get(json_object_get(report, "hooks"), 0);
    assert_int_equal(oc_json_int(hook, "inputs", 0), 1);
    assert_int_equal(oc_json_int(hook, "differ", 0), 1);
    const json_t *row = json_array_get(json_object_get(report, "differences"), 0);
    char *after = oc_json_text(json_object_get(row, "after"));
    assert_string_equal(after, "[\"root\"]");
    free(after);
    json_decref(report);
    assert_int_equal(oc_policies_compare(f->p, "route", "= 1", 3, 10, &report, &err), OC_E_CONFIG);
    assert_null(report);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(arguments_arrive_as_they_were_said),
        T(a_kept_table_reads_like_any_other),
        T(a_kept_table_cannot_be_changed),
        T(an_answer_that_does_not_fit_is_a_failure),
        T(a_question_survives_every_reload),
        T(the_version_before_is_there_after_a_restart),
        T(failures_are_forgotten_after_a_while),
        T(of_a_storm_only_a_sample_is_kept),
        T(what_somebody_tries_out_is_no_real_input),
        T(what_others_ask_is_real_unless_they_ask_why),
        T(what_is_tried_was_never_asked),
        T(a_new_file_is_compared_on_real_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
