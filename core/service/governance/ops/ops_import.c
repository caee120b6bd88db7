/* What the original had: its files, and its scripts validate-vote and failover-vote. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/import/ballot_legacy.h"
#include "core/service/governance/import/import.h"
#include "core/service/governance/internal.h"
#include "core/sys/file.h"

/* ---- validate_vote ---- */

struct validate_params {
    const char *proposal, *alpha, *beta, *charlie;
};
#define AT(field) offsetof(struct validate_params, field)
#define WORD(key, words)                                                                           \
    {                                                                                              \
        .name = #key, .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,         \
        .offset = AT(key), .help = words                                                           \
    }
static const struct oc_option validate_options[] = {
    WORD(proposal, "what was voted on"),
    WORD(alpha, "alpha's word: YES, NO, SUPPORT or ABSTAIN"),
    WORD(beta, "beta's word"),
    WORD(charlie, "charlie's word"),
    {0}};

static void op_validate_vote(struct oc_call *call, void *ctx)
{
    const struct validate_params *p = oc_call_params(call);
    const char *const votes[3] = {p->alpha, p->beta, p->charlie};
    struct oc_buf line = {0};
    struct oc_error err;
    bool validated = false;
    (void)ctx;
    oc_error_init(&err);
    if (oc_vote_validate(p->proposal, votes, &line, &validated, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        json_t *row = json_object();
        oc_json_set_str(row, "proposal", p->proposal);
        oc_json_set_bool(row, "ok", validated);
        oc_json_set_str(row, "text", line.data);
        oc_call_succeed(call, json_pack("[o]", row));
    }
    oc_buf_finish(&line);
}

/* ---- validate, import: the original's files ---- */

struct file_params {
    const char *file;
};
static const struct oc_option file_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct file_params, file),
     .help = "governance-quorum-rules.json, a consensus record or a deliberation record"},
    {0}};

static int read_file(const char *path, struct oc_buf *text, enum oc_gov_file *kind,
                     struct oc_gov_rules *rules, json_t **findings, struct oc_error *err)
{
    int rc = oc_file_read(path, OC_GOV_IMPORT_MAX, text, err);
    if (rc == OC_OK && oc_gov_import(text->data, text->len, kind, rules, findings, err) != OC_OK) {
        rc = oc_error_prefix(err, "%s", path);
    }
    return rc;
}

static void op_validate(struct oc_call *call, void *ctx)
{
    const struct file_params *p = oc_call_params(call);
    struct oc_gov_rules rules;
    enum oc_gov_file kind;
    struct oc_buf text = {0};
    struct oc_error err;
    json_t *findings = NULL, *row;
    size_t i;
    (void)ctx;
    oc_error_init(&err);
    if (read_file(p->file, &text, &kind, &rules, &findings, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        json_array_foreach(findings, i, row)
        {
            oc_json_set_bool(row, "ok", strcmp(oc_json_str(row, "level", ""), "error") != 0);
        }
        oc_call_succeed(call, json_incref(findings));
    }
    json_decref(findings);
    oc_buf_finish(&text);
}

/* The rules of the file as the section of the configuration: the file itself is the owner's to change. */
static char *section_of(const struct oc_gov_rules *r)
{
    struct oc_buf text = {0};
    oc_buf_adds(&text, "governance = {\n  triad = [");
    for (uint32_t i = 0; i < r->triad_count; i++) {
        oc_buf_addf(&text, "%s\"%s\"", i ? ", " : " ", r->triad[i]);
    }
    oc_buf_addf(&text, " ];\n  steward = \"%s\"; sentinel = \"%s\"; examiner = \"%s\";\n",
                r->steward, r->sentinel, r->examiner);
    for (int i = 0; i < OC_GOV_CATEGORIES; i++) {
        oc_buf_addf(&text, "  %s_timeout = \"%" PRId64 "ms\";\n",
                    oc_gov_category_name((enum oc_gov_category)i), r->categories[i].timeout_ms);
    }
    oc_buf_addf(&text,
                "  submission = \"%" PRId64 "ms\"; review = \"%" PRId64
                "ms\"; deliberation = \"%" PRId64 "ms\";\n  final_vote = \"%" PRId64
                "ms\"; declaration = \"%" PRId64 "ms\";\n",
                r->stages.submission_ms, r->stages.review_ms, r->stages.deliberation_ms,
                r->stages.final_vote_ms, r->stages.declaration_ms);
    oc_buf_addf(&text, "  modification_rounds = %u; deadlock_cycles = %u;\n",
                r->stages.modification_rounds, r->deadlock_cycles);
    oc_buf_addf(&text, "  emergency_override = \"%" PRId64 "ms\"; strict_supermajority = %s;\n};\n",
                r->emergency_ms, r->strict_supermajority ? "true" : "false");
    return oc_buf_take(&text);
}

/* A record of the original's becomes an entry, as it is: what was decided there is known here. */
static void import_record(struct oc_governance *g, struct oc_call *call, const char *kind,
                          const struct oc_buf *text, json_t *result)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "kind", kind);
    oc_json_set_str(entry, "by", oc_call_actor(call)->name);
    oc_json_take(entry, "record", oc_json_parse(text->data, text->len, NULL));
    oc_governance_write(g, "record_imported", entry, call, result);
}

