/* A disk that fails on demand: preloaded into the daemon, it makes writes and syncs of journals fail. SPDX-License-Identifier: MIT
 *
 * $OC_FAULT_PATH is a part of the path of the files that are meant (".journal" by default).
 * $OC_FAULT_FILE says what to do, and is read at every call: "fdatasync 5" (call and errno), nothing, or no file. Each failure adds a byte to
 * $OC_FAULT_FILE.hits. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_journal(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    const char *part = getenv("OC_FAULT_PATH");
    return strstr(path, part ? part : ".journal") != NULL;
}

static void count_hit(const char *file)
{
    char path[512];
    snprintf(path, sizeof path, "%s.hits", file);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        syscall(SYS_write, fd, "x", 1L);
        close(fd);
    }
}

/* The errno that this call is to fail with; 0: it is not. */
static int fault(const char *call, int fd)
{
    char text[64] = "", name[32] = "";
    int errnum = 0;
    const char *file = getenv("OC_FAULT_FILE");
    int control = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (control >= 0) {
        ssize_t len = read(control, text, sizeof text - 1);
        text[len > 0 ? len : 0] = '\0';
        close(control);
    }
    if (sscanf(text, "%31s %d", name, &errnum) != 2 || strcmp(name, call) != 0 || !is_journal(fd)) {
        return 0;
    }
    count_hit(file);
    return errnum;
}

static long answer(int errnum, long number, int fd, const void *data, size_t len)
{
    if (errnum) {
        errno = errnum;
        return -1;
    }
    return syscall(number, fd, data, len);
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t len)
{
    int before = errno, errnum = fault("write", fd);
    errno = before;
    return answer(errnum, SYS_write, fd, data, len);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return (int)answer(fault("fdatasync", fd), SYS_fdatasync, fd, NULL, 0);
}
