/* Table-driven tests of policies, with times that the tests say. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/inspect.h"
#include "core/policy/question.h"
#include "core/sys/file.h"

#define FIXTURE_MAX (1u << 20)

struct run {
    struct oc_policies *policies; /* an overlay, ours */
    const struct oc_policy_suite *suite;
    int64_t time; /* of the step before */
    struct oc_error error;
};

/* What one question came to. */
struct outcome {
    bool ok;
    json_t *got, *expected; /* owned; may be NULL */
    char *message;          /* owned; why it is not ok, when got and expected do not say it */
};

/* ---- the arguments of a step ---- */

static const json_t *say(const json_t *step, const json_t *test, const char *key)
{
    const json_t *value = json_object_get(step, key);
    return value != NULL ? value : json_object_get(test, key);
}

static json_t *read_fixture(struct run *r, const char *name)
{
    struct oc_buf text = {0};
    json_t *args = NULL;
    if (r->suite->folder == NULL || strstr(name, "..") != NULL || name[0] == '/') {
        oc_error_set(&r->error, OC_E_CONFIG, "fixture %s: expected a file beside the tests", name);
        return NULL;
    }
    char *path = oc_path_join(r->suite->folder, name);
    if (oc_file_read(path, FIXTURE_MAX, &text, &r->error) == OC_OK) {
        args = oc_json_parse(text.data != NULL ? text.data : "", text.len, &r->error);
    }
    if (args != NULL && !json_is_array(args)) {
        json_decref(args);
        args = NULL;
        oc_error_set(&r->error, OC_E_CONFIG, "fixture %s: expected a list of arguments", name);
    }
    oc_buf_finish(&text);
    free(path);
    return args;
}

static json_t *read_args(struct run *r, const json_t *step, const json_t *test)
{
    const json_t *fixture = say(step, test, "fixture"), *args = say(step, test, "args");
    if (args == NULL && json_is_string(fixture)) {
        return read_fixture(r, json_string_value(fixture));
    }
    return json_is_array(args) ? json_deep_copy(args) : json_array();
}

/* The place of the argument that is a time, or -1. */
static int time_place(const char *hook)
{
    int index = oc_hook_index(hook);
    for (int i = 0; index >= 0 && oc_hooks[index].args[i].name != NULL; i++) {
        const char *name = oc_hooks[index].args[i].name;
        if (strcmp(name, "at") == 0 || strcmp(name, "now") == 0) {
            return i;
        }
    }
    return -1;
}

