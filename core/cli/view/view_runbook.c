/* The views of runbooks: what one is, its plan, its steps as they go, and what became of them. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

static enum term_color color_of(const char *state)
{
    static const struct {
        const char *state;
        enum term_color color;
    } colors[] = {{"done", TERM_GREEN},      {"failed", TERM_RED},
                  {"unknown", TERM_RED},     {"undone", TERM_YELLOW},
                  {"undo_failed", TERM_RED}, {"waiting", TERM_YELLOW},
                  {"running", TERM_CYAN},    {"undoing", TERM_YELLOW},
                  {"aborted", TERM_YELLOW},  {"interrupted", TERM_YELLOW},
                  {"critical", TERM_RED},    {"warning", TERM_YELLOW},
                  {"ok", TERM_GREEN}};
    for (size_t i = 0; i < OC_COUNT(colors); i++) {
        if (strcmp(colors[i].state, state) == 0) {
            return colors[i].color;
        }
    }
    return TERM_DIM;
}

static void put(FILE *out, const char *text, size_t width, enum term_color color, bool use_color)
{
    oc_term_cell(out, text, width, color, use_color);
}

static size_t widest(const json_t *rows, const char *key)
{
    const json_t *row;
    size_t i, width = 0;
    json_array_foreach(rows, i, row)
    {
        size_t w = oc_term_width(oc_json_str(row, key, ""));
        width = w > width ? w : width;
    }
    return width;
}

/* "warning  redis does not answer", and what to do about it below. */
static void show_findings(const json_t *findings, FILE *out, bool color)
{
    const json_t *f;
    size_t i;
    if (json_array_size(findings)) {
        fputs("findings\n", out);
    }
    json_array_foreach(findings, i, f)
    {
        const char *severity = oc_json_str(f, "severity", "info");
        fputs("  ", out);
        put(out, severity, 8, color_of(severity), color);
        fputs("  ", out);
        put(out, oc_json_str(f, "finding", ""), 0, TERM_PLAIN, false);
        fputc('\n', out);
        if (*oc_json_str(f, "remedy", "")) {
            fputs("            ", out);
            put(out, oc_json_str(f, "remedy", ""), 0, TERM_DIM, color);
            fputc('\n', out);
        }
    }
}

/* ---- a plan ---- */

static void show_params(const json_t *params, FILE *out)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)params, key, value)
    {
        char *text =
            json_is_string(value) ? oc_strdup(json_string_value(value)) : oc_json_text(value);
        oc_term_printf(out, " %s=", key);
        put(out, text, 0, TERM_PLAIN, false);
        free(text);
    }
}

static void show_check(const char *what, const json_t *call, FILE *out, bool color)
{
    if (call) {
        fputs("       ", out);
        put(out, what, 7, TERM_DIM, color);
        oc_term_printf(out, " %s", oc_json_str(call, "op", ""));
        show_params(json_object_get(call, "params"), out);
        if (*oc_json_str(call, "expecting", "")) {
            fputs(": ", out);
            put(out, oc_json_str(call, "expecting", ""), 0, TERM_PLAIN, false);
        }
        fputc('\n', out);
    }
}

static void show_wait(int64_t ms, FILE *out, bool color)
{
    char text[32];
    if (ms > 0) {
        oc_duration_human(ms, text, sizeof text);
        fputs("       ", out);
        put(out, "waits", 7, TERM_DIM, color);
        fprintf(out, " %s\n", text);
    }
}

static void show_plan_step(const json_t *step, size_t number, FILE *out, bool color)
{
    const json_t *confirm = json_object_get(step, "confirm");
    fprintf(out, "  %3zu. ", number);
    put(out, oc_json_str(step, "title", ""), 0, TERM_BOLD, color);
    if (json_object_get(step, "parallel")) {
        put(out, " (together)", 0, TERM_DIM, color);
    }
    if (json_is_true(confirm)) {
        put(out, " !", 0, TERM_YELLOW, color);
    }
    fputs("\n       ", out);
    put(out, "does", 7, TERM_DIM, color);
    oc_term_printf(out, " %s", oc_json_str(step, "op", ""));
    show_params(json_object_get(step, "params"), out);
    fputc('\n', out);
    show_check("unless", json_object_get(step, "unless"), out, color);
    show_check("before", json_object_get(step, "check_before"), out, color);
    show_wait(oc_json_int(step, "wait_ms", 0), out, color);
    show_check("after", json_object_get(step, "check_after"), out, color);
    show_check("undo", json_object_get(step, "undo"), out, color);
    if (json_is_string(confirm)) {
        oc_term_printf(out, "       asks for --confirm '%s'\n", json_string_value(confirm));
    }
    if (!oc_json_bool(step, "available", true)) {
        fputs("       ", out);
        put(out, "not available on this host", 0, TERM_RED, color);
        oc_term_printf(out, " (operation %s)%s\n", oc_json_str(step, "missing", ""),
                       oc_json_bool(step, "optional", false) ? ", left out" : "");
    }
}

