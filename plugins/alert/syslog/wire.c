/* One message to a syslog receiver. SPDX-License-Identifier: MIT */
#include "wire.h"

#include "net/connect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define WAIT_MS    60000
#define GOODBYE_MS 2000 /* that the receiver's end is waited for */

/* ---- addresses ---- */

static const struct {
    const char *prefix, *port;
} kinds[] = {[WIRE_UDP] = {"udp://", "514"},
             [WIRE_TCP] = {"tcp://", "601"},
             [WIRE_TLS] = {"tls://", "6514"},
             [WIRE_UNIX] = {"unix://", ""}};

static int32_t wrong_address(const char *text, struct oc_error *err)
{
    snprintf(err->hint, sizeof err->hint,
             "Write udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log.");
    return oc_fail(err, OC_E_CONFIG,
                   "address: expected the address of a syslog receiver, got %.100s", text);
}

static bool copy(char *out, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

/* "host", "host:port", "[::1]:port" */
static bool parse_host(const char *rest, struct wire_address *a)
{
    const char *end = *rest == '[' ? strchr(rest, ']') : NULL;
    const char *host = end ? rest + 1 : rest;
    size_t len = end ? (size_t)(end - host) : strcspn(rest, ":");
    const char *port = end ? end + 1 : rest + len;
    if ((*rest == '[' && !end) || !copy(a->host, sizeof a->host, host, len)) {
        return false;
    }
    if (*port == '\0') {
        return true;
    }
    return *port == ':' && strlen(port + 1) == strspn(port + 1, "0123456789") &&
           strtoul(port + 1, NULL, 10) > 0 && strtoul(port + 1, NULL, 10) <= 65535 &&
           copy(a->port, sizeof a->port, port + 1, strlen(port + 1));
}

int32_t wire_parse(const char *text, struct wire_address *a, struct oc_error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, len) == 0) {
            const char *rest = text + len;
            a->kind = (enum wire_kind)i;
            snprintf(a->port, sizeof a->port, "%s", kinds[i].port);
            bool sound = a->kind == WIRE_UNIX
                             ? *rest == '/' &&
                                   strlen(rest) < sizeof((struct sockaddr_un *)0)->sun_path &&
                                   copy(a->host, sizeof a->host, rest, strlen(rest))
                             : parse_host(rest, a);
            return sound ? OC_OK : wrong_address(text, err);
        }
    }
    return wrong_address(text, err);
}

/* ---- time ---- */

static int32_t fail_errno(const struct wire_address *a, int number, struct oc_error *err)
{
    int32_t code = number == ETIMEDOUT   ? OC_E_TIMEOUT
                   : number == ECANCELED ? OC_E_CANCELLED
                                         : OC_E_RETRY;
    return oc_fail(err, code, "%.200s: %s", a->host, strerror(number));
}

/* 0, or an errno. */
static int wait_for(int fd, short events, const struct oc_request *req, int64_t most_ms)
{
    const struct oc_wait wait = {req, oc_step_deadline(req, most_ms)};
    struct oc_error ignored = {.struct_size = sizeof ignored};
    int32_t code = oc_wait_fd(fd, events, &wait, &ignored);
    return code == OC_OK ? 0 : code == OC_E_CANCELLED ? ECANCELED : ETIMEDOUT;
}

/* ---- sockets ---- */

/* A connected socket, or -1 and `err`. Every address of the name is tried. */
static int open_socket(const struct wire_address *a, struct oc_lookup *lookup,
                       const struct oc_request *req, struct oc_error *err)
{
    const struct oc_wait wait = {req, oc_step_deadline(req, WAIT_MS)};
    struct oc_addrs addrs;
    if (oc_lookup_run(lookup, a->host, &wait, &addrs, err) != OC_OK) {
        return -1;
    }
    int fd = oc_net_connect(&addrs, (unsigned)strtoul(a->port, NULL, 10),
                            a->kind == WIRE_UDP ? SOCK_DGRAM : SOCK_STREAM, &wait);
    if (fd < 0) {
        oc_lookup_forget(lookup, a->host);
        fail_errno(a, -fd, err);
        return -1;
    }
    return fd;
}

