/* What members sign, and how it gets into the ledger. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

/* ---- the statement ---- */

static void fill(struct oc_governance *g, const json_t *p, struct oc_governance_act *act)
{
    struct oc_statement *s = &act->statement;
    if (!p) {
        return;
    }
    oc_copy(s->proposal, sizeof s->proposal, oc_json_str(p, "id", ""));
    memcpy(s->electorate, oc_governance_frozen(g, p)->hash, sizeof s->electorate);
    if (act->ratification) {
        oc_governance_ratify_subject(p, s->subject);
    } else {
        oc_copy(s->subject, sizeof s->subject, oc_json_str(p, "subject", ""));
    }
}

static int find_key(const struct oc_governance *g, struct oc_governance_act *act,
                    struct oc_error *err)
{
    if (oc_governance_key(g, act->statement.member, &act->key)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "%s has no key here", act->statement.member);
    oc_error_hint(err, "`openclaw governance keys register %s FILE.pub` registers one.",
                  act->statement.member);
    return OC_E_DENIED;
}

/* Whoever puts a new key in the place of a member's decides nothing that was open by then; a veto and a late review stop or
 * examine, and carry nothing. */
static int check_key(const struct oc_governance *g, const json_t *p,
                     const struct oc_governance_act *act, struct oc_error *err)
{
    const enum oc_statement_kind kind = act->statement.kind;
    if (kind == OC_STATEMENT_VETO ||
        (kind == OC_STATEMENT_REVIEW && json_object_get(p, "review")) ||
        !oc_governance_is_late_key(g, p, act->key.id)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "the key of %s was registered after %s was opened",
                 act->statement.member, oc_json_str(p, "id", ""));
    oc_error_hint(err, "It counts for later proposals: withdraw this one and propose it anew.");
    return OC_E_DENIED;
}

int oc_governance_prepare(struct oc_governance *g, const json_t *p, struct oc_governance_act *act,
                          struct oc_error *err)
{
    fill(g, p, act);
    oc_statement_reason(&act->statement, act->text);
    if (!act->statement.nonce) {
        act->statement.nonce = oc_governance_next_nonce(g, p, act);
    }
    int rc = oc_governance_check_reason(act, err);
    rc = rc ? rc : oc_statement_check(&act->statement, err);
    rc = rc ? rc : oc_governance_check_office(g, p, act, err);
    rc = rc || !p ? rc : oc_governance_check_time(g, p, act, err);
    if (rc || !act->signature) {
        return rc;
    }
    if (!oc_sheet_is(act->signature) &&
        !oc_base64_decode(act->signature, strlen(act->signature), act->bytes, sizeof act->bytes)) {
        oc_error_set(err, OC_E_VERIFY, "the signature is not base64 of 64 bytes");
        return OC_E_VERIFY;
    }
    rc = find_key(g, act, err);
    return rc || !p ? rc : check_key(g, p, act, err);
}

int oc_governance_verify(const struct oc_governance_act *act, struct oc_sheet_seen *seen,
                         struct oc_error *err)
{
    return oc_sheet_is(act->signature)
               ? oc_sheet_verify(&act->statement, act->key.key, act->signature, seen, err)
               : oc_statement_verify(&act->statement, act->key.key, act->bytes, err);
}

/* ---- what was said before ---- */

static const char *label_of(const struct oc_governance_act *act)
{
    return act->ratification ? "ratification" : oc_statement_name(act->statement.kind);
}

/* Whether the entry says what is said now, to the last word. */
static bool says_the_same(const json_t *entry, const struct oc_governance_act *act)
{
    const struct oc_statement *s = &act->statement;
    return strcmp(oc_json_str(entry, "proposal", ""), s->proposal) == 0 &&
           strcmp(oc_json_str(entry, "member", ""), s->member) == 0 &&
           strcmp(oc_json_str(entry, "word", ""), s->word) == 0 &&
           strcmp(oc_json_str(entry, "text", ""), act->text ? act->text : "") == 0 &&
           strcmp(oc_json_str(entry, "signature", ""), act->signature) == 0;
}

