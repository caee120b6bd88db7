/* From what a runbook's `plan` returned to a plan that can be shown and run. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/runbook/internal.h"
#include "core/sys/crypto.h"

#define WITHIN_DEFAULT (30 * OC_SECOND)
#define EVERY_DEFAULT  OC_SECOND

/* ---- one step ---- */

static int bad(struct oc_error *err, const char *id, const char *what)
{
    return oc_error_set(err, OC_E_CONFIG, "step %s: %s", id, what);
}

/* Lua has one empty table: it is an object here. */
static json_t *object_of(const json_t *value)
{
    if (json_is_object(value)) {
        return json_deep_copy(value);
    }
    return !value || json_array_size(value) == 0 ? json_object() : NULL;
}

int oc_runbook_check_params(const struct oc_op *op, const json_t *params, struct oc_error *err)
{
    json_t *given = object_of(params);
    json_t *bound = given ? oc_op_bound(op, given, err) : NULL;
    if (!given) {
        oc_error_set(err, OC_E_CONFIG, "expected a table with names");
    }
    int code = bound ? OC_OK : oc_error_prefix(err, "params of %s", op->name);
    json_decref(bound);
    json_decref(given);
    return code;
}

/* What is not there cannot be asked; whether it is there is said elsewhere. */
static int check_params(const struct oc_op *op, const json_t *params, const char *id,
                        struct oc_error *err)
{
    return op && oc_runbook_check_params(op, params, err) != OC_OK
               ? oc_error_prefix(err, "step %s", id)
               : OC_OK;
}

static int64_t ms_of(const json_t *value, int64_t fallback)
{
    int64_t ms;
    if (json_is_string(value)) {
        return oc_duration_parse(json_string_value(value), &ms) == OC_OK ? ms : -1;
    }
    return json_is_number(value) ? (int64_t)json_number_value(value) : fallback;
}

static int check_keys(const json_t *o, const char *const *known, size_t count, const char *id,
                      struct oc_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)o, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < count; i++) {
            found = found || strcmp(known[i], key) == 0;
        }
        if (!found) {
            return oc_error_set(err, OC_E_CONFIG, "step %s: '%s' is no key of a step", id, key);
        }
    }
    return OC_OK;
}

/* A check, or an undo: {op, params} and for checks expect, within, every, fails. */
static json_t *call_of(struct oc_runbook *s, const json_t *step, const char *key, bool reads,
                       const char *id, struct oc_error *err)
{
    static const char *const known[] = {"op", "params", "expect", "within", "every", "fails"};
    const json_t *given = json_object_get(step, key);
    const char *op = oc_json_str(given, "op", NULL);
    json_t *params = object_of(json_object_get(given, "params")), *expect = NULL;
    int64_t within = ms_of(json_object_get(given, "within"), WITHIN_DEFAULT);
    int64_t every = ms_of(json_object_get(given, "every"), EVERY_DEFAULT);
    if (check_keys(given, known, OC_COUNT(known), id, err) != OC_OK) {
        json_decref(params);
        return NULL;
    }
    if (!op || !params || within < 0 || every < 50) {
        oc_error_set(err, OC_E_CONFIG, "step %s: %s: expected {op, params, expect, within, every}",
                     id, key);
        json_decref(params);
        return NULL;
    }
    const struct oc_op *found = oc_ops_find(s->env->ops, op);
    if (reads && found && found->flags & (OC_OP_MUTATES | OC_OP_ACTS | OC_OP_DESTRUCTIVE)) {
        oc_error_set(err, OC_E_CONFIG, "step %s: %s: %s changes something, a check only looks", id,
                     key, op);
        json_decref(params);
        return NULL;
    }
    if (check_params(found, params, id, err) != OC_OK) {
        json_decref(params);
        return NULL;
    }
    json_t *o = json_pack("{s:s,s:o}", "op", op, "params", params);
    if (reads) {
        expect = object_of(json_object_get(given, "expect"));
        if (!expect || oc_runbook_expect_check(json_object_get(given, "expect"), err) != OC_OK) {
            json_decref(expect);
            json_decref(o);
            return NULL;
        }
        char *words = oc_runbook_expect_words(expect);
        oc_json_take(o, "expect", expect);
        oc_json_set_str(o, "expecting", words);
        free(words);
        oc_json_set_bool(o, "fails", oc_json_bool(given, "fails", false));
        oc_json_set_int(o, "within_ms", within);
        oc_json_set_int(o, "every_ms", every);
    }
    oc_json_set_bool(o, "available", found != NULL);
    return o;
}

