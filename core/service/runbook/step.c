/* One step: checked before, done, checked after; or undone. SPDX-License-Identifier: MIT
 *
 * "running" is on the disk before the operation is called. That an operation has answered is on the disk before its check after
 * begins. So a step that is found running and has not acted may have acted or not: its check after decides, and without one only an
 * operation that may be repeated is called again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/runbook/internal.h"

#define RESULT_MAX 8192 /* bytes of a result that are kept */
#define WHY        640

static void exec_answered(void *ctx, int code, const json_t *result, const struct oc_error *err);
static void after_begin(struct exec *x);
static void act_begin(struct exec *x);

static json_t *step_of(const struct exec *x)
{
    return json_array_get(x->run->steps, x->index);
}

/* ---- life ---- */

static void on_timer(void *ctx);

static struct exec *exec_create(struct run *r, size_t index, enum phase phase)
{
    struct exec *x = oc_calloc(1, sizeof *x);
    *x = (struct exec){.run = r, .index = index, .phase = phase};
    x->timer = oc_timer_create(r->service->env->loop, on_timer, x);
    x->next = r->execs;
    r->execs = x;
    return x;
}

/* The last thing that every way into a step does: what has ended is freed once nobody is in it and no call is under way. */
static void exec_release(struct exec *x)
{
    if (x->over && x->depth == 0 && !x->call) {
        free(x);
    }
}

/* Its call, if any, goes on without it. */
static void exec_close(struct exec *x)
{
    struct exec **at = &x->run->execs;
    while (*at != x) {
        at = &(*at)->next;
    }
    *at = x->next;
    oc_timer_destroy(x->timer);
    x->timer = NULL;
    x->over = true;
}

void oc_runbook_exec_free(struct exec *x)
{
    exec_close(x);
    exec_release(x);
}

void oc_runbook_exec_end(struct exec *x, const char *state, const char *message)
{
    struct run *r = x->run;
    size_t index = x->index;
    const char *again = oc_json_str(step_of(x), "again", NULL);
    char text[WHY + 32];
    if (again && !message && strcmp(state, "done") == 0) {
        snprintf(text, sizeof text, "done again: %s", again);
        message = text;
    }
    exec_close(x);
    oc_runbook_step_set(r, index, state, message);
    oc_runbook_run_advance(r);
}

void oc_runbook_exec_call(struct exec *x, const json_t *call)
{
    struct run *r = x->run;
    const json_t *params = json_object_get(call, "params");
    struct oc_call_request req = {.op = oc_json_str(call, "op", ""),
                                  .params = params ? json_deep_copy(params) : NULL,
                                  .actor = {.name = r->actor, .role = r->role},
                                  .on_done = exec_answered,
                                  .ctx = x};
    uint64_t serial = ++x->serial;
    x->answered = false;
    x->depth++;
    struct oc_call *begun = oc_ops_call(r->service->env->ops, &req);
    x->depth--;
    if (x->serial == serial && !x->answered) {
        x->call = begun;
    }
}

/* ---- the phases ---- */

static bool check_holds(const struct exec *x, const json_t *check, int code, const json_t *result,
                        const struct oc_error *err, char why[WHY])
{
    int64_t since = oc_json_int(step_of(x), "began_ms", 0);
    if (oc_json_bool(check, "fails", false)) {
        snprintf(why, WHY, "%s succeeded", oc_json_str(check, "op", ""));
        return code != OC_OK;
    }
    if (code != OC_OK) {
        oc_copy(why, WHY, err->message);
        return false;
    }
    return oc_runbook_expect_holds(json_object_get(check, "expect"), result, since, why, WHY);
}

static void before_begin(struct exec *x)
{
    const json_t *check = json_object_get(step_of(x), "check_before");
    if (check) {
        x->phase = PHASE_BEFORE;
        oc_runbook_exec_call(x, check);
    } else {
        act_begin(x);
    }
}

static void act_begin(struct exec *x)
{
    x->phase = PHASE_ACT;
    if (oc_runbook_step_set(x->run, x->index, "running", NULL) != OC_OK) {
        oc_runbook_exec_end(x, "failed",
                            "it could not be written down that it begins: nothing was done");
        return;
    }
    oc_runbook_exec_call(x, step_of(x));
}

