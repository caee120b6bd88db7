/* runbook.run: facts are asked for, the plan is made, shown, agreed to, and run. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/runbook/internal.h"

struct run_params {
    const char *name, *plan, *confirm;
    struct oc_list params;
    int32_t dry_run, detach, skip;
};
#define AT(member) offsetof(struct run_params, member)
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = AT(name),
     .help = "the runbook"},
    {.name = "param",
     .type = OC_OPT_MAP,
     .offset = AT(params),
     .help = "a parameter of the runbook; `openclaw runbook show` names them"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = AT(dry_run),
     .help = "show the plan and change nothing"},
    {.name = "plan",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_ADVANCED,
     .offset = AT(plan),
     .help = "the hash of the plan that was agreed to; another plan is refused"},
    {.name = "confirm",
     .type = OC_OPT_STRING,
     .offset = AT(confirm),
     .help = "the words that the gravest steps ask for; the plan shows them"},
    {.name = "skip_unavailable",
     .type = OC_OPT_BOOL,
     .offset = AT(skip),
     .help = "leave out steps whose operation this host does not have"},
    {.name = "detach",
     .type = OC_OPT_BOOL,
     .offset = AT(detach),
     .help = "answer as soon as it runs; `openclaw runbook status` shows how it goes"},
    {0}};
#undef AT

/* One call while its facts are gathered. */
struct planning {
    struct oc_runbook *service;
    struct oc_call
        *call; /* NULL: the caller has given up, or it is only looked whether it could run */
    const struct oc_actor *actor; /* of the call: good while somebody waits */
    struct oc_lua *lua;
    struct book book; /* name and declaration, ours */
    json_t *params, *wanted, *facts, *missing;
    const char *fact; /* being asked for */
    void *at;         /* in `wanted` */
    bool looping, answered;
};

static void planning_free(struct planning *p)
{
    oc_lua_destroy(p->lua);
    json_decref(p->book.declaration);
    free(p->book.name);
    free(p->book.failure);
    json_decref(p->params);
    json_decref(p->wanted);
    json_decref(p->facts);
    json_decref(p->missing);
    free(p);
}

static void planning_fail(struct planning *p, const struct oc_error *err)
{
    if (p->call) {
        oc_call_fail(p->call, err);
    }
    planning_free(p);
}

/* ---- running what was planned ---- */

static int check_available(const json_t *plan, bool skip, struct oc_error *err)
{
    const json_t *step;
    size_t i;
    json_array_foreach(json_object_get(plan, "steps"), i, step)
    {
        if (!oc_json_bool(step, "available", true) && !oc_json_bool(step, "optional", false) &&
            !skip) {
            oc_error_set(err, OC_E_UNSUPPORTED,
                         "step %s is not available on this host (operation %s): nothing was done",
                         oc_json_str(step, "id", ""), oc_json_str(step, "missing", ""));
            oc_error_hint(err, "--skip-unavailable leaves such steps out.");
            return err->code;
        }
    }
    return OC_OK;
}

static int check_words(const json_t *plan, const char *given, struct oc_error *err)
{
    const json_t *step;
    size_t i;
    json_array_foreach(json_object_get(plan, "steps"), i, step)
    {
        const char *words = oc_json_str(step, "confirm", NULL);
        if (words && (!given || strcmp(words, given) != 0)) {
            oc_error_set(err, OC_E_CANCELLED, "step %s was not confirmed: nothing was done",
                         oc_json_str(step, "id", ""));
            oc_error_hint(err, "Give --confirm '%s'.", words);
            return err->code;
        }
    }
    return OC_OK;
}

static int check_alone(struct oc_runbook *s, const json_t *plan, struct oc_error *err)
{
    for (struct run *r = s->runs; r; r = r->next) {
        if (strcmp(oc_json_str(r->doc, "runbook", ""), oc_json_str(plan, "runbook", "")) == 0 &&
            json_equal(json_object_get(r->doc, "params"), json_object_get(plan, "params"))) {
            oc_error_set(err, OC_E_CONFLICT, "this runbook is under way as run %s", r->id);
            oc_error_hint(err, "`openclaw runbook status %s` shows it.", r->id);
            return err->code;
        }
    }
    return OC_OK;
}

