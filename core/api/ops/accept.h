/* How a client would like its answer. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_OPS_ACCEPT_H
#define OC_API_OPS_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

#define OC_WISH_WAIT_MAX_MS INT64_C(60000)

struct oc_wish {
    bool events;     /* Accept names text/event-stream */
    bool async;      /* Prefer: respond-async */
    int64_t wait_ms; /* Prefer: wait=10, at most a minute; 0 = not said */
};

/* The headers Accept and Prefer (RFC 7240); NULL when there is none. What is malformed is no wish. */
struct oc_wish oc_wish_read(const char *accept, const char *prefer);

/* Last-Event-ID: a whole number; 0 for anything else. */
uint64_t oc_last_event_read(const char *header);

#endif
