/* What a URL in the configuration must look like. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_URL_H
#define OC_CONFIG_URL_H

#include <stdbool.h>

/* RFC 3986 in as far as a typing error can be told from it: a scheme of `schemes` ("http|https",
 * NULL = any), "://", a host (not needed for file: and unix:), a port from 1 to 65535 when there is
 * one, no spaces or control characters. */
bool oc_url_valid(const char *url, const char *schemes);

#endif