static int check_agreed(const json_t *plan, const char *agreed, const struct oc_actor *actor,
                        struct oc_error *err)
{
    if (!agreed || strcmp(agreed, oc_json_str(plan, "plan", "")) == 0) {
        return OC_OK;
    }
    if (actor->approval) {
        oc_error_set(err, OC_E_CONFLICT,
                     "the plan is not the one that was approved: nothing was done");
        oc_error_hint(err, "The runbook or what it found has changed since then: ask anew.");
        return OC_E_CONFLICT;
    }
    oc_error_set(err, OC_E_CONFLICT, "the plan is another one by now: nothing was done");
    oc_error_hint(err, "Look at it again with --dry-run.");
    return OC_E_CONFLICT;
}

static void publish_start(const struct run *r)
{
    json_t *event = json_object();
    oc_json_set_str(event, "run", r->id);
    oc_json_set_str(event, "runbook", oc_json_str(r->doc, "runbook", ""));
    oc_json_set_str(event, "plan", oc_json_str(r->doc, "plan", ""));
    oc_json_set_str(event, "by", oc_json_str(r->doc, "by", ""));
    oc_json_set_int(event, "steps", (int64_t)json_array_size(r->steps));
    oc_bus_publish(r->service->env->bus, "runbook.started", event);
}

/* All that can be known before it begins. */
static int check_plan(const json_t *plan, const struct run_params *o, const struct oc_actor *actor,
                      struct oc_error *err)
{
    return check_agreed(plan, o->plan, actor, err) != OC_OK ||
                   check_available(plan, o->skip, err) != OC_OK ||
                   check_words(plan, o->confirm, err) != OC_OK
               ? err->code
               : OC_OK;
}

static void go(struct planning *p, json_t *plan)
{
    const struct run_params *o = oc_call_params(p->call);
    struct oc_runbook *s = p->service;
    struct oc_call *call = p->call;
    struct oc_error err;
    oc_error_init(&err);
    if (check_plan(plan, o, oc_call_actor(call), &err) != OC_OK ||
        check_alone(s, plan, &err) != OC_OK) {
        planning_fail(p, &err);
        return;
    }
    struct run *r = oc_runbook_run_create(s, plan, oc_call_actor(call), o->skip);
    if (oc_call_actor(call)->approval) {
        oc_json_take(r->doc, "asked", json_deep_copy(oc_call_json(call)));
    }
    if (oc_runbook_run_keep(r, &err) != OC_OK) {
        oc_runbook_run_free(r);
        planning_fail(p, &err);
        return;
    }
    oc_runbook_runs_prune(s);
    oc_info("runbook begins", "run=%s runbook=%s by=%s", r->id, p->book.name,
            oc_call_actor(call)->name);
    publish_start(r);
    bool detach = o->detach;
    planning_free(p);
    if (detach) {
        json_t *report = oc_runbook_run_report(r->doc);
        oc_runbook_run_advance(r); /* r may be gone */
        oc_call_succeed(call, report);
    } else {
        oc_runbook_run_watch(r, call);
        oc_runbook_run_advance(r);
    }
}

/* Owned; NULL and err. */
static json_t *make_plan(struct planning *p, struct oc_error *err)
{
    json_t *answer = NULL, *args = json_pack("[O,O]", p->params, p->facts), *plan = NULL;
    if (oc_lua_call(p->lua, "plan", args, &answer, NULL, NULL, err) == OC_OK) {
        plan = oc_runbook_plan_make(p->service, &p->book, p->params, answer, err);
    } else {
        oc_error_prefix(err, "plan() of %s", p->book.name);
    }
    json_decref(answer);
    json_decref(args);
    return plan;
}

