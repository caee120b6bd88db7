/* What the files of the audit service share. SPDX-License-Identifier: MIT  [loop]
 *
 *   listen     hears of what is done and puts it into the ledger and into governance-events.log
 *   write      entries on their way to the disk, and what becomes of them
 *   refused    what was refused: an entry of it, and of one actor not without end
 *   shorten    what is too long for an entry
 *   hand       a private daemon hands what it has done to the running one, or writes it itself
 *   seal       the host's key, checkpoints, their thinning
 *   retire     text that is older than the retention goes
 *   seen       what the store remembers of the ledger: one that was cut or put in its place is not trusted
 *   copy       checkpoints and segments go to another folder
 *   place      whether that is another folder
 *   witness    who vouches for checkpoints, and how
 *   ops_*      the operations */
#ifndef OC_SERVICE_AUDIT_INTERNAL_H
#define OC_SERVICE_AUDIT_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/ration.h"
#include "core/base/vec.h"
#include "core/loop/worker.h"
#include "core/service/audit/audit.h"
#include "core/store/ledger/ledger_tree.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/linelog.h"

#define OC_AUDIT_WITNESSES 32
#define OC_AUDIT_COPY_REMEDY                                                                       \
    "compare it with `openclaw ledger verify --dir`, keep it, and name another folder in "         \
    "ledger.copy_to"

struct oc_audit_section {
    int64_t checkpoint_every_ms, checkpoint_entries, retention_ms, log_size;
    const char *copy_to; /* NULL: nowhere */
};

struct oc_host_key {
    bool known;
    char name[OC_NOTE_NAME];
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
};

/* Our alerts, and what was told of each since the start: one of the run before may be open. */
enum oc_audit_alarm {
    OC_AUDIT_UNHEALTHY,
    OC_AUDIT_COPY_FAILED,
    OC_AUDIT_COPY_CONFLICT,
    OC_AUDIT_ALARMS
};
enum oc_audit_told { OC_AUDIT_UNTOLD, OC_AUDIT_RESOLVED, OC_AUDIT_FIRING };

struct oc_audit {
    struct oc_env env;
    struct oc_audit_section section;
    struct oc_arena arena; /* of the section */
    char *dir;             /* <home>/ledger */
    OC_VEC(struct oc_subscription *) heard;
    struct oc_linelog governance_log;
    struct oc_host_key key;
    uint64_t checkpointed;   /* entries that the newest checkpoint covers */
    int64_t checkpointed_ms; /* mono; when it was made, or looked for */
    int64_t uncovered_ms;    /* mono; when an entry that no checkpoint covers was seen; 0: none */
    int64_t retired_ms;      /* mono; when it was last looked for text that is too old */
    int64_t lived_ms;        /* wall, as far as the host has lived through it; */
    int64_t lived_boot;      /* boot; when that was last looked at */
    bool leapt;              /* that the clock is ahead of it was said */
    struct oc_timer *tick;
    struct oc_timer *soon;      /* a decision is signed at once; those of one second together */
    struct oc_workers *workers; /* made when first needed */
    struct oc_verifying *verifying;
    struct oc_copying *copying;
    bool copy_again;
    oc_loop_fn stopped; /* it ends when what was signed last has been copied, */
    void *stopped_ctx;
    struct oc_timer *leave; /* or when that takes too long */
    char *copy_problem;     /* of the last copy; owned, NULL: none */
    unsigned copy_tries;    /* that failed since the last good one */
    uint64_t
        copy_known; /* checkpoints up to this size are in the copy as they are here; 0: that is to be looked at */
    int64_t copy_tried_ms; /* mono; when the last one ended */
    int64_t copied_ms;     /* wall; of the last good one */
    uint64_t unheard;      /* what could not be written, and of which no audit_gap is there */
    uint64_t telling;      /* of them those that the audit_gap on its way speaks of; 0: none is */
    struct oc_ration refusals;
    struct oc_audit_writing *writing; /* entries that are on their way to the disk */
    enum oc_audit_told told[OC_AUDIT_ALARMS];
};

struct oc_workers *oc_audit_workers(struct oc_audit *s);

/* listen.c */
void oc_audit_listen(struct oc_audit *s);
/* An entry of ours; borrows it. What it `tells` of, one thing or as many as were left out, is counted as lost when it is not taken, or when
 * the disk fails below it. */
void oc_audit_add(struct oc_audit *s, const char *type, const json_t *entry, unsigned tells);
/* What could not be written is counted by an entry of its own, as soon as one can be written again. */
void oc_audit_tell_gap(struct oc_audit *s);
/* Told to those who write security-events.log. Takes data. */
void oc_audit_security(struct oc_audit *s, const char *event, json_t *data);

/* write.c */
/* An entry that could not be written told of so much: that is counted until an audit_gap says so. */
void oc_audit_lose(struct oc_audit *s, const struct oc_error *why, unsigned tells);
/* The entry (borrowed) begins its way to the disk, and `call` (may be NULL) is answered when it is there; what is lost on the way is
 * counted. On an error it was not taken, nobody is answered and nothing is counted. */
int oc_audit_write(struct oc_audit *s, const char *type, const json_t *entry, unsigned tells,
                   struct oc_call *call, struct oc_error *err);
void oc_audit_write_forget(struct oc_audit *s); /* what is on its way arrives without us */

