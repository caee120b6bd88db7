/* The tally: what a proposal's ballots, signatures and vetoes amount to. SPDX-License-Identifier: MIT  [any]
 *
 * A pure function of the proposal as it was frozen, of what the ledger holds about it, and of a time. It allocates nothing, reads no clock
 * and never fails: input that it cannot trust gives the outcome OC_TALLY_INVALID, which executes nothing. docs/decisions/0033 says
 * why each rule is as it is; etc/policies/quorum.lua says the same a second time, and a test compares the two on millions of cases.
 *
 * In short:
 *  - Records are looked at in the order of the ledger. The first record, or the first end of a period, that decides the proposal
 *    decides it for good: what comes later is late. So a tally repeated over a longer ledger gives the same decision.
 *  - The denominator is the frozen electorate, never the votes cast. Whoever is silent, late, revoked or abstains is no yes.
 *  - Every period includes its last millisecond: a ballot accepted at the deadline counts, one accepted 1 ms later does not.
 *  - Before the deadline only ballots in a member's own hand decide: `passed` as soon as the yes suffice, `rejected` as soon as
 *    the members that have not voted could not make them suffice. At the deadline delegated voices join for members that have
 *    not voted. What has not passed then is `timed_out`.
 *  - Minimum votes, and "all present" of unanimity, count members that voted in their own hand.
 *  - A passed proposal is declared `declaration_ms` later; until then a veto can still stop it. */
#ifndef OC_SERVICE_GOVERNANCE_TALLY_H
#define OC_SERVICE_GOVERNANCE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_ELECTORS_MAX 64        /* members of one electorate */
#define OC_TALLY_NEVER  INT64_MAX /* a time that does not come */
#define OC_TALLY_NOBODY UINT32_MAX

enum oc_threshold {
    OC_THRESHOLD_SIMPLE,    /* 2 * yes > eligible */
    OC_THRESHOLD_SUPER,     /* 3 * yes >= 2 * eligible; strict: 10000 * yes > 6667 * eligible */
    OC_THRESHOLD_UNANIMOUS, /* yes == eligible, each in its own hand */
};

enum oc_choice {
    OC_CHOICE_NONE, /* no ballot */
    OC_CHOICE_YES,
    OC_CHOICE_NO,
    OC_CHOICE_ABSTAIN,
};

/* What one category asks for, frozen into each proposal. Times are wall ms, durations ms. */
struct oc_tally_rules {
    enum oc_threshold threshold;
    bool strict_supermajority;
    uint32_t min_votes;     /* members that must vote themselves */
    bool examiner_review;   /* a signed review must be there; its verdict is advice */
    bool sentinel_approval; /* a signed approval must be there */
    int64_t deadline;       /* the last ms in which a ballot or signature counts */
    int64_t declaration_ms; /* from passed to declared; 0 = at once */
    int64_t override_ms;    /* how long the triad has to override a veto */
};

/* Who may vote, frozen into each proposal; a member is an index from here on. Revocations are the only thing that may change later. */
struct oc_electorate {
    uint32_t count; /* 1..OC_ELECTORS_MAX */
    uint64_t triad; /* bit i: member i is one of the triad, which overrides vetoes */
    int64_t revoked_at
        [OC_ELECTORS_MAX]; /* from this time on nothing of the member counts; OC_TALLY_NEVER */
};

/* What stands at the front of every record. A record was accepted: its signature fits its key, its signer is who may sign it. */
struct oc_tally_stamp {
    uint64_t index; /* place in the ledger: no two are equal */
    /* When the host accepted it, by the proposal's own clock (deadline.h): never falls as index rises. */
    int64_t at;
    int64_t key_revoked; /* from this time on nothing signed by this key counts; OC_TALLY_NEVER */
};

struct oc_ballot_record {
    struct oc_tally_stamp stamp;
    uint32_t member;
    enum oc_choice choice;
    /* From 1; of one member: a higher one replaces, an equal one is a duplicate, a lower one stale. */
    uint64_t nonce;
};

