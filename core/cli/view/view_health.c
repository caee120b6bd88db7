/* The views of health: the table of checks, and what makes it a Nagios check.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

enum { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

/* The gravest first. */
enum { CRITICAL, UNREACHABLE, UNKNOWN, WARNING, PENDING, WELL, STATES };
static const char *const states[STATES] = {"critical", "unreachable", "unknown",
                                           "warning",  "pending",     "ok"};

static size_t gravity(const json_t *check)
{
    const char *state = oc_json_str(check, "state", "unknown");
    for (size_t i = 0; i < STATES; i++) {
        if (strcmp(states[i], state) == 0) {
            return i;
        }
    }
    return UNKNOWN;
}

struct tally {
    size_t total, by[STATES];
};

static struct tally count(const json_t *snapshot)
{
    const json_t *checks = json_object_get(snapshot, "checks"), *check;
    const json_t *counts = checks ? NULL : oc_json_path(snapshot, "summary.checks");
    struct tally n = {0};
    size_t i;
    json_array_foreach(checks, i, check)
    {
        n.by[gravity(check)]++;
        n.total++;
    }
    for (i = 0; i < STATES && counts; i++) {
        n.by[i] = (size_t)oc_json_int(counts, states[i], 0);
        n.total += n.by[i];
    }
    return n;
}

/* ---- the exit code ---- */

/* The overall status counts alerts, the checks what is seen now: the graver of them decides. */
int oc_view_health_exit(const json_t *snapshot, bool some)
{
    struct tally n = count(snapshot);
    const json_t *summary = some ? NULL : json_object_get(snapshot, "summary");
    const char *overall = oc_json_str(summary, "overallStatus", "");
    if (n.by[CRITICAL] || n.by[UNREACHABLE] || strcmp(overall, "critical") == 0) {
        return NAGIOS_CRITICAL;
    }
    if (n.by[WARNING] || strcmp(overall, "warning") == 0) {
        return NAGIOS_WARNING;
    }
    if (n.by[UNKNOWN] || (n.total ? n.by[PENDING] == n.total : some)) {
        return NAGIOS_UNKNOWN;
    }
    return strcmp(overall, "degraded") == 0 ? NAGIOS_WARNING : NAGIOS_OK;
}

static bool names_some(const struct cli_show *s)
{
    return s->params && json_object_get(s->params, "service");
}

static int exit_code(const struct cli_show *s, const json_t *data)
{
    return oc_view_health_exit(data, names_some(s));
}

/* ---- the first line ---- */

static void add_share(struct oc_buf *out, size_t some, size_t total, const char *what)
{
    if (some && out->len) {
        oc_buf_addf(out, ", %zu %s", some, what);
    } else if (some) {
        oc_buf_addf(out, "%zu of %zu services %s %s", some, total, some == 1 ? "is" : "are", what);
    }
}

static char *summary_text(const struct tally *n, const json_t *snapshot)
{
    struct oc_buf out = {0};
    const json_t *summary = json_object_get(snapshot, "summary");
    int64_t critical = oc_json_int(summary, "criticalAlerts", 0);
    int64_t warning = oc_json_int(summary, "warningAlerts", 0);
    for (size_t i = 0; i < WELL; i++) {
        add_share(&out, n->by[i], n->total, states[i]);
    }
    if (!n->total) {
        oc_buf_adds(&out, "no service is watched");
    } else if (n->by[WELL] == n->total) {
        oc_buf_addf(&out, n->total == 1 ? "the service is ok" : "all %zu services are ok",
                    n->total);
    }
    if (critical + warning > 0) {
        oc_buf_addf(&out, "; alerts: %lld critical, %lld warning", (long long)critical,
                    (long long)warning);
    }
    return oc_buf_take(&out);
}

static char *single_text(const json_t *check)
{
    const char *output = oc_json_str(check, "output", "");
    return oc_asprintf("%s is %s%s%s", oc_json_str(check, "service", ""),
                       oc_json_str(check, "state", "unknown"), *output ? ": " : "", output);
}

static void print_usage(const json_t *summary, const char *key, const char *name)
{
    double value = oc_json_num(summary, key, -1);
    if (value >= 0) {
        oc_term_printf(stdout, " %s=%.1f%%", name, value);
    }
}

static void print_perfdata(const struct tally *n, const json_t *snapshot)
{
    const json_t *checks = json_object_get(snapshot, "checks");
    const json_t *summary = json_object_get(snapshot, "summary");
    int64_t response = oc_json_int(json_array_get(checks, 0), "response_ms", -1);
    printf(" | services=%zu", n->total);
    for (size_t i = STATES; i-- > 0;) {
        printf(" %s=%zu", states[i], n->by[i]);
    }
    if (n->total == 1 && response >= 0) {
        printf(" response=%lldms", (long long)response);
    }
    print_usage(summary, "cpuUsage", "cpu");
    print_usage(summary, "memoryUsage", "memory");
    print_usage(summary, "diskUsage", "disk");
}

