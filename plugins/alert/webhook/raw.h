/* A delivery passed on as it stands. SPDX-License-Identifier: MIT  [worker]
 *
 * Without a template the body has the same members as the parameters, under other names: they are
 * found and copied, and not taken apart and put together again, which took longer than sending them.
 * What is between the brackets of a member was written by the host's own JSON writer and is not looked at. */
#ifndef WEBHOOK_RAW_H
#define WEBHOOK_RAW_H

#include <stdbool.h>
#include <stddef.h>

/* A value as JSON text, borrowed from the parameters; len 0: absent. */
struct raw {
    const char *at;
    size_t len;
};

struct raw_delivery {
    struct raw alert, id, event, attempt, group, alerts, text;
    struct raw host; /* its name */
};

/* False: this is not plain enough, or no delivery; then message_read has to say. When true: alert is an
 * object, id and event are strings without escapes and not empty, attempt is digits or absent. */
bool raw_read(const char *params, size_t len, struct raw_delivery *d);
/* The body without a template. `timestamp` needs no escapes. Owned by the caller (free); NULL when memory is short. */
char *raw_body(const struct raw_delivery *d, const char *timestamp);
/* A string without its quotes, owned by the caller; NULL when memory is short. */
char *raw_string(const struct raw *value);

#endif
