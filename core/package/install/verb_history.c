/* plugin.generations and plugin.rollback. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/install/check_stored.h"
#include "core/package/install/plan.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"

/* ---- generations ---- */

static json_t *generation_row(struct oc_work *w, uint64_t number, uint64_t current)
{
    struct oc_state state;
    struct oc_error err;
    json_t *row = json_object();
    oc_error_init(&err);
    const bool whole = oc_state_load_generation(w->home, number, &state, &err) == OC_OK;
    oc_json_set_int(row, "generation", (int64_t)number);
    oc_json_set_bool(row, "current", number == current);
    oc_json_set_bool(row, "whole", whole);
    if (whole) {
        json_t *names = json_array();
        for (size_t i = 0; i < state.count; i++) {
            char *text = oc_asprintf("%s %s", state.plugins[i].name, state.plugins[i].version);
            json_array_append_new(names, json_string(text));
            free(text);
        }
        oc_json_set_time(row, "made", oc_json_int(state.json, "made_ms", 0));
        oc_json_set_str(row, "op", oc_json_str(state.json, "op", ""));
        oc_json_set_str(row, "about", oc_json_str(state.json, "about", ""));
        oc_json_set_int(row, "parent", oc_json_int(state.json, "parent", -1));
        oc_json_set_int(row, "count", (int64_t)state.count);
        oc_json_take(row, "plugins", names);
        oc_state_finish(&state);
    } else {
        oc_json_set_str(row, "about", err.message);
    }
    return row;
}

int oc_verb_generations(struct oc_work *w)
{
    struct oc_state now;
    struct oc_error err;
    uint64_t *list;
    oc_error_init(&err);
    if (oc_state_load(w->home, &now, &err) != OC_OK) {
        oc_work_warn(w, "%s", err.message);
    }
    const size_t count = oc_txn_generations(w->home, &list);
    json_t *rows = json_array();
    for (size_t i = count; i-- > 0;) {
        json_array_append_new(rows, generation_row(w, list[i], now.generation));
    }
    oc_work_result(w, rows);
    free(list);
    oc_state_finish(&now);
    return OC_OK;
}

/* ---- rollback ---- */

/* The one before the one in force: its parent, or when that is not known the next lower one that can be read. */
static int find_target(struct oc_txn *t, bool damaged, uint64_t *target)
{
    const int64_t to = oc_json_int(t->w->params, "to", -1);
    const int64_t parent = oc_json_int(t->now.json, "parent", -1);
    uint64_t *list = NULL;
    struct oc_state state;
    if (to >= 0 || (!damaged && parent >= 0)) {
        *target = (uint64_t)(to >= 0 ? to : parent);
        return OC_OK;
    }
    bool found = false;
    for (size_t i = oc_txn_generations(t->w->home, &list); i-- > 0 && !found;) {
        if (list[i] < t->now.generation &&
            oc_state_load_generation(t->w->home, list[i], &state, NULL) == OC_OK) {
            *target = list[i];
            found = true;
            oc_state_finish(&state);
        }
    }
    free(list);
    return found ? OC_OK
                 : oc_refuse(t->w, OC_E_NOT_FOUND, "generation-missing",
                             "`openclaw plugin generations` lists what there is.",
                             "there is no earlier generation to go back to");
}

static int check_target(struct oc_txn *t, const struct oc_state *target)
{
    for (size_t i = 0; i < target->count; i++) {
        const struct oc_installed *p = &target->plugins[i];
        json_t *row = oc_check_stored(t->w, p);
        const bool ok = oc_json_bool(row, "ok", false);
        if (!ok) {
            const char *problem =
                json_string_value(json_array_get(json_object_get(row, "problems"), 0));
            oc_refuse(t->w, OC_E_VERIFY, "generation-damaged",
                      "Go back further with --to, or install the plugin again.",
                      "generation %llu cannot be used: %s: %s",
                      (unsigned long long)target->generation, p->name, problem ? problem : "");
        }
        json_decref(row);
        if (!ok) {
            return OC_E_VERIFY;
        }
    }
    return OC_OK;
}

