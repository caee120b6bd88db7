/* One message to a syslog receiver. SPDX-License-Identifier: MIT  [worker]
 *
 * Syslog has no answers. Over TCP the connection is closed in an orderly way and the receiver's end is waited for, so that a receiver that went away in
 * between is noticed; over TLS what was handed to a connection that stands counts as sent; a datagram is gone when it is sent. */
#ifndef PLUGIN_SYSLOG_WIRE_H
#define PLUGIN_SYSLOG_WIRE_H

#include "net/lookup.h"
#include "transfer/transfer.h"

enum wire_kind { WIRE_UDP, WIRE_TCP, WIRE_TLS, WIRE_UNIX };

struct wire_address {
    enum wire_kind kind;
    char host[256]; /* or the path of the socket */
    char port[8];
};

/* "udp://host:514", "tcp://[::1]:601", "tls://host", "unix:///dev/log". OC_E_CONFIG. */
int32_t wire_parse(const char *text, struct wire_address *a, struct oc_error *err);
/* RFC 5426 (UDP), RFC 6587 and 5425 (octet counting over TCP and TLS). `lookup` remembers addresses from call to call. */
int32_t wire_send(const struct wire_address *a, const char *ca_file, struct oc_lookup *lookup,
                  const struct oc_request *req, const char *line, size_t len, struct oc_error *err);

#endif
