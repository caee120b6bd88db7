/* Whether a client has an answer already. SPDX-License-Identifier: MIT */
#include "core/api/etag.h"

#include <stddef.h>
#include <string.h>

bool oc_etag_is_known(const char *header, const char *etag)
{
    return header && (strcmp(header, "*") == 0 || strstr(header, etag) != NULL);
}
