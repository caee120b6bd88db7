/* The store from inside: what its files share. SPDX-License-Identifier: MIT  [loop]
 *
 * How a sample lives: oc_store_append puts it into the tail of its series and into the head, the
 * log of what came since the last flush. A flush writes the head as one row. A tail that is full is
 * sealed: it becomes a piece, which the next flush writes, and the log says so. When the log has
 * grown larger than all tails together, a flush writes a snapshot of the tails instead and clears
 * it. oc_store_maintain packs the pieces of a bucket of time that is over into chunks. So every
 * sample that a flush has seen is on disk in just one of chunk, piece, snapshot and head. */
#ifndef OC_STORE_INTERNAL_H
#define OC_STORE_INTERNAL_H

#include <sys/types.h>

#include "core/store/chunk.h"
#include "core/store/db.h"
#include "core/store/head.h"
#include "core/store/registry.h"
#include "core/store/store.h"

#define OC_BUCKET_MS         (6 * INT64_C(3600000)) /* a chunk holds points of one bucket */
#define OC_BUCKET_MAX        ((INT64_C(1) << 20) - 1)
#define OC_TIME_MAX          (OC_BUCKET_MAX * OC_BUCKET_MS) /* the year 2687 */
#define OC_HEAD_BYTES_MIN    (256u << 10) /* the log may always grow to this before a snapshot */
#define OC_HEAD_BYTES_MAX    (4u << 20)   /* unflushed; beyond it a snapshot is cheaper */
#define OC_PENDING_BYTES_MAX (16u << 20)  /* pieces and events each, while writing fails */

enum oc_store_mode {
    OC_STORE_DISK,
    OC_STORE_LOOK,   /* opened read-only by wish */
    OC_STORE_ADRIFT, /* the file cannot be written at all: all is in memory and will be lost */
};

/* A sealed tail that is not on disk yet. */
struct oc_piece {
    struct oc_piece *next;
    struct oc_series_entry *series;
    int64_t start_ms;
    uint32_t count, len;
    uint8_t data[]; /* a chunk */
};

struct oc_pending_event {
    struct oc_pending_event *next;
    uint64_t id;
    int64_t time_ms;
    size_t size;
    const char *data; /* JSON, behind the topic */
    char topic[];
};

/* Something to tell on the bus when the loop turns: the listeners may not be there yet, or be in
 * the middle of us. */
struct oc_store_news {
    struct oc_store_news *next;
    const char *topic;
    json_t *data;
};

struct oc_file_id {
    dev_t device;
    ino_t inode; /* 0 = no file */
};

struct oc_store {
    struct oc_db db;
    char *path;
    struct oc_file_id file, log; /* what the path and its -wal were when they were opened */
    int64_t retention_ms;
    enum oc_store_mode mode;
    bool existed;         /* as the options say */
    struct oc_loop *loop; /* NULL: the caller flushes */
    struct oc_bus *bus;
    struct oc_timer *flush_timer, *maintain_timer, *news_timer;
    struct oc_store_news *news;

    struct oc_registry registry;
    bool capped; /* the cap on series was reached, and said */

    struct oc_head head;
    bool snapshot_due;                 /* the log has a hole: the next flush writes all tails */
    size_t head_bytes, snapshot_bytes; /* on disk */

    struct oc_piece *pieces, **pieces_end;
    size_t piece_bytes;
    int64_t piece_samples;

    struct oc_pending_event *events, **events_end;
    size_t event_bytes;
    uint64_t next_event;

    bool failing;
    struct oc_error why;

    unsigned depth; /* of oc_store_begin */
    int group_rc;
    struct oc_error group_err;

    int64_t stored;                   /* samples on disk in pieces and chunks */
    uint64_t appended, dropped, lost; /* since the start */
    int64_t flushed_ms, flush_took_ms;

    struct oc_buf scratch; /* this and the next: never held over a callback */
    struct oc_point points[OC_CHUNK_POINTS];
};

static inline int64_t oc_bucket(int64_t time_ms)
{
    return time_ms / OC_BUCKET_MS;
}

/* The id in table chunk; all parts within their limits. */
static inline int64_t oc_chunk_id(int64_t bucket, int64_t series, uint32_t number)
{
    return bucket << 40 | series << 16 | number;
}

/* health.c: every write reports its result here; returns it. Damage replaces the file. */
int oc_store_note(struct oc_store *s, int rc, const struct oc_error *err);
void oc_store_fail(struct oc_store *s, const struct oc_error *err);
/* On the bus; takes data, the topic is a literal. */
void oc_store_tell(struct oc_store *s, const char *topic, json_t *data);
void oc_store_news_deliver(void *store);
void oc_store_news_drop(struct oc_store *s);

/* recover.c */
/* Opens s->path; a damaged file is set aside, a new one begun. */
int oc_store_connect(struct oc_store *s, struct oc_error *err);
/* The same at run time: what is in memory goes into the new file. */
void oc_store_replace(struct oc_store *s, const struct oc_error *why);

/* presence.c */
/* What is at the path now is the open database. */
void oc_store_remember(struct oc_store *s);
/* Before a write: the path still leads to the open database. A file that was removed is written again from the open
 * one, with all that was in it; else OC_E_DENIED. OC_E_PERMANENT: it was overwritten, oc_store_note replaces it. */
int oc_store_present(struct oc_store *s, struct oc_error *err);

/* load.c */
int oc_store_load(struct oc_store *s, struct oc_error *err);

/* tails.c */
/* A tail with points becomes a piece. */
void oc_store_seal(struct oc_store *s, struct oc_series_entry *e);
void oc_store_pieces_drop(struct oc_store *s); /* all: they are written, or given up */

/* snapshot.c */
int oc_snapshot_write(struct oc_store *s, size_t *bytes, struct oc_error *err);
bool oc_snapshot_read(struct oc_store *s, const void *data, size_t len); /* one part */
bool oc_store_replay(struct oc_store *s, const void *data, size_t len);  /* one row of head */

/* events.c */
int oc_events_write(struct oc_store *s, struct oc_error *err);
void oc_events_drop(struct oc_store *s); /* what is pending: written, or given up */

#endif
