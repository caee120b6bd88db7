/* Listeners: libmicrohttpd on the host's own loop. SPDX-License-Identifier: MIT  [loop]
 *
 * Each listener is one MHD daemon in external epoll mode: its descriptor is watched by the loop, its time-outs are a timer.
 * Nothing runs on another thread. */
#ifndef OC_API_SERVER_H
#define OC_API_SERVER_H

#include "core/api/internal.h"

struct oc_server *oc_server_create(struct oc_api *api);
/* Opens what is new in api->options, keeps what is the same, closes what is gone. */
void oc_server_configure(struct oc_server *s, struct oc_diags *diags);
/* No new connections; those that are there may end. */
void oc_server_quiesce(struct oc_server *s);
/* How many requests are with their handlers. */
size_t oc_server_busy(const struct oc_server *s);
void oc_server_destroy(struct oc_server *s); /* closes everything; NULL is fine */
/* [{"address","port","unix","serves","tls","url","error"}]; owned by the caller. */
json_t *oc_server_json(const struct oc_server *s);

#endif
