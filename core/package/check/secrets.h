/* Finds what looks like a private key or an access token in a text. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PACKAGE_CHECK_SECRETS_H
#define OC_PACKAGE_CHECK_SECRETS_H

#include <stddef.h>

/* What kind of secret it is ("a private key"), NULL when there is none. Patterns are narrow: a library that knows how to read
 * keys holds their first line, but no key. */
const char *oc_secret_find(const char *text, size_t len);

#endif
