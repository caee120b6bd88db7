/* The families of cases that the enumeration goes through. SPDX-License-Identifier: MIT
 *
 * Voters are alike to the tally, so where the order of the voters does not matter only one of each kind is made; where it
 * does (who votes when) every order is. Thresholds: 0 simple, 1 supermajority, 2 unanimous, 3 strict supermajority. */
#ifndef OC_TESTS_TALLY_FAMILIES_H
#define OC_TESTS_TALLY_FAMILIES_H

#include "tests/unit/service/governance/tally_world.h"

#include "core/base/mem.h"

#define VOTERS     7
#define THRESHOLDS 4

/* ---- orders: up to seven voters, every choice, every order ---- */

/* pool: [position][member][choice]; proposals: [voters][threshold] */
static unsigned order_id(unsigned position, unsigned member, unsigned choice)
{
    return (position * VOTERS + member) * 3 + choice;
}

static void fill_orders(struct world *w)
{
    for (unsigned p = 0; p < VOTERS; p++) {
        for (unsigned m = 0; m < VOTERS; m++) {
            for (unsigned c = OC_CHOICE_YES; c <= OC_CHOICE_ABSTAIN; c++) {
                add_ballot(w, p, p + 1, m, (enum oc_choice)c, 1);
            }
        }
    }
    for (uint32_t n = 1; n <= VOTERS; n++) {
        for (unsigned t = 0; t < THRESHOLDS; t++) {
            add_proposal(w, n, t, 20);
        }
    }
}

struct orders {
    emit_fn emit;
    void *ctx;
    unsigned voters, choices, ids[VOTERS];
    bool used[VOTERS];
};

static void order_next(struct orders *o, unsigned position)
{
    if (position == o->voters) {
        for (unsigned t = 0; t < THRESHOLDS; t++) {
            o->emit(o->ctx, (o->voters - 1) * THRESHOLDS + t, 10, o->ids, o->voters);
        }
        return;
    }
    for (unsigned m = 0; m < o->voters; m++) {
        if (o->used[m]) {
            continue;
        }
        o->used[m] = true;
        for (unsigned c = 0; c < o->choices; c++) {
            o->ids[position] = order_id(position, m, c);
            order_next(o, position + 1);
        }
        o->used[m] = false;
    }
}

static void enumerate_orders(const struct world *w, emit_fn emit, void *ctx)
{
    (void)w;
    for (unsigned n = 1; n <= VOTERS; n++) {
        struct orders o = {.emit = emit, .ctx = ctx, .voters = n, .choices = n < VOTERS ? 3 : 2};
        order_next(&o, 0);
    }
}

/* ---- silence: who has not voted, before and after the deadline, with any minimum of votes ---- */

static void fill_silence(struct world *w)
{
    fill_orders(w);
    w->proposal_count = 0;
    for (uint32_t n = 1; n <= VOTERS; n++) {
        for (unsigned t = 0; t < THRESHOLDS; t++) {
            for (unsigned least = 1; least <= 3; least++) {
                add_proposal(w, n, t, 20)->rules.min_votes = least;
            }
        }
    }
}

static void enumerate_silence(const struct world *w, emit_fn emit, void *ctx)
{
    for (unsigned n = 1; n <= VOTERS; n++) {
        for (unsigned code = 0; code < 1u << (2 * n); code++) {
            unsigned ids[VOTERS], count = 0;
            for (unsigned m = 0; m < n; m++) {
                const unsigned choice = code >> (2 * m) & 3;
                if (choice != OC_CHOICE_NONE) {
                    ids[count] = order_id(count, m, choice - 1);
                    count++;
                }
            }
            const unsigned first = (n - 1) * THRESHOLDS * 3;
            for (unsigned p = first; p < first + THRESHOLDS * 3; p++) {
                emit(ctx, p, (code ^ p) & 1 ? 20 : 21, ids, count);
            }
        }
    }
    (void)w;
}

/* ---- histories: what one member can do, for up to seven of them ---- */

enum { EARLY, MIDDLE, AT_DEADLINE, LATE, TIMES }; /* each member has a ms of each */

