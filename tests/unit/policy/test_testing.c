/* Tests of policies, their times, fixtures and coverage; and the shipped policies with theirs. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/policy/inspect.h"
#include "core/policy/shipped.h"
#include "core/sys/file.h"

static struct oc_policies *policies;

static int setup(void **state)
{
    (void)state;
    oc_log_set_level(-1);
    policies = oc_policies_create(NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_policies_destroy(policies);
    return 0;
}

static json_t *run(const char *tests, const char *policy, bool coverage, const char *folder)
{
    struct oc_error err;
    json_t *report;
    struct oc_policy_suite suite = {.name = "t_test.lua",
                                    .text = tests,
                                    .len = strlen(tests),
                                    .folder = folder,
                                    .subject = "t",
                                    .subject_text = policy,
                                    .subject_len = policy ? strlen(policy) : 0,
                                    .coverage = coverage};
    oc_error_init(&err);
    if (oc_policies_run_tests(policies, &suite, &report, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    return report;
}

static const json_t *row(const json_t *report, size_t i)
{
    return json_array_get(json_object_get(report, "tests"), i);
}

static void assert_ok(const json_t *report)
{
    size_t i;
    json_t *test;
    json_array_foreach(json_object_get(report, "tests"), i, test)
    {
        if (!oc_json_bool(test, "ok", false)) {
            char *text = json_dumps(test, 0);
            fail_msg("%s", text);
        }
    }
}

static void tests_tell_what_came_instead(void **state)
{
    (void)state;
    json_t *report = run(
        "return { {name = 'wrong', hook = 'route', args = {{severity = 'info'}}, expect = {'x'}},"
        " {name = 'right', hook = 'route', args = {{}}, expect = {}},"
        " {hook = 'nosuch', expect = 1},"
        " {name = 'fails', hook = 'nosuch', fails = true},"
        " {name = 'says', hook = 'nosuch', fails = 'no policy has'},"
        " {name = 'says not', hook = 'nosuch', fails = 'other'},"
        " {name = 'does not', hook = 'route', args = {{}}, fails = true} }",
        NULL, false, NULL);
    static const bool OK[] = {false, true, false, true, true, false, false};
    for (size_t i = 0; i < OC_COUNT(OK); i++) {
        assert_int_equal(oc_json_bool(row(report, i), "ok", !OK[i]), OK[i]);
    }
    assert_true(json_is_array(json_object_get(row(report, 0), "got")));
    assert_string_equal(oc_json_str(row(report, 2), "name", ""), "test 3");
    json_decref(report);
}

static void what_is_no_list_of_tests_is_refused(void **state)
{
    static const char *const TEXTS[] = {"tests = 5", "tests = {{args = 5}}", "",
                                        "tests = {{steps = {1}}}", "= 1"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(TEXTS); i++) {
        struct oc_error err;
        json_t *report;
        struct oc_policy_suite suite = {.name = "t", .text = TEXTS[i], .len = strlen(TEXTS[i])};
        assert_int_equal(oc_policies_run_tests(policies, &suite, &report, &err), OC_E_CONFIG);
        assert_null(report);
    }
}

static void the_test_that_is_none_is_named(void **state)
{
    static const struct {
        const char *text, *says, *hint;
    } CASES[] = {
        {"tests = 5", "t_test.lua does not set `tests` to a list of tests", "Write tests"},
        {"tests = { {hook = 'route', args = {{}}}, 'x' }", "t_test.lua: test 2: it is no table",
         "Write tests"},
        {"tests = { {name = 5} }", "t_test.lua: test 1: name: expected a text", "Write tests"},
        {"tests = { {name = 'n', steps = {}} }", "t_test.lua: test 1 (n): steps: it has none", ""},
        {"tests = { {name = 'n', steps = {{}, 5}} }", "t_test.lua: test 1 (n), step 1: it is no",
         ""},
        {"tests = { {name = 'n', steps = {{after = '1s', expct = 5}}} }",
         "t_test.lua: test 1 (n), step 1: there is no key expct", "Did you mean expect?"},
        {"tests = { {at = true} }", "t_test.lua: test 1: at: expected milliseconds or a time", ""},
        {"tests = { {fails = 5} }", "t_test.lua: test 1: fails: expected true or a text", ""},
        {"error({})", "t_test.lua:1: the error is a table", ""},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        struct oc_error err;
        json_t *report;
        struct oc_policy_suite suite = {
            .name = "t_test.lua", .text = CASES[i].text, .len = strlen(CASES[i].text)};
        oc_error_init(&err);
        assert_int_not_equal(oc_policies_run_tests(policies, &suite, &report, &err), OC_OK);
        if (!strstr(err.message, CASES[i].says) || !strstr(err.hint, CASES[i].hint)) {
            fail_msg("%s: %s %s", CASES[i].text, err.message, err.hint);
        }
    }
}

static void time_is_what_the_test_says(void **state)
{
    (void)state;
    json_t *report = run("tests = { {hook = 'route', args = {{}}, at = '2026-03-01T02:00:00Z', "
                         "expect = {'1772330400000'}},"
                         " {hook = 'route', args = {{}}, at = 5, expect = {'5'}},"
                         " {hook = 'route', args = {{}, 7}, expect = {'7'}},"
                         " {hook = 'route', args = {{}}, at = 1000, steps = {"
                         "   {expect = {'1000'}}, {after = '15m', expect = {'901000'}}, {after = "
                         "'1s', expect = {'902000'}},"
                         "   {at = 3, expect = {'3'}} } },"
                         " {hook = 'route', args = {{}}, at = 'soon', expect = {}} }",
                         "function route(alert, at) return {tostring(at)} end", false, NULL);
    for (size_t i = 0; i < 4; i++) {
        if (!oc_json_bool(row(report, i), "ok", false)) {
            char *text = json_dumps(row(report, i), 0);
            fail_msg("%s", text);
        }
    }
    assert_false(oc_json_bool(row(report, 4), "ok", true));
    assert_non_null(strstr(oc_json_str(row(report, 4), "message", ""), "expected milliseconds"));
    json_decref(report);
}

static void a_step_that_fails_is_named(void **state)
{
    (void)state;
    json_t *report = run("tests = { {hook = 'route', steps = { {args = {1}, expect = {}}, {args = "
                         "{2}, expect = {'x'}} } } }",
                         "function route() return {} end", false, NULL);
    assert_string_equal(oc_json_str(row(report, 0), "message", ""), "step 2");
    json_decref(report);
}

static void a_policy_that_remembers_fails(void **state)
{
    (void)state;
    json_t *report =
        run("tests = { {hook = 'route', expect = {'1'}}, {hook = 'route', expect = {'1'}} }",
            "local n = 0 function route() n = n + 1 return {tostring(n)} end", false, NULL);
    for (size_t i = 0; i < 2; i++) { /* each test begins anew */
        assert_non_null(strstr(oc_json_str(row(report, i), "message", ""), "must not remember"));
    }
    json_decref(report);
}

