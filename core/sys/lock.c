/* The pid lock, and the lock on a home folder. SPDX-License-Identifier: MIT
 *
 * The pid lock is an open file description lock rather than flock(2): it can be asked about (F_OFD_GETLK) without
 * being taken, so that a look at who holds it never makes somebody else's attempt fail. */
#include "core/sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sys/file.h"

#define PID_ATTEMPTS 20

/* The owner writes its pid just after it has taken the lock: wait for that, a moment. 0: it could not. */
static pid_t read_pid(int fd)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    char text[32];

    for (int i = 0; i < PID_ATTEMPTS; i++) {
        ssize_t n = pread(fd, text, sizeof text - 1, 0);
        if (n > 0 && text[n - 1] == '\n') {
            text[n] = '\0';
            long pid = strtol(text, NULL, 10);
            return pid > 0 ? (pid_t)pid : 0;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* The pid is for people: on a full disk the lock is taken without it, for who makes room needs it as well. */
static void write_pid(int fd)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0) {
        (void)oc_fd_write_all(fd, text, (size_t)len);
    }
}

static int conflict(const char *path, int fd, struct oc_error *err)
{
    const long pid = (long)read_pid(fd);
    if (pid > 0) {
        oc_error_set(err, OC_E_CONFLICT, "%s is held by pid %ld", path, pid);
    } else {
        oc_error_set(err, OC_E_CONFLICT, "%s is held by another process", path);
    }
    oc_error_hint(err, "Stop the other daemon first, or give this one another home.");
    return OC_E_CONFLICT;
}

int oc_lock_take(const char *path, struct oc_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return oc_error_errno(err, 0, errno, "cannot open the lock %s", path);
    }
    int rc = fcntl(fd, F_OFD_SETLK, &lock) ? errno : 0;
    if (rc == 0) {
        write_pid(fd);
        return fd;
    }
    rc = rc == EAGAIN || rc == EACCES ? conflict(path, fd, err)
                                      : oc_error_errno(err, 0, rc, "cannot take the lock %s", path);
    close(fd);
    return rc;
}

void oc_lock_drop(int fd)
{
    if (fd >= 0) {
        (void)!ftruncate(fd,
                         0); /* the file stays: removing it would let two owners hold two files */
        close(fd);
    }
}

pid_t oc_lock_owner(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    pid_t owner = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return 0;
    }
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        owner = read_pid(fd);
    }
    close(fd);
    return owner;
}

/* ---- a home ---- */

static int lock_folder(const char *path, int *fd, struct oc_error *err)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) == 0) {
        return OC_OK;
    }
    if (errno != EWOULDBLOCK) {
        return oc_error_errno(err, OC_E_UNSUPPORTED, errno, "cannot lock the folder %s", path);
    }
    oc_error_set(err, OC_E_CONFLICT, "another process has %s open", path);
    oc_error_hint(err, "Stop the other daemon first, or give this one another home.");
    return OC_E_CONFLICT;
}

int oc_home_lock(const char *home, struct oc_home_lock *lock, struct oc_error *err)
{
    static const char *const folders[OC_COUNT(lock->folders)] = {"data", "ledger"};
    char *name = oc_path_join(home, "run/openclawd.lock");
    int rc = OC_OK;

    *lock = OC_HOME_UNLOCKED;
    lock->pid = oc_lock_take(name, err);
    free(name);
    if (lock->pid == OC_E_CONFLICT) {
        lock->pid = -1;
        return OC_E_CONFLICT;
    }
    for (size_t i = 0; i < OC_COUNT(folders) && rc == OC_OK; i++) {
        char *path = oc_path_join(home, folders[i]);
        rc = lock_folder(path, &lock->folders[i], err);
        free(path);
    }
    if (rc != OC_OK) {
        oc_home_unlock(lock);
        return rc;
    }
    rc = lock->pid >= 0 ? OC_OK : lock->pid;
    lock->pid = lock->pid >= 0 ? lock->pid : -1;
    return rc;
}

/* The name last: who waits for a home knows until then whose it is. */
void oc_home_unlock(struct oc_home_lock *lock)
{
    for (size_t i = 0; i < OC_COUNT(lock->folders); i++) {
        if (lock->folders[i] >= 0) {
            close(lock->folders[i]);
        }
    }
    oc_lock_drop(lock->pid);
    *lock = OC_HOME_UNLOCKED;
}