/* refused.c */
void oc_audit_refused_begin(struct oc_audit *s);
void oc_audit_refused(struct oc_audit *s, const json_t *data); /* of "op.denied"; borrowed */
/* How much was left out of those whose minute is over at `now` (mono). */
void oc_audit_refused_settle(struct oc_audit *s, int64_t now);

/* shorten.c: an entry that is too long, as much of it as fits: long texts become their beginning, their length and their SHA-256. */
json_t *oc_audit_shortened(const json_t *entry);
/* As oc_ledger_add, and what is too long is shortened. */
int64_t oc_audit_append(struct oc_ledger *l, const char *type, const json_t *entry,
                        oc_ledger_done_fn done, void *ctx, struct oc_error *err);

/* hand.c: [blocking, at most some seconds] for a daemon of one operation. */
int oc_audit_hand_over(struct oc_audit *s, const char *type, const json_t *entry,
                       struct oc_error *err);

/* seal.c */
int oc_audit_load_key(struct oc_audit *s, bool make, struct oc_error *err);
/* Everything that is durable, signed. OC_OK also when the newest checkpoint covers all; `note` (may be NULL) gets its text. */
int oc_audit_checkpoint(struct oc_audit *s, struct oc_buf *note, uint64_t *size,
                        struct oc_error *err);
/* The text of the checkpoint of `size` entries. */
int oc_audit_read_note(struct oc_audit *s, uint64_t size, struct oc_buf *text,
                       struct oc_error *err);
/* The oldest checkpoint that covers `index`; 0: none does. */
uint64_t oc_audit_covering(const struct oc_audit *s, uint64_t index);
/* People have accepted that the ledger has `left` entries: checkpoints of more are kept under names that no longer count (SIZE.lost). */
int oc_audit_lose_notes(struct oc_audit *s, uint64_t left, struct oc_error *err);
/* What a later checkpoint covers need not be kept for ever: of old ones the last of each day stays, and of each witness the last that
 * it has signed. */
void oc_audit_thin(struct oc_audit *s);
/* The same in one folder of checkpoints; those that `but` (may be NULL) has as well stay. [any] */
void oc_audit_thin_folder(const char *folder, const char *but);

/* retire.c */
void oc_audit_lived_begin(struct oc_audit *s);
void oc_audit_live(
    struct oc_audit *s); /* notes how far the host has lived through the wall clock */
void oc_audit_retire(struct oc_audit *s);

/* A decision has been written: it is signed within a second. */
void oc_audit_checkpoint_soon(struct oc_audit *s);

/* seen.c */
bool oc_audit_may_remember(const struct oc_audit *s); /* there is a store, and it is the host's */
void oc_audit_remember(struct oc_audit *s, uint64_t size, const uint8_t root[OC_LEDGER_HASH]);
void oc_audit_compare(struct oc_audit *s); /* at the start: what is remembered with what is there */
/* The same for a daemon of one operation, which has the home to itself and no store: `l` is the ledger of the home. Fails when it cannot
 * be told what is remembered. */
int oc_audit_compare_home(struct oc_audit *s, struct oc_ledger *l, struct oc_error *err);
/* How many entries the ledger of this home had when the host signed it last; 0: it never did. Fails when that cannot be read. */
int oc_audit_remembered(struct oc_audit *s, uint64_t *entries, struct oc_error *err);
void oc_audit_add_seen_ops(struct oc_audit *s);

/* Firing or resolved. True: it was not told so before. */
bool oc_audit_alert(struct oc_audit *s, enum oc_audit_alarm alarm, bool firing,
                    const char *message);

/* copy.c */
void oc_audit_copy(struct oc_audit *s);
/* The next copy looks at the checkpoints from `size` on again; at all of them, and thins them, when it is 1. */
void oc_audit_copy_anew(struct oc_audit *s, uint64_t size);
/* While the service stops: nothing is waited for any longer. */
void oc_audit_leave(void *audit);
/* What was known of a copy is about another folder than that of ledger.copy_to now. */
void oc_audit_copy_moved(struct oc_audit *s);
/* Tries again what could not be copied: [loop] from the clock, with the time of oc_time_mono(). */
void oc_audit_copy_again(struct oc_audit *s, int64_t now);

/* place.c: `folder` is `dir`, or lies in it, by whatever path. */
bool oc_audit_is_within(const char *folder, const char *dir);
void oc_audit_forget_copy(struct oc_audit *s); /* it never began */

/* witness.c */
size_t oc_audit_witnesses(struct oc_audit *s, struct oc_ledger_witness list[OC_AUDIT_WITNESSES]);
void oc_audit_add_witness_ops(struct oc_audit *s);

/* ops_show.c, ops_status.c, ops_prove.c, ops_verify.c */
bool oc_audit_is_public(const char *type); /* of an entry: whoever may ask at all may see it */
void oc_audit_add_show_ops(struct oc_audit *s);
void oc_audit_add_status_ops(struct oc_audit *s);
void oc_audit_add_prove_ops(struct oc_audit *s);
void oc_audit_add_verify_ops(struct oc_audit *s);
void oc_audit_stop_verify(struct oc_audit *s);
void oc_audit_forget_verify(struct oc_audit *s); /* it never began */
/* The same handler as ledger.X and governance.ledger.X; `op` and `twin` are the table's. */
void oc_audit_add_op(struct oc_audit *s, const struct oc_op *op, struct oc_op *twin,
                     const char *twin_name);

void oc_audit_hex(const uint8_t *bytes, size_t len, char *out); /* with a NUL */

#endif
