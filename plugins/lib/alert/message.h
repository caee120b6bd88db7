/* One delivery as alert.send/1 gets it, read and bounded. SPDX-License-Identifier: MIT
 *
 * Parameters: {"id","event":"firing"|"resolved"|"test","alert":{..},"host":{"name"},"attempt"}.
 * Strings here are never NULL, borrowed from the message, and may hold anything: writers escape.
 * [worker] */
#ifndef PLUGIN_ALERT_MESSAGE_H
#define PLUGIN_ALERT_MESSAGE_H

#include "alert/text.h"

#include <jansson.h>

#include <openclaw/plugin.h>

struct message {
    json_t *root;      /* owned */
    json_t *alert;     /* borrowed from root */
    const char *id;    /* of the delivery: the same for every attempt */
    const char *event; /* "firing", "resolved", "test" */
    const char *host;
    const char *severity, *title, *text, *rule, *entity;
    const char *at; /* RFC 3339: when it began, or ended */
    int64_t attempt;
};

/* OC_OK, or OC_E_CONFIG when the parameters are not a delivery; then there is nothing to finish. */
int32_t message_read(struct message *m, const struct oc_request *req, struct oc_error *err);
void message_finish(struct message *m);

/* "CRITICAL", "WARNING", "INFO", "RESOLVED" or "TEST". */
const char *message_word(const struct message *m);
/* One line: time, word, title, text, id of the alert; nothing in it can act on a terminal. */
void message_add_line(const struct message *m, struct text *out);

/* The time as RFC 3339 in UTC; 25 bytes are enough. */
void message_now(char *out, size_t size);
/* The value of "alert.rule", "alert.labels.mount", "event", "delivery", "host", "timestamp" (now),
 * or of a member of the alert by its bare name ("severity", "title"). Owned by the caller; NULL
 * when there is none. */
json_t *message_value(const struct message *m, const char *name);
/* `pattern` with every open NAME close replaced by message_value as text; what names nothing
 * becomes "". */
void message_expand(const struct message *m, const char *pattern, const char *open,
                    const char *close, struct text *out);

/* The answer to alert.send: what the receiver said (cut), and its wish to wait in seconds (0 =
 * none). */
void message_answer(const struct oc_sink *out, const char *text, int64_t retry_after);

#endif
