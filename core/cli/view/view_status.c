/* The views of the host about itself: status, doctor, logs. SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

#define LABEL_WIDTH 12

/* ---- status ---- */

static void line(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *label, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    printf("  %-*s", LABEL_WIDTH, label);
    oc_term_cell(stdout, text, 0, TERM_PLAIN, false);
    fputc('\n', stdout);
    free(text);
}

/* "10: 9 ready, 1 failed" */
static void show_counts(const char *label, const json_t *counts)
{
    struct oc_buf text = {0};
    const char *key;
    json_t *value;
    oc_buf_addf(&text, "%lld", (long long)oc_json_int(counts, "total", 0));
    bool first = true;
    json_object_foreach((json_t *)counts, key, value)
    {
        if (strcmp(key, "total") != 0 && json_integer_value(value) > 0) {
            oc_buf_addf(&text, "%s%lld %s", first ? ": " : ", ",
                        (long long)json_integer_value(value), key);
            first = false;
        }
    }
    line(label, "%s", text.data);
    oc_buf_finish(&text);
}

static void show_host(const struct cli_show *s, const json_t *data)
{
    static const char *const words[] = {"ok", "warning", "critical", "unknown"};
    char up[32];
    int64_t uptime = oc_json_int(data, "uptime_ms", 0) / OC_SECOND * OC_SECOND;
    oc_term_cell(stdout, oc_json_str(data, "name", ""), 0, TERM_BOLD, s->cli->color);
    if (oc_json_bool(data, "ephemeral", false)) {
        oc_term_printf(stdout, ": no daemon is running; openclaw %s\n",
                       oc_json_str(data, "version", ""));
        return;
    }
    json_t *snapshot = json_pack("{s:O?}", "summary", json_object_get(data, "health"));
    const char *word = words[oc_view_health_exit(snapshot, false)];
    json_decref(snapshot);
    fputs(" is ", stdout);
    oc_term_cell(stdout, word, 0, oc_term_state_color(word), s->cli->color);
    oc_term_printf(stdout, "; openclaw %s, pid %lld, up %s\n", oc_json_str(data, "version", ""),
                   (long long)oc_json_int(data, "pid", 0),
                   oc_duration_human(uptime, up, sizeof up));
}

static void show_health(const json_t *health)
{
    line("health", "%lld of %lld agents and %lld of %lld services are well",
         (long long)oc_json_int(health, "healthyAgents", 0),
         (long long)oc_json_int(health, "totalAgents", 0),
         (long long)oc_json_int(health, "healthyServices", 0),
         (long long)oc_json_int(health, "totalServices", 0));
    line("alerts", "%lld critical, %lld warning",
         (long long)oc_json_int(health, "criticalAlerts", 0),
         (long long)oc_json_int(health, "warningAlerts", 0));
}

static void show_store(const json_t *store)
{
    char size[32];
    oc_size_human(oc_json_num(store, "bytes", 0), size, sizeof size);
    line(
        "store", "%lld series, %lld samples, %s%s%s", (long long)oc_json_int(store, "series", 0),
        (long long)oc_json_int(store, "samples", 0), size,
        oc_json_bool(store, "healthy", true) ? "" : ", failing: ", oc_json_str(store, "error", ""));
}

/* Nobody is woken meanwhile, and a host that is contained starts nothing: what else is well says little. */
static void show_maintenance(const struct cli_show *s, const json_t *mode)
{
    if (!oc_json_bool(mode, "active", false)) {
        return;
    }
    char *since = oc_value_text(json_object_get(mode, "since"), CLI_UNIT_NONE);
    char *until = oc_value_text(json_object_get(mode, "until"), CLI_UNIT_NONE);
    const bool contained = oc_json_bool(mode, "containment", false);
    const bool ends = json_is_string(json_object_get(mode, "until"));
    char *text = oc_asprintf(
        "%s since %s%s%s: %s; %s", contained ? "contained, no unit is started," : "goes on", since,
        ends ? " until " : "", ends ? until : "", oc_json_str(mode, "reason", ""),
        oc_json_str(mode, "problem",
                    oc_json_str(mode, "silence", NULL) ? "alerts are silenced"
                                                       : "alerts are told"));
    fputs("  ", stdout);
    oc_term_cell(stdout, "maintenance", LABEL_WIDTH, TERM_YELLOW, s->cli->color);
    oc_term_cell(stdout, text, 0, TERM_PLAIN, false);
    fputc('\n', stdout);
    free(text);
    free(until);
    free(since);
}

