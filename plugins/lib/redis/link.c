/* Asking a Redis server, never longer than allowed. SPDX-License-Identifier: MIT */
#include "redis/link.h"

#include "net/connect.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX (4u << 20) /* bytes that one answer may have: INFO has some thousand */

static int32_t broke(struct oc_error *err, int error)
{
    return oc_fail(err, OC_E_RETRY, "the connection broke: %s", strerror(error));
}

static int32_t cannot_connect(struct oc_error *err, int error)
{
    return error == ETIMEDOUT   ? oc_fail(err, OC_E_TIMEOUT, "cannot connect: no answer in time")
           : error == ECANCELED ? oc_fail(err, OC_E_CANCELLED, "cancelled")
                                : oc_fail(err, OC_E_RETRY, "cannot connect: %s", strerror(error));
}

void oc_redis_close(struct oc_redis_link *l)
{
    if (l->redis) {
        redisFree(l->redis);
        l->redis = NULL;
        memset(&l->skip, 0, sizeof l->skip);
    }
}

void oc_redis_finish(struct oc_redis_link *l)
{
    oc_redis_close(l);
    oc_lookup_finish(&l->lookup);
}

int oc_redis_idle(const struct oc_redis_link *l)
{
    struct pollfd p = {.fd = l->redis ? l->redis->fd : -1, .events = POLLIN};
    return l->redis && poll(&p, 1, 0) == 0;
}

/* hiredis looks names up for as long as that takes, and tries one address: it gets a connection. */
static int32_t connect_tcp(struct oc_redis_link *l, const struct oc_redis_address *a,
                           const struct oc_wait *wait, struct oc_error *err)
{
    const int on = 1;
    struct oc_addrs addrs;
    int32_t code = oc_lookup_run(&l->lookup, a->host, wait, &addrs, err);
    if (code != OC_OK) {
        return code;
    }
    int fd = oc_net_connect(&addrs, (unsigned)a->port, SOCK_STREAM, wait);
    if (fd < 0) {
        oc_lookup_forget(&l->lookup, a->host);
        return cannot_connect(err, -fd);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    l->redis = redisConnectFd(fd);
    if (!l->redis) {
        close(fd);
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    return OC_OK;
}

static int32_t connect_unix(struct oc_redis_link *l, const char *path, const struct oc_wait *wait,
                            struct oc_error *err)
{
    l->redis = redisConnectUnixNonBlock(path);
    if (!l->redis) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    if (l->redis->err) {
        return oc_fail(err, OC_E_RETRY, "cannot connect: %s", l->redis->errstr);
    }
    return oc_wait_fd(l->redis->fd, POLLOUT, wait, err);
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

int32_t oc_redis_class(const char *error)
{
    static const struct {
        const char *begins;
        int32_t code;
    } known[] = {
        {"NOAUTH ", OC_E_AUTH},
        {"WRONGPASS ", OC_E_AUTH},
        {"NOPERM ", OC_E_AUTH},
        {"DENIED ", OC_E_AUTH}, /* protected mode: nobody from elsewhere comes in */
        {"ERR invalid password", OC_E_AUTH},
        {"ERR Client sent AUTH", OC_E_AUTH},
        {"ERR AUTH", OC_E_AUTH},
        {OC_REDIS_FULL, OC_E_RETRY},
        {"LOADING ", OC_E_RETRY},
        {"BUSY ", OC_E_RETRY},
        {"MASTERDOWN ", OC_E_RETRY},
        {"READONLY ", OC_E_RETRY}, /* a replica by now: the name follows */
        {"NOREPLICAS ", OC_E_RETRY},
        {"OOM ", OC_E_RETRY},
        {"MISCONF ", OC_E_RETRY}, /* it cannot save to its disk, and takes no writes meanwhile */
        {"TRYAGAIN ", OC_E_RETRY},
        {"CLUSTERDOWN ", OC_E_RETRY},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(error, known[i].begins, strlen(known[i].begins)) == 0) {
            return known[i].code;
        }
    }
    return OC_E_PERMANENT;
}

/* A command of the greeting, whose only good answer is a status; `refusal` is what an answer means
 * that says nothing about the server itself. */
static int32_t demand(struct oc_redis_link *l, const struct oc_wait *wait, int argc,
                      const char **argv, int32_t refusal, struct oc_error *err)
{
    redisReply *reply;
    int32_t code = oc_redis_command(l, wait, argc, argv, &reply, err);
    if (code == OC_OK && reply->type == REDIS_REPLY_ERROR) {
        code = oc_redis_class(reply->str);
        code = oc_fail(err, code == OC_E_PERMANENT ? refusal : code, "%s was refused: %.200s",
                       argv[0], reply->str);
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
    int32_t code = a->path ? connect_unix(l, a->path, wait, err) : connect_tcp(l, a, wait, err);
    if (code == OC_OK) {
        code = greet(l, a, password ? password : a->password, wait, err);
    }
    if (code != OC_OK) {
        oc_redis_close(l);
    }
    return code;
}
