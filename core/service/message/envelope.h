/* The envelope of agent messages, as it is on the channels and as it is in the host. SPDX-License-Identifier: MIT  [any]
 *
 * On a channel: {"id","type","from","to","channel","content","timestamp" (ms),"threadId","parentId","metadata"}; agents of old
 * leave out what they like, or send plain text. In the host: {"id","channel","from","to","type","content","time" (RFC 3339),
 * "thread","parent","metadata"}, where strings are bounded and the last three are there only when they were given. */
#ifndef OC_SERVICE_MESSAGE_ENVELOPE_H
#define OC_SERVICE_MESSAGE_ENVELOPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_MESSAGE_NAME_MAX    128 /* bytes of an agent, a type, an id */
#define OC_MESSAGE_CHANNEL_MAX 256
#define OC_MESSAGE_PAYLOAD_MAX (256u << 10)

/* What came on `channel`; never NULL: what is no envelope becomes a message of type "text" with all of it as content. An
 * id that is missing is made from `now_ms` and `serial`. Owned by the caller. */
json_t *oc_envelope_read(const char *channel, const char *payload, size_t len, int64_t now_ms,
                         uint64_t serial);
/* The text for a channel of a message as it is in the host; owned by the caller. */
char *oc_envelope_write(const json_t *message);
/* "a2a:alpha" and "agent:alpha:inbox" are those of "alpha": its name in `name`; else false. */
bool oc_envelope_agent(const char *channel, char name[OC_MESSAGE_NAME_MAX + 1]);
/* Letters, digits and : . _ - * of at most OC_MESSAGE_CHANNEL_MAX bytes; '*' only as `pattern`. */
bool oc_channel_valid(const char *channel, bool pattern);

#endif
