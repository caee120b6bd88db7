/* Operations on runbooks and runs: list, show, status, history, resume, abort. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/runbook/internal.h"

/* ---- runbook.list and runbook.show ---- */

static json_t *book_json(struct oc_runbook *s, const struct book *b)
{
    struct oc_error err = b->error;
    json_t *o = json_object();
    bool sound =
        b->declaration &&
        oc_runbook_facts_check(s, b, json_object_get(b->declaration, "facts"), &err) == OC_OK;
    oc_json_set_str(o, "name", b->name);
    oc_json_set_str(o, "title", oc_json_str(b->declaration, "title", NULL));
    oc_json_set_str(o, "severity", oc_json_str(b->declaration, "severity", NULL));
    oc_json_set_str(o, "source", b->file ? b->file : "shipped");
    oc_json_set_str(o, "state", sound && !b->failure ? "ok" : "failed");
    oc_json_set_str(o, "error", b->failure ? b->failure : sound ? NULL : err.message);
    return o;
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_runbook *s = ctx;
    json_t *rows = json_array();
    oc_runbook_books_load(s, NULL);
    for (size_t i = 0; i < s->books.count; i++) {
        json_array_append_new(rows, book_json(s, s->books.items[i]));
    }
    oc_call_succeed(call, rows);
}

struct name_params {
    const char *name;
};
static const struct oc_option show_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct name_params, name),
                                                 .help = "the runbook"},
                                                {0}};

static void op_show(struct oc_call *call, void *ctx)
{
    struct oc_runbook *s = ctx;
    const struct name_params *p = oc_call_params(call);
    static const char *const told[] = {"summary", "description", "params", "facts", "examples"};
    oc_runbook_books_load(s, p->name);
    const struct book *b = oc_runbook_book_find(s, p->name);
    if (!b) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw runbook list` shows them.",
                      "no runbook is named %s", p->name);
        return;
    }
    json_t *o = book_json(s, b);
    for (size_t i = 0; i < OC_COUNT(told); i++) {
        json_t *value = json_object_get(b->declaration, told[i]);
        oc_json_take(o, told[i], value ? json_incref(value) : json_null());
    }
    oc_json_set_str(o, "text", b->text);
    oc_call_succeed(call, o);
}

/* ---- runbook.status and runbook.history ---- */

static const struct oc_option run_options[] = {{.name = "run",
                                                .type = OC_OPT_STRING,
                                                .flags = OC_OPT_POSITIONAL,
                                                .offset = offsetof(struct name_params, name),
                                                .help = "the run; the latest when it is left out"},
                                               {0}};

/* Owned; NULL when there is none. */
static char *latest_run(struct oc_runbook *s)
{
    json_t *all = oc_kv_all(s->env->store, "runbook"), *doc;
    const char *id, *latest = NULL;
    int64_t at = 0;
    json_object_foreach(all, id, doc)
    {
        int64_t began = oc_json_int(doc, "began_ms", 0);
        if (!latest || began > at || (began == at && strcmp(id, latest) > 0)) {
            latest = id;
            at = began;
        }
    }
    char *copy = oc_strdup(latest);
    json_decref(all);
    return copy;
}

/* What nobody works on is not running, whatever was written down last. */
static void tell_interrupted(struct oc_runbook *s, json_t *report)
{
    const char *id = oc_json_str(report, "run", "");
    if (oc_runbook_run_is_over(oc_json_str(report, "state", "")) || oc_runbook_run_find(s, id)) {
        return;
    }
    char *text = s->env->ephemeral ? oc_strdup("no daemon is running: it goes on when one is back")
                                   : oc_asprintf("`openclaw runbook resume %s` lets it go on", id);
    oc_json_set_str(report, "state", "interrupted");
    oc_json_set_str(report, "message", text);
    free(text);
}

static void op_status(struct oc_call *call, void *ctx)
{
    struct oc_runbook *s = ctx;
    const struct name_params *p = oc_call_params(call);
    char *id = p->name ? oc_strdup(p->name) : latest_run(s);
    json_t *doc = id ? oc_runbook_run_document(s, id) : NULL;
    if (doc) {
        json_t *report = oc_runbook_run_report(doc);
        tell_interrupted(s, report);
        oc_call_succeed(call, report);
    } else {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw runbook history` lists the runs.",
                      id ? "there is no run %s" : "no runbook has been run%s", id ? id : "");
    }
    json_decref(doc);
    free(id);
}