static void planned(struct planning *p)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!p->call) {
        planning_free(p);
        return;
    }
    json_t *plan = make_plan(p, &err);
    const struct run_params *o = oc_call_params(p->call);
    if (!plan) {
        planning_fail(p, &err);
    } else if (o->dry_run) {
        struct oc_call *call = p->call;
        oc_json_set_bool(plan, "dry_run", true);
        oc_json_take(plan, "facts", json_incref(p->missing));
        planning_free(p);
        oc_call_succeed(call, json_incref(plan));
    } else {
        go(p, plan);
    }
    json_decref(plan);
}

/* ---- facts ---- */

static void ask_next(struct planning *p);

static void take_fact(struct planning *p, const json_t *result, const char *problem)
{
    if (result) {
        json_object_set_new(p->facts, p->fact, json_deep_copy(result));
    } else if (problem) {
        oc_json_set_str(p->missing, p->fact, problem);
    }
}

static void fact_answered(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct planning *p = ctx;
    take_fact(p, code == OC_OK ? result : NULL, code == OC_OK ? NULL : err->message);
    p->answered = true;
    if (!p->looping) {
        ask_next(p);
    }
}

/* False: it was refused, or is not there; the plan sees nil. */
static bool ask_fact(struct planning *p, const json_t *wanted)
{
    const char *name = oc_json_str(wanted, "op", "");
    const struct oc_op *op = oc_ops_find(p->service->env->ops, name);
    const json_t *params = json_object_get(wanted, "params");
    if (!op || op->flags & (OC_OP_MUTATES | OC_OP_ACTS | OC_OP_DESTRUCTIVE | OC_OP_STREAMS)) {
        take_fact(p, NULL, op ? "a fact may not change anything" : "not available on this host");
        return false;
    }
    struct oc_call_request req = {.op = name,
                                  .params = json_is_object(params) ? json_deep_copy(params) : NULL,
                                  .actor = {.name = p->actor->name, .role = p->actor->role},
                                  .on_done = fact_answered,
                                  .ctx = p};
    p->answered = false;
    oc_ops_call(p->service->env->ops, &req);
    return true;
}

/* False: the answer comes later, and fact_answered goes on. */
static bool ask_one(struct planning *p)
{
    const json_t *wanted = json_object_iter_value(p->at);
    p->fact = json_object_iter_key(p->at);
    p->at = json_object_iter_next(p->wanted, p->at);
    p->looping = !ask_fact(p, wanted) || p->answered;
    return p->looping;
}

static void ask_next(struct planning *p)
{
    p->looping = true;
    while (p->at && p->call) {
        if (!ask_one(p)) {
            return;
        }
    }
    planned(p);
}

/* A table of the declaration, or a function of the parameters. */
static int want_facts(struct planning *p, struct oc_error *err)
{
    int rc = OC_OK;
    if (oc_lua_has(p->lua, "facts")) {
        json_t *args = json_pack("[O]", p->params);
        rc = oc_lua_call(p->lua, "facts", args, &p->wanted, NULL, NULL, err);
        json_decref(args);
    } else {
        p->wanted = json_incref(json_object_get(p->book.declaration, "facts"));
    }
    if (rc == OC_OK && json_object_size(p->wanted) > RUNBOOK_FACTS_MAX) {
        rc = oc_error_set(err, OC_E_CONFIG, "runbook %s asks for more than %d facts", p->book.name,
                          RUNBOOK_FACTS_MAX);
    }
    return rc;
}

static void give_up(struct oc_call *call, void *ctx)
{
    ((struct planning *)ctx)->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled before it began");
}

