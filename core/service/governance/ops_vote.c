/* Operations that members sign: vote, review, approve, veto, override, ratify, delegate, emergency. SPDX-License-Identifier: MIT
 *
 * All of them are one thing: a statement of a member and its signature. On the command line --key FILE signs there: the key
 * never reaches the daemon (core/cli/sign.c). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

struct act_params {
    const char *proposal, *word, *member, *reason, *key, *signature, *to, *scope;
    int64_t nonce, span_ms, expires;
    int32_t change, refuse;
};
#define AT(field) offsetof(struct act_params, field)
#define PROPOSAL                                                                                   \
    {                                                                                              \
        .name = "proposal", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,   \
        .offset = AT(proposal), .help = "its id, a part that only it has, or last"                 \
    }
#define MEMBER(words)                                                                              \
    {                                                                                              \
        .name = "as", .type = OC_OPT_STRING, .offset = AT(member), .help = words                   \
    }
#define SIGNED                                                                                     \
    {.name = "key",                                                                                \
     .type = OC_OPT_PATH,                                                                          \
     .offset = AT(key),                                                                            \
     .help = "the member's secret key; it is read by the command line alone"},                     \
        {.name = "signature",                                                                      \
         .type = OC_OPT_STRING,                                                                    \
         .flags = OC_OPT_ADVANCED,                                                                 \
         .offset = AT(signature),                                                                  \
         .help = "base64 of the signature, where --key is not given"},                             \
    {                                                                                              \
        .name = "nonce", .type = OC_OPT_INT, .flags = OC_OPT_ADVANCED, .offset = AT(nonce),        \
        .min = 0, .max = 9007199254740991.0, .help = "of the statement; default: the next one"     \
    }
#define REASON(words)                                                                              \
    {                                                                                              \
        .name = "reason", .type = OC_OPT_STRING, .offset = AT(reason), .help = words               \
    }
#define WORD(key, need, words)                                                                     \
    {                                                                                              \
        .name = key, .type = OC_OPT_STRING, .flags = need, .offset = AT(word), .help = words       \
    }
#define FIRST (OC_OPT_REQUIRED | OC_OPT_POSITIONAL)
#define CONDITIONS                                                                                 \
    "security_violation_detected, corruption_risk_identified or identity_threat_detected"

static const struct oc_option vote_options[] = {
    PROPOSAL,
    WORD("choice", FIRST, "yes, no or abstain"),
    MEMBER("the member that votes"),
    REASON("why; it becomes part of the record"),
    {.name = "change",
     .type = OC_OPT_BOOL,
     .offset = AT(change),
     .help = "replace the vote that the member has cast before"},
    SIGNED,
    {0}};
static const struct oc_option review_options[] = {
    PROPOSAL,
    WORD("verdict", FIRST, "approve, request_changes or reject"),
    MEMBER("the member that reviews"),
    REASON("what was found"),
    SIGNED,
    {0}};
static const struct oc_option approve_options[] = {
    PROPOSAL,
    MEMBER("the sentinel; in a deadlock the steward or the examiner; nobody: a person decides"),
    {.name = "refuse",
     .type = OC_OPT_BOOL,
     .offset = AT(refuse),
     .help = "refuse it instead: that rejects the proposal"},
    REASON("why"),
    SIGNED,
    {0}};
static const struct oc_option veto_options[] = {PROPOSAL,
                                                WORD("condition", OC_OPT_REQUIRED, CONDITIONS),
                                                {.name = "evidence",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED,
                                                 .offset = AT(reason),
                                                 .help = "what shows that the condition is met"},
                                                MEMBER("the steward or the sentinel"),
                                                SIGNED,
                                                {0}};
static const struct oc_option override_options[] = {
    PROPOSAL, MEMBER("a member of the triad"), REASON("why the veto is lifted"), SIGNED, {0}};
static const struct oc_option ratify_options[] = {PROPOSAL,
                                                  WORD("choice", FIRST, "yes, or no to undo it"),
                                                  MEMBER("the member that votes"),
                                                  REASON("why"),
                                                  SIGNED,
                                                  {0}};
static const struct oc_option emergency_options[] = {
    WORD("condition", FIRST, CONDITIONS),
    MEMBER("the sentinel"),
    REASON("what has happened"),
    {.name = "expires",
     .type = OC_OPT_INT,
     .flags = OC_OPT_ADVANCED,
     .offset = AT(expires),
     .help = "wall ms at which it ends, as it was signed"},
    SIGNED,
    {0}};
#define SCOPE                                                                                      \
    {                                                                                              \
        .name = "scope", .type = OC_OPT_STRING, .default_text = "all", .offset = AT(scope),        \
        .help = "a category, or all"                                                               \
    }
#define EXPIRES                                                                                    \
    {                                                                                              \
        .name = "expires", .type = OC_OPT_INT, .flags = OC_OPT_ADVANCED, .offset = AT(expires),    \
        .help = "wall ms at which it ends, as it was signed"                                       \
    }
static const struct oc_option delegate_options[] = {
    {.name = "to",
     .type = OC_OPT_STRING,
     .flags = FIRST,
     .offset = AT(to),
     .help = "the member that speaks for the other one"},
    MEMBER("the member that will not be there"),
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = AT(span_ms),
     .default_text = "1d",
     .min = 1000,
     .max = 2592000000.0,
     .help = "how long it holds"},
    SCOPE,
    EXPIRES,
    SIGNED,
    {0}};
static const struct oc_option undelegate_options[] = {
    MEMBER("the member that is back"), SCOPE, EXPIRES, SIGNED, {0}};

/* ---- from parameters to a statement ---- */

