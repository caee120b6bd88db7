/* The views of governance: one proposal, and how governance is. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

static void put(const char *text, enum term_color color, bool use_color)
{
    oc_term_cell(stdout, text, 0, color, use_color);
}

static enum term_color color_of(const char *word)
{
    static const struct {
        const char *word;
        enum term_color color;
    } colors[] = {{"yes", TERM_GREEN},      {"no", TERM_RED},        {"approved", TERM_GREEN},
                  {"rejected", TERM_RED},   {"timed_out", TERM_RED}, {"vetoed", TERM_RED},
                  {"missing", TERM_YELLOW}, {"open", TERM_CYAN},     {"deadlocked", TERM_YELLOW},
                  {"deferred", TERM_YELLOW}};
    for (size_t i = 0; i < OC_COUNT(colors); i++) {
        if (strcmp(colors[i].word, word) == 0) {
            return colors[i].color;
        }
    }
    return TERM_PLAIN;
}

static char *time_text(const json_t *value)
{
    return oc_value_text(value, CLI_UNIT_NONE);
}

static void line(const char *title, const char *text)
{
    if (text && *text) {
        printf("%-14s", title);
        put(text, TERM_PLAIN, false);
        fputc('\n', stdout);
    }
}

/* ---- one proposal ---- */

static void show_head(const struct cli_show *s, const json_t *p)
{
    char left[32] = "", *deadline = time_text(json_object_get(p, "deadline"));
    const int64_t ms = oc_json_int(p, "left_ms", -1);
    const char *status = oc_json_str(p, "status", ""), *stage = oc_json_str(p, "stage", "");
    put(oc_json_str(p, "id", ""), TERM_BOLD, s->cli->color);
    fputs("  ", stdout);
    put(oc_json_str(p, "title", ""), TERM_PLAIN, false);
    fputc('\n', stdout);
    printf("%-14s", "status");
    put(status, color_of(status), s->cli->color);
    if (strcmp(stage, "closed") != 0) {
        char *until = time_text(json_object_get(p, "stage_until"));
        fputs(", stage ", stdout);
        put(stage, TERM_PLAIN, false);
        if (json_is_string(json_object_get(p, "stage_until"))) {
            fputs(" until ", stdout);
            put(until, TERM_PLAIN, false);
        }
        free(until);
    }
    if (*oc_json_str(p, "reason", "")) {
        fputs(": ", stdout);
        put(oc_json_str(p, "reason", ""), TERM_PLAIN, false);
    }
    fputc('\n', stdout);
    line("category", oc_json_str(p, "category", ""));
    line("submitter", oc_json_str(p, "submitter", ""));
    if (ms >= 0) {
        char *text = oc_asprintf("%s, %s left", deadline, oc_duration_human(ms, left, sizeof left));
        line("deadline", text);
        free(text);
    }
    free(deadline);
    if (oc_json_int(p, "cycle", 1) > 1) {
        char *text = oc_asprintf("%lld: votes of an earlier cycle do not count",
                                 (long long)oc_json_int(p, "cycle", 1));
        line("cycle", text);
        free(text);
    }
    line("count", oc_json_str(p, "tally_text", ""));
    line("ratification", oc_json_str(p, "ratification_text", ""));
}

static void show_texts(const json_t *p)
{
    static const struct {
        const char *key, *title;
    } texts[] = {{"description", "what"},
                 {"justification", "why"},
                 {"impact_assessment", "impact"},
                 {"rollback_plan", "rollback"}};
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        line(texts[i].title, oc_json_str(p, texts[i].key, ""));
    }
}

static void show_voters(const struct cli_show *s, const json_t *p)
{
    static const char *const titles[] = {"Member", "Vote", "At", "Entry", "Reason"};
    struct term_table table = {.columns = OC_COUNT(titles), .titles = titles};
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(p, "voters"), i, row)
    {
        const int64_t index = oc_json_int(row, "index", -1);
        oc_table_add(&table, oc_strdup(oc_json_str(row, "member", "")));
        oc_table_add(&table,
                     oc_asprintf("%s%s", oc_json_str(row, "vote", ""),
                                 oc_json_bool(row, "delegated", false) ? " (delegated)" : ""));
        oc_table_add(&table, time_text(json_object_get(row, "at")));
        oc_table_add(&table, index >= 0 ? oc_asprintf("%lld", (long long)index) : oc_strdup(""));
        oc_table_add(&table, oc_strdup(oc_json_str(row, "reason", "")));
    }
    if (table.count) {
        fputc('\n', stdout);
        oc_table_print(&table, stdout, s->cli->width, s->cli->color);
    }
    oc_table_finish(&table);
}