void oc_view_runbook_plan(const struct cli *cli, const json_t *plan, FILE *out)
{
    bool color = out == stderr ? cli->color_err : cli->color;
    const json_t *steps = json_object_get(plan, "steps"), *step, *warning;
    size_t i;
    put(out, oc_json_str(plan, "runbook", ""), 0, TERM_BOLD, color);
    oc_term_printf(out, ": %s (%s)\n", oc_json_str(plan, "title", ""),
                   oc_json_str(plan, "severity", ""));
    json_array_foreach(steps, i, step)
    {
        show_plan_step(step, i + 1, out, color);
    }
    if (!json_array_size(steps)) {
        fputs("  nothing is to be done\n", out);
    }
    show_findings(json_object_get(plan, "findings"), out, color);
    json_array_foreach(json_object_get(plan, "warnings"), i, warning)
    {
        put(out, "warning: ", 0, TERM_YELLOW, color);
        put(out, json_is_string(warning) ? json_string_value(warning) : "", 0, TERM_PLAIN, false);
        fputc('\n', out);
    }
    oc_term_printf(out, "plan %s\n", oc_json_str(plan, "plan", ""));
}

/* ---- a run ---- */

/* "4s 142ms"; "" of a step that has not ended. */
static char *took_text(const json_t *step, char *buf, size_t size)
{
    *buf = '\0';
    if (json_is_integer(json_object_get(step, "took_ms"))) {
        oc_duration_human(oc_json_int(step, "took_ms", 0), buf, size);
    }
    return buf;
}

struct widths {
    size_t id, took;
};

static struct widths widths_of(const json_t *steps)
{
    struct widths w = {.id = widest(steps, "id")};
    const json_t *step;
    char took[32];
    size_t i;
    json_array_foreach(steps, i, step)
    {
        size_t len = strlen(took_text(step, took, sizeof took));
        w.took = len > w.took ? len : w.took;
    }
    return w;
}

static void show_step(const json_t *step, const struct widths *w, bool color)
{
    const char *state = oc_json_str(step, "state", "pending");
    char took[32];
    fputs("  ", stdout);
    put(stdout, state, 11, color_of(state), color);
    fputc(' ', stdout);
    put(stdout, oc_json_str(step, "id", ""), w->id, TERM_PLAIN, false);
    printf("  %-*s  ", (int)w->took, took_text(step, took, sizeof took));
    put(stdout, oc_json_str(step, "message", ""), 0, TERM_DIM, color);
    fputc('\n', stdout);
}

static void show_report(const struct cli *cli, const json_t *report)
{
    const json_t *steps = json_object_get(report, "steps"), *step;
    const char *state = oc_json_str(report, "state", "");
    const struct widths widths = widths_of(steps);
    char took[32];
    size_t i;
    took_text(report, took, sizeof took);
    put(stdout, oc_json_str(report, "runbook", ""), 0, TERM_BOLD, cli->color);
    fputs(": ", stdout);
    put(stdout, state, 0, color_of(state), cli->color);
    oc_term_printf(stdout, "%s%s (run %s)\n", *took ? " after " : "", took,
                   oc_json_str(report, "run", ""));
    json_array_foreach(steps, i, step)
    {
        show_step(step, &widths, cli->color);
    }
    show_findings(json_object_get(report, "findings"), stdout, cli->color);
    if (*oc_json_str(report, "message", "")) {
        put(stdout, oc_json_str(report, "message", ""), 0, TERM_PLAIN, false);
        fputc('\n', stdout);
    }
}