/* "While I have not voted at the deadline, `to` speaks for me." The newest one of a member counts. */
struct oc_delegation_record {
    struct oc_tally_stamp stamp;
    uint32_t from;
    uint32_t to;        /* OC_TALLY_NOBODY: takes it back, or someone outside the electorate */
    int64_t expires_at; /* the last ms in which it holds */
};

enum oc_signature_kind { OC_SIGNATURE_REVIEW, OC_SIGNATURE_APPROVAL };
enum oc_verdict { OC_VERDICT_APPROVE, OC_VERDICT_CHANGES, OC_VERDICT_REJECT, OC_VERDICT_ABSTAIN };

/* The examiner's review or the sentinel's approval. */
struct oc_signature_record {
    struct oc_tally_stamp stamp;
    enum oc_signature_kind kind;
    /* Of an approval: changes = not yet, reject = decides at once; nobody abstains from one. A review is there or not: whoever
     * abstains in it has looked, and says nothing. */
    enum oc_verdict verdict;
    uint64_t nonce; /* as for ballots, for each kind */
};

enum oc_veto_holder { OC_VETO_STEWARD, OC_VETO_SENTINEL };
enum oc_veto_condition {
    OC_VETO_NONE,       /* names no condition: does not count */
    OC_VETO_SECURITY,   /* security_violation_detected */
    OC_VETO_CORRUPTION, /* corruption_risk_identified */
    OC_VETO_IDENTITY,   /* identity_threat_detected */
};

struct oc_veto_record {
    struct oc_tally_stamp stamp;
    enum oc_veto_holder holder; /* each holder has one veto for each proposal */
    enum oc_veto_condition condition;
};

/* A member of the triad lifts the vetoes that were accepted before. */
struct oc_override_record {
    struct oc_tally_stamp stamp;
    uint32_t member;
};

/* All that a tally reads. The five lists are borrowed, each in the order of its indexes; an empty one may be NULL. */
struct oc_tally_case {
    struct oc_tally_rules rules;
    struct oc_electorate electorate;
    const struct oc_ballot_record *ballots;
    size_t ballot_count;
    const struct oc_delegation_record *delegations;
    size_t delegation_count;
    const struct oc_signature_record *signatures;
    size_t signature_count;
    const struct oc_veto_record *vetoes;
    size_t veto_count;
    const struct oc_override_record *overrides;
    size_t override_count;
};

enum oc_outcome {
    OC_TALLY_PENDING,
    OC_TALLY_PASSED, /* and declared: it may be executed */
    OC_TALLY_REJECTED,
    OC_TALLY_TIMED_OUT, /* rejected by the deadline */
    OC_TALLY_VETOED,
    OC_TALLY_INVALID, /* the input breaks its contract */
};

/* Why. Names on the wire are those in the right column. */
#define OC_TALLY_REASON_MAP(X)                                                                     \
    X(WAITING_VOTES, "waiting_votes")             /* pending: the yes do not suffice yet */        \
    X(WAITING_QUORUM, "waiting_quorum")           /* pending: fewer than min_votes have voted */   \
    X(WAITING_SIGNATURES, "waiting_signatures")   /* pending: a signature is missing */            \
    X(WAITING_DECLARATION, "waiting_declaration") /* pending: passed, a veto is still possible */  \
    X(WAITING_OVERRIDE, "waiting_override")       /* pending: a veto stands */                     \
    X(CARRIED, "carried")                         /* passed */                                     \
    X(OUTVOTED, "outvoted")                       /* rejected: the rest could not make it pass */  \
    X(TIE, "tie")             /* rejected or timed out with as many no as yes */                   \
    X(REFUSED, "refused")     /* rejected: the sentinel refused its approval */                    \
    X(NO_QUORUM, "no_quorum") /* timed out: fewer than min_votes voted */                          \
    X(SHORT, "short")         /* timed out: the yes did not suffice */                             \
    X(UNSIGNED, "unsigned")   /* timed out: a signature was missing */                             \
    X(VETO, "veto")           /* vetoed: not overridden in time */                                 \
    X(BAD_INPUT, "bad_input") /* invalid */

