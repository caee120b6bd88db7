/* Driver: systemd units, through systemctl and journalctl. SPDX-License-Identifier: MIT
 *
 * The programs are run with arguments, never through a shell; systemd itself waits for a job to end, so a start that returns has
 * started. */
#include "child/child.h"
#include "run.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_MAX_LEN 255

struct systemd {
    const char *unit, *systemctl, *journalctl;
    int32_t user;

    pid_t left; /* see run.h */
};

#define AT(member) offsetof(struct systemd, member)
static const struct oc_option options[] = {{.name = "unit",
                                            .type = OC_OPT_STRING,
                                            .flags = OC_OPT_REQUIRED,
                                            .offset = AT(unit),
                                            .help = "the unit, such as \"litellm.service\""},
                                           {.name = "scope",
                                            .type = OC_OPT_ENUM,
                                            .offset = AT(user),
                                            .default_text = "system",
                                            .choices = "system|user",
                                            .help = "whose manager it belongs to"},
                                           {.name = "systemctl",
                                            .type = OC_OPT_PATH,
                                            .offset = AT(systemctl),
                                            .default_text = "/usr/bin/systemctl",
                                            .help = "the program systemctl"},
                                           {.name = "journalctl",
                                            .type = OC_OPT_PATH,
                                            .offset = AT(journalctl),
                                            .default_text = "/usr/bin/journalctl",
                                            .help = "the program journalctl"},
                                           {0}};
#undef AT

/* What systemd takes for a unit name: anything else could be read as an option or a pattern. */
static bool is_unit_name(const char *s)
{
    size_t len = strlen(s);
    if (len == 0 || len > NAME_MAX_LEN || s[0] == '-' || !strchr(s, '.')) {
        return false;
    }
    for (const char *c = s; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(":-_.\\@", *c)) {
            return false;
        }
    }
    return true;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    const struct systemd *s = self;
    (void)host;
    return is_unit_name(s->unit)
               ? OC_OK
               : oc_fail(err, OC_E_CONFIG, "'%.100s' is no name of a unit", s->unit);
}

static void stop(void *self)
{
    struct systemd *s = self;
    oc_child_reap(&s->left);
}

/* ---- systemctl ---- */

/* argv holds words that are only read; execve wants them writable by type. */
static char *word(const char *s)
{
    union {
        const char *in;
        char *out;
    } u = {.in = s};
    return u.out;
}

static int32_t systemctl(struct systemd *s, const char *verb, const char *more,
                         const struct oc_request *req, struct output *out, struct oc_error *err)
{
    char *argv[8] = {word(s->systemctl), word(s->user ? "--user" : "--system"), word("--no-pager"),
                     word(verb)};
    size_t n = 4;
    if (more) {
        argv[n++] = word(more);
    }
    argv[n++] = word("--");
    argv[n] = word(s->unit);
    return run_program(argv, &s->left, req, out, err);
}

/* The value of KEY= in the lines that `show` writes; "" when it is not there. */
static void value_of(const char *text, const char *key, char *value, size_t cap)
{
    size_t len = strlen(key);
    value[0] = '\0';
    while (*text) {
        size_t line = strcspn(text, "\n");
        if (line > len && strncmp(text, key, len) == 0 && text[len] == '=') {
            snprintf(value, cap, "%.*s", (int)(line - len - 1), text + len + 1);
            return;
        }
        text += line + (text[line] == '\n');
    }
}

static const char *state_of(const char *active)
{
    static const struct {
        const char *theirs, *ours;
    } states[] = {{"active", "running"},        {"reloading", "running"},
                  {"refreshing", "running"},    {"inactive", "stopped"},
                  {"failed", "failed"},         {"activating", "starting"},
                  {"deactivating", "stopping"}, {"maintenance", "stopped"}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(active, states[i].theirs) == 0) {
            return states[i].ours;
        }
    }
    return "unknown";
}

/* "@1763818200.123456" (with --timestamp=unix "@1763818200") in ms, 0 when it is not one. */
static json_int_t time_of(const char *text)
{
    return text[0] == '@' ? (json_int_t)(strtod(text + 1, NULL) * 1000.0) : 0;
}