static void show(const struct cli_show *s, const json_t *data)
{
    show_report(s->cli, data);
}

/* The run that is watched, for when the daemon goes away meanwhile. */
static char watched[64];

/* Live, on stderr: the answer is the report. */
static void row(const struct cli_show *s, const json_t *data)
{
    const char *state = oc_json_str(data, "state", "");
    oc_copy(watched, sizeof watched, oc_json_str(data, "run", watched));
    if (s->cli->quiet) {
        return;
    }
    put(stderr, state, 8, color_of(state), s->cli->color_err);
    fputs("  ", stderr);
    put(stderr, oc_json_str(data, "title", ""), 0, TERM_PLAIN, false);
    if (*oc_json_str(data, "message", "")) {
        fputs(": ", stderr);
        put(stderr, oc_json_str(data, "message", ""), 0, TERM_DIM, s->cli->color_err);
    }
    fputc('\n', stderr);
}

/* A run that failed has a report, too. */
static int lost(const struct cli_show *s, const struct cli_answer *answer)
{
    if (answer->lost && *watched) {
        oc_term_printf(
            stderr,
            "run %s was under way: it goes on when the daemon is back; `openclaw runbook status "
            "%s` shows it\n",
            watched, watched);
    }
    if (json_object_get(answer->details, "steps") && !s->cli->json) {
        show_report(s->cli, answer->details);
    }
    return -1;
}

static int exit_code(const struct cli_show *s, const json_t *data)
{
    const char *state = oc_json_str(data, "state", "");
    return strcmp(s->op->name, "runbook.run") == 0 &&
                   (strcmp(state, "failed") == 0 || strcmp(state, "unknown") == 0)
               ? 1
               : 0;
}

static void csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "id,op,state,took_ms,message", json_object_get(data, "steps"));
}

const struct cli_view oc_view_runbook = {"runbook", show, row, csv, exit_code, lost};

/* ---- what a runbook is ---- */

static void show_param(const json_t *p, size_t width, const struct cli *cli)
{
    fputs("  ", stdout);
    put(stdout, oc_json_str(p, "name", ""), width, TERM_BOLD, cli->color);
    oc_term_printf(stdout, "  %s%s", oc_json_str(p, "type", "string"),
                   oc_json_bool(p, "required", false) ? ", required" : "");
    json_t *fallback = json_object_get(p, "default"), *choices = json_object_get(p, "choices");
    if (choices) {
        const json_t *choice;
        size_t i;
        fputs(":", stdout);
        json_array_foreach(choices, i, choice)
        {
            oc_term_printf(stdout, "%s %s", i ? "," : "",
                           json_is_string(choice) ? json_string_value(choice) : "");
        }
    }
    if (fallback) {
        char *text = oc_json_text(fallback);
        oc_term_printf(stdout, ", default %s", text);
        free(text);
    }
    oc_term_printf(stdout, "\n  %*s  %s\n", (int)width, "", oc_json_str(p, "help", ""));
}

static void show_book(const struct cli_show *s, const json_t *data)
{
    const json_t *params = json_object_get(data, "params"), *p;
    size_t i, width = widest(params, "name");
    put(stdout, oc_json_str(data, "name", ""), 0, TERM_BOLD, s->cli->color);
    oc_term_printf(stdout, ": %s (%s)\n", oc_json_str(data, "title", ""),
                   oc_json_str(data, "severity", ""));
    if (*oc_json_str(data, "error", "")) {
        oc_term_printf(stdout, "\n%s\n", oc_json_str(data, "error", ""));
    }
    if (*oc_json_str(data, "summary", "")) {
        oc_term_printf(stdout, "\n%s\n", oc_json_str(data, "summary", ""));
    }
    if (*oc_json_str(data, "description", "")) {
        oc_term_printf(stdout, "\n%s\n", oc_json_str(data, "description", ""));
    }
    if (json_array_size(params)) {
        puts("\nparameters");
    }
    json_array_foreach(params, i, p)
    {
        show_param(p, width, s->cli);
    }
    oc_term_printf(stdout, "\n%s\n", oc_json_str(data, "source", ""));
}

const struct cli_view oc_view_runbook_show = {"runbook_show", show_book, NULL, NULL, NULL, NULL};
