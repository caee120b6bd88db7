/* One probe's connection, step by step; between conn.c and the prober's loop.
 * SPDX-License-Identifier: MIT
 *
 * Nothing here blocks. [worker] */
#ifndef OC_PROBE_CONN_H
#define OC_PROBE_CONN_H

#include "probe/probe.h"

#define OC_PROBE_BUFFER (16u << 10)

#define OC_INTEREST_NONE 0
#define OC_INTEREST_READ 1
#define OC_INTEREST_BOTH 2

enum oc_conn_step {
    OC_CONN_NEXT, /* go on with the phase that is now set */
    OC_CONN_WAIT, /* nothing to do until something happens */
    OC_CONN_OVER  /* outcome is set */
};

/* Reads the clock into pr->now_us. */
int64_t oc_conn_clock(struct oc_prober *pr);

/* Begins: with the kept connection, a look-up or a new connection. Goes as far as possible without
 * reading the answer: OC_CONN_NEXT means that the request is sent. */
enum oc_conn_step oc_conn_begin(struct oc_probe *p);
/* Goes as far as possible: called when something may have happened. */
enum oc_conn_step oc_conn_advance(struct oc_probe *p);
/* The time of this attempt is over while the probe's is not: tries the next address. */
enum oc_conn_step oc_conn_next_address(struct oc_probe *p);

/* Makes epoll watch the connection for what its phase needs. False: the probe is over (outcome
 * set). */
bool oc_conn_watch(struct oc_probe *p);
/* Closes the connection, if there is one. */
void oc_conn_close(struct oc_probe *p);

/* Destroys the prober's TLS contexts. */
void oc_prober_forget_tls(struct oc_prober *pr);

#endif