/* The wall clock at which the monotonic time in us was. */
static json_int_t wall_of(const char *monotonic_us, json_int_t coarse)
{
    struct timespec wall, mono;
    long long us = strtoll(monotonic_us, NULL, 10);
    if (us <= 0) {
        return coarse;
    }
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    long long now = (long long)mono.tv_sec * 1000 + mono.tv_nsec / 1000000;
    return (json_int_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000 - (now - us / 1000);
}

static json_t *describe(const char *text)
{
    char active[32], sub[32], load[32], value[64], result[64];
    value_of(text, "ActiveState", active, sizeof active);
    value_of(text, "SubState", sub, sizeof sub);
    value_of(text, "LoadState", load, sizeof load);
    value_of(text, "Result", result, sizeof result);
    const char *state = strcmp(load, "not-found") == 0 ? "missing" : state_of(active);
    json_t *o = json_pack("{s:s}", "state", state);
    value_of(text, "MainPID", value, sizeof value);
    if (strtol(value, NULL, 10) > 0) {
        json_object_set_new(o, "pid", json_integer(strtol(value, NULL, 10)));
    }
    value_of(text, "MemoryCurrent", value, sizeof value);
    if (isdigit((unsigned char)value[0]) && strlen(value) < 19) {
        json_object_set_new(o, "memory_bytes", json_integer(strtoll(value, NULL, 10)));
    }
    value_of(text, "CPUUsageNSec", value, sizeof value);
    if (isdigit((unsigned char)value[0]) && strlen(value) < 19) {
        json_object_set_new(o, "cpu_ms", json_integer(strtoll(value, NULL, 10) / 1000000));
    }
    value_of(text, "ActiveEnterTimestamp", value, sizeof value);
    json_int_t coarse = time_of(value);
    value_of(text, "ActiveEnterTimestampMonotonic", value, sizeof value);
    json_int_t started = wall_of(value, coarse);
    if (strcmp(state, "running") == 0 && started > 0) {
        json_object_set_new(o, "started_ms", json_integer(started));
    }
    if (strcmp(state, "running") != 0) {
        snprintf(value, sizeof value, "%.30s/%.30s", active, sub);
        json_object_set_new(o, "message",
                            json_string(strcmp(state, "missing") == 0 ? "systemd has no such unit"
                                        : strcmp(state, "failed") == 0 && result[0] ? result
                                                                                    : value));
    }
    return o;
}

static int32_t look(struct systemd *s, const struct oc_request *req, json_t **answer,
                    struct oc_error *err)
{
    struct output out;
    int32_t code = systemctl(
        s, "show",
        "--property=ActiveState,SubState,LoadState,Result,MainPID,MemoryCurrent,CPUUsageNSec,"
        "ActiveEnterTimestamp,ActiveEnterTimestampMonotonic",
        req, &out, err);
    if (code == OC_OK && out.status != 0) {
        code = oc_fail(err, OC_E_RETRY, "systemctl show left with %d: %s", out.status, out.error);
    } else if (code == OC_OK && !strstr(out.text, "ActiveState=")) {
        code = oc_fail(err, OC_E_PERMANENT, "systemctl show did not tell a state");
    }
    *answer = code == OC_OK ? describe(out.text) : NULL;
    free(out.text);
    return code;
}

static int32_t put(const struct oc_sink *out, json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    int32_t code = text ? oc_emit_text(out, OC_RECORD_JSON, text, strlen(text)) : OC_E_INTERNAL;
    free(text);
    json_decref(o);
    return code;
}

static int32_t method_status(void *self, const struct oc_request *req, const struct oc_sink *out,
                             struct oc_error *err)
{
    json_t *o;
    int32_t code = look(self, req, &o, err);
    return code ? code : put(out, o);
}

/* ---- acting ---- */

static bool is_in(const json_t *o, const char *state)
{
    return strcmp(json_string_value(json_object_get(o, "state")), state) == 0;
}

static int32_t act(struct systemd *s, const char *verb, const char *more,
                   const struct oc_request *req, struct oc_error *err)
{
    struct output out;
    int32_t code = systemctl(s, verb, more, req, &out, err);
    if (code == OC_OK && out.status != 0) {
        snprintf(err->hint, sizeof err->hint, "See `systemctl status %.200s`.", s->unit);
        code = oc_fail(err, OC_E_PERMANENT, "systemctl %s left with %d: %s", verb, out.status,
                       out.error);
    }
    free(out.text);
    return code;
}

/* Asks, acts unless it is so already, asks again. */
static int32_t bring(struct systemd *s, const char *verb, const char *more, const char *wanted,
                     const struct oc_request *req, const struct oc_sink *out, struct oc_error *err)
{
    json_t *o;
    int32_t code = look(s, req, &o, err);
    if (code != OC_OK) {
        return code;
    }
    bool missing = is_in(o, "missing"), so = is_in(o, wanted) && strcmp(verb, "restart") != 0;
    json_decref(o);
    if (missing) {
        return oc_fail(err, OC_E_NOT_FOUND, "systemd has no unit %s", s->unit);
    }
    code = so ? OC_OK : act(s, verb, more, req, err);
    code = code ? code : look(s, req, &o, err);
    if (code != OC_OK) {
        return code;
    }
    json_object_set_new(o, "changed", json_boolean(!so));
    return put(out, o);
}

static int32_t method_start(void *self, const struct oc_request *req, const struct oc_sink *out,
                            struct oc_error *err)
{
    return bring(self, "start", NULL, "running", req, out, err);
}

static int32_t method_restart(void *self, const struct oc_request *req, const struct oc_sink *out,
                              struct oc_error *err)
{
    return bring(self, "restart", NULL, "running", req, out, err);
}

static int32_t method_stop(void *self, const struct oc_request *req, const struct oc_sink *out,
                           struct oc_error *err)
{
    json_t *params =
        req->params.ptr ? json_loadb(req->params.ptr, (size_t)req->params.len, 0, NULL) : NULL;
    bool force = json_is_true(json_object_get(params, "force"));
    json_decref(params);
    if (force) { /* what ends it first; `stop` then only takes note, and nothing restarts it */
        struct oc_error ignored = {.struct_size = sizeof ignored};
        act(self, "kill", "--signal=SIGKILL", req, &ignored);
    }
    return bring(self, "stop", NULL, "stopped", req, out, err);
}

/* ---- logs ---- */

static json_t *lines_of(const char *text)
{
    json_t *lines = json_array();
    while (*text) {
        size_t len = strcspn(text, "\n");
        json_t *line = json_stringn(text, len);
        json_array_append_new(lines, line ? line : json_string("(not UTF-8)"));
        text += len + (text[len] == '\n');
    }
    return lines;
}

static int32_t method_logs(void *self, const struct oc_request *req, const struct oc_sink *out,
                           struct oc_error *err)
{
    struct systemd *s = self;
    json_t *params =
        req->params.ptr ? json_loadb(req->params.ptr, (size_t)req->params.len, 0, NULL) : NULL;
    json_int_t wanted = json_integer_value(json_object_get(params, "lines"));
    char count[32];
    struct output o;
    json_decref(params);
    snprintf(count, sizeof count, "--lines=%d", wanted > 0 && wanted < 100000 ? (int)wanted : 100);
    char *argv[] = {word(s->journalctl),
                    word("--no-pager"),
                    word("--quiet"),
                    word("--output=short-iso"),
                    count,
                    word(s->user ? "--user-unit" : "--unit"),
                    word(s->unit),
                    NULL};
    int32_t code = run_program(argv, &s->left, req, &o, err);
    if (code == OC_OK && o.status != 0) {
        code = oc_fail(err, OC_E_PERMANENT, "journalctl left with %d: %s", o.status, o.error);
    }
    code = code ? code
                : put(out, json_pack("{s:s,s:o}", "source", "journal", "lines", lines_of(o.text)));
    free(o.text);
    return code;
}

static const struct oc_method methods[] = {
    {"driver.status/1", method_status}, {"driver.start/1", method_start},
    {"driver.stop/1", method_stop},     {"driver.restart/1", method_restart},
    {"driver.logs/1", method_logs},     {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct systemd),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
