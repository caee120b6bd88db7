/* What the methods of the bus share. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_REDIS_BUS_H
#define OC_REDIS_BUS_H

#include "redis/link.h"

#include <jansson.h>

struct bus {
    /* options */
    const char *url, *password;
    struct oc_list channels;
    int64_t timeout_ms, history_ms;
    int32_t history;

    struct oc_redis_address address;
    struct oc_redis_link link; /* of an instance that listens: subscribed; else for commands */
    int64_t heard_ms;          /* monotonic; when the server last said something */
    int32_t subscribed, asked;
};

/* bus.listen/1: emits an EVENT "bus.listening" {"channels"} when it has subscribed, then an EVENT "bus.message"
 * {"channel","payload"} for each message, until the deadline, the cancel flag, or a bound on what one call may emit. The
 * connection stays: the next call goes on where this one ended. */
int32_t bus_listen(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err);

#endif
