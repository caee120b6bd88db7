/* The operations status, version, reload and op.list. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/base/version.h"
#include "core/config/host_name.h"
#include "core/service/host/internal.h"

/* Resident memory in bytes and the number of threads, from /proc/self/status; 0 where there is none. */
static void measure_self(int64_t *rss, int64_t *threads)
{
    char line[256];
    FILE *f = fopen("/proc/self/status", "re");
    *rss = *threads = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            *rss = strtoll(line + 6, NULL, 10) * 1024;
        } else if (strncmp(line, "Threads:", 8) == 0) {
            *threads = strtoll(line + 8, NULL, 10);
        }
    }
    if (f) {
        fclose(f);
    }
}

static void count_states(json_t *o, const char *key, json_t *rows /* taken */)
{
    json_t *counts = json_object(), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *state = oc_json_str(row, "state", "unknown");
        oc_json_set_int(counts, state, oc_json_int(counts, state, 0) + 1);
    }
    oc_json_set_int(counts, "total", (int64_t)json_array_size(rows));
    json_decref(rows);
    oc_json_take(o, key, counts);
}

/* What the doctor of one part finds; with `severity` what it calls so alone. */
static void add_findings(const struct oc_host_service *s, json_t *list, const char *op,
                         const char *what, const char *severity)
{
    json_t *rows = oc_ops_ask(s->env.ops, op, NULL), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (!severity || strcmp(oc_json_str(row, "severity", ""), severity) == 0) {
            char *text = oc_asprintf("%s: %s", what, oc_json_str(row, "message", ""));
            json_array_append_new(list, json_string(text));
            free(text);
        }
    }
    json_decref(rows);
}

static json_t *problems(const struct oc_host_service *s)
{
    json_t *list = json_array();
    struct oc_error why;
    oc_error_init(&why);
    if (s->hooks.safe_mode) {
        json_array_append_new(list, json_string("safe mode: no plugin is loaded"));
    }
    if (!oc_store_healthy(s->env.store, &why)) {
        char *text = oc_asprintf("store: %s", why.message);
        json_array_append_new(list, json_string(text));
        free(text);
    }
    add_findings(s, list, "alert.doctor", "alerts", NULL);
    /* a listener that does not listen, or whose certificate has expired or cannot be used */
    add_findings(s, list, "access.doctor", "access", "error");
    const struct oc_diags *diags = s->hooks.diags(s->hooks.ctx);
    const size_t findings = diags ? oc_diags_lasting(diags) : 0;
    if (findings > 0) {
        char *text = oc_asprintf("configuration: %zu finding%s; see `openclaw config validate`",
                                 findings, findings == 1 ? "" : "s");
        json_array_append_new(list, json_string(text));
        free(text);
    }
    return list;
}

static void op_status(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct oc_config *config = s->hooks.config(s->hooks.ctx);
    int64_t rss, threads;
    char host[OC_HOST_NAME_SIZE];
    measure_self(&rss, &threads);
    oc_host_name(oc_config_root(config), host);
    json_t *o = json_object();
    oc_json_set_str(o, "name", host);
    oc_json_set_str(o, "version", OC_VERSION);
    oc_json_set_int(o, "pid", getpid());
    oc_json_set_time(o, "started", s->started_ms);
    oc_json_set_int(o, "uptime_ms", oc_time_mono() - s->started_mono_ms);
    oc_json_set_str(o, "config", oc_config_file(config));
    oc_json_set_str(o, "home", s->env.home);
    oc_json_set_str(o, "socket", s->hooks.socket);
    oc_json_set_bool(o, "ephemeral", s->env.ephemeral);
    oc_json_set_bool(o, "safe_mode", s->hooks.safe_mode);
    oc_json_set_int(o, "memory_bytes", rss);
    oc_json_set_int(o, "threads", threads);
    oc_json_take(o, "store", oc_store_stats(s->env.store));
    count_states(o, "collectors", oc_ops_ask(s->env.ops, "collector.list", NULL));
    count_states(o, "plugins", oc_ops_ask(s->env.ops, "plugin.list", NULL));
    json_t *health = oc_ops_ask(s->env.ops, "health.summary", NULL);
    oc_json_take(o, "health", health ? health : json_null());
    json_t *maintenance = oc_ops_ask(s->env.ops, "maintenance.status", NULL);
    oc_json_take(o, "maintenance", maintenance ? maintenance : json_null());
    oc_json_take(o, "problems", problems(s));
    oc_call_succeed(call, o);
}

static const struct oc_op status_op = {
    .name = "status",
    .summary = "Show the daemon, its collectors, alerts and store at a glance",
    .flags = OC_OP_EPHEMERAL,
    .view = "custom:status",
    .example = "openclaw status",
    .result = "{name: string, version: string, pid: integer, started: time, uptime_ms: "
              "integer, config: string|null, home: string, socket: string|null, ephemeral: "
              "boolean, safe_mode: boolean, memory_bytes: integer, threads: integer, "
              "store: {mode: string, healthy: boolean, error: string|null, series: "
              "integer, samples: integer, bytes: integer}, collectors: {*: integer}, "
              "plugins: {*: integer}, health: {}|null, maintenance: {active: boolean, "
              "containment: boolean, since: time|null, until: time|null, reason: string|null, by: "
              "string|null, silence: string|null, problem: string|null}|null, problems: [any]}",
    .handler = op_status,
};

static void op_version(struct oc_call *call, void *ctx)
{
    (void)ctx;
    json_t *o = json_object();
    oc_json_set_str(o, "version", OC_VERSION);
    oc_json_set_int(o, "abi_major", OC_ABI_MAJOR);
    oc_json_set_int(o, "abi_minor", OC_ABI_MINOR);
    oc_call_succeed(call, o);
}

static const struct oc_op version_op = {
    .name = "host.version",
    .summary = "The version of the running daemon",
    .flags = OC_OP_INTERNAL,
    .handler = op_version,
};

static void op_reload(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    struct oc_error err;
    oc_error_init(&err);
    if (s->hooks.reload(s->hooks.ctx, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    const struct oc_diags *diags = s->hooks.diags(s->hooks.ctx);
    json_t *o = json_object();
    oc_json_set_int(o, "errors", (int64_t)oc_diags_errors(diags));
    oc_json_take(o, "findings", oc_diags_json(diags));
    oc_call_succeed(call, o);
}

static const struct oc_op reload_op = {
    .name = "reload",
    .summary = "Read the configuration and the policies again, keeping all state",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_MUTATES,
    .view = "custom:findings",
    .description = "A file that does not parse changes nothing. Collectors and channels whose "
                   "configuration is the same "
                   "run on untouched. The same happens on SIGHUP.",
    .example = "openclaw reload",
    .handler = op_reload,
};

static void op_ops(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, oc_ops_json(oc_call_ops(call), false));
}

static const struct oc_op ops_op = {
    .name = "op.list",
    .summary = "List the operations",
    .flags = OC_OP_INTERNAL,
    .handler = op_ops,
};

void oc_host_add_status_ops(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &status_op, s);
    oc_ops_add(s->env.ops, &version_op, s);
    oc_ops_add(s->env.ops, &reload_op, s);
    oc_ops_add(s->env.ops, &ops_op, s);
}
