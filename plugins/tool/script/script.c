/* A tool that is any program: JSON lines on its stdin and stdout. SPDX-License-Identifier: MIT
 *
 * The program runs as long as the instance and is started again when it has ended. Whatever it does wrong ends this call, and
 * the program; the next call starts a new one. openclaw_add_script builds the same source with a command of its own. */
#include "child.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define LINES_MAX 10000 /* of one call: progress, then the answer */
#define WORDS_MAX 64
#define STOP_MS   500

struct script {
    struct oc_list command, env; /* options: of const char * */
    const char *dir;
    int64_t timeout_ms, longest;
    const struct oc_host *host;
    struct child child;
    json_int_t next_id; /* of the latest request */
};

#define AT(member) offsetof(struct script, member)
static const struct oc_option options[] = {
    {.name = "command",
     .type = OC_OPT_STRINGS,
#ifdef SCRIPT_COMMAND
     .flags = OC_OPT_ADVANCED | OC_OPT_SENSITIVE,
#else
     .flags = OC_OPT_REQUIRED | OC_OPT_SENSITIVE,
#endif
     .offset = AT(command),
     .help = "the program and its arguments, as a list; no shell is asked"},
    {.name = "env",
     .type = OC_OPT_STRINGS,
     .offset = AT(env),
     .help = "names of environment variables that the program gets; it gets no others but PATH and "
             "LANG"},
    {.name = "dir",
     .type = OC_OPT_PATH,
     .offset = AT(dir),
     .help = "the folder in which the program starts; default: the plugin's"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = AT(timeout_ms),
     .default_text = "30s",
     .min = 10,
     .max = 3600000,
     .help = "a program that has not answered by then is ended"},
    {.name = "longest",
     .type = OC_OPT_SIZE,
     .offset = AT(longest),
     .default_text = "1MB",
     .min = 1024,
     .max = 8388608,
     .help = "an answer that is longer than this is refused"},
    {0},
};
#undef AT

/* ---- the program ---- */

/* "NAME=value" of the variables that are passed on; each owned by the list. */
static size_t make_env(const struct script *s, char *env[WORDS_MAX + 3])
{
    static const char *const always[] = {"PATH", "LANG"};
    const char *const *names = s->env.items;
    size_t count = 0;
    for (size_t i = 0; i < 2 + (size_t)s->env.count && count < WORDS_MAX + 1; i++) {
        const char *name = i < 2 ? always[i] : names[i - 2], *value = getenv(name);
        const size_t size = value ? strlen(name) + strlen(value) + 2 : 0;
        char *text = value ? malloc(size) : NULL;
        if (text) {
            snprintf(text, size, "%s=%s", name, value);
            env[count++] = text;
        }
    }
    env[count] = NULL;
    return count;
}

static void make_argv(const struct script *s, const char *argv[WORDS_MAX + 1])
{
    size_t count = 0;
#ifdef SCRIPT_COMMAND
    static const char *const own[] = {SCRIPT_COMMAND, NULL};
    for (; !s->command.count && own[count] && count < WORDS_MAX; count++) {
        argv[count] = own[count];
    }
#endif
    const char *const *words = s->command.items;
    for (uint64_t i = 0; i < s->command.count && count < WORDS_MAX; i++) {
        argv[count++] = words[i];
    }
    argv[count] = NULL;
}

static int32_t ensure_running(struct script *s, struct oc_error *err)
{
    const char *argv[WORDS_MAX + 1];
    char *env[WORDS_MAX + 3];
    if (s->child.pid) {
        return OC_OK;
    }
    make_argv(s, argv);
    const size_t count = make_env(s, env);
    const struct child_command command = {
        .argv = argv,
        .env = (const char *const *)env,
        .dir = s->dir ? s->dir : s->host->plugin_dir,
    };
    const int32_t rc = child_start(&s->child, &command, err);
    for (size_t i = 0; i < count; i++) {
        free(env[i]);
    }
    return rc;
}

static void log_line(void *ctx, const char *line)
{
    const struct script *s = ctx;
    json_t *data = json_pack("{s:s}", "text", line); /* NULL when it is no UTF-8 */
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    s->host->log(s->host->ctx, OC_LOG_INFO, "the program says", text);
    free(text);
    json_decref(data);
}

/* ---- one request ---- */

static int32_t code_named(const char *name)
{
    static const struct {
        const char *name;
        int32_t code;
    } codes[] = {{"retry", OC_E_RETRY},
                 {"config", OC_E_CONFIG},
                 {"auth", OC_E_AUTH},
                 {"denied", OC_E_DENIED},
                 {"not_found", OC_E_NOT_FOUND},
                 {"conflict", OC_E_CONFLICT},
                 {"unsupported", OC_E_UNSUPPORTED}};
    for (size_t i = 0; name && i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].name, name) == 0) {
            return codes[i].code;
        }
    }
    return OC_E_PERMANENT;
}

/* {"error": "text"} or {"error": {"message", "code"}}: the program is well, only this call is not. */
static int32_t take_error(const json_t *error, struct oc_error *err)
{
    const char *text = json_is_string(error) ? json_string_value(error)
                                             : json_string_value(json_object_get(error, "message"));
    const char *code = json_string_value(json_object_get(error, "code"));
    return oc_fail(err, code_named(code), "%s", text ? text : "failed without a reason");
}

