/* plugin.uninstall and plugin.unlink. SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/install/plan.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"
#include "core/package/tree.h"

static json_t *removal(struct oc_txn *t, const struct oc_installed *p, bool purge)
{
    json_t *a = json_object();
    oc_json_set_str(a, "do", "remove");
    oc_json_set_str(a, "name", p->name);
    oc_json_set_str(a, "id", p->id);
    oc_json_set_str(a, "version", p->version);
    oc_json_set_str(a, "digest", p->digest);
    oc_json_set_str(a, "source", p->source);
    oc_json_set_str(a, "tier", p->tier);
    oc_json_set_str(a, "trust", p->trust);
    oc_json_set_bool(a, "purge", purge);
    if (*p->digest) {
        char *place = oc_txn_artifact(t, p->digest);
        oc_json_set_int(a, "size", (int64_t)oc_tree_size(place));
        free(place);
    }
    return a;
}

/* What holds for every plugin of the plan is said once. */
static void note(json_t *notes, const char *text)
{
    const json_t *old;
    size_t i;
    json_array_foreach(notes, i, old)
    {
        if (strcmp(json_string_value(old) ? json_string_value(old) : "", text) == 0) {
            return;
        }
    }
    json_array_append_new(notes, json_string(text));
}

static void add_notes(json_t *plan, const json_t *action)
{
    json_t *notes = json_object_get(plan, "warnings");
    note(notes, "what the configuration says of removed plugins stays as it is");
    if (oc_json_bool(action, "purge", false)) {
        char *text = oc_asprintf("what %s has kept in the key-value store goes",
                                 oc_json_str(action, "name", ""));
        note(notes, text);
        free(text);
    } else if (*oc_json_str(action, "digest", "")) {
        note(notes, "their files stay until `openclaw plugin gc`, so that a rollback finds them");
    }
}

static int plan_removals(struct oc_txn *t, const json_t *names, bool links_only, json_t *plan)
{
    const bool purge = oc_json_bool(t->w->params, "purge", false);
    const json_t *item;
    size_t i;
    json_array_foreach(names, i, item)
    {
        const struct oc_installed *p = oc_refer_find(t, json_string_value(item));
        if (!p) {
            return t->w->err.code;
        }
        if (links_only && !oc_starts(p->source, "link:")) {
            return oc_refuse(t->w, OC_E_CONFLICT, "not-linked", "Say `openclaw plugin uninstall`.",
                             "%s is installed, not linked", p->name);
        }
        json_t *action = removal(t, p, purge);
        add_notes(plan, action);
        json_array_append_new(json_object_get(plan, "actions"), action);
        oc_txn_drop(t, p->name);
    }
    return OC_OK;
}

static int finish(struct oc_txn *t, json_t *plan, const char *op)
{
    uint64_t generation = 0;
    oc_plan_seal(t, plan);
    if (oc_json_bool(t->w->params, "dry_run", false)) {
        oc_work_result(t->w, json_incref(plan));
        return OC_OK;
    }
    int code = oc_plan_check(t->w, plan, oc_json_str(t->w->params, "plan", NULL));
    if (code == OC_OK) {
        char *about = oc_refer_about(json_object_get(plan, "actions"));
        code = oc_txn_commit(t, op, about, &generation);
        free(about);
    }
    if (code == OC_OK) {
        oc_work_result(t->w, oc_refer_answer(plan, generation));
    }
    return code;
}

static int remove_all(struct oc_work *w, const json_t *names, bool links_only, const char *op)
{
    struct oc_txn t;
    int code = oc_txn_begin(w, &t);
    if (code != OC_OK) {
        return code;
    }
    json_t *plan = oc_plan_new();
    code = plan_removals(&t, names, links_only, plan);
    if (code == OC_OK) {
        code = finish(&t, plan, op);
    }
    json_decref(plan);
    oc_txn_finish(&t);
    return code;
}

int oc_verb_uninstall(struct oc_work *w)
{
    return remove_all(w, json_object_get(w->params, "names"), false, "plugin.uninstall");
}

/* By the folder or by the name. */
int oc_verb_unlink(struct oc_work *w)
{
    const char *word = oc_json_str(w->params, "plugin", "");
    char *real = *word == '/' ? realpath(word, NULL) : NULL;
    char *source = oc_asprintf("link:%s", real ? real : word);
    struct oc_state state;
    int code = oc_state_load(w->home, &state, &w->err);
    if (code == OC_OK) {
        json_t *names = json_array();
        for (size_t i = 0; i < state.count; i++) {
            if (strcmp(state.plugins[i].source, source) == 0) {
                json_array_append_new(names, json_string(state.plugins[i].name));
            }
        }
        if (!json_array_size(names)) {
            json_array_append_new(names, json_string(word));
        }
        oc_state_finish(&state);
        code = remove_all(w, names, true, "plugin.unlink");
        json_decref(names);
    }
    free(source);
    free(real);
    return code;
}