/* As far as the facts; NULL and err when it cannot be run. */
static struct planning *planning_begin(struct oc_runbook *s, const struct oc_call *call,
                                       struct oc_error *err)
{
    const struct run_params *o = oc_call_params(call);
    oc_runbook_books_load(s, o->name);
    const struct book *book = oc_runbook_book_find(s, o->name);
    struct planning *p = oc_calloc(1, sizeof *p);
    *p = (struct planning){.service = s,
                           .actor = oc_call_actor(call),
                           .facts = json_object(),
                           .missing = json_object()};
    if (!book) {
        oc_error_set(err, OC_E_NOT_FOUND, "no runbook is named %s", o->name);
        oc_error_hint(err, "`openclaw runbook list` shows them.");
    } else if (!book->declaration) {
        *err = book->error;
        oc_error_prefix(err, "runbook %s", book->name);
    } else if (s->stopping || (s->env->ephemeral && o->detach)) {
        oc_error_set(err, OC_E_CONFLICT, "there is no daemon in which it could go on");
        oc_error_hint(err, "Start openclawd, or leave --detach out.");
    } else {
        p->book.name = oc_strdup(book->name);
        p->book.declaration = json_incref(book->declaration);
        p->book.failure = oc_strdup(book->failure);
        p->lua = oc_runbook_book_open(s, book, err);
    }
    if (err->code != OC_OK ||
        oc_runbook_params_bind(json_object_get(p->book.declaration, "params"),
                               json_object_get(oc_call_json(call), "param"), &p->params,
                               err) != OC_OK ||
        want_facts(p, err) != OC_OK || oc_runbook_facts_check(s, book, p->wanted, err) != OC_OK) {
        planning_free(p);
        return NULL;
    }
    p->at = json_object_iter(p->wanted);
    return p;
}

/* What would be refused is refused before anybody votes on it. A fact that answers later is not waited for: then op_run looks. */
static int check_run(const struct oc_call *call, void *ctx, struct oc_error *err)
{
    const struct run_params *o = oc_call_params(call);
    if (o->dry_run) {
        return OC_OK;
    }
    struct planning *p = planning_begin(ctx, call, err);
    if (!p) {
        return err->code;
    }
    p->looping = true;
    while (p->at) {
        if (!ask_one(p)) {
            return OC_OK; /* it frees itself when the answer comes, for nobody waits for it */
        }
    }
    json_t *plan = make_plan(p, err);
    int rc = plan ? check_plan(plan, o, p->actor, err) : err->code;
    json_decref(plan);
    planning_free(p);
    return rc;
}

void oc_runbook_begin(struct oc_runbook *s, struct oc_call *call)
{
    struct oc_error err;
    oc_error_init(&err);
    struct planning *p = planning_begin(s, call, &err);
    if (!p) {
        oc_call_fail(call, &err);
        return;
    }
    p->call = call;
    oc_call_on_cancel(call, give_up, p);
    ask_next(p);
}

static void op_run(struct oc_call *call, void *ctx)
{
    if (!oc_runbook_decided(ctx, call)) {
        oc_runbook_begin(ctx, call);
    }
}

static const struct oc_op run_op = {
    .name = "runbook.run",
    .summary = "Run a runbook: show its plan, ask, and do it step by step",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_DESTRUCTIVE | OC_OP_PLANS | OC_OP_EPHEMERAL | OC_OP_ONCE,
    .params = options,
    .params_size = sizeof(struct run_params),
    .view = "custom:runbook",
    .description =
        "Each step is an operation with a check before and a check after; the first that fails "
        "ends the run and leaves what follows untouched. A run outlives the command that began it: "
        "after Ctrl-C, and after a crash of the daemon, it goes on. Steps are audited as "
        "runbook:<run> and pass the policies like everything else; one that needs approval waits "
        "for it.",
    .example = "openclaw runbook run agent-restart --param scenario=rolling --dry-run\n"
               "openclaw runbook run troubleshooting --param issue=agent-offline",
    .result = "{run: string, runbook: string, title: string, severity: string, params: {}, plan: "
              "string, by: string, state: string, message: string|null, began: time, ended: "
              "time|null, took_ms: integer|null, counts: {*: integer}, findings: [any], steps: "
              "[{id: string, title: string, op: string, params: {}, state: string, message?: "
              "string|null, took_ms: integer|null}]}",
    .handler = op_run,
    .check = check_run,
};

void oc_runbook_add_run_ops(struct oc_runbook *s)
{
    oc_ops_add(s->env->ops, &run_op, s);
}
