/* The client side of the control protocol. SPDX-License-Identifier: MIT */
#include "core/cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/loop/stream.h" /* the limits of a frame; nothing of it is linked */

#define HEAD  4u
#define CHUNK 65536u

/* ---- signals ---- */

static volatile sig_atomic_t signal_seen;
static sigset_t mask_before;
static unsigned holds;

static void on_signal(int number)
{
    signal_seen = number;
}

void oc_signals_hold(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;
    if (holds++ > 0) {
        return;
    }
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, &mask_before); /* they arrive only within ppoll: none is missed */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void oc_signals_release(void)
{
    if (--holds > 0) {
        return;
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* ---- opening ---- */

static int no_daemon(const char *socket, struct oc_error *err)
{
    oc_error_set(err, OC_E_RETRY, "no daemon is running: nobody listens on %s", socket);
    oc_error_hint(err, CLI_START_HINT);
    return OC_E_RETRY;
}

static int connect_error(const char *socket, int errnum, struct oc_error *err)
{
    if (errnum == EACCES || errnum == EPERM) {
        oc_error_set(err, OC_E_DENIED, "no right to speak to the daemon on %s", socket);
        oc_error_hint(err, "Run this as the user of the daemon, or as root.");
        return OC_E_DENIED;
    }
    if (errnum == ENOENT || errnum == ENOTDIR || errnum == ECONNREFUSED) {
        return no_daemon(socket, err);
    }
    if (errnum == EAGAIN) { /* its queue of connections is full, and nobody empties it */
        oc_error_set(err, OC_E_TIMEOUT, "the daemon takes no connection on %s", socket);
        oc_error_hint(err, "See whether its process is stopped, and read logs/openclawd.log in its "
                           "folder.");
        return OC_E_TIMEOUT;
    }
    return oc_error_errno(err, OC_E_RETRY, errnum, "cannot connect to %s", socket);
}

/* Neither connecting nor sending may take longer. */
static void limit_sending(int fd, int64_t limit_ms)
{
    struct timeval limit = {limit_ms / OC_SECOND, limit_ms % OC_SECOND * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static pid_t peer_of(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.pid : 0;
}

int oc_link_connect(struct cli_link *link, const char *socket_path, int64_t limit_ms,
                    struct oc_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(socket_path);
    *link = (struct cli_link){.fd = -1, .child.log = -1};
    if (len >= sizeof address.sun_path) {
        return oc_error_set(err, OC_E_CONFIG, "the path of the socket is too long: %s",
                            socket_path);
    }
    memcpy(address.sun_path, socket_path, len + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    limit_sending(fd, limit_ms);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int rc = connect_error(socket_path, errno, err);
        if (fd >= 0) {
            close(fd);
        }
        return rc;
    }
    link->fd = fd;
    link->socket = oc_strdup(socket_path);
    link->limit_ms = limit_ms;
    link->peer = peer_of(fd);
    return OC_OK;
}

static int start_private(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                         struct oc_error *err)
{
    const unsigned changes = OC_OP_MUTATES | OC_OP_DESTRUCTIVE | OC_OP_ACTS;
    int fds[2], log = memfd_create("openclawd.log", MFD_CLOEXEC);
    char number[16];
    *link = (struct cli_link){.fd = -1, .child.log = -1};
    if (log < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        int rc = oc_error_errno(err, OC_E_INTERNAL, errno, "cannot make a socket");
        if (log >= 0) {
            close(log);
        }
        return rc;
    }
    snprintf(number, sizeof number, "%d", fds[1]);
    const char *options[7] = {"--ephemeral", number};
    size_t n = 2;
    if (op->flags & (OC_OP_PRIVATE | OC_OP_PLAIN)) {
        options[n++] = "--no-store";
    } else if (!(op->flags & changes)) {
        options[n++] = "--looks";
    }
    if (op->flags & (OC_OP_BARE | OC_OP_PLAIN)) {
        options[n++] = "--plain";
    }
    if (op->flags & OC_OP_BARE) {
        options[n++] = "--no-plugins";
    }
    if (op->flags & OC_OP_COLLECTS) {
        options[n++] = "--collect";
    }
    int rc = oc_child_start(&link->child, cli, options, fds[1], log, err);
    close(fds[1]);
    link->fd = fds[0];
    link->limit_ms = cli->timeout_ms;
    return rc;
}

int oc_link_open(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                 struct oc_error *err)
{
    int rc = OC_E_RETRY;
    *link = (struct cli_link){.fd = -1, .child.log = -1};
    if (!(op->flags & OC_OP_PRIVATE)) {
        char *path = oc_cli_socket(cli);
        rc = oc_cli_check_config(cli, err);
        rc = rc ? rc : oc_link_connect(link, path, cli->timeout_ms, err);
        free(path);
    }
    if (rc == OC_E_RETRY && op->flags & (OC_OP_EPHEMERAL | OC_OP_PRIVATE)) {
        rc = start_private(link, cli, op, err);
    }
    return rc;
}

/* What a private daemon wrote to its log, for those who look for an error in it. */
static void show_log(const struct cli_child *child)
{
    char chunk[4096];
    off_t at = 0;
    for (ssize_t n; (n = pread(child->log, chunk, sizeof chunk, at)) > 0; at += n) {
        fwrite(chunk, 1, (size_t)n, stderr);
    }
}

void oc_link_done(struct cli_link *link)
{
    if (link->child.pid && link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
}

void oc_link_close(struct cli_link *link)
{
    if (link->fd >= 0) {
        close(link->fd); /* a private daemon drains and leaves */
        link->fd = -1;
    }
    if (link->child.pid) {
        oc_child_wait(&link->child);
    }
    if (link->child.log >= 0 && getenv("OPENCLAW_DEBUG")) {
        show_log(&link->child);
    }
    oc_child_finish(&link->child);
    oc_buf_finish(&link->in);
    OC_FREE(link->socket);
}

/* ---- frames ---- */

/* Unlike oc_fd_write_all it gives up when the socket takes nothing for the limit. */
static bool send_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* 1, 0 when the daemon is gone or takes nothing, -1 when the frame is too long. */
static int send_frame(struct cli_link *link, json_t *frame /* taken */)
{
    char *text = json_dumps(frame, JSON_COMPACT);
    size_t len = strlen(text);
    unsigned char head[HEAD];
    for (unsigned i = 0; i < HEAD; i++) {
        head[i] = (unsigned char)(len >> (8 * i));
    }
    bool fits = len <= OC_FRAME_MAX;
    bool sent = fits && send_all(link->fd, head, sizeof head) && send_all(link->fd, text, len);
    free(text);
    json_decref(frame);
    return fits ? sent : -1;
}

json_int_t oc_link_send(struct cli_link *link, const char *op, const json_t *params)
{
    json_int_t id = ++link->next_id;
    json_t *frame = json_object();
    json_object_set_new(frame, "id", json_integer(id));
    oc_json_set_str(frame, "op", op);
    json_object_set_new(frame, "params", params ? json_incref((json_t *)params) : json_object());
    int sent = send_frame(link, frame);
    return sent > 0 ? id : sent;
}

void oc_link_cancel(struct cli_link *link, json_int_t id)
{
    send_frame(link, json_pack("{s:I,s:b}", "id", id, "cancel", 1));
}

/* Takes one whole frame out of what has been read: 1, 0 when there is none yet, -1 when it is not a
 * frame. */
static int take_frame(struct cli_link *link, json_t **frame)
{
    const unsigned char *head = (const unsigned char *)link->in.data;
    if (link->in.len < HEAD) {
        return 0;
    }
    size_t size =
        (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (size > OC_REPLY_MAX) {
        return -1;
    }
    if (link->in.len - HEAD < size) {
        return 0;
    }
    *frame = json_loadb(link->in.data + HEAD, size, 0, NULL); /* its limit is that of a reply */
    oc_buf_consume(&link->in, HEAD + size);
    return *frame ? 1 : -1;
}

/* Reads what is there: 1, 0 at the end. */
static bool read_some(struct cli_link *link)
{
    oc_buf_reserve(&link->in, CHUNK);
    ssize_t n = read(link->fd, link->in.data + link->in.len, CHUNK);
    if (n > 0) {
        link->in.len += (size_t)n;
        link->in.data[link->in.len] = '\0';
    }
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Waits for input: CLI_NEXT_FRAME means that there is something to read. That nobody reads what is written is told unasked: as an
 * error of a pipe, as the end of a socket. */
static enum cli_next wait_input(const struct cli_link *link, int64_t timeout_ms)
{
    struct pollfd p[] = {{.fd = link->fd, .events = POLLIN},
                         {.fd = link->rows_out ? link->rows_out : -1}};
    struct timespec limit = {timeout_ms / OC_SECOND, timeout_ms % OC_SECOND * 1000000};
    sigset_t none;
    sigemptyset(&none);
    int n = ppoll(p, OC_COUNT(p), timeout_ms < 0 ? NULL : &limit, &none);
    if (n > 0 && p[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
        return CLI_NEXT_UNREAD;
    }
    if (n > 0 && p[0].revents) {
        return CLI_NEXT_FRAME;
    }
    if (n < 0 && errno == EINTR && signal_seen) {
        signal_seen = 0;
        return CLI_NEXT_SIGNAL;
    }
    return CLI_NEXT_NOTHING;
}

enum cli_next oc_link_next(struct cli_link *link, int timeout_ms, json_t **frame)
{
    int64_t until = oc_time_mono() + timeout_ms;
    for (;;) {
        int got = take_frame(link, frame);
        if (got != 0) {
            link->foreign = got < 0;
            return got > 0 ? CLI_NEXT_FRAME : CLI_NEXT_GONE;
        }
        int64_t left = timeout_ms < 0 ? -1 : until - oc_time_mono();
        enum cli_next next = wait_input(link, timeout_ms >= 0 && left < 0 ? 0 : left);
        if (next == CLI_NEXT_FRAME && !read_some(link)) {
            return CLI_NEXT_GONE;
        }
        if (next == CLI_NEXT_SIGNAL || next == CLI_NEXT_UNREAD ||
            (next == CLI_NEXT_NOTHING && timeout_ms >= 0 && left <= 0)) {
            return next;
        }
    }
}
