/* The opening handshake of RFC 6455, seen from the server. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_SOCKET_ACCEPT_H
#define OC_API_SOCKET_ACCEPT_H

#include "core/api/http.h"

#define OC_WS_ACCEPT 29 /* 28 characters and NUL */

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key; false when the key is not 16 bytes of base64. [any] */
bool oc_ws_accept(const char *key, char accept[OC_WS_ACCEPT]);
/* Whether `list`, the value of a header such as Connection, names `token`, in any case. [any] */
bool oc_ws_has_token(const char *list, const char *token);
/* The first of `offered` (the value of Sec-WebSocket-Protocol, NULL = none) that is in `ours` (NULL at the end); NULL when
 * there is none. [any] */
const char *oc_ws_choose(const char *offered, const char *const *ours);

/* Answers what is no sound handshake (400, or 426 for another version): false. Otherwise the headers of the 101 are set,
 * *protocol is what was chosen of `ours`, and the caller goes on with oc_http_upgrade. */
bool oc_ws_handshake(struct oc_http_request *r, const char *const *ours, const char **protocol);

#endif
