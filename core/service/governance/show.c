/* Proposals and governance as people and programs see them. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

static int64_t deadline_of(const json_t *p)
{
    return oc_json_int(json_object_get(p, "rules"), "deadline", 0);
}

/* What is decided is shown as it was decided; what is open, as it stands. */
static int64_t time_of(const struct oc_governance *g, const json_t *p)
{
    const int64_t decided = oc_json_int(p, "decided_at", 0);
    return decided ? decided : oc_governance_now((struct oc_governance *)(uintptr_t)g, p);
}

static void set_missing(json_t *row, const struct oc_tally_result *r, const json_t *p)
{
    struct oc_member members[OC_ELECTORS_MAX];
    const uint32_t count = oc_governance_electorate(p, members);
    json_t *missing = json_array();
    for (uint32_t i = 0; i < count; i++) {
        if (r->voice[i] == OC_CHOICE_NONE) {
            json_array_append_new(missing, json_string(members[i].name));
        }
    }
    if (r->missing & OC_TALLY_MISSING_REVIEW) {
        json_array_append_new(missing,
                              json_sprintf("review of %s", oc_json_str(p, "examiner", "")));
    }
    if (r->missing & OC_TALLY_MISSING_APPROVAL) {
        json_array_append_new(missing,
                              json_sprintf("approval of %s", oc_json_str(p, "sentinel", "")));
    }
    oc_json_take(row, "missing", missing);
}

static void set_votes(json_t *row, const struct oc_tally_result *r)
{
    oc_json_take(
        row, "votes",
        json_sprintf("%u yes, %u no, %u of %u needed", r->yes, r->no, r->needed, r->eligible));
    oc_json_set_int(row, "yes", r->yes);
    oc_json_set_int(row, "no", r->no);
    oc_json_set_int(row, "abstain", r->abstain);
    oc_json_set_int(row, "absent", r->absent);
    oc_json_set_int(row, "needed", r->needed);
}

static json_t *row_of(const struct oc_governance *g, const json_t *p,
                      const struct oc_tally_result *r)
{
    static const char *const keys[] = {"id", "category", "title", "status", "stage", "submitter"};
    const bool closed = oc_governance_is_closed(p);
    const int64_t left = deadline_of(p) - time_of(g, p);
    json_t *row = json_object();
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_json_set_str(row, keys[i], oc_json_str(p, keys[i], ""));
    }
    set_votes(row, r);
    set_missing(row, r, p);
    oc_json_set_time(row, "deadline", deadline_of(p));
    oc_json_take(row, "left_ms", closed ? json_null() : json_integer(left > 0 ? left : 0));
    oc_json_set_time(row, "submitted", oc_json_int(p, "submitted_at", 0));
    oc_json_set_str(row, "execution", oc_json_str(json_object_get(p, "execution"), "status", NULL));
    oc_json_set_str(row, "reason", oc_json_str(p, "reason", NULL));
    return row;
}

json_t *oc_governance_row(const struct oc_governance *g, const json_t *p)
{
    struct oc_tally_result r;
    oc_governance_tally(g, p, time_of(g, p), &r);
    return row_of(g, p, &r);
}

static json_t *voters(const json_t *p, const struct oc_tally_result *r)
{
    struct oc_member members[OC_ELECTORS_MAX];
    const uint32_t count = oc_governance_electorate(p, members);
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const json_t *row, *last = NULL;
        size_t k;
        json_array_foreach(json_object_get(p, "ballots"), k, row)
        {
            last = strcmp(oc_json_str(row, "member", ""), members[i].name) == 0 ? row : last;
        }
        json_t *o = json_object();
        oc_json_set_str(o, "member", members[i].name);
        oc_json_set_str(o, "vote",
                        r->voice[i] ? oc_choice_name((enum oc_choice)r->voice[i]) : "missing");
        oc_json_set_bool(o, "delegated", r->voice[i] != OC_CHOICE_NONE && !last);
        oc_json_set_time(o, "at", oc_json_int(last, "at", 0));
        oc_json_take(o, "index", last ? json_incref(json_object_get(last, "index")) : json_null());
        oc_json_set_str(o, "reason", oc_json_str(last, "text", NULL));
        json_array_append_new(list, o);
    }
    return list;
}

