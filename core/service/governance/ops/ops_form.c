/* Operations around a signature: form, what a member signs; sign, with a key of this machine. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/act.h"

/* ---- governance.form: what a member signs ---- */

struct form_params {
    struct oc_act_params act;
    const char *op, *choice, *verdict, *condition, *evidence;
};
#define FORM(field) offsetof(struct form_params, field)
#define FORM_WORD(key)                                                                             \
    {                                                                                              \
        .name = #key, .type = OC_OPT_STRING, .flags = OC_OPT_ADVANCED, .offset = FORM(key),        \
        .help = "the word, as the operation calls it"                                              \
    }
/* Under every name that an operation that is signed has for it. */
#define FORM_SAID                                                                                  \
    OC_ACT_WORD("word", 0, "the choice, verdict or condition"), FORM_WORD(choice),                 \
        FORM_WORD(verdict), FORM_WORD(condition), OC_ACT_MEMBER("the member that signs"),          \
        OC_ACT_REASON("the reason that will be given with it"),                                    \
        {.name = "evidence",                                                                       \
         .type = OC_OPT_STRING,                                                                    \
         .flags = OC_OPT_ADVANCED,                                                                 \
         .offset = FORM(evidence),                                                                 \
         .help = "the reason, as a veto calls it"},                                                \
        {.name = "change",                                                                         \
         .type = OC_OPT_BOOL,                                                                      \
         .flags = OC_OPT_ADVANCED,                                                                 \
         .offset = OC_ACT_AT(change),                                                              \
         .help = "replaces an earlier vote"},                                                      \
        {.name = "refuse",                                                                         \
         .type = OC_OPT_BOOL,                                                                      \
         .offset = OC_ACT_AT(refuse),                                                              \
         .help = "of an approval: refuse"},                                                        \
        {.name = "to", .type = OC_OPT_STRING, .offset = OC_ACT_AT(to), .help = "of a delegation"}, \
        {.name = "for",                                                                            \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = OC_ACT_AT(span_ms),                                                             \
         .default_text = "1d",                                                                     \
         .help = "of a delegation"},                                                               \
        OC_ACT_SCOPE, OC_ACT_EXPIRES
static const struct oc_option form_options[] = {
    {.name = "op",
     .type = OC_OPT_STRING,
     .flags = OC_ACT_FIRST,
     .offset = FORM(op),
     .help = "the operation that it is for, such as governance.vote"},
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .offset = OC_ACT_AT(proposal),
     .help = "its id, a part that only it has, or last"},
    FORM_SAID,
    OC_ACT_SIGNED,
    {0}};

/* The parameters of every operation that is signed are taken as they are called there. */
static struct oc_act_params form_act(const struct form_params *p)
{
    struct oc_act_params a = p->act;
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
    const struct oc_act_params asked = form_act(params);
    const struct oc_act_kind *k = oc_act_kind_of(params->op);
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
    if (oc_act_check_word(k, asked.word, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    if (!asked.member) {
        oc_call_failf(call, OC_E_CONFIG, "Give --as MEMBER: whose key it is.",
                      "it is not said who speaks");
        return;
    }
    oc_act_make(g, k, &asked, &act);
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

#define CLOCKS (5 * OC_MINUTE) /* that far the clocks of two machines may be apart */

struct sign_params {
    struct form_params form;
    const char *text;
};
static const struct oc_option sign_options[] = {
    {.name = "key",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = OC_ACT_AT(key),
     .help = "the member's secret key"},
    {.name = "text",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct sign_params, text),
     .help = "what `openclaw governance form` prints"},
    {.name = "op",
     .type = OC_OPT_STRING,
     .offset = FORM(op),
     .help = "refuse to sign unless it is what this operation says, with the parameters below"},
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .offset = OC_ACT_AT(proposal),
     .help = "refuse to sign unless it is about the one with this id"},
    FORM_SAID,
    {.name = "nonce",
     .type = OC_OPT_INT,
     .flags = OC_OPT_ADVANCED,
     .offset = OC_ACT_AT(nonce),
     .min = 0,
     .max = 9e15,
     .help = "of the statement"},
    {0}};

/* NULL: nothing was asked for. */
static int check_field(const char *name, const char *asked, const char *said, struct oc_error *err)
{
    if (!asked || strcmp(asked, said) == 0) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_VERIFY, "the text says something else: its %s is %s, and not %.64s",
                 name, *said ? said : "not told", *asked ? asked : "empty");
    oc_error_hint(err, "Nothing was signed: look at the text, and at who wrote it.");
    return OC_E_VERIFY;
}

