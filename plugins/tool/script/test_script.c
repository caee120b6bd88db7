/* Tools behind programs, well-behaved ones and others. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "../../lib/child/testing/stuck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define CALL "tool.call/1"
#define ADD  "{\"name\":\"add\",\"arguments\":{\"a\":1,\"b\":2}}"

/* Answers "list" and "call", in Python. */
static const char adder[] =
    "import json, os, sys\n"
    "print('I am up', file=sys.stderr, flush=True)\n"
    "for line in sys.stdin:\n"
    "    r = json.loads(line)\n"
    "    if r['method'] == 'list':\n"
    "        print(json.dumps({'id': r['id'], 'result': [{'name': 'add', 'description': 'Adds'},\n"
    "              {'name': 'pid', 'description': 'Tells'}]}), flush=True)\n"
    "    elif r['name'] == 'add':\n"
    "        print(json.dumps({'id': r['id'], 'progress': 0.5, 'text': 'adding'}), flush=True)\n"
    "        a = r['arguments']\n"
    "        print(json.dumps({'id': r['id'], 'result': a['a'] + a['b']}), flush=True)\n"
    "    elif r['name'] == 'env':\n"
    "        print(json.dumps({'id': r['id'], 'result': sorted(os.environ)}), flush=True)\n"
    "    elif r['name'] == 'pid':\n"
    "        print(json.dumps({'id': r['id'], 'result': os.getpid()}), flush=True)\n"
    "    elif r['name'] == 'leave':\n"
    "        print(json.dumps({'id': r['id'], 'result': 'bye'}), flush=True)\n"
    "        sys.exit(0)\n"
    "    else:\n"
    "        print(json.dumps({'id': r['id'], 'error': {'code': 'not_found', 'message': 'no "
    "such'}}), flush=True)\n";

static struct oc_test *open_command(const char *command)
{
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "command", command);
    return t;
}

/* A program of `language` ("python3", "sh") that is given as a text. */
static struct oc_test *open_text(const char *language, const char *text)
{
    char command[4096], *to = command;
    to += sprintf(to, "[\"%s\",\"-c\",\"", language);
    for (const char *c = text; *c; c++) {
        to += sprintf(to, *c == '\n' ? "\\n" : *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    sprintf(to, "\"]");
    return open_command(command);
}

static void expect_failure(struct oc_test *t, int32_t code, const char *message)
{
    assert_int_equal(oc_test_call(t, CALL, ADD, 5000), code);
    assert_non_null(strstr(oc_test_error(t)->message, message));
}

static void tools_are_listed_and_called(void **state)
{
    (void)state;
    struct oc_test *t = open_text("python3", adder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "tool.list/1", NULL, 5000), OC_OK);
    assert_int_equal(oc_test_count(t, OC_RECORD_JSON), 2);
    assert_non_null(strstr(oc_test_json(t, 0), "\"add\""));
    assert_int_equal(oc_test_call(t, CALL, ADD, 5000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "3");
    assert_int_equal(oc_test_count(t, OC_RECORD_PROGRESS), 1);
    assert_non_null(oc_test_log(t, "I am up"));
    assert_int_equal(oc_test_close(t), 0);
}

static void an_error_of_the_program_is_told_and_the_program_goes_on(void **state)
{
    char pid[32];
    (void)state;
    struct oc_test *t = open_text("python3", adder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, CALL, "{\"name\":\"pid\"}", 5000), OC_OK);
    snprintf(pid, sizeof pid, "%s", oc_test_json(t, 0));
    assert_int_equal(oc_test_call(t, CALL, "{\"name\":\"other\"}", 5000), OC_E_NOT_FOUND);
    assert_string_equal(oc_test_error(t)->message, "no such");
    assert_int_equal(oc_test_call(t, CALL, "{\"name\":\"pid\"}", 5000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), pid);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_program_that_has_left_is_started_again(void **state)
{
    (void)state;
    struct oc_test *t = open_text("python3", adder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, CALL, "{\"name\":\"leave\"}", 5000), OC_OK);
    oc_test_call(t, CALL, ADD, 5000); /* may find it gone */
    assert_int_equal(oc_test_call(t, CALL, ADD, 5000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "3");
    assert_int_equal(oc_test_close(t), 0);
}

static void the_program_gets_only_the_variables_that_are_named(void **state)
{
    (void)state;
    struct oc_test *t = open_text("python3", adder);
    setenv("SCRIPT_TEST_GIVEN", "1", 1);
    setenv("SCRIPT_TEST_HIDDEN", "1", 1);
    oc_test_option(t, "env", "[\"SCRIPT_TEST_GIVEN\"]");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, CALL, "{\"name\":\"env\"}", 5000), OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "SCRIPT_TEST_GIVEN"));
    assert_null(strstr(oc_test_json(t, 0), "SCRIPT_TEST_HIDDEN"));
    assert_int_equal(oc_test_close(t), 0);
}

