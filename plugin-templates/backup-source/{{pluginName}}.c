/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * What is backed up. As it stands it is one file. The host schedules, compresses, encrypts, hashes and keeps. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define PIECE 65536

struct source {
    const char *path; /* option */
};

static const struct oc_option options[] = {
    {.name = "path",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct source, path),
     .help = "the file that is kept"},
    {0},
};

static int32_t fail(struct oc_error *err, const char *what, const char *path, int problem)
{
    const int32_t code = problem == ENOENT                       ? OC_E_NOT_FOUND
                         : problem == EACCES || problem == EPERM ? OC_E_DENIED
                                                                 : OC_E_RETRY;
    return oc_fail(err, code, "cannot %s %s: %s", what, path, strerror(problem));
}

/* Sends the content as BYTES records; a sink that returns a code has had enough. */
static int32_t send_file(int fd, const char *path, const struct oc_request *req,
                         const struct oc_sink *out, struct oc_error *err)
{
    char piece[PIECE];
    for (;;) {
        const ssize_t n = OC_CANCELLED(req) ? 0 : read(fd, piece, sizeof piece);
        if (n < 0) {
            return fail(err, "read", path, errno);
        }
        if (n == 0) {
            return OC_CANCELLED(req) ? oc_fail(err, OC_E_CANCELLED, "cancelled") : OC_OK;
        }
        const int32_t rc = oc_emit_text(out, OC_RECORD_BYTES, piece, (uint64_t)n);
        if (rc != OC_OK) {
            return rc;
        }
    }
}

static int32_t dump(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    const struct source *s = self;
    const int fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, "open", s->path, errno);
    }
    const int32_t rc = send_file(fd, s->path, req, out, err);
    close(fd);
    return rc;
}

/* A disk that is nearly full takes a part first; why it takes no more is said by the next write. */
static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Copies what the host reads from the backup to `fd`, which may be -1: then it is only looked at. */
static int32_t take_stream(int fd, const char *path, const struct oc_request *req, int64_t *total,
                           struct oc_error *err)
{
    char piece[PIECE];
    *total = 0;
    while (req->read && !OC_CANCELLED(req)) {
        const int64_t n = req->read(req->read_ctx, piece, sizeof piece);
        if (n <= 0) {
            return n < 0 ? oc_fail(err, (int32_t)n, "the backup cannot be read") : OC_OK;
        }
        *total += n;
        if (fd >= 0 && write_all(fd, piece, (size_t)n) != 0) {
            return fail(err, "write", path, errno);
        }
    }
    return OC_CANCELLED(req) ? oc_fail(err, OC_E_CANCELLED, "cancelled")
                             : oc_fail(err, OC_E_CONFIG, "there is no stream to read from");
}

/* The rights of the file that is replaced, which the new one is to have; a new file is the daemon's alone. */
static int32_t take_rights(int fd, const char *path, struct oc_error *err)
{
    struct stat old;
    if (stat(path, &old) != 0) {
        return errno == ENOENT ? OC_OK : fail(err, "look at", path, errno);
    }
    if (fchown(fd, old.st_uid, old.st_gid) != 0 || fchmod(fd, old.st_mode & 07777) != 0) {
        return fail(err, "give its owner back to", path, errno);
    }
    return OC_OK;
}

/* A file of our own: what lies there under that name is a leftover, or a trap when it is a link. */
static int create_new(const char *path)
{
    unlink(path);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Beside the file, then renamed: the old content is there until the new one is whole. */
static int32_t restore(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    const struct source *s = self;
    char temp[4096];
    int64_t total;
    (void)out;
    if (snprintf(temp, sizeof temp, "%s.restoring", s->path) >= (int)sizeof temp) {
        return oc_fail(err, OC_E_CONFIG, "the path is too long");
    }
    const int fd = create_new(temp);
    if (fd < 0) {
        return fail(err, "create", temp, errno);
    }
    int32_t rc = take_stream(fd, temp, req, &total, err);
    if (rc == OC_OK) {
        rc = take_rights(fd, s->path, err);
    }
    if (rc == OC_OK && fsync(fd) != 0) {
        rc = fail(err, "write", temp, errno);
    }
    close(fd);
    if (rc == OC_OK && rename(temp, s->path) != 0) {
        rc = fail(err, "replace", s->path, errno);
    }
    if (rc != OC_OK) {
        unlink(temp);
    }
    return rc;
}

/* Is the stream a backup that could be restored? */
static int32_t verify(void *self, const struct oc_request *req, const struct oc_sink *out,
                      struct oc_error *err)
{
    char text[64];
    int64_t total;
    (void)self;
    const int32_t rc = take_stream(-1, "", req, &total, err);
    if (rc != OC_OK) {
        return rc;
    }
    snprintf(text, sizeof text, "{\"bytes\":%lld}", (long long)total);
    return oc_emit_text(out, OC_RECORD_JSON, text, strlen(text));
}

static const struct oc_method methods[] = {
    {"backup.dump/1", dump},
    {"backup.restore/1", restore},
    {"backup.verify/1", verify},
    {NULL, NULL},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct source),
    .options = options,
    .methods = methods,
};
