/* The pid file, and what the kernel says of the process in it. SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 2048

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

static bool read_text(const char *path, char text[TEXT_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, TEXT_MAX - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    return true;
}

bool boot_id(char id[40])
{
    char text[TEXT_MAX];
    return read_text("/proc/sys/kernel/random/boot_id", text) && sscanf(text, "%39s", id) == 1;
}

/* The name in parentheses may hold anything, so the fields are counted from the last ')'. */
bool vitals_read(pid_t pid, struct vitals *v)
{
    char path[64], text[TEXT_MAX];
    unsigned long user = 0, system = 0;
    long resident = 0;
    int session = 0;
    memset(v, 0, sizeof *v);
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!read_text(path, text)) {
        return false;
    }
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at + 1,
                      " %c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d "
                      "%llu %*u %ld",
                      &v->state, &session, &user, &system, &v->ticks, &resident) != 6) {
        return false;
    }
    v->session = session;
    v->memory_bytes = (int64_t)resident * sysconf(_SC_PAGESIZE);
    v->cpu_ms = (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
    return true;
}

bool record_alive(const struct record *r, struct vitals *v)
{
    char boot[40];
    return r->pid > 0 && boot_id(boot) && strcmp(boot, r->boot) == 0 && vitals_read(r->pid, v) &&
           v->ticks == r->ticks && v->state != 'Z' && v->state != 'X';
}

bool record_read(const char *path, struct record *r)
{
    char text[TEXT_MAX];
    int pid = 0;
    memset(r, 0, sizeof *r);
    if (!read_text(path, text) ||
        sscanf(text, "%d %llu %39s %" SCNd64, &pid, &r->ticks, r->boot, &r->started_ms) != 4 ||
        pid <= 0) {
        memset(r, 0, sizeof *r);
        return false;
    }
    r->pid = pid;
    return true;
}

static int write_synced(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

static void sync_folder(const char *path)
{
    char folder[PATH_CAP];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder] = '\0';
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            fsync(fd);
            close(fd);
        }
    }
}

int32_t record_write(const char *path, const struct record *r, struct oc_error *err)
{
    char text[256], temporary[PATH_CAP];
    int len = snprintf(text, sizeof text, "%d %llu %s %" PRId64 "\n", (int)r->pid, r->ticks,
                       r->boot, r->started_ms);
    int n = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof temporary) {
        return oc_fail(err, OC_E_CONFIG, "the path of the pid file is too long");
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    int problem = fd < 0 ? errno : write_synced(fd, text, (size_t)len);
    if (fd >= 0) {
        close(fd);
    }
    if (!problem && rename(temporary, path) != 0) {
        problem = errno;
    }
    if (problem) {
        unlink(temporary);
        return oc_fail(err, OC_E_PERMANENT, "cannot write %s: %s", path, strerror(problem));
    }
    sync_folder(path);
    return OC_OK;
}
