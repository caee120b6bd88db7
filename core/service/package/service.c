/* Runs the package worker for operations. SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/loop/process.h"
#include "core/service/package/internal.h"
#include "core/sys/file.h"

#define PATIENCE_MS                                                                                \
    (15 * OC_SECOND) /* an answer waits no longer, should nobody say that it was applied */

struct work {
    struct oc_package_service *service;
    struct oc_call *call; /* NULL once it has ended */
    struct oc_process *process;
    char *op;
    bool announces;
    json_t *answer; /* owned: the result, while what it changed is being applied; NULL */
    struct work *next, *prev;
};

struct oc_package_service {
    struct oc_env env;
    struct work *running;
    struct oc_subscription *applied, *loading;
    json_t *loaded; /* owned: what oc_package_on_loaded heard */
    struct oc_timer *patience;
};

static void work_free(struct work *w)
{
    struct oc_package_service *s = w->service;
    if (w->prev) {
        w->prev->next = w->next;
    } else {
        s->running = w->next;
    }
    if (w->next) {
        w->next->prev = w->prev;
    }
    json_decref(w->answer);
    free(w->op);
    free(w);
}

/* ---- waiting for a change to be applied ---- */

/* Gives the answer; frees the work when the worker has ended, too. */
static void answer(struct work *w)
{
    struct oc_call *call = w->call;
    json_t *result = w->answer;
    w->call = NULL;
    w->answer = NULL;
    if (!w->process) {
        work_free(w);
    }
    oc_call_succeed(call, result);
}

static void answer_all(struct oc_package_service *s)
{
    for (struct work *w = s->running, *next; w; w = next) {
        next = w->next;
        if (w->answer) {
            answer(w);
        }
    }
}

static void on_applied(void *ctx, const struct oc_event *event)
{
    (void)event;
    answer_all(ctx);
}

static void on_patience(void *ctx)
{
    answer_all(ctx);
}

/* The names of the plugins whose keys go, too; owned. */
static json_t *purged_by(const json_t *result)
{
    json_t *names = json_array();
    const json_t *action;
    size_t i;
    json_array_foreach(json_object_get(result, "actions"), i, action)
    {
        if (oc_json_bool(action, "purge", false)) {
            json_array_append_new(names, json_string(oc_json_str(action, "name", "")));
        }
    }
    return names;
}

static void announce(struct work *w, const json_t *result)
{
    json_t *event = json_object();
    oc_json_set_str(event, "op", w->op);
    oc_json_set_int(event, "generation", oc_json_int(result, "generation", 0));
    oc_json_take(event, "purge", purged_by(result));
    oc_timer_start(w->service->patience, PATIENCE_MS, 0);
    oc_bus_publish(w->service->env.bus, "packages.changed", event);
}

/* ---- what the worker says ---- */

static void end_well(struct work *w, json_t *result)
{
    w->answer = json_incref(result);
    if (!w->announces || oc_json_bool(result, "dry_run", false)) {
        answer(w);
        return;
    }
    announce(w, result);
    if (w->service->env.ephemeral) {
        answer(w);
    }
}

static void end_badly(struct work *w, const json_t *error)
{
    struct oc_call *call = w->call;
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, oc_error_code(oc_json_str(error, "code", "internal")), "%s",
                 oc_json_str(error, "message", "failed without a reason"));
    oc_error_hint(&err, "%s", oc_json_str(error, "hint", ""));
    w->call = NULL;
    oc_call_fail_with(call, &err, json_incref(json_object_get(error, "details")));
}

static void on_line(void *ctx, const char *text, size_t len)
{
    struct work *w = ctx;
    json_t *line = oc_json_parse(text, len, NULL);
    json_t *part;
    if (!w->call || w->answer) {
        /* it has said its last word */
    } else if ((part = json_object_get(line, "row"))) {
        oc_call_row(w->call, json_incref(part));
    } else if (json_object_get(line, "progress")) {
        oc_call_progress(w->call, oc_json_num(line, "progress", -1), oc_json_str(line, "text", ""));
    } else if ((part = json_object_get(line, "warning"))) {
        const char *warning = json_string_value(part);
        oc_call_warn(w->call, "%s", warning ? warning : "");
    } else if ((part = json_object_get(line, "result"))) {
        end_well(w, part);
    } else if ((part = json_object_get(line, "error"))) {
        end_badly(w, part);
    } else {
        oc_warn("the package worker spoke nonsense", "op=%s", w->op);
    }
    json_decref(line);
}

