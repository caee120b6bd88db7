/* The verbs plugin.build and plugin.test. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/author.h"
#include "core/package/build.h"
#include "core/package/run.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

#define OUTPUT_MAX (64u << 10)

/* The folder that is meant; where the caller stands when nothing is said. Owned. */
static char *folder_of(const struct oc_work *w)
{
    return oc_path_expand(oc_json_str(w->params, "path", "."), NULL);
}

static json_t *describe(const char *built)
{
    json_t *result = json_object();
    struct oc_manifest *m = oc_manifest_load(built, NULL);
    oc_json_set_str(result, "name", m ? m->name : NULL);
    oc_json_set_str(result, "version", m ? m->version : NULL);
    oc_json_set_str(result, "kind", m ? m->kind : NULL);
    oc_json_set_str(result, "folder", built);
    oc_manifest_free(m);
    return result;
}

int oc_author_build(struct oc_work *w)
{
    char *dir = folder_of(w), *built = NULL;
    const int code = oc_build_folder(w, dir, &built);
    if (code == OC_OK) {
        oc_work_result(w, describe(built));
    }
    free(built);
    free(dir);
    return code;
}

/* ---- test ---- */

struct tests {
    struct oc_work *w;
    long passed, failed;
    struct oc_buf output; /* what the test programs said; bounded */
    struct oc_buf first;  /* the first assertion that failed, and where */
    bool placed;
};

/* cmocka: "[  ERROR   ] --- what", then "[   LINE   ] --- file:line: error: Failure!" */
static void note_failure(struct tests *t, const char *line)
{
    const char *text = strstr(line, "] --- ");
    if (text && strstr(line, "[  ERROR   ]") && !t->first.len) {
        oc_buf_adds(&t->first, text + 6);
    } else if (text && strstr(line, "[   LINE   ]") && t->first.len && !t->placed) {
        oc_buf_addf(&t->first, " at %.*s", (int)strcspn(text + 6, " ") - 1, text + 6);
        t->placed = true;
    }
}

/* ctest: "1/1 Test #1: plugin.x ....   Passed    0.01 sec" */
static void on_line(void *ctx, const char *line)
{
    struct tests *t = ctx;
    if (t->output.len + strlen(line) < OUTPUT_MAX) {
        oc_buf_addf(&t->output, "%s\n", line);
    }
    const char *test = strstr(line, " Test ");
    const bool verdict = test && strchr(test, '#') && strstr(line, " sec");
    if (verdict) {
        const bool passed = strstr(line, " Passed ") != NULL;
        t->passed += passed;
        t->failed += !passed;
        oc_work_progress(t->w, -1, line);
    }
    note_failure(t, line);
}

static int judge(struct oc_work *w, struct tests *t, const char *dir, int status)
{
    if (status == 0 && t->passed > 0) {
        return OC_OK;
    }
    if (t->passed + t->failed == 0) {
        oc_error_set(&w->err, OC_E_NOT_FOUND, "%s has no tests", dir);
        oc_error_hint(&w->err, "A file test_<name>.c beside the plugin becomes one.");
        return oc_work_reason(w, "tests-missing");
    }
    oc_error_set(&w->err, OC_E_PERMANENT, "%ld of %ld test programs failed%s%s", t->failed,
                 t->failed + t->passed, t->first.len ? ": " : "",
                 t->first.len ? t->first.data : "");
    oc_error_hint(&w->err, "`ctest --test-dir %s/build --output-on-failure` shows all of it.", dir);
    oc_work_detail(w, "output", json_string(t->output.data ? t->output.data : ""));
    return oc_work_reason(w, "tests-failed");
}

static int run_tests(struct oc_work *w, const char *dir, struct tests *t)
{
    char *build = oc_path_join(dir, "build");
    const char *const argv[] = {"ctest", "--test-dir", build, "--output-on-failure", NULL};
    const struct oc_run run = {.argv = argv, .on_line = on_line, .ctx = t};
    struct oc_run_end end;
    int code = oc_run(&run, &end, &w->err);
    if (code == OC_OK) {
        code = judge(w, t, dir, end.status);
    }
    free(build);
    return code;
}

int oc_author_test(struct oc_work *w)
{
    char *dir = folder_of(w), *built = NULL;
    struct tests t = {.w = w};
    int code = oc_build_tests(w, dir, &built);
    if (code == OC_OK) {
        code = run_tests(w, dir, &t);
    }
    if (code == OC_OK) {
        json_t *result = describe(built);
        oc_json_set_int(result, "passed", t.passed);
        oc_json_set_int(result, "failed", t.failed);
        oc_work_result(w, result);
    }
    oc_buf_finish(&t.output);
    oc_buf_finish(&t.first);
    free(built);
    free(dir);
    return code;
}