static const struct history {
    struct {
        unsigned time;
        enum oc_choice choice;
        uint64_t nonce;
        int believed; /* its key is revoked: 0 never, 1 just before, 2 right after */
    } ballots[3];
} histories[] = {
    {{{0}}},                                                                  /* silent */
    {{{EARLY, OC_CHOICE_YES, 1, 0}}},                                         /* yes */
    {{{EARLY, OC_CHOICE_NO, 1, 0}}},                                          /* no */
    {{{EARLY, OC_CHOICE_YES, 1, 0}, {MIDDLE, OC_CHOICE_NO, 2, 0}}},           /* changed */
    {{{LATE, OC_CHOICE_YES, 1, 0}}},                                          /* late */
    {{{EARLY, OC_CHOICE_YES, 1, 1}}},                                         /* revoked */
    {{{EARLY, OC_CHOICE_NO, 1, 0}, {MIDDLE, OC_CHOICE_YES, 1, 0}}},           /* duplicate */
    {{{EARLY, OC_CHOICE_ABSTAIN, 1, 0}, {AT_DEADLINE, OC_CHOICE_YES, 2, 0}}}, /* just in time */
    {{{EARLY, OC_CHOICE_NO, 2, 0}, {MIDDLE, OC_CHOICE_YES, 1, 0}}},           /* stale */
    {{{EARLY, OC_CHOICE_YES, 1, 2}, {MIDDLE, OC_CHOICE_NO, 2, 1}}}, /* key lost in between */
    {{{EARLY, OC_CHOICE_YES, 1, 0}, {LATE, OC_CHOICE_NO, 2, 0}}},   /* changed too late */
    {{{EARLY, OC_CHOICE_NO, 1, 0},
      {MIDDLE, OC_CHOICE_YES, 2, 0},
      {AT_DEADLINE, OC_CHOICE_ABSTAIN, 3, 0}}}, /* changed twice */
};
#define HISTORIES    12
#define LONG_HISTORY 3 /* ballots of one */
#define DEADLINE_AT  30

/* pool: [history][ballot][member]. Ballots of one time stand in the order of the members. */
static void fill_histories(struct world *w)
{
    static const int64_t starts[TIMES] = {1, 11, DEADLINE_AT, DEADLINE_AT + 1};
    for (unsigned h = 0; h < HISTORIES; h++) {
        for (unsigned b = 0; b < LONG_HISTORY; b++) {
            for (uint32_t m = 0; m < VOTERS; m++) {
                const unsigned time = histories[h].ballots[b].time;
                const bool edge = time >= AT_DEADLINE;
                const int64_t at = starts[time] + (edge ? 0 : (int64_t)m);
                const unsigned id =
                    add_ballot(w, time * VOTERS + m, at, m, histories[h].ballots[b].choice,
                               histories[h].ballots[b].nonce);
                const int believed = histories[h].ballots[b].believed;
                w->pool[id].stamp.key_revoked = believed == 0   ? OC_TALLY_NEVER
                                                : believed == 1 ? at
                                                                : at + 1;
            }
        }
    }
    for (uint32_t n = 1; n <= VOTERS; n++) {
        for (unsigned t = 0; t < THRESHOLDS; t++) {
            add_proposal(w, n, t, DEADLINE_AT);
        }
    }
}

static void enumerate_histories(const struct world *w, emit_fn emit, void *ctx)
{
    static const unsigned kinds[VOTERS + 1] = {0, 12, 12, 12, 12, 12, 8, 6};
    for (unsigned n = 1; n <= VOTERS; n++) {
        unsigned total = 1;
        for (unsigned m = 0; m < n; m++) {
            total *= kinds[n];
        }
        for (unsigned code = 0; code < total; code++) {
            unsigned ids[CASE_MAX], count = 0;
            for (unsigned time = 0; time < TIMES; time++) { /* in the order of the ledger */
                unsigned left = code;
                for (unsigned m = 0; m < n; m++, left /= kinds[n]) {
                    const unsigned h = left % kinds[n];
                    for (unsigned b = 0; b < LONG_HISTORY; b++) {
                        if (histories[h].ballots[b].nonce > 0 &&
                            histories[h].ballots[b].time == time) {
                            ids[count++] = (h * LONG_HISTORY + b) * VOTERS + m;
                        }
                    }
                }
            }
            for (unsigned t = 0; t < (n < 6 ? THRESHOLDS : 2); t++) {
                emit(ctx, (n - 1) * THRESHOLDS + t, DEADLINE_AT + 3, ids, count);
            }
        }
    }
    (void)w;
}

/* ---- delegations: every graph of who speaks for whom ---- */

/* Members that vote come first, by choice; then those that are silent; then those that delegate, to anyone. */
enum { DELEGATION_BASE = VOTERS * VOTERS * 3 };

static void fill_delegations(struct world *w)
{
    fill_orders(w);
    for (uint32_t from = 0; from < VOTERS; from++) {
        for (uint32_t to = 0; to < VOTERS; to++) {
            add_delegation(w, 100 + from, 5, from, to, 20);
        }
    }
}

struct graph {
    emit_fn emit;
    void *ctx;
    unsigned voters, ids[2 * VOTERS], count;
};