static void show_status(const struct cli_show *s, const json_t *data)
{
    const json_t *problems = json_object_get(data, "problems"), *problem;
    char size[32];
    size_t i;
    show_host(s, data);
    show_maintenance(s, json_object_get(data, "maintenance"));
    if (!oc_json_bool(data, "ephemeral", false)) { /* nothing has been collected */
        show_health(json_object_get(data, "health"));
        show_counts("checks", oc_json_path(data, "health.checks"));
        show_counts("collectors", json_object_get(data, "collectors"));
    }
    show_counts("plugins", json_object_get(data, "plugins"));
    show_store(json_object_get(data, "store"));
    int64_t threads = oc_json_int(data, "threads", 0);
    line("memory", "%s, %lld thread%s",
         oc_size_human(oc_json_num(data, "memory_bytes", 0), size, sizeof size), (long long)threads,
         threads == 1 ? "" : "s");
    line("config", "%s", oc_json_str(data, "config", "none: built-in defaults"));
    line("home", "%s", oc_json_str(data, "home", ""));
    json_array_foreach(problems, i, problem)
    {
        oc_term_cell(stdout, i ? "" : "problems", i ? 0 : LABEL_WIDTH + 2, TERM_YELLOW,
                     s->cli->color);
        printf("%*s", i ? LABEL_WIDTH + 2 : 0, "");
        oc_term_cell(stdout, json_is_string(problem) ? json_string_value(problem) : "", 0,
                     TERM_PLAIN, false);
        fputc('\n', stdout);
    }
    if (oc_json_bool(data, "ephemeral", false) && s->cli->tty) {
        puts("\nStart the daemon with `openclaw run` or `systemctl start openclawd`.");
    }
}

const struct cli_view oc_view_status = {"status", show_status, NULL, NULL, NULL, NULL};

/* ---- doctor ---- */

static void show_doctor(const struct cli_show *s, const json_t *data)
{
    const json_t *finding;
    size_t i;
    json_array_foreach(data, i, finding)
    {
        const char *state = oc_json_str(finding, "state", "");
        const char *fix = oc_json_str(finding, "fix", "");
        oc_term_cell(stdout, state, 9, oc_term_state_color(state), s->cli->color);
        oc_term_cell(stdout, oc_json_str(finding, "check", ""), 15, TERM_PLAIN, false);
        oc_term_cell(stdout, oc_json_str(finding, "message", ""), 0, TERM_PLAIN, false);
        fputc('\n', stdout);
        if (*fix) {
            fputs("         ", stdout);
            oc_term_cell(stdout, fix, 0, TERM_DIM, s->cli->color);
            fputc('\n', stdout);
        }
    }
}

static int doctor_exit(const struct cli_show *s, const json_t *data)
{
    const json_t *finding;
    size_t i;
    (void)s;
    json_array_foreach(data, i, finding)
    {
        if (strcmp(oc_json_str(finding, "state", ""), "error") == 0) {
            return 1;
        }
    }
    return 0;
}

static void doctor_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "check,state,message,fix", data);
}

const struct cli_view oc_view_doctor = {"doctor", show_doctor, NULL, doctor_csv, doctor_exit, NULL};

/* ---- logs ---- */

static void show_line(const struct cli_show *s, const json_t *entry)
{
    const char *level = oc_json_str(entry, "level", "info");
    char *at = oc_value_text(json_object_get(entry, "time"), CLI_UNIT_NONE);
    char *data = oc_value_text(json_object_get(entry, "data"), CLI_UNIT_NONE);
    oc_term_cell(stdout, at, 0, TERM_DIM, s->cli->color);
    fputs("  ", stdout);
    oc_term_cell(stdout, level, 5, oc_term_state_color(level), s->cli->color);
    fputs("  ", stdout);
    oc_term_cell(stdout, oc_json_str(entry, "message", ""), 0, TERM_PLAIN, false);
    if (*data) {
        fputs("  ", stdout);
        oc_term_cell(stdout, data, 0, TERM_DIM, s->cli->color);
    }
    fputc('\n', stdout);
    free(data);
    free(at);
}

static void show_logs(const struct cli_show *s, const json_t *data)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(data, i, entry)
    {
        show_line(s, entry);
    }
}

static void logs_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "time,level,message,data", data);
}

const struct cli_view oc_view_logs = {"logs", show_logs, show_line, logs_csv, NULL, NULL};