/* How it was decided when nobody voted on it; NULL: by the count. */
static const char *without_vote(const json_t *p)
{
    static const struct {
        const char *reason, *text;
    } ways[] = {
        {"emergency_override", "decided by the sentinel's emergency override, without a vote"},
        {"degraded_proceed", "decided without a vote: too few members could be reached"},
        {"degraded_provisional", "provisional, without a vote: too few members could be reached"}};
    for (size_t i = 0; i < OC_COUNT(ways); i++) {
        if (strcmp(oc_json_str(p, "reason", ""), ways[i].reason) == 0) {
            return ways[i].text;
        }
    }
    return NULL;
}

/* What has become of a provisional decision, or will; owned by the caller, NULL: it is none. */
static char *ratification(const json_t *p)
{
    const json_t *v = json_object_get(p, "provisional");
    const char *status = oc_json_str(v, "status", ""), *by = oc_json_str(v, "reason", "");
    const int64_t until = oc_json_int(v, "until", 0);
    char when[40];
    if (!v) {
        return NULL;
    }
    if (strcmp(status, "pending") != 0) {
        return oc_asprintf("%s by %s%s", status, strcmp(by, "majority") == 0 ? "a " : "", by);
    }
    return until ? oc_asprintf("until %s a majority of no takes it back; silence ratifies it",
                               oc_time_format(until, when, sizeof when))
                 : oc_strdup("begins when a majority of the members is back");
}

/* Until when a veto that stands can be overridden; 0: none stands. */
static int64_t veto_until(const struct oc_governance *g, const json_t *p)
{
    struct oc_tally_result v;
    if (oc_governance_is_closed(p) || json_array_size(json_object_get(p, "vetoes")) == 0) {
        return 0;
    }
    oc_governance_vetoes(g, p, time_of(g, p), &v);
    return v.vetoes && v.next != OC_TALLY_NEVER ? v.next - 1 : 0;
}

json_t *oc_governance_detail(const struct oc_governance *g, const json_t *p)
{
    static const char *const keys[] = {"description",
                                       "justification",
                                       "impact_assessment",
                                       "rollback_plan",
                                       "changes",
                                       "revision",
                                       "modifications",
                                       "cycle",
                                       "subject",
                                       "electorate",
                                       "rules",
                                       "signatures",
                                       "vetoes",
                                       "overrides",
                                       "comments",
                                       "op",
                                       "plan",
                                       "rollback",
                                       "execution",
                                       "deadlock",
                                       "provisional",
                                       "review",
                                       "index",
                                       "tally",
                                       "ratifications"};
    struct oc_member members[OC_ELECTORS_MAX];
    struct oc_tally_result r;
    char text[160], hash[OC_SHA256_HEX];
    oc_governance_tally(g, p, time_of(g, p), &r);
    json_t *o = row_of(g, p, &r);
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_t *value = json_object_get(p, keys[i]);
        if (value) {
            oc_json_take(o, keys[i], json_deep_copy(value));
        }
    }
    oc_electorate_hash(members, oc_governance_electorate(p, members), hash);
    oc_json_set_str(o, "electorate_hash", hash);
    oc_json_take(o, "voters", voters(p, &r));
    const char *way = without_vote(p);
    oc_json_set_str(o, "tally_text", way ? way : oc_tally_describe(&r, text, sizeof text));
    char *fate = ratification(p);
    if (fate) {
        oc_json_set_str(o, "ratification_text", fate);
        free(fate);
    }
    oc_json_set_time(o, "stage_until", oc_json_int(p, "stage_until", 0));
    oc_json_set_time(o, "veto_until", veto_until(g, p));
    oc_json_set_time(o, "decided", oc_json_int(p, "decided_at", 0));
    return o;
}

/* ---- status ---- */

static void add_member(const struct oc_governance *g, json_t *list, const char *name,
                       const char *role)
{
    struct oc_member_key key;
    json_t *row;
    size_t i;
    json_array_foreach(list, i, row)
    {
        if (strcmp(oc_json_str(row, "member", ""), name) == 0) {
            json_array_append_new(json_object_get(row, "roles"), json_string(role));
            return;
        }
    }
    const bool has = oc_governance_key(g, name, &key);
    row = json_pack("{s:s,s:[s]}", "member", name, "roles", role);
    oc_json_set_str(row, "key", has ? key.id : NULL);
    oc_json_set_time(row, "heard", oc_json_int(oc_governance_member(g->state, name), "heard", 0));
    oc_json_set_bool(row, "reachable", oc_governance_is_reachable(g, name));
    json_array_append_new(list, row);
}