static int add_calls(struct oc_runbook *s, const json_t *given, json_t *step, const char *id,
                     struct oc_error *err)
{
    static const struct {
        const char *key;
        bool reads;
    } calls[] = {{"unless", true}, {"check_before", true}, {"check_after", true}, {"undo", false}};
    for (size_t i = 0; i < OC_COUNT(calls); i++) {
        const json_t *value = json_object_get(given, calls[i].key);
        if (!value || json_is_null(value)) {
            continue;
        }
        json_t *call = call_of(s, given, calls[i].key, calls[i].reads, id, err);
        if (!call) {
            return err->code;
        }
        if (calls[i].reads && !oc_json_bool(call, "available", false) &&
            !json_object_get(step, "missing")) {
            oc_json_set_str(step, "missing", oc_json_str(call, "op", ""));
        }
        oc_json_take(step, calls[i].key, call);
    }
    return OC_OK;
}

static bool is_reaction(const char *word)
{
    return strcmp(word, "stop") == 0 || strcmp(word, "undo") == 0 || strcmp(word, "continue") == 0;
}

static void add_flags(struct oc_runbook *s, const json_t *given, json_t *step, const char *name)
{
    const struct oc_op *op = oc_ops_find(s->env->ops, name);
    const json_t *confirm = json_object_get(given, "confirm"),
                 *parallel = json_object_get(given, "parallel");
    bool destructive = op && op->flags & OC_OP_DESTRUCTIVE;
    if (!op) {
        oc_json_set_str(step, "missing", name);
    }
    oc_json_set_bool(step, "destructive", destructive);
    oc_json_set_bool(
        step, "replay_safe",
        op && (op->flags & OC_OP_REPLAY_SAFE || !(op->flags & (OC_OP_MUTATES | OC_OP_ACTS))));
    oc_json_set_bool(step, "optional", oc_json_bool(given, "optional", false));
    if (json_is_string(confirm)) {
        oc_json_set_str(step, "confirm", json_string_value(confirm));
    } else {
        oc_json_set_bool(step, "confirm", json_is_true(confirm) || destructive);
    }
    if (json_is_string(parallel) || json_is_true(parallel)) {
        oc_json_set_str(step, "parallel",
                        json_is_true(parallel) ? "parallel" : json_string_value(parallel));
    }
}

json_t *oc_runbook_plan_step(struct oc_runbook *s, const json_t *given, size_t index,
                             struct oc_error *err)
{
    static const char *const known[] = {
        "id",   "title", "op",      "params",   "unless",   "check_before", "check_after",
        "undo", "note",  "confirm", "optional", "parallel", "on_failure",   "wait"};
    char fallback[32];
    snprintf(fallback, sizeof fallback, "step-%zu", index + 1);
    const char *id = oc_json_str(given, "id", fallback), *op = oc_json_str(given, "op", NULL);
    const char *reaction = oc_json_str(given, "on_failure", "stop");
    json_t *params = object_of(json_object_get(given, "params"));
    int64_t wait = ms_of(json_object_get(given, "wait"), 0);
    if (!op || !params || !oc_name_valid(id) || !is_reaction(reaction) || wait < 0) {
        bad(err, id,
            "expected {id, title, op, params, check_before, check_after, undo, confirm, "
            "optional, parallel, on_failure = stop, undo or continue, wait}");
        json_decref(params);
        return NULL;
    }
    json_t *step = json_pack("{s:s}", "id", id);
    oc_json_set_str(step, "title", oc_json_str(given, "title", op));
    oc_json_set_str(step, "op", op);
    oc_json_take(step, "params", params);
    add_flags(s, given, step, op);
    oc_json_set_str(step, "on_failure", reaction);
    oc_json_set_int(step, "wait_ms", wait);
    if (json_is_string(json_object_get(given, "note"))) {
        json_object_set(step, "note", json_object_get(given, "note"));
    }
    if (check_keys(given, known, OC_COUNT(known), id, err) != OC_OK ||
        add_calls(s, given, step, id, err) != OC_OK ||
        check_params(oc_ops_find(s->env->ops, op), params, id, err) != OC_OK) {
        json_decref(step);
        return NULL;
    }
    oc_json_set_bool(step, "available", !json_object_get(step, "missing"));
    return step;
}

