/* A name's addresses for whoever can wait, within the time of a call. SPDX-License-Identifier: MIT
 *
 * getaddrinfo itself, and each client library that calls it, waits as long as the name service
 * likes. [worker] */
#ifndef OC_NET_LOOKUP_H
#define OC_NET_LOOKUP_H

#include "collect/collect.h"
#include "net/resolve.h"

/* Remembers answers, as struct oc_resolver does. A zeroed one is ready, and owns nothing before its
 * first name. */
struct oc_lookup {
    struct oc_resolver *resolver;
    int wake_fd; /* there with the resolver */
};

struct oc_addrs {
    union oc_addr at[OC_RESOLVE_ADDRS]; /* ports are 0 */
    unsigned count;
};

/* The addresses of `host`, in the order to try them; a literal (no brackets) is its own. OC_E_RETRY
 * when it has none, OC_E_TIMEOUT, OC_E_CANCELLED; a look-up that is late goes on, and the next call
 * finds its answer. */
int32_t oc_lookup_run(struct oc_lookup *l, const char *host, const struct oc_wait *wait,
                      struct oc_addrs *addrs, struct oc_error *err);
/* For whoever cannot connect to the addresses of `host`: a name that has moved meanwhile is not missed
 * for as long as answers are kept, because the next call looks it up anew. What was never looked up
 * (a literal, a path) is fine. */
void oc_lookup_forget(struct oc_lookup *l, const char *host);
/* A zeroed one is fine, and it may be used again. */
void oc_lookup_finish(struct oc_lookup *l);

#endif
