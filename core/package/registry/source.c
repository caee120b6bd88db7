/* Reading a registry from a folder or through openclaw-fetch. SPDX-License-Identifier: MIT */
#include "core/package/registry/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/registry/fetcher.h"
#include "core/package/registry/refuse.h"
#include "core/sys/file.h"

#define PIECE (64u << 10)

struct oc_source {
    char *base; /* folder, or URL */
    bool remote;
    char *ca;
    int64_t timeout_ms;
    struct oc_fetcher *fetcher; /* NULL until the first read */
    unsigned requests;
    uint64_t bytes;
};

/* ---- opening ---- */

static char *without_end(char *text)
{
    size_t n = strlen(text);
    while (n > 1 && text[n - 1] == '/') {
        text[--n] = '\0';
    }
    return text;
}

/* The folder that a file:// URL names; NULL when it names another host or is escaped. */
static char *folder_of(const char *url)
{
    const char *path = url + strlen("file://");
    if (oc_starts(path, "localhost/")) {
        path += strlen("localhost");
    }
    return path[0] == '/' && !strchr(path, '%') ? oc_strdup(path) : NULL;
}

static bool is_web(const char *url)
{
    return oc_starts(url, "https://") || oc_starts(url, "http://");
}

/* A URL with a name and a password would be shown in every list. */
static bool web_ok(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    const size_t n = strcspn(host, "/");
    return n > 0 && !memchr(host, '@', n) && !strpbrk(url, "?# \"\\\r\n\t");
}

struct oc_source *oc_source_open(struct oc_work *w, const char *url,
                                 const struct oc_source_options *options, char **real)
{
    const bool remote = is_web(url);
    char *base = NULL;
    if (remote) {
        base = web_ok(url) ? oc_strdup(url) : NULL;
    } else if (oc_starts(url, "file://")) {
        base = folder_of(url);
    } else if (!strstr(url, "://")) {
        base = oc_path_expand(url, NULL);
    }
    if (!base) {
        oc_refuse(w, OC_E_CONFIG, "not-a-registry",
                  "Give https://host/path, file:///folder, or the folder itself.",
                  "'%.200s' is no address of a registry", url);
        return NULL;
    }
    struct oc_source *s = oc_calloc(1, sizeof *s);
    s->base = without_end(base);
    s->remote = remote;
    s->ca = oc_strdup(options->ca);
    s->timeout_ms = options->timeout_ms;
    if (real) {
        *real = remote ? oc_strdup(s->base) : oc_asprintf("file://%s", s->base);
    }
    return s;
}

void oc_source_close(struct oc_source *s)
{
    if (!s) {
        return;
    }
    oc_fetcher_close(s->fetcher);
    free(s->base);
    free(s->ca);
    free(s);
}

bool oc_source_remote(const struct oc_source *s)
{
    return s->remote;
}

void oc_source_count(const struct oc_source *s, unsigned *requests, uint64_t *bytes)
{
    *requests = s->requests;
    *bytes = s->bytes;
}

/* ---- folders ---- */

static int file_missing(struct oc_work *w, const char *full, int errnum)
{
    if (errnum == ENOENT || errnum == ENOTDIR) {
        return oc_refuse(w, OC_E_NOT_FOUND, "download-missing",
                         "Check the address; a mirror may be incomplete.", "%s is not there", full);
    }
    return oc_refuse(w, OC_E_NETWORK, "registry-unreachable",
                     "Check that the folder is mounted and readable.", "cannot read %s: %s", full,
                     strerror(errnum));
}

static int file_copy(struct oc_source *s, struct oc_work *w, int fd, uint64_t max,
                     oc_source_sink sink, void *ctx)
{
    char *piece = oc_alloc(PIECE);
    uint64_t left = max;
    int code = OC_OK;
    while (code == OC_OK) {
        const ssize_t n = read(fd, piece, PIECE);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            code = file_missing(w, s->base, errno);
        } else if (n == 0) {
            break;
        } else if ((uint64_t)n > left) {
            code = oc_refuse(w, OC_E_VERIFY, "download-too-large",
                             "Tell whoever keeps the registry; nothing of it was used.",
                             "the file has more than the %" PRIu64 " bytes that it may have", max);
        } else {
            left -= (uint64_t)n;
            s->bytes += (uint64_t)n;
            code = sink(ctx, piece, (size_t)n);
        }
    }
    free(piece);
    return code;
}

static int file_get(struct oc_source *s, struct oc_work *w, const char *path, uint64_t max,
                    oc_source_sink sink, void *ctx)
{
    char *full = oc_path_join(s->base, path);
    struct stat st;
    int code;
    const int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        code = file_missing(w, full, errno);
    } else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        code = oc_refuse(w, OC_E_NOT_FOUND, "download-missing",
                         "Check the address; a mirror may be incomplete.", "%s is no file", full);
    } else {
        code = file_copy(s, w, fd, max, sink, ctx);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(full);
    return code;
}

/* ---- both ---- */

int oc_source_get(struct oc_source *s, struct oc_work *w, const char *path, uint64_t max,
                  oc_source_sink sink, void *ctx)
{
    s->requests++;
    if (!s->remote) {
        return file_get(s, w, path, max, sink, ctx);
    }
    if (!s->fetcher && !(s->fetcher = oc_fetcher_open(w, s->ca, s->timeout_ms))) {
        return w->err.code;
    }
    char *url = oc_asprintf("%s/%s", s->base, path);
    const int code = oc_fetcher_get(s->fetcher, w, url, max, sink, ctx, &s->bytes);
    free(url);
    return code;
}

static int into_buf(void *ctx, const void *data, size_t len)
{
    oc_buf_add(ctx, data, len);
    return OC_OK;
}

int oc_source_read(struct oc_source *s, struct oc_work *w, const char *path, uint64_t max,
                   struct oc_buf *out)
{
    return oc_source_get(s, w, path, max, into_buf, out);
}