static void graph_targets(struct graph *g, unsigned from)
{
    if (from == g->voters) {
        for (unsigned t = 0; t < 3; t++) {
            g->emit(g->ctx, (g->voters - 1) * THRESHOLDS + t, 21, g->ids, g->count);
        }
        return;
    }
    for (unsigned to = 0; to < g->voters; to++) {
        if (to != from) {
            g->ids[g->count++] = DELEGATION_BASE + from * VOTERS + to;
            graph_targets(g, from + 1);
            g->count--;
        }
    }
}

static void graph_voters(struct graph *g, unsigned member, unsigned choice)
{
    if (choice > OC_CHOICE_ABSTAIN) {
        for (unsigned silent = 0; silent <= g->voters - member; silent++) {
            graph_targets(g, member + silent);
        }
        return;
    }
    graph_voters(g, member, choice + 1);
    if (member < g->voters) {
        g->ids[g->count] = order_id(g->count, member, choice - 1);
        g->count++;
        graph_voters(g, member + 1, choice);
        g->count--;
    }
}

static void enumerate_delegations(const struct world *w, emit_fn emit, void *ctx)
{
    (void)w;
    for (unsigned n = 2; n <= VOTERS; n++) {
        struct graph g = {.emit = emit, .ctx = ctx, .voters = n};
        graph_voters(&g, 0, OC_CHOICE_YES);
    }
}

/* ---- revoked: members that are taken out before, between and after, with delegations that expire ---- */

#define REVOKED_VOTERS 4
enum {
    REVOKED_KINDS = 5
}; /* silent, yes, no, delegates to the next, delegates for too short a time */

static void fill_revoked(struct world *w)
{
    for (uint32_t m = 0; m < REVOKED_VOTERS; m++) {
        add_ballot(w, m, m + 5, m, OC_CHOICE_YES, 1);
        add_ballot(w, m, m + 5, m, OC_CHOICE_NO, 1);
        add_delegation(w, 50 + m, 3, m, (m + 1) % REVOKED_VOTERS, 20);
        add_delegation(w, 50 + m, 3, m, (m + 1) % REVOKED_VOTERS, 19);
    }
    for (unsigned t = 0; t < THRESHOLDS; t++) {
        for (unsigned code = 0; code < 256; code++) { /* when each is revoked */
            struct proposal *p = add_proposal(w, REVOKED_VOTERS, t, 20);
            for (uint32_t m = 0; m < REVOKED_VOTERS; m++) {
                const int64_t when[4] = {OC_TALLY_NEVER, m + 5, m + 6, 21};
                p->electorate.revoked_at[m] = when[code >> (2 * m) & 3];
            }
        }
    }
}

static void enumerate_revoked(const struct world *w, emit_fn emit, void *ctx)
{
    for (unsigned code = 0; code < 625; code++) {
        unsigned ids[REVOKED_VOTERS], count = 0, left = code;
        for (unsigned m = 0; m < REVOKED_VOTERS; m++, left /= REVOKED_KINDS) {
            if (left % REVOKED_KINDS > 0) {
                ids[count++] = m * 4 + left % REVOKED_KINDS - 1;
            }
        }
        for (unsigned p = 0; p < w->proposal_count; p++) {
            emit(ctx, p, 21, ids, count);
        }
    }
}

/* ---- sequences: everything that can happen to a triad, in every order, up to five in a row ---- */

#define SEQUENCE_MAX 5
#define STEP_MS      2 /* from one record to the next */
#define EVENTS       14

static void sequence_event(struct world *w, unsigned event, uint64_t index, int64_t at)
{
    static const struct {
        uint32_t member;
        enum oc_choice choice;
        uint64_t nonce;
    } ballots[] = {
        {0, OC_CHOICE_YES, 1},
        {1, OC_CHOICE_YES, 1},
        {2, OC_CHOICE_YES, 1},
        {0, OC_CHOICE_NO, 2},
    };
    if (event < OC_COUNT(ballots)) {
        add_ballot(w, index, at, ballots[event].member, ballots[event].choice,
                   ballots[event].nonce);
        return;
    }
    event -= (unsigned)OC_COUNT(ballots);
    if (event < 5) { /* a review, an approval, a refusal, an approval again, one of a revoked key */
        struct record *r = add_record(w, SIGNATURE, index, at);
        r->signature.kind = event == 0 ? OC_SIGNATURE_REVIEW : OC_SIGNATURE_APPROVAL;
        r->signature.verdict = event == 0   ? OC_VERDICT_REJECT
                               : event == 2 ? OC_VERDICT_REJECT
                                            : OC_VERDICT_APPROVE;
        r->signature.verdict = event == 3 ? OC_VERDICT_CHANGES : r->signature.verdict;
        r->signature.nonce = event >= 3 ? 2 : 1;
        r->stamp.key_revoked = event == 4 ? at : OC_TALLY_NEVER;
        return;
    }
    event -= 5;
    if (event < 2) {
        struct record *r = add_record(w, VETO, index, at);
        r->veto.holder = event == 0 ? OC_VETO_STEWARD : OC_VETO_SENTINEL;
        r->veto.condition = event == 0 ? OC_VETO_SECURITY : OC_VETO_IDENTITY;
        return;
    }
    add_record(w, OVERRIDE, index, at)->override.member = event - 2;
}