json_t *oc_governance_entry(const struct oc_governance *g, uint64_t index, struct oc_error *err)
{
    struct oc_buf text = {0};
    json_t *entry = NULL;
    if (index >= oc_ledger_durable(g->env->ledger) &&
        oc_ledger_sync(g->env->ledger, err) != OC_OK) {
        return NULL;
    }
    if (oc_ledger_read(g->env->ledger, index, &text, err) == OC_OK) {
        entry = oc_json_parse(text.data ? text.data : "", text.len, err);
    }
    oc_buf_finish(&text);
    return entry;
}

bool oc_governance_is_known(const struct oc_governance *g, const json_t *p,
                            const struct oc_governance_act *act, int64_t *index,
                            struct oc_error *err)
{
    char id[OC_GOV_NAME + 64];
    snprintf(id, sizeof id, "%s:%s:%" PRIu64, label_of(act), act->statement.member,
             act->statement.nonce);
    const json_t *known = json_object_get(json_object_get(p, "nonces"), id);
    if (!known) {
        return false;
    }
    *index = json_integer_value(json_array_get(known, 0));
    json_t *entry = oc_governance_entry(g, (uint64_t)*index, err);
    struct oc_governance_act same = *act;
    oc_copy(same.statement.proposal, sizeof same.statement.proposal, oc_json_str(p, "id", ""));
    if (entry && !says_the_same(entry, &same)) {
        oc_error_set(err, OC_E_CONFLICT, "%s has used the nonce %" PRIu64 " for something else",
                     act->statement.member, act->statement.nonce);
        oc_error_hint(err, "Sign it with a higher nonce.");
    }
    json_decref(entry);
    return true;
}

/* Nonces are never used twice, not even by another cycle of the proposal. */
static uint64_t after_used(const json_t *p, const char *kind, const char *member)
{
    char prefix[OC_GOV_NAME + 32];
    const char *id;
    json_t *value;
    uint64_t nonce = 1;
    snprintf(prefix, sizeof prefix, "%s:%s:", kind, member);
    json_object_foreach(json_object_get(p, "nonces"), id, value)
    {
        if (oc_starts(id, prefix)) {
            const uint64_t used = strtoull(id + strlen(prefix), NULL, 10);
            nonce = used >= nonce ? used + 1 : nonce;
        }
    }
    return nonce;
}

static const char *scope_of(const struct oc_statement *s)
{
    return s->kind == OC_STATEMENT_DELEGATION ? s->scope : NULL;
}

int oc_governance_check_floor(const struct oc_governance *g, const struct oc_governance_act *act,
                              struct oc_error *err)
{
    const struct oc_statement *s = &act->statement;
    const int64_t floor = oc_governance_floor(g->state, label_of(act), act->key.id, scope_of(s));
    if (s->nonce > (uint64_t)floor) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "the nonce of the %s is not above the last", label_of(act));
    oc_error_hint(err, "Use %" PRIu64 " or more.", (uint64_t)floor + 1);
    return OC_E_CONFLICT;
}

uint64_t oc_governance_next_nonce(const struct oc_governance *g, const json_t *p,
                                  const struct oc_governance_act *act)
{
    const struct oc_statement *s = &act->statement;
    const json_t *row;
    struct oc_member_key key;
    uint64_t nonce = 1;
    size_t i;
    if (s->kind != OC_STATEMENT_DELEGATION && s->kind != OC_STATEMENT_EMERGENCY) {
        return after_used(p, label_of(act), s->member);
    }
    if (oc_governance_key(g, s->member, &key)) {
        nonce = (uint64_t)oc_governance_floor(g->state, label_of(act), key.id, scope_of(s)) + 1;
    }
    if (s->kind == OC_STATEMENT_EMERGENCY) {
        const uint64_t now = (uint64_t)oc_time_wall();
        return now > nonce ? now : nonce;
    }
    json_array_foreach(json_object_get(g->state, "delegations"), i, row)
    {
        const uint64_t used = (uint64_t)oc_json_int(row, "nonce", 0);
        if (strcmp(oc_json_str(row, "member", ""), s->member) == 0 && used >= nonce) {
            nonce = used + 1;
        }
    }
    return nonce;
}

/* ---- into the ledger ---- */

