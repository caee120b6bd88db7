/* Which step comes next, and when a run is over. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
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

/* ---- ending ---- */

static void undo_begin(struct run *r, const char *then, const char *message)
{
    oc_json_set_str(r->doc, "then", then);
    oc_json_set_str(r->doc, "message", message);
    oc_runbook_run_set_state(r, "undoing");
}

/* Says besides what of it was undone, and what was not. */
static enum next end_undone(struct run *r, const char *state, const char *message)
{
    char *words = oc_runbook_undo_words(r->service, r->doc, message);
    oc_runbook_run_end(r, state, words);
    free(words);
    return IS_OVER;
}

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
        if (!oc_runbook_undo_can(r->service, r->doc)) {
            return end_undone(r, "failed", message);
        }
        undo_begin(r, "failed", message);
        return GOES_ON;
    }
    oc_runbook_run_end(r, state, message);
    return IS_OVER;
}

/* "then" is written only when something is undone: a run without it can be resumed. */
static enum next end_aborted(struct run *r)
{
    if (r->undo && oc_runbook_undo_can(r->service, r->doc)) {
        undo_begin(r, "aborted", "aborted");
        return GOES_ON;
    }
    if (r->undo && oc_runbook_undo_is_left(r->service, r->doc)) {
        return end_undone(r, "aborted", "aborted");
    }
    char message[900] = "aborted before anything was done";
    size_t done = 0, i;
    const json_t *step, *unknown = NULL;
    json_array_foreach(r->steps, i, step)
    {
        done += is(step, "done");
        unknown = !unknown && is(step, "unknown") ? step : unknown;
    }
    if (unknown) {
        snprintf(message, sizeof message, "aborted; step %s is unknown: %s",
                 oc_json_str(unknown, "id", ""), oc_json_str(unknown, "message", ""));
    } else if (done > 0) {
        const bool undoable = oc_runbook_undo_can(r->service, r->doc);
        snprintf(message, sizeof message, "aborted; what %zu step%s did stays as it is%s%s%s", done,
                 done == 1 ? "" : "s", undoable ? ": `openclaw runbook abort " : "",
                 undoable ? r->id : "", undoable ? " --undo` undoes what can be undone" : "");
    }
    oc_runbook_run_end(r, "aborted", message);
    return IS_OVER;
}

/* Nothing is left to undo. */
static enum next end_undoing(struct run *r)
{
    char then[32];
    char message[900];
    oc_copy(then, sizeof then, oc_json_str(r->doc, "then", "failed"));
    oc_copy(message, sizeof message, oc_json_str(r->doc, "message", ""));
    return end_undone(r, then, message);
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
        return oc_runbook_undo_next(r) ? GOES_ON : end_undoing(r);
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
