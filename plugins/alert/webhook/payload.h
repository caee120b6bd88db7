/* The body of a webhook and its signature. SPDX-License-Identifier: MIT  [worker] */
#ifndef WEBHOOK_PAYLOAD_H
#define WEBHOOK_PAYLOAD_H

#include "alert/message.h"

#define SIGNATURE_SIZE 65 /* 64 hex digits and NUL */

/* Without `template` (NULL): {"alert","timestamp","event","delivery","host","attempt"}. With one:
 * that document, every
 * {{name}} in its strings replaced; a string that is nothing but {{name}} becomes the value itself,
 * so
 * {"alert":"{{alert}}"} holds the whole object. Owned by the caller (free); NULL when memory is
 * short. */
char *payload_make(const struct message *m, const json_t *template);

/* HMAC-SHA256 of "<timestamp>.<body>" in hex. */
void payload_sign(const char *secret, const char *timestamp, const char *body,
                  char hex[SIGNATURE_SIZE]);

#endif
