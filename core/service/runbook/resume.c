/* Runs that were interrupted: by a crash, by a stop, by a failure. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/service/runbook/internal.h"

static bool is(const json_t *step, const char *state)
{
    return strcmp(oc_json_str(step, "state", ""), state) == 0;
}

bool oc_runbook_is_held_back(struct oc_runbook *s, const json_t *doc)
{
    json_t *mode = oc_ops_ask(s->env->ops, "maintenance.status", NULL);
    bool contained = oc_json_bool(mode, "containment", false);
    bool meant = strncmp(oc_json_str(doc, "runbook", ""), "emergency-", 10) == 0;
    json_decref(mode);
    return contained && !meant;
}

/* A later step that checks the same says what is so now: what an earlier one left is history. */
static bool is_superseded(const json_t *steps, size_t index)
{
    const json_t *check = json_object_get(json_array_get(steps, index), "check_after");
    for (size_t i = index + 1; i < json_array_size(steps); i++) {
        const json_t *later = json_array_get(steps, i);
        const json_t *other = json_object_get(later, "check_after");
        if (!is(later, "pending") && !is(later, "skipped") &&
            json_equal(json_object_get(check, "op"), json_object_get(other, "op")) &&
            json_equal(json_object_get(check, "params"), json_object_get(other, "params"))) {
            return true;
        }
    }
    return false;
}

/* Somebody may have stopped since then what it had started. */
static void verify_steps(struct run *r)
{
    const json_t *step;
    size_t i;
    if (!oc_json_bool(r->doc, "verify", false) || strcmp(oc_runbook_run_state(r), "undoing") == 0) {
        return;
    }
    json_array_foreach(r->steps, i, step)
    {
        if (is(step, "done") && json_object_get(step, "check_after") &&
            !oc_json_bool(step, "settled", false) && !is_superseded(r->steps, i)) {
            oc_runbook_step_verify(r, i);
        }
    }
}

void oc_runbook_run_go_on(struct run *r)
{
    const json_t *step;
    size_t i;
    r->resumed = r->advancing = true; /* all that was under way begins before anything new does */
    oc_info("runbook goes on", "run=%s runbook=%s", r->id, oc_json_str(r->doc, "runbook", ""));
    json_array_foreach(r->steps, i, step)
    {
        if (is(step, "running") || is(step, "waiting")) {
            oc_runbook_step_resume(r, i);
        }
    }
    verify_steps(r);
    r->advancing = false;
    oc_runbook_run_advance(r);
}

void oc_runbook_runs_resume(struct oc_runbook *s)
{
    json_t *all = oc_kv_all(s->env->store, "runbook"), *doc;
    const char *id;
    json_object_foreach(all, id, doc)
    {
        const char *state = oc_json_str(doc, "state", "");
        if (oc_runbook_run_is_over(state) || oc_runbook_run_find(s, id) ||
            !json_object_get(doc, "steps")) {
            continue;
        }
        if (s->ask || oc_runbook_is_held_back(s, doc)) {
            oc_warn("a runbook was interrupted", "run=%s state=%s", id, state);
            continue;
        }
        oc_runbook_run_go_on(oc_runbook_run_adopt(s, json_deep_copy(doc)));
    }
    json_decref(all);
}

/* False: a step of which nobody knows, and nothing was said about it. */
static bool settle_steps(json_t *steps, const char *unknown)
{
    json_t *step;
    size_t i;
    json_array_foreach(steps, i, step)
    {
        if (is(step, "failed")) {
            oc_json_set_str(step, "state", "pending");
            json_object_del(step, "acted");
        } else if (is(step, "unknown")) {
            if (!unknown) {
                return false;
            }
            oc_json_set_bool(step, "settled", strcmp(unknown, "done") == 0);
            oc_json_set_str(step, "state", strcmp(unknown, "done") == 0 ? "done" : "pending");
        }
    }
    return true;
}

