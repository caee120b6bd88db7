/* security-events.log: one line of JSON for each refusal and each change, in files of bounded size. SPDX-License-Identifier: MIT
 *
 * Appended with one write a line, so that a private daemon may write beside the running one. A file that was moved away or
 * removed is made anew; one that is full is renamed to .1, .1 to .2 and so on, the last is dropped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/access/internal.h"
#include "core/sys/file.h"

void oc_trail_init(struct oc_trail *t, const char *home)
{
    *t = (struct oc_trail){.fd = -1, .max = OC_TRAIL_MAX};
    t->path = oc_path_join(home, "logs/security-events.log");
}

static void shut(struct oc_trail *t)
{
    if (t->fd >= 0) {
        close(t->fd);
        t->fd = -1;
    }
}

void oc_trail_finish(struct oc_trail *t)
{
    shut(t);
    OC_FREE(t->path);
}

static int reopen(struct oc_trail *t)
{
    struct stat st;
    char *dir = oc_path_dir(t->path);
    oc_dir_make(dir, 0700, NULL);
    free(dir);
    shut(t);
    t->fd =
        open(t->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (t->fd < 0) {
        return -errno;
    }
    if (fstat(t->fd, &st) != 0 || !S_ISREG(st.st_mode)) { /* a pipe would keep us waiting */
        shut(t);
        return -EINVAL;
    }
    if (st.st_mode & 077) {
        fchmod(t->fd, 0600); /* somebody else's mask, or hand, was wider */
    }
    t->inode = st.st_ino;
    t->size = st.st_size;
    return 0;
}

/* Another process may have rotated or written it, a person may have moved it. */
static int look(struct oc_trail *t)
{
    struct stat st;
    if (t->fd >= 0 && lstat(t->path, &st) == 0 && st.st_ino == t->inode) {
        t->size = st.st_size;
        return 0;
    }
    return reopen(t);
}

static int rotate(struct oc_trail *t)
{
    for (int i = OC_TRAIL_KEPT; i > 0; i--) {
        char *to = oc_asprintf("%s.%d", t->path, i);
        char *from = i > 1 ? oc_asprintf("%s.%d", t->path, i - 1) : oc_strdup(t->path);
        if (rename(from, to) != 0 && errno != ENOENT) {
            oc_warn("the trail cannot be rotated", "file=%s reason=%s", from, strerror(errno));
        }
        free(from);
        free(to);
    }
    return reopen(t);
}

static int append(struct oc_trail *t, const char *text, size_t len)
{
    int rc = look(t);
    if (rc == 0 && t->size && t->size + (off_t)len > t->max) {
        rc = rotate(t);
    }
    if (rc == 0) {
        rc = oc_fd_write_all(t->fd, text, len);
    }
    return rc;
}

void oc_trail_write(struct oc_trail *t, json_t *line)
{
    char *json = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    char *text = oc_asprintf("%s\n", json ? json : "{}");
    int rc = append(t, text, strlen(text));
    if (rc != 0 && !t->failing) {
        oc_err("the trail of refusals cannot be written", "file=%s reason=%s", t->path,
               strerror(-rc));
    }
    t->failing = rc != 0;
    free(text);
    free(json);
    json_decref(line);
}
