/* Which step comes next, and when a run is over. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/service/runbook/internal.h"

enum next { GOES_ON, WAITS, IS_OVER };

static const char *state_of(const json_t *step)
{
    return oc_json_str(step, "state", "pending");
}

static bool is(const json_t *step, const char *state)
{
    return strcmp(state_of(step), state) == 0;
}

/* The first step that ended the run; *state says how it ends. */
static const json_t *stopper(const struct run *r, const char **state)
{
    const json_t *step;
    size_t i;
    json_array_foreach(r->steps, i, step)
    {
        bool tolerated = oc_json_bool(step, "optional", false) ||
                         strcmp(oc_json_str(step, "on_failure", ""), "continue") == 0;
        if (is(step, "unknown")) {
            *state = "unknown";
            return step;
        }
        if ((is(step, "failed") || is(step, "undone") || is(step, "undo_failed")) && !tolerated) {
            *state = "failed";
            return step;
        }
    }
    return NULL;
}

/* ---- undoing ---- */

static bool to_be_undone(const json_t *step)
{
    return json_object_get(step, "undo") &&
           (is(step, "done") || (is(step, "failed") && oc_json_bool(step, "acted", false)));
}

/* False: nothing is left to undo. */
static bool undo_next(struct run *r)
{
    for (size_t i = json_array_size(r->steps); i-- > 0;) {
        const json_t *step = json_array_get(r->steps, i);
        if (is(step, "undoing")) { /* it was on its way when the host went down */
            const json_t *undo = json_object_get(step, "undo");
            const struct oc_op *op = oc_ops_find(r->service->env->ops, oc_json_str(undo, "op", ""));
            if (op && op->flags & OC_OP_REPLAY_SAFE) {
                oc_runbook_step_undo(r, i);
            } else {
                oc_runbook_step_set(r, i, "undo_failed",
                                    "the host went down while it was undone: check by hand");
            }
            return true;
        }
        if (to_be_undone(step)) {
            oc_runbook_step_undo(r, i);
            return true;
        }
    }
    return false;
}

static void undo_begin(struct run *r, const char *then, const char *message)
{
    oc_json_set_str(r->doc, "then", then);
    oc_json_set_str(r->doc, "message", message);
    oc_runbook_run_set_state(r, "undoing");
}

/* ---- ending ---- */

static enum next end_stopped(struct run *r, const json_t *step, const char *state)
{
    char message[900];
    size_t left = 0, i;
    const json_t *other;
    json_array_foreach(r->steps, i, other)
    {
        left += is(other, "pending");
    }
    snprintf(message, sizeof message, "step %s %s: %s; %zu step%s not begun",
             oc_json_str(step, "id", ""), strcmp(state, "unknown") == 0 ? "is unknown" : "failed",
             oc_json_str(step, "message", ""), left, left == 1 ? " was" : "s were");
    if (strcmp(state, "failed") == 0 && strcmp(oc_json_str(step, "on_failure", ""), "undo") == 0) {
        undo_begin(r, "failed", message);
        return GOES_ON;
    }
    oc_runbook_run_end(r, state, message);
    return IS_OVER;
}

static enum next end_aborted(struct run *r)
{
    if (r->undo) {
        undo_begin(r, "aborted", "aborted, and what was done was undone");
        return GOES_ON;
    }
    oc_runbook_run_end(r, "aborted", "aborted");
    return IS_OVER;
}

static enum next end_undone(struct run *r)
{
    char then[32];
    char message[900];
    oc_copy(then, sizeof then, oc_json_str(r->doc, "then", "failed"));
    oc_copy(message, sizeof message, oc_json_str(r->doc, "message", ""));
    oc_runbook_run_end(r, then, message);
    return IS_OVER;
}

/* ---- beginning ---- */

/* A step that this host cannot do; the plan has said so. */
static bool skip(struct run *r, size_t i)
{
    char message[200];
    const json_t *step = json_array_get(r->steps, i);
    const char *op = oc_json_str(step, "missing", oc_json_str(step, "op", ""));
    if (oc_json_bool(step, "available", true)) {
        return false;
    }
    snprintf(message, sizeof message, "not available on this host (operation %s)", op);
    oc_runbook_step_set(r, i, "skipped", message);
    return true;
}

/* The step, and those that follow it in the same group. */
static void begin_group(struct run *r, size_t i)
{
    const char *group = oc_json_str(json_array_get(r->steps, i), "parallel", NULL);
    size_t count = json_array_size(r->steps);
    size_t end = i + 1;
    while (group && end < count &&
           strcmp(oc_json_str(json_array_get(r->steps, end), "parallel", ""), group) == 0) {
        end++;
    }
    for (; i < end; i++) {
        if (is(json_array_get(r->steps, i), "pending") && !skip(r, i)) {
            oc_runbook_step_begin(r, i);
        }
    }
}

static enum next advance(struct run *r)
{
    const char *state = NULL;
    if (r->held || r->execs) {
        return WAITS;
    }
    if (strcmp(oc_runbook_run_state(r), "undoing") == 0) {
        return undo_next(r) ? GOES_ON : end_undone(r);
    }
    if (r->abort) {
        return end_aborted(r);
    }
    const json_t *step = stopper(r, &state);
    if (step) {
        return end_stopped(r, step, state);
    }
    size_t i = 0, count = json_array_size(r->steps);
    while (i < count && !is(json_array_get(r->steps, i), "pending")) {
        i++;
    }
    if (i == count) {
        oc_runbook_run_end(r, "done", NULL);
        return IS_OVER;
    }
    begin_group(r, i);
    return GOES_ON;
}

/* Steps that end at once come back here: the loop below goes on, not the stack. */
void oc_runbook_run_advance(struct run *r)
{
    enum next next = GOES_ON;
    if (r->advancing) {
        return;
    }
    r->advancing = true;
    while (next == GOES_ON) {
        next = advance(r);
    }
    if (next != IS_OVER) { /* else it is gone */
        r->advancing = false;
    }
}
