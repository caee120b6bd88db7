/* Driver: plain processes. SPDX-License-Identifier: MIT
 *
 * A process that this driver starts is nobody's child: it goes on when the daemon is restarted, and is known again by its pid
 * file. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_MAX   256u
#define TAIL_BYTES (256 * 1024)
#define STEP_MS    10

#define AT(member) offsetof(struct process, member)
static const struct oc_option options[] = {
    {.name = "command",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED | OC_OPT_SENSITIVE,
     .offset = AT(command),
     .help = "the program and its arguments, without a shell"},
    {.name = "directory",
     .type = OC_OPT_PATH,
     .offset = AT(directory),
     .default_text = "/",
     .help = "the folder in which it runs"},
    {.name = "environment",
     .type = OC_OPT_MAP,
     .flags = OC_OPT_SENSITIVE,
     .offset = AT(environment),
     .help = "its environment, besides PATH and OPENCLAW_UNIT; nothing else is passed on"},
    {.name = "user",
     .type = OC_OPT_STRING,
     .offset = AT(user),
     .help = "who it runs as; default: whoever runs the daemon"},
    {.name = "log",
     .type = OC_OPT_PATH,
     .offset = AT(log),
     .help = "where its output is appended; default <home>/logs/units/<name>.log"},
    {.name = "pidfile",
     .type = OC_OPT_PATH,
     .offset = AT(pidfile),
     .help = "where it is remembered; default <home>/run/units/<name>.pid"},
    {.name = "settle",
     .type = OC_OPT_DURATION,
     .offset = AT(settle_ms),
     .default_text = "50ms",
     .max = 60000,
     .help = "a process that ends this soon after its start has failed to start"},
    {0}};
#undef AT

/* ---- start and stop of the instance ---- */

static char *assignment(const char *name, const char *value)
{
    char *text = NULL;
    return asprintf(&text, "%s=%s", name, value ? value : "") < 0 ? NULL : text;
}

static bool has_path(const struct oc_list *environment)
{
    const struct oc_pair *pairs = environment->items;
    for (uint64_t i = 0; i < environment->count; i++) {
        if (strcmp(pairs[i].name, "PATH") == 0) {
            return true;
        }
    }
    return false;
}

