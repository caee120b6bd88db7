/* Whether a client has an answer already. SPDX-License-Identifier: MIT */
#ifndef OC_API_ETAG_H
#define OC_API_ETAG_H

#include <stdbool.h>

/* RFC 9110, 13.1.2: `header` is that of If-None-Match, NULL when there is none; `etag` is quoted. Any of the list, weak or not, and `*`
 * are the same as it. */
bool oc_etag_is_known(const char *header, const char *etag);

#endif
