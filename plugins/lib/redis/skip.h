/* Strings that are longer than anybody wants, cut while they come. SPDX-License-Identifier: MIT
 *
 * A message of a Redis channel may have 512 MB. Whoever subscribes must take it off the connection to get at the next one, and need
 * not hold it: this follows the protocol (RESP2) byte by byte and passes of each string its beginning alone, with a length that
 * fits. What is no RESP2 goes through as it is, for the parser to refuse. */
#ifndef OC_REDIS_SKIP_H
#define OC_REDIS_SKIP_H

#include <stddef.h>
#include <stdint.h>

struct oc_redis_skip {
    char line[32]; /* the line under way, while it may be a length */
    size_t len;
    int through;         /* this line is none: it goes on as it comes */
    uint64_t keep, drop; /* of the string under way */
    unsigned end;        /* its CR and LF that are still to come */
};

/* Gives `data` to pass(ctx, ..), with all strings cut to `max` bytes and one, so that it can be seen that they were. Stops at
 * the first pass that is not 0, and returns it. */
int oc_redis_skip(struct oc_redis_skip *s, const char *data, size_t len, size_t max,
                  int (*pass)(void *ctx, const char *data, size_t len), void *ctx);

#endif