void oc_view_headline(const struct cli *cli, const json_t *snapshot, int code, bool perfdata)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    static const enum term_color colors[] = {TERM_GREEN, TERM_YELLOW, TERM_RED, TERM_YELLOW};
    const json_t *checks = json_object_get(snapshot, "checks");
    struct tally n = count(snapshot);
    char *text = n.total == 1 ? single_text(json_array_get(checks, 0)) : summary_text(&n, snapshot);
    fputs("OPENCLAW ", stdout);
    oc_term_cell(stdout, words[code], 0, colors[code], cli->color);
    fputs(" - ", stdout);
    for (char *bar = text; (bar = strchr(bar, '|'));) {
        *bar = '/'; /* a bar begins the performance data */
    }
    oc_term_cell(stdout, text, 0, TERM_PLAIN, false);
    free(text);
    if (perfdata) {
        print_perfdata(&n, snapshot);
    }
    fputc('\n', stdout);
}

/* ---- the table ---- */

/* "critical", and what softens it: "critical (soft 1/3)", "ok (flapping)". */
static char *state_text(const json_t *check)
{
    const char *state = oc_json_str(check, "state", "unknown");
    if (oc_json_bool(check, "maintenance", false)) {
        return oc_asprintf("%s (maintenance)", state);
    }
    if (oc_json_bool(check, "flapping", false)) {
        return oc_asprintf("%s (flapping)", state);
    }
    if (!oc_json_bool(check, "hard", true) && strcmp(state, "ok") != 0 &&
        strcmp(state, "pending") != 0) {
        return oc_asprintf("%s (%lld/%lld)", state, (long long)oc_json_int(check, "attempt", 0),
                           (long long)oc_json_int(check, "max_attempts", 0));
    }
    return oc_strdup(state);
}

static void add_check(struct term_table *table, const json_t *check)
{
    char since[32];
    int64_t response = oc_json_int(check, "response_ms", -1);
    oc_table_add(table, oc_strdup(oc_json_str(check, "service", "")));
    oc_table_add(table, state_text(check));
    oc_table_add(table,
                 oc_strdup(oc_value_age(oc_json_str(check, "since", ""), since, sizeof since)));
    oc_table_add(table,
                 response >= 0 ? oc_asprintf("%lld ms", (long long)response) : oc_strdup(""));
    oc_table_add(table, oc_strdup(oc_json_str(check, "output", "")));
}

void oc_view_checks(const struct cli *cli, const json_t *checks)
{
    static const char *const titles[] = {"Service", "State", "Since", "Response", "Output"};
    struct term_table table = {.columns = OC_COUNT(titles), .titles = titles};
    const json_t *check;
    size_t i;
    for (size_t rank = 0; rank < STATES; rank++) {
        json_array_foreach(checks, i, check)
        {
            if (gravity(check) == rank) {
                add_check(&table, check);
            }
        }
    }
    if (table.count) {
        oc_table_print(&table, stdout, cli->width, cli->color);
    }
    oc_table_finish(&table);
}

static void show(const struct cli_show *s, const json_t *data)
{
    const json_t *checks = json_object_get(data, "checks");
    oc_view_headline(s->cli, data, exit_code(s, data), !s->cli->tty);
    if (json_array_size(checks) > 0) {
        fputc('\n', stdout);
        oc_view_checks(s->cli, checks);
    }
}

/* A monitoring system reads stdout and knows the codes 0 to 3. */
static int lost(const struct cli_show *s, const struct cli_answer *answer)
{
    if (!answer->lost) {
        return -1;
    }
    if (!s->cli->json) {
        fputs("OPENCLAW UNKNOWN - ", stdout);
        oc_term_cell(stdout, answer->err.message, 0, TERM_PLAIN, false);
        fputc('\n', stdout);
    }
    return NAGIOS_UNKNOWN;
}

static void csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "service,state,hard,since,response_ms,output",
                      json_object_get(data, "checks"));
}

const struct cli_view oc_view_health = {"health", show, NULL, csv, exit_code, lost};

/* ---- the report ---- */

static void show_report(const struct cli_show *s, const json_t *data)
{
    const json_t *list = json_object_get(data, "recommendations"), *item;
    char *at = oc_value_text(json_object_get(data, "timestamp"), CLI_UNIT_NONE);
    size_t i;
    oc_term_printf(stdout, "Health report, %s\n\n", at);
    free(at);
    oc_view_members(stdout, json_object_get(data, "summary"), 2);
    fputs("\nChecks\n\n", stdout);
    oc_view_checks(s->cli, json_object_get(data, "details"));
    fputs(json_array_size(list) ? "\nWhat to look at\n\n" : "\nThere is nothing to mend.\n",
          stdout);
    json_array_foreach(list, i, item)
    {
        const char *state = oc_json_str(item, "state", "");
        fputs("  ", stdout);
        oc_term_cell(stdout, oc_json_str(item, "service", ""), 0, TERM_BOLD, s->cli->color);
        fputs(" is ", stdout);
        oc_term_cell(stdout, state, 0, oc_term_state_color(state), s->cli->color);
        fputs(": ", stdout);
        oc_term_cell(stdout, oc_json_str(item, "issue", "no reason was given"), 0, TERM_PLAIN,
                     false);
        fputs("\n    ", stdout);
        oc_term_cell(stdout, oc_json_str(item, "action", ""), 0, TERM_PLAIN, false);
        fputc('\n', stdout);
    }
}

const struct cli_view oc_view_report = {"report", show_report, NULL, NULL, NULL, NULL};
