/* The life of one call. SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/meter.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/config/bind.h"
#include "core/op/internal.h"

struct oc_call {
    struct oc_ops *ops;
    const struct oc_op *op;
    struct oc_call *next, *prev;
    struct oc_arena arena;
    void *params;
    json_t *json;
    struct oc_actor actor;
    int64_t began_us;
    struct oc_call_request req; /* the callbacks; cleared once on_done has run */
    void (*on_cancel)(struct oc_call *call, void *ctx);
    void *on_cancel_ctx;
    bool starting; /* the handler has not returned yet: freeing waits */
    bool cancelled, over;
    bool refused; /* by its role or by the policy: "op.denied" was published */
};

static struct oc_meter operations = {.name = "openclaw_operations_total",
                                     .help = "Operations that ended, by name and result",
                                     .kind = OC_METER_COUNTER,
                                     .labels = {"operation", "code"}};
static struct oc_meter durations = {.name = "openclaw_operation_duration_seconds",
                                    .help = "How long operations took",
                                    .kind = OC_METER_SECONDS,
                                    .labels = {"operation"}};

void oc_call_free(struct oc_call *call)
{
    struct oc_ops *ops = call->ops;
    if (call->prev) {
        call->prev->next = call->next;
    } else {
        ops->calls = call->next;
    }
    if (call->next) {
        call->next->prev = call->prev;
    }
    json_decref(call->json);
    oc_arena_finish(&call->arena);
    free(call);
}

static void audit(struct oc_call *call, int code)
{
    if (!(call->op->flags & OC_OP_MUTATES)) {
        return;
    }
    json_t *entry = json_object();
    oc_json_set_str(entry, "op", call->op->name);
    oc_json_set_str(entry, "actor", call->actor.name);
    oc_json_set_int(entry, "role", call->actor.role);
    if (call->actor.approval) {
        oc_json_set_str(entry, "approval", call->actor.approval);
    }
    if (call->refused) { /* nothing was done with what a stranger brought: it fills nobody's disk */
        oc_json_set_bool(entry, "refused", true);
    } else {
        oc_json_take(entry, "params", oc_op_masked_params(call->ops, call->op, call->json));
    }
    oc_json_set_str(entry, "code", oc_error_name(code));
    oc_json_set_int(entry, "at", oc_time_wall());
    struct oc_call *before = call->ops->ending;
    call->ops->ending = call;
    oc_bus_publish(call->ops->bus, "audit", entry);
    call->ops->ending = before;
}

static void tell_caller(struct oc_call *call, int code, const json_t *result,
                        const struct oc_error *err)
{
    struct oc_call_request req = call->req;
    memset(&call->req, 0, sizeof call->req);
    if (req.on_done) {
        req.on_done(req.ctx, code, result, err);
    }
}

static void end(struct oc_call *call, int code, const json_t *result, const struct oc_error *err)
{
    OC_ASSERT(!call->over);
    call->over = true;
    oc_meter_add(&operations, 1, call->op->name, oc_error_name(code), NULL);
    if (!(call->op->flags & OC_OP_STREAMS)) {
        oc_meter_observe(&durations, oc_time_mono_us() - call->began_us, call->op->name, NULL,
                         NULL);
    }
    audit(call, code);
    tell_caller(call, code, result, err);
    if (!call->starting) {
        oc_call_free(call);
    }
}

/* A request that never became a call: its caller hears why. */
static void refuse(const struct oc_call_request *req, const struct oc_error *err)
{
    json_decref(req->params);
    if (req->on_done) {
        req->on_done(req->ctx, err->code, NULL, err);
    }
}

const char *oc_ops_near(struct oc_ops *ops, const char *name)
{
    OC_VEC(const char *) names = {0};
    const char *key;
    for (size_t it = 0; oc_map_next(&ops->table, &it, &key, NULL);) {
        OC_VEC_PUSH(&names, key);
    }
    const char *near = oc_nearest(name, names.items, names.count);
    OC_VEC_FINISH(&names);
    return near;
}

static void unknown_op(struct oc_ops *ops, const char *name, struct oc_error *err)
{
    const char *near = oc_ops_near(ops, name);
    oc_error_set(err, OC_E_NOT_FOUND, "no operation is named %s", name);
    if (near) {
        oc_error_hint(err, "Did you mean %s?", near);
    }
}

