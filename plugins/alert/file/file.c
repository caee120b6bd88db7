/* file: alerts as lines of a file, rotated by size. SPDX-License-Identifier: MIT
 *
 * The file is opened for each alert, so that moving it away (logrotate) needs no signal. A line is
 * there whole or not at all: what a full disk cut off is taken back. */
#include "alert/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/emit.h>

enum format { FORMAT_JSON, FORMAT_TEXT };

struct file {
    const char *path; /* options */
    int64_t max_size, keep;
    int32_t format, fsync;
};

static const struct oc_option options[] = {
    {.name = "path",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct file, path),
     .default_text = "logs/alerts.log",
     .help = "the file; its folder is made when only that is missing"},
    {.name = "max_size",
     .type = OC_OPT_SIZE,
     .offset = offsetof(struct file, max_size),
     .default_text = "10MB",
     .min = 1024,
     .max = 1099511627776.0,
     .help = "the file is rotated before it grows beyond this"},
    {.name = "keep",
     .type = OC_OPT_INT,
     .offset = offsetof(struct file, keep),
     .default_text = "5",
     .min = 0,
     .max = 100,
     .help = "how many rotated files are kept: <path>.1 is the newest"},
    {.name = "format",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct file, format),
     .choices = "json|text",
     .default_text = "json",
     .help = "one JSON document or one line of text for each alert"},
    {.name = "fsync",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct file, fsync),
     .default_text = "false",
     .help = "wait until each line is on the disk"},
    {0},
};

/* A full or failing disk may be well again later; a path that cannot be right will not. */
static int32_t fail_errno(struct oc_error *err, const char *what, const char *path, int errnum)
{
    switch (errnum) {
    case EACCES:
    case EPERM:
        snprintf(err->hint, sizeof err->hint,
                 "Give the daemon's user the right to write there, or choose another `path`.");
        return oc_fail(err, OC_E_DENIED, "cannot %s %s: %s", what, path, strerror(errnum));
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        snprintf(err->hint, sizeof err->hint, "Make the folder, or choose another `path`.");
        return oc_fail(err, OC_E_CONFIG, "cannot %s %s: %s", what, path, strerror(errnum));
    default:
        return oc_fail(err, OC_E_RETRY, "cannot %s %s: %s", what, path, strerror(errnum));
    }
}

/* ---- rotation ---- */

static char *numbered(const char *path, int64_t n)
{
    char *name;
    int len = n == 0 ? asprintf(&name, "%s", path) : asprintf(&name, "%s.%lld", path, (long long)n);
    return len < 0 ? NULL : name;
}

static int32_t move_up(const char *path, int64_t n, struct oc_error *err)
{
    char *from = numbered(path, n);
    char *to = numbered(path, n + 1);
    int32_t rc = OC_OK;
    if (!from || !to) {
        rc = oc_fail(err, OC_E_INTERNAL, "out of memory");
    } else if (rename(from, to) < 0 && errno != ENOENT) {
        rc = fail_errno(err, "rotate", from, errno);
    }
    free(from);
    free(to);
    return rc;
}

/* From the oldest on, so that a crash in between leaves a gap and loses nothing. */
static int32_t rotate(const struct file *f, struct oc_error *err)
{
    int32_t rc = OC_OK;
    if (f->keep == 0) {
        return unlink(f->path) < 0 && errno != ENOENT ? fail_errno(err, "remove", f->path, errno)
                                                      : OC_OK;
    }
    for (int64_t n = f->keep - 1; rc == OC_OK && n >= 0; n--) {
        rc = move_up(f->path, n, err);
    }
    return rc;
}

/* ---- one line ---- */

static int open_path(const struct file *f)
{
    return open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

/* The folder, when everything above it is there; else the open that follows says what is wrong. */
static void make_folder(const struct file *f)
{
    char *folder = strdup(f->path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash && slash != folder) {
        *slash = '\0';
        (void)mkdir(folder, 0700);
    }
    free(folder);
}

static int open_file(const struct file *f, struct stat *st, struct oc_error *err)
{
    int fd = open_path(f);
    if (fd < 0 && errno == ENOENT) {
        make_folder(f);
        fd = open_path(f);
    }
    if (fd < 0) {
        fail_errno(err, "open", f->path, errno);
        return -1;
    }
    if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
        oc_fail(err, OC_E_CONFIG, "%s is no regular file", f->path);
        close(fd);
        return -1;
    }
    return fd;
}

/* The file, with room for `len` bytes more. */
static int open_with_room(const struct file *f, size_t len, struct stat *st, struct oc_error *err)
{
    int fd = open_file(f, st, err);
    if (fd < 0 || st->st_size == 0 || st->st_size + (off_t)len <= f->max_size) {
        return fd;
    }
    close(fd);
    return rotate(f, err) == OC_OK ? open_file(f, st, err) : -1;
}

static int32_t append(const struct file *f, int fd, off_t size, const struct text *line,
                      struct oc_error *err)
{
    size_t done = 0;
    int errnum = 0;
    while (done < line->len && errnum == 0) {
        ssize_t n = write(fd, line->data + done, line->len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            errnum = n == 0 ? ENOSPC : errno;
        }
    }
    if (errnum == 0 && f->fsync && fdatasync(fd) < 0) {
        errnum = errno;
    }
    if (errnum != 0) {
        if (ftruncate(fd, size) < 0) {
            return fail_errno(err, "take back a cut line of", f->path, errno);
        }
        return fail_errno(err, "write", f->path, errnum);
    }
    return OC_OK;
}

static void compose(const struct file *f, const struct message *m, struct text *line)
{
    if (f->format == FORMAT_TEXT) {
        message_add_line(m, line);
    } else {
        json_t *now = message_value(m, "timestamp");
        json_object_set_new(m->root, "timestamp", now);
        char *json = json_dumps(m->root, JSON_COMPACT | JSON_SORT_KEYS);
        line->failed = !json;
        text_adds(line, json ? json : "");
        free(json);
    }
    text_adds(line, "\n");
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    const struct file *f = self;
    struct message m;
    struct text line = {0};
    struct stat st;
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    compose(f, &m, &line);
    int fd = line.failed ? -1 : open_with_room(f, line.len, &st, err);
    if (line.failed) {
        rc = oc_fail(err, OC_E_INTERNAL, "out of memory");
    } else if (fd < 0) {
        rc = err->code;
    } else {
        rc = append(f, fd, st.st_size, &line, err);
        close(fd);
    }
    if (rc == OC_OK) {
        message_answer(out, f->path, 0);
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
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct file),
    .options = options,
    .methods = methods,
};
