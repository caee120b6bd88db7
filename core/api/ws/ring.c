/* The bounded ring of packets. SPDX-License-Identifier: MIT */
#include "core/api/ws/ring.h"

#include <stdlib.h>

#include "core/base/mem.h"

static void drop_oldest(struct oc_ws_ring *r)
{
    struct oc_ws_told *t = &r->entries[r->head];
    r->forgotten = t->seq;
    r->bytes -= t->packet->len;
    oc_packet_unref(t->packet);
    free(t->event);
    free(t->actor);
    r->head = (r->head + 1) % OC_WS_RING_ENTRIES;
    r->count--;
}

void oc_ws_ring_add(struct oc_ws_ring *r, const struct oc_ws_told *told)
{
    if (!r->entries) {
        r->entries = oc_calloc(OC_WS_RING_ENTRIES, sizeof *r->entries);
    }
    while (r->count > 0 &&
           (r->count == OC_WS_RING_ENTRIES || r->bytes + told->packet->len > OC_WS_RING_BYTES)) {
        drop_oldest(r);
    }
    struct oc_ws_told *t = &r->entries[(r->head + r->count++) % OC_WS_RING_ENTRIES];
    *t = *told;
    t->event = oc_strdup(told->event);
    t->actor = oc_strdup(told->actor);
    oc_packet_ref(t->packet);
    r->bytes += t->packet->len;
}

const struct oc_ws_told *oc_ws_ring_at(const struct oc_ws_ring *r, size_t i)
{
    return i < r->count ? &r->entries[(r->head + i) % OC_WS_RING_ENTRIES] : NULL;
}

size_t oc_ws_ring_after(const struct oc_ws_ring *r, uint64_t seq)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (r->entries[(r->head + mid) % OC_WS_RING_ENTRIES].seq <= seq) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

void oc_ws_ring_finish(struct oc_ws_ring *r)
{
    while (r->count > 0) {
        drop_oldest(r);
    }
    OC_FREE(r->entries);
}
