/* What the files of the cron service share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_CRON_INTERNAL_H
#define OC_SERVICE_CRON_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/service/cron/cron_service.h"
#include "core/sys/crontime.h"

#define OC_CRON_GRACE OC_MINUTE /* a run this late is on time */
#define OC_CRON_SHOW                                                                               \
    (75 * OC_SECOND)               /* two samples, which come every minute, tell of missed runs */
#define OC_CRON_BACK_MAX    OC_DAY /* a clock set back further had been wrong: it is followed anew */
#define OC_CRON_CATCH_UP    10     /* missed runs that `all` makes up for */
#define OC_CRON_COUNT_MAX   10000  /* missed runs that are counted one by one */
#define OC_CRON_PARALLEL    10     /* runs of one schedule at a time */
#define OC_CRON_HISTORY     50     /* runs of one schedule that are kept */
#define OC_CRON_ENTRIES_MAX 1000   /* schedules */
#define OC_CRON_ADDED_MAX   200    /* of them, added while the host runs */
#define OC_CRON_OUTPUT_MAX  2000   /* bytes of a result that are kept */

enum oc_cron_origin { OC_CRON_SHIPPED, OC_CRON_CONFIG, OC_CRON_SET };
enum oc_cron_catch_up { OC_CRON_SKIP, OC_CRON_ONCE, OC_CRON_ALL };
enum oc_cron_overlap { OC_CRON_NO_OVERLAP, OC_CRON_QUEUE, OC_CRON_PARALLELS };
enum oc_cron_trigger { OC_CRON_DUE, OC_CRON_CATCHING_UP, OC_CRON_REPEAT, OC_CRON_MANUAL };

/* ---- definition.c: what a schedule is ---- */

struct oc_cron_options {
    const char *name, *cron, *zone, *op, *comment;
    int64_t every, jitter, timeout;
    int32_t catch_up, overlap, enabled, role;
    struct oc_list replaces; /* of const char * */
};
extern const struct oc_option oc_cron_options[];

struct oc_cron_definition {
    struct oc_arena arena; /* of `o` */
    struct oc_cron_options o;
    json_t *json;   /* owned; as it was written, "params" among it */
    json_t *params; /* borrowed from json; NULL = none */
    struct oc_cron cron;
    struct oc_zone zone;
};

/* Takes json. OC_E_CONFIG; then there is nothing to finish. */
int oc_cron_definition_init(struct oc_cron_definition *d, json_t *json, struct oc_error *err);
void oc_cron_definition_finish(struct oc_cron_definition *d);
/* The first due time after `after`, without jitter; OC_CRON_NEVER. */
int64_t oc_cron_definition_next(const struct oc_cron_definition *d, int64_t after);
/* When that due time is started: later by what name and time give, the same on every host. */
int64_t oc_cron_definition_start(const struct oc_cron_definition *d, int64_t due);
/* "every 5 minutes" */
char *oc_cron_definition_text(const struct oc_cron_definition *d);
/* "*" "/5 * * * * Europe/Berlin": another one means that times begin anew. Owned by the caller. */
char *oc_cron_definition_when(const struct oc_cron_definition *d);
/* "2026-11-22 14:00 +01:00" on the clock of the zone. */
char *oc_cron_definition_clock(const struct oc_cron_definition *d, int64_t wall_ms, char *buf,
                               size_t size);
const char *oc_cron_role_name(int32_t role);

/* ---- entries ---- */

struct oc_cron_wait {
    int64_t due;
    enum oc_cron_trigger trigger;
};

struct oc_cron_entry {
    struct oc_cron_service *service;
    char *name; /* owned */
    enum oc_cron_origin origin;
    struct oc_cron_definition def;
    int32_t enabled_by_hand; /* -1: as the definition says */
    bool available;          /* its operation is there and would be let through */
    char reason[256];        /* why it is not */
    int64_t seen;            /* due times up to this one have been judged */
    int64_t missed, failed;  /* in a row */
    int64_t shown;           /* missed runs that samples tell of ... */
    int64_t shown_until;     /* ... until then (monotonic), although another run has begun */
    int64_t number;          /* of the latest run */
    OC_VEC(json_t *) asked;  /* owned; records of runs that wait for a decision, the oldest first */
    bool look;               /* one of them may be decided */
    json_t *last;            /* owned; the latest record that is over; NULL = none */
    OC_VEC(struct oc_cron_run *) running;
    OC_VEC(struct oc_cron_wait) waiting; /* to be started, in this order */
    OC_VEC(int64_t) left;                /* numbers of runs that the stopping host has left open */
    bool dirty;                          /* its state is to be written */
    bool marked;                         /* while configuring: it is wanted */
};