static int32_t emit_progress(const struct oc_sink *out, const json_t *line)
{
    const char *text = json_string_value(json_object_get(line, "text"));
    struct oc_record r;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.type = OC_RECORD_PROGRESS;
    r.value = json_number_value(json_object_get(line, "progress"));
    r.text = oc_view(text ? text : "");
    return out->emit(out->ctx, &r);
}

/* One line of the program. *result (owned by the caller) is set when it is the answer; *sound says that the program may go on. */
static int32_t take_line(const char *text, json_int_t id, const struct oc_sink *out,
                         json_t **result, int *sound, struct oc_error *err)
{
    json_t *line = json_loads(text, JSON_DECODE_ANY, NULL);
    const json_t *error = json_object_get(line, "error");
    int32_t rc = OC_OK;
    *sound = 0;
    if (!json_is_object(line)) {
        rc = oc_fail(err, OC_E_PERMANENT,
                     "the program answered with something that is no JSON object");
    } else if (!json_is_integer(json_object_get(line, "id")) ||
               json_integer_value(json_object_get(line, "id")) != id) {
        rc = oc_fail(err, OC_E_PERMANENT, "the program answered to another request");
    } else if (error && !json_is_null(error)) {
        *sound = 1;
        rc = take_error(error, err);
    } else if (json_object_get(line, "result")) {
        *sound = 1;
        *result = json_incref(json_object_get(line, "result"));
    } else if (json_object_get(line, "progress")) {
        *sound = 1;
        rc = emit_progress(out, line);
    } else {
        rc = oc_fail(err, OC_E_PERMANENT,
                     "the program answered without a result and without an error");
    }
    json_decref(line);
    return rc;
}

static int32_t hear_answer(struct script *s, const struct oc_request *req, int64_t until,
                           const struct oc_sink *out, json_t **result, int *sound,
                           struct oc_error *err)
{
    int32_t rc = OC_OK;
    const char *line;
    *sound = 0;
    for (int i = 0; rc == OC_OK && !*result; i++) {
        *sound = 0;
        if (i == LINES_MAX) {
            return oc_fail(err, OC_E_PERMANENT, "the program tells of its progress without end");
        }
        rc = child_read_line(&s->child, (size_t)s->longest, req, until, log_line, s, &line, err);
        if (rc == OC_OK) {
            rc = take_line(line, s->next_id, out, result, sound, err);
        }
    }
    return rc;
}

/* Takes `request`. *result is owned by the caller. */
static int32_t ask(struct script *s, json_t *request, const struct oc_request *req,
                   const struct oc_sink *out, json_t **result, struct oc_error *err)
{
    int sound = 0;
    const int64_t own = child_clock_ms() + s->timeout_ms;
    const int64_t host =
        req->deadline_ms - 2 * CHILD_KILL_MS; /* the program may have to be ended */
    const int64_t until = req->deadline_ms && host < own ? host : own;
    json_object_set_new(request, "id", json_integer(++s->next_id));
    char *text = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(request);
    *result = NULL;
    int32_t rc = text ? ensure_running(s, err) : oc_fail(err, OC_E_INTERNAL, "out of memory");
    if (rc == OC_OK) {
        rc = child_write(&s->child, text, strlen(text), req, until, err);
    }
    if (rc == OC_OK) {
        rc = child_write(&s->child, "\n", 1, req, until, err);
    }
    if (rc == OC_OK) {
        rc = hear_answer(s, req, until, out, result, &sound, err);
    }
    if (rc != OC_OK && !sound) {
        child_kill(&s->child); /* nobody knows what it would say next */
    }
    free(text);
    return rc;
}

/* ---- the methods ---- */

static int32_t emit_json(const struct oc_sink *out, const json_t *value, struct oc_error *err)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (!text) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    const int32_t rc = oc_emit_text(out, OC_RECORD_JSON, text, strlen(text));
    free(text);
    return rc;
}

static int32_t list(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    json_t *result = NULL, *tool;
    size_t i;
    int32_t rc = ask(self, json_pack("{s:s}", "method", "list"), req, out, &result, err);
    if (rc == OC_OK && !json_is_array(result)) {
        rc = oc_fail(err, OC_E_PERMANENT, "the program answered to \"list\" with no list of tools");
    }
    json_array_foreach(result, i, tool)
    {
        if (rc == OC_OK) {
            rc = json_is_object(tool)
                     ? emit_json(out, tool, err)
                     : oc_fail(err, OC_E_PERMANENT, "tool %zu of the program is no object", i);
        }
    }
    json_decref(result);
    return rc;
}

static int32_t call(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    json_t *result = NULL;
    json_t *request = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    if (!json_is_object(request)) {
        json_decref(request);
        return oc_fail(err, OC_E_CONFIG, "the parameters have to be a JSON object");
    }
    json_object_set_new(request, "method", json_string("call"));
    const int32_t rc = ask(self, request, req, out, &result, err);
    if (rc != OC_OK) {
        return rc;
    }
    const int32_t emitted = emit_json(out, result, err);
    json_decref(result);
    return emitted;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct script *s = self;
    s->host = host;
    child_init(&s->child);
#ifndef SCRIPT_COMMAND
    if (!s->command.count) {
        return oc_fail(err, OC_E_CONFIG, "command: expected a program and its arguments");
    }
#endif
    (void)err;
    return OC_OK; /* the program is started by the first call */
}

static void stop(void *self)
{
    struct script *s = self;
    child_end(&s->child, STOP_MS);
    child_finish(&s->child);
}

static const struct oc_method methods[] = {
    {"tool.list/1", list},
    {"tool.call/1", call},
    {NULL, NULL},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct script),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