static struct oc_call *call_create(struct oc_ops *ops, const struct oc_op *op,
                                   const struct oc_call_request *req)
{
    struct oc_call *call = oc_calloc(1, sizeof *call);
    call->ops = ops;
    call->op = op;
    call->began_us = oc_time_mono_us();
    call->req = *req;
    call->json = req->params ? req->params : json_object();
    call->actor.name = oc_arena_strdup(&call->arena, req->actor.name ? req->actor.name : "unknown");
    call->actor.role = req->actor.role;
    call->actor.approval =
        req->actor.approval ? oc_arena_strdup(&call->arena, req->actor.approval) : NULL;
    call->params = oc_arena_alloc(&call->arena, op->params_size ? op->params_size : 1);
    call->next = ops->calls;
    if (ops->calls) {
        ops->calls->prev = call;
    }
    ops->calls = call;
    return call;
}

bool oc_actor_keeps_answers(const struct oc_actor *actor)
{
    return actor->approval || oc_starts(actor->name, "schedule:") ||
           oc_starts(actor->name, "runbook:");
}

bool oc_actor_is_told_all(const struct oc_actor *actor)
{
    return actor->role >= OC_ROLE_ADMIN && !oc_actor_keeps_answers(actor);
}

static int admit(struct oc_call *call, struct oc_error *err)
{
    static const struct oc_option none[] = {{0}};
    if (call->op->flags & OC_OP_TELLS_SECRET && oc_actor_keeps_answers(&call->actor)) {
        oc_error_set(err, OC_E_DENIED, "%s answers with a secret, which would be kept",
                     call->op->name);
        oc_error_hint(err, "Call it yourself.");
        return err->code;
    }
    if (call->actor.role < call->op->role) {
        oc_error_set(err, OC_E_DENIED, "%s needs the role %s", call->op->name,
                     oc_role_name(call->op->role));
        oc_error_hint(err, "You are %s.", oc_role_name(call->actor.role));
        json_t *data = json_object();
        oc_json_set_str(data, "op", call->op->name);
        oc_json_set_str(data, "actor", call->actor.name);
        oc_bus_publish(call->ops->bus, "op.denied", data);
        call->refused = true;
        return err->code;
    }
    if (!call->op->params && call->op->flags & OC_OP_INTERNAL) {
        return OC_OK; /* one part of the host speaks to another: the handler reads the parameters as given */
    }
    return oc_bind_json(call->op->params ? call->op->params : none, call->json, call->params,
                        call->op->params_size, &call->arena, err);
}

/* What cannot be done is refused before anybody is asked whether it may be. */
static int pass_check(const struct oc_call *call, void *ctx, struct oc_error *err)
{
    return call->op->check ? call->op->check(call, ctx, err) : OC_OK;
}

/* What was decided is not asked again. */
static int pass_gate(struct oc_call *call, json_t **details, struct oc_error *err)
{
    const struct oc_ops *ops = call->ops;
    if (!ops->gate || !(call->op->flags & OC_OP_MUTATES) || call->actor.approval) {
        return OC_OK;
    }
    const int rc = ops->gate(ops->gate_ctx, call, details, err);
    call->refused = rc == OC_E_DENIED;
    return rc;
}

struct oc_call *oc_ops_call(struct oc_ops *ops, const struct oc_call_request *req)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_op_slot *slot = oc_map_get(&ops->table, req->op);
    if (!slot) {
        unknown_op(ops, req->op, &err);
        refuse(req, &err);
        return NULL;
    }
    struct oc_call *call = call_create(ops, slot->op, req);
    call->starting = true;
    json_t *details = NULL;
    int rc = admit(call, &err);
    rc = rc == OC_OK ? pass_check(call, slot->ctx, &err) : rc;
    rc = rc == OC_OK ? pass_gate(call, &details, &err) : rc;
    if (rc == OC_OK) {
        slot->op->handler(call, slot->ctx);
    } else if (rc != OC_GATE_LATER) {
        end(call, err.code, details, &err);
        json_decref(details);
    }
    call->starting = false;
    if (call->over) {
        oc_call_free(call);
        return NULL;
    }
    return call;
}

int oc_ops_check(struct oc_ops *ops, const struct oc_call_request *req, struct oc_error *err)
{
    struct oc_op_slot *slot = oc_map_get(&ops->table, req->op);
    if (!slot) {
        unknown_op(ops, req->op, err);
        json_decref(req->params);
        return err->code;
    }
    struct oc_call *call = call_create(ops, slot->op, req);
    int rc = admit(call, err);
    rc = rc == OC_OK ? pass_check(call, slot->ctx, err) : rc;
    oc_call_free(call);
    return rc;
}

