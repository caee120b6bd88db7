/* Runs that governance has approved: a decision is carried out once, also over a crash. SPDX-License-Identifier: MIT
 *
 * A run is on the disk, with the decision that it stands for, before its first step. So after a crash it is known whether what was
 * approved had begun: then that run goes on as every other one does, and the call waits for its end; else it begins now. */
#include <string.h>

#include "core/base/json.h"
#include "core/service/runbook/internal.h"

/* The document of the run that was begun for the decision and for what is asked: what undoes a decision stands for it, too.
 * Owned; NULL. */
static json_t *run_of(struct oc_runbook *s, const struct oc_call *call)
{
    const char *approval = oc_call_actor(call)->approval;
    json_t *all = oc_kv_all(s->env->store, "runbook"), *doc, *found = NULL;
    const char *id;
    json_object_foreach(all, id, doc)
    {
        if (!found && strcmp(oc_json_str(doc, "approval", ""), approval) == 0 &&
            json_equal(json_object_get(doc, "asked"), oc_call_json(call))) {
            found = oc_runbook_run_document(s, id);
        }
    }
    json_decref(all);
    return found;
}

/* It waits for a word of somebody: see the section `runbooks` and containment. */
static void stay_interrupted(struct oc_call *call, const json_t *doc)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CONFLICT, "run %s was interrupted and has not gone on",
                 oc_json_str(doc, "run", ""));
    oc_error_hint(&err, "`openclaw runbook resume %s` goes on with it.",
                  oc_json_str(doc, "run", ""));
    oc_call_fail(call, &err);
}

/* False: no run was begun for it. */
static bool join(struct oc_runbook *s, struct oc_call *call)
{
    json_t *doc = run_of(s, call);
    struct run *r = doc ? oc_runbook_run_find(s, oc_json_str(doc, "run", "")) : NULL;
    if (!doc) {
        return false;
    }
    if (r) {
        oc_runbook_run_watch(r, call);
    } else if (oc_runbook_run_is_over(oc_json_str(doc, "state", ""))) {
        oc_runbook_run_answer(s, call, json_incref(doc));
    } else {
        stay_interrupted(call, doc);
    }
    json_decref(doc);
    return true;
}

static void give_up(struct oc_call *call, void *ctx)
{
    struct oc_runbook *s = ctx;
    size_t kept = 0;
    for (size_t i = 0; i < s->waiting.count; i++) {
        if (s->waiting.items[i] != call) {
            s->waiting.items[kept++] = s->waiting.items[i];
        }
    }
    s->waiting.count = kept;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled before it began");
}

static bool only_looks(const struct oc_call *call)
{
    json_t *params = oc_call_bound(call);
    const bool looks = oc_json_bool(params, "dry_run", false);
    json_decref(params);
    return looks;
}

bool oc_runbook_decided(struct oc_runbook *s, struct oc_call *call)
{
    if (!oc_call_actor(call)->approval || only_looks(call)) {
        return false;
    }
    if (!s->resumed && !s->stopping) {
        OC_VEC_PUSH(&s->waiting, call);
        oc_call_on_cancel(call, give_up, s);
        return true;
    }
    return join(s, call);
}

void oc_runbook_decided_resume(struct oc_runbook *s)
{
    while (s->waiting.count) {
        struct oc_call *call = s->waiting.items[--s->waiting.count];
        oc_call_on_cancel(call, NULL, NULL);
        if (!join(s, call)) {
            oc_runbook_begin(s, call);
        }
    }
}

void oc_runbook_decided_forget(struct oc_runbook *s)
{
    while (s->waiting.count) {
        oc_call_cancel(s->waiting.items[s->waiting.count - 1]);
    }
    OC_VEC_FINISH(&s->waiting);
}
