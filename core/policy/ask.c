/* Asking policies, and listing what they are. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/policy/inspect.h"
#include "core/policy/policies.h"
#include "core/policy/state.h"

bool oc_policy_has_hook(const struct oc_policy *policy, const char *hook)
{
    for (size_t i = 0; i < json_array_size(policy->hooks); i++) {
        if (strcmp(json_string_value(json_array_get(policy->hooks, i)), hook) == 0) {
            return true;
        }
    }
    return false;
}

static struct oc_policy *find_hook(struct oc_policies *p, const char *hook)
{
    for (size_t i = p->list.count; i > 0; i--) {
        if (oc_policy_has_hook(p->list.items[i - 1], hook)) {
            return p->list.items[i - 1];
        }
    }
    return NULL;
}

static const char *origin(const struct oc_policy *policy)
{
    return policy->builtin ? "built in" : policy->file;
}

static json_t *explain(const struct oc_policy *policy, json_t *lines)
{
    json_t *why = json_object();
    oc_json_set_str(why, "policy", policy->name);
    oc_json_set_str(why, "file", origin(policy));
    oc_json_take(why, "lines", lines);
    return why;
}

int oc_policy_ask(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err)
{
    struct oc_error failure;
    json_t *lines = NULL;
    *result = NULL;
    if (why != NULL) {
        *why = NULL;
    }
    struct oc_policy *policy = find_hook(p, hook);
    if (policy == NULL) {
        oc_error_set(err, OC_E_NOT_FOUND, "no policy has the hook %s", hook);
        oc_error_hint(err, "`openclaw policy list` shows the hooks that there are.");
        return OC_E_NOT_FOUND;
    }
    oc_error_init(&failure);
    policy->calls++;
    int code = oc_lua_call(policy->lua, hook, args, result, policy->chunk,
                           why != NULL ? &lines : NULL, &failure);
    if (why != NULL) {
        *why = explain(policy, lines);
    }
    if (code != OC_OK) {
        policy->failures++;
        oc_warn("policy failed", "policy=%s hook=%s error=%s", policy->name, hook, failure.message);
        oc_error_set(err, code, "policy %s: %s", policy->name, failure.message);
        oc_error_hint(err, "%s", failure.hint);
    }
    return code;
}

static json_t *describe(const struct oc_policy *policy)
{
    json_t *row = json_object();
    oc_json_set_str(row, "name", policy->name);
    oc_json_set_str(row, "file", policy->file != NULL ? policy->file : "built in");
    oc_json_take(row, "hooks",
                 policy->hooks != NULL ? json_deep_copy(policy->hooks) : json_array());
    oc_json_set_str(row, "state", policy->error != NULL ? "failed" : "ok");
    oc_json_set_str(row, "error", policy->error);
    oc_json_take(row, "line", policy->line > 0 ? json_integer(policy->line) : json_null());
    oc_json_set_time(row, "loaded", policy->loaded_ms);
    oc_json_set_bool(row, "builtin", policy->builtin);
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

int oc_policy_check(const char *name, const char *text, size_t len, json_t **hooks,
                    struct oc_error *err)
{
    struct oc_lua *lua = oc_lua_create(NULL);
    int code = oc_lua_run(lua, name, text, len, err);
    if (hooks != NULL) {
        *hooks = code == OC_OK ? oc_lua_functions(lua) : NULL;
    }
    oc_lua_destroy(lua);
    return code;
}