/* A delegation is told its length, which counts from when the other machine wrote the text. */
static int check_numbers(const struct oc_act_params *asked, const struct oc_statement *expected,
                         const struct oc_statement *s, struct oc_error *err)
{
    const int64_t apart = s->expires_ms - expected->expires_ms;
    const int64_t may = asked->expires ? 0 : CLOCKS;
    const bool told = asked->expires || expected->kind == OC_STATEMENT_DELEGATION;
    if (told && (apart > may || apart < -may)) {
        oc_error_set(err, OC_E_VERIFY, "the text says something else: it ends at another time");
        oc_error_hint(err, "Compare the clocks of both machines when it should be the same.");
        return OC_E_VERIFY;
    }
    return asked->nonce && s->nonce != (uint64_t)asked->nonce
               ? oc_error_set(err, OC_E_VERIFY, "the text says something else: its nonce is %llu",
                              (unsigned long long)s->nonce)
               : OC_OK;
}

/* What the operation would say with these parameters, against what the text says. */
static int check_operation(struct oc_governance *g, const struct form_params *form,
                           const struct oc_statement *s, struct oc_error *err)
{
    const struct oc_act_params asked = form_act(form);
    const struct oc_act_kind *k = oc_act_kind_of(form->op);
    struct oc_governance_act act;
    if (!k) {
        return oc_error_set(err, OC_E_CONFIG, "nobody signs %.64s", form->op);
    }
    oc_act_make(g, k, &asked, &act);
    oc_statement_reason(&act.statement, asked.reason);
    const struct oc_statement *e = &act.statement;
    const bool argued = s->kind != OC_STATEMENT_DELEGATION;
    int rc = check_field("kind", oc_statement_name(e->kind), oc_statement_name(s->kind), err);
    rc = rc ? rc : check_field("word", e->word, s->word, err);
    rc = rc ? rc : check_field("receiver", e->to, s->to, err);
    rc = rc ? rc : check_field("scope", e->scope, s->scope, err);
    rc = rc ? rc : check_field("reason", argued ? e->rationale : NULL, s->rationale, err);
    return rc ? rc : check_numbers(&asked, e, s, err);
}

static int check_asked(struct oc_governance *g, const struct form_params *form,
                       const struct oc_statement *s, struct oc_error *err)
{
    const struct oc_act_params asked = form_act(form);
    int rc = check_field("member", asked.member, s->member, err);
    rc = rc ? rc : check_field("proposal", asked.proposal, s->proposal, err);
    if (rc) {
        return rc;
    }
    return form->op ? check_operation(g, form, s, err)
                    : check_field("word", asked.word, s->word, err);
}

static int sign_text(struct oc_governance *g, const struct sign_params *p,
                     uint8_t signature[OC_SIGN_SIGNATURE], struct oc_statement *s,
                     struct oc_error *err)
{
    uint8_t secret[OC_SIGN_SECRET];
    int rc = oc_statement_parse(p->text, strlen(p->text), s, err);
    rc = rc ? rc : check_asked(g, &p->form, s, err);
    rc = rc ? rc : oc_member_key_secret(p->form.act.key, secret, err);
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
    if (sign_text(ctx, oc_call_params(call), signature, &s, &err) != OC_OK) {
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

const struct oc_op oc_governance_ops_form[] = {
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
const size_t oc_governance_ops_form_count = OC_COUNT(oc_governance_ops_form);
