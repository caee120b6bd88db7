/* What the files of this folder share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_RUNBOOK_INTERNAL_H
#define OC_SERVICE_RUNBOOK_INTERNAL_H

#include <stdbool.h>

#include "core/base/vec.h"
#include "core/policy/sandbox.h"
#include "core/service/runbook/runbook.h"

#define RUNBOOK_STEPS_MAX  500
#define RUNBOOK_PARAMS_MAX 32
#define RUNBOOK_FACTS_MAX  64
#define RUNBOOK_PRELUDE    "prelude"

/* One file. */
struct book {
    char *name, *file; /* file: NULL while the shipped text is in force */
    char *text;
    size_t len;
    json_t *declaration;   /* what it says of itself; NULL when it is bad */
    struct oc_error error; /* why it is bad */
    struct book *replaced; /* owned: the shipped one, which stands in when this is bad; or NULL */
    char *failure;         /* the shipped one stands in: what is wrong with the file of its name */
};

struct run;

struct oc_runbook {
    const struct oc_env *env;
    char *dir;
    bool ask, looked, stopping;
    int64_t keep;                /* runs that are remembered */
    OC_VEC(struct book *) books; /* by name */
    struct book *prelude;
    struct run *runs; /* under way */
    struct oc_timer *timer;
    struct oc_subscription *decisions;
    bool resumed;                     /* what was interrupted goes on, or need not */
    OC_VEC(struct oc_call *) waiting; /* calls for a decision, until then */
};

/* ---- library.c: the files ---- */
/* Looks at the folder again; `only` (or every one, NULL) is run to see what it says of itself. */
void oc_runbook_books_load(struct oc_runbook *s, const char *only);
void oc_runbook_books_free(struct oc_runbook *s);
struct book *oc_runbook_book_find(struct oc_runbook *s, const char *name);
/* A sandbox with the prelude and the runbook in it; NULL and err. Owned by the caller. */
struct oc_lua *oc_runbook_book_open(struct oc_runbook *s, const struct book *book,
                                    struct oc_error *err);

/* ---- params.c ---- */
/* Checks the declaration itself. */
int oc_runbook_params_check(const json_t *declared, struct oc_error *err);
/* What was given (text or JSON values), checked, with defaults. *bound is owned by the caller. */
int oc_runbook_params_bind(const json_t *declared, const json_t *given, json_t **bound,
                           struct oc_error *err);

/* ---- plan.c ---- */
/* What `plan` returned, made a plan: {"runbook","title","severity","params","steps":[..],"findings":[..],"warnings":[..],
 * "actions":[..],"plan": its hash,"available":bool}. Owned by the caller; NULL and err when it is no plan. */
json_t *oc_runbook_plan_make(struct oc_runbook *s, const struct book *book, const json_t *params,
                             const json_t *answer, struct oc_error *err);
/* One step of it, checked and made complete; NULL and err. */
json_t *oc_runbook_plan_step(struct oc_runbook *s, const json_t *step, size_t index,
                             struct oc_error *err);

/* Whether the operation takes these; Lua's one empty table is no parameters. OC_E_CONFIG. */
int oc_runbook_check_params(const struct oc_op *op, const json_t *params, struct oc_error *err);

/* ---- facts.c ---- */
/* Whether `wanted` are questions that can be asked here; err names file, fact and operation. OC_E_CONFIG. */
int oc_runbook_facts_check(struct oc_runbook *s, const struct book *book, const json_t *wanted,
                           struct oc_error *err);

/* ---- expect.c ---- */
/* Whether `result` is as `expect` says; `why` says what is not. since_ms: when the step began. */
bool oc_runbook_expect_holds(const json_t *expect, const json_t *result, int64_t since_ms,
                             char *why, size_t size);
int oc_runbook_expect_check(const json_t *expect, struct oc_error *err);
/* "state is ok, the answer has at least 1": owned by the caller. */
char *oc_runbook_expect_words(const json_t *expect);

/* ---- run.c: what is kept of a run, and who watches it ---- */
struct exec;
struct watcher {
    struct oc_call *call;
    struct run *run;
    struct watcher *next;
};
struct run {
    struct oc_runbook *service;
    struct run *next;
    json_t *doc;   /* as it is in the store */
    json_t *steps; /* borrowed of doc */
    char *id, *actor;
    enum oc_role role;
    struct exec *execs; /* steps that are under way */
    struct watcher *watchers;
    struct oc_timer *alive;
    bool abort, undo, held, advancing; /* held: the daemon stops, nothing more is done */
    bool resumed;
};

struct run *oc_runbook_run_create(struct oc_runbook *s, json_t *plan, const struct oc_actor *actor,
                                  bool skip_unavailable);
struct run *oc_runbook_run_adopt(struct oc_runbook *s, json_t *doc /* taken */);
struct run *oc_runbook_run_find(struct oc_runbook *s, const char *id);
void oc_runbook_run_free(struct run *r); /* takes it out of the list; watchers must be gone */
/* Durable when it returns OC_OK. */
int oc_runbook_run_keep(struct run *r, struct oc_error *err);
void oc_runbook_run_set_state(struct run *r, const char *state);
const char *oc_runbook_run_state(const struct run *r);
void oc_runbook_run_watch(struct run *r, struct oc_call *call);
/* Writes, publishes, tells the watchers. */
int oc_runbook_step_set(struct run *r, size_t index, const char *state, const char *message);
/* Ends it: written, published, watchers answered, freed. */
void oc_runbook_run_end(struct run *r, const char *state, const char *message);
void oc_runbook_run_detach_all(struct run *r);
json_t *oc_runbook_run_report(const json_t *doc); /* what people and programs are given; owned */
bool oc_runbook_run_is_over(const char *state);
/* The kept document of a run, from memory or from the store; owned; NULL. */
json_t *oc_runbook_run_document(struct oc_runbook *s, const char *id);
void oc_runbook_runs_prune(struct oc_runbook *s);

