/* Whether a request was meant for us, and whether the page that makes it may. SPDX-License-Identifier: MIT
 *
 * Pure functions over header values, which may hold anything. [any] */
#ifndef OC_API_ORIGIN_H
#define OC_API_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

/* "host", "host:port", "[v6]", "[v6]:port": the host without brackets and port, in lower case, and whether it is an address.
 * False when it is malformed. */
bool oc_host_split(const char *text, char *host, size_t size, bool *is_address, long *port);

/* Whether the value of Host may be ours: an address, localhost, the machine's own name, or one of `names` (const char *). A
 * foreign page that had its own name resolve to us (DNS rebinding) still sends its own name. */
bool oc_host_allowed(const char *value, const struct oc_list *names);

/* Whether Origin is of the page that we serve under `host` (the value of Host), or one of `origins` (const char *). Behind a
 * proxy that speaks TLS for us the scheme is https where ours is http, so over plain HTTP both are fine; `tls` wants https. */
bool oc_origin_allowed(const char *value, const char *host, bool tls,
                       const struct oc_list *origins);

#endif
