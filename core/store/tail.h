/* Tails: the newest points of a series, in memory. SPDX-License-Identifier: MIT  [any]
 *
 * A stream of one-byte tokens. With the top bit set: a run of (token & 0x7f) + 1 points at the same
 * distance with the same value, so a constant costs next to nothing. Else: the value kind of
 * core/store/number.h in the low bits, bit 3 when the distance in time changed (zig-zag varint of
 * the change), then the bytes of the value. Buffers grow with the content: thousands of series must
 * stay small. */
#ifndef OC_STORE_TAIL_H
#define OC_STORE_TAIL_H

#include "core/base/buf.h"
#include "core/store/series.h"

#define OC_TAIL_BYTES 248 /* at most */

struct oc_tail {
    uint8_t *data; /* owned; NULL when empty */
    uint8_t len, cap;
    bool run; /* the last byte is a run that can grow */
    uint16_t count;
    int64_t first_ms;
    int64_t last_ms; /* of the last point ever, kept when the tail is emptied; 0 = none */
    int64_t step_ms; /* between the last two points of the tail */
    double last;     /* value of the last point ever */
};

void oc_tail_finish(struct oc_tail *t);
void oc_tail_clear(struct oc_tail *t); /* drops the points, remembers the last one */

/* True when one more point could be too many for `limit` bytes: the caller seals and clears. */
bool oc_tail_full(const struct oc_tail *t, size_t limit);
/* Later than last_ms, and not full. */
void oc_tail_add(struct oc_tail *t, int64_t time_ms, double value);

/* Room for OC_CHUNK_POINTS; returns how many there are. */
size_t oc_tail_points(const struct oc_tail *t, struct oc_point *points);

/* For snapshots: all state, and back. Reading checks everything; false leaves the tail empty. */
void oc_tail_save(const struct oc_tail *t, struct oc_buf *out);
bool oc_tail_load(struct oc_tail *t, const uint8_t **p, const uint8_t *end);

#endif
