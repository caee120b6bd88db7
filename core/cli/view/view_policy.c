/* The views of policies: hooks, tests, differences. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

#define ARGS_WIDTH 400 /* columns of an input that are shown */

/* Text of an answer: compact JSON. */
static void cell_json(const struct cli_show *s, const json_t *value, enum term_color color)
{
    char *text = oc_json_text(value);
    oc_term_cell(stdout, text, 0, color, s->cli->color);
    free(text);
}

/* ---- policy.hooks ---- */

static void show_hook(const struct cli_show *s, const json_t *hook)
{
    static const char *const LINES[][2] = {{"asked", "asked"},
                                           {"returns", "returns"},
                                           {"meaning", "meaning"},
                                           {"otherwise", "otherwise"}};
    size_t i;
    json_t *arg;
    oc_term_cell(stdout, oc_json_str(hook, "signature", ""), 0, TERM_BOLD, s->cli->color);
    oc_term_printf(stdout, "\n  %s\n", oc_json_str(hook, "summary", ""));
    json_array_foreach(json_object_get(hook, "args"), i, arg)
    {
        oc_term_printf(stdout, "  %-10s %s\n  %-10s %s\n", oc_json_str(arg, "name", ""),
                       oc_json_str(arg, "shape", ""), "", oc_json_str(arg, "help", ""));
    }
    for (i = 0; i < OC_COUNT(LINES); i++) {
        oc_term_printf(stdout, "  %-10s %s\n", LINES[i][0], oc_json_str(hook, LINES[i][1], ""));
    }
}

static void show_hooks(const struct cli_show *s, const json_t *data)
{
    size_t i;
    json_t *hook;
    if (json_array_size(data) > 1) {
        oc_view_table(s, "signature=Hook,summary=Question,asked=Asked", data);
        return;
    }
    json_array_foreach((json_t *)data, i, hook)
    {
        show_hook(s, hook);
    }
}

static void hooks_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "hook,signature,returns,meaning,otherwise", data);
}

const struct cli_view oc_view_policy_hooks = {"policy_hooks", show_hooks, NULL,
                                              hooks_csv,      NULL,       NULL};

/* ---- policy.test ---- */

static void show_failure(const struct cli_show *s, const json_t *test)
{
    const char *message = oc_json_str(test, "message", "");
    if (message[0] != '\0') {
        oc_term_printf(stdout, "       %s\n", message);
    }
    if (message[0] != '\0' && json_is_null(json_object_get(test, "expected")) &&
        json_is_null(json_object_get(test, "got"))) {
        return; /* nothing was asked */
    }
    fputs("       expected ", stdout);
    cell_json(s, json_object_get(test, "expected"), TERM_PLAIN);
    fputs("\n       got      ", stdout);
    cell_json(s, json_object_get(test, "got"), TERM_PLAIN);
    fputc('\n', stdout);
}

static void show_coverage(const json_t *coverage)
{
    size_t i;
    json_t *line;
    const json_t *missed = json_object_get(coverage, "missed");
    if (coverage == NULL) {
        return;
    }
    oc_term_printf(stdout, "  lines of %s: %lld of %lld ran", oc_json_str(coverage, "file", ""),
                   (long long)oc_json_int(coverage, "executed", 0),
                   (long long)oc_json_int(coverage, "lines", 0));
    json_array_foreach((json_t *)missed, i, line)
    {
        printf("%s%lld", i == 0 ? "; not " : ", ", (long long)json_integer_value(line));
    }
    fputc('\n', stdout);
}

static void show_file(const struct cli_show *s, const json_t *file)
{
    size_t i;
    json_t *test;
    oc_term_cell(stdout, oc_json_str(file, "file", ""), 0, TERM_BOLD, s->cli->color);
    fputc('\n', stdout);
    json_array_foreach(json_object_get(file, "tests"), i, test)
    {
        const bool ok = oc_json_bool(test, "ok", false);
        fputs("  ", stdout);
        oc_term_cell(stdout, ok ? "ok" : "failed", 7, ok ? TERM_GREEN : TERM_RED, s->cli->color);
        oc_term_cell(stdout, oc_json_str(test, "name", ""), 0, TERM_PLAIN, false);
        fputc('\n', stdout);
        if (!ok) {
            show_failure(s, test);
        }
    }
    show_coverage(json_object_get(file, "coverage"));
}

static void show_tests(const struct cli_show *s, const json_t *data)
{
    size_t i;
    json_t *file;
    const char *tap = oc_json_str(data, "tap", NULL);
    if (tap != NULL) {
        oc_show_text(s->cli, tap);
        return;
    }
    json_array_foreach(json_object_get(data, "files"), i, file)
    {
        show_file(s, file);
    }
    long long tests = (long long)oc_json_int(data, "tests", 0),
              failed = (long long)oc_json_int(data, "failed", 0);
    if (failed > 0) {
        printf("%lld of %lld tests failed\n", failed, tests);
    } else {
        printf("%lld test%s passed\n", tests, tests == 1 ? "" : "s");
    }
}

static int tests_exit(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return oc_json_bool(data, "ok", false) ? 0 : 1;
}

const struct cli_view oc_view_policy_test = {"policy_test", show_tests, NULL,
                                             NULL,          tests_exit, NULL};

/* ---- policy.diff ---- */

static void show_difference(const struct cli_show *s, const json_t *row)
{
    char *args = oc_json_text(json_object_get(row, "args"));
    oc_term_printf(stdout, "\n%s  %s ", oc_json_str(row, "at", ""), oc_json_str(row, "hook", ""));
    oc_term_cell(stdout, args, oc_term_width(args) > ARGS_WIDTH ? ARGS_WIDTH : 0, TERM_PLAIN,
                 false);
    fputc('\n', stdout);
    free(args);
    fputs("- ", stdout);
    cell_json(s, json_object_get(row, "before"), TERM_RED);
    fputs("\n+ ", stdout);
    cell_json(s, json_object_get(row, "after"), TERM_GREEN);
    fputc('\n', stdout);
}

static void show_diff(const struct cli_show *s, const json_t *data)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(data, "hooks"), i, row)
    {
        oc_term_printf(stdout, "%s: %lld of %lld inputs would be answered otherwise\n",
                       oc_json_str(row, "hook", ""), (long long)oc_json_int(row, "differ", 0),
                       (long long)oc_json_int(row, "inputs", 0));
    }
    json_array_foreach(json_object_get(data, "differences"), i, row)
    {
        show_difference(s, row);
    }
}

const struct cli_view oc_view_policy_diff = {"policy_diff", show_diff, NULL, NULL, NULL, NULL};