static json_t *members_of(const struct oc_governance *g)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < g->rules.triad_count; i++) {
        add_member(g, list, g->rules.triad[i], "triad");
    }
    add_member(g, list, g->rules.steward, "steward");
    add_member(g, list, g->rules.sentinel, "sentinel");
    add_member(g, list, g->rules.examiner, "examiner");
    return list;
}

static void count_proposals(const struct oc_governance *g, json_t *o)
{
    int64_t open = 0, provisional = 0, due = 0, executing = 0;
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        const json_t *review = json_object_get(p, "review");
        open += !oc_governance_is_closed(p);
        executing +=
            strcmp(oc_json_str(json_object_get(p, "execution"), "status", ""), "executing") == 0;
        provisional +=
            strcmp(oc_json_str(json_object_get(p, "provisional"), "status", ""), "pending") == 0;
        due += review && !json_object_get(review, "by");
    }
    oc_json_set_int(o, "open", open);
    oc_json_set_int(o, "executing", executing);
    oc_json_set_int(o, "provisional", provisional);
    oc_json_set_int(o, "reviews_due", due);
}

int oc_governance_ready(const struct oc_governance *g, struct oc_error *err)
{
    struct oc_member_key key;
    if (!g->env->ledger) {
        return oc_error_set(err, OC_E_CONFLICT, "there is no ledger");
    }
    if (!oc_ledger_healthy(g->env->ledger, err)) {
        return err->code ? err->code : oc_error_set(err, OC_E_RETRY, "the ledger is not healthy");
    }
    for (uint32_t i = 0; i < g->rules.triad_count; i++) {
        if (!oc_governance_key(g, g->rules.triad[i], &key)) {
            oc_error_set(err, OC_E_CONFLICT, "not every member of the triad has a key");
            oc_error_hint(err, "Register one for %s: `openclaw governance keys register`.",
                          g->rules.triad[i]);
            return OC_E_CONFLICT;
        }
    }
    return OC_OK;
}

/* Those that hold now: of each member and scope the newest, unless it was taken back or has run out. */
static json_t *delegations_of(const struct oc_governance *g)
{
    const json_t *all = json_object_get(g->state, "delegations"), *row;
    json_t *newest = json_object(), *list = json_array();
    const int64_t now = oc_time_wall();
    const char *key;
    json_t *d;
    size_t i;
    json_array_foreach(all, i, row)
    {
        char *name =
            oc_asprintf("%s %s", oc_json_str(row, "member", ""), oc_json_str(row, "scope", ""));
        json_object_set(newest, name, (json_t *)(uintptr_t)row);
        free(name);
    }
    json_object_foreach(newest, key, d)
    {
        if (strcmp(oc_json_str(d, "to", "-"), "-") != 0 && oc_json_int(d, "expires", 0) >= now) {
            json_t *o = json_pack("{s:s,s:s,s:s}", "member", oc_json_str(d, "member", ""), "to",
                                  oc_json_str(d, "to", ""), "scope", oc_json_str(d, "scope", ""));
            oc_json_set_time(o, "until", oc_json_int(d, "expires", 0));
            json_array_append_new(list, o);
        }
    }
    json_decref(newest);
    return list;
}

json_t *oc_governance_status(struct oc_governance *g)
{
    const json_t *e = json_object_get(g->state, "emergency");
    json_t *o = json_object();
    struct oc_error why;
    oc_error_init(&why);
    oc_json_set_bool(o, "ready", oc_governance_ready(g, &why) == OC_OK);
    oc_json_set_str(o, "why", why.code ? why.message : NULL);
    oc_json_set_str(o, "mode", oc_json_str(json_object_get(g->state, "mode"), "name", ""));
    oc_json_take(o, "members", members_of(g));
    oc_json_take(o, "delegations", delegations_of(g));
    count_proposals(g, o);
    oc_json_take(o, "emergency", e ? json_deep_copy(e) : json_null());
    oc_json_set_int(o, "covers", oc_json_int(g->state, "covers", -1));
    return o;
}