struct history_params {
    const char *name;
    int64_t limit;
};
static const struct oc_option history_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct history_params, name),
     .help = "only runs of this runbook"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct history_params, limit),
     .default_text = "50",
     .min = 1,
     .max = 10000,
     .help = "at most this many, the newest first"},
    {0}};

static int newest_first(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int64_t p = oc_json_int(x, "began_ms", 0), q = oc_json_int(y, "began_ms", 0);
    return p != q ? (p > q ? -1 : 1) : strcmp(oc_json_str(y, "run", ""), oc_json_str(x, "run", ""));
}

static bool is_book(struct oc_runbook *s, const char *name)
{
    oc_runbook_books_load(s, name);
    return oc_runbook_book_find(s, name) != NULL;
}

static void op_history(struct oc_call *call, void *ctx)
{
    struct oc_runbook *s = ctx;
    const struct history_params *p = oc_call_params(call);
    json_t *all = oc_kv_all(s->env->store, "runbook"), *doc, *rows;
    OC_VEC(json_t *) docs = {0};
    const char *id;
    json_object_foreach(all, id, doc)
    {
        if (!p->name || strcmp(oc_json_str(doc, "runbook", ""), p->name) == 0) {
            OC_VEC_PUSH(&docs, doc);
        }
    }
    if (docs.count) {
        qsort(docs.items, docs.count, sizeof *docs.items, newest_first);
    } else if (p->name && !is_book(s, p->name)) { /* runs of one that is gone are still told */
        json_decref(all);
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw runbook list` shows them.",
                      "no runbook is named %s", p->name);
        return;
    }
    rows = json_array();
    for (size_t i = 0; i < docs.count && i < (size_t)p->limit; i++) {
        json_t *report = oc_runbook_run_report(docs.items[i]);
        json_object_del(report, "steps");
        json_object_del(report, "findings");
        json_array_append_new(rows, report);
    }
    OC_VEC_FINISH(&docs);
    json_decref(all);
    oc_call_succeed(call, rows);
}

/* ---- runbook.resume and runbook.abort ---- */

struct resume_params {
    const char *run;
    int32_t unknown, detach;
};
static const struct oc_option resume_options[] = {
    {.name = "run",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct resume_params, run),
     .help = "the run"},
    {.name = "unknown",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct resume_params, unknown),
     .default_text = "ask",
     .choices = "ask|done|again",
     .help =
         "what is done with a step of which nobody knows whether it was done: refuse, take it for "
         "done, or do it again"},
    {.name = "detach",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct resume_params, detach),
     .help = "answer as soon as it runs"},
    {0}};

/* The steps of a run act with the role of who began it: nobody sets them going who could not have begun it. */
static bool may_steer(struct oc_call *call, struct oc_runbook *s, const char *id)
{
    json_t *doc = oc_runbook_run_document(s, id);
    bool may =
        !doc || (json_int_t)oc_call_actor(call)->role >= oc_json_int(doc, "role", OC_ROLE_ADMIN);
    json_decref(doc);
    if (!may) {
        oc_call_failf(call, OC_E_DENIED, "Ask somebody with the role of who began it.",
                      "run %s was begun with a higher role than yours", id);
    }
    return may;
}

static void op_resume(struct oc_call *call, void *ctx)
{
    static const char *const answers[] = {NULL, "done", "again"};
    struct oc_runbook *s = ctx;
    const struct resume_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    if (!may_steer(call, s, p->run)) {
        return;
    }
    struct run *r = oc_runbook_run_resume(s, p->run, answers[p->unknown], &err);
    if (!r) {
        oc_call_fail(call, &err);
        return;
    }
    if (p->detach) {
        json_t *report = oc_runbook_run_report(r->doc);
        oc_runbook_run_go_on(r);
        oc_call_succeed(call, report);
    } else {
        oc_runbook_run_watch(r, call);
        oc_runbook_run_go_on(r);
    }
}

struct abort_params {
    const char *run;
    int32_t undo;
};
static const struct oc_option abort_options[] = {
    {.name = "run",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct abort_params, run),
     .help = "the run; without it the one that is under way"},
    {.name = "undo",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct abort_params, undo),
     .help = "undo what was done, the latest step first"},
    {0}};

/* In an emergency nobody wants to look up a number. NULL when the call has been answered. */
static const char *run_meant(struct oc_call *call, const struct oc_runbook *s, const char *given)
{
    if (!given && !s->runs) {
        oc_call_failf(call, OC_E_NOT_FOUND,
                      "`openclaw runbook history` lists those that were: name one.",
                      "no run is under way");
    } else if (!given && s->runs->next) {
        oc_call_failf(call, OC_E_CONFLICT, "`openclaw runbook history` lists them: name one.",
                      "several runs are under way");
    } else {
        return given ? given : s->runs->id;
    }
    return NULL;
}

static void op_abort(struct oc_call *call, void *ctx)
{
    struct oc_runbook *s = ctx;
    const struct abort_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    const char *id = run_meant(call, s, p->run);
    if (!id || !may_steer(call, s, id)) {
        return;
    }
    struct run *r = oc_runbook_run_find(s, id);
    if (!r) { /* one that has stopped: a failure, or a crash with interrupted = "ask" */
        r = oc_runbook_run_revive(s, id, p->undo, &err);
    }
    if (!r) {
        oc_call_fail(call, &err);
        return;
    }
    r->abort = true;
    r->undo = p->undo;
    oc_runbook_run_watch(r, call);
    for (struct exec *x = r->execs; x; x = x->next) {
        oc_runbook_step_hurry(x);
    }
    oc_runbook_run_advance(r);
}

#define REPORT                                                                                     \
    "{run: string, runbook: string, title: string, state: string, message: string|null, by: "      \
    "string, began: time, ended: time|null, counts: {*: integer}, steps: [any]}"

static const struct oc_op ops[] = {
    {.name = "runbook.list",
     .summary = "List the runbooks",
     .flags = OC_OP_EPHEMERAL,
     .view = "table:name=Name,severity=Severity,title=Title,source=Source,error=Error",
     .example = "openclaw runbook list",
     .result = "[{name: string, title: string|null, severity: string|null, source: string, state: "
               "string, error: string|null}]",
     .handler = op_list},
    {.name = "runbook.show",
     .summary = "Show a runbook: what it is for, its parameters, its text",
     .flags = OC_OP_EPHEMERAL,
     .params = show_options,
     .params_size = sizeof(struct name_params),
     .view = "custom:runbook_show",
     .example = "openclaw runbook show agent-restart",
     .result =
         "{name: string, title: string|null, severity: string|null, source: string, state: "
         "string, error: string|null, summary: string|null, description: string|null, params: "
         "any, facts: any, examples: any, text: string}",
     .handler = op_show},
    {.name = "runbook.status",
     .summary = "Show a run: every step, and how it went",
     .flags = OC_OP_EPHEMERAL,
     .params = run_options,
     .params_size = sizeof(struct name_params),
     .view = "custom:runbook",
     .example = "openclaw runbook status",
     .result = REPORT,
     .handler = op_status},
    {.name = "runbook.history",
     .summary = "List the runs, newest first",
     .flags = OC_OP_EPHEMERAL,
     .params = history_options,
     .params_size = sizeof(struct history_params),
     .view = "table:run=Run,runbook=Runbook,state=State,by=By,began=Began,took_ms=Took "
             "(duration),message=Message",
     .example = "openclaw runbook history agent-restart",
     .result = "[{run: string, runbook: string, state: string, by: string, began: time, ended: "
               "time|null, took_ms: integer|null, message: string|null, counts: {*: integer}}]",
     .handler = op_history},
    {.name = "runbook.resume",
     .summary = "Go on with a run that was interrupted or has failed",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = resume_options,
     .params_size = sizeof(struct resume_params),
     .view = "custom:runbook",
     .description =
         "Steps that are done stay done while what they brought about is still so: their checks "
         "are "
         "asked once more, and what is no longer so is done again. The step that failed is tried "
         "again.",
     .example = "openclaw runbook resume 20261122-133000-1f3a",
     .result = REPORT,
     .handler = op_resume},
    {.name = "runbook.abort",
     .summary = "End a run before its next step, and undo what it did when asked to",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = abort_options,
     .params_size = sizeof(struct abort_params),
     .view = "custom:runbook",
     .description =
         "A proposal that a step waits for is withdrawn. --undo takes back the steps that say how, "
         "the latest first, and names those it took back, those it could not, and those that have "
         "no undo. It succeeds when nothing of the run is "
         "left. A run of which nothing can be undone stays as it is, and can be resumed.",
     .example = "openclaw runbook abort 20261122-133000-1f3a --undo",
     .result = REPORT,
     .handler = op_abort},
};

void oc_runbook_add_ops(struct oc_runbook *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
