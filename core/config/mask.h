/* Hides secrets inside one text: URLs and key=value connection strings. SPDX-License-Identifier: MIT */
#ifndef OC_SERVICE_HOST_MASK_TEXT_H
#define OC_SERVICE_HOST_MASK_TEXT_H

#include <stdbool.h>

#define OC_MASK "********"

/* An option of this name holds a secret ("password", "api_key", ...). */
bool oc_mask_secret_name(const char *name);

/* `text` with the password of a URL, the secret parameters of its query and the secrets of a connection string ("host=x
 * password=y") hidden. `path_too`: nothing of a http(s) URL is shown but scheme and host, for webhooks whose path is
 * the secret. When in doubt too much is hidden. Owned by the caller. */
char *oc_mask_text(const char *text, bool path_too);

/* `text` with what may be a secret hidden in every URL: who logs in, every value of the query, the fragment. Owned by the
 * caller. */
char *oc_mask_addresses(const char *text);

#endif
