/* The journal's own state, shared by its files. SPDX-License-Identifier: MIT */
#ifndef OC_STORE_JOURNAL_INTERNAL_H
#define OC_STORE_JOURNAL_INTERNAL_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/loop/worker.h"
#include "core/store/journal.h"

#define OC_JOURNAL_HEAD       20 /* bytes before the first frame */
#define OC_JOURNAL_FRAME_HEAD 16

struct oc_segment {
    uint32_t number;
    uint64_t bytes;
};

struct oc_journal_waiter {
    uint64_t frames; /* wants all of them */
    oc_journal_done_fn done;
    void *ctx;
};

/* One fsync: what it looks at is its own while it runs. */
struct oc_journal_job {
    struct oc_journal *journal;
    struct oc_job *handle; /* when a worker has it */
    OC_VEC(int) fds;
    int dir_fd;
    uint64_t frames;
    int result; /* errno */
};

struct oc_journal {
    char *dir;
    bool read_only, failing;
    struct oc_error why;
    struct oc_loop *loop;
    struct oc_workers *workers;
    struct oc_timer *ready;             /* waiters that need not wait are answered */
    OC_VEC(struct oc_segment) segments; /* oldest first; the current one is the last when fd >= 0 */
    uint32_t next;                      /* number of the next segment */
    uint32_t damaged;                   /* of the newest that was found so; 0: none */
    int fd, dir_fd;
    bool dir_dirty;           /* a file was made or removed since the folder was synced */
    OC_VEC(int) old;          /* full segments that are not synced yet; owned */
    struct oc_buf out;        /* the frame that is being gathered */
    uint64_t flushed, synced; /* frames */
    OC_VEC(struct oc_journal_waiter) waiters;
    struct oc_journal_job *job; /* under way */
    uint64_t syncs;
};

/* Reads the segments of the folder. */
int oc_journal_load(struct oc_journal *j, oc_journal_replay_fn replay, void *ctx,
                    struct oc_error *err);
void oc_journal_put32(unsigned char *to, uint32_t value);
void oc_journal_put64(unsigned char *to, uint64_t value);
uint64_t oc_journal_sum(const void *data, size_t len);
char *oc_journal_path(const struct oc_journal *j, uint32_t number);

#endif
