/* Starting openclaw-fetch and speaking to it. SPDX-License-Identifier: MIT */
#include "core/package/registry/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/refuse.h"
#include "core/sys/file.h"

#define CA_MAX    (1u << 20)
#define REPLY_MAX (64u << 10) /* a line of the helper */
#define DATA_MAX  (1u << 20)  /* one piece */
#define PIECE     (64u << 10)

extern char **environ;

struct oc_fetcher {
    char *ca; /* the certificates themselves, NULL */
    int64_t timeout_ms;
    pid_t pid; /* 0: not running */
    int to, from;
    struct oc_buf in; /* read and not yet used */
};

/* ---- starting and ending ---- */

static void stop(struct oc_fetcher *f)
{
    if (f->pid > 0) {
        close(f->to);
        close(f->from);
        kill(f->pid, SIGTERM);
        while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    f->pid = 0;
    oc_buf_clear(&f->in);
}

static int spawn(struct oc_fetcher *f, const char *program)
{
    int in[2], out[2];
    posix_spawn_file_actions_t actions;
    char *const argv[] = {(char *)(uintptr_t) "openclaw-fetch", NULL};
    if (pipe2(in, O_CLOEXEC) != 0) {
        return errno;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        const int why = errno;
        close(in[0]);
        close(in[1]);
        return why;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    const int why = posix_spawn(&f->pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    f->to = in[1];
    f->from = out[0];
    if (why) {
        close(f->to);
        close(f->from);
        f->pid = 0;
    }
    return why;
}

static int start(struct oc_fetcher *f, struct oc_work *w)
{
    char *program = oc_path_helper("openclaw-fetch");
    const int why = program ? spawn(f, program) : ENOENT;
    free(program);
    if (why) {
        return oc_refuse(w, OC_E_UNSUPPORTED, "registry-unreachable",
                         "Install openclaw whole: openclaw-fetch lies in libexec/openclaw.",
                         "openclaw-fetch cannot be started: %s", strerror(why));
    }
    return OC_OK;
}

struct oc_fetcher *oc_fetcher_open(struct oc_work *w, const char *ca, int64_t timeout_ms)
{
    struct oc_buf text = {0};
    if (ca && oc_file_read(ca, CA_MAX, &text, &w->err) != OC_OK) {
        oc_buf_finish(&text);
        return NULL;
    }
    struct oc_fetcher *f = oc_calloc(1, sizeof *f);
    f->ca = ca ? oc_buf_take(&text) : NULL;
    f->timeout_ms = timeout_ms > 0 ? timeout_ms : 15000;
    oc_buf_finish(&text);
    return f;
}

void oc_fetcher_close(struct oc_fetcher *f)
{
    if (!f) {
        return;
    }
    stop(f);
    oc_buf_finish(&f->in);
    free(f->ca);
    free(f);
}

/* ---- one request ---- */

static bool fill(struct oc_fetcher *f)
{
    oc_buf_reserve(&f->in, PIECE);
    for (;;) {
        const ssize_t n = read(f->from, f->in.data + f->in.len, PIECE);
        if (n > 0) {
            f->in.len += (size_t)n;
            f->in.data[f->in.len] = '\0';
            return true;
        }
        if (n == 0 || errno != EINTR || oc_work_cancelled()) {
            return false;
        }
    }
}

/* The next line as JSON, owned by the caller; NULL when the helper has gone or speaks nonsense. */
static json_t *read_line(struct oc_fetcher *f)
{
    const char *end = NULL;
    while (!f->in.len || !(end = memchr(f->in.data, '\n', f->in.len))) {
        if (f->in.len > REPLY_MAX || !fill(f)) {
            return NULL;
        }
    }
    const size_t len = (size_t)(end - f->in.data);
    json_t *line = oc_json_parse(f->in.data, len, NULL);
    oc_buf_consume(&f->in, len + 1);
    return line;
}

static bool ask(struct oc_fetcher *f, const char *url, uint64_t max)
{
    json_t *json = json_object();
    oc_json_set_str(json, "url", url);
    oc_json_set_int(json, "max", (int64_t)max);
    oc_json_set_int(json, "timeout_ms", f->timeout_ms);
    if (f->ca) {
        oc_json_set_str(json, "ca", f->ca);
    }
    char *text = oc_json_text(json);
    json_decref(json);
    const size_t n = strlen(text);
    text[n] = '\n'; /* in the place of the end: the length goes along */
    const bool sent = oc_fd_write_all(f->to, text, n + 1) == 0;
    free(text);
    return sent;
}

/* The helper's word for what went wrong becomes our code. */
static int failed(struct oc_work *w, const json_t *error, const char *url)
{
    static const struct {
        const char *reason;
        int code;
        const char *hint;
    } rows[] = {
        {"download-missing", OC_E_NOT_FOUND, "Check the address; a mirror may be incomplete."},
        {"download-too-large", OC_E_VERIFY,
         "Tell whoever keeps the registry; nothing of it was used."},
        {"download-truncated", OC_E_NETWORK, "Try again; nothing was changed."},
        {"download-stalled", OC_E_NETWORK, "Try again, or use a mirror; nothing was changed."},
        {"download-redirect", OC_E_REFUSED,
         "Add the registry under the address where it really is."},
        {"tls-untrusted", OC_E_NETWORK,
         "Add the registry with --ca FILE when its certificate comes from an authority of your "
         "own."},
        {"registry-unreachable", OC_E_NETWORK, "Check the network and the address, and try again."},
    };
    const char *reason = oc_json_str(error, "reason", "");
    size_t i = 0;
    while (i + 1 < OC_COUNT(rows) && strcmp(rows[i].reason, reason) != 0) {
        i++;
    }
    return oc_refuse(w, rows[i].code, rows[i].reason, rows[i].hint, "%s: %s", url,
                     oc_json_str(error, "message", "no answer"));
}

/* `count` raw bytes on to the sink. A sink that refuses ends the helper: what it still sends is not wanted. */
static int pass_data(struct oc_fetcher *f, struct oc_work *w, int64_t count, uint64_t *left,
                     oc_source_sink sink, void *ctx)
{
    if (count <= 0 || count > DATA_MAX || (uint64_t)count > *left) {
        return oc_refuse(w, OC_E_VERIFY, "download-too-large",
                         "Tell whoever keeps the registry; nothing of it was used.",
                         "more bytes came than the file may have");
    }
    *left -= (uint64_t)count;
    while (count > 0) {
        if (!f->in.len && !fill(f)) {
            return OC_E_INTERNAL;
        }
        const size_t n = f->in.len < (size_t)count ? f->in.len : (size_t)count;
        const int code = sink(ctx, f->in.data, n);
        if (code != OC_OK) {
            return code;
        }
        oc_buf_consume(&f->in, n);
        count -= (int64_t)n;
    }
    return OC_OK;
}

/* Lines until the end of the request. OC_E_INTERNAL without a message: the helper is gone. */
static int converse(struct oc_fetcher *f, struct oc_work *w, const char *url, uint64_t max,
                    oc_source_sink sink, void *ctx, bool *ended)
{
    int code = OC_OK;
    uint64_t left = max;
    while (code == OC_OK && !*ended) {
        json_t *line = read_line(f);
        const json_t *error = json_object_get(line, "error");
        if (!line) {
            code = OC_E_INTERNAL;
        } else if (error) {
            code = failed(w, error, url);
            *ended = true;
        } else if (json_object_get(line, "done")) {
            *ended = true;
        } else {
            code = pass_data(f, w, oc_json_int(line, "data", 0), &left, sink, ctx);
        }
        json_decref(line);
    }
    return code;
}

struct tally {
    oc_source_sink sink;
    void *ctx;
    uint64_t *bytes;
};

static int count_sink(void *ctx, const void *data, size_t len)
{
    struct tally *t = ctx;
    *t->bytes += len;
    return t->sink(t->ctx, data, len);
}

int oc_fetcher_get(struct oc_fetcher *f, struct oc_work *w, const char *url, uint64_t max,
                   oc_source_sink sink, void *ctx, uint64_t *bytes)
{
    struct tally tally = {sink, ctx, bytes};
    bool ended = false;
    if (!f->pid && start(f, w) != OC_OK) {
        return w->err.code;
    }
    int code =
        ask(f, url, max) ? converse(f, w, url, max, count_sink, &tally, &ended) : OC_E_INTERNAL;
    if (!ended) {
        stop(f);
    }
    if (oc_work_cancelled()) {
        return oc_error_set(&w->err, OC_E_CANCELLED, "cancelled");
    }
    if (code == OC_E_INTERNAL && !ended) {
        code = oc_refuse(w, OC_E_NETWORK, "registry-unreachable",
                         "Try again; `openclaw doctor` looks at the installation.",
                         "openclaw-fetch ended in the middle of %s", url);
    }
    return code;
}