static void a_shell_script_will_do(void **state)
{
    (void)state;
    struct oc_test *t =
        open_text("sh", "while read -r line; do id=${line#*:}; id=${id%%,*}; "
                        "printf '{\"id\":%s,\"result\":\"hello\"}\\n' \"$id\"; done");
    assert_int_equal(oc_test_start(t), OC_OK);
    /* keys are sorted, so that "arguments" comes first: the script wants a request without them */
    assert_int_equal(oc_test_call(t, CALL, "{}", 5000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "\"hello\"");
    assert_int_equal(oc_test_close(t), 0);
}

static void a_program_that_is_not_there_is_a_wrong_configuration(void **state)
{
    (void)state;
    struct oc_test *t = open_command("[\"/nonexistent/program\"]");
    assert_int_equal(oc_test_start(t), OC_OK);
    expect_failure(t, OC_E_CONFIG, "cannot start /nonexistent/program");
    assert_int_equal(oc_test_close(t), 0);
}

static void a_command_has_to_be_given(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    oc_test_close(t);
    t = open_command("[]");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    oc_test_close(t);
}

static void a_program_without_an_answer_is_ended_in_time(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "sleep 600 & sleep 600");
    oc_test_option(t, "timeout", "200ms");
    assert_int_equal(oc_test_start(t), OC_OK);
    expect_failure(t, OC_E_TIMEOUT, "did not answer in time");
    assert_true(oc_test_took_ms(t) < 2000);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_line_without_an_end_is_no_answer(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "printf '{\"id\":1,\"result\":1}'; sleep 600");
    oc_test_option(t, "timeout", "200ms");
    assert_int_equal(oc_test_start(t), OC_OK);
    expect_failure(t, OC_E_TIMEOUT, "did not answer in time");
    assert_int_equal(oc_test_close(t), 0);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const char *const programs[][2] = {
        {"while read -r l; do echo nonsense; done", "no JSON object"},
        {"while read -r l; do echo '[1]'; done", "no JSON object"},
        {"while read -r l; do echo '{\"id\":99,\"result\":1}'; done", "another request"},
        {"while read -r l; do echo '{\"result\":1}'; done", "another request"},
        {"while read -r l; do echo '{\"id\":1}'; done", "without a result"},
        {"while read -r l; do head -c 64 /dev/urandom; echo; done", ""},
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct oc_test *t = open_text("sh", programs[i][0]);
        assert_int_equal(oc_test_start(t), OC_OK);
        expect_failure(t, OC_E_PERMANENT, programs[i][1]);
        assert_int_equal(oc_test_close(t), 0);
    }
}

static void an_answer_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "read -r l; head -c 100000000 /dev/zero | tr '\\0' x");
    oc_test_option(t, "longest", "64KB");
    assert_int_equal(oc_test_start(t), OC_OK);
    expect_failure(t, OC_E_PERMANENT, "more than 65536 bytes");
    assert_int_equal(oc_test_close(t), 0);
}