static void op_import(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct file_params *p = oc_call_params(call);
    struct oc_gov_rules rules;
    enum oc_gov_file kind = OC_GOV_FILE_UNKNOWN;
    struct oc_buf text = {0};
    struct oc_error err;
    json_t *findings = NULL;
    oc_error_init(&err);
    if (read_file(p->file, &text, &kind, &rules, &findings, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else if (oc_gov_findings_errors(findings)) {
        oc_call_failf(call, OC_E_CONFIG, "`openclaw governance validate` shows them.",
                      "%s has errors: nothing was taken over", p->file);
    } else {
        json_t *result = json_object();
        oc_json_set_str(result, "kind", oc_gov_file_name(kind));
        oc_json_take(result, "findings", json_incref(findings));
        if (kind == OC_GOV_FILE_RULES) {
            char *section = section_of(&rules);
            oc_json_set_str(result, "section", section);
            free(section);
            oc_call_succeed(call, result);
        } else {
            import_record(g, call, oc_gov_file_name(kind), &text, result);
        }
    }
    json_decref(findings);
    oc_buf_finish(&text);
}

/* ---- failover_vote: a member speaks for one that cannot be reached, if that one has said so ---- */

struct failover_params {
    const char *vote, *proposal, *proxy_for, *member;
};
#undef AT
#define AT(field) offsetof(struct failover_params, field)
static const struct oc_option failover_options[] = {
    {.name = "vote",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(vote),
     .help = "SUPPORT or ABSTAIN"},
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(proposal),
     .help = "its id, a part that only it has, or last"},
    {.name = "proxy_for",
     .type = OC_OPT_STRING,
     .offset = AT(proxy_for),
     .default_text = "alpha",
     .help = "the member that cannot vote"},
    {.name = "as",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(member),
     .help = "the member that speaks for it"},
    {0}};

static bool speaks_for(const struct oc_governance *g, const json_t *p, const char *from,
                       const char *to)
{
    struct oc_governance_case c;
    const char *const names[] = {from, to};
    uint32_t at[2];
    bool found = false;
    oc_governance_case(g, p, &c);
    for (size_t i = 0; i < 2; i++) {
        at[i] = oc_electorate_find(c.members, c.tally.electorate.count, names[i]);
    }
    for (size_t i = 0; i < c.tally.delegation_count; i++) {
        const struct oc_delegation_record *d = &c.delegations[i];
        found = found || (d->from == at[0] && d->to == at[1] && d->expires_at >= oc_time_wall());
    }
    oc_governance_case_finish(&c);
    return found;
}

static const char *voice_of(const json_t *p, const char *member)
{
    const char *word = NULL;
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(p, "ballots"), i, row)
    {
        word = strcmp(oc_json_str(row, "member", ""), member) == 0 ? oc_json_str(row, "word", word)
                                                                   : word;
    }
    return word;
}

