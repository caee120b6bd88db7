/* The views over all plugins: list, status, top, reload, reset. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

/* ---- plugin.list ---- */

static char *installed_text(const json_t *row)
{
    const json_t *installed = json_object_get(row, "installed");
    return oc_asprintf("%s%s", oc_json_str(installed, "source", ""),
                       oc_json_bool(installed, "pinned", false) ? " (pinned)" : "");
}

/* "ready, generation 2, sandbox, pid 4711"; several instances are counted. */
static char *running_text(const json_t *row)
{
    const json_t *running = json_object_get(row, "running");
    int64_t generation = oc_json_int(running, "generation", 0),
            pid = oc_json_int(running, "pid", 0);
    int64_t count = oc_json_int(running, "instances", 0);
    if (!json_is_object(running)) {
        return oc_strdup("");
    }
    char *number = generation > 1 ? oc_asprintf(", generation %lld", (long long)generation) : NULL;
    char *process = pid ? oc_asprintf(", pid %lld", (long long)pid) : NULL;
    char *more = count > 1 ? oc_asprintf(", %lld instances", (long long)count) : NULL;
    char *text = oc_asprintf("%s, %s%s%s%s", oc_json_str(running, "state", ""),
                             oc_json_str(running, "tier", ""), number ? number : "",
                             process ? process : "", more ? more : "");
    free(number);
    free(process);
    free(more);
    return text;
}

static void show_list(const struct cli_show *s, const json_t *data)
{
    static const char *const titles[] = {"Name",      "Version", "Kind", "State",
                                         "Installed", "Wanted",  "Runs", "Error"};
    struct term_table table = {.columns = OC_COUNT(titles), .titles = titles};
    const json_t *row;
    size_t i;
    json_array_foreach(data, i, row)
    {
        oc_table_add(&table, oc_strdup(oc_json_str(row, "name", "")));
        oc_table_add(&table, oc_strdup(oc_json_str(row, "version", "")));
        oc_table_add(&table, oc_strdup(oc_json_str(row, "kind", "")));
        oc_table_add(&table, oc_strdup(oc_json_str(row, "state", "")));
        oc_table_add(&table, installed_text(row));
        oc_table_add(&table, oc_asprintf("%lld", (long long)oc_json_int(row, "configured", 0)));
        oc_table_add(&table, running_text(row));
        oc_table_add(&table, oc_strdup(oc_json_str(row, "error", "")));
    }
    if (table.count) {
        oc_table_print(&table, stdout, s->cli->width, s->cli->color);
    } else {
        puts("No plugins.");
    }
    oc_table_finish(&table);
}

static void list_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(
        s,
        "name,id,version,kind,state,installed.source,installed.trust,installed.enabled,"
        "installed.pinned,configured,running.state,running.generation,running.tier,"
        "running.pid,tier,summary,error",
        data);
}

const struct cli_view oc_view_plugins = {"plugins", show_list, NULL, list_csv, NULL, NULL};

/* ---- plugin.status ---- */

#define STATUS                                                                                     \
    "instance=Instance,plugin=Plugin,state=State,tier=Tier,uptime_ms=Up(duration),"                \
    "generation=Generation,restarts=Restarts,failures=Failures,last_error=Last error"
#define FIGURES                                                                                    \
    "instance=Instance,plugin=Plugin,state=State,tier=Tier,pid=Pid,uptime_ms=Up(duration),"        \
    "memory_bytes=Memory(size),cpu_ms=CPU(duration),calls=Calls,failures=Failures,"                \
    "timeouts=Timeouts,p50_ms=p50 ms,p99_ms=p99 ms,restarts=Restarts,last_error=Last error"

static const char *status_spec(const struct cli_show *s)
{
    return oc_json_bool(s->params, "metrics", false) ? FIGURES : STATUS;
}

static void show_status(const struct cli_show *s, const json_t *data)
{
    if (json_array_size(data)) {
        oc_view_table(s, status_spec(s), data);
    } else {
        puts("Nothing runs. `openclaw plugin list` shows what is there.");
    }
}

