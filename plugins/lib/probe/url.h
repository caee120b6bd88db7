/* http and https URLs: taken apart, checked and bounded. SPDX-License-Identifier: MIT
 *
 * Only what a request needs: no user information (credentials have options of their own), no
 * fragment. [any] */
#ifndef OC_PROBE_URL_H
#define OC_PROBE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_URL_MAX      2048
#define OC_URL_HOST_MAX 253

struct oc_url {
    char *host; /* lower case, without brackets; owned */
    char *path; /* "/path?query", at least "/"; owned */
    uint16_t port;
    bool tls;
    bool bracket; /* the host is an IPv6 literal */
};

/* Takes `text` apart. False when it is not an absolute http or https URL: `why` then says what is
 * wrong (a constant). On success the caller owns `url` and calls oc_url_finish. */
bool oc_url_parse(struct oc_url *url, const char *text, const char **why);

/* What `location` means when the answer came from `base` (RFC 3986, 5.2, without the removal of dot
 * segments: servers do that themselves). As oc_url_parse. */
bool oc_url_resolve(struct oc_url *url, const struct oc_url *base, const char *location,
                    const char **why);

/* `text` as messages and labels may show it, "scheme://host:port/path": without the query, and with "********@" for
 * user information, both of which may be secret. Any text will do. Owned by the caller; NULL: out of memory. */
char *oc_url_shown(const char *text);

bool oc_url_same_origin(const struct oc_url *a, const struct oc_url *b);
void oc_url_finish(struct oc_url *url); /* zeroes it; a zeroed one is fine */

#endif
