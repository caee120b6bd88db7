/* A step that waits for a decision: what became of its proposal, and taking it back. SPDX-License-Identifier: MIT
 *
 * Governance carries out what was approved, whoever asked for it. So a run that is aborted withdraws the proposal first; when it
 * is too late for that the step waits for what comes of it, as it would have anyway. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/op/decision.h"
#include "core/service/runbook/internal.h"

#define WHY 640

static json_t *step_of(const struct exec *x)
{
    return json_array_get(x->run->steps, x->index);
}

static const char *proposal_of(const struct exec *x)
{
    return oc_json_str(step_of(x), "proposal", "");
}

void oc_runbook_await(struct exec *x, const json_t *details, const struct oc_error *err)
{
    char message[WHY];
    const char *proposal = oc_json_str(details, "proposal", "");
    x->phase = PHASE_DECISION;
    oc_json_set_str(step_of(x), "proposal", proposal);
    snprintf(message, sizeof message, "waiting for approval: proposal %.64s, %.200s", proposal,
             err->message);
    oc_runbook_step_set(x->run, x->index, "waiting", message);
    oc_runbook_run_set_state(x->run, "waiting");
    oc_timer_start(x->timer, 0, 0); /* it may have been approved without a vote */
}

static void call_about(struct exec *x, const char *op, const char *reason)
{
    json_t *call = json_pack("{s:s,s:{s:s,s:s*}}", "op", op, "params", "proposal", proposal_of(x),
                             "reason", reason);
    oc_runbook_exec_call(x, call);
    json_decref(call);
}

void oc_runbook_await_look(struct exec *x)
{
    if (x->call) {
        return;
    }
    if (x->run->abort && !x->decided) {
        x->phase = PHASE_WITHDRAW;
        call_about(x, "governance.withdraw", "the run that asked for it was aborted");
    } else {
        call_about(x, "governance.show", NULL);
    }
}

/* What governance.show says of the proposal: run by governance itself, exactly as it was asked. */
void oc_runbook_await_answered(struct exec *x, int code, const json_t *result)
{
    const json_t *p = json_object_get(result, "proposal");
    p = json_is_object(p) ? p : result;
    const json_t *execution = json_object_get(p, "execution");
    const char *status = oc_json_str(p, "status", ""), *done = oc_json_str(execution, "status", "");
    char message[WHY];
    if (code == OC_OK && strcmp(done, "completed") == 0) {
        oc_runbook_run_set_state(x->run, "running");
        oc_runbook_exec_acted(x, json_object_get(execution, "result"));
    } else if (code == OC_OK && (strcmp(done, "failed") == 0 || strcmp(done, "rolled_back") == 0)) {
        oc_runbook_run_set_state(x->run, "running");
        oc_runbook_exec_end(x, "failed",
                            oc_json_str(execution, "message", "it was approved and has failed"));
    } else if (code == OC_OK && oc_decision_refused(status)) {
        snprintf(message, sizeof message, "governance: %.64s%s%.300s", status,
                 *oc_json_str(p, "reason", "") ? ": " : "", oc_json_str(p, "reason", ""));
        oc_runbook_run_set_state(x->run, "running");
        oc_runbook_exec_end(x, "failed", message);
    }
}

void oc_runbook_await_withdrawn(struct exec *x, int code, const struct oc_error *err)
{
    char message[WHY];
    if (code == OC_OK) {
        snprintf(message, sizeof message,
                 "aborted while it waited for approval: proposal %.64s is withdrawn",
                 proposal_of(x));
        oc_runbook_exec_end(x, "failed", message);
    } else if (code == OC_E_CONFLICT) { /* it is decided */
        x->phase = PHASE_DECISION;
        x->decided = true;
        oc_runbook_await_look(x);
    } else {
        snprintf(message, sizeof message,
                 "proposal %.64s could not be withdrawn, and is carried out when it is approved: "
                 "%.300s",
                 proposal_of(x), err->message);
        oc_runbook_exec_end(x, "unknown", message);
    }
}

void oc_runbook_step_decided(struct exec *x, const char *proposal)
{
    if (x->phase == PHASE_DECISION && strcmp(proposal_of(x), proposal) == 0) {
        oc_timer_start(x->timer, 0, 0); /* once whoever decided has written it all down */
    }
}
