/* Operations on a proposal that is there: discuss, amend, withdraw. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/internal.h"

struct text_params {
    const char *proposal, *text, *title, *description, *justification, *impact, *rollback_plan;
};
#define AT(field) offsetof(struct text_params, field)
#define PROPOSAL                                                                                   \
    {                                                                                              \
        .name = "proposal", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,   \
        .offset = AT(proposal), .help = "its id, a part that only it has, or last"                 \
    }
static const struct oc_option discuss_options[] = {PROPOSAL,
                                                   {.name = "text",
                                                    .type = OC_OPT_STRING,
                                                    .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                    .offset = AT(text),
                                                    .help = "what is to be said"},
                                                   {0}};
static const struct oc_option withdraw_options[] = {
    PROPOSAL, {.name = "reason", .type = OC_OPT_STRING, .offset = AT(text), .help = "why"}, {0}};
static const struct oc_option amend_options[] = {
    PROPOSAL,
    {.name = "title", .type = OC_OPT_STRING, .offset = AT(title), .help = "the new title"},
    {.name = "description",
     .type = OC_OPT_STRING,
     .offset = AT(description),
     .help = "the new description"},
    {.name = "justification",
     .type = OC_OPT_STRING,
     .offset = AT(justification),
     .help = "the new justification"},
    {.name = "impact", .type = OC_OPT_STRING, .offset = AT(impact), .help = "the new assessment"},
    {.name = "rollback_plan",
     .type = OC_OPT_STRING,
     .offset = AT(rollback_plan),
     .help = "the new way to undo it"},
    {0}};
#undef AT

/* Still to be decided; NULL when the call has been failed. */
static const json_t *need_open(struct oc_governance *g, struct oc_call *call, const char *id)
{
    const json_t *p = oc_governance_need(g, call, id);
    const char *stage = oc_json_str(p, "stage", "");
    if (p && (oc_governance_is_closed(p) || strcmp(stage, "execution") == 0)) {
        oc_call_failf(call, OC_E_CONFLICT, "Propose it anew.", "%s is %s", oc_json_str(p, "id", ""),
                      oc_json_str(p, "status", "closed"));
        return NULL;
    }
    return p;
}

static bool is_submitter(const struct oc_call *call, const json_t *p)
{
    return oc_call_actor(call)->role >= OC_ROLE_ADMIN ||
           strcmp(oc_json_str(p, "submitter", ""), oc_call_actor(call)->name) == 0;
}

static json_t *entry_by(struct oc_governance *g, const struct oc_call *call, const json_t *p)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", oc_json_str(p, "id", ""));
    oc_json_set_int(entry, "at", oc_governance_now(g, p));
    oc_json_set_str(entry, "by", oc_call_actor(call)->name);
    return entry;
}

static json_t *about(const json_t *p)
{
    return json_pack("{s:s}", "proposal", oc_json_str(p, "id", ""));
}

