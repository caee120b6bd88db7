/* What a hook says it reads, it is given, and nothing else. SPDX-License-Identifier: MIT */
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
    char heard[128];
    bool wanted; /* the labels */
};

static void put(struct fixture *f, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/escalate.lua", f->dir);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    oc_policies_reload(f->p);
}

static int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof *f);
    oc_log_set_level(-1);
    strcpy(f->dir, "/tmp/oc-reads-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->p = oc_policies_create(NULL, f->dir);
    f->q = oc_question_create(f->p, "escalate");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/escalate.lua", f->dir);
    unlink(path);
    rmdir(f->dir);
    oc_question_destroy(f->q);
    oc_policies_destroy(f->p);
    free(f);
    oc_time_fake(-1, -1);
    return 0;
}

static void say(struct oc_args *a, void *ctx)
{
    struct fixture *f = ctx;
    f->wanted = oc_args_wants(a, "labels");
    oc_args_object(a, 8);
    oc_args_set_str(a, "severity", "critical");
    oc_args_set_int(a, "step", 0);
    oc_args_key(a, "labels");
    oc_args_object(a, 1);
    oc_args_set_str(a, "mount", "/");
    oc_args_end(a);
    oc_args_end(a);
    oc_args_integer(a, 42);
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct fixture *f = ctx;
    (void)err;
    snprintf(f->heard, sizeof f->heard, "%s", oc_answer_get_str(answer, "reason", ""));
    return OC_OK;
}

static void assert_heard(struct fixture *f, const char *expected)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_question_ask(f->q, say, hear, f, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(f->heard, expected);
}

#define TELL                                                                                       \
    "function escalate(a, at)\n"                                                                   \
    "  local names = {}\n"                                                                         \
    "  for name in pairs(a) do names[#names + 1] = name end\n"                                     \
    "  return {reason = table.concat(names, ' ') .. ' ' .. at}\nend\n"

static void a_hook_that_says_nothing_is_given_all(void **state)
{
    struct fixture *f = *state;
    put(f, TELL);
    assert_heard(f, "labels severity step 42");
    assert_true(oc_question_reads(f->q, "labels"));
    assert_true(f->wanted);
}

static void a_hook_is_given_what_it_says_it_reads(void **state)
{
    struct fixture *f = *state;
    put(f, "reads_only = { escalate = { 'severity', 'told', 'at' } }\n" TELL);
    assert_heard(f, "severity 42");
    assert_true(oc_question_reads(f->q, "severity"));
    assert_true(oc_question_reads(f->q, "told"));
    assert_false(oc_question_reads(f->q, "labels"));
    assert_false(f->wanted);
}

static void what_is_said_of_another_hook_does_not_matter(void **state)
{
    struct fixture *f = *state;
    put(f, "reads_only = { route = { 'severity' } }\n" TELL);
    assert_heard(f, "labels severity step 42");
}

static void a_table_that_is_no_such_thing_is_the_policys_own(void **state)
{
    static const char *const tables[] = {"reads_only = { escalate = { 1 } }\n" TELL,
                                         "reads_only = { 'severity' }\n" TELL,
                                         "reads_only = { escalate = 'severity' }\n" TELL,
                                         "reads_only = 5\n" TELL, "reads_only = {}\n" TELL};
    struct fixture *f = *state;
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        oc_time_fake(1000000 + (int64_t)i, 1000 + (int64_t)i);
        put(f, tables[i]);
        assert_heard(f, "labels severity step 42");
    }
}

static void a_single_label_can_be_named(void **state)
{
    struct fixture *f = *state;
    put(f, "reads_only = { escalate = { 'labels.mount', 'labels.other' } }\n"
           "function escalate(a, at)\n"
           "  return {reason = a.labels.mount .. tostring(a.labels.other) .. tostring(at)}\nend\n");
    assert_heard(f, "/nilnil");
    assert_true(oc_question_reads(f->q, "labels"));
    put(f, "reads_only = { escalate = { 'labels.other' } }\n"
           "function escalate(a)\n"
           "  local n = 0\n  for _ in pairs(a.labels) do n = n + 1 end\n"
           "  return {reason = tostring(n)}\nend\n");
    assert_heard(f, "0");
}

static void reading_more_is_a_failure(void **state)
{
    static const char *const reads[] = {"a.step", "a.labels", "a.labels.mount", "a.severity.x"};
    struct fixture *f = *state;
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(reads); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "reads_only = { escalate = { 'severity'%s } }\n"
                 "function escalate(a) return {reason = tostring(%s)} end\n",
                 i == 2 ? ", 'labels.other'" : "", reads[i]);
        put(f, text);
        oc_error_init(&err);
        int rc = oc_question_ask(f->q, say, hear, f, &err);
        assert_int_equal(rc, i == 3 ? OC_OK : OC_E_PERMANENT);
        assert_true(i == 3 || strstr(err.message, "which reads_only does not name"));
    }
}

static void what_a_tree_looks_at_is_worked_out(void **state)
{
    struct fixture *f = *state;
    put(f, "tree = routing.tree { routes = { { matchers = { 'team=db', 'alertname!=x' }, routes = "
           "{ { matchers = { 'team=~\"d.*\"' } } } } } }\n"
           "function escalate() return {reason = table.concat(routing.reads(tree, {'at', 'rule'}), "
           "' ')} "
           "end\n");
    assert_heard(f, "labels.team team labels.alertname rule at");
}

static void it_holds_however_it_is_asked(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    json_t *args = json_pack("[{s:s, s:s}, i]", "severity", "info", "id", "aa", 7), *result;
    put(f, "reads_only = { escalate = { 'severity', 'at' } }\n" TELL);
    oc_error_init(&err);
    assert_int_equal(oc_policy_ask(f->p, "escalate", args, &result, NULL, &err), OC_OK);
    assert_string_equal(oc_json_str(result, "reason", ""), "severity 7");
    json_decref(result);
    json_decref(args);
}

static void inputs_are_kept_whole(void **state)
{
    struct fixture *f = *state;
    put(f, "reads_only = { escalate = { 'severity', 'at' } }\n" TELL);
    assert_false(oc_question_is_sampled(f->q));
    oc_policies_keep_inputs(f->p);
    assert_true(oc_question_is_sampled(f->q));
    assert_heard(f, "severity 42");
    assert_false(oc_question_is_sampled(f->q)); /* one in a while */
    assert_true(f->wanted);
    json_t *inputs = oc_policies_inputs(f->p, "escalate", 500);
    const json_t *kept = json_array_get(json_object_get(json_array_get(inputs, 0), "args"), 0);
    assert_string_equal(oc_json_str(json_object_get(kept, "labels"), "mount", ""), "/");
    json_decref(inputs);
}

static void the_shipped_one_is_asked_by_what_it_says(void **state)
{
    struct fixture *f = *state;
    assert_true(oc_question_reads(f->q, "occurrences"));
    assert_false(oc_question_reads(f->q, "id"));
    put(f, TELL);
    assert_true(oc_question_reads(f->q, "id"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_hook_that_says_nothing_is_given_all),
        T(a_hook_is_given_what_it_says_it_reads),
        T(what_is_said_of_another_hook_does_not_matter),
        T(a_table_that_is_no_such_thing_is_the_policys_own),
        T(a_single_label_can_be_named),
        T(reading_more_is_a_failure),
        T(what_a_tree_looks_at_is_worked_out),
        T(it_holds_however_it_is_asked),
        T(inputs_are_kept_whole),
        T(the_shipped_one_is_asked_by_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
