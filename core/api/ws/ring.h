/* The newest of what was told, for clients that come back. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_WS_RING_H
#define OC_API_WS_RING_H

#include "core/api/socket/packet.h"
#include "core/op/op.h"

#define OC_WS_RING_ENTRIES 4096u
#define OC_WS_RING_BYTES   (4u << 20)

struct oc_ws_told {
    uint64_t seq;
    int topic; /* enum oc_ws_topic */
    enum oc_role role;
    char *event; /* the topic of an event; NULL of other topics */
    char *actor; /* who may see it beside admins; NULL: everybody of the role */
    struct oc_packet *packet;
};

/* All zero at the beginning. */
struct oc_ws_ring {
    struct oc_ws_told *entries; /* NULL while it is empty */
    size_t head, count, bytes;
    uint64_t forgotten; /* the number of the newest entry that had to go */
};

/* Copies; takes a reference of the packet. `told->seq` grows. */
void oc_ws_ring_add(struct oc_ws_ring *r, const struct oc_ws_told *told);
/* The i-th, the oldest first; NULL when there are fewer. */
const struct oc_ws_told *oc_ws_ring_at(const struct oc_ws_ring *r, size_t i);
/* Index of the first entry after `seq`. */
size_t oc_ws_ring_after(const struct oc_ws_ring *r, uint64_t seq);
void oc_ws_ring_finish(struct oc_ws_ring *r);

#endif
