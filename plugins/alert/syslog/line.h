/* An alert as one message of RFC 5424. SPDX-License-Identifier: MIT  [worker] */
#ifndef PLUGIN_SYSLOG_LINE_H
#define PLUGIN_SYSLOG_LINE_H

#include "alert/message.h"

#define LINE_MAX_BYTES 2048 /* what every receiver should take (RFC 5424, 6.1) */

struct line_options {
    int facility;               /* 0 to 23 */
    const char *app, *hostname; /* "" = "-" */
};

/* "<PRI>1 TIMESTAMP HOSTNAME APP-NAME - MSGID [openclaw@32473 ...] BOM MSG", at most LINE_MAX_BYTES, cut in the text only. */
void line_make(const struct line_options *o, const struct message *m, struct text *out);
/* The number of a facility's name ("daemon", "local3"); -1 = none. */
int line_facility(const char *name);

#endif