static void fixtures_are_files_beside_the_tests(void **state)
{
    char dir[] = "/tmp/oc-fixture-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/disk.json", dir);
    assert_int_equal(oc_file_write(path, "[{\"rule\":\"disk\"}]", 17, 0600, NULL), OC_OK);
    json_t *report = run("tests = { {hook = 'route', fixture = 'disk.json', expect = {'disk'}},"
                         " {hook = 'route', fixture = '../disk.json', expect = {'disk'}},"
                         " {hook = 'route', fixture = 'none.json', expect = {'disk'}} }",
                         "function route(alert) return {alert.rule} end", false, dir);
    assert_true(oc_json_bool(row(report, 0), "ok", false));
    assert_false(oc_json_bool(row(report, 1), "ok", true));
    assert_non_null(strstr(oc_json_str(row(report, 1), "message", ""), "beside the tests"));
    assert_false(oc_json_bool(row(report, 2), "ok", true));
    json_decref(report);
    unlink(path);
    rmdir(dir);
}

static void coverage_knows_every_line_with_code(void **state)
{
    static const char POLICY[] = "local function never()\n" /* 1 */
                                 "  local inner = function()\n"
                                 "    return 1\n"
                                 "  end\n"
                                 "  return inner\n" /* 5 */
                                 "end\n"
                                 "\n"
                                 "-- a comment\n"
                                 "function route(alert)\n"
                                 "  if alert.x then\n" /* 10 */
                                 "    return { 'x' }\n"
                                 "  end\n"
                                 "  return {}\n"
                                 "end\n";
    (void)state;
    json_t *report =
        run("tests = { {hook = 'route', args = {{}}, expect = {}} }", POLICY, true, NULL);
    assert_ok(report);
    const json_t *coverage = json_object_get(report, "coverage");
    char *missed = json_dumps(json_object_get(coverage, "missed"), JSON_COMPACT);
    assert_string_equal(missed, "[3,4,5,11]");
    free(missed);
    assert_int_equal(oc_json_int(coverage, "lines", 0), 9);
    assert_int_equal(oc_json_int(coverage, "executed", 0), 5);
    json_decref(report);
    report = run("tests = { {hook = 'route', args = {{}}, expect = {}}, {hook = 'route', args = "
                 "{{x = 1}}, expect = {'x'}} }",
                 POLICY, true, NULL);
    missed =
        json_dumps(json_object_get(json_object_get(report, "coverage"), "missed"), JSON_COMPACT);
    assert_string_equal(missed, "[3,4,5]");
    free(missed);
    json_decref(report);
}

/* Every shipped policy has tests, they pass, and they run at least nine lines of ten. */
static void the_shipped_policies_pass_their_tests(void **state)
{
    (void)state;
    for (const struct oc_shipped_policy *s = oc_shipped_policies; s->name != NULL; s++) {
        struct oc_buf text = {0};
        struct oc_error err;
        char path[512];
        json_t *report;
        snprintf(path, sizeof path, OC_SOURCE_DIR "/etc/policies/%s_test.lua", s->name);
        oc_error_init(&err);
        if (oc_file_read(path, 1 << 20, &text, &err) != OC_OK) {
            fail_msg("%s", err.message);
        }
        struct oc_policy_suite suite = {.name = s->name,
                                        .text = text.data,
                                        .len = text.len,
                                        .folder = OC_SOURCE_DIR "/etc/policies",
                                        .subject = s->name,
                                        .coverage = true};
        if (oc_policies_run_tests(policies, &suite, &report, &err) != OC_OK) {
            fail_msg("%s: %s", s->name, err.message);
        }
        assert_ok(report);
        const json_t *coverage = json_object_get(report, "coverage");
        int64_t lines = oc_json_int(coverage, "lines", 0),
                ran = oc_json_int(coverage, "executed", 0);
        if (ran * 10 < lines * 9) {
            char *missed = json_dumps(json_object_get(coverage, "missed"), JSON_COMPACT);
            fail_msg("%s: lines without a test: %s", s->name, missed);
        }
        json_decref(report);
        oc_buf_finish(&text);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(tests_tell_what_came_instead),
        T(what_is_no_list_of_tests_is_refused),
        T(the_test_that_is_none_is_named),
        T(time_is_what_the_test_says),
        T(a_step_that_fails_is_named),
        T(a_policy_that_remembers_fails),
        T(fixtures_are_files_beside_the_tests),
        T(coverage_knows_every_line_with_code),
        T(the_shipped_policies_pass_their_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
