/* Names to addresses: getaddrinfo in helper threads, answers kept. SPDX-License-Identifier: MIT
 *
 * getaddrinfo and not a DNS client of our own, because only it knows /etc/hosts, nsswitch and mDNS.
 * Helper threads exist only while names are being looked up (at most OC_RESOLVE_THREADS), with
 * short resolver timeouts, and are joined: a thread that outlives the plugin's code would crash the
 * host. Where a look-up hangs in spite of that (a name service that has timeouts of its own), its
 * thread is left behind with all that it needs, and the host, which counts threads before it unmaps
 * a library, keeps the code.
 *
 * One owner; every function on its thread. Names are counted references: what is held stays valid.
 */
#ifndef OC_NET_RESOLVE_H
#define OC_NET_RESOLVE_H

#include "net/addr.h"

#include <stdint.h>

#define OC_RESOLVE_THREADS    4
#define OC_RESOLVE_ADDRS      8
#define OC_RESOLVE_TTL_MS     60000 /* how long addresses are kept */
#define OC_RESOLVE_RETRY_MS   5000  /* how long a failure is kept */
#define OC_RESOLVE_NO_THREAD  1     /* a failure beside those of getaddrinfo, which are negative */
#define OC_RESOLVE_PATIENCE_S 3     /* that the end waits for a look-up; a plugin has 5 s to stop */

struct oc_resolver;

struct oc_name {
    struct oc_name *next;   /* in its bucket */
    struct oc_name *queued; /* in the queue of the threads, or in their list of answers */
    union oc_addr *addrs;   /* owned; ports are 0 */
    int64_t fresh_until_ms; /* CLOCK_MONOTONIC; 0 = never looked up */
    uint32_t refs;
    uint32_t took_us; /* of the last look-up */
    int32_t failure;  /* EAI_* or OC_RESOLVE_NO_THREAD of the last look-up, 0 = it has addresses */
    uint8_t count;
    bool pending;
    char text[];
};

/* `wake_fd` is an eventfd that gets 1 added whenever an answer is there; borrowed. NULL when memory
 * is short. */
struct oc_resolver *oc_resolver_create(int wake_fd);
/* Joins the threads, which may take until the look-up that is under way ends, at most
 * OC_RESOLVE_PATIENCE_S. NULL is fine. */
void oc_resolver_destroy(struct oc_resolver *r);

/* The entry of `host`, made when there is none. NULL when memory is short. Give it back with
 * oc_resolver_put. */
struct oc_name *oc_resolver_get(struct oc_resolver *r, const char *host);
void oc_resolver_put(struct oc_resolver *r, struct oc_name *name); /* NULL is fine */

/* True when the answer in `name` (addresses or a failure) is fresh. Otherwise a look-up is under
 * way, or begins. */
bool oc_resolver_ready(struct oc_resolver *r, struct oc_name *name, int64_t now_ms);

/* What was found for `host` is stale from now on, and looked up anew for whoever asks next. */
void oc_resolver_forget(struct oc_resolver *r, const char *host);

/* Moves what the threads found into the names. Call it when `wake_fd` is readable. */
void oc_resolver_collect(struct oc_resolver *r, int64_t now_ms);
/* Joins threads that have nothing left to do, and forgets stale names that nobody holds. Call it
 * between runs. */
void oc_resolver_tidy(struct oc_resolver *r, int64_t now_ms);

/* Why `name` has no addresses, in words; a constant. */
const char *oc_resolver_reason(const struct oc_name *name);

#endif
