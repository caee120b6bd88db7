/* Bounded reads and writes that survive a crash. SPDX-License-Identifier: MIT */
#include "core/sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

#define READ_STEP 65536

bool oc_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int oc_fd_write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n >= 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

static int too_large(const char *path, size_t max, struct oc_error *err)
{
    return oc_error_set(err, OC_E_CONFIG, "%s is larger than %zu bytes", path, max);
}

/* st_size is not to be trusted: files in /proc say 0, and others grow while they are read. */
static int read_fd(int fd, const char *path, size_t size, size_t max, struct oc_buf *out,
                   struct oc_error *err)
{
    size_t start = out->len;
    for (;;) {
        const size_t got = out->len - start, left = max - got;
        size_t step = left < READ_STEP ? left + 1 : READ_STEP;
        if (got <= size && size - got + 1 < step && size > 0) {
            step = size - got + 1; /* a small file takes as much memory as it is long */
        }
        oc_buf_reserve(out, step);
        ssize_t n = read(fd, out->data + out->len, step);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return oc_error_errno(err, 0, errno, "cannot read %s", path);
        }
        if (n == 0) {
            return 0;
        }
        if ((size_t)n > left) {
            return too_large(path, max, err);
        }
        out->len += (size_t)n;
    }
}

int oc_file_read(const char *path, size_t max, struct oc_buf *out, struct oc_error *err)
{
    struct stat st;
    size_t start = out->len;
    int rc;

    /* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return oc_error_errno(err, 0, errno, "cannot open %s", path);
    }
    if (fstat(fd, &st)) {
        rc = oc_error_errno(err, 0, errno, "cannot read %s", path);
    } else if (!S_ISREG(st.st_mode)) {
        rc = oc_error_set(err, OC_E_CONFIG, "%s is not a regular file", path);
    } else if (st.st_size > 0 && (uintmax_t)st.st_size > max) {
        rc = too_large(path, max, err);
    } else {
        rc = read_fd(fd, path, (size_t)st.st_size, max, out, err);
    }
    close(fd);
    if (out->data) { /* nothing of a file that could not be read whole */
        out->len = rc ? start : out->len;
        out->data[out->len] = '\0';
    }
    return rc;
}

/* Makes a rename in the folder of `path` durable. */
static int sync_folder_of(const char *path)
{
    char *dir = oc_path_dir(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
    if (fd >= 0) {
        close(fd);
    }
    free(dir);
    return rc;
}

/* How a new file takes its name, and whose it becomes. */
struct placing {
    mode_t mode;
    unsigned how;             /* of renameat2 */
    const struct stat *owner; /* NULL = ours */
};

static int fill_and_sync(int fd, const void *data, size_t len, const struct placing *as)
{
    int rc = oc_fd_write_all(fd, data, len);
    if (!rc && as->owner && fchown(fd, as->owner->st_uid, as->owner->st_gid)) {
        rc = -errno;
    }
    if (!rc && (fchmod(fd, as->mode) || fsync(fd))) { /* a new owner takes bits of the mode away */
        rc = -errno;
    }
    return rc;
}

int oc_file_replaceable(const char *path, struct oc_error *err)
{
    struct stat link, st;
    const bool there = lstat(path, &link) == 0 && stat(path, &st) == 0;
    if (there && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ||
                  (S_ISLNK(link.st_mode) && !S_ISREG(st.st_mode)))) {
        oc_error_set(err, OC_E_CONFIG, "%s is a device or a link to what is no file", path);
        oc_error_hint(err, "Name a regular file: what stands there would be replaced.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* A temporary file beside it, on the disk, then its name; errno as a negative number. */
static int write_beside(const char *path, const void *data, size_t len, const struct placing *as)
{
    char *temp = oc_asprintf("%s.XXXXXX", path);
    int rc = 0, fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) {
        rc = -errno;
        goto out;
    }
    rc = fill_and_sync(fd, data, len, as);
    if (close(fd) && !rc) {
        rc = -errno;
    }
    if (!rc && renameat2(AT_FDCWD, temp, AT_FDCWD, path, as->how)) {
        rc = -errno;
    }
    if (rc) {
        unlink(temp);
        goto out;
    }
    rc = sync_folder_of(path);
out:
    free(temp);
    return rc;
}

static int replace(const char *path, const void *data, size_t len, const struct placing *as,
                   struct oc_error *err)
{
    int rc = oc_file_replaceable(path, err);
    if (rc != OC_OK) {
        return rc;
    }
    rc = write_beside(path, data, len, as);
    return rc ? oc_error_errno(err, 0, -rc, "cannot write %s", path) : 0;
}

int oc_file_write(const char *path, const void *data, size_t len, mode_t mode, struct oc_error *err)
{
    return replace(path, data, len, &(struct placing){.mode = mode}, err);
}

/* Only root, the owner of the file, and those who share its group put files into this folder. */
static bool is_kept_by_owner(const struct stat *folder, const struct stat *file)
{
    const bool group = folder->st_mode & S_IWGRP && folder->st_gid != file->st_gid;
    return (folder->st_uid == 0 || folder->st_uid == file->st_uid) && !group &&
           !(folder->st_mode & S_IWOTH);
}

int oc_file_rewrite(const char *path, const void *data, size_t len, mode_t mode,
                    struct oc_error *err)
{
    struct stat file, folder;
    char *dir = oc_path_dir(path);
    const bool keep = geteuid() == 0 && lstat(path, &file) == 0 && S_ISREG(file.st_mode) &&
                      stat(dir, &folder) == 0 && is_kept_by_owner(&folder, &file);
    free(dir);
    return replace(path, data, len, &(struct placing){.mode = mode, .owner = keep ? &file : NULL},
                   err);
}

int oc_file_create(const char *path, const void *data, size_t len, mode_t mode,
                   struct oc_error *err)
{
    const int rc =
        write_beside(path, data, len, &(struct placing){.mode = mode, .how = RENAME_NOREPLACE});
    return rc == -EEXIST ? oc_error_set(err, OC_E_CONFLICT, "%s is there already", path)
           : rc          ? oc_error_errno(err, 0, -rc, "cannot create %s", path)
                         : OC_OK;
}

static int make_one(const char *path, mode_t mode, struct oc_error *err)
{
    struct stat st;
    if (mkdir(path, mode) == 0) {
        return 0;
    }
    int saved = errno;
    if (stat(path, &st) == 0) {
        return S_ISDIR(st.st_mode)
                   ? 0
                   : oc_error_set(err, OC_E_CONFLICT, "%s exists and is not a folder", path);
    }
    return oc_error_errno(err, 0, saved, "cannot make the folder %s", path);
}

int oc_dir_make(const char *path, mode_t mode, struct oc_error *err)
{
    char *partial = oc_strdup(path);
    int rc = 0;

    for (char *slash = strchr(partial + (*partial == '/'), '/'); slash && !rc;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = make_one(partial, mode, err);
        *slash = '/';
    }
    if (!rc) {
        rc = make_one(path, mode, err);
    }
    free(partial);
    return rc;
}