static void add_action(json_t *plan, const char *word, const struct oc_installed *p,
                       const char *from)
{
    json_t *a = json_object();
    oc_json_set_str(a, "do", word);
    oc_json_set_str(a, "name", p->name);
    oc_json_set_str(a, "id", p->id);
    oc_json_set_str(a, "version", p->version);
    oc_json_set_str(a, "from", from);
    oc_json_set_str(a, "digest", p->digest);
    oc_json_set_str(a, "tier", p->tier);
    oc_json_set_str(a, "trust", p->trust);
    oc_json_set_bool(a, "enabled", p->enabled);
    json_array_append_new(json_object_get(plan, "actions"), a);
}

static void compare(json_t *plan, const struct oc_state *now, const struct oc_state *target)
{
    for (size_t i = 0; i < target->count; i++) {
        const struct oc_installed *p = &target->plugins[i], *q = oc_state_find(now, p->name);
        if (!q) {
            add_action(plan, "install", p, NULL);
        } else if (strcmp(p->digest, q->digest) != 0 || strcmp(p->source, q->source) != 0) {
            add_action(plan, "update", p, q->version);
        } else if (!json_equal(p->json, q->json)) {
            add_action(plan, "change", p, q->version);
        }
    }
    for (size_t i = 0; i < now->count; i++) {
        if (!oc_state_find(target, now->plugins[i].name)) {
            add_action(plan, "remove", &now->plugins[i], NULL);
        }
    }
}

/* What is in force cannot be read, so nothing can be compared with it: that the generation is taken is all there is to say, and
 * it is to be asked for even when the generation is empty. */
static void add_return(json_t *plan, const struct oc_state *target)
{
    json_t *a = json_object();
    char *name = oc_asprintf("generation %llu", (unsigned long long)target->generation);
    oc_json_set_str(a, "do", "take");
    oc_json_set_str(a, "name", name);
    json_array_insert_new(json_object_get(plan, "actions"), 0, a);
    free(name);
}

static int go_back(struct oc_txn *t, const struct oc_state *target, bool damaged)
{
    json_t *plan = oc_plan_new();
    int code = OC_OK;
    oc_json_set_int(plan, "to", (int64_t)target->generation);
    compare(plan, &t->now, target);
    if (damaged) {
        add_return(plan, target);
    }
    oc_plan_seal(t, plan);
    if (oc_json_bool(t->w->params, "dry_run", false)) {
        oc_work_result(t->w, json_incref(plan));
    } else {
        code = oc_plan_check(t->w, plan, oc_json_str(t->w->params, "plan", NULL));
        if (code == OC_OK) {
            code = oc_txn_switch(t, target->generation);
        }
        if (code == OC_OK) {
            json_t *result = oc_refer_answer(plan, target->generation);
            oc_json_set_int(result, "from", (int64_t)t->now.generation);
            oc_work_result(t->w, result);
        }
    }
    json_decref(plan);
    return code;
}

int oc_verb_rollback(struct oc_work *w)
{
    struct oc_txn t;
    struct oc_state target = {0};
    uint64_t number = 0;
    bool damaged;
    int code = oc_txn_begin_damaged(w, &t, &damaged);
    if (code != OC_OK) {
        return code;
    }
    code = find_target(&t, damaged, &number);
    if (code == OC_OK && oc_state_load_generation(w->home, number, &target, &w->err) != OC_OK) {
        code = oc_work_reason(w, w->err.code == OC_E_NOT_FOUND ? "generation-missing"
                                                               : "generation-damaged");
    }
    if (code == OC_OK) {
        code = check_target(&t, &target);
    }
    if (code == OC_OK) {
        code = go_back(&t, &target, damaged);
    }
    oc_state_finish(&target);
    oc_txn_finish(&t);
    return code;
}