/* "review of examiner: approve", "veto of steward: security_violation_detected, the plugin opens a port" */
static void show_words(const json_t *list, const char *what)
{
    const json_t *row;
    size_t i;
    json_array_foreach(list, i, row)
    {
        const char *kind = what ? what : oc_json_str(row, "kind", "");
        const char *text = oc_json_str(row, "text", ""), *word = oc_json_str(row, "word", "");
        char *said = oc_asprintf("%s of %s%s%s%s%s", kind, oc_json_str(row, "member", ""),
                                 *word ? ": " : "", word, *text ? ", " : "", text);
        put(said, TERM_PLAIN, false);
        fputc('\n', stdout);
        free(said);
    }
}

static void show_veto(const json_t *p)
{
    const json_t *until = json_object_get(p, "veto_until");
    if (json_is_string(until)) {
        char *text = time_text(until);
        printf("the veto can be overridden until %s\n", text);
        free(text);
    }
}

static void show_missing(const struct cli_show *s, const json_t *p)
{
    const json_t *list = json_object_get(p, "missing");
    if (json_array_size(list) && strcmp(oc_json_str(p, "stage", ""), "closed") != 0) {
        char *text = oc_value_text(list, CLI_UNIT_NONE);
        fputs("\nmissing: ", stdout);
        put(text, TERM_YELLOW, s->cli->color);
        fputc('\n', stdout);
        free(text);
    }
}

static bool is_long(const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    return strchr(text, '\n') != NULL;
}

/* A text of several lines, such as a policy: whoever votes reads it line by line. */
static void show_long(const json_t *params)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)params, key, value)
    {
        const char *at = is_long(value) ? json_string_value(value) : "";
        if (*at) {
            oc_term_printf(stdout, "\n%s:\n", key);
        }
        while (*at) {
            const size_t len = strcspn(at, "\n");
            char *row = oc_asprintf("%.*s", (int)len, at);
            fputs("  | ", stdout);
            put(row, TERM_PLAIN, false);
            fputc('\n', stdout);
            free(row);
            at += at[len] ? len + 1 : len;
        }
    }
}

/* The parameters on one line; long texts follow. */
static char *short_params(const json_t *params)
{
    json_t *brief = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)params, key, value)
    {
        oc_json_take(brief, key, is_long(value) ? json_string("(below)") : json_incref(value));
    }
    char *text = oc_json_text(brief);
    json_decref(brief);
    return text;
}

static void show_execution(const json_t *p)
{
    const json_t *op = json_object_get(p, "op"), *x = json_object_get(p, "execution");
    if (op) {
        char *params = short_params(json_object_get(op, "params"));
        char *text = oc_asprintf("%s %s, as %s", oc_json_str(op, "name", ""), params,
                                 oc_json_str(op, "actor", ""));
        fputc('\n', stdout);
        line("operation", text);
        show_long(json_object_get(op, "params"));
        free(text);
        free(params);
    }
    if (x) {
        const char *message = oc_json_str(x, "message", "");
        char *text =
            oc_asprintf("%s%s%s", oc_json_str(x, "status", ""), *message ? ": " : "", message);
        line("execution", text);
        line("", oc_json_str(x, "hint", ""));
        free(text);
    }
}

/* What would be done, as it was planned when it was asked for. */
static void show_planned(const struct cli_show *s, const json_t *p)
{
    const json_t *plan = json_object_get(p, "plan");
    if (json_is_object(plan)) {
        const json_t *changes = json_object_get(plan, "changes");
        fputc('\n', stdout);
        line("plan", oc_json_str(plan, "plan", ""));
        if (changes) {
            puts("what would change, as it was when it was asked for:");
            oc_view_changes_show(s->cli, changes);
        }
        if (json_object_get(plan, "steps") || json_object_get(plan, "actions")) {
            oc_view_plan_show(s->cli, plan, stdout);
        }
        if (oc_json_bool(plan, "shortened", false)) {
            line("", "It is too long to be shown whole: --dry-run of the operation shows it.");
        }
    }
}

