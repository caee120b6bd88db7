/* Finds the errors in the output of a build. SPDX-License-Identifier: MIT */
#include "core/package/author/diagnose.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

void oc_diagnose_init(struct oc_diagnose *d, const char *dir)
{
    *d = (struct oc_diagnose){.dir = dir, .findings = json_array(), .fraction = -1};
}

void oc_diagnose_finish(struct oc_diagnose *d)
{
    json_decref(d->findings);
    d->findings = NULL;
}

/* ---- findings ---- */

static void set_file(const struct oc_diagnose *d, json_t *finding, const char *file, size_t len)
{
    const size_t n = strlen(d->dir);
    if (len > n + 1 && strncmp(file, d->dir, n) == 0 && file[n] == '/') {
        file += n + 1;
        len -= n + 1;
    }
    char *name = oc_strndup(file, len);
    oc_json_set_str(finding, "file", name);
    free(name);
}

/* NULL when enough have been kept; errors are counted all the same. */
static json_t *add(struct oc_diagnose *d, const char *severity, const char *message)
{
    d->errors += strcmp(severity, "error") == 0;
    if (json_array_size(d->findings) >= OC_DIAGNOSE_MAX) {
        return NULL;
    }
    json_t *finding = json_object();
    oc_json_set_str(finding, "severity", severity);
    oc_json_set_str(finding, "message", message);
    json_array_append_new(d->findings, finding);
    return finding;
}

/* ":12:5" or ":12"; returns what follows, NULL when no number is there. */
static const char *read_place(const char *text, long *line, long *column)
{
    char *end;
    *line = *column = 0;
    if (text[0] != ':' || !isdigit((unsigned char)text[1])) {
        return NULL;
    }
    *line = strtol(text + 1, &end, 10);
    if (end[0] == ':' && isdigit((unsigned char)end[1])) {
        *column = strtol(end + 1, &end, 10);
    }
    return end;
}

static void set_place(json_t *finding, long line, long column)
{
    oc_json_set_int(finding, "line", line);
    if (column) {
        oc_json_set_int(finding, "column", column);
    }
}

/* ---- the tools ---- */

/* gcc and clang: "file:line[:column]: [fatal ]error: text" */
static bool read_compiler(struct oc_diagnose *d, const char *text)
{
    static const char *const marks[][2] = {
        {": error: ", "error"}, {": fatal error: ", "error"}, {": warning: ", "warning"}};
    for (size_t i = 0; i < OC_COUNT(marks); i++) {
        const char *mark = strstr(text, marks[i][0]);
        long line, column;
        for (const char *c = text; mark && c < mark; c++) {
            const char *end = read_place(c, &line, &column);
            if (end == mark && c > text) {
                json_t *finding = add(d, marks[i][1], mark + strlen(marks[i][0]));
                if (finding) {
                    set_file(d, finding, text, (size_t)(c - text));
                    set_place(finding, line, column);
                }
                return true;
            }
        }
    }
    return false;
}

/* ld: "x.c:(.text+0x1): undefined reference to `f'"; says no line, but which function. */
static bool read_linker(struct oc_diagnose *d, const char *text)
{
    const char *mark = strstr(text, "undefined reference to ");
    if (mark) {
        const char *at = strstr(text, ":(");
        json_t *finding = add(d, "error", mark);
        const char *from = text;
        for (const char *c = text; at && c < at; c++) {
            from = *c == ' ' ? c + 1 : from;
        }
        if (finding && at && at > from) {
            set_file(d, finding, from, (size_t)(at - from));
        }
    }
    return mark != NULL;
}

/* "CMake Error at CMakeLists.txt:3 (find_package):", the text on the lines below it. */
static bool read_cmake(struct oc_diagnose *d, const char *text)
{
    static const char head[] = "CMake Error at ";
    long line, column;
    if (!oc_starts(text, "CMake Error")) {
        return false;
    }
    json_t *finding = add(d, "error", oc_starts(text, "CMake Error: ") ? text + 13 : "");
    const char *at = oc_starts(text, head) ? text + strlen(head) : NULL;
    const char *colon = at ? strchr(at, ':') : NULL;
    if (finding && colon && read_place(colon, &line, &column)) {
        set_file(d, finding, at, (size_t)(colon - at));
        set_place(finding, line, column);
    }
    d->open = finding && !*oc_json_str(finding, "message", "") ? finding : NULL;
    d->place_next = false;
    return true;
}

/* "error[E0308]: text", then "   --> src/x.rs:3:5" */
static bool read_rust(struct oc_diagnose *d, const char *text)
{
    const bool error = oc_starts(text, "error: ") || oc_starts(text, "error[");
    const bool warning = oc_starts(text, "warning: ") && !strstr(text, "generated");
    const char *colon = strstr(text, ": ");
    if ((!error && !warning) || !colon || oc_starts(text, "error: aborting")) {
        return false;
    }
    d->open = add(d, error ? "error" : "warning", colon + 2);
    d->place_next = true;
    return true;
}

static void read_continuation(struct oc_diagnose *d, const char *text)
{
    const char *arrow = strstr(text, "--> ");
    const char *start = text + strspn(text, " ");
    long line, column;
    if (!d->place_next && *start) { /* the text of a CMake error */
        oc_json_set_str(d->open, "message", start);
        d->open = NULL;
    } else if (d->place_next && arrow) {
        const char *colon = strchr(arrow, ':');
        if (colon && read_place(colon, &line, &column)) {
            set_file(d, d->open, arrow + 4, (size_t)(colon - arrow - 4));
            set_place(d->open, line, column);
        }
        d->open = NULL;
    }
}

/* Ninja's "[3/7] .." and make's "[ 42%] ..". */
static void read_progress(struct oc_diagnose *d, const char *text)
{
    char *end;
    if (*text != '[') {
        return;
    }
    const long a = strtol(text + 1, &end, 10);
    if (*end == '%') {
        d->fraction = (double)a / 100;
    } else if (*end == '/') {
        const long b = strtol(end + 1, &end, 10);
        if (*end == ']' && b > 0) {
            d->fraction = (double)a / (double)b;
        }
    }
}

void oc_diagnose_line(struct oc_diagnose *d, const char *line)
{
    read_progress(d, line);
    if (read_compiler(d, line) || read_cmake(d, line) || read_rust(d, line) ||
        read_linker(d, line)) {
        return;
    }
    if (d->open) {
        read_continuation(d, line);
    }
}

/* ---- what was found ---- */

char *oc_diagnose_text(const json_t *finding)
{
    const char *file = oc_json_str(finding, "file", NULL);
    const int64_t line = oc_json_int(finding, "line", 0),
                  column = oc_json_int(finding, "column", 0);
    struct oc_buf text = {0};
    if (file) {
        oc_buf_adds(&text, file);
    }
    if (file && line) {
        oc_buf_addf(&text, ":%lld", (long long)line);
    }
    if (file && column) {
        oc_buf_addf(&text, ":%lld", (long long)column);
    }
    oc_buf_addf(&text, "%s%s: %s", file ? ": " : "", oc_json_str(finding, "severity", "error"),
                oc_json_str(finding, "message", ""));
    return oc_buf_take(&text);
}

const json_t *oc_diagnose_first(const struct oc_diagnose *d)
{
    const json_t *finding;
    size_t i;
    json_array_foreach(d->findings, i, finding)
    {
        if (strcmp(oc_json_str(finding, "severity", ""), "error") == 0) {
            return finding;
        }
    }
    return NULL;
}
