/* Asking policies, and listing what they are. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/hooks.h"
#include "core/policy/inspect.h"
#include "core/policy/question.h"

bool oc_policy_has_hook(const struct oc_policy *policy, const char *hook)
{
    for (size_t i = 0; i < json_array_size(policy->hooks); i++) {
        if (strcmp(json_string_value(json_array_get(policy->hooks, i)), hook) == 0) {
            return true;
        }
    }
    return false;
}

static const char *origin(const struct oc_policy *policy)
{
    return policy->builtin ? "built in" : policy->file;
}

static json_t *explain(const struct oc_policy *policy, const struct oc_lua_trace *trace)
{
    json_t *why = json_object();
    oc_json_set_str(why, "policy", policy->name);
    oc_json_set_str(why, "file", origin(policy));
    oc_json_take(why, "lines", oc_lua_trace_json(trace));
    oc_json_take(why, "decided", oc_policy_decision(policy->chunk, policy->text, trace));
    if (policy->error != NULL && policy->in_force == OC_POLICY_LAST) {
        oc_json_set_str(why, "note",
                        "the file does not load: this is the version that was in force before the "
                        "host was started");
    } else if (policy->error != NULL && !policy->builtin) {
        oc_json_set_str(why, "note", "the file does not load: this is the version before it");
    } else if (policy->error != NULL) {
        oc_json_set_str(why, "note", "the file does not load: this is the shipped policy");
    }
    return why;
}

struct exchange {
    const json_t *args;
    json_t *result;
};

static void say(struct oc_args *args, void *ctx)
{
    const struct exchange *e = ctx;
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)e->args, i, value)
    {
        oc_args_json(args, value);
    }
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct exchange *e = ctx;
    struct oc_error why;
    oc_error_init(&why);
    e->result = oc_lua_to_json(answer->state, answer->index, &why);
    return e->result != NULL ? OC_OK : oc_error_set(err, why.code, "it returned %s", why.message);
}

int oc_policy_ask(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err)
{
    struct exchange e = {.args = args};
    *result = NULL;
    if (why != NULL) {
        *why = NULL;
    }
    struct oc_policy *policy = oc_policies_find_hook(p, hook);
    if (policy == NULL) {
        return oc_policy_nobody(hook, err);
    }
    oc_policy_wake(policy);
    struct oc_lua *lua = policy->lua;
    struct oc_lua_trace *own = NULL;
    if (why != NULL) {
        own = oc_calloc(1, sizeof(*own));
        own->chunk = policy->chunk;
        lua->trace = own;
    }
    int code = oc_policy_put(p, policy, hook, oc_hook_index(hook), say, hear, &e, err);
    if (own != NULL) {
        lua->trace = policy->cover;
        *why = explain(policy, own);
        free(own);
    }
    if (code != OC_OK) {
        json_decref(e.result);
        return code;
    }
    *result = e.result;
    return OC_OK;
}

int oc_policy_try(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err)
{
    const bool was_quiet = p->quiet, was_trial = p->trial;
    const int index = oc_hook_index(hook);
    p->quiet = true;
    p->trial = why != NULL || index < 0 || !oc_hooks[index].outside;
    int code = oc_policy_ask(p, hook, args, result, why, err);
    p->quiet = was_quiet;
    p->trial = was_trial;
    return code;
}

static json_t *describe(const struct oc_policy *policy)
{
    json_t *row = json_object();
    oc_json_set_str(row, "name", policy->name);
    oc_json_set_str(row, "file", policy->file != NULL ? policy->file : "built in");
    oc_json_take(row, "hooks",
                 policy->hooks != NULL ? json_deep_copy(policy->hooks) : json_array());
    oc_json_set_str(row, "state",
                    policy->error != NULL     ? "failed"
                    : policy->failing != NULL ? "failing"
                                              : "ok");
    oc_json_set_str(row, "error", policy->error != NULL ? policy->error : policy->failing);
    oc_json_take(row, "line", policy->line > 0 ? json_integer(policy->line) : json_null());
    oc_json_set_time(row, "loaded", policy->loaded_ms);
    oc_json_set_bool(row, "builtin", policy->builtin);
    oc_json_set_str(row, "in_force", oc_policy_in_force(policy));
    oc_json_set_int(row, "calls", (int64_t)policy->calls);
    oc_json_set_int(row, "failures", (int64_t)policy->failures);
    return row;
}

json_t *oc_policies_list(struct oc_policies *p)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < p->list.count; i++) {
        json_array_append_new(rows, describe(p->list.items[i]));
    }
    return rows;
}

const char *oc_policy_source(struct oc_policies *p, const char *name, size_t *len)
{
    const struct oc_policy *policy = oc_policies_find(p, name);
    *len = policy != NULL ? policy->len : 0;
    return policy != NULL ? policy->text : NULL;
}
