/* From the state's JSON to what the pure functions take. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/governance/internal.h"

/* ---- electorate ---- */

uint32_t oc_governance_electorate(const json_t *proposal, struct oc_member members[OC_ELECTORS_MAX])
{
    const json_t *list = json_object_get(proposal, "electorate"), *row;
    uint32_t count = 0;
    size_t i;
    json_array_foreach(list, i, row)
    {
        if (count < OC_ELECTORS_MAX) {
            oc_copy(members[count].name, sizeof members[count].name, oc_json_str(row, "name", ""));
            members[count++].triad = oc_json_bool(row, "triad", false);
        }
    }
    return count;
}

const struct oc_frozen_electorate *oc_governance_frozen(struct oc_governance *g,
                                                        const json_t *proposal)
{
    struct oc_frozen_electorate *f = &g->frozen;
    const char *id = oc_json_str(proposal, "id", "");
    if (!*f->proposal || strcmp(f->proposal, id) != 0) {
        f->count = oc_governance_electorate(proposal, f->members);
        oc_electorate_hash(f->members, f->count, f->hash);
        oc_copy(f->proposal, sizeof f->proposal, id);
    }
    return f;
}

json_t *oc_governance_electorate_json(const struct oc_governance *g)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < g->rules.triad_count; i++) {
        json_array_append_new(list, json_pack("{s:s,s:b}", "name", g->rules.triad[i], "triad", 1));
    }
    return list;
}

/* ---- records ---- */

static int64_t revocation_of(const struct oc_governance *g, const char *id)
{
    return oc_json_int(json_object_get(g->state, "revoked"), id, OC_TALLY_NEVER);
}

static struct oc_tally_stamp stamp_of(const struct oc_governance *g, const json_t *record)
{
    return (struct oc_tally_stamp){.index = (uint64_t)oc_json_int(record, "index", 0),
                                   .at = oc_json_int(record, "at", 0),
                                   .key_revoked = revocation_of(g, oc_json_str(record, "key", ""))};
}

/* The electorate is frozen, and its keys with it: what a key says that came after the proposal does not count for it. */
static struct oc_tally_stamp frozen_stamp(const struct oc_governance *g, const json_t *p,
                                          const json_t *record)
{
    struct oc_tally_stamp stamp = stamp_of(g, record);
    if (oc_governance_is_late_key(g, p, oc_json_str(record, "key", ""))) {
        stamp.key_revoked = 0;
    }
    return stamp;
}

static void add_ballots(const struct oc_governance *g, const json_t *p,
                        struct oc_governance_case *c)
{
    const json_t *record;
    size_t i;
    json_array_foreach(json_object_get(p, "ballots"), i, record)
    {
        struct oc_ballot_record b = {.stamp = frozen_stamp(g, p, record)};
        b.member = oc_electorate_find(c->members, c->tally.electorate.count,
                                      oc_json_str(record, "member", ""));
        b.nonce = (uint64_t)oc_json_int(record, "nonce", 0);
        if (oc_choice_parse(oc_json_str(record, "word", ""), &b.choice)) {
            OC_VEC_PUSH(&c->ballots, b);
        }
    }
    c->tally.ballots = c->ballots.items;
    c->tally.ballot_count = c->ballots.count;
}

/* Whose review and whose approval count is an office; what others say is advice, and not for the tally. */
static void add_signatures(const struct oc_governance *g, const json_t *p,
                           struct oc_governance_case *c)
{
    const char *examiner = oc_json_str(p, "examiner", ""),
               *sentinel = oc_json_str(p, "sentinel", "");
    const json_t *record;
    size_t i;
    json_array_foreach(json_object_get(p, "signatures"), i, record)
    {
        struct oc_signature_record s = {.stamp = frozen_stamp(g, p, record)};
        const bool review = strcmp(oc_json_str(record, "kind", ""), "review") == 0;
        const char *member = oc_json_str(record, "member", "");
        s.kind = review ? OC_SIGNATURE_REVIEW : OC_SIGNATURE_APPROVAL;
        s.nonce = (uint64_t)oc_json_int(record, "nonce", 0);
        if (strcmp(member, review ? examiner : sentinel) == 0 &&
            oc_verdict_parse(oc_json_str(record, "word", ""), &s.verdict)) {
            OC_VEC_PUSH(&c->signatures, s);
        }
    }
    c->tally.signatures = c->signatures.items;
    c->tally.signature_count = c->signatures.count;
}

