/* The servers that a dsn names, with their addresses. SPDX-License-Identifier: MIT
 *
 * libpq looks names up for as long as the name service takes; given `hostaddr`, it connects there,
 * and still checks certificates and password files by `host`. [worker] */
#ifndef OC_POSTGRES_HOSTS_H
#define OC_POSTGRES_HOSTS_H

#include "net/lookup.h"

/* Lists as libpq takes them, one entry an address; owned. All NULL: the dsn names no host that has
 * to be looked up. */
struct oc_pg_hosts {
    char *host, *hostaddr, *port;
};

/* A host without addresses is left out as long as there is another one. A service file that the dsn
 * names itself (`service=`) is not read: what it holds is looked up by libpq. Codes are those of
 * oc_lookup_run. */
int32_t oc_pg_hosts_find(struct oc_pg_hosts *h, const char *dsn, struct oc_lookup *lookup,
                         const struct oc_wait *wait, struct oc_error *err);
/* The servers could not be reached: the next call looks their names up anew. */
void oc_pg_hosts_forget(const struct oc_pg_hosts *h, struct oc_lookup *lookup);
void oc_pg_hosts_finish(struct oc_pg_hosts *h);

#endif