struct kind {
    const char *op;
    enum oc_statement_kind kind;
    const char *word;
};
static const struct kind kinds[] = {
    {"governance.vote", OC_STATEMENT_BALLOT, "choice"},
    {"governance.review", OC_STATEMENT_REVIEW, "verdict"},
    {"governance.approve", OC_STATEMENT_APPROVAL, NULL},
    {"governance.veto", OC_STATEMENT_VETO, "condition"},
    {"governance.override", OC_STATEMENT_OVERRIDE, NULL},
    {"governance.ratify", OC_STATEMENT_BALLOT, "choice"},
    {"governance.delegate", OC_STATEMENT_DELEGATION, NULL},
    {"governance.undelegate", OC_STATEMENT_DELEGATION, NULL},
    {"governance.emergency", OC_STATEMENT_EMERGENCY, "condition"},
};

static const struct kind *kind_of(const char *op)
{
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        if (strcmp(kinds[i].op, op) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void set(char *to, size_t size, const char *from)
{
    oc_copy(to, size, from ? from : "");
}

static void make(struct oc_governance *g, const struct kind *k, const struct act_params *p,
                 struct oc_governance_act *act)
{
    struct oc_statement *s = &act->statement;
    const bool undelegate = strcmp(k->op, "governance.undelegate") == 0;
    memset(act, 0, sizeof *act);
    s->kind = k->kind;
    s->nonce = (uint64_t)p->nonce;
    set(s->member, sizeof s->member, p->member);
    set(s->word, sizeof s->word,
        k->kind == OC_STATEMENT_APPROVAL ? (p->refuse ? "reject" : "approve") : p->word);
    act->ratification = strcmp(k->op, "governance.ratify") == 0;
    act->change = p->change != 0;
    act->text = p->reason;
    act->signature = p->signature;
    if (k->kind == OC_STATEMENT_DELEGATION) {
        set(s->to, sizeof s->to, undelegate ? "-" : p->to);
        set(s->scope, sizeof s->scope, p->scope);
        s->expires_ms =
            p->expires ? p->expires : oc_time_wall() + (undelegate ? OC_DAY : p->span_ms);
    } else if (k->kind == OC_STATEMENT_EMERGENCY) {
        s->expires_ms = p->expires ? p->expires : oc_time_wall() + g->rules.emergency_ms;
    }
}

static int check_delegation(struct oc_governance *g, const struct oc_governance_act *act,
                            struct oc_error *err)
{
    const struct oc_statement *s = &act->statement;
    struct oc_gov_delegation d = {.nonce = s->nonce, .expires_at = s->expires_ms};
    size_t count;
    if (s->kind == OC_STATEMENT_EMERGENCY) {
        return s->expires_ms > oc_time_wall() + g->rules.emergency_ms ||
                       s->expires_ms <= oc_time_wall()
                   ? oc_error_set(err, OC_E_CONFIG,
                                  "an emergency lasts no longer than the rules say")
                   : OC_OK;
    }
    if (s->kind != OC_STATEMENT_DELEGATION) {
        return OC_OK;
    }
    struct oc_gov_delegation *all = oc_governance_delegations(g, &count);
    oc_copy(d.from, sizeof d.from, s->member);
    oc_copy(d.to, sizeof d.to, s->to);
    oc_copy(d.scope, sizeof d.scope, s->scope);
    const int rc = oc_gov_delegation_check(all, count, &d, oc_time_wall(), err);
    free(all);
    return rc;
}

/* A person who ends a deadlock signs nothing: the ledger keeps who it was. */
static void decide_as_person(struct oc_governance *g, struct oc_call *call, const json_t *p,
                             const struct act_params *params)
{
    const json_t *deadlock = json_object_get(p, "deadlock");
    const char *id = oc_json_str(p, "id", "");
    if (strcmp(oc_json_str(p, "stage", ""), "deadlock") != 0 ||
        strcmp(oc_json_str(deadlock, "method", ""), "emergency_human_consultation") != 0) {
        oc_call_failf(call, OC_E_CONFIG, "Give --as MEMBER and --key FILE.",
                      "nobody has asked a person to decide about %s", id);
        return;
    }
    if (oc_call_actor(call)->role < OC_ROLE_ADMIN) {
        oc_call_failf(call, OC_E_DENIED, "Ask an administrator.",
                      "a deadlock is ended by an administrator");
        return;
    }
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", id);
    oc_json_set_int(entry, "at", oc_governance_now(g, p));
    oc_json_set_str(entry, "kind", "approval");
    oc_json_set_str(entry, "member", "human");
    oc_json_set_str(entry, "word", params->refuse ? "reject" : "approve");
    oc_json_set_str(entry, "actor", oc_call_actor(call)->name);
    if (params->reason) {
        oc_json_set_str(entry, "text", params->reason);
    }
    char *copy = oc_strdup(id);
    if (oc_governance_write(g, "approval_signed", entry, call,
                            json_pack("{s:s,s:s}", "proposal", copy, "member", "human")) == OC_OK) {
        oc_governance_poke(g, copy);
    }
    free(copy);
}

static void answer_known(struct oc_governance *g, struct oc_call *call,
                         const struct oc_governance_act *act, int64_t index)
{
    json_t *result = json_object();
    oc_json_set_str(result, "proposal", act->statement.proposal);
    oc_json_set_str(result, "member", act->statement.member);
    oc_json_set_str(result, "word", *act->statement.word ? act->statement.word : NULL);
    oc_json_set_int(result, "nonce", (int64_t)act->statement.nonce);
    oc_json_set_bool(result, "known", true);
    oc_governance_receipt(g, result, (uint64_t)index);
    oc_call_succeed(call, result);
}

static void accept(struct oc_governance *g, struct oc_call *call, const json_t *p,
                   struct oc_governance_act *act)
{
    struct oc_error err;
    int64_t index = -1;
    oc_error_init(&err);
    if (!act->signature) {
        oc_call_failf(call, OC_E_AUTH,
                      "Give --key FILE, or the signature of what `openclaw governance "
                      "form` prints.",
                      "%s has not signed it", act->statement.member);
        return;
    }
    if (p && oc_governance_is_known(g, p, act, &index, &err)) {
        if (err.code) {
            oc_call_fail(call, &err);
        } else if ((uint64_t)index < oc_ledger_durable(g->env->ledger)) {
            answer_known(g, call, act, index);
        } else if (oc_governance_sync(g, &err) == OC_OK) {
            answer_known(g, call, act, index);
        } else {
            oc_call_fail(call, &err);
        }
        return;
    }
    if (oc_governance_prepare(g, p, act, &err) != OC_OK ||
        check_delegation(g, act, &err) != OC_OK || oc_governance_verify(act, &err) != OC_OK) {
        if (err.code == OC_E_VERIFY) {
            oc_governance_violation(g, oc_call_actor(call)->name,
                                    *act->statement.proposal ? act->statement.proposal : NULL,
                                    &err);
        }
        oc_call_fail(call, &err);
        return;
    }
    oc_governance_commit(g, act, call);
}

static void op_act(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct act_params *params = oc_call_params(call);
    const struct kind *k = kind_of(oc_call_op(call)->name);
    struct oc_governance_act act;
    const json_t *p = NULL;
    if (params->proposal && !(p = oc_governance_need(g, call, params->proposal))) {
        return;
    }
    if (p) { /* what is due now comes first: the deadline may have passed */
        char *id = oc_strdup(oc_json_str(p, "id", ""));
        oc_governance_poke(g, id);
        p = oc_governance_find(g->state, id);
        free(id);
    }
    if (k->kind == OC_STATEMENT_APPROVAL && !params->member) {
        decide_as_person(g, call, p, params);
        return;
    }
    if (!params->member) {
        oc_call_failf(call, OC_E_CONFIG, "Give --as MEMBER.", "it is not said who speaks");
        return;
    }
    make(g, k, params, &act);
    accept(g, call, p, &act);
}

/* ---- governance.form: what a member signs ---- */

struct form_params {
    struct act_params act;
    const char *op, *choice, *verdict, *condition, *evidence;
};
#define FORM(field) offsetof(struct form_params, field)
static const struct oc_option form_options[] = {
    {.name = "op",
     .type = OC_OPT_STRING,
     .flags = FIRST,
     .offset = FORM(op),
     .help = "the operation that it is for, such as governance.vote"},
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .offset = AT(proposal),
     .help = "its id, a part that only it has, or last"},
    WORD("word", 0, "the choice, verdict or condition"),
    {.name = "choice",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_ADVANCED,
     .offset = FORM(choice),
     .help = "the word, as the operation calls it"},
    {.name = "verdict",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_ADVANCED,
     .offset = FORM(verdict),
     .help = "the word, as the operation calls it"},
    {.name = "condition",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_ADVANCED,
     .offset = FORM(condition),
     .help = "the word, as the operation calls it"},
    MEMBER("the member that signs"),
    REASON("the reason that will be given with it"),
    {.name = "evidence",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_ADVANCED,
     .offset = FORM(evidence),
     .help = "the reason, as a veto calls it"},
    {.name = "change",
     .type = OC_OPT_BOOL,
     .flags = OC_OPT_ADVANCED,
     .offset = AT(change),
     .help = "replaces an earlier vote"},
    {.name = "refuse", .type = OC_OPT_BOOL, .offset = AT(refuse), .help = "of an approval: refuse"},
    {.name = "to", .type = OC_OPT_STRING, .offset = AT(to), .help = "of a delegation"},
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = AT(span_ms),
     .default_text = "1d",
     .help = "of a delegation"},
    SCOPE,
    EXPIRES,
    SIGNED,
    {0}};