static const char *type_of(const struct oc_governance_act *act)
{
    static const char *const types[] = {[OC_STATEMENT_BALLOT] = "vote_cast",
                                        [OC_STATEMENT_REVIEW] = "review_signed",
                                        [OC_STATEMENT_APPROVAL] = "approval_signed",
                                        [OC_STATEMENT_VETO] = "veto_exercised",
                                        [OC_STATEMENT_OVERRIDE] = "override_cast",
                                        [OC_STATEMENT_DELEGATION] = "delegation_made",
                                        [OC_STATEMENT_EMERGENCY] = "emergency_activated"};
    return act->ratification ? "ratification_cast" : types[act->statement.kind];
}

/* Another key may use the same nonce: the record of the other emergency stays. */
static char *emergency_id(const struct oc_governance *g, const struct oc_governance_act *act)
{
    char *id = oc_asprintf(OC_GOVERNANCE_EMERGENCY "%" PRIu64, act->statement.nonce);
    if (oc_governance_find(g->state, id)) {
        free(id);
        id = oc_asprintf(OC_GOVERNANCE_EMERGENCY "%" PRIu64 "-%s", act->statement.nonce,
                         act->key.id);
    }
    return id;
}

static json_t *entry_of(struct oc_governance *g, const json_t *p,
                        const struct oc_governance_act *act)
{
    const struct oc_statement *s = &act->statement;
    json_t *entry = json_object();
    if (p) {
        oc_json_set_str(entry, "proposal", s->proposal);
        oc_json_set_str(entry, "subject", s->subject);
    }
    oc_json_set_int(entry, "at", p ? oc_governance_now(g, p) : oc_time_wall());
    oc_json_set_str(entry, "kind", label_of(act));
    oc_json_set_str(entry, "member", s->member);
    if (*s->word) {
        oc_json_set_str(entry, "word", s->word);
    }
    oc_json_set_int(entry, "nonce", (int64_t)s->nonce);
    oc_json_set_str(entry, "key", act->key.id);
    oc_json_set_str(entry, "signature", act->signature);
    if (act->text && *act->text) {
        oc_json_set_str(entry, "text", act->text);
    }
    if (s->kind == OC_STATEMENT_DELEGATION) {
        oc_json_set_str(entry, "to", s->to);
        oc_json_set_str(entry, "scope", s->scope);
        oc_json_set_int(entry, "expires", s->expires_ms);
    } else if (s->kind == OC_STATEMENT_EMERGENCY) {
        char *id = emergency_id(g, act);
        oc_json_set_str(entry, "id", id);
        oc_json_set_int(entry, "until", s->expires_ms);
        free(id);
    }
    return entry;
}

static json_t *receipt_of(const struct oc_governance_act *act, const json_t *entry)
{
    json_t *result = json_object();
    if (*act->statement.proposal) {
        oc_json_set_str(result, "proposal", act->statement.proposal);
    }
    oc_json_set_str(result, "member", act->statement.member);
    oc_json_set_str(result, "word", *act->statement.word ? act->statement.word : NULL);
    oc_json_set_int(result, "nonce", (int64_t)act->statement.nonce);
    if (json_object_get(entry, "id")) {
        json_object_set(result, "id", json_object_get(entry, "id"));
    }
    return result;
}

int oc_governance_commit(struct oc_governance *g, const struct oc_governance_act *act,
                         struct oc_call *call)
{
    const bool about = *act->statement.proposal != '\0';
    const json_t *p = about ? oc_governance_find(g->state, act->statement.proposal) : NULL;
    struct oc_error err;
    oc_error_init(&err);
    int rc = about ? oc_governance_check_time(g, p, act, &err) : OC_OK;
    rc = rc || !p ? rc : oc_governance_check_change(p, act, &err);
    if (rc != OC_OK) {
        if (call) {
            oc_call_fail(call, &err);
        }
        return rc;
    }
    if (act->statement.kind == OC_STATEMENT_EMERGENCY) {
        oc_governance_end_emergency(g); /* the review of the one before is owed all the same */
    }
    json_t *entry = entry_of(g, p, act);
    json_t *receipt = call ? receipt_of(act, entry) : NULL;
    rc = oc_governance_write(g, type_of(act), entry, call, receipt);
    if (rc == OC_OK && act->statement.kind == OC_STATEMENT_EMERGENCY) {
        oc_governance_in_emergency(g); /* its clock starts now */
    }
    if (rc == OC_OK && p && !act->quiet) {
        oc_governance_poke(g, act->statement.proposal);
    }
    return rc;
}
