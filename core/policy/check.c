/* Looking at a text before it is put in force. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/hooks.h"
#include "core/policy/inspect.h"
#include "core/policy/policies.h"
#include "core/policy/state.h"

#define SUFFIX ".lua"

/* "policies/route.lua" -> "route" */
static const char *policy_of(const char *name, char policy[OC_POLICY_NAME_MAX])
{
    const char *slash = strrchr(name, '/');
    const char *base = slash != NULL ? slash + 1 : name;
    const size_t len = strlen(base) - (oc_ends(base, SUFFIX) ? strlen(SUFFIX) : 0);
    oc_copy(policy, len < OC_POLICY_NAME_MAX ? len + 1 : OC_POLICY_NAME_MAX, base);
    return policy;
}

/* A function that nobody asks is a hook that is spelled wrong. */
static int refuse_function(struct oc_lua *lua, const char *name, const char *word,
                           struct oc_error *err)
{
    const char *known[OC_HOOKS_MAX], *near;
    const int line = oc_lua_function_line(lua, word);
    char at[16] = "";
    size_t count = 0;
    while (oc_hooks[count].name != NULL) {
        known[count] = oc_hooks[count].name;
        count++;
    }
    if (line > 0) {
        snprintf(at, sizeof(at), ":%d", line);
    }
    near = oc_nearest(word, known, count);
    oc_error_set(err, OC_E_CONFIG, "%s%s: there is no hook %s", name, at, word);
    oc_error_hint(err, "%s%s%sA function that only helps must be `local`.",
                  near != NULL ? "Did you mean " : "", near != NULL ? near : "",
                  near != NULL ? "? " : "");
    return OC_E_CONFIG;
}

static bool is_among(const json_t *functions, const char *name)
{
    size_t i;
    json_t *function;
    json_array_foreach((json_t *)functions, i, function)
    {
        if (strcmp(json_string_value(function), name) == 0) {
            return true;
        }
    }
    return false;
}

int oc_policy_vet(struct oc_lua *lua, const char *name, const json_t *functions,
                  struct oc_error *err)
{
    char policy[OC_POLICY_NAME_MAX];
    size_t i;
    json_t *function;
    json_array_foreach((json_t *)functions, i, function)
    {
        if (oc_hook_index(json_string_value(function)) < 0) {
            return refuse_function(lua, name, json_string_value(function), err);
        }
    }
    if (json_array_size(functions) == 0) {
        oc_error_set(err, OC_E_CONFIG, "%s defines no hook", name);
        oc_error_hint(err, "`openclaw policy hooks` shows those that there are.");
        return OC_E_CONFIG;
    }
    if (oc_hook_index(policy_of(name, policy)) >= 0 && !is_among(functions, policy)) {
        oc_error_set(err, OC_E_CONFIG, "%s does not define the hook %s", name, policy);
        oc_error_hint(err, "A file that is named after a hook answers it: define it, or give the "
                           "file another name.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

int oc_policy_check_hooks(const char *name, const char *text, size_t len, json_t **hooks,
                          struct oc_error *err)
{
    struct oc_lua *lua = oc_lua_create(NULL);
    int code = oc_lua_run(lua, name, text, len, err);
    *hooks = NULL;
    if (code == OC_OK) {
        *hooks = oc_lua_functions(lua);
        code = oc_policy_vet(lua, name, *hooks, err);
    }
    if (code != OC_OK) {
        json_decref(*hooks);
        *hooks = NULL;
    }
    oc_lua_destroy(lua);
    return code;
}