/* The parameters of every operation that is signed are taken as they are called there. */
static struct act_params form_act(const struct form_params *p)
{
    struct act_params a = p->act;
    a.word = p->choice ? p->choice : p->verdict ? p->verdict : p->condition ? p->condition : a.word;
    a.reason = p->evidence ? p->evidence : a.reason;
    return a;
}

static json_t *form_json(const struct oc_governance_act *act)
{
    const struct oc_statement *s = &act->statement;
    struct oc_buf text = {0};
    json_t *o = json_object();
    oc_statement_text(s, &text);
    oc_json_set_str(o, "kind", oc_statement_name(s->kind));
    oc_json_set_str(o, "proposal", *s->proposal ? s->proposal : NULL);
    oc_json_set_str(o, "member", s->member);
    oc_json_set_str(o, "word", *s->word ? s->word : NULL);
    oc_json_set_int(o, "nonce", (int64_t)s->nonce);
    oc_json_take(o, "expires", s->expires_ms ? json_integer(s->expires_ms) : json_null());
    oc_json_set_str(o, "text", text.data);
    oc_buf_finish(&text);
    return o;
}

static void op_form(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct form_params *params = oc_call_params(call);
    const struct act_params asked = form_act(params);
    const struct kind *k = kind_of(params->op);
    struct oc_governance_act act;
    struct oc_error err;
    const json_t *p = NULL;
    oc_error_init(&err);
    if (!k) {
        oc_call_failf(call, OC_E_CONFIG, "governance.vote is one.", "nobody signs %.64s",
                      params->op);
        return;
    }
    if (asked.proposal && !(p = oc_governance_need(g, call, asked.proposal))) {
        return;
    }
    make(g, k, &asked, &act);
    act.signature = NULL;
    if (!p && k->kind != OC_STATEMENT_DELEGATION && k->kind != OC_STATEMENT_EMERGENCY) {
        oc_call_failf(call, OC_E_CONFIG, "Give its id.", "it is not said which proposal is meant");
    } else if (oc_governance_prepare(g, p, &act, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        oc_call_succeed(call, form_json(&act));
    }
}

/* ---- governance.sign: in a private daemon, where the key is ---- */

struct sign_params {
    const char *key, *text, *member, *word;
};
static const struct oc_option sign_options[] = {
    {.name = "key",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct sign_params, key),
     .help = "the member's secret key"},
    {.name = "text",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct sign_params, text),
     .help = "what `openclaw governance form` prints"},
    {.name = "as",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct sign_params, member),
     .help = "refuse to sign unless it is about this member"},
    {.name = "word",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct sign_params, word),
     .help = "refuse to sign unless this is the choice, verdict or condition"},
    {0}};

