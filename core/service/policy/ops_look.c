/* The operations that look: hooks, diff, inputs, doctor. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/ask.h"
#include "core/policy/hooks.h"
#include "core/policy/inspect.h"
#include "core/service/policy/internal.h"

#define LAST_MAX 1000

/* ---- policy.hooks ---- */

struct hooks_params {
    const char *hook;
};
static const struct oc_option hooks_options[] = {{.name = "hook",
                                                  .type = OC_OPT_STRING,
                                                  .flags = OC_OPT_POSITIONAL,
                                                  .offset = offsetof(struct hooks_params, hook),
                                                  .help = "one hook; all when it is left out"},
                                                 {0}};

static void op_hooks(struct oc_call *call, void *ctx)
{
    const struct hooks_params *p = oc_call_params(call);
    json_t *rows = json_array();
    (void)ctx;
    for (const struct oc_hook *h = oc_hooks; h->name != NULL; h++) {
        if (p->hook == NULL || strcmp(p->hook, h->name) == 0) {
            json_array_append_new(rows, oc_hook_json(h));
        }
    }
    if (json_array_size(rows) == 0) {
        json_decref(rows);
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw policy hooks` shows those that there are.",
                      "there is no hook %s", p->hook);
        return;
    }
    oc_call_succeed(call, rows);
}

/* ---- policy.diff ---- */

struct diff_params {
    const char *text, *name;
    int64_t last;
};
static const struct oc_option diff_options[] = {
    {.name = "text",
     .type = OC_OPT_STRING,
     .choices = "content",
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct diff_params, text),
     .help = "the new Lua text; on the command line the file with it"},
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct diff_params, name),
     .help = "the policy that it would replace; on the command line the name of the file unless it "
             "is given"},
    {.name = "last",
     .type = OC_OPT_INT,
     .default_text = "100",
     .min = 1,
     .max = LAST_MAX,
     .offset = offsetof(struct diff_params, last),
     .help = "how many of the last inputs of each hook"},
    {0}};

static void op_diff(struct oc_call *call, void *ctx)
{
    const struct oc_policy_service *s = ctx;
    const struct diff_params *p = oc_call_params(call);
    struct oc_error err;
    json_t *report = NULL;
    oc_error_init(&err);
    if (p->name == NULL || !oc_name_valid(p->name) || strchr(p->name, '.') != NULL) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Give the policy that it would replace with --name, without .lua.",
                      "a policy cannot be called '%.64s'", p->name != NULL ? p->name : "");
    } else if (oc_policies_compare(s->env->policies, p->name, p->text, strlen(p->text),
                                   (size_t)p->last, &report, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        oc_call_succeed(call, report);
    }
}

/* ---- policy.doctor ---- */

static void finding(json_t *list, const char *severity, const char *message, const char *fix)
{
    json_t *row = json_object();
    oc_json_set_str(row, "severity", severity);
    oc_json_set_str(row, "message", message);
    oc_json_set_str(row, "fix", fix);
    json_array_append_new(list, row);
}

/* What guards must have somebody who answers: a file in the place of the built-in one may have lost its hook. */
static void look_at_guards(const struct oc_policy_service *s, json_t *list)
{
    static const char *const guards[] = {"authorize", "quorum"};
    for (size_t i = 0; i < OC_COUNT(guards); i++) {
        struct oc_question *q = oc_question_create(s->env->policies, guards[i]);
        if (!oc_question_heard(q)) {
            char *text = oc_asprintf("no policy has the hook %s", guards[i]);
            finding(list, "error", text,
                    "`openclaw policy list` shows which file stands in the place of the built-in "
                    "policy; mend or remove it");
            free(text);
        }
        oc_question_destroy(q);
    }
}

/* Guards that once held go on to hold when governance cannot decide: then nothing that needs a decision can be done. */
static void look_at_governance(struct oc_policy_service *s, json_t *list)
{
    if (!oc_gate_governed(s->gate)) {
        finding(list, "ok", "approvals are not enforced: not every member of the triad has a key",
                "`openclaw governance keys create` gives a member its key");
        return;
    }
    json_t *status = oc_ops_ask(s->env->ops, "governance.status", NULL);
    if (oc_json_bool(status, "ready", false)) {
        finding(list, "ok", "operations that need a decision wait for one", NULL);
    } else {
        const char *why = oc_json_str(status, "why", "");
        char *text =
            oc_asprintf("operations that need a decision are refused: governance cannot decide%s%s",
                        *why ? ": " : "", why);
        finding(list, "error", text,
                "`openclaw governance status` shows it; `openclaw governance keys register` gives "
                "a member a key again");
        free(text);
    }
    json_decref(status);
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    struct oc_policy_service *s = ctx;
    json_t *list = json_array(), *rows = oc_policies_list(s->env->policies), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(oc_json_str(row, "state", ""), "ok") != 0) {
            char *text =
                oc_asprintf("%s: %s", oc_json_str(row, "name", ""), oc_json_str(row, "error", ""));
            finding(list, "error", text, "mend its file; `openclaw policy check FILE` looks at it");
            free(text);
        }
    }
    json_decref(rows);
    look_at_guards(s, list);
    look_at_governance(s, list);
    oc_call_succeed(call, list);
}

static const struct oc_op OPS[] = {
    {.name = "policy.hooks",
     .summary = "Show what policies can be asked, and what they may answer",
     .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
     .params = hooks_options,
     .params_size = sizeof(struct hooks_params),
     .view = "custom:policy_hooks",
     .example = "openclaw policy hooks authorize",
     .result =
         "[{hook: string, summary: string, signature: string, args: [{name: string, shape: "
         "string, help: string}], returns: string, meaning: string, otherwise: string, asked: "
         "string}]",
     .handler = op_hooks},
    {.name = "policy.diff",
     .summary = "Show where a new policy would have decided otherwise",
     .role = OC_ROLE_ADMIN,
     .params = diff_options,
     .params_size = sizeof(struct diff_params),
     .view = "custom:policy_diff",
     .description =
         "The last real inputs of each hook that the policy answers, now or then, are "
         "asked again, of what is in force and of the new text. Of a storm of questions "
         "only a sample is kept; secrets are masked. It works for a second at the most; `partial` "
         "says that inputs were left out because of that.",
     .example = "openclaw policy diff route.lua --last 200",
     .result = "{policy: string, hooks: [{hook: string, inputs: integer, differ: integer}], "
               "differences: [{hook: string, at: time, args: [any], before: any, after: any}], "
               "partial: boolean}",
     .handler = op_diff},
    {.name = "policy.doctor",
     .summary = "Look at the policies and at what they can rely on",
     .flags = OC_OP_EPHEMERAL,
     .view = "table:severity=Severity,message=Finding,fix=Remedy",
     .example = "openclaw policy doctor",
     .result = "[{severity: string, message: string, fix: string|null}]",
     .handler = op_doctor},
};

void oc_policy_add_look_ops(struct oc_policy_service *s)
{
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(s->env->ops, &OPS[i], s);
    }
}