static int read_time(struct run *r, const json_t *value)
{
    if (json_is_number(value)) {
        r->time = (int64_t)json_number_value(value);
        return OC_OK;
    }
    const char *text = json_string_value(value);
    if (text == NULL || oc_time_parse(text, 0, &r->time) != OC_OK) {
        oc_error_set(&r->error, OC_E_CONFIG,
                     "expected milliseconds or a time such as \"2026-03-01T02:00:00Z\"");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* Sets the argument that is a time, when the test says one. */
static int set_time(struct run *r, const char *hook, const json_t *step, const json_t *test,
                    bool first, json_t *args)
{
    const json_t *at = say(step, first ? test : step, "at"),
                 *after = json_object_get(step, "after");
    at = at != NULL ? at : say(step, first ? test : step, "now");
    int64_t ms = 0;
    int place = time_place(hook);
    if (at != NULL && read_time(r, at) != OC_OK) {
        return OC_E_CONFIG;
    }
    if (after != NULL &&
        (!json_is_string(after) || oc_duration_parse(json_string_value(after), &ms) != OC_OK)) {
        return oc_error_set(&r->error, OC_E_CONFIG, "after: expected a duration such as \"15m\"");
    }
    r->time += ms;
    const bool said = at != NULL || after != NULL || r->time != 0;
    if (!said || place < 0 || json_array_size(args) > (size_t)place) {
        return OC_OK;
    }
    while (json_array_size(args) < (size_t)place) {
        json_array_append_new(args, json_null());
    }
    json_array_append_new(args, json_integer(r->time));
    return OC_OK;
}

/* ---- one question ---- */

static void judge_failure(struct outcome *o, const json_t *fails, const struct oc_error *err)
{
    const char *part = json_string_value(fails);
    o->got = json_string(err->message);
    o->expected = part != NULL ? json_string(part) : json_string("a failure");
    o->ok = part == NULL || strstr(err->message, part) != NULL;
}

static void ask(struct run *r, const char *hook, const json_t *args, const json_t *expect,
                const json_t *fails, struct outcome *o)
{
    struct oc_error err;
    json_t *again = NULL;
    oc_error_init(&err);
    const bool wants_failure = fails != NULL && !json_is_false(fails);
    int code = oc_policy_ask(r->policies, hook, args, &o->got, NULL, &err);
    if (code != OC_OK) {
        judge_failure(o, fails, &err);
        o->ok = o->ok && wants_failure;
        if (!wants_failure) {
            json_decref(o->expected);
            o->expected = expect != NULL ? json_deep_copy(expect) : json_null();
        }
        return;
    }
    o->expected = wants_failure    ? json_string("a failure")
                  : expect != NULL ? json_deep_copy(expect)
                                   : json_null();
    o->ok = !wants_failure && oc_policy_same(o->got, o->expected);
    if (o->ok && (oc_policy_ask(r->policies, hook, args, &again, NULL, &err) != OC_OK ||
                  !oc_policy_same(o->got, again))) {
        o->ok = false;
        o->message = oc_strdup("asked the same again, it answered something else: a policy must "
                               "not remember");
    }
    json_decref(again);
}

static void run_step(struct run *r, const json_t *test, const json_t *step, bool first,
                     struct outcome *o)
{
    const json_t *hook = say(step, test, "hook");
    const char *name = json_is_string(hook) ? json_string_value(hook) : "route";
    oc_error_init(&r->error);
    json_t *args = read_args(r, step, test);
    if (args == NULL || set_time(r, name, step, test, first, args) != OC_OK) {
        o->message = oc_strdup(r->error.message);
    } else {
        ask(r, name, args, say(step, test, "expect"), say(step, test, "fails"), o);
    }
    json_decref(args);
}

/* ---- one test ---- */

/* Every test begins with states that nothing was asked of. */
static void refresh(struct oc_policies *p)
{
    for (size_t i = 0; i < p->list.count; i++) {
        struct oc_policy *policy = p->list.items[i];
        if (policy->calls > 0) {
            policy->calls = 0;
            OC_ASSERT(oc_policy_load(policy, policy->text, policy->len, NULL) == OC_OK);
        }
    }
}

static json_t *row_of(const char *name, size_t step, size_t steps, struct outcome *o)
{
    json_t *row = json_object();
    oc_json_set_str(row, "name", name);
    oc_json_set_bool(row, "ok", o->ok);
    oc_json_take(row, "got", o->got != NULL ? o->got : json_null());
    oc_json_take(row, "expected", o->expected != NULL ? o->expected : json_null());
    if (steps > 0 && !o->ok) {
        char *text = oc_asprintf("step %zu%s%s", step + 1, o->message != NULL ? ": " : "",
                                 o->message != NULL ? o->message : "");
        oc_json_set_str(row, "message", text);
        free(text);
    } else {
        oc_json_set_str(row, "message", o->message);
    }
    free(o->message);
    return row;
}

static json_t *run_one(struct run *r, const json_t *test, size_t number)
{
    const json_t *steps = json_object_get(test, "steps");
    size_t count = json_array_size(steps), i = 0;
    struct outcome o = {0};
    char fallback[32];
    snprintf(fallback, sizeof(fallback), "test %zu", number);
    r->time = 0;
    do {
        json_decref(o.got);
        json_decref(o.expected);
        o = (struct outcome){0};
        run_step(r, test, count > 0 ? json_array_get(steps, i) : test, i == 0, &o);
    } while (o.ok && ++i < count);
    refresh(r->policies);
    return row_of(oc_json_str(test, "name", fallback), i, count, &o);
}

/* ---- the file ---- */

static int read_tests(const struct oc_policy_suite *suite, json_t **tests, struct oc_error *err)
{
    struct oc_lua *lua = oc_lua_create(NULL);
    int code = oc_lua_run(lua, suite->name, suite->text, suite->len, err);
    *tests = code == OC_OK ? oc_lua_global(lua, "tests") : NULL;
    if (code == OC_OK) {
        code = oc_policy_tests_check(suite->name, *tests, err);
    }
    oc_lua_destroy(lua);
    return code;
}

static json_t *coverage(struct oc_policies *p, const struct oc_policy_suite *suite,
                        const struct oc_lua_trace *executed)
{
    const struct oc_policy *policy = oc_policies_find(p, suite->subject);
    struct oc_lua_trace *code = oc_calloc(1, sizeof(*code));
    json_t *json = json_object(), *missed = json_array();
    json_int_t lines = 0;
    OC_ASSERT(oc_lua_code_lines(policy->lua, policy->chunk, policy->text, policy->len, code,
                                NULL) == OC_OK);
    for (int line = 1; line < OC_LUA_LINES_MAX; line++) {
        lines += oc_lua_marked(code, line);
        if (oc_lua_marked(code, line) && !oc_lua_marked(executed, line)) {
            json_array_append_new(missed, json_integer(line));
        }
    }
    oc_json_set_str(json, "policy", policy->name);
    oc_json_set_str(json, "file", policy->chunk);
    oc_json_set_int(json, "lines", lines);
    oc_json_set_int(json, "executed", lines - (json_int_t)json_array_size(missed));
    oc_json_take(json, "missed", missed);
    free(code);
    return json;
}

/* Begins to mark the lines of the subject; from its top level on. */
static void begin_coverage(struct run *r, struct oc_lua_trace *trace)
{
    struct oc_policy *policy = oc_policies_find(r->policies, r->suite->subject);
    trace->chunk = policy->chunk;
    policy->cover = trace;
    policy->calls = 1;
    refresh(r->policies);
}

int oc_policies_run_tests(struct oc_policies *p, const struct oc_policy_suite *suite,
                          json_t **report, struct oc_error *err)
{
    struct run r = {.suite = suite};
    struct oc_lua_trace *trace = NULL;
    json_t *tests = NULL, *rows = json_array();
    *report = NULL;
    int code = read_tests(suite, &tests, err);
    if (code == OC_OK) {
        code = oc_policies_overlay(p, suite->subject, suite->subject_text, suite->subject_len,
                                   &r.policies, err);
    }
    if (code != OC_OK) {
        goto out;
    }
    if (suite->coverage && suite->subject != NULL &&
        oc_policies_find(r.policies, suite->subject) != NULL) {
        trace = oc_calloc(1, sizeof(*trace));
        begin_coverage(&r, trace);
    }
    for (size_t i = 0; i < json_array_size(tests); i++) {
        json_array_append_new(rows, run_one(&r, json_array_get(tests, i), i + 1));
    }
    *report = json_object();
    oc_json_set_str(*report, "file", suite->name);
    json_object_set(*report, "tests", rows);
    if (trace != NULL) {
        oc_json_take(*report, "coverage", coverage(r.policies, suite, trace));
    }
out:
    oc_policies_destroy(r.policies);
    json_decref(tests);
    json_decref(rows);
    free(trace);
    return code;
}
