/* The permission surface: one hash of what a plugin may do, which consent is given for. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PACKAGE_SURFACE_H
#define OC_PACKAGE_SURFACE_H

#include <jansson.h>

#include "core/sys/crypto.h"

/* SHA-256 of the sorted permissions joined by '\n'; what is no text counts as an empty one. A registry signs it and a host asks its
 * user for it, so there is one way to make it. */
void oc_surface(const json_t *permissions, char hex[OC_SHA256_HEX]);

#endif
