/* Lines of JSON for people's tools, in files of bounded size. SPDX-License-Identifier: MIT */
#include "core/sys/linelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/sys/file.h"

void oc_linelog_init(struct oc_linelog *log, const char *home, const char *name, int64_t max,
                     int kept)
{
    char *folder = oc_path_join(home, "logs");
    *log = (struct oc_linelog){.fd = -1, .max = max, .kept = kept};
    log->path = oc_path_join(folder, name);
    free(folder);
}

static void shut(struct oc_linelog *log)
{
    if (log->fd >= 0) {
        close(log->fd);
        log->fd = -1;
    }
}

void oc_linelog_finish(struct oc_linelog *log)
{
    shut(log);
    OC_FREE(log->path);
}

static int reopen(struct oc_linelog *log)
{
    struct stat st;
    char *dir = oc_path_dir(log->path);
    oc_dir_make(dir, 0700, NULL);
    free(dir);
    shut(log);
    log->fd =
        open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (log->fd < 0) {
        return -errno;
    }
    if (fstat(log->fd, &st) != 0 || !S_ISREG(st.st_mode)) { /* a pipe would keep us waiting */
        shut(log);
        return -EINVAL;
    }
    if (st.st_mode & 077) {
        fchmod(log->fd, 0600); /* somebody else's mask, or hand, was wider */
    }
    log->inode = st.st_ino;
    log->size = st.st_size;
    return 0;
}

/* Another process may have rotated or written it, a person may have moved it. */
static int look(struct oc_linelog *log)
{
    struct stat st;
    if (log->fd >= 0 && lstat(log->path, &st) == 0 && st.st_ino == log->inode) {
        log->size = st.st_size;
        return 0;
    }
    return reopen(log);
}

static int rotate(struct oc_linelog *log)
{
    for (int i = log->kept; i > 0; i--) {
        char *to = oc_asprintf("%s.%d", log->path, i);
        char *from = i > 1 ? oc_asprintf("%s.%d", log->path, i - 1) : oc_strdup(log->path);
        if (rename(from, to) != 0 && errno != ENOENT) {
            oc_warn("a log cannot be rotated", "file=%s reason=%s", from, strerror(errno));
        }
        free(from);
        free(to);
    }
    return reopen(log);
}

static int append(struct oc_linelog *log, const char *text, size_t len)
{
    int rc = look(log);
    if (rc == 0 && log->size && log->size + (off_t)len > log->max) {
        rc = rotate(log);
    }
    if (rc == 0) {
        rc = oc_fd_write_all(log->fd, text, len);
    }
    return rc;
}

void oc_linelog_write(struct oc_linelog *log, json_t *line)
{
    char *json = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    char *text = oc_asprintf("%s\n", json ? json : "{}");
    int rc = append(log, text, strlen(text));
    if (rc != 0 && !log->failing) {
        oc_err("a log cannot be written", "file=%s reason=%s", log->path, strerror(-rc));
    }
    log->failing = rc != 0;
    free(text);
    free(json);
    json_decref(line);
}
