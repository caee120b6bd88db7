/* One connection to a Redis server, with a deadline over everything. SPDX-License-Identifier: MIT
 *
 * hiredis formats and parses; names, connecting and waiting are done here, so that neither a name
 * service or a server that hangs nor one that answers a byte at a time can hold a call beyond its
 * deadline. All functions are [worker]. Codes: OC_E_RETRY (not reachable, the connection broke, or
 * the server cannot serve now), OC_E_TIMEOUT, OC_E_CANCELLED, OC_E_AUTH (credentials refused),
 * OC_E_CONFIG (no such database), OC_E_PERMANENT (not a Redis server). Messages never hold a
 * password. */
#ifndef OC_REDIS_LINK_H
#define OC_REDIS_LINK_H

#include "collect/collect.h"
#include "net/lookup.h"
#include "redis/skip.h"

#include <hiredis/hiredis.h>
#include <stdint.h>

#include <openclaw/plugin.h>

/* A server as its URL names it; strings are owned. */
struct oc_redis_address {
    char *host; /* NULL: a unix socket */
    int port;
    char *path; /* of the unix socket */
    char *user, *password;
    int64_t db;
};

/* redis://[user[:password]@]host[:port][/db], unix:/path or unix:///path. OC_E_CONFIG when it is
 * something else. */
int32_t oc_redis_address_parse(struct oc_redis_address *a, const char *url, struct oc_error *err);
void oc_redis_address_finish(struct oc_redis_address *a);
/* "127.0.0.1:6379" or "/run/redis.sock", for messages. */
const char *oc_redis_address_text(const struct oc_redis_address *a, char *text, size_t size);

struct oc_redis_link {
    redisContext *redis; /* NULL: not connected */
    /* Strings that come are cut behind so many bytes and one; 0: they are whole, and an answer of more than 4 MB ends the
     * connection. Set by the owner before oc_redis_open. */
    size_t string_max;
    struct oc_redis_skip skip;
    struct oc_lookup lookup; /* stays when the connection is closed */
};

/* Connects, authenticates and selects the database; on failure the link is closed. `password` NULL
 * = that of the address. */
int32_t oc_redis_open(struct oc_redis_link *l, const struct oc_redis_address *a,
                      const char *password, const struct oc_wait *wait, struct oc_error *err);
void oc_redis_close(struct oc_redis_link *l);
void oc_redis_finish(struct oc_redis_link *l); /* closes it and frees all; a zeroed one is fine */
/* Whether the connection is there and quiet: nothing came, and it was not closed, since the last
 * answer. */
int oc_redis_idle(const struct oc_redis_link *l);
/* Sends one command and waits for its answer, which the caller frees with freeReplyObject; an error
 * that the server answers is an answer too. On failure the link is closed. */
int32_t oc_redis_command(struct oc_redis_link *l, const struct oc_wait *wait, int argc,
                         const char **argv, redisReply **reply, struct oc_error *err);
/* Sends a command whose answers come with oc_redis_read. On failure the link is closed. */
int32_t oc_redis_send(struct oc_redis_link *l, const struct oc_wait *wait, int argc,
                      const char **argv, struct oc_error *err);
/* The next thing that the server sends, for connections that subscribe; freed by the caller. OC_E_TIMEOUT and OC_E_CANCELLED
 * leave the link open, and what has come of an answer in it; other failures close it. */
int32_t oc_redis_read(struct oc_redis_link *l, const struct oc_wait *wait, redisReply **reply,
                      struct oc_error *err);

/* How the answer of a server begins that has no place for one more; it closes the connection then. */
#define OC_REDIS_FULL "ERR max number of clients"
/* What an error that the server answers means: OC_E_AUTH (credentials or rights), OC_E_RETRY (it
 * cannot at the moment) or OC_E_PERMANENT (all others). */
int32_t oc_redis_class(const char *error);

#endif