static void keep_result(struct exec *x, const json_t *result)
{
    char *text = result ? oc_json_text(result) : NULL;
    struct oc_error err;
    oc_error_init(&err);
    if (text && strlen(text) <= RESULT_MAX) {
        oc_json_take(step_of(x), "result", json_deep_copy(result));
    }
    free(text);
    oc_json_set_bool(step_of(x), "acted", true);
    if (oc_runbook_run_keep(x->run, &err) != OC_OK) {
        oc_warn("step of a runbook not written down", "run=%s reason=%s", x->run->id, err.message);
    }
}

static void go_on(struct exec *x)
{
    int64_t wait = oc_json_int(step_of(x), "wait_ms", 0);
    x->phase = PHASE_WAIT;
    if (wait > 0) {
        oc_timer_start(x->timer, wait, 0);
    } else {
        after_begin(x);
    }
}

void oc_runbook_exec_acted(struct exec *x, const json_t *result)
{
    keep_result(x, result);
    go_on(x);
}

static void after_begin(struct exec *x)
{
    const json_t *check = json_object_get(step_of(x), "check_after");
    if (!check) {
        oc_runbook_exec_end(x, "done", NULL);
        return;
    }
    x->phase = PHASE_AFTER;
    x->until = oc_time_mono() + oc_json_int(check, "within_ms", 0);
    oc_runbook_exec_call(x, check);
}

static void after_answered(struct exec *x, bool holds, const char *why)
{
    const json_t *step = step_of(x), *check = json_object_get(step, "check_after");
    char message[WHY + 64], within[32];
    bool sure = oc_json_bool(step, "acted", false);
    if (holds) {
        oc_runbook_exec_end(x, "done", sure ? NULL : "it was done before the host went down");
    } else if (!sure && oc_json_bool(step, "replay_safe", false)) {
        act_begin(x);
    } else if (oc_time_mono() < x->until && !x->run->abort) {
        oc_timer_start(x->timer, oc_json_int(check, "every_ms", 1000), 0);
    } else if (!sure) {
        oc_runbook_exec_end(x, "unknown",
                            "the host went down while it ran: check by hand whether it was done");
    } else {
        oc_duration_human(oc_json_int(check, "within_ms", 0), within, sizeof within);
        if (x->run->abort) {
            snprintf(message, sizeof message, "aborted: %s", why);
        } else {
            snprintf(message, sizeof message, "not so within %s: %s", within, why);
        }
        oc_runbook_exec_end(x, "failed", message);
    }
}

static void act_answered(struct exec *x, int code, const json_t *result, const struct oc_error *err)
{
    if (code == OC_OK) {
        oc_runbook_exec_acted(x, result);
    } else if (code == OC_E_APPROVAL) {
        oc_runbook_await(x, result, err);
    } else {
        oc_runbook_exec_end(x, "failed", err->message);
    }
}

/* Still so: nothing changes. Else it is done once more, if it may be. */
static void verify_answered(struct exec *x, bool holds, const char *why)
{
    struct run *r = x->run;
    char message[WHY + 96];
    if (holds) {
        exec_close(x);
        oc_runbook_run_advance(r);
        return;
    }
    snprintf(message, sizeof message, "it was done, and then %s", why);
    oc_json_set_str(step_of(x), "again", message);
    if (oc_json_bool(step_of(x), "replay_safe", false)) {
        oc_runbook_exec_end(x, "pending", message);
    } else {
        snprintf(message, sizeof message,
                 "it was done, and then %s; it may not be repeated unasked: check by hand", why);
        oc_runbook_exec_end(x, "unknown", message);
    }
}

static void undo_answered(struct exec *x, int code, const struct oc_error *err)
{
    oc_runbook_exec_end(x, code == OC_OK ? "undone" : "undo_failed",
                        code == OC_OK ? NULL : err->message);
}

/* ---- what moves it on ---- */

static void on_timer(void *ctx)
{
    struct exec *x = ctx;
    x->depth++;
    if (x->phase == PHASE_WAIT) {
        after_begin(x);
    } else if (x->phase == PHASE_AFTER && !x->call) {
        oc_runbook_exec_call(x, json_object_get(step_of(x), "check_after"));
    } else if (x->phase == PHASE_DECISION) {
        oc_runbook_await_look(x);
    }
    x->depth--;
    exec_release(x);
}

/* The daemon stops: what is on the disk says where to go on. A call that is cancelled for another reason has failed. */
static bool interrupted(struct exec *x, int code)
{
    struct run *r = x->run;
    if (r->held || (code == OC_E_CANCELLED && oc_ops_stopping(r->service->env->ops))) {
        r->held = true;
        exec_close(x);
        return true;
    }
    return false;
}

