/* What the headers Authorization and Cookie show. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_CREDENTIAL_H
#define OC_API_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#define OC_CREDENTIAL_MAX 512 /* bytes of a decoded secret; ours have 46 */

struct oc_credential {
    size_t len;
    char secret[OC_CREDENTIAL_MAX]; /* not terminated; wiped by whoever is done with it */
};

/* Whether it is of a scheme that is known here, however malformed. */
bool oc_credential_known(const char *header);
/* "Bearer TOKEN", or "Basic" with the token as the password (any user name): OC_OK. Anything else, malformed or too long:
 * OC_E_AUTH, and nothing is in `c`. The scheme's case does not matter (RFC 9110, 11.1). */
int oc_credential_parse(const char *header, struct oc_credential *c);

/* The value of the first cookie of this name in the header Cookie (NULL is fine), inside it; {NULL, 0}: none. */
struct oc_view oc_cookie_find(const char *header, const char *name);

#endif