static void op_discuss(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct text_params *params = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    const json_t *p = need_open(g, call, params->proposal);
    if (!p) {
        return;
    }
    if (strlen(params->text) > OC_GOVERNANCE_TEXT_MAX) {
        oc_call_failf(call, OC_E_CONFIG, "Say it in several comments, or elsewhere.",
                      "the comment is longer than %u bytes", OC_GOVERNANCE_TEXT_MAX);
        return;
    }
    if (json_array_size(json_object_get(p, "comments")) >= OC_GOVERNANCE_COMMENT_MAX) {
        oc_call_failf(call, OC_E_CONFLICT, "Vote on it, or review it.",
                      "%s has %d comments, which is all there is", oc_json_str(p, "id", ""),
                      OC_GOVERNANCE_COMMENT_MAX);
        return;
    }
    if (oc_governance_room(g, strlen(params->text), &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *entry = entry_by(g, call, p);
    oc_json_set_str(entry, "text", params->text);
    oc_governance_write(g, "comment_added", entry, call, about(p));
}

static void op_withdraw(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct text_params *params = oc_call_params(call);
    const json_t *p = need_open(g, call, params->proposal);
    if (!p) {
        return;
    }
    if (!is_submitter(call, p)) {
        oc_call_failf(call, OC_E_DENIED, "Ask an administrator.",
                      "only %s or an administrator may withdraw it",
                      oc_json_str(p, "submitter", ""));
        return;
    }
    char *id = oc_strdup(oc_json_str(p, "id", ""));
    json_t *entry = entry_by(g, call, p);
    oc_json_set_str(entry, "reason", params->text ? params->text : "withdrawn");
    oc_governance_write(g, "proposal_withdrawn", entry, call, about(p));
    oc_governance_poke(g, id);
    free(id);
}

/* A text that is changed is another proposal: the vote begins anew, with a deadline of its own. */
static json_t *amendment(struct oc_governance *g, const struct oc_call *call, const json_t *p,
                         json_t *fields /* taken */)
{
    const bool submission = strcmp(oc_json_str(p, "stage", ""), "submission") == 0;
    json_t *entry = entry_by(g, call, p), *next = json_deep_copy(p), *cycle = json_object();
    const int64_t now = oc_json_int(entry, "at", 0);
    oc_json_set_int(entry, "revision", oc_json_int(p, "revision", 0) + 1);
    oc_json_set_int(entry, "modifications", oc_json_int(p, "modifications", 0) + !submission);
    json_object_update(next, fields);
    json_object_set(next, "revision", json_object_get(entry, "revision"));
    oc_governance_open_cycle(g, next, now, cycle);
    json_object_update(entry, cycle);
    oc_json_take(entry, "fields", fields);
    if (!submission) {
        oc_json_set_str(entry, "stage", "review");
        oc_json_set_int(entry, "stage_until", now + g->rules.stages.review_ms);
    }
    json_decref(next);
    json_decref(cycle);
    return entry;
}

static json_t *fields_of(const struct text_params *p, struct oc_error *err)
{
    const struct {
        const char *key, *text;
    } all[] = {{"title", p->title},
               {"description", p->description},
               {"justification", p->justification},
               {"impact_assessment", p->impact},
               {"rollback_plan", p->rollback_plan}};
    json_t *fields = json_object();
    for (size_t i = 0; i < OC_COUNT(all); i++) {
        const size_t max = i ? OC_GOVERNANCE_TEXT_MAX : OC_GOVERNANCE_TITLE_MAX;
        if (all[i].text && strlen(all[i].text) > max) {
            oc_error_set(err, OC_E_CONFIG, "the %s is longer than %zu bytes", all[i].key, max);
        } else if (all[i].text && i == 0 && !*all[i].text) {
            oc_error_set(err, OC_E_CONFIG, "a proposal needs a title");
        } else if (all[i].text) {
            oc_json_set_str(fields, all[i].key, all[i].text);
        }
    }
    if (json_object_size(fields) == 0 && !err->code) {
        oc_error_set(err, OC_E_CONFIG, "there is nothing to amend");
        oc_error_hint(err, "Give the text that changes, such as --description.");
    }
    return fields;
}

/* By how much the texts become longer. */
static size_t growth(const json_t *p, const json_t *fields)
{
    const char *key;
    json_t *text;
    size_t now = 0, was = 0;
    json_object_foreach((json_t *)(uintptr_t)fields, key, text)
    {
        now += json_string_length(text);
        was += json_string_length(json_object_get(p, key));
    }
    return now > was ? now - was : 0;
}

static int may_amend(const struct oc_governance *g, const struct oc_call *call, const json_t *p,
                     struct oc_error *err)
{
    const char *stage = oc_json_str(p, "stage", "");
    const bool submission = strcmp(stage, "submission") == 0;
    if (!is_submitter(call, p)) {
        oc_error_set(err, OC_E_DENIED, "only %s or an administrator may amend it",
                     oc_json_str(p, "submitter", ""));
        oc_error_hint(err, "Say with `openclaw governance discuss` what should be changed.");
        return OC_E_DENIED;
    }
    if (!submission && strcmp(stage, "review") != 0 && strcmp(stage, "deliberation") != 0) {
        oc_error_set(err, OC_E_CONFLICT, "it is in the stage %s and cannot be amended", stage);
        oc_error_hint(err,
                      "Amendments belong to review and deliberation; propose it anew instead.");
        return OC_E_CONFLICT;
    }
    if (!submission &&
        oc_json_int(p, "modifications", 0) >= (int64_t)g->rules.stages.modification_rounds) {
        oc_error_set(err, OC_E_REFUSED, "it has been amended %u times, which is all there is",
                     g->rules.stages.modification_rounds);
        oc_error_hint(err, "Let it be voted on as it is, or withdraw it and propose it anew.");
        return OC_E_REFUSED;
    }
    return OC_OK;
}

static void op_amend(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct text_params *params = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    const json_t *p = need_open(g, call, params->proposal);
    if (!p) {
        return;
    }
    json_t *fields = fields_of(params, &err);
    if (err.code || may_amend(g, call, p, &err) != OC_OK ||
        oc_governance_room(g, growth(p, fields), &err) != OC_OK) {
        json_decref(fields);
        oc_governance_refuse(g, call, &err);
        return;
    }
    char *id = oc_strdup(oc_json_str(p, "id", ""));
    json_t *result = about(p), *entry = amendment(g, call, p, fields);
    json_object_set(result, "revision", json_object_get(entry, "revision"));
    if (oc_governance_write(g, "proposal_amended", entry, call, result) == OC_OK) {
        oc_governance_forget_clock(g, id);
        oc_governance_poke(g, id);
    }
    free(id);
}

#define RECEIPT "{proposal: string, index: integer, leaf: string}"

const struct oc_op oc_governance_ops_amend[] = {
    {.name = "governance.discuss",
     .summary = "Say something about a proposal",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = discuss_options,
     .params_size = sizeof(struct text_params),
     .view = "record",
     .example = "openclaw governance discuss last 'who looks at the disks meanwhile?'",
     .result = RECEIPT,
     .handler = op_discuss},
    {.name = "governance.amend",
     .summary = "Change the text of a proposal",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = amend_options,
     .params_size = sizeof(struct text_params),
     .view = "record",
     .description =
         "Who proposed it may, three times, while it is reviewed or deliberated. Votes and "
         "signatures for the earlier text do not count for the new one: the vote begins "
         "anew, with a deadline of its own. The operation cannot be changed.",
     .example = "openclaw governance amend last --description 'one hour will do'",
     .result = "{proposal: string, revision: integer, index: integer, leaf: string}",
     .handler = op_amend},
    {.name = "governance.withdraw",
     .summary = "Take a proposal back",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = withdraw_options,
     .params_size = sizeof(struct text_params),
     .view = "record",
     .example = "openclaw governance withdraw last --reason 'not needed any more'",
     .result = RECEIPT,
     .handler = op_withdraw},
};
const size_t oc_governance_ops_amend_count = OC_COUNT(oc_governance_ops_amend);
