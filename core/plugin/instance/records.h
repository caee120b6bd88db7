/* The records of one call on their way from a worker to the loop. SPDX-License-Identifier: MIT
 *
 * The worker copies what is emitted into blocks: records grow from the front, texts and labels from
 * the back, so that a block is one allocation and its records are one array. A block goes to the
 * loop when it is full, at a flush and at the end; the loop is woken once, however many blocks
 * wait. */
#ifndef OC_PLUGIN_RECORDS_H
#define OC_PLUGIN_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#include "core/loop/loop.h"

struct oc_records;

typedef void (*oc_records_fn)(void *ctx, const struct oc_record *records, size_t count);

/* What was wrong with the records of a call. */
struct oc_records_report {
    uint64_t records;      /* taken */
    uint32_t dropped;      /* bad ones */
    uint32_t cut, cleaned; /* texts that were too long, or no UTF-8 */
    bool over;             /* beyond OC_CALL_RECORDS_MAX or OC_CALL_BYTES_MAX */
    char first[128];       /* the first complaint, "" when there is none */
};

/* `deliver(ctx, ...)` runs on the loop with each block; `time_ms` is for records that have none.
 * [loop] */
struct oc_records *oc_records_create(struct oc_loop *loop, int64_t time_ms, oc_records_fn deliver,
                                     void *ctx);
/* Gives up the loop's hold; `deliver` never runs after it. Memory goes when the worker's wake-ups
 * are through. [loop] */
void oc_records_destroy(struct oc_records *r);

/* BYTES records go to `write` on the emitting thread instead of into memory, and what it answers stops the method.
 * Before the worker begins. [loop] */
void oc_records_stream(struct oc_records *r,
                       int (*write)(void *ctx, const void *data, uint64_t len), void *ctx);
/* Would it go to `write`? [any] */
bool oc_records_streams(const struct oc_records *r, const struct oc_record *record);
struct oc_sink oc_records_sink(struct oc_records *r);        /* [loop], used by the worker */
const int32_t *oc_records_cancel_flag(struct oc_records *r); /* what the plugin sees */
void oc_records_cancel(struct oc_records *r); /* sets it: emit refuses from now on [loop] */
/* The worker is done: the last block is ready to be taken. [worker] */
void oc_records_end(struct oc_records *r);
/* Delivers what is ready now. [loop] */
void oc_records_drain(struct oc_records *r);
const struct oc_records_report *
oc_records_report(const struct oc_records *r); /* after the worker came back [loop] */

#endif