static void dispatch(struct exec *x, int code, const json_t *result, const struct oc_error *err)
{
    static const char *const keys[] = {"unless", "check_before", NULL, NULL, "check_after"};
    const char *key = x->phase <= PHASE_AFTER    ? keys[x->phase]
                      : x->phase == PHASE_VERIFY ? "check_after"
                                                 : NULL;
    char why[WHY] = "", message[WHY + 32];
    bool holds = key && check_holds(x, json_object_get(step_of(x), key), code, result, err, why);
    switch (x->phase) {
    case PHASE_UNLESS:
        if (holds) {
            oc_runbook_exec_end(x, "skipped", "it is so already");
        } else {
            before_begin(x);
        }
        break;
    case PHASE_BEFORE:
        if (holds) {
            act_begin(x);
        } else {
            snprintf(message, sizeof message, "not begun: %s", why);
            oc_runbook_exec_end(x, "failed", message);
        }
        break;
    case PHASE_ACT:
        act_answered(x, code, result, err);
        break;
    case PHASE_AFTER:
        after_answered(x, holds, why);
        break;
    case PHASE_DECISION:
        oc_runbook_await_answered(x, code, result);
        break;
    case PHASE_WITHDRAW:
        oc_runbook_await_withdrawn(x, code, err);
        break;
    case PHASE_UNDO:
        undo_answered(x, code, err);
        break;
    case PHASE_VERIFY:
        verify_answered(x, holds, why);
        break;
    case PHASE_WAIT:
        break;
    }
}

static void exec_answered(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct exec *x = ctx;
    x->call = NULL;
    x->answered = true;
    x->depth++;
    if (!x->over && !interrupted(x, code)) {
        dispatch(x, code, result, err);
    }
    x->depth--;
    exec_release(x);
}

void oc_runbook_step_hurry(struct exec *x)
{
    if (x->phase == PHASE_DECISION || x->phase == PHASE_AFTER || x->phase == PHASE_WAIT) {
        oc_timer_start(x->timer, 0, 0); /* who aborts does not wait until a drain is over */
    }
}

/* ---- beginnings ---- */

void oc_runbook_step_begin(struct run *r, size_t index)
{
    struct exec *x = exec_create(r, index, PHASE_UNLESS);
    const json_t *unless = json_object_get(step_of(x), "unless");
    x->depth++;
    if (unless) {
        oc_runbook_exec_call(x, unless);
    } else {
        before_begin(x);
    }
    x->depth--;
    exec_release(x);
}

void oc_runbook_step_resume(struct run *r, size_t index)
{
    struct exec *x = exec_create(r, index, PHASE_ACT);
    const json_t *step = step_of(x);
    const char *state = oc_json_str(step, "state", "");
    bool safe = oc_json_bool(step, "replay_safe", false);
    x->depth++;
    if (strcmp(state, "waiting") == 0) {
        x->phase = PHASE_DECISION;
        oc_timer_start(x->timer, 1000, 5000);
    } else if (oc_json_bool(step, "acted", false)) {
        go_on(x);
    } else if (json_object_get(step, "check_after")) {
        after_begin(x);
    } else if (safe) {
        act_begin(x);
    } else {
        oc_runbook_exec_end(x, "unknown",
                            "the host went down while it ran: check by hand whether it was done");
    }
    x->depth--;
    exec_release(x);
}

void oc_runbook_step_verify(struct run *r, size_t index)
{
    struct exec *x = exec_create(r, index, PHASE_VERIFY);
    x->depth++;
    oc_runbook_exec_call(x, json_object_get(step_of(x), "check_after"));
    x->depth--;
    exec_release(x);
}

void oc_runbook_step_undo(struct run *r, size_t index)
{
    struct exec *x = exec_create(r, index, PHASE_UNDO);
    const json_t *undo = json_object_get(step_of(x), "undo");
    x->depth++;
    if (!oc_ops_find(r->service->env->ops, oc_json_str(undo, "op", ""))) {
        oc_runbook_exec_end(x, "undo_failed", "not available on this host");
    } else if (oc_runbook_step_set(r, index, "undoing", NULL) != OC_OK) {
        oc_runbook_exec_end(x, "undo_failed", "it could not be written down that it is undone");
    } else {
        oc_runbook_exec_call(x, undo);
    }
    x->depth--;
    exec_release(x);
}
