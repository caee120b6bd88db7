/* An append-only journal of records with checksums, in segments. SPDX-License-Identifier: MIT  [loop]
 *
 * Records are gathered (oc_journal_add) and written as one frame with one checksum (oc_journal_flush): from then on they survive the
 * end of the process. oc_journal_sync makes them survive the loss of power: the fsync runs on a worker, whoever asks while one is
 * under way shares the next.
 *
 * The journal is a row of files <dir>/<number>.journal. It has no snapshots: its owner knows which record of a thing is the newest and in
 * which segment it is; to make room it adds again what is still needed of the oldest segments, syncs, and drops those
 * (oc_journal_drop). A run of the process never appends to a file of an earlier one, so a torn tail stays where it was and is skipped.
 *
 * When a write or an fsync fails nothing of this file can be trusted: the journal is *failing*, adds are ignored, and every
 * sync is answered with OC_E_RETRY. The owner then calls oc_journal_restart from time to time, adds everything that it has to the new segment,
 * and drops the old ones once that is synced.
 *
 * A segment is "OCJRNL1\n", its number and a checksum of the two; then frames: "OCF1", length (32 bits), checksum of the payload (64 bits),
 * payload. A payload is records: type (8 bits), length (varint), bytes. Numbers are little-endian. A damaged frame is skipped:
 * reading goes on at the next sound one. At the end of a file that is what a crash leaves, a torn tail; before a sound frame it is damage: that is
 * said, and a copy of the file is kept beside it as <number>.journal.corrupt, since the file itself goes when the journal makes room. */
#ifndef OC_STORE_JOURNAL_H
#define OC_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/loop/loop.h"

#define OC_JOURNAL_SEGMENT    (8u << 20) /* a segment that is larger than this gets no more frames */
#define OC_JOURNAL_FRAME_MAX  (64u << 20)
#define OC_JOURNAL_RECORD_MAX (1u << 20)

struct oc_journal;

typedef void (*oc_journal_replay_fn)(void *ctx, uint32_t segment, unsigned type, const void *data,
                                     size_t len);
/* OC_OK: on the disk. OC_E_RETRY: it failed (see oc_journal_restart). */
typedef void (*oc_journal_done_fn)(void *ctx, int code);

/* Calls replay for every record, oldest first. `dir` is made if it is not there, unless `read_only`: then nothing is ever written. `loop`
 * may be NULL: then syncs happen at once. */
struct oc_journal *oc_journal_open(const char *dir, bool read_only, struct oc_loop *loop,
                                   oc_journal_replay_fn replay, void *ctx, struct oc_error *err);
/* Writes and syncs what was added, waits for an fsync under way. Callbacks that wait are called. An fsync that hangs for seconds is left
 * behind with all that it uses, and nobody is called. NULL is fine. */
void oc_journal_close(struct oc_journal *j);

void oc_journal_add(struct oc_journal *j, unsigned type, const void *data, size_t len);
/* The segment that the records added now will be in. */
uint32_t oc_journal_segment(const struct oc_journal *j);
int oc_journal_flush(struct oc_journal *j, struct oc_error *err);
/* done(ctx, code) when all that was flushed before is on the disk; with a loop never from within this call. */
void oc_journal_sync(struct oc_journal *j, oc_journal_done_fn done, void *ctx);
/* Flushes and syncs here and now, after an fsync under way: for the few things that one waits for. */
int oc_journal_commit(struct oc_journal *j, struct oc_error *err);

bool oc_journal_failing(const struct oc_journal *j, struct oc_error *why);
/* Tries a new segment. OC_OK: it can be written; all earlier ones are to be replaced. */
int oc_journal_restart(struct oc_journal *j, struct oc_error *err);
/* Frames go to a new segment from now on. */
void oc_journal_roll(struct oc_journal *j);
/* Removes the segments up to `last`, which must be older than the current one. */
void oc_journal_drop(struct oc_journal *j, uint32_t last);

uint32_t
oc_journal_oldest(const struct oc_journal *j); /* the current one when it is the only one */
uint32_t oc_journal_newest(const struct oc_journal *j); /* that there is; 0: none */
/* The newest that was found damaged and is still there; 0: none. */
uint32_t oc_journal_damaged(const struct oc_journal *j);
size_t oc_journal_segments(const struct oc_journal *j);
uint64_t oc_journal_bytes(const struct oc_journal *j); /* of all segments */
uint64_t oc_journal_syncs(const struct oc_journal *j); /* ever since it was opened */

/* Whether there is one in this folder. */
bool oc_journal_exists(const char *dir);

/* Bytes that were of no use: at the end, and before a sound frame. */
struct oc_journal_waste {
    uint64_t torn, damaged;
};

/* Reads the bytes of one segment. [any] */
struct oc_journal_waste oc_journal_read(const void *data, size_t len, uint32_t segment,
                                        oc_journal_replay_fn replay, void *ctx);

#endif