enum oc_tally_reason {
#define X(name, text) OC_REASON_##name,
    OC_TALLY_REASON_MAP(X)
#undef X
};

#define OC_TALLY_MISSING_REVIEW   1u
#define OC_TALLY_MISSING_APPROVAL 2u

struct oc_tally_result {
    enum oc_outcome outcome;
    enum oc_tally_reason reason;
    /* Voices: yes + no + abstain + absent == eligible. */
    uint32_t eligible, yes, no, abstain, absent;
    /* Of yes, no and abstain: those that came through a delegate (only after a deadline) */
    uint32_t delegated;
    uint32_t present;                 /* members whose own ballot counts */
    uint32_t needed;                  /* the smallest number of yes that suffices */
    uint32_t missing;                 /* OC_TALLY_MISSING_*: signatures asked for and not there */
    uint64_t vetoes;                  /* bit holder: a veto of it stands */
    enum oc_veto_condition condition; /* of the veto that decided, or of the oldest that stands */
    int64_t carried_at;               /* when the vote itself was won; 0 = it was not */
    /* The first ms at which the outcome held; from then on it does for good. 0 while pending */
    int64_t decided_at;
    /* Pending: the first ms at which the outcome can change without a record; else OC_TALLY_NEVER */
    int64_t next;
    /* Ballots that did not count, by what was wrong with them. A duplicate with another choice is one, too. */
    uint32_t late, duplicate, stale, revoked, unknown;
    uint8_t voice[OC_ELECTORS_MAX]; /* enum oc_choice of each member as counted */
};

/* The outcome at `now`: records accepted after it are not looked at. `result` is written whole. */
void oc_tally(const struct oc_tally_case *c, int64_t now, struct oc_tally_result *result);
/* The same of vetoes and overrides alone, of a vote that has ended without a decision: OC_TALLY_VETOED once one was not overridden in
 * time, else OC_TALLY_PENDING, with those that stand and when the first of them ends. */
void oc_tally_vetoes(const struct oc_tally_case *c, int64_t now, struct oc_tally_result *result);

/* Exact integers, no rounding. */
bool oc_threshold_met(enum oc_threshold threshold, bool strict, uint32_t yes, uint32_t eligible);
uint32_t oc_threshold_needed(enum oc_threshold threshold, bool strict, uint32_t eligible);

/* Names on the wire. The second of each pair returns false for a word that is none. */
const char *
oc_threshold_name(enum oc_threshold threshold); /* "simple_majority" "supermajority" "unanimous" */
bool oc_threshold_parse(const char *name, enum oc_threshold *threshold);
const char *oc_choice_name(enum oc_choice choice);              /* "none" "yes" "no" "abstain" */
bool oc_choice_parse(const char *name, enum oc_choice *choice); /* not "none" */
const char *
oc_verdict_name(enum oc_verdict verdict); /* "approve" "request_changes" "reject" "abstain" */
bool oc_verdict_parse(const char *name, enum oc_verdict *verdict);
const char *
oc_veto_name(enum oc_veto_condition condition); /* "security_violation_detected" ...; "none" */
bool oc_veto_parse(const char *name, enum oc_veto_condition *condition); /* not "none" */
const char *oc_outcome_name(
    enum oc_outcome outcome); /* "pending" "passed" "rejected" "timed_out" "vetoed" "invalid" */
const char *oc_tally_reason_name(enum oc_tally_reason reason);
/* A sentence for people: "passed: 2 of 3 yes, 2 needed". Returns buf. */
char *oc_tally_describe(const struct oc_tally_result *result, char *buf, size_t size);

#endif
