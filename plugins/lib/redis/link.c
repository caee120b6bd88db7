/* Asking a Redis server, never longer than allowed. SPDX-License-Identifier: MIT */
#include "redis/link.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REPLY_MAX (4u << 20) /* bytes that one answer may have: INFO has some thousand */

static int32_t broke(struct oc_error *err, int error)
{
    return oc_fail(err, OC_E_RETRY, "the connection broke: %s", strerror(error));
}

void oc_redis_close(struct oc_redis_link *l)
{
    if (l->redis) {
        redisFree(l->redis);
        l->redis = NULL;
        memset(&l->skip, 0, sizeof l->skip);
    }
}

int oc_redis_idle(const struct oc_redis_link *l)
{
    struct pollfd p = {.fd = l->redis ? l->redis->fd : -1, .events = POLLIN};
    return l->redis && poll(&p, 1, 0) == 0;
}

static int32_t connect_to(struct oc_redis_link *l, const struct oc_redis_address *a,
                          const struct oc_wait *wait, struct oc_error *err)
{
    l->redis = a->path ? redisConnectUnixNonBlock(a->path) : redisConnectNonBlock(a->host, a->port);
    if (!l->redis) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    if (l->redis->err) {
        return oc_fail(err, OC_E_RETRY, "cannot connect: %s", l->redis->errstr);
    }
    int32_t code = oc_wait_fd(l->redis->fd, POLLOUT, wait, err);
    if (code == OC_E_TIMEOUT) {
        return oc_fail(err, code, "cannot connect: no answer in time");
    }
    int error = 0;
    socklen_t len = sizeof error;
    if (code == OC_OK && getsockopt(l->redis->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
        error) {
        code = oc_fail(err, OC_E_RETRY, "cannot connect: %s", strerror(error));
    }
    return code;
}

/* Not redisBufferWrite: writing to a connection that the peer closed must not raise SIGPIPE in the
 * host. */
static int32_t send_text(int fd, const char *data, size_t len, const struct oc_wait *wait,
                         struct oc_error *err)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            int32_t code = oc_wait_fd(fd, POLLOUT, wait, err);
            if (code != OC_OK) {
                return code;
            }
        } else if (errno != EINTR) {
            return broke(err, errno);
        }
    }
    return OC_OK;
}

struct feed {
    redisReader *reader;
    size_t *received;
};

static int pass(void *ctx, const char *data, size_t len)
{
    struct feed *feed = ctx;
    *feed->received += len;
    return *feed->received > REPLY_MAX ? REDIS_ERR : redisReaderFeed(feed->reader, data, len);
}

static int32_t receive(struct oc_redis_link *l, const struct oc_wait *wait, size_t *received,
                       struct oc_error *err)
{
    char buf[16384];
    int32_t code = oc_wait_fd(l->redis->fd, POLLIN, wait, err);
    if (code != OC_OK) {
        return code;
    }
    ssize_t n = recv(l->redis->fd, buf, sizeof buf, MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? OC_OK : broke(err, errno);
    }
    if (n == 0) {
        return oc_fail(err, OC_E_RETRY, "the server closed the connection");
    }
    struct feed feed = {l->redis->reader, received};
    const int rc = l->string_max
                       ? oc_redis_skip(&l->skip, buf, (size_t)n, l->string_max, pass, &feed)
                       : pass(&feed, buf, (size_t)n);
    if (*received > REPLY_MAX) {
        return oc_fail(err, OC_E_PERMANENT, "an answer of more than %u bytes", REPLY_MAX);
    }
    return rc == REDIS_OK ? OC_OK : oc_fail(err, OC_E_INTERNAL, "out of memory");
}

static int32_t read_reply(struct oc_redis_link *l, const struct oc_wait *wait, redisReply **reply,
                          struct oc_error *err)
{
    size_t received = 0;
    for (;;) {
        void *got = NULL;
        if (redisReaderGetReply(l->redis->reader, &got) != REDIS_OK) {
            return oc_fail(err, OC_E_PERMANENT, "this is not a Redis server: %s",
                           l->redis->reader->errstr);
        }
        if (got) {
            *reply = got;
            return OC_OK;
        }
        int32_t code = receive(l, wait, &received, err);
        if (code != OC_OK) {
            return code;
        }
    }
}

int32_t oc_redis_read(struct oc_redis_link *l, const struct oc_wait *wait, redisReply **reply,
                      struct oc_error *err)
{
    *reply = NULL;
    int32_t code = read_reply(l, wait, reply, err);
    if (code != OC_OK && code != OC_E_TIMEOUT && code != OC_E_CANCELLED) {
        oc_redis_close(l);
    }
    return code;
}

int32_t oc_redis_send(struct oc_redis_link *l, const struct oc_wait *wait, int argc,
                      const char **argv, struct oc_error *err)
{
    char *text = NULL;
    int len = redisFormatCommandArgv(&text, argc, argv, NULL);
    if (len < 0) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    int32_t code = send_text(l->redis->fd, text, (size_t)len, wait, err);
    explicit_bzero(text, (size_t)len); /* may hold a password */
    redisFreeCommand(text);
    if (code != OC_OK) {
        oc_redis_close(l);
    }
    return code;
}

int32_t oc_redis_command(struct oc_redis_link *l, const struct oc_wait *wait, int argc,
                         const char **argv, redisReply **reply, struct oc_error *err)
{
    *reply = NULL;
    int32_t code = oc_redis_send(l, wait, argc, argv, err);
    if (code == OC_OK) {
        code = read_reply(l, wait, reply, err);
    }
    if (code != OC_OK) {
        oc_redis_close(l);
    }
    return code;
}

/* A command of the greeting, whose only good answer is a status. */
static int32_t demand(struct oc_redis_link *l, const struct oc_wait *wait, int argc,
                      const char **argv, int32_t refusal, struct oc_error *err)
{
    redisReply *reply;
    int32_t code = oc_redis_command(l, wait, argc, argv, &reply, err);
    if (code == OC_OK && reply->type == REDIS_REPLY_ERROR) {
        code = oc_fail(err, refusal, "%s was refused: %.200s", argv[0], reply->str);
    }
    if (reply) {
        freeReplyObject(reply);
    }
    return code;
}

static int32_t greet(struct oc_redis_link *l, const struct oc_redis_address *a,
                     const char *password, const struct oc_wait *wait, struct oc_error *err)
{
    int32_t code = OC_OK;
    if (password && a->user) {
        const char *argv[] = {"AUTH", a->user, password};
        code = demand(l, wait, 3, argv, OC_E_AUTH, err);
    } else if (password) {
        const char *argv[] = {"AUTH", password};
        code = demand(l, wait, 2, argv, OC_E_AUTH, err);
    }
    if (code == OC_OK && a->db > 0) {
        char db[24];
        snprintf(db, sizeof db, "%lld", (long long)a->db);
        const char *argv[] = {"SELECT", db};
        code = demand(l, wait, 2, argv, OC_E_CONFIG, err);
    }
    return code;
}

int32_t oc_redis_open(struct oc_redis_link *l, const struct oc_redis_address *a,
                      const char *password, const struct oc_wait *wait, struct oc_error *err)
{
    int32_t code = connect_to(l, a, wait, err);
    if (code == OC_OK) {
        code = greet(l, a, password ? password : a->password, wait, err);
    }
    if (code != OC_OK) {
        oc_redis_close(l);
    }
    return code;
}