static int32_t send_datagram(const struct wire_address *a, int fd, const struct oc_request *req,
                             const char *line, size_t len, struct oc_error *err)
{
    int number = 0;
    while (number == 0 && send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len) {
        /* the log's own socket is full while its daemon is busy, or hangs */
        number = errno == EAGAIN ? wait_for(fd, POLLOUT, req, WAIT_MS) : errno == EINTR ? 0 : errno;
    }
    return number == 0 ? OC_OK : fail_errno(a, number, err);
}

static int32_t send_unix(const struct wire_address *a, const struct oc_request *req,
                         const char *line, size_t len, struct oc_error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(at.sun_path, a->host, strlen(a->host) + 1);
    int32_t rc = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0
                     ? send_datagram(a, fd, req, line, len, err)
                     : fail_errno(a, errno, err);
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static int write_all(int fd, const char *data, size_t len, const struct oc_request *req)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            int number = wait_for(fd, POLLOUT, req, WAIT_MS);
            if (number != 0) {
                return number;
            }
        } else if (n < 0 && errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Says that nothing more comes, and waits for the other end: a reset here means that it may not have been read. */
static int say_goodbye(int fd, const struct oc_request *req)
{
    char byte[64];
    shutdown(fd, SHUT_WR);
    int number = wait_for(fd, POLLIN, req, GOODBYE_MS);
    if (number == ETIMEDOUT) {
        return 0; /* a receiver that keeps the connection: nothing speaks against it */
    }
    return number == 0 && recv(fd, byte, sizeof byte, 0) < 0 && errno != EAGAIN ? errno : number;
}

static int32_t send_tcp(const struct wire_address *a, struct oc_lookup *lookup,
                        const struct oc_request *req, const char *frame, size_t len,
                        struct oc_error *err)
{
    int fd = open_socket(a, lookup, req, err);
    if (fd < 0) {
        return err->code;
    }
    int number = write_all(fd, frame, len, req);
    number = number ? number : say_goodbye(fd, req);
    close(fd);
    return number == 0 ? OC_OK : fail_errno(a, number, err);
}

static int32_t send_udp(const struct wire_address *a, struct oc_lookup *lookup,
                        const struct oc_request *req, const char *line, size_t len,
                        struct oc_error *err)
{
    int fd = open_socket(a, lookup, req, err);
    if (fd < 0) {
        return err->code;
    }
    int32_t rc = send_datagram(a, fd, req, line, len, err);
    close(fd);
    return rc;
}

/* ---- TLS: libcurl connects and encrypts, what goes through is ours ---- */

static int32_t send_tls(const struct wire_address *a, const char *ca_file,
                        const struct oc_request *req, const char *frame, size_t len,
                        struct oc_error *err)
{
    char url[300], detail[CURL_ERROR_SIZE];
    size_t sent = 0;
    CURL *curl = curl_easy_init();
    if (!curl) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    snprintf(url, sizeof url, strchr(a->host, ':') ? "https://[%s]:%s/" : "https://%s:%s/", a->host,
             a->port);
    transfer_prepare(curl, "https", ca_file);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L); /* it is not HTTP that is spoken */
    CURLcode code = transfer_run(curl, req, detail);
    while (code == CURLE_OK && sent < len) {
        size_t n = 0;
        curl_socket_t fd = CURL_SOCKET_BAD;
        code = curl_easy_send(curl, frame + sent, len - sent, &n);
        sent += n;
        if (code == CURLE_AGAIN &&
            curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK) {
            code = wait_for(fd, POLLOUT, req, WAIT_MS) == 0 ? CURLE_OK : CURLE_OPERATION_TIMEDOUT;
        }
    }
    curl_easy_cleanup(curl); /* says goodbye */
    return code == CURLE_OK ? OC_OK : transfer_fail(code, detail, err);
}

int32_t wire_send(const struct wire_address *a, const char *ca_file, struct oc_lookup *lookup,
                  const struct oc_request *req, const char *line, size_t len, struct oc_error *err)
{
    char *frame;
    int32_t rc;
    if (a->kind == WIRE_UNIX) {
        return send_unix(a, req, line, len, err);
    }
    if (a->kind == WIRE_UDP) {
        return send_udp(a, lookup, req, line, len, err);
    }
    int framed = asprintf(&frame, "%zu %.*s", len, (int)len, line);
    if (framed < 0) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    rc = a->kind == WIRE_TCP ? send_tcp(a, lookup, req, frame, (size_t)framed, err)
                             : send_tls(a, ca_file, req, frame, (size_t)framed, err);
    free(frame);
    return rc;
}
