/* Lines of JSON for people's tools, in files of bounded size. SPDX-License-Identifier: MIT
 *
 * One write a line. A file that was moved away or removed is made anew; one that is full is renamed to .1, .1 to .2 and so on, the last is
 * dropped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

#define KEPT 5

void oc_eventlog_init(struct oc_eventlog *log, const char *home, const char *name)
{
    char *folder = oc_path_join(home, "logs");
    *log = (struct oc_eventlog){.path = oc_path_join(folder, name), .fd = -1, .max = 10 << 20};
    free(folder);
}

static void shut(struct oc_eventlog *log)
{
    if (log->fd >= 0) {
        close(log->fd);
    }
    log->fd = -1;
}

void oc_eventlog_finish(struct oc_eventlog *log)
{
    shut(log);
    OC_FREE(log->path);
}

static int reopen(struct oc_eventlog *log)
{
    struct stat st;
    char *dir = oc_path_dir(log->path);
    oc_dir_make(dir, 0700, NULL);
    free(dir);
    shut(log);
    log->fd =
        open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (log->fd < 0) {
        return errno;
    }
    if (fstat(log->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        shut(log);
        return EINVAL;
    }
    return 0;
}

static void rotate(const struct oc_eventlog *log)
{
    for (int i = KEPT; i > 0; i--) {
        char *to = oc_asprintf("%s.%d", log->path, i);
        char *from = i > 1 ? oc_asprintf("%s.%d", log->path, i - 1) : oc_strdup(log->path);
        if (rename(from, to) != 0 && errno != ENOENT) {
            oc_warn("a log cannot be rotated", "file=%s reason=%s", from, strerror(errno));
        }
        free(from);
        free(to);
    }
}

/* Another process may have rotated it, a person may have moved it. */
static int append(struct oc_eventlog *log, const char *text, size_t len)
{
    struct stat here, there;
    int rc = 0;
    if (log->fd < 0 || fstat(log->fd, &here) != 0 || lstat(log->path, &there) != 0 ||
        here.st_ino != there.st_ino) {
        rc = reopen(log);
    }
    if (rc == 0 && fstat(log->fd, &here) == 0 && here.st_size > 0 &&
        here.st_size + (off_t)len > log->max) {
        rotate(log);
        rc = reopen(log);
    }
    return rc == 0 ? -oc_fd_write_all(log->fd, text, len) : rc;
}

void oc_eventlog_write(struct oc_eventlog *log, json_t *line)
{
    char *json = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    char *text = oc_asprintf("%s\n", json ? json : "{}");
    const int rc = append(log, text, strlen(text));
    if (rc != 0 && !log->failing) {
        oc_err("a log cannot be written", "file=%s reason=%s", log->path, strerror(rc));
    }
    log->failing = rc != 0;
    free(text);
    free(json);
    json_decref(line);
}