static void fill_sequences(struct world *w)
{
    for (unsigned position = 0; position < SEQUENCE_MAX; position++) {
        for (unsigned event = 0; event < EVENTS; event++) {
            sequence_event(w, event, position, STEP_MS * (position + 1));
        }
    }
    for (unsigned t = 0; t < 3; t++) {
        struct proposal *p = add_proposal(w, 3, t, 3 * STEP_MS + 1);
        p->rules.examiner_review = t > 0;
        p->rules.sentinel_approval = t > 1;
        p->rules.declaration_ms = STEP_MS;
        p->rules.override_ms = 3 * STEP_MS;
    }
}

static void enumerate_sequences(const struct world *w, emit_fn emit, void *ctx)
{
    unsigned total = 1;
    for (unsigned length = 1; length <= SEQUENCE_MAX; length++) {
        total *= EVENTS;
        for (unsigned code = 0; code < total; code++) {
            unsigned ids[SEQUENCE_MAX], left = code;
            for (unsigned i = 0; i < length; i++, left /= EVENTS) {
                ids[i] = i * EVENTS + left % EVENTS;
            }
            for (unsigned p = 0; p < w->proposal_count; p++) {
                emit(ctx, p, (code + p) % 3 == 0 ? STEP_MS * (int64_t)length : 30, ids, length);
            }
        }
    }
}

/* ---- vetoes: a won vote, two vetoes and their overrides, in every order ---- */

enum { VETO_EVENTS = 8 }; /* yes of 0 and 1, two vetoes, one without a condition, three overrides */
#define VETO_LENGTH 6

static void fill_vetoes(struct world *w)
{
    for (unsigned position = 0; position < VETO_LENGTH; position++) {
        const int64_t at = position + 1;
        add_ballot(w, position, at, 0, OC_CHOICE_YES, 1);
        add_ballot(w, position, at, 1, OC_CHOICE_YES, 1);
        for (unsigned v = 0; v < 3; v++) {
            struct record *r = add_record(w, VETO, position, at);
            r->veto.holder = v == 1 ? OC_VETO_SENTINEL : OC_VETO_STEWARD;
            r->veto.condition = v == 2 ? OC_VETO_NONE : OC_VETO_CORRUPTION;
        }
        for (uint32_t m = 0; m < 3; m++) {
            add_record(w, OVERRIDE, position, at)->override.member = m;
        }
    }
    for (unsigned i = 0; i < 4; i++) { /* window and declaration, short and long */
        struct proposal *p = add_proposal(w, 3, OC_THRESHOLD_SIMPLE, i & 1 ? 4 : 20);
        p->rules.declaration_ms = i & 1 ? 2 : 4;
        p->rules.override_ms = i & 2 ? 2 : 5;
    }
}

static void enumerate_vetoes(const struct world *w, emit_fn emit, void *ctx)
{
    unsigned total = 1;
    for (unsigned i = 0; i < VETO_LENGTH; i++) {
        total *= VETO_EVENTS;
    }
    for (unsigned code = 0; code < total; code++) {
        unsigned ids[VETO_LENGTH], left = code;
        for (unsigned i = 0; i < VETO_LENGTH; i++, left /= VETO_EVENTS) {
            ids[i] = i * VETO_EVENTS + left % VETO_EVENTS;
        }
        for (unsigned p = 0; p < w->proposal_count; p++) {
            emit(ctx, p, 12, ids, VETO_LENGTH);
        }
    }
}

const struct family families[] = {
    {"every order of up to 7 voters", fill_orders, enumerate_orders},
    {"silent members", fill_silence, enumerate_silence},
    {"late, changed, duplicate, stale and revoked ballots", fill_histories, enumerate_histories},
    {"every graph of delegations", fill_delegations, enumerate_delegations},
    {"revoked members and expired delegations", fill_revoked, enumerate_revoked},
    {"everything in every order", fill_sequences, enumerate_sequences},
    {"vetoes and overrides in every order", fill_vetoes, enumerate_vetoes},
};
const size_t family_count = OC_COUNT(families);

#endif