static void show_comments(const json_t *p)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(p, "comments"), i, row)
    {
        fputs(i ? "" : "\n", stdout);
        put(oc_json_str(row, "by", ""), TERM_PLAIN, false);
        fputs(": ", stdout);
        put(oc_json_str(row, "text", ""), TERM_PLAIN, false);
        fputc('\n', stdout);
    }
}

static void show(const struct cli_show *s, const json_t *p)
{
    show_head(s, p);
    show_texts(p);
    show_voters(s, p);
    show_words(json_object_get(p, "signatures"), NULL);
    show_words(json_object_get(p, "vetoes"), "veto");
    show_words(json_object_get(p, "overrides"), "override");
    show_veto(p);
    show_words(json_object_get(p, "ratifications"), "ratification");
    show_missing(s, p);
    show_planned(s, p);
    show_execution(p);
    show_comments(p);
}

const struct cli_view oc_view_governance = {.name = "governance", .show = show};

/* ---- how governance is ---- */

static void show_members(const struct cli_show *s, const json_t *members)
{
    static const char *const titles[] = {"Member", "Roles", "Key", "Heard", "Reachable"};
    struct term_table table = {.columns = OC_COUNT(titles), .titles = titles};
    const json_t *row;
    size_t i;
    json_array_foreach(members, i, row)
    {
        char since[32];
        oc_table_add(&table, oc_strdup(oc_json_str(row, "member", "")));
        oc_table_add(&table, oc_value_text(json_object_get(row, "roles"), CLI_UNIT_NONE));
        oc_table_add(&table, oc_strdup(oc_json_str(row, "key", "none")));
        oc_table_add(&table,
                     oc_strdup(oc_value_age(oc_json_str(row, "heard", ""), since, sizeof since)));
        oc_table_add(&table, oc_strdup(oc_json_bool(row, "reachable", true) ? "yes" : "no"));
    }
    oc_table_print(&table, stdout, s->cli->width, s->cli->color);
    oc_table_finish(&table);
}

static void show_delegations(const json_t *list)
{
    const json_t *row;
    size_t i;
    json_array_foreach(list, i, row)
    {
        char *until = time_text(json_object_get(row, "until"));
        char *text =
            oc_asprintf("%s speaks for %s (%s) until %s", oc_json_str(row, "to", ""),
                        oc_json_str(row, "member", ""), oc_json_str(row, "scope", ""), until);
        fputs(i ? "" : "\n", stdout);
        put(text, TERM_PLAIN, false);
        fputc('\n', stdout);
        free(text);
        free(until);
    }
}

static void show_status(const struct cli_show *s, const json_t *o)
{
    const bool ready = oc_json_bool(o, "ready", false);
    const json_t *e = json_object_get(o, "emergency");
    put(ready ? "ready" : "not ready", ready ? TERM_GREEN : TERM_YELLOW, s->cli->color);
    if (!ready) {
        fputs(": ", stdout);
        put(oc_json_str(o, "why", ""), TERM_PLAIN, false);
    }
    oc_term_printf(stdout, ", %s mode\n", oc_json_str(o, "mode", ""));
    if (json_is_object(e)) {
        char left[32];
        const int64_t ms = oc_json_int(e, "until", 0) - oc_time_wall();
        put("emergency", TERM_RED, s->cli->color);
        oc_term_printf(stdout, ": %s, %s left\n", oc_json_str(e, "word", ""),
                       oc_duration_human(ms > 0 ? ms : 0, left, sizeof left));
    }
    printf("%lld open, %lld executing, %lld provisional, %lld to be reviewed\n\n",
           (long long)oc_json_int(o, "open", 0), (long long)oc_json_int(o, "executing", 0),
           (long long)oc_json_int(o, "provisional", 0),
           (long long)oc_json_int(o, "reviews_due", 0));
    show_members(s, json_object_get(o, "members"));
    show_delegations(json_object_get(o, "delegations"));
    if (oc_json_str(o, "state", NULL)) {
        int64_t entries = oc_json_int(o, "covers", -1) + 1;
        oc_term_printf(stdout, "\nstate %s, %lld entr%s\n", oc_json_str(o, "state", ""),
                       (long long)entries, entries == 1 ? "y" : "ies");
    }
}

const struct cli_view oc_view_governance_status = {.name = "governance_status",
                                                   .show = show_status};