/* ---- the whole ---- */

static bool is_taken(const json_t *steps, const char *id)
{
    const json_t *step;
    size_t i;
    json_array_foreach(steps, i, step)
    {
        if (strcmp(oc_json_str(step, "id", ""), id) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *steps_of(struct oc_runbook *s, const json_t *given, struct oc_error *err)
{
    json_t *steps = json_array(), *step;
    const json_t *item;
    size_t i;
    if (json_array_size(given) > RUNBOOK_STEPS_MAX) {
        oc_error_set(err, OC_E_CONFIG, "more than %d steps", RUNBOOK_STEPS_MAX);
        goto failed;
    }
    json_array_foreach(given, i, item)
    {
        step = oc_runbook_plan_step(s, item, i, err);
        if (!step) {
            goto failed;
        }
        bool taken = is_taken(steps, oc_json_str(step, "id", ""));
        json_array_append_new(steps, step);
        if (taken) {
            bad(err, oc_json_str(step, "id", ""), "two steps have this id");
            goto failed;
        }
    }
    return steps;
failed:
    json_decref(steps);
    return NULL;
}

/* The same for the same runbook, parameters and steps: what was agreed to. */
static void add_hash(json_t *plan)
{
    char hex[OC_SHA256_HEX];
    json_t *core = json_object();
    static const char *const keys[] = {"runbook", "params", "steps"};
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_object_set(core, keys[i], json_object_get(plan, keys[i]));
    }
    char *text = oc_json_text(core);
    oc_sha256_hex(text, strlen(text), hex);
    oc_json_set_str(plan, "plan", hex);
    free(text);
    json_decref(core);
}

/* What the command line shows and counts before it asks. */
static void add_actions(json_t *plan)
{
    json_t *actions = json_array();
    const json_t *step;
    size_t i;
    bool available = true;
    json_array_foreach(json_object_get(plan, "steps"), i, step)
    {
        json_t *a = json_object();
        oc_json_set_str(a, "do", oc_json_str(step, "op", ""));
        oc_json_set_str(a, "id", oc_json_str(step, "id", ""));
        json_array_append_new(actions, a);
        available = available && (oc_json_bool(step, "available", true) ||
                                  oc_json_bool(step, "optional", false));
    }
    oc_json_take(plan, "actions", actions);
    oc_json_set_bool(plan, "available", available);
}

static json_t *list_of(const json_t *answer, const char *key)
{
    const json_t *list = json_object_get(answer, key);
    return json_is_array(list) ? json_deep_copy(list) : json_array();
}

json_t *oc_runbook_plan_make(struct oc_runbook *s, const struct book *book, const json_t *params,
                             const json_t *answer, struct oc_error *err)
{
    const json_t *given = json_is_array(answer) ? answer : json_object_get(answer, "steps");
    const char *refusal = oc_json_str(answer, "refuse", NULL);
    if (refusal) {
        oc_error_set(err, OC_E_CONFLICT, "%s", refusal);
        oc_error_hint(err, "%s", oc_json_str(answer, "hint", ""));
        return NULL;
    }
    if (!json_is_array(answer) && !json_is_object(answer)) {
        oc_error_set(err, OC_E_CONFIG, "plan() of %s did not return steps", book->name);
        return NULL;
    }
    json_t *steps = steps_of(s, given, err);
    if (!steps) {
        oc_error_prefix(err, "runbook %s", book->name);
        return NULL;
    }
    json_t *plan = json_object();
    oc_json_set_str(plan, "runbook", book->name);
    oc_json_set_str(plan, "title", oc_json_str(book->declaration, "title", ""));
    oc_json_set_str(plan, "severity", oc_json_str(book->declaration, "severity", ""));
    oc_json_take(plan, "params", json_deep_copy(params));
    oc_json_take(plan, "steps", steps);
    oc_json_take(plan, "findings", list_of(answer, "findings"));
    json_t *warnings = list_of(answer, "warnings");
    if (book->failure) {
        json_array_append_new(warnings, json_string(book->failure));
    }
    oc_json_take(plan, "warnings", warnings);
    add_hash(plan);
    add_actions(plan);
    return plan;
}
