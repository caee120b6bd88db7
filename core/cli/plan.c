/* Showing what an operation would do, asking, and doing exactly that. SPDX-License-Identifier: MIT */
#include "core/cli/plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"

static bool plans(const struct cli_op *op, const json_t *params)
{
    return op->flags & OC_OP_PLANS &&
           (!oc_cli_op_has(op, "fix") || oc_json_bool(params, "fix", false));
}

bool oc_plan_first(const struct cli *cli, const struct cli_op *op, const json_t *params)
{
    return plans(op, params) && !cli->yes && !json_object_get(params, "plan") &&
           !oc_json_bool(params, "dry_run", false);
}

bool oc_plan_is(const struct cli_op *op, const json_t *data)
{
    return op->flags & OC_OP_PLANS && oc_json_bool(data, "dry_run", false);
}

static json_t *with(const json_t *params, const char *key, json_t *value /* taken */)
{
    json_t *copy = params ? json_deep_copy(params) : json_object();
    oc_json_take(copy, key, value);
    return copy;
}

static bool needs_consent(const json_t *plan)
{
    return strcmp(oc_json_str(plan, "consent", ""), "needed") == 0;
}

/* Nobody can be asked, or the answer was no. The hint is the command that would do it. */
static void refuse(const struct cli_op *op, const json_t *plan, struct cli_answer *answer)
{
    char words[128];
    const char *surface = oc_json_str(plan, "surface", "");
    bool consent = needs_consent(plan) && *surface;
    oc_op_words(op->name, words, sizeof words);
    struct oc_error err;
    oc_error_init(&err);
    if (consent) {
        oc_error_set(&err, OC_E_DENIED,
                     "`openclaw %s` was not confirmed, and permissions are asked for: nothing has "
                     "been done",
                     words);
        oc_error_hint(&err, "Answer y on a terminal, or give --yes --accept-permissions %s.",
                      surface);
    } else {
        oc_error_set(&err, OC_E_CANCELLED, "`openclaw %s` was not confirmed: nothing has been done",
                     words);
        oc_error_hint(&err, "Answer y on a terminal, or give --yes.");
    }
    oc_answer_finish(answer);
    answer->err = err;
    if (consent) {
        answer->details = json_pack("{s:s,s:s}", "reason", "consent-needed", "surface", surface);
    }
}

static bool ask(const struct cli_op *op, const json_t *plan)
{
    size_t count = json_array_size(json_object_get(plan, "actions"));
    char words[128];
    oc_op_words(op->name, words, sizeof words);
    char *question = needs_consent(plan) ? oc_asprintf("Grant these permissions and go on?")
                                         : oc_asprintf("%s: %zu action%s. Go on?", words, count,
                                                       count == 1 ? "" : "s");
    bool yes = oc_cli_confirm(question);
    free(question);
    return yes;
}

/* What was agreed to: this plan and no other, and what it asks for. */
static json_t *agreed(const struct cli_op *op, const json_t *params, const json_t *plan)
{
    json_t *all = with(params, "plan", json_incref(json_object_get(plan, "plan")));
    if (needs_consent(plan) && oc_cli_op_has(op, "accept_permissions")) {
        json_object_set(all, "accept_permissions", json_object_get(plan, "surface"));
    }
    return all;
}

void oc_plan_call(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                  const json_t *params, const struct cli_listener *listener,
                  struct cli_answer *answer)
{
    json_t *asking = with(params, "dry_run", json_true());
    oc_link_call(link, op->name, asking, listener, answer);
    json_decref(asking);
    if (!answer->ok || !oc_plan_is(op, answer->data) ||
        !json_array_size(json_object_get(answer->data, "actions"))) {
        return;
    }
    if (!cli->quiet || oc_cli_may_ask()) { /* nobody agrees to what is not shown */
        oc_view_plan_show(cli, answer->data, stderr);
    }
    if (!ask(op, answer->data)) {
        json_t *plan = json_incref(answer->data);
        refuse(op, plan, answer);
        json_decref(plan);
        return;
    }
    json_t *go = agreed(op, params, answer->data);
    oc_answer_finish(answer);
    oc_error_init(&answer->err);
    oc_link_call(link, op->name, go, listener, answer);
    json_decref(go);
}