static void add_vetoes(const struct oc_governance *g, const json_t *p, struct oc_governance_case *c)
{
    const json_t *record;
    size_t i;
    json_array_foreach(json_object_get(p, "vetoes"), i, record)
    {
        struct oc_veto_record v = {.stamp = stamp_of(g, record)};
        const char *member = oc_json_str(record, "member", "");
        v.holder =
            strcmp(member, oc_json_str(p, "steward", "")) == 0 ? OC_VETO_STEWARD : OC_VETO_SENTINEL;
        if (oc_veto_parse(oc_json_str(record, "word", ""), &v.condition)) {
            OC_VEC_PUSH(&c->vetoes, v);
        }
    }
    json_array_foreach(json_object_get(p, "overrides"), i, record)
    {
        struct oc_override_record o = {.stamp = frozen_stamp(g, p, record)};
        o.member = oc_electorate_find(c->members, c->tally.electorate.count,
                                      oc_json_str(record, "member", ""));
        OC_VEC_PUSH(&c->overrides, o);
    }
    c->tally.vetoes = c->vetoes.items;
    c->tally.veto_count = c->vetoes.count;
    c->tally.overrides = c->overrides.items;
    c->tally.override_count = c->overrides.count;
}

/* ---- delegations ---- */

struct oc_gov_delegation *oc_governance_delegations(const struct oc_governance *g, size_t *count)
{
    const json_t *list = json_object_get(g->state, "delegations"), *row;
    struct oc_gov_delegation *all = oc_calloc(json_array_size(list) + 1, sizeof *all);
    size_t i;
    json_array_foreach(list, i, row)
    {
        oc_copy(all[i].from, sizeof all[i].from, oc_json_str(row, "member", ""));
        oc_copy(all[i].to, sizeof all[i].to, oc_json_str(row, "to", ""));
        oc_copy(all[i].scope, sizeof all[i].scope, oc_json_str(row, "scope", ""));
        all[i].nonce = (uint64_t)oc_json_int(row, "nonce", 0);
        all[i].expires_at = oc_json_int(row, "expires", 0);
        all[i].stamp = stamp_of(g, row);
    }
    *count = json_array_size(list);
    return all;
}

static void add_delegations(const struct oc_governance *g, const json_t *p, int64_t at,
                            struct oc_governance_case *c)
{
    enum oc_gov_category category = OC_GOV_OPERATIONAL;
    size_t count;
    if (json_array_size(json_object_get(g->state, "delegations")) == 0) {
        return;
    }
    struct oc_gov_delegation *all = oc_governance_delegations(g, &count);
    for (size_t i = 0; i < count; i++) {
        all[i].stamp =
            frozen_stamp(g, p, json_array_get(json_object_get(g->state, "delegations"), i));
    }
    oc_gov_category_parse(oc_json_str(p, "category", ""), &category);
    c->tally.delegation_count = oc_gov_delegation_records(
        all, count, c->members, c->tally.electorate.count, category, at, c->delegations);
    c->tally.delegations = c->delegations;
    free(all);
}

/* ---- the case ---- */

void oc_governance_case(const struct oc_governance *g, const json_t *p,
                        struct oc_governance_case *c)
{
    memset(c, 0, sizeof *c);
    /* a state that cannot be read makes rules that the tally calls invalid */
    oc_tally_rules_read(json_object_get(p, "rules"), &c->tally.rules, NULL);
    c->tally.electorate.count = oc_governance_electorate(p, c->members);
    for (uint32_t i = 0; i < c->tally.electorate.count; i++) {
        c->tally.electorate.triad |= c->members[i].triad ? UINT64_C(1) << i : 0;
        c->tally.electorate.revoked_at[i] = OC_TALLY_NEVER;
    }
    add_ballots(g, p, c);
    add_signatures(g, p, c);
    add_vetoes(g, p, c);
    add_delegations(g, p, c->tally.rules.deadline, c);
}

void oc_governance_case_finish(struct oc_governance_case *c)
{
    OC_VEC_FINISH(&c->ballots);
    OC_VEC_FINISH(&c->signatures);
    OC_VEC_FINISH(&c->vetoes);
    OC_VEC_FINISH(&c->overrides);
}

void oc_governance_tally(const struct oc_governance *g, const json_t *p, int64_t now,
                         struct oc_tally_result *result)
{
    struct oc_governance_case c;
    oc_governance_case(g, p, &c);
    oc_tally(&c.tally, now, result);
    oc_governance_case_finish(&c);
}

void oc_governance_vetoes(const struct oc_governance *g, const json_t *p, int64_t now,
                          struct oc_tally_result *result)
{
    struct oc_governance_case c;
    oc_governance_case(g, p, &c);
    oc_tally_vetoes(&c.tally, now, result);
    oc_governance_case_finish(&c);
}

json_t *oc_governance_tally_json(const struct oc_tally_result *r)
{
    char text[160];
    json_t *o = json_object();
    oc_json_set_str(o, "outcome", oc_outcome_name(r->outcome));
    oc_json_set_str(o, "reason", oc_tally_reason_name(r->reason));
    oc_json_set_int(o, "eligible", r->eligible);
    oc_json_set_int(o, "yes", r->yes);
    oc_json_set_int(o, "no", r->no);
    oc_json_set_int(o, "abstain", r->abstain);
    oc_json_set_int(o, "absent", r->absent);
    oc_json_set_int(o, "delegated", r->delegated);
    oc_json_set_int(o, "needed", r->needed);
    oc_json_set_str(o, "text", oc_tally_describe(r, text, sizeof text));
    return o;
}