static void progress_without_end_is_ended(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "read -r l; yes '{\"id\":1,\"progress\":0.1}'");
    assert_int_equal(oc_test_start(t), OC_OK);
    expect_failure(t, OC_E_PERMANENT, "without end");
    assert_int_equal(oc_test_close(t), 0);
}

static void a_program_that_ends_without_an_answer_is_said(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "read -r l; exit 3");
    assert_int_equal(oc_test_start(t), OC_OK);
    expect_failure(t, OC_E_RETRY, "ended before it had answered");
    assert_int_equal(oc_test_close(t), 0);
}

static void a_program_that_listens_to_nothing_does_not_hold_the_call(void **state)
{
    (void)state;
    char *params = malloc(4 << 20);
    assert_non_null(params);
    memset(params, 'x', 4 << 20);
    const int head = sprintf(params, "{\"name\":\"add\",\"arguments\":{\"a\":\"");
    params[head] = 'x';
    memcpy(params + (4 << 20) - 5, "\"}}", 4);
    struct oc_test *t = open_text("sh", "sleep 600");
    oc_test_option(t, "timeout", "300ms");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, CALL, params, 5000), OC_E_TIMEOUT);
    assert_int_equal(oc_test_close(t), 0);
    free(params);
}

static void a_call_that_is_cancelled_ends_the_program(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "sleep 600");
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_cancel_after(t, 50);
    assert_int_equal(oc_test_call(t, CALL, ADD, 5000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(t) < 2000);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_program_that_ignores_its_end_is_killed(void **state)
{
    (void)state;
    struct oc_test *t = open_text(
        "sh", "trap '' TERM; while :; do read -r line && echo '{\"id\":1,\"result\":true}'; done");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, CALL, ADD, 5000), OC_OK);
    assert_int_equal(oc_test_close(t), 0);
}

/* The call answers before the host's deadline, and no second one hangs beside the first. */
static void a_program_that_does_not_even_end_when_killed_is_left(void **state)
{
    (void)state;
    struct oc_test *t = open_text("sh", "trap '' TERM; sleep 600");
    assert_int_equal(oc_test_start(t), OC_OK);
    stuck = true;
    assert_int_equal(oc_test_call(t, CALL, ADD, 500), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(t) < 500);
    expect_failure(t, OC_E_RETRY, "was killed and hangs in the kernel");
    stuck = false;
    assert_int_equal(oc_test_call(t, CALL, ADD, 500), OC_E_TIMEOUT); /* it was started again */
    assert_int_equal(oc_test_close(t), 0);
}

static void parameters_that_are_no_object_are_refused(void **state)
{
    (void)state;
    struct oc_test *t = open_text("python3", adder);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, CALL, "[]", 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_are_listed_and_called),
        cmocka_unit_test(an_error_of_the_program_is_told_and_the_program_goes_on),
        cmocka_unit_test(a_program_that_has_left_is_started_again),
        cmocka_unit_test(the_program_gets_only_the_variables_that_are_named),
        cmocka_unit_test(a_shell_script_will_do),
        cmocka_unit_test(a_program_that_is_not_there_is_a_wrong_configuration),
        cmocka_unit_test(a_command_has_to_be_given),
        cmocka_unit_test(a_program_without_an_answer_is_ended_in_time),
        cmocka_unit_test(a_line_without_an_end_is_no_answer),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(an_answer_that_is_too_long_is_refused),
        cmocka_unit_test(progress_without_end_is_ended),
        cmocka_unit_test(a_program_that_ends_without_an_answer_is_said),
        cmocka_unit_test(a_program_that_listens_to_nothing_does_not_hold_the_call),
        cmocka_unit_test(a_call_that_is_cancelled_ends_the_program),
        cmocka_unit_test(a_program_that_ignores_its_end_is_killed),
        cmocka_unit_test(a_program_that_does_not_even_end_when_killed_is_left),
        cmocka_unit_test(parameters_that_are_no_object_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
