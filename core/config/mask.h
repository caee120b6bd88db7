/* Hides secrets inside one text: URLs and key=value connection strings. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_MASK_H
#define OC_CONFIG_MASK_H

#include <stdbool.h>
#include <stddef.h>

#define OC_MASK "********"

/* An option of this name holds a secret ("password", "api_key", ...). */
bool oc_mask_secret_name(const char *name);
/* The same, or a name too common to be secret as an option, but not as a parameter ("key", "auth", ...). */
bool oc_mask_secret_parameter(const char *name, size_t len);
/* What stands at a key ("plugins.x.auth", "a.pass[0]") is one: its name is as it would be in a file. */
bool oc_mask_secret_key(const char *key);

/* `text` with the password of a URL, the secret parameters of its query and the secrets of a connection string ("host=x
 * password=y") hidden. `path_too`: nothing of a http(s) URL is shown but scheme and host, for webhooks whose path is
 * the secret. When in doubt too much is hidden. Owned by the caller. */
char *oc_mask_text(const char *text, bool path_too);

/* `text` with what may be a secret hidden in every URL: who logs in, every value of the query, the fragment. Owned by the
 * caller. */
char *oc_mask_addresses(const char *text);

/* A text that is wrong, as a message may repeat it: as oc_mask_text, and of what looks like a login nothing before its last
 * '@', since nobody knows where in a wrong URL the password begins. Owned by the caller. */
char *oc_mask_message(const char *text);

#endif
