/* Asking a hook: the one way, whoever asks. SPDX-License-Identifier: MIT */
#include "core/policy/question.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/args.h"
#include "core/policy/reads.h"

struct oc_question {
    struct oc_policies *policies; /* borrowed */
    char *hook;
    uint64_t generation; /* of the policies, when `policy` was looked for */
    struct oc_policy *policy;
};

struct asking {
    struct oc_policies *policies;
    const char *hook;
    int index;           /* in the table of hooks, or -1 */
    bool keep;           /* this input is kept for `policy diff` */
    const json_t *reads; /* of the hook; NULL: all */
    int64_t now;
    oc_args_fn args_fn;
    oc_answer_fn answer_fn;
    void *ctx;
    struct oc_error error; /* of the shape, or of the reader */
    int code;
};

/* ---- inside Lua ---- */

static void read_answer(lua_State *L, struct asking *a)
{
    char why[OC_SHAPE_WHY];
    struct oc_answer answer = {L, lua_gettop(L)};
    if (a->index >= 0 && !oc_shape_fits(a->policies->shapes[a->index], L, -1, why)) {
        a->code = oc_error_set(&a->error, OC_E_PERMANENT, "%s answered what does not fit: %s",
                               a->hook, why);
        oc_error_hint(&a->error, "`openclaw policy hooks %s` shows what it may answer.", a->hook);
        return;
    }
    a->code = a->answer_fn != NULL ? a->answer_fn(&answer, a->ctx, &a->error) : OC_OK;
}

static int run(lua_State *L)
{
    struct asking *a = lua_touserdata(L, 1);
    struct oc_args args = {
        .L = L, .tape = a->keep ? &a->policies->inputs->tape : NULL, .reads = a->reads};
    lua_settop(L, 0);
    lua_pushglobaltable(L);
    lua_pushstring(L, a->hook);
    if (lua_rawget(L, 1) != LUA_TFUNCTION) {
        return luaL_error(L, "the function %s is gone: a policy must not change its hooks",
                          a->hook);
    }
    lua_replace(L, 1);
    if (a->args_fn != NULL) {
        a->args_fn(&args, a->ctx);
        OC_ASSERT(args.depth == 0);
        oc_reads_strip(L, 2, a->reads, a->index);
    }
    if (a->keep) {
        oc_inputs_add(a->policies->inputs, a->index, a->now);
    }
    lua_call(L, lua_gettop(L) - 1, 1);
    read_answer(L, a);
    return 0;
}

/* ---- outside ---- */

/* Said once, until it was well for a while or loaded again: a storm of failures is one failure. */
static void note_failure(struct oc_policies *p, struct oc_policy *policy, const char *hook,
                         const struct oc_error *err, int64_t now)
{
    if (p->quiet) {
        return;
    }
    policy->failures++;
    policy->failed_ms = now;
    if (policy->failing != NULL) {
        return;
    }
    policy->failing = oc_asprintf("%s: %s", hook, err->message);
    oc_warn("policy failed", "policy=%s hook=%s error=%s", policy->name, hook, err->message);
    oc_policies_publish(p, "policy.failed", policy, policy->failing);
}

int oc_policy_put(struct oc_policies *p, struct oc_policy *policy, const char *hook, int index,
                  oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx, struct oc_error *err)
{
    struct oc_error failure;
    struct asking a = {.policies = p,
                       .hook = hook,
                       .index = index,
                       .now = oc_time_mono(),
                       .args_fn = args_fn,
                       .answer_fn = answer_fn,
                       .ctx = ctx};
    /* what somebody tries out was never asked */
    a.keep = !p->trial && p->inputs != NULL && oc_inputs_wants(p->inputs, index, a.now);
    if (a.keep) {
        oc_tape_clear(&p->inputs->tape); /* a question may have ended half-way */
    }
    oc_error_init(&failure);
    oc_error_init(&a.error);
    policy->calls++;
    oc_policy_wake(policy);
    a.reads = json_object_get(policy->reads, hook);
    int code = oc_lua_protect(policy->lua, run, &a, &failure);
    if (code == OC_OK && a.code != OC_OK) {
        code = a.code;
        failure = a.error;
    }
    if (code != OC_OK) {
        note_failure(p, policy, hook, &failure, a.now);
        oc_error_set(err, code, "policy %s: %s", policy->name, failure.message);
        oc_error_hint(err, "%s", failure.hint);
    }
    return code;
}

struct oc_policy *oc_policies_find_hook(struct oc_policies *p, const char *hook)
{
    for (size_t i = p->list.count; i > 0; i--) {
        if (oc_policy_has_hook(p->list.items[i - 1], hook)) {
            return p->list.items[i - 1];
        }
    }
    return NULL;
}

int oc_policy_nobody(const char *hook, struct oc_error *err)
{
    oc_error_set(err, OC_E_NOT_FOUND, "no policy has the hook %s", hook);
    oc_error_hint(err, "`openclaw policy list` shows the hooks that there are.");
    return OC_E_NOT_FOUND;
}

/* ---- questions ---- */

struct oc_question *oc_question_create(struct oc_policies *policies, const char *hook)
{
    OC_ASSERT(oc_hook_index(hook) >= 0);
    struct oc_question *q = oc_calloc(1, sizeof(*q));
    q->policies = policies;
    q->hook = oc_strdup(hook);
    return q;
}

void oc_question_destroy(struct oc_question *q)
{
    if (q != NULL) {
        free(q->hook);
        free(q);
    }
}

static struct oc_policy *who(struct oc_question *q)
{
    if (q->generation != q->policies->generation) {
        q->policy = oc_policies_find_hook(q->policies, q->hook);
        q->generation = q->policies->generation;
    }
    return q->policy;
}

bool oc_question_heard(struct oc_question *q)
{
    return who(q) != NULL;
}

const json_t *oc_question_reads_only(struct oc_question *q)
{
    struct oc_policy *policy = who(q);
    if (policy == NULL) {
        return NULL;
    }
    oc_policy_wake(policy);
    return json_object_get(policy->reads, q->hook);
}

bool oc_question_reads(struct oc_question *q, const char *name)
{
    return who(q) != NULL && oc_reads_has(oc_question_reads_only(q), name);
}

bool oc_question_is_sampled(struct oc_question *q)
{
    const struct oc_policies *p = q->policies;
    return p->inputs != NULL && who(q) != NULL &&
           oc_inputs_wants(p->inputs, oc_hook_index(q->hook), oc_time_mono());
}

int oc_question_ask(struct oc_question *q, oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx,
                    struct oc_error *err)
{
    struct oc_policy *policy = who(q);
    if (policy == NULL) {
        return oc_policy_nobody(q->hook, err);
    }
    return oc_policy_put(q->policies, policy, q->hook, oc_hook_index(q->hook), args_fn, answer_fn,
                         ctx, err);
}

int oc_question_try(struct oc_question *q, oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx,
                    struct oc_error *err)
{
    struct oc_policies *p = q->policies;
    const bool was_quiet = p->quiet, was_trial = p->trial;
    p->quiet = true;
    p->trial = true;
    int code = oc_question_ask(q, args_fn, answer_fn, ctx, err);
    p->quiet = was_quiet;
    p->trial = was_trial;
    return code;
}
