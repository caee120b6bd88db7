/* The listening side of the control socket. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/loop/stream_internal.h"

#define BACKLOG 64

struct oc_listener {
    uv_pipe_t pipe;
    struct oc_loop *loop;
    char *path;
    dev_t dev; /* which file is ours: another daemon may have put its own there since */
    ino_t ino;
    void (*accepted)(void *ctx, struct oc_stream *s);
    void *ctx;
};

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int make_address(const char *path, struct sockaddr_un *address, struct oc_error *err)
{
    size_t len = strlen(path);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len == 0 || len >= sizeof address->sun_path) {
        oc_error_set(err, OC_E_CONFIG, "socket path of %zu bytes, the system takes 1 to %zu: %s",
                     len, sizeof address->sun_path - 1, path);
        oc_error_hint(err, "Choose a home with a shorter path.");
        return OC_E_CONFIG;
    }
    memcpy(address->sun_path, path, len + 1);
    return 0;
}

/* 0 when nobody answers at the address, else the reason not to take it. */
static int probe(const struct sockaddr_un *address)
{
    int fd = open_socket();
    if (fd < 0) {
        return errno;
    }
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address) ? errno : EADDRINUSE;
    close(fd);
    return rc == ECONNREFUSED || rc == ENOENT ? 0 : rc == EAGAIN ? EADDRINUSE : rc;
}

/* Removes the socket file of a daemon that died; leaves everything else alone. */
static int clear_path(const struct sockaddr_un *address, struct oc_error *err)
{
    const char *path = address->sun_path;
    struct stat st;

    if (lstat(path, &st)) {
        return errno == ENOENT ? 0 : oc_error_errno(err, 0, errno, "cannot look at %s", path);
    }
    if (!S_ISSOCK(st.st_mode)) {
        return oc_error_set(err, OC_E_CONFLICT, "%s exists and is not a socket", path);
    }
    int busy = probe(address);
    if (busy == EADDRINUSE) {
        oc_error_set(err, OC_E_CONFLICT, "somebody else listens on %s", path);
        oc_error_hint(err, "Stop the other daemon first, or give this one another home.");
        return OC_E_CONFLICT;
    }
    if (busy) {
        return oc_error_errno(err, 0, busy, "cannot connect to %s", path);
    }
    if (unlink(path) && errno != ENOENT) {
        return oc_error_errno(err, 0, errno, "cannot remove %s", path);
    }
    return 0;
}

/* The mode is set on the unbound socket: Linux gives it to the file when bind makes it, so there is
 * no moment at which others could connect, and no umask to change behind the back of other threads.
 */
static int bind_private(const struct sockaddr_un *address, struct oc_error *err)
{
    int fd = open_socket();
    if (fd >= 0 && !fchmod(fd, 0600) &&
        !bind(fd, (const struct sockaddr *)address, sizeof *address) && !listen(fd, BACKLOG)) {
        return fd;
    }
    int rc = oc_error_errno(err, 0, errno, "cannot listen on %s", address->sun_path);
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct oc_listener *l = server->data;
    if (status) {
        return;
    }
    struct oc_stream *s = oc_stream_create(l->loop);
    if (uv_accept(server, (uv_stream_t *)oc_stream_pipe(s))) {
        oc_stream_abort(s);
        return;
    }
    l->accepted(l->ctx, s);
    oc_stream_begin(s);
}

static void on_closed(uv_handle_t *handle)
{
    struct oc_listener *l = handle->data;
    free(l->path);
    free(l);
}

static bool is_ours(const struct oc_listener *l)
{
    struct stat st;
    return !lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino;
}

void oc_listener_destroy(struct oc_listener *l)
{
    if (!l) {
        return;
    }
    if (is_ours(l)) {
        unlink(l->path);
    }
    uv_close((uv_handle_t *)&l->pipe, on_closed);
}

struct oc_listener *oc_listener_create(struct oc_loop *loop, const char *path,
                                       void (*accepted)(void *ctx, struct oc_stream *s), void *ctx,
                                       struct oc_error *err)
{
    struct sockaddr_un address;
    struct stat st = {0};

    if (make_address(path, &address, err) || clear_path(&address, err)) {
        return NULL;
    }
    int fd = bind_private(&address, err);
    if (fd < 0) {
        return NULL;
    }
    struct oc_listener *l = oc_calloc(1, sizeof *l);
    l->loop = loop;
    l->path = oc_strdup(path);
    l->accepted = accepted;
    l->ctx = ctx;
    if (!lstat(path, &st)) {
        l->dev = st.st_dev;
        l->ino = st.st_ino;
    }
    OC_ASSERT(!uv_pipe_init(oc_loop_uv(loop), &l->pipe, 0));
    l->pipe.data = l;
    OC_ASSERT(!uv_pipe_open(&l->pipe, fd));
    OC_ASSERT(!uv_listen((uv_stream_t *)&l->pipe, BACKLOG, on_connection));
    return l;
}
