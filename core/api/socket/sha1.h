/* SHA-1, for the WebSocket handshake alone: it protects nothing there. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_SOCKET_SHA1_H
#define OC_API_SOCKET_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define OC_SHA1 20

/* FIPS 180-4. `len` at most 4096. */
void oc_sha1(const void *data, size_t len, uint8_t sum[OC_SHA1]);

#endif
