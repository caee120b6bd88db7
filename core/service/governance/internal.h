/* What the files of the governance service share. SPDX-License-Identifier: MIT  [loop]
 *
 *   state      what is so: the sum of the entries (state.h)
 *   journal    writes an entry, adds it to the state, tells the caller when it is on the disk; reads all again at the start
 *   flow       what has to happen next to a proposal: stages, timeouts, decisions, deadlocks (flow.h)
 *   run        carries out what was approved
 *   mode       who can be reached, the degraded mode and what was decided in it
 *   ops_*      the operations */
#ifndef OC_SERVICE_GOVERNANCE_INTERNAL_H
#define OC_SERVICE_GOVERNANCE_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/loop/worker.h"
#include "core/service/governance/ballot.h"
#include "core/service/governance/deadline.h"
#include "core/service/governance/delegation.h"
#include "core/service/governance/governance.h"
#include "core/service/governance/keys.h"
#include "core/service/governance/rules.h"
#include "core/service/governance/sheet.h"
#include "core/service/governance/state.h"
#include "core/service/governance/tally/tally.h"

#define OC_GOVERNANCE_OPEN_MAX    100          /* proposals of one category under way at once */
#define OC_GOVERNANCE_RESERVE     50           /* more of each for administrators */
#define OC_GOVERNANCE_ACTOR_MAX   50           /* of one actor, all categories together */
#define OC_GOVERNANCE_URGENT_MAX  10           /* of these emergencies */
#define OC_GOVERNANCE_BURST       (4u << 20)   /* bytes that an actor may propose at once.. */
#define OC_GOVERNANCE_PER_HOUR    (2u << 20)   /* ..and in each hour from then on */
#define OC_GOVERNANCE_ROOM_MAX    (16u << 20)  /* bytes of all of them */
#define OC_GOVERNANCE_TITLE_MAX   200u         /* bytes of a title */
#define OC_GOVERNANCE_TEXT_MAX    (16u << 10)  /* bytes of one text of a proposal */
#define OC_GOVERNANCE_EMERGENCY   "EMERGENCY-" /* how the id of the record of one begins */
#define OC_GOVERNANCE_COMMENT_MAX 256          /* comments on one proposal */
#define OC_GOVERNANCE_BALLOT_MAX  64           /* ballots of one member on one proposal */

/* What the section says beside the rules. */
struct oc_governance_settings {
    int64_t review_within_ms;  /* for the review of what was done without a vote */
    int64_t deadlock_ms;       /* for each method of ending a deadlock */
    int64_t human_ms;          /* for the last of them: people */
    int64_t degraded_after_ms; /* too few members for so long: the degraded mode */
    int64_t posting_ms;        /* between two provisional decisions */
};

/* The electorate of one proposal: it never changes, and ballots on one proposal come together. */
struct oc_frozen_electorate {
    char proposal[OC_GOV_ID];
    char hash[OC_SHA256_HEX];
    uint32_t count;
    struct oc_member members[OC_ELECTORS_MAX];
};

