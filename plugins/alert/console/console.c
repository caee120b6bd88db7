/* console: one line per alert on the daemon's stderr or stdout. SPDX-License-Identifier: MIT */
#include "alert/message.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openclaw/emit.h>

enum format { FORMAT_COLORED, FORMAT_PLAIN, FORMAT_JSON };
enum stream { STREAM_STDERR, STREAM_STDOUT };

struct console {
    int32_t format, stream; /* options */
    int fd, colored;
};

static const struct oc_option options[] = {
    {.name = "format",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct console, format),
     .choices = "colored|plain|json",
     .default_text = "colored",
     .help = "how an alert is written; colored is plain where the stream is no terminal"},
    {.name = "stream",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct console, stream),
     .choices = "stderr|stdout",
     .default_text = "stderr",
     .help = "where it is written"},
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct console *c = self;
    (void)host, (void)err;
    c->fd = c->stream == STREAM_STDOUT ? STDOUT_FILENO : STDERR_FILENO;
    c->colored = c->format == FORMAT_COLORED && isatty(c->fd) && !getenv("NO_COLOR");
    return OC_OK;
}

static const char *color_of(const char *word)
{
    switch (word[0]) {
    case 'C': /* critical */
        return "\033[1;31m";
    case 'W': /* warning */
        return "\033[33m";
    case 'R': /* resolved */
        return "\033[32m";
    default:
        return "\033[36m";
    }
}

static void add_json(const struct message *m, struct text *line)
{
    char *json = json_dumps(m->root, JSON_COMPACT);
    if (json) {
        text_adds(line, json);
    }
    line->failed = line->failed || !json;
    free(json);
}

static void compose(const struct console *c, const struct message *m, struct text *line)
{
    if (c->format == FORMAT_JSON) {
        add_json(m, line);
    } else if (c->colored) {
        text_adds(line, color_of(message_word(m)));
        message_add_line(m, line);
        text_adds(line, "\033[0m");
    } else {
        message_add_line(m, line);
    }
    text_adds(line, "\n");
}

static int ms_left(const struct oc_request *req)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = req->deadline_ms - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
    return left < 0 ? 0 : left > 100 ? 100 : (int)left;
}

/* A terminal that is held up (Ctrl-S) or a pipe that nobody reads must not hold the call past its
 * deadline. */
static int32_t await_writable(int fd, const struct oc_request *req, struct oc_error *err)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    while (!OC_CANCELLED(req)) {
        int wait = ms_left(req);
        if (poll(&p, 1, wait) > 0) {
            return OC_OK;
        }
        if (wait == 0) {
            return oc_fail(err, OC_E_TIMEOUT, "the stream takes no more text");
        }
    }
    return oc_fail(err, OC_E_CANCELLED, "cancelled");
}

static int32_t put(int fd, const char *data, size_t len, const struct oc_request *req,
                   struct oc_error *err)
{
    while (len > 0) {
        int32_t rc = await_writable(fd, req, err);
        if (rc != OC_OK) {
            return rc;
        }
        /* A pipe that polls writable has room for PIPE_BUF bytes, so this does not block. */
        ssize_t n = write(fd, data, len < PIPE_BUF ? len : PIPE_BUF);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return oc_fail(err, errno == ENOSPC ? OC_E_RETRY : OC_E_PERMANENT,
                           "cannot write to the stream: %s", strerror(errno));
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return OC_OK;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    const struct console *c = self;
    struct message m;
    struct text line = {0};
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    compose(c, &m, &line);
    if (line.failed) {
        rc = oc_fail(err, OC_E_INTERNAL, "out of memory");
    } else {
        rc = put(c->fd, line.data, line.len, req, err);
    }
    if (rc == OC_OK) {
        message_answer(out, c->stream == STREAM_STDOUT ? "written to stdout" : "written to stderr",
                       0);
    }
    text_finish(&line);
    message_finish(&m);
    return rc;
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct console), .options = options, .start = start,
    .methods = methods,
};
