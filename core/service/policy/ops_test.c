/* The operation policy.test. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/vec.h"
#include "core/policy/inspect.h"
#include "core/service/policy/internal.h"
#include "core/sys/file.h"

#define SUFFIX    "_test.lua"
#define FILES_MAX 1000

struct test_params {
    struct oc_list files;
    const char *junit;
    int32_t tap, coverage;
};
#define AT(member) offsetof(struct test_params, member)
static const struct oc_option test_options[] = {
    {.name = "files",
     .type = OC_OPT_STRINGS,
     .choices = "file",
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(files),
     .help = "files of tests, or folders with files NAME_test.lua"},
    {.name = "tap",
     .type = OC_OPT_BOOL,
     .offset = AT(tap),
     .help = "print the Test Anything Protocol"},
    {.name = "junit",
     .type = OC_OPT_PATH,
     .offset = AT(junit),
     .help = "also write JUnit XML into this file"},
    {.name = "coverage",
     .type = OC_OPT_BOOL,
     .offset = AT(coverage),
     .help = "say which lines of the policy ran"},
    {0}};

struct test_run {
    struct oc_policy_service *service;
    const struct test_params *params;
    json_t *files; /* reports */
    struct oc_error error;
};

/* ---- which files ---- */

struct paths {
    OC_VEC(char *) list; /* owned */
};

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_folder(const char *folder, struct paths *paths, struct oc_error *err)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t before = paths->list.count;
    while (dir != NULL && (entry = readdir(dir)) != NULL && paths->list.count < FILES_MAX) {
        if (oc_ends(entry->d_name, SUFFIX)) {
            OC_VEC_PUSH(&paths->list, oc_path_join(folder, entry->d_name));
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (paths->list.count == before) {
        oc_error_set(err, OC_E_NOT_FOUND, "%s has no files NAME%s", folder, SUFFIX);
        return OC_E_NOT_FOUND;
    }
    qsort(paths->list.items + before, paths->list.count - before, sizeof(char *), compare_paths);
    return OC_OK;
}

static int find_files(const struct test_params *p, struct paths *paths, struct oc_error *err)
{
    int code = OC_OK;
    for (size_t i = 0; i < p->files.count && code == OC_OK; i++) {
        const char *path = ((const char *const *)p->files.items)[i];
        struct stat st;
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            code = list_folder(path, paths, err);
        } else {
            OC_VEC_PUSH(&paths->list, oc_strdup(path));
        }
    }
    return code;
}

/* ---- one file ---- */

/* "/x/route_test.lua" -> "route", or NULL. Caller owns. */
static char *subject_of(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    if (!oc_ends(name, SUFFIX)) {
        return NULL;
    }
    char *subject = oc_strndup(name, strlen(name) - strlen(SUFFIX));
    if (!oc_name_valid(subject)) {
        OC_FREE(subject);
    }
    return subject;
}

/* The file of the policy beside its tests is what is tested; without one it is what is in force. */
static int run_file(struct test_run *r, const char *path)
{
    struct oc_buf text = {0}, policy = {0};
    json_t *report = NULL;
    char *folder = oc_strndup(path, (size_t)(strrchr(path, '/') - path));
    char *subject = subject_of(path), *beside = NULL;
    struct oc_policy_suite suite = {.name = oc_policy_short_name(path),
                                    .folder = folder,
                                    .subject = subject,
                                    .coverage = r->params->coverage != 0};
    int code = oc_file_read(path, OC_POLICY_FILE_MAX, &text, &r->error);
    if (code == OC_OK && subject != NULL) {
        beside = oc_asprintf("%s/%s.lua", folder, subject);
        if (oc_file_exists(beside)) {
            code = oc_file_read(beside, OC_POLICY_FILE_MAX, &policy, &r->error);
            suite.subject_text = policy.data != NULL ? policy.data : "";
            suite.subject_len = policy.len;
        }
    }
    if (code == OC_OK) {
        suite.text = text.data != NULL ? text.data : "";
        suite.len = text.len;
        code = oc_policies_run_tests(r->service->env->policies, &suite, &report, &r->error);
    }
    if (code == OC_OK) {
        json_array_append_new(r->files, report);
    }
    oc_buf_finish(&text);
    oc_buf_finish(&policy);
    free(folder);
    free(subject);
    free(beside);
    return code;
}

/* ---- all of them ---- */

static json_t *result_of(const struct test_run *r)
{
    json_int_t tests = 0, failed = 0;
    size_t i, k;
    json_t *file, *test;
    json_array_foreach(r->files, i, file)
    {
        json_array_foreach(json_object_get(file, "tests"), k, test)
        {
            tests++;
            failed += !oc_json_bool(test, "ok", false);
        }
    }
    json_t *result = json_object();
    oc_json_set_bool(result, "ok", failed == 0);
    oc_json_set_int(result, "tests", tests);
    oc_json_set_int(result, "failed", failed);
    json_object_set(result, "files", r->files);
    if (r->params->tap) {
        char *tap = oc_policy_tap(r->files);
        oc_json_set_str(result, "tap", tap);
        free(tap);
    }
    return result;
}

static int write_junit(struct test_run *r)
{
    if (r->params->junit == NULL) {
        return OC_OK;
    }
    char *xml = oc_policy_junit(r->files);
    int code = oc_file_write(r->params->junit, xml, strlen(xml), 0644, &r->error);
    free(xml);
    return code;
}

static void op_test(struct oc_call *call, void *ctx)
{
    struct test_run r = {.service = ctx, .params = oc_call_params(call), .files = json_array()};
    struct paths paths = {0};
    oc_error_init(&r.error);
    int code = find_files(r.params, &paths, &r.error);
    for (size_t i = 0; i < paths.list.count && code == OC_OK; i++) {
        code = run_file(&r, paths.list.items[i]);
    }
    if (code == OC_OK) {
        code = write_junit(&r);
    }
    if (code == OC_OK) {
        oc_call_succeed(call, result_of(&r));
    } else {
        oc_call_fail(call, &r.error);
    }
    for (size_t i = 0; i < paths.list.count; i++) {
        free(paths.list.items[i]);
    }
    OC_VEC_FINISH(&paths.list);
    json_decref(r.files);
}

static const struct oc_op test_op = {
    .name = "policy.test",
    .summary = "Run tests of policies",
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE,
    .params = test_options,
    .params_size = sizeof(struct test_params),
    .view = "custom:policy_test",
    .description =
        "A file of tests sets `tests` to a list of { name = ..., hook = ..., args = { ... }, "
        "expect = ... }; `fails = true` in place of `expect` wants the hook to fail, `at` or `now` "
        "say the time, `steps` is a list of questions with `after = \"15m\"` between them, "
        "`fixture` names a JSON file with the arguments. NAME_test.lua tests the NAME.lua beside "
        "it, else what is in force. Every question is asked twice, and must be answered the same. "
        "The exit code is 1 when a test failed.",
    .example = "openclaw policy test policies --coverage",
    .result = "{ok: boolean, tests: integer, failed: integer, files: [{file: string, tests: "
              "[{name: string, ok: boolean, got: any, expected: any, message: string|null}], "
              "coverage?: {policy: string, file: string, lines: integer, executed: integer, "
              "missed: [integer]}}], tap?: string}",
    .handler = op_test,
};

void oc_policy_add_test_op(struct oc_policy_service *s)
{
    oc_ops_add(s->env->ops, &test_op, s);
}