/* Says what will be counted: the voice itself comes from the delegation and from the delegate's own ballot, both of them signed. */
static void op_failover_vote(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct failover_params *params = oc_call_params(call);
    const bool support = strcmp(params->vote, "SUPPORT") == 0;
    if (!support && strcmp(params->vote, "ABSTAIN") != 0) {
        oc_call_failf(call, OC_E_CONFIG, "A fail-over vote is SUPPORT or ABSTAIN.",
                      "'%.32s' is no vote", params->vote);
        return;
    }
    const json_t *p = oc_governance_need(g, call, params->proposal);
    if (!p) {
        return;
    }
    if (!speaks_for(g, p, params->proxy_for, params->member)) {
        oc_call_failf(call, OC_E_DENIED,
                      "A member names who speaks for it with `openclaw governance delegate`.",
                      "%s has not let %s speak for it", params->proxy_for, params->member);
        return;
    }
    const char *word = voice_of(p, params->member), *wanted = support ? "yes" : "abstain";
    if (!word) {
        oc_call_failf(call, OC_E_CONFLICT,
                      "Vote first: what a delegate votes counts for the other member as well.",
                      "%s has not voted yet", params->member);
        return;
    }
    if (strcmp(word, wanted) != 0) {
        oc_call_failf(call, OC_E_CONFLICT,
                      "Vote first: what a delegate votes counts for the other member as well.",
                      "%s has voted %s, not %s", params->member, word, wanted);
        return;
    }
    json_t *o = json_object();
    oc_json_set_str(o, "proposal", oc_json_str(p, "id", ""));
    oc_json_set_str(o, "member", params->member);
    oc_json_set_str(o, "proxy_for", params->proxy_for);
    oc_json_set_str(o, "word", wanted);
    oc_json_set_str(o, "mode", "failover-vote");
    oc_json_set_str(o, "counts", "at the deadline, unless the member votes itself");
    oc_call_succeed(call, o);
}

const struct oc_op oc_governance_ops_import[] = {
    {.name = "governance.validate_vote",
     .summary = "Count three votes as the scripts did: two YES ratify",
     .flags = OC_OP_EPHEMERAL,
     .params = validate_options,
     .params_size = sizeof(struct validate_params),
     .view = "table:text=Result",
     .description =
         "Two YES of three ratify. The exit code is 1 when they do not. Nothing is recorded.",
     .example = "openclaw governance validate-vote PROPOSAL-42 YES NO YES",
     .result = "[{proposal: string, ok: boolean, text: string}]",
     .handler = op_validate_vote},
    {.name = "governance.validate",
     .summary = "Check a governance file of the original system",
     .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
     .params = file_options,
     .params_size = sizeof(struct file_params),
     .view = "table:level=Level,path=Where,message=Finding,hint=Hint",
     .description =
         "Contradictions are named with how they are settled. The exit code is 1 when there "
         "are errors.",
     .example = "openclaw governance validate governance-quorum-rules.json",
     .result = "[{level: string, path: string, message: string, hint: string, ok: boolean}]",
     .handler = op_validate},
    {.name = "governance.import",
     .summary = "Take over a governance file of the original system",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_ACTS,
     .params = file_options,
     .params_size = sizeof(struct file_params),
     .view = "record",
     .description =
         "Rules become the text of the section `governance`, for you to put into the "
         "configuration. Consensus and deliberation records become entries of the ledger.",
     .example = "openclaw governance import governance-quorum-rules.json",
     .result = "{kind: string, findings: [any], section?: string, index?: integer, leaf?: string}",
     .handler = op_import},
    {.name = "governance.failover_vote",
     .summary = "Show that a member's delegate speaks for it",
     .params = failover_options,
     .params_size = sizeof(struct failover_params),
     .view = "record",
     .description = OC_GOV_HELP_DELEGATE,
     .example = "openclaw governance failover-vote SUPPORT last --proxy-for alpha --as beta",
     .result = "{proposal: string, member: string, proxy_for: string, word: string, mode: string, "
               "counts: string}",
     .handler = op_failover_vote},
};
const size_t oc_governance_ops_import_count = OC_COUNT(oc_governance_ops_import);