static void on_exit_status(void *ctx, int status, const char *stderr_text)
{
    struct work *w = ctx;
    if (*stderr_text) {
        oc_info("package worker", "op=%s said=%s", w->op, stderr_text);
    }
    w->process = NULL;
    if (w->answer) {
        return; /* it is free when that was given */
    }
    if (w->call) {
        struct oc_call *call = w->call;
        w->call = NULL;
        oc_call_failf(
            call, OC_E_INTERNAL,
            "What was installed is as it was; `openclaw plugin doctor` looks for remains.",
            "the package worker ended with status %d before it had answered", status);
    }
    work_free(w);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct work *w = ctx;
    (void)call;
    if (w->answer) {
        answer(w); /* it is done, whoever still wants to know */
        return;
    }
    oc_process_kill(w->process, SIGTERM); /* it answers that it was cancelled, or ends */
}

/* ---- starting it ---- */

static struct oc_process *start(struct work *w, const char *program, const json_t *params,
                                struct oc_error *err)
{
    const char *bundled = w->service->env.bundled;
    const char *const argv[] = {
        "openclaw-package",           w->op,   "--home", w->service->env.home,
        bundled ? "--plugins" : NULL, bundled, NULL};
    json_t *all = json_copy((json_t *)(uintptr_t)params);
    if (strcmp(w->op, "plugin.verify") == 0) {
        oc_json_take(all, "running", oc_package_running(&w->service->env, w->service->loaded));
    }
    char *input = oc_json_text(all);
    json_decref(all);
    const struct oc_process_options options = {.file = program,
                                               .argv = argv,
                                               .input = input,
                                               .on_line = on_line,
                                               .on_exit = on_exit_status,
                                               .ctx = w};
    struct oc_process *p = oc_process_start(w->service->env.loop, &options, err);
    free(input);
    return p;
}

static struct work *work_create(struct oc_package_service *s, struct oc_call *call)
{
    struct work *w = oc_calloc(1, sizeof *w);
    const struct oc_op *op = oc_call_op(call);
    w->service = s;
    w->call = call;
    w->op = oc_strdup(op->name);
    w->announces = op->flags & OC_OP_MUTATES && !(op->flags & OC_OP_PRIVATE);
    w->next = s->running;
    if (s->running) {
        s->running->prev = w;
    }
    s->running = w;
    return w;
}

void oc_package_forward(struct oc_call *call, void *ctx)
{
    struct oc_package_service *s = ctx;
    struct oc_error err;
    oc_error_init(&err);
    char *program = oc_path_helper("openclaw-package");
    if (!program) {
        oc_call_failf(call, OC_E_UNSUPPORTED,
                      "Install openclaw whole: it lies in libexec/openclaw.",
                      "openclaw-package cannot be found");
        return;
    }
    struct work *w = work_create(s, call);
    w->process = start(w, program, oc_call_json(call), &err);
    free(program);
    if (w->process) {
        oc_call_on_cancel(call, on_cancel, w);
    } else {
        work_free(w);
        oc_call_fail(call, &err);
    }
}

/* ---- the service ---- */

struct oc_package_service *oc_package_service_create(const struct oc_env *env)
{
    static const struct oc_op *const tables[] = {oc_package_ops_install, oc_package_ops_registry,
                                                 oc_package_ops_keeper, oc_package_ops_author,
                                                 oc_package_ops_check};
    struct oc_package_service *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->loaded = json_object();
    s->loading = oc_bus_subscribe(env->bus, "plugin.loaded", oc_package_on_loaded, s->loaded);
    s->applied = oc_bus_subscribe(env->bus, "packages.applied", on_applied, s);
    s->patience = oc_timer_create(env->loop, on_patience, s);
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        for (const struct oc_op *op = tables[i]; op->name; op++) {
            oc_ops_add(env->ops, op, s);
        }
    }
    return s;
}

void oc_package_service_destroy(struct oc_package_service *s)
{
    if (!s) {
        return;
    }
    oc_bus_unsubscribe(s->applied);
    oc_bus_unsubscribe(s->loading);
    json_decref(s->loaded);
    oc_timer_destroy(s->patience);
    while (s->running) {
        oc_process_forget(s->running->process);
        work_free(s->running);
    }
    free(s);
}
