/* From the parameters of an operation to the statement that a member signs. SPDX-License-Identifier: MIT */
#include "core/service/governance/act.h"

#include <string.h>

#include "core/base/text.h"
#include "core/base/time.h"

static const struct oc_act_kind kinds[] = {
    {"governance.vote", OC_STATEMENT_BALLOT},
    {"governance.review", OC_STATEMENT_REVIEW},
    {"governance.approve", OC_STATEMENT_APPROVAL},
    {"governance.veto", OC_STATEMENT_VETO},
    {"governance.override", OC_STATEMENT_OVERRIDE},
    {"governance.ratify", OC_STATEMENT_BALLOT},
    {"governance.delegate", OC_STATEMENT_DELEGATION},
    {"governance.undelegate", OC_STATEMENT_DELEGATION},
    {"governance.emergency", OC_STATEMENT_EMERGENCY},
};

const struct oc_act_kind *oc_act_kind_of(const char *op)
{
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        if (strcmp(kinds[i].op, op) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

bool oc_governance_is_named(const struct oc_governance *g, const char *member)
{
    const struct oc_gov_rules *r = &g->rules;
    for (uint32_t i = 0; i < r->triad_count; i++) {
        if (strcmp(r->triad[i], member) == 0) {
            return true;
        }
    }
    return strcmp(r->steward, member) == 0 || strcmp(r->sentinel, member) == 0 ||
           strcmp(r->examiner, member) == 0;
}

#define CONDITIONS "security_violation_detected|corruption_risk_identified|identity_threat_detected"

static const char *words_of(const struct oc_act_kind *k)
{
    return strcmp(k->op, "governance.vote") == 0        ? "yes|no|abstain"
           : strcmp(k->op, "governance.ratify") == 0    ? "yes|no"
           : strcmp(k->op, "governance.review") == 0    ? "approve|request_changes|reject|abstain"
           : strcmp(k->op, "governance.veto") == 0      ? CONDITIONS
           : strcmp(k->op, "governance.emergency") == 0 ? CONDITIONS
                                                        : NULL;
}

int oc_act_check_word(const struct oc_act_kind *kind, const char *word, struct oc_error *err)
{
    const char *at = words_of(kind);
    if (!at || !word) {
        return OC_OK;
    }
    const char *all = at;
    while (*at) {
        const size_t len = strcspn(at, "|");
        if (strlen(word) == len && strncmp(at, word, len) == 0) {
            return OC_OK;
        }
        at += len + (at[len] == '|');
    }
    oc_error_set(err, OC_E_CONFIG, "'%.48s' is none of %s", word, all);
    oc_error_hint(err, "Give one of these words.");
    return OC_E_CONFIG;
}

static void set(char *to, size_t size, const char *from)
{
    oc_copy(to, size, from ? from : "");
}

void oc_act_make(struct oc_governance *g, const struct oc_act_kind *k,
                 const struct oc_act_params *p, struct oc_governance_act *act)
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