struct oc_governance {
    const struct oc_env *env;
    struct oc_gov_rules rules; /* for proposals from now on */
    struct oc_governance_settings settings;
    json_t *state;              /* owned */
    struct oc_map clocks;       /* proposal -> struct oc_deadline, owned: of those that are open */
    struct oc_map runs;         /* proposal -> struct run: being carried out */
    struct oc_map endings;      /* proposal -> struct ending, owned: not on the disk yet (run.c) */
    struct oc_writing *writing; /* entries on their way to the disk */
    struct oc_watch *watches;   /* callers of governance.watch */
    struct oc_workers *workers; /* signatures of many ballots at once; made when first needed */
    struct oc_verifying *verifying;
    struct oc_timer *timer; /* what falls due next */
    int64_t due;            /* monotonic: when it fires */
    struct oc_timer *save;  /* saves the state now and then */
    struct oc_timer
        *begin; /* once all that starts with us has started; at the end: until when we wait */
    struct oc_subscription *health;
    struct oc_map checks;             /* of members: what was said of them last (reach.c), owned */
    struct oc_subscription *accepted; /* what the ledger has lost */
    struct oc_map
        overdue; /* proposals of which people have been told that their review is overdue */
    struct oc_map allowances;     /* actor -> struct allowance (quota.c), owned */
    int64_t degraded_since;       /* monotonic; too few can be reached since then; 0 = enough */
    struct oc_map spans;          /* key -> struct oc_deadline, owned: see oc_governance_left */
    struct oc_snapshot *snapshot; /* being made */
    struct oc_frozen_electorate frozen; /* of the proposal that was looked at last */
    struct oc_keyring *keyring;         /* the keys of the state */
    struct oc_sheet_seen *sheets;       /* [any] those that were verified */
    uint64_t saved;                     /* entries that the saved state covers */
    uint64_t saved_size;                /* entries that were there then */
    int64_t saved_ms;                   /* monotonic: when that was */
    int64_t save_after;                 /* monotonic: not saved again before */
    struct oc_deadline emergency;       /* the time of the emergency that is on */
    int64_t emergency_index; /* of which that is; 0: of none (see oc_governance_in_emergency) */
    int64_t last_ms;         /* of the last id */
    uint32_t serial;         /* within that millisecond */
    bool failed;             /* an entry could not be written: the state is to be read again */
    uint64_t losses;         /* how often that has happened */
    bool stopping, resumed;
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* ---- journal.c ---- */

/* The state as it was saved, and the entries since. */
int oc_governance_load(struct oc_governance *g, struct oc_error *err);
/* Writes an entry and adds it to the state. Takes `entry`; "at" is put in unless it is there. When it is on the disk the event
 * governance.<type> is published and `call` (may be NULL) ends with `result` (taken, may be NULL) and {"index","leaf"} in it.
 * OC_OK, or a code with which `call` has been failed. */
int oc_governance_write(struct oc_governance *g, const char *type, json_t *entry,
                        struct oc_call *call, json_t *result);
/* Ends `call` with `result` (taken) once everything that was written so far is on the disk; with OC_E_RETRY when it does not get
 * there, or when anything was lost since g->losses was `losses`. */
void oc_governance_answer_when_durable(struct oc_governance *g, struct oc_call *call,
                                       json_t *result, uint64_t losses);
/* All that was written is on the disk when this returns OC_OK. */
int oc_governance_sync(struct oc_governance *g, struct oc_error *err);
/* A receipt of an entry that is there: {"proposal","index","leaf"}. */
void oc_governance_receipt(struct oc_governance *g, json_t *result, uint64_t index);
/* Whether anything is still on its way. */
bool oc_governance_is_writing(const struct oc_governance *g);
void oc_governance_forget_writing(struct oc_governance *g);

/* ---- snapshot.c ---- */

/* Adds the entry to the state if it is one of ours. False: it cannot be read. [any] */
bool oc_governance_read_entry(json_t *state, uint64_t index, const char *text, size_t len);
/* The state as it was saved last; owned, NULL: there is none. */
json_t *oc_governance_saved(const struct oc_governance *g);
/* Has it saved by a worker when that is due. */
void oc_governance_save(struct oc_governance *g);
/* Saves it here and now: for the end. */
int oc_governance_save_now(struct oc_governance *g, struct oc_error *err);
void oc_governance_stop_snapshot(struct oc_governance *g);   /* the worker is asked to stop */
void oc_governance_forget_snapshot(struct oc_governance *g); /* the workers are gone */

/* ---- settings.c ---- */

void oc_governance_bind(struct oc_governance *g, const struct oc_config *config,
                        struct oc_diags *diags);

/* ---- case.c: from the state's JSON to what the pure functions take ---- */

/* Room for what a tally reads; freed by oc_governance_case_finish. */
struct oc_governance_case {
    struct oc_tally_case tally;
    struct oc_member members[OC_ELECTORS_MAX];
    OC_VEC(struct oc_ballot_record) ballots;
    OC_VEC(struct oc_signature_record) signatures;
    OC_VEC(struct oc_veto_record) vetoes;
    OC_VEC(struct oc_override_record) overrides;
    struct oc_delegation_record delegations[OC_ELECTORS_MAX];
};
void oc_governance_case(const struct oc_governance *g, const json_t *proposal,
                        struct oc_governance_case *c);
void oc_governance_case_finish(struct oc_governance_case *c);
/* The tally at `now`. */
void oc_governance_tally(const struct oc_governance *g, const json_t *proposal, int64_t now,
                         struct oc_tally_result *result);
/* Its vetoes alone, when the vote itself has ended without a decision. */
void oc_governance_vetoes(const struct oc_governance *g, const json_t *proposal, int64_t now,
                          struct oc_tally_result *result);
json_t *oc_governance_tally_json(const struct oc_tally_result *result);
/* The electorate as it was frozen; how many. */
uint32_t oc_governance_electorate(const json_t *proposal,
                                  struct oc_member members[OC_ELECTORS_MAX]);
json_t *oc_governance_electorate_json(const struct oc_governance *g);
/* The same with its hash; good until the next call. */
const struct oc_frozen_electorate *oc_governance_frozen(struct oc_governance *g,
                                                        const json_t *proposal);
/* Delegations of the state; owned by the caller. */
struct oc_gov_delegation *oc_governance_delegations(const struct oc_governance *g, size_t *count);
/* ---- keyring.c ---- */
struct oc_keyring *oc_keyring_create(void);
void oc_keyring_destroy(struct oc_keyring *r);
void oc_keyring_forget(struct oc_keyring *r); /* a key of the state has changed */
/* Whether the key was registered after the proposal was opened: it counts for later ones only. */
bool oc_governance_is_late_key(const struct oc_governance *g, const json_t *proposal,
                               const char *id);
/* The key with which a member may sign now. False: it has none. */
bool oc_governance_key(const struct oc_governance *g, const char *member,
                       struct oc_member_key *key);

/* ---- flow.c ---- */

/* Does what is due for one proposal, or for all, and starts the timer for what comes next. */
void oc_governance_poke(struct oc_governance *g, const char *id);
void oc_governance_poke_all(struct oc_governance *g);
/* Calls `fn`, which may write entries, for every proposal that there is. */
void oc_governance_each(struct oc_governance *g,
                        void (*fn)(struct oc_governance *g, const char *id));
/* The entry of this type is on the disk. */
void oc_governance_written(struct oc_governance *g, const char *type, const json_t *entry);
/* Frozen rules with a deadline counted from `now`, and the subject that follows from them, into `entry`. */
void oc_governance_open_cycle(const struct oc_governance *g, const json_t *proposal, int64_t now,
                              json_t *entry);
/* Decides: {"outcome","reason",..}. */
void oc_governance_decide(struct oc_governance *g, const json_t *proposal, const char *outcome,
                          const char *reason, const struct oc_tally_result *tally);

/* ---- clock.c ---- */

/* The time of a proposal: what its entries are stamped with. */
int64_t oc_governance_now(struct oc_governance *g, const json_t *proposal);
/* Its deadline is another from now on. */
void oc_governance_forget_clock(struct oc_governance *g, const char *id);
/* For what has no proposal's clock: ms until `until`, promised at `begun` (both wall ms); 0 when it has passed. From the first time
 * that it is asked for, it goes as the boot clock does: a wall clock that is set brings nothing about. `key` names it. */
int64_t oc_governance_left(struct oc_governance *g, const char *key, int64_t begun, int64_t until);
void oc_governance_forget_left(struct oc_governance *g, const char *key);

/* ---- run.c ---- */

void oc_governance_run(struct oc_governance *g, const char *id); /* execution_started is durable */
void oc_governance_roll_back(struct oc_governance *g,
                             const char *id);       /* rollback_started is durable */
void oc_governance_resume(struct oc_governance *g); /* what a crash has interrupted */
void oc_governance_forget_runs(struct oc_governance *g);
void oc_governance_forget_endings(struct oc_governance *g);
size_t oc_governance_running(const struct oc_governance *g);
/* Writes ends of operations that could not be written when they came. */
void oc_governance_write_endings(struct oc_governance *g);
/* An entry of that kind is on the disk, or has failed to get there. */
void oc_governance_ending_settled(struct oc_governance *g, const char *type, const json_t *entry,
                                  bool written);

/* ---- reach.c ---- */

void oc_governance_reach_begin(struct oc_governance *g); /* from now on checks are heard */
void oc_governance_reach_end(struct oc_governance *g);
/* What the checks say now: they may have come and gone, or been down before anybody listened. */
void oc_governance_reach_ask(struct oc_governance *g);

/* ---- mode.c ---- */

/* It is certain that the member can be reached, or that it cannot. */
void oc_governance_hear(struct oc_governance *g, const char *member, bool reachable);
void oc_governance_mode_tick(struct oc_governance *g);
bool oc_governance_is_degraded(const struct oc_governance *g);
bool oc_governance_is_reachable(const struct oc_governance *g, const char *member);
/* Whether one is on that has not run out. */
bool oc_governance_in_emergency(struct oc_governance *g);
/* Ends the one that is on, if any: it becomes a record that waits for its review. */
void oc_governance_end_emergency(struct oc_governance *g);
/* What the degraded mode does to a new proposal; nothing in the standard mode. */
void oc_governance_degrade(struct oc_governance *g, const char *id);
/* OC_E_CONFLICT: a provisional decision was posted too short a time ago. */
int oc_governance_may_post(struct oc_governance *g, const char *category, struct oc_error *err);
void oc_governance_alert(struct oc_governance *g, const char *rule, const char *about,
                         const char *severity, const char *message, bool firing);

/* ---- propose.c ---- */

struct oc_draft {
    const char *category, *title, *description, *justification, *impact, *rollback_plan;
    const json_t *changes; /* names of parameters; may be NULL */
    const char *op;        /* may be NULL */
    const json_t *params;  /* of op; may be NULL */
    const json_t *plan;    /* what it would do, as voters are shown it; may be NULL */
    const char *actor;
    enum oc_role role;
    bool gated; /* the gate has asked the policy already: this is the category that it wants */
    const char *rollback_op;
    const json_t *rollback_params;
};
const char *oc_governance_role(enum oc_role role); /* "operator" */
/* Checks a draft and makes the record of it. NULL and err: it is refused. Owned. */
json_t *oc_governance_draft(struct oc_governance *g, const struct oc_draft *draft,
                            struct oc_error *err);
/* quota.c: whether there is a slot for one more. OC_E_CONFLICT: not of this category, or not of this actor. */
int oc_governance_check_quota(const struct oc_governance *g, const struct oc_draft *draft,
                              struct oc_error *err);
/* Takes the bytes from what the actor may write. OC_E_CONFLICT: it has written too much of late. */
int oc_governance_charge(struct oc_governance *g, const struct oc_draft *draft, size_t bytes,
                         struct oc_error *err);
/* Whether the open proposals may grow by `more` bytes. OC_E_CONFLICT. */
int oc_governance_room(const struct oc_governance *g, size_t more, struct oc_error *err);
/* Digest of what is voted on: the text, the operation, the electorate, the rules, the revision and the cycle. */
void oc_governance_subject(const json_t *proposal, char hex[OC_SHA256_HEX]);
/* The same for the vote on what was decided without one. */
void oc_governance_ratify_subject(const json_t *proposal, char hex[OC_SHA256_HEX]);
/* Writes rule_violation_detected. */
void oc_governance_violation(struct oc_governance *g, const char *actor, const char *proposal,
                             const struct oc_error *what);
/* Fails the call; what the rules refuse is written down, too. */
void oc_governance_refuse(struct oc_governance *g, struct oc_call *call,
                          const struct oc_error *err);

/* ---- accept.c: what members sign ---- */

struct oc_governance_act {
    struct oc_statement statement;
    bool ratification;     /* a ballot about what was decided provisionally */
    bool change;           /* an earlier ballot of the member may be replaced */
    bool quiet;            /* one of many: the caller pokes the proposal when all are written */
    const char *text;      /* the reason; borrowed, may be NULL */
    const char *signature; /* base64, or that of a sheet; borrowed */
    uint8_t bytes[OC_SIGN_SIGNATURE]; /* it, unless it is a sheet's */
    struct oc_member_key key;
};
/* Fills in what the host knows by itself (subject, electorate) and the key; refuses what this member may not say, or not now. `proposal` is NULL
 * for a delegation and an emergency. With `signature` NULL only the statement is made. */
int oc_governance_prepare(struct oc_governance *g, const json_t *proposal,
                          struct oc_governance_act *act, struct oc_error *err);
/* Whether the signature fits; `seen` may be NULL. [any] */
int oc_governance_verify(const struct oc_governance_act *act, struct oc_sheet_seen *seen,
                         struct oc_error *err);
/* The entry, once it is on the disk; owned. NULL and err: it cannot be read. */
json_t *oc_governance_entry(const struct oc_governance *g, uint64_t index, struct oc_error *err);
/* What was signed before with this nonce: true, and *index is its place. OC_E_CONFLICT in err: something else was. */
bool oc_governance_is_known(const struct oc_governance *g, const json_t *proposal,
                            const struct oc_governance_act *act, int64_t *index,
                            struct oc_error *err);
/* Writes it; `call` (may be NULL) ends with the receipt. */
int oc_governance_commit(struct oc_governance *g, const struct oc_governance_act *act,
                         struct oc_call *call);
/* Of what is signed without a proposal: OC_E_CONFLICT when its nonce was used before, however long ago. */
int oc_governance_check_floor(const struct oc_governance *g, const struct oc_governance_act *act,
                              struct oc_error *err);
/* The nonce that the member's next statement may have. */
uint64_t oc_governance_next_nonce(const struct oc_governance *g, const json_t *proposal,
                                  const struct oc_governance_act *act);

/* ---- may.c: OC_OK, or why not ---- */

int oc_governance_check_office(struct oc_governance *g, const json_t *proposal,
                               const struct oc_governance_act *act, struct oc_error *err);
int oc_governance_check_time(struct oc_governance *g, const json_t *proposal,
                             const struct oc_governance_act *act, struct oc_error *err);
/* A ballot in the place of another one. */
int oc_governance_check_change(const json_t *proposal, const struct oc_governance_act *act,
                               struct oc_error *err);
int oc_governance_check_reason(const struct oc_governance_act *act, struct oc_error *err);

/* ---- planned.c ---- */
typedef void (*oc_governance_planned_fn)(struct oc_governance *g, struct oc_call *call,
                                         const json_t *plan);
/* Has `op` planned in the name of who calls, then goes on; a plan that cannot be made ends the call. */
void oc_governance_plan(struct oc_governance *g, struct oc_call *call, const struct oc_op *op,
                        const json_t *params, oc_governance_planned_fn then);

/* ---- show.c ---- */
json_t *oc_governance_row(const struct oc_governance *g, const json_t *proposal);
json_t *oc_governance_detail(const struct oc_governance *g, const json_t *proposal);
json_t *oc_governance_status(struct oc_governance *g);
/* Whether it can decide anything: the ledger is well, and every member of the triad has a key. Else why not. */
int oc_governance_ready(const struct oc_governance *g, struct oc_error *err);

/* ---- watch.c ---- */
void oc_governance_tell_watches(struct oc_governance *g, const char *type, uint64_t index,
                                const json_t *entry);
void oc_governance_end_watches(struct oc_governance *g);

/* ---- ops_power.c ---- */
struct oc_workers *oc_governance_workers(struct oc_governance *g); /* made when first needed */
void oc_governance_forget_verifying(struct oc_governance *g);

/* ---- the operations ---- */
void oc_governance_add_ops(struct oc_governance *g);
#define OC_GOVERNANCE_OP_LISTS(X)                                                                  \
    X(oc_governance_ops_propose)                                                                   \
    X(oc_governance_ops_amend)                                                                     \
    X(oc_governance_ops_vote)                                                                      \
    X(oc_governance_ops_form)                                                                      \
    X(oc_governance_ops_power)                                                                     \
    X(oc_governance_ops_sheet)                                                                     \
    X(oc_governance_ops_key)                                                                       \
    X(oc_governance_ops_show)                                                                      \
    X(oc_governance_ops_import)
#define X(list)                                                                                    \
    extern const struct oc_op list[];                                                              \
    extern const size_t list##_count;
OC_GOVERNANCE_OP_LISTS(X)
#undef X

/* The proposal, or NULL: the call has been failed. A prefix that fits one proposal alone will do; "last" is the newest. */
json_t *oc_governance_need(struct oc_governance *g, struct oc_call *call, const char *id);

#endif
