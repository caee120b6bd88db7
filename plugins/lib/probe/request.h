/* The bytes of an HTTP/1.1 request, made once and sent many times. SPDX-License-Identifier: MIT
 * [any] */
#ifndef OC_PROBE_REQUEST_H
#define OC_PROBE_REQUEST_H

#include "probe/url.h"

#include <openclaw/plugin.h>

#define OC_REQUEST_MAX (1u << 20)

struct oc_request_parts {
    const char *method;          /* NULL = GET */
    const char *accept;          /* NULL = any */
    const char *user, *password; /* basic authentication when `user` is set */
    const char *bearer;          /* NULL = none */
    const char *body;            /* NULL = none */
    struct oc_list headers;      /* of struct oc_pair; they replace ours of the same name */
};

/* The request for `url`; owned by the caller (free), *len bytes. NULL and `err` (OC_E_CONFIG) when
 * a part would break out of its place: a line break in a header, a method that is no token.
 * `foreign` leaves out everything that was meant for another origin: credentials and configured
 * headers. No "Connection: close" even for a single request: the answer's own framing says where it
 * ends, and the side that closes first keeps the TIME_WAIT, which is better kept here than on the
 * service that is being watched. */
char *oc_request_build(const struct oc_url *url, const struct oc_request_parts *parts, bool foreign,
                       uint32_t *len, struct oc_error *err);

#endif