static void take_answer(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    json_t **answer = ctx;
    (void)err;
    *answer = code == OC_OK ? json_deep_copy(result) : NULL;
}

json_t *oc_ops_ask(struct oc_ops *ops, const char *op, json_t *params)
{
    json_t *answer = NULL;
    const struct oc_call_request req = {.op = op,
                                        .params = params,
                                        .actor = {.name = "host", .role = OC_ROLE_VIEWER},
                                        .on_done = take_answer,
                                        .ctx = &answer,
                                        .at_once = true};
    struct oc_call *call = oc_ops_call(ops, &req);
    OC_ASSERT(!call); /* what is not over would write into our stack */
    return answer;
}

void oc_call_cancel(struct oc_call *call)
{
    call->cancelled = true;
    if (call->on_cancel) {
        void (*fn)(struct oc_call *, void *) = call->on_cancel;
        call->on_cancel = NULL;
        fn(call, call->on_cancel_ctx);
        return;
    }
    /* The handler cannot be told: the caller is let go, the call ends by itself and nobody listens. */
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "%s was cancelled", call->op->name);
    tell_caller(call, OC_E_CANCELLED, NULL, &err);
}

/* A call that ends may end another one, so each step begins at the head again. */
void oc_ops_cancel_all(struct oc_ops *ops)
{
    struct oc_call *c = ops->calls;
    while (c) {
        if (c->cancelled) {
            c = c->next;
        } else {
            oc_call_cancel(c);
            c = ops->calls;
        }
    }
}

void oc_ops_stop(struct oc_ops *ops)
{
    ops->stopping = true;
    oc_ops_cancel_all(ops);
}

bool oc_ops_stopping(const struct oc_ops *ops)
{
    return ops->stopping;
}

/* ---- the handler's side ---- */

const void *oc_call_params(const struct oc_call *call)
{
    return call->params;
}

const json_t *oc_call_json(const struct oc_call *call)
{
    return call->json;
}

const struct oc_op *oc_call_op(const struct oc_call *call)
{
    return call->op;
}

const struct oc_actor *oc_call_actor(const struct oc_call *call)
{
    return &call->actor;
}

bool oc_call_is_at_once(const struct oc_call *call)
{
    return call->req.at_once;
}

struct oc_ops *oc_call_ops(const struct oc_call *call)
{
    return call->ops;
}

void oc_call_row(struct oc_call *call, json_t *row)
{
    if (call->req.on_row) {
        call->req.on_row(call->req.ctx, row);
    }
    json_decref(row);
}

void oc_call_progress(struct oc_call *call, double fraction, const char *text)
{
    if (call->req.on_progress) {
        call->req.on_progress(call->req.ctx, fraction, text);
    }
}

void oc_call_warn(struct oc_call *call, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    if (call->req.on_warning) {
        call->req.on_warning(call->req.ctx, text);
    }
    free(text);
}

void oc_ops_warn(struct oc_ops *ops, const char *text)
{
    if (ops->ending) {
        oc_call_warn(ops->ending, "%s", text);
    }
}

void oc_call_succeed(struct oc_call *call, json_t *result)
{
    end(call, OC_OK, result, NULL);
    json_decref(result);
}

void oc_call_fail_with(struct oc_call *call, const struct oc_error *err, json_t *details)
{
    struct oc_error copy = *err;
    if (copy.code == OC_OK) {
        copy.code = OC_E_INTERNAL;
    }
    end(call, copy.code, details, &copy);
    json_decref(details);
}

void oc_call_refuse(struct oc_call *call, const struct oc_error *err, json_t *details)
{
    call->refused = err->code == OC_E_DENIED;
    oc_call_fail_with(call, err, details);
}

void oc_call_fail(struct oc_call *call, const struct oc_error *err)
{
    oc_call_fail_with(call, err, NULL);
}

void oc_call_failf(struct oc_call *call, int code, const char *hint, const char *fmt, ...)
{
    struct oc_error err;
    oc_error_init(&err);
    err.code = code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err.message, sizeof err.message, fmt, ap);
    va_end(ap);
    if (hint) {
        oc_error_hint(&err, "%s", hint);
    }
    oc_call_fail(call, &err);
}

void oc_call_on_cancel(struct oc_call *call, void (*fn)(struct oc_call *call, void *ctx), void *ctx)
{
    call->on_cancel = fn;
    call->on_cancel_ctx = ctx;
}