static void status_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(
        s,
        "instance,plugin,owner,state,tier,pid,generation,uptime_ms,memory_bytes,cpu_ms,"
        "calls,failures,timeouts,p50_ms,p99_ms,restarts,last_error",
        data);
}

const struct cli_view oc_view_plugin_status = {"plugin_status", show_status, NULL,
                                               status_csv,      NULL,        NULL};

/* ---- plugin.top ---- */

static void show_top_row(const struct cli_show *s, const json_t *row)
{
    char *at = oc_value_text(json_object_get(row, "time"), CLI_UNIT_NONE);
    if (s->cli->tty) {
        fputs("\033[H\033[J", stdout);
    }
    oc_term_cell(stdout, at, 0, TERM_BOLD, s->cli->color);
    fputc('\n', stdout);
    oc_view_table(s,
                  "instance=Instance,state=State,tier=Tier,pid=Pid,cpu_percent=CPU %,"
                  "memory_bytes=Memory(size),calls_per_second=Calls/s,p50_ms=p50 ms,p99_ms=p99 ms,"
                  "failures=Failures,restarts=Restarts",
                  json_object_get(row, "instances"));
    free(at);
}

static void show_nothing(const struct cli_show *s, const json_t *data)
{
    (void)s; /* the rows were all of it */
    (void)data;
}

const struct cli_view oc_view_plugin_top = {"plugin_top", show_nothing, show_top_row,
                                            NULL,         NULL,         NULL};

/* ---- plugin.reload and plugin.reset ---- */

static void show_receipt(const struct cli *cli, const json_t *receipt)
{
    bool ok = oc_json_bool(receipt, "ok", false),
         back = oc_json_bool(receipt, "rolled_back", false);
    const json_t *from = json_object_get(receipt, "from"), *to = json_object_get(receipt, "to");
    const char *word = back ? "rolled back" : ok ? "reloaded" : "not reloaded";
    const char *message = oc_json_str(receipt, "message", "");
    oc_term_cell(stdout, word, 13, ok && !back ? TERM_GREEN : TERM_RED, cli->color);
    oc_term_cell(stdout, oc_json_str(receipt, "instance", ""), 0, TERM_BOLD, cli->color);
    oc_term_printf(stdout, "  %s -> %s", oc_json_str(from, "version", "?"),
                   oc_json_str(to, "version", "?"));
    if (ok && !back) {
        printf(", generation %lld, drained in %lld ms, switched in %lld ms",
               (long long)oc_json_int(to, "generation", 0),
               (long long)oc_json_int(receipt, "drained_ms", 0),
               (long long)oc_json_int(receipt, "switched_ms", 0));
    } else {
        oc_term_printf(stdout, ", in phase %s", oc_json_str(receipt, "phase", "?"));
    }
    fputc('\n', stdout);
    if (*message) {
        fputs("             ", stdout);
        oc_term_cell(stdout, message, 0, TERM_DIM, cli->color);
        fputc('\n', stdout);
    }
}

static void show_reload(const struct cli_show *s, const json_t *data)
{
    const json_t *receipt;
    size_t i;
    json_array_foreach(json_object_get(data, "receipts"), i, receipt)
    {
        show_receipt(s->cli, receipt);
    }
}

static int reload_exit(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return oc_json_bool(data, "ok", true) ? 0 : 1;
}

const struct cli_view oc_view_plugin_reload = {"plugin_reload", show_reload, NULL, NULL,
                                               reload_exit,     NULL};

static void show_reset(const struct cli_show *s, const json_t *data)
{
    const json_t *instances = json_object_get(data, "instances");
    oc_term_printf(stdout, "%s starts anew with a clean count.\n", oc_json_str(data, "plugin", ""));
    if (json_array_size(instances)) {
        oc_view_table(s, "instance=Instance,from=Was,to=Is", instances);
    }
}

const struct cli_view oc_view_plugin_reset = {"plugin_reset", show_reset, NULL, NULL, NULL, NULL};