/* ---- step.c ---- */
enum phase {
    PHASE_UNLESS,
    PHASE_BEFORE,
    PHASE_ACT,
    PHASE_WAIT,
    PHASE_AFTER,
    PHASE_DECISION,
    PHASE_WITHDRAW,
    PHASE_UNDO,
    PHASE_VERIFY
};
struct exec {
    struct run *run;
    struct exec *next;
    size_t index;
    enum phase phase;
    struct oc_call *call;
    struct oc_timer *timer;
    int64_t until;   /* monotonic: when check_after gives up */
    uint64_t serial; /* of its latest call */
    unsigned depth;  /* of calls into it that have not returned */
    bool answered, over;
    bool decided; /* its proposal cannot be withdrawn any more: what it comes to is waited for */
};
/* Begins a step, or goes on with one that was running when the daemon was killed. */
void oc_runbook_step_begin(struct run *r, size_t index);
void oc_runbook_step_resume(struct run *r, size_t index);
void oc_runbook_step_undo(struct run *r, size_t index);
/* Whether what was done is still so: its check after is asked once; if not, it is to be done again. */
void oc_runbook_step_verify(struct run *r, size_t index);
void oc_runbook_exec_free(struct exec *x);

/* It is aborted: what is only waited for is looked at now. */
void oc_runbook_step_hurry(struct exec *x);

/* For what belongs to a step in other files. Calls {"op","params"} in the name of the run; the answer comes in its phase. */
void oc_runbook_exec_call(struct exec *x, const json_t *call);
/* It is over: written, and the run goes on; x is gone. */
void oc_runbook_exec_end(struct exec *x, const char *state, const char *message);
/* Its operation was done: its result is kept, and its check after follows. */
void oc_runbook_exec_acted(struct exec *x, const json_t *result);

/* ---- awaited.c: a step that waits for a decision ---- */
/* Its operation was kept for one: `details` name the proposal. */
void oc_runbook_await(struct exec *x, const json_t *details, const struct oc_error *err);
/* Asks what has become of the proposal; when the run is aborted it is withdrawn. */
void oc_runbook_await_look(struct exec *x);
/* Answers of governance in PHASE_DECISION and PHASE_WITHDRAW. */
void oc_runbook_await_answered(struct exec *x, int code, const json_t *result);
void oc_runbook_await_withdrawn(struct exec *x, int code, const struct oc_error *err);
/* A decision was made somewhere: looks whether it is the one that is waited for. */
void oc_runbook_step_decided(struct exec *x, const char *proposal);

/* ---- engine.c ---- */
void oc_runbook_run_advance(struct run *r);

/* ---- undo.c ---- */
/* Whether a step of this run was done that can be undone. */
bool oc_runbook_undo_can(const struct oc_runbook *s, const json_t *doc);
/* Whether something that the run did, or may have done, has not been taken back. */
bool oc_runbook_undo_is_left(const struct oc_runbook *s, const json_t *doc);
/* `message`, and which steps were undone, could not be undone, or have no undo; owned by the caller. */
char *oc_runbook_undo_words(const struct oc_runbook *s, const json_t *doc, const char *message);
/* Undoes the latest that can be; false: nothing is left to undo. */
bool oc_runbook_undo_next(struct run *r);

/* ---- resume.c ---- */
/* Whether the host is contained: nothing but emergency-restart goes on then. */
bool oc_runbook_is_held_back(struct oc_runbook *s, const json_t *doc);
void oc_runbook_runs_resume(struct oc_runbook *s);
/* `unknown`: what is done with a step of which nobody knows: NULL = refuse, "done", "again". */
void oc_runbook_run_go_on(struct run *r); /* r may be gone when it returns */
struct run *oc_runbook_run_revive(struct oc_runbook *s, const char *id, bool undo,
                                  struct oc_error *err);
struct run *oc_runbook_run_resume(struct oc_runbook *s, const char *id, const char *unknown,
                                  struct oc_error *err);

/* ---- decided.c: calls for a decision ---- */
/* True: the call is seen to. A decision is carried out once: when a run was begun for it, the call is about that run; and
 * soon after a start it waits until the runs that were interrupted go on. */
bool oc_runbook_decided(struct oc_runbook *s, struct oc_call *call);
/* They do: calls that waited begin, or find their run. */
void oc_runbook_decided_resume(struct oc_runbook *s);
void oc_runbook_decided_forget(struct oc_runbook *s);
/* ops_run.c: facts, plan, run. */
void oc_runbook_begin(struct oc_runbook *s, struct oc_call *call);
/* run.c: as the watchers of a run that is over are answered. */
void oc_runbook_run_answer(struct oc_runbook *s, struct oc_call *call, json_t *doc /* taken */);

/* ---- ops ---- */
void oc_runbook_add_ops(struct oc_runbook *s);
void oc_runbook_add_run_ops(struct oc_runbook *s);

#endif
