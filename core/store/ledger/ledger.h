/* An append-only Merkle log of JSON entries: what happened cannot be changed unnoticed. SPDX-License-Identifier: MIT  [loop]
 *
 * Entries are hashed as RFC 6962 says: a leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right). The log lives in
 * one folder as a row of segments; a full segment is sealed and never written again. Opening costs as much as the last
 * segment is long, not the log. One process writes; others may open it read_only.
 *
 * An append is given its index at once and is durable when `done` is called: appends share an fdatasync on a worker (group commit).
 * An entry is one compact JSON object with at least "time" (wall ms) and "type" (a word such as "vote_cast"); oc_ledger_add fills them.
 * A torn tail (a crash in the middle of a write) is cut off at opening: none of it was acknowledged. Any other damage makes the log read-only
 * and is said. */
#ifndef OC_STORE_LEDGER_H
#define OC_STORE_LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/loop/loop.h"

#define OC_LEDGER_HASH      32
#define OC_LEDGER_ENTRY_MAX (256u << 10) /* bytes of one entry */
#define OC_LEDGER_PROOF_MAX 64           /* hashes of one proof */

struct oc_ledger;

struct oc_ledger_options {
    const char *dir; /* made when it is not there; NULL: kept in memory only */
    bool read_only;  /* looks only: never writes, an append fails with OC_E_CONFLICT */
    uint64_t
        segment_size; /* entries of a segment, a power of two; 0 = 8192. That of what is there stays */
    /* what cannot be opened is no reason to fail: it is there, not healthy, and takes nothing (OC_E_CONFLICT, and why) */
    bool tolerant;
};

/* OC_OK: on the disk. OC_E_RETRY: it could not be written, the entry is not there. */
typedef void (*oc_ledger_done_fn)(void *ctx, int code);

/* `loop` may be NULL: then appends are durable when they return. */
struct oc_ledger *oc_ledger_open(const struct oc_ledger_options *options, struct oc_loop *loop,
                                 struct oc_error *err);
void oc_ledger_close(struct oc_ledger *l); /* writes and syncs what is open; NULL is fine */

/* Appends `entry` (borrowed; "time" and "type" are put in front). Returns its index, or a negative code. done (may be NULL) is never called
 * from within this call. */
int64_t oc_ledger_add(struct oc_ledger *l, const char *type, const json_t *entry,
                      oc_ledger_done_fn done, void *ctx, struct oc_error *err);
/* Who added with this `ctx` is gone: no done is called with it any more. Not from within a done. */
void oc_ledger_leave(struct oc_ledger *l, const void *ctx);
/* All that was added is on the disk when this returns OC_OK: for the few who must wait. */
int oc_ledger_sync(struct oc_ledger *l, struct oc_error *err);

uint64_t oc_ledger_size(const struct oc_ledger *l);      /* entries, those not yet durable too */
uint64_t oc_ledger_durable(const struct oc_ledger *l);   /* entries that are on the disk */
uint64_t oc_ledger_oldest(const struct oc_ledger *l);    /* the first whose text is still there */
const char *oc_ledger_folder(const struct oc_ledger *l); /* borrowed; NULL: it is in memory */
/* The hash of the entry that was added last. */
void oc_ledger_newest_leaf(const struct oc_ledger *l, uint8_t leaf[OC_LEDGER_HASH]);
/* On a disk, and this process writes it. */
bool oc_ledger_is_kept(const struct oc_ledger *l);
/* The first entry of the segment that is being filled, and how many bytes of its file are on the disk. */
uint64_t oc_ledger_open_segment(const struct oc_ledger *l, uint64_t *bytes);
uint64_t oc_ledger_segment_size(const struct oc_ledger *l); /* entries */
/* Somebody who remembers the log knows that this is not all of it: it is not healthy and takes nothing until it is trusted again. Does
 * nothing to a log that is damaged already, or in memory. One that has fewer entries than its own checkpoints speak of is opened like this. */
#define OC_LEDGER_DISTRUST_HINT                                                                    \
    "Bring the folder back from a backup and restart the host, or accept the loss: `openclaw "     \
    "ledger accept --reason ...`."
void oc_ledger_distrust(struct oc_ledger *l, const char *message);
bool oc_ledger_is_distrusted(const struct oc_ledger *l);
void oc_ledger_trust(struct oc_ledger *l); /* people have accepted what is lost */
/* False and why: the log is damaged, distrusted or cannot be written. */
bool oc_ledger_healthy(const struct oc_ledger *l, struct oc_error *why);

/* The text of an entry into `out`, as it was hashed. OC_E_NOT_FOUND: no such index, or retired. */
int oc_ledger_read(struct oc_ledger *l, uint64_t index, struct oc_buf *out, struct oc_error *err);
/* Every entry from `from` on, oldest first, until fn returns false; text is borrowed. */
int oc_ledger_each(struct oc_ledger *l, uint64_t from,
                   bool (*fn)(void *ctx, uint64_t index, const char *text, size_t len), void *ctx,
                   struct oc_error *err);

/* The same for entries of which all are durable, from the files alone: for a thread beside the one that writes. [any] */
int oc_ledger_each_in(const char *folder, uint64_t segment_size, uint64_t from, uint64_t to,
                      bool (*fn)(void *ctx, uint64_t index, const char *text, size_t len),
                      void *ctx, struct oc_error *err);

/* Removes the text of the full segments that end before entry `before`; their hashes stay, so that the tree and proofs are what they were. An
 * entry of type "ledger_retired" {"before"} has to be durable first: a verification asks for it. */
void oc_ledger_retire(struct oc_ledger *l, uint64_t before);

/* The tree of the first `size` entries. */
int oc_ledger_root(struct oc_ledger *l, uint64_t size, uint8_t root[OC_LEDGER_HASH],
                   struct oc_error *err);
struct oc_ledger_proof {
    size_t count;
    uint8_t hashes[OC_LEDGER_PROOF_MAX][OC_LEDGER_HASH];
};
/* The complete subtrees that make up the tree of `size` entries, the largest first: with them and the entries that follow anybody can
 * calculate later roots. */
int oc_ledger_edge(struct oc_ledger *l, uint64_t size, struct oc_ledger_proof *edge,
                   struct oc_error *err);
/* RFC 6962, 2.1.1 and 2.1.2. */
int oc_ledger_prove(struct oc_ledger *l, uint64_t index, uint64_t size,
                    struct oc_ledger_proof *proof, struct oc_error *err);
int oc_ledger_prove_growth(struct oc_ledger *l, uint64_t from, uint64_t to,
                           struct oc_ledger_proof *proof, struct oc_error *err);

#endif