/* The run stays as it was. */
static void refuse_undo(const struct oc_runbook *s, const char *id, const json_t *doc,
                        struct oc_error *err)
{
    char *words = oc_runbook_undo_words(s, doc, "");
    const bool left = oc_runbook_undo_is_left(s, doc);
    const bool ended = strcmp(oc_json_str(doc, "state", ""), "done") == 0;
    oc_error_set(err, OC_E_CONFLICT, "run %s%s%s", id, left ? "" : " did nothing that stays",
                 left ? words : "");
    if (left) {
        oc_error_hint(err,
                      ended ? "Put right by hand what is not to stay."
                            : "Put right by hand what is not to stay, or go on with "
                              "`openclaw runbook resume %s`.",
                      id);
    }
    free(words);
}

/* What a step of it waits for would still be carried out once it is approved. */
static void wait_again(struct run *r)
{
    const json_t *step;
    size_t i;
    json_array_foreach(r->steps, i, step)
    {
        if (is(step, "waiting")) {
            oc_runbook_step_resume(r, i);
        }
    }
}

/* One that is not under way, to be aborted. */
struct run *oc_runbook_run_revive(struct oc_runbook *s, const char *id, bool undo,
                                  struct oc_error *err)
{
    json_t *doc = oc_runbook_run_document(s, id);
    const char *state = oc_json_str(doc, "state", "");
    if (!doc) {
        oc_error_set(err, OC_E_NOT_FOUND, "there is no run %s", id);
        oc_error_hint(err, "`openclaw runbook history` lists them.");
    } else if (oc_runbook_run_is_over(state) && (!undo || oc_json_str(doc, "then", NULL))) {
        oc_error_set(err, OC_E_CONFLICT, "run %s is over: %s", id, state);
        oc_error_hint(err, "--undo undoes what it did, once.");
    } else if (oc_runbook_run_is_over(state) && !oc_runbook_undo_can(s, doc)) {
        refuse_undo(s, id, doc, err);
    } else {
        oc_json_set_str(doc, "state", "running");
        struct run *r = oc_runbook_run_adopt(s, doc);
        wait_again(r);
        return r;
    }
    json_decref(doc);
    return NULL;
}

static int refuse(struct oc_runbook *s, struct oc_error *err, const char *id, const json_t *doc)
{
    const char *state = oc_json_str(doc, "state", "");
    if (!doc) {
        oc_error_set(err, OC_E_NOT_FOUND, "there is no run %s", id);
        oc_error_hint(err, "`openclaw runbook history` lists them.");
    } else if (strcmp(state, "done") == 0) {
        oc_error_set(err, OC_E_CONFLICT, "run %s has reached its end", id);
    } else if (oc_json_str(doc, "then", NULL) && oc_runbook_run_is_over(state)) {
        oc_error_set(err, OC_E_CONFLICT, "what run %s did has been undone as far as it can be", id);
        oc_error_hint(err, "Run the runbook again.");
    } else if (oc_runbook_is_held_back(s, doc)) {
        oc_error_set(err, OC_E_CONFLICT, "the host is contained: run %s does not go on", id);
        oc_error_hint(err,
                      "`openclaw runbook run emergency-restart --param after=5` starts everything "
                      "again, and ends the containment.");
    }
    return err->code;
}

struct run *oc_runbook_run_resume(struct oc_runbook *s, const char *id, const char *unknown,
                                  struct oc_error *err)
{
    if (oc_runbook_run_find(s, id)) {
        oc_error_set(err, OC_E_CONFLICT, "run %s is under way", id);
        return NULL;
    }
    json_t *doc = oc_runbook_run_document(s, id);
    if (refuse(s, err, id, doc) != OC_OK) {
        json_decref(doc);
        return NULL;
    }
    if (!settle_steps(json_object_get(doc, "steps"), unknown)) {
        oc_error_set(err, OC_E_CONFLICT, "nobody knows whether a step of run %s was done", id);
        oc_error_hint(err, "Look, and give --unknown done or --unknown again.");
        json_decref(doc);
        return NULL;
    }
    if (strcmp(oc_json_str(doc, "state", ""), "undoing") != 0) {
        oc_json_set_str(doc, "state", "running");
    }
    json_object_del(doc, "ended_ms");
    oc_json_set_bool(doc, "verify", true);
    struct run *r = oc_runbook_run_adopt(s, doc);
    if (oc_runbook_run_keep(r, err) != OC_OK) {
        oc_runbook_run_free(r);
        return NULL;
    }
    return r;
}
