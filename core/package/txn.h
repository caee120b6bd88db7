/* One change of what is installed: prepared aside, made real in one step. SPDX-License-Identifier: MIT
 *
 *     oc_txn_begin   takes the lock, removes what an interrupted change left, reads the state in force
 *     oc_txn_stage   folders for unfinished work
 *     oc_txn_publish an artifact goes from staging into the store, durable before it has its name there
 *     oc_txn_set / oc_txn_drop   rows of the next state
 *     oc_txn_commit  the next generation is written, fsynced, named; then `current` is switched by rename
 *     oc_txn_finish  drops the lock; without a commit nothing has changed
 *
 * A reader sees the state before or after, whole, at every moment; so does the next start after a loss of power. [worker] */
#ifndef OC_PACKAGE_TXN_H
#define OC_PACKAGE_TXN_H

#include "core/package/state.h"
#include "core/package/work.h"

struct oc_txn {
    struct oc_work *w;   /* borrowed */
    char *root;          /* <home>/packages; owned */
    int lock;            /* descriptor */
    struct oc_state now; /* what is in force; owned */
    json_t *rows;        /* name -> row of the next state; owned */
    uint64_t steps;      /* staging folders made */
};

/* Waits up to 10 s for the lock. Errors go to w->err; reason "packages-locked" names the pid. */
int oc_txn_begin(struct oc_work *w, struct oc_txn *t);
/* The same for who repairs: a state that cannot be read is told as a warning, and counts as empty. */
int oc_txn_begin_damaged(struct oc_work *w, struct oc_txn *t, bool *damaged);
void oc_txn_finish(struct oc_txn *t);

/* A new empty folder for unfinished work: path owned by the caller, NULL and w->err. */
char *oc_txn_stage(struct oc_txn *t);
/* Where a downloaded archive waits between the plan and its execution; owned. The file need not exist. */
char *oc_txn_fetched(struct oc_txn *t, const char *digest);
void oc_txn_drop_fetched(struct oc_txn *t); /* after the change: they are in the store now */

/* Makes the staged folder `dir` the artifact of `digest`, read-only. One of the same name that is there is exchanged for
 * it in one step. */
int oc_txn_publish(struct oc_txn *t, const char *dir, const char *digest);
char *oc_txn_artifact(const struct oc_txn *t,
                      const char *digest); /* its folder in the store; owned */

void oc_txn_set(struct oc_txn *t, const char *name, json_t *row); /* takes row */
void oc_txn_drop(struct oc_txn *t, const char *name);

/* Makes the next state real. `op` and `about` (may be NULL) are written into it for `plugin generations`. Without any
 * difference to the state in force nothing happens and *generation is the current one. */
int oc_txn_commit(struct oc_txn *t, const char *op, const char *about, uint64_t *generation);
/* Makes an existing generation the one in force. */
int oc_txn_switch(struct oc_txn *t, uint64_t generation);

/* The numbers of all generations on disk, ascending; *list owned by the caller. */
size_t oc_txn_generations(const char *home, uint64_t **list);

#endif
