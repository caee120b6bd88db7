/* A connected socket to the first address that takes one, in time. SPDX-License-Identifier: MIT
 *
 * [worker] */
#ifndef OC_NET_CONNECT_H
#define OC_NET_CONNECT_H

#include "net/lookup.h"

/* Tries the addresses in their order; each but the last gets half of the time that is left, so that
 * one that swallows what it is sent leaves time for the others. `type` is SOCK_STREAM or SOCK_DGRAM.
 * A descriptor that does not block, owned by the caller; or the negative errno of the last address,
 * -ETIMEDOUT or -ECANCELED. */
int oc_net_connect(const struct oc_addrs *to, unsigned port, int type, const struct oc_wait *wait);

#endif