static int sign_text(const struct sign_params *p, uint8_t signature[OC_SIGN_SIGNATURE],
                     struct oc_statement *s, struct oc_error *err)
{
    uint8_t secret[OC_SIGN_SECRET];
    int rc = oc_statement_parse(p->text, strlen(p->text), s, err);
    if (rc == OC_OK && ((p->member && strcmp(p->member, s->member) != 0) ||
                        (p->word && strcmp(p->word, s->word) != 0))) {
        rc = oc_error_set(err, OC_E_VERIFY, "the text says something else: %s %s", s->member,
                          s->word);
    }
    rc = rc ? rc : oc_member_key_secret(p->key, secret, err);
    rc = rc ? rc : oc_statement_sign(s, secret, signature, err);
    oc_bytes_wipe(secret, sizeof secret);
    return rc;
}

static void op_sign(struct oc_call *call, void *ctx)
{
    uint8_t signature[OC_SIGN_SIGNATURE];
    struct oc_statement s;
    struct oc_error err;
    struct oc_buf text = {0};
    oc_error_init(&err);
    (void)ctx;
    if (sign_text(oc_call_params(call), signature, &s, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_base64(signature, sizeof signature, &text);
    json_t *o = json_object();
    oc_json_set_str(o, "kind", oc_statement_name(s.kind));
    oc_json_set_str(o, "member", s.member);
    oc_json_set_str(o, "signature", text.data);
    oc_buf_finish(&text);
    oc_call_succeed(call, o);
}

#define RECEIPT                                                                                    \
    "{proposal?: string, member: string, word?: string|null, nonce?: integer, index: integer, "    \
    "leaf: string}"
#define SIGNS(NAME, SUMMARY, OPTIONS, DESCRIPTION, EXAMPLE)                                        \
    {                                                                                              \
        .name = NAME, .summary = SUMMARY, .role = OC_ROLE_OPERATOR, .flags = OC_OP_ACTS,           \
        .params = OPTIONS, .params_size = sizeof(struct act_params), .view = "record",             \
        .description = DESCRIPTION, .example = EXAMPLE, .result = RECEIPT, .handler = op_act       \
    }

const struct oc_op oc_governance_ops_vote[] = {
    SIGNS("governance.vote", "Vote on a proposal", vote_options,
          OC_GOV_HELP_COUNTING
          "\n" OC_GOV_HELP_VOTE
          "\nThe answer is a receipt: the place of the ballot in the ledger and "
          "its leaf hash. It comes when the ballot is on the disk. The same "
          "signed ballot again gives the same receipt.",
          "openclaw governance vote last yes --as alpha --key ~/alpha.key\n"
          "openclaw governance vote last no --as alpha --key ~/alpha.key --change --reason 'too "
          "late'"),
    SIGNS("governance.review", "Review a proposal", review_options,
          "Anybody with a key may say what they think of it; tactical and strategic proposals need "
          "the "
          "examiner's review, whatever its verdict. A verdict other than approve leads to a "
          "deliberation. What was done without a vote in an emergency must be reviewed afterwards.",
          "openclaw governance review last approve --as examiner --key ~/examiner.key"),
    SIGNS("governance.approve", "Give the approval that a proposal needs", approve_options,
          "Strategic proposals need the sentinel's. In a deadlock the steward, then the examiner, "
          "then a "
          "person (an administrator, without --as) decides.",
          "openclaw governance approve last --as sentinel --key ~/sentinel.key\n"
          "openclaw governance approve last --refuse --reason 'not now'"),
    SIGNS("governance.veto", "Veto a proposal", veto_options, OC_GOV_HELP_VETO,
          "openclaw governance veto last --condition security_violation_detected --evidence "
          "'the plugin opens a port' --as steward --key ~/steward.key"),
    SIGNS("governance.override", "Lift a veto: every member of the triad has to", override_options,
          OC_GOV_HELP_VETO, "openclaw governance override last --as alpha --key ~/alpha.key"),
    SIGNS("governance.ratify", "Vote on what was decided provisionally in the degraded mode",
          ratify_options,
          "A majority of no undoes it: its rollback operation is run, or people are told. Silence "
          "until "
          "the end of the window ratifies it.",
          "openclaw governance ratify last yes --as alpha --key ~/alpha.key"),
    SIGNS("governance.delegate", "Let another member speak for one that does not vote",
          delegate_options, OC_GOV_HELP_DELEGATE,
          "openclaw governance delegate beta --as alpha --for 2h --key ~/alpha.key"),
    SIGNS("governance.undelegate", "Take a delegation back", undelegate_options,
          OC_GOV_HELP_DELEGATE, "openclaw governance undelegate --as alpha --key ~/alpha.key"),
    SIGNS("governance.emergency", "Declare an emergency", emergency_options,
          "The sentinel alone does. While it lasts, emergency proposals are approved at once; each "
          "of "
          "them, and the emergency itself, has to be reviewed afterwards: an overdue review is an "
          "alert.",
          "openclaw governance emergency security_violation_detected --as sentinel --key "
          "~/sentinel.key --reason 'a key has leaked'"),
    {.name = "governance.form",
     .summary = "Print what a member signs",
     .params = form_options,
     .params_size = sizeof(struct form_params),
     .view = "text:text",
     .description =
         "The canonical text of a statement: for agents that sign with a key of their own "
         "(Ed25519) and send the signature. The nonce in it is the next one of the member.",
     .example = "openclaw governance form governance.vote --proposal last --word yes --as alpha",
     .result = "{kind: string, proposal: string|null, member: string, word: string|null, nonce: "
               "integer, expires: integer|null, text: string}",
     .handler = op_form},
    {.name = "governance.sign",
     .summary = "Sign a statement with a key of this machine",
     .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
     .params = sign_options,
     .params_size = sizeof(struct sign_params),
     .view = "text:signature",
     .description =
         "Prints the signature in base64. The daemon never sees the key: the command runs in "
         "a process of its own.",
     .example = "openclaw governance sign --key ~/alpha.key --text \"$(openclaw governance form "
                "governance.vote --proposal last --word yes --as alpha)\"",
     .result = "{kind: string, member: string, signature: string}",
     .handler = op_sign},
};
const size_t oc_governance_ops_vote_count = OC_COUNT(oc_governance_ops_vote);