static bool make_environment(struct process *p)
{
    const struct oc_pair *pairs = p->environment.items;
    size_t n = 0;
    bool ok = true;
    p->envp = calloc(p->environment.count + 3, sizeof *p->envp);
    if (!p->envp) {
        return false;
    }
    if (!has_path(&p->environment)) {
        p->envp[n++] =
            assignment("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    p->envp[n++] = assignment("OPENCLAW_UNIT", p->name);
    for (uint64_t i = 0; i < p->environment.count; i++) {
        p->envp[n++] = assignment(pairs[i].name, pairs[i].value);
    }
    for (size_t i = 0; i < n; i++) {
        ok = ok && p->envp[i];
    }
    return ok;
}

static void release(struct process *p)
{
    size_t count = p->environment.count + 3;
    for (size_t i = 0; p->envp && i < count; i++) {
        free(p->envp[i]);
    }
    free(p->envp);
    free(p->argv);
    p->envp = p->argv = NULL;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct process *p = self;
    const char *const *words = p->command.items;
    p->name = host->instance;
    if (p->command.count == 0 || !words[0][0] || p->command.count >= ARGS_MAX) {
        return oc_fail(err, OC_E_CONFIG, "command needs a program and at most %u words", ARGS_MAX);
    }
    p->argv = calloc(p->command.count + 1, sizeof *p->argv);
    if (!p->argv || !make_environment(p)) {
        release(p);
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    memcpy(p->argv, p->command.items, p->command.count * sizeof *p->argv);
    return OC_OK;
}

static void stop(void *self)
{
    release(self);
}

/* ---- what every method begins with ---- */

struct place {
    json_t *params;
    char pidfile[PATH_CAP], log[PATH_CAP];
};

static void choose(char path[PATH_CAP], const char *given, const char *folder, const char *name,
                   const char *suffix)
{
    if (given) {
        snprintf(path, PATH_CAP, "%s", given);
    } else {
        snprintf(path, PATH_CAP, "%s/%s%s", folder, name, suffix);
    }
}

static int32_t find_place(const struct process *p, const struct oc_request *req,
                          struct place *place, struct oc_error *err)
{
    place->params =
        req->params.ptr ? json_loadb(req->params.ptr, (size_t)req->params.len, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(place->params, "unit"));
    const char *state = json_string_value(json_object_get(place->params, "state"));
    const char *logs = json_string_value(json_object_get(place->params, "logs"));
    if (!name || strchr(name, '/') || ((!state || state[0] != '/') && !p->pidfile) ||
        ((!logs || logs[0] != '/') && !p->log)) {
        json_decref(place->params);
        return oc_fail(err, OC_E_CONFIG,
                       "expected the parameters unit, state and logs (absolute folders)");
    }
    choose(place->pidfile, p->pidfile, state, name, ".pid");
    choose(place->log, p->log, logs, name, ".log");
    return OC_OK;
}

static int32_t answer(const struct oc_sink *out, json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    int32_t code = text ? oc_emit_text(out, OC_RECORD_JSON, text, strlen(text)) : OC_E_INTERNAL;
    free(text);
    json_decref(o);
    return code;
}

static json_t *describe(const struct record *r, const struct vitals *v)
{
    return json_pack("{s:s,s:i,s:I,s:I,s:I}", "state", "running", "pid", (int)r->pid, "started_ms",
                     (json_int_t)r->started_ms, "memory_bytes", (json_int_t)v->memory_bytes,
                     "cpu_ms", (json_int_t)v->cpu_ms);
}

/* ---- methods ---- */

static json_t *look(const struct place *place)
{
    struct record r;
    struct vitals v;
    char text[96];
    if (!record_read(place->pidfile, &r)) {
        return json_pack("{s:s}", "state", "stopped");
    }
    if (record_alive(&r, &v)) {
        return describe(&r, &v);
    }
    snprintf(text, sizeof text, "process %d has ended by itself", (int)r.pid);
    return json_pack("{s:s,s:s}", "state", "failed", "message", text);
}

static int32_t method_status(void *self, const struct oc_request *req, const struct oc_sink *out,
                             struct oc_error *err)
{
    struct place place;
    int32_t code = find_place(self, req, &place, err);
    if (code == OC_OK) {
        code = answer(out, look(&place));
        json_decref(place.params);
    }
    return code;
}

/* The last line of the log says more than any exit status. */
static void last_line(const char *path, char line[256])
{
    char text[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t from = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, from) : 0;
    line[0] = '\0';
    if (n > 0) {
        text[n] = '\0';
        while (n > 0 && text[n - 1] == '\n') {
            text[--n] = '\0';
        }
        const char *begin = strrchr(text, '\n');
        snprintf(line, 256, "%.255s", begin ? begin + 1 : text);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static int32_t settle(const struct process *p, const struct place *place, const struct record *r,
                      const struct oc_request *req, struct vitals *v, struct oc_error *err)
{
    int64_t until = monotonic_ms() + p->settle_ms;
    char line[256];
    while (record_alive(r, v)) {
        if (monotonic_ms() >= until || OC_CANCELLED(req)) {
            return OC_OK;
        }
        usleep(STEP_MS * 1000);
    }
    last_line(place->log, line);
    snprintf(err->hint, sizeof err->hint, "Its output is in %.200s.", place->log);
    return oc_fail(err, OC_E_PERMANENT, "process %d ended at once%s%s", (int)r->pid,
                   line[0] ? ": " : "", line);
}

static int32_t begin(const struct process *p, const struct place *place,
                     const struct oc_request *req, const struct oc_sink *out, struct oc_error *err)
{
    struct record r;
    struct vitals v;
    bool ran = record_read(place->pidfile, &r) && record_alive(&r, &v);
    int32_t code = ran ? OC_OK : process_spawn(p, place->pidfile, place->log, &r, err);
    code = code || ran ? code : settle(p, place, &r, req, &v, err);
    if (code != OC_OK) {
        return code;
    }
    json_t *o = describe(&r, &v);
    json_object_set_new(o, "changed", json_boolean(!ran));
    return answer(out, o);
}

static int32_t method_start(void *self, const struct oc_request *req, const struct oc_sink *out,
                            struct oc_error *err)
{
    struct place place;
    int32_t code = find_place(self, req, &place, err);
    if (code == OC_OK) {
        code = begin(self, &place, req, out, err);
        json_decref(place.params);
    }
    return code;
}

static int32_t method_stop(void *self, const struct oc_request *req, const struct oc_sink *out,
                           struct oc_error *err)
{
    struct place place;
    struct record r;
    struct vitals v;
    bool killed = false, ran = false;
    int32_t code = find_place(self, req, &place, err);
    if (code != OC_OK) {
        return code;
    }
    if (record_read(place.pidfile, &r)) {
        bool force = json_is_true(json_object_get(place.params, "force"));
        json_int_t grace = json_integer_value(json_object_get(place.params, "stop_timeout_ms"));
        ran = record_alive(&r, &v);
        code = process_end(&r, force ? 0 : grace, req, &killed, err);
        if (code == OC_OK) {
            unlink(place.pidfile);
        }
    }
    json_decref(place.params);
    return code ? code
                : answer(out, json_pack("{s:s,s:b,s:b}", "state", "stopped", "changed", (int)ran,
                                        "killed", (int)killed));
}

/* ---- logs ---- */

/* The last `count` lines of at most TAIL_BYTES bytes. */
static json_t *tail(char *text, size_t len, size_t count)
{
    json_t *lines = json_array();
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    while (count-- > 0 && len > 0) {
        size_t begin = len;
        while (begin > 0 && text[begin - 1] != '\n') {
            begin--;
        }
        json_t *line = json_stringn(text + begin, len - begin);
        json_array_insert_new(lines, 0, line ? line : json_string("(not UTF-8)"));
        len = begin > 0 ? begin - 1 : 0;
    }
    return lines;
}

static json_t *read_tail(const char *path, size_t count)
{
    char *text = malloc(TAIL_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t from = end > TAIL_BYTES ? end - TAIL_BYTES : 0;
    ssize_t n = fd >= 0 && text ? pread(fd, text, TAIL_BYTES, from) : 0;
    json_t *lines = n > 0 ? tail(text, (size_t)n, count) : json_array();
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    return lines;
}

static int32_t method_logs(void *self, const struct oc_request *req, const struct oc_sink *out,
                           struct oc_error *err)
{
    struct place place;
    int32_t code = find_place(self, req, &place, err);
    if (code != OC_OK) {
        return code;
    }
    json_int_t lines = json_integer_value(json_object_get(place.params, "lines"));
    json_t *o = json_pack("{s:s,s:o}", "source", place.log, "lines",
                          read_tail(place.log, lines > 0 ? (size_t)lines : 100));
    json_decref(place.params);
    return answer(out, o);
}

static const struct oc_method methods[] = {{"driver.status/1", method_status},
                                           {"driver.start/1", method_start},
                                           {"driver.stop/1", method_stop},
                                           {"driver.logs/1", method_logs},
                                           {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct process),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