/* One run under way. */
struct oc_cron_run {
    struct oc_cron_entry *entry;     /* NULL: the schedule is no more */
    struct oc_cron_service *service; /* NULL: nor is the service */
    int64_t number, due, began_mono;
    enum oc_cron_trigger trigger;
    json_t *record;        /* owned */
    struct oc_call *call;  /* NULL: not begun, or over */
    struct oc_call *asker; /* of cron.run, who waits for its end; NULL = nobody */
    struct oc_timer *timer;
    bool timed_out, starting, over;
};

struct oc_cron_service {
    struct oc_env env;
    OC_VEC(struct oc_cron_entry *) entries; /* by name */
    OC_VEC(struct oc_cron_run *) runs;      /* of all entries */
    json_t *records;                        /* owned; to be written with the next flush */
    struct oc_timer *timer, *flusher, *decider;
    struct oc_subscription *decisions;               /* what governance writes */
    OC_VEC(struct oc_cron_withdrawal *) withdrawals; /* under way */
    uint64_t generation; /* of the operations that the entries were checked against */
    bool configured, stopping, ticking;
    bool failing;           /* runs could not be written down */
    int64_t configured_ms;  /* monotonic; the first time */
    bool changed;           /* what is told in samples is another */
    bool complete;          /* all of it has been told once */
    int64_t emitted_ms;     /* monotonic */
    int64_t emitted_at;     /* wall; the time of the latest samples */
    struct oc_timer *grace; /* while it stops */
    int64_t stop_by;        /* monotonic */
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* ---- service.c ---- */

struct oc_cron_entry *oc_cron_find(struct oc_cron_service *s, const char *name);
/* Takes def; there is none of that name. */
struct oc_cron_entry *oc_cron_entry_add(struct oc_cron_service *s, struct oc_cron_definition *def,
                                        enum oc_cron_origin origin);
/* Takes def, which has the same name. */
void oc_cron_entry_change(struct oc_cron_entry *e, struct oc_cron_definition *def,
                          enum oc_cron_origin origin);
/* Runs under way end by themselves. */
void oc_cron_entry_drop(struct oc_cron_service *s, struct oc_cron_entry *e);
bool oc_cron_enabled(const struct oc_cron_entry *e);
bool oc_cron_active(const struct oc_cron_entry *e); /* enabled, and its operation is there */
/* Looks whether the operation can be called; fills `available` and `reason`. */
void oc_cron_check(struct oc_cron_entry *e);
/* What it wants of the operation, apart from its being there. OC_OK when there is nothing to say against it. */
int oc_cron_check_op(struct oc_cron_service *s, const struct oc_cron_definition *d,
                     struct oc_error *err);

/* ---- tick.c: what is due ---- */

void oc_cron_tick(void *service);
void oc_cron_wake(struct oc_cron_service *s); /* looks at everything in the next turn of the loop */
/* When its next run starts; OC_CRON_NEVER. */
int64_t oc_cron_next_start(const struct oc_cron_entry *e);

/* ---- run.c ---- */

/* Numbers and writes what is in `claims` (at least one); each is started once all are on the disk. OC_OK or why not: then none
 * of them is. */
struct oc_cron_claim {
    struct oc_cron_entry *entry;
    struct oc_cron_wait wait;
    struct oc_call *asker; /* may be NULL */
};
int oc_cron_claim(struct oc_cron_service *s, const struct oc_cron_claim *claims, size_t count,
                  struct oc_error *err);
void oc_cron_run_destroy(struct oc_cron_run *run);
/* Nobody cares for it any more: it goes when its call ends. */
void oc_cron_run_orphan(struct oc_cron_run *run);
const char *oc_cron_trigger_name(enum oc_cron_trigger trigger);
/* A summary of what came back becomes the record's. */
void oc_cron_record_output(json_t *record, const json_t *result);
void oc_cron_publish_ended(struct oc_cron_service *s, const json_t *record);

/* ---- awaited.c: runs that wait for a decision ---- */

#define OC_CRON_WITHDRAWALS "cron.withdraw" /* proposal -> {"schedule"}: to be withdrawn */
/* It waits for its "proposal": takes the record, which changes with the decision. */
void oc_cron_await(struct oc_cron_entry *e, json_t *record);
void oc_cron_await_forget(struct oc_cron_entry *e);
void oc_cron_decided(void *service, const struct oc_event *event); /* of the bus */
void oc_cron_decider_timer(void *service);
/* Written, within the transaction if there is one: nobody wants the proposal any more. It is withdrawn soon. */
void oc_cron_withdraw_later(struct oc_cron_service *s, const char *schedule, const char *proposal);
/* Withdraws now what is written so; whoever asks is told of what cannot be. asker may be NULL. */
void oc_cron_withdraw(struct oc_cron_service *s, struct oc_call *asker);
void oc_cron_withdraw_forget(struct oc_cron_service *s);
/* What it asked for before is carried out as it was asked: whoever changes the schedule is told. */
void oc_cron_warn_of_asked(struct oc_call *call, const struct oc_cron_entry *e);

/* ---- keep.c: what survives a restart ---- */

void oc_cron_load_entry(
    struct oc_cron_entry *e); /* its state; runs that were under way are interrupted */
/* A run is over: its record (taken) is the last one, and written at the end of this turn of the loop. */
void oc_cron_settle(struct oc_cron_entry *e, json_t *record);
/* An event of the history that was no run: "missed", "skipped". */
void oc_cron_note(struct oc_cron_entry *e, const char *state, int64_t due, int64_t count,
                  const char *message);
/* Writes records that wait and states that are dirty, in one transaction: now, or at the end of this turn of the loop. */
void oc_cron_flush_soon(struct oc_cron_service *s);
void oc_cron_flush_timer(void *service);
int oc_cron_flush(struct oc_cron_service *s, struct oc_error *err);
int oc_cron_write_definition(struct oc_cron_service *s, const struct oc_cron_definition *d,
                             struct oc_error *err);
/* Everything about it, its definition too; what it waits for is to be withdrawn. */
int oc_cron_forget(struct oc_cron_service *s, const char *name, int64_t number,
                   struct oc_error *err);
/* The newest records first. Owned by the caller. */
json_t *oc_cron_history(const struct oc_cron_entry *e, size_t limit);
json_t *
oc_cron_definitions(struct oc_cron_service *s);    /* {name: definition}; owned by the caller */
json_t *oc_cron_states(struct oc_cron_service *s); /* {name: state}; owned by the caller */

/* ---- emit.c ---- */

void oc_cron_emit(struct oc_cron_service *s);
void oc_cron_emit_gone(const struct oc_cron_entry *e); /* whatever was told about it is over */

/* ---- operations ---- */

json_t *oc_cron_entry_json(struct oc_cron_entry *e); /* a row of cron.list */
/* The entry, or NULL when the call has been failed. */
struct oc_cron_entry *oc_cron_named(struct oc_call *call, struct oc_cron_service *s,
                                    const char *name);
/* Of operations that take the name of a schedule and nothing else: ops_look.c. */
struct oc_cron_name_params {
    const char *name;
};
extern const struct oc_option oc_cron_name_options[];
void oc_cron_add_look_ops(struct oc_cron_service *s); /* list, show, next, history */
void oc_cron_add_edit_ops(struct oc_cron_service *s); /* add, edit, remove */
void oc_cron_add_act_ops(struct oc_cron_service *s);  /* enable, disable, run */
void oc_cron_add_import_op(struct oc_cron_service *s);
/* Makes and keeps a new schedule of `json` (taken) for whoever calls. */
struct oc_cron_entry *oc_cron_make(struct oc_cron_service *s, json_t *json,
                                   const struct oc_actor *actor, struct oc_error *err);
/* Whether that would be done, were `more` others added before; takes json and changes nothing. */
int oc_cron_would_make(struct oc_cron_service *s, json_t *json, const struct oc_actor *actor,
                       size_t more, struct oc_error *err);

/* ---- crontab.c: lines of a crontab ---- */

struct oc_crontab_line {
    int number;
    char *cron, *command; /* owned; NULL when the line is none of a schedule */
};
/* Reads a line: 1 = a schedule, 0 = nothing (a comment, a variable; CRON_TZ is put into *zone, owned), -1 = err. */
int oc_crontab_read(const char *line, struct oc_crontab_line *out, char **zone,
                    struct oc_error *err);
/* "production-backup.sh --database": program and options of a command; NULL when it is more than that (pipes, variables, several
 * commands). Where its output goes is left out. Owned by the caller. */
char *oc_crontab_command(const char *command);

#endif
