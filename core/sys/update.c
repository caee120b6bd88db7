/* Changing a file that people and other programs change, too. SPDX-License-Identifier: MIT */
#include "core/sys/update.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sys/file.h"

#define LOCK_TRIES 20
#define LOCK_PAUSE 50 /* ms between two tries */

int oc_file_resolve(const char *path, char **real, bool *fresh, struct oc_error *err)
{
    struct stat st;

    *real = realpath(path, NULL);
    *fresh = !*real;
    if (*real) {
        return OC_OK;
    }
    if (errno != ENOENT && errno != ENOTDIR) {
        return oc_error_errno(err, 0, errno, "cannot open %s", path);
    }
    if (!lstat(path, &st)) {
        oc_error_set(err, OC_E_NOT_FOUND, "%s is a link to a file that is not there", path);
        oc_error_hint(err, "Make the file, or remove the link.");
        return OC_E_NOT_FOUND;
    }
    *real = oc_strdup(path);
    return OC_OK;
}

/* Whoever may read the file can lock it, for ever: nobody waits for that. A file system without locks is used without. */
static int lock(int fd, const char *path, struct oc_error *err)
{
    int tries = LOCK_TRIES;

    while (flock(fd, LOCK_EX | LOCK_NB) && (errno == EWOULDBLOCK || errno == EINTR)) {
        if (--tries == 0) {
            oc_error_set(err, OC_E_CONFLICT, "somebody else is writing %s: it is left as it is",
                         path);
            oc_error_hint(err, "Do it once more; `lsof %s` shows who keeps it.", path);
            return OC_E_CONFLICT;
        }
        poll(NULL, 0, LOCK_PAUSE);
    }
    return OC_OK;
}

static int changed_meanwhile(const char *path, struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFLICT, "%s has been changed meanwhile: it is left as it is", path);
    oc_error_hint(err, "Do it once more.");
    return OC_E_CONFLICT;
}

/* By its name: who had the lock before may have put another file there. */
static int check_seen(const char *path, const struct oc_buf *seen, struct oc_error *err)
{
    struct oc_buf now = {0};
    int rc = oc_file_read(path, seen->len, &now, err);

    bool same = !rc && now.len == seen->len && (!now.len || !memcmp(now.data, seen->data, now.len));
    oc_buf_finish(&now);
    /* OC_E_CONFIG: it has grown, or is no file any more. */
    return same                                              ? OC_OK
           : rc && rc != OC_E_NOT_FOUND && rc != OC_E_CONFIG ? rc
                                                             : changed_meanwhile(path, err);
}

int oc_file_update(const char *path, const struct oc_buf *seen, const struct oc_buf *text,
                   mode_t mode, struct oc_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        return errno == ENOENT ? changed_meanwhile(path, err)
                               : oc_error_errno(err, 0, errno, "cannot open %s", path);
    }
    int rc = lock(fd, path, err);
    rc = rc ? rc : check_seen(path, seen, err);
    rc = rc ? rc : oc_file_rewrite(path, text->data ? text->data : "", text->len, mode, err);
    close(fd);
    return rc;
}
