/* NAME.lua.last: the text that was in force last, for a start that finds NAME.lua broken. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/inspect.h"
#include "core/policy/policies.h"
#include "core/policy/question.h"
#include "core/policy/state.h"
#include "core/sys/file.h"

#define LAST     ".lua.last"
#define PREVIOUS ".lua.previous"

static char *last_of(const struct oc_policy *policy)
{
    return oc_asprintf("%s.last", policy->file);
}

/* ---- keeping it ---- */

static bool is_there(const char *path, const char *text, size_t len)
{
    struct oc_buf there = {0};
    const bool same = oc_file_read(path, OC_LUA_TEXT_MAX, &there, NULL) == OC_OK &&
                      there.len == len && (len == 0 || memcmp(there.data, text, len) == 0);
    oc_buf_finish(&there);
    return same;
}

void oc_policy_keep_last(const struct oc_policy *policy)
{
    struct oc_error err;
    oc_error_init(&err);
    if (policy->file == NULL || policy->in_force != OC_POLICY_FILE) {
        return;
    }
    char *last = last_of(policy);
    if (!is_there(last, policy->text, policy->len) &&
        oc_file_write(last, policy->text, policy->len, 0600, &err) != OC_OK) {
        oc_warn("a start cannot fall back to the policy that is in force", "policy=%s reason=%s",
                policy->name, err.message);
    }
    free(last);
}

void oc_policies_keep_last(struct oc_policies *p)
{
    p->keeps_last = true;
    for (size_t i = 0; i < p->list.count; i++) {
        oc_policy_keep_last(p->list.items[i]);
    }
}

void oc_policies_remember(struct oc_policies *p, const char *name)
{
    const struct oc_policy *policy = oc_policies_find(p, name);
    if (policy != NULL) {
        oc_policy_keep_last(policy);
    }
}

/* ---- falling back to it ---- */

/* The failure of the file stays said, although another text is loaded. */
static bool load_last(struct oc_policy *policy)
{
    struct oc_buf text = {0};
    char *last = last_of(policy), *error = policy->error;
    const int line = policy->line;
    struct oc_error err;
    oc_error_init(&err);
    policy->error = NULL; /* loading would forget it */
    const bool loaded =
        oc_file_read(last, OC_LUA_TEXT_MAX, &text, NULL) == OC_OK &&
        oc_policy_load(policy, text.data != NULL ? text.data : "", text.len, &err) == OC_OK;
    policy->error = error;
    policy->line = line;
    oc_buf_finish(&text);
    free(last);
    return loaded;
}

void oc_policy_fall_back(struct oc_policy *policy)
{
    if (policy->text != NULL && !policy->builtin) {
        policy->in_force = policy->in_force == OC_POLICY_LAST ? OC_POLICY_LAST : OC_POLICY_KEPT;
    } else if (load_last(policy)) {
        policy->builtin = false;
        policy->in_force = OC_POLICY_LAST;
    } else {
        policy->in_force = policy->text != NULL ? OC_POLICY_SHIPPED : OC_POLICY_NONE;
    }
}

const char *oc_policy_in_force(const struct oc_policy *policy)
{
    static const char *const words[] = {[OC_POLICY_NONE] = "nothing",
                                        [OC_POLICY_FILE] = "file",
                                        [OC_POLICY_KEPT] = "kept",
                                        [OC_POLICY_LAST] = "last",
                                        [OC_POLICY_SHIPPED] = "built in"};
    return words[policy->in_force];
}

/* ---- it ends with its file ---- */

/* What was put in force after the file went is the shipped text: a later file that is broken must not bring the old one back. */
void oc_policies_put_aside(const struct oc_policies *p, const char *dir, const char *name)
{
    char *last = oc_asprintf("%s/%s" LAST, dir, name);
    char *previous = oc_asprintf("%s/%s" PREVIOUS, dir, name);
    if (p->keeps_last && rename(last, previous) != 0 && errno != ENOENT) {
        oc_warn("a policy that was removed may come back", "policy=%s reason=%s", name,
                strerror(errno));
    }
    free(last);
    free(previous);
}

bool oc_policy_is_orphan(const char *dir, const char *entry, char *name, size_t size)
{
    const size_t len = strlen(entry);
    if (!oc_ends(entry, LAST) || len - strlen(LAST) >= size) {
        return false;
    }
    oc_copy(name, len - strlen(LAST) + 1, entry);
    char *file = oc_asprintf("%s/%s.lua", dir, name);
    const bool orphan = oc_name_valid(name) && !oc_file_exists(file);
    free(file);
    return orphan;
}
