/* Files below the configured root, kept open between calls. SPDX-License-Identifier: MIT */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TEXT_FIRST (64u << 10)
#define TEXT_MAX   (4u << 20) /* a mount table of some ten thousand lines */
#define PROC_MAGIC 0x9fa0     /* f_type of procfs, <linux/magic.h> */

/* With another root ("/host" in a container) the mounts and interfaces of interest are those of its
 * first process, not ours. */
static const struct {
    const char *ours, *theirs;
} paths[OC_FILE_COUNT] = {
    [OC_FILE_STAT] = {"proc/stat", NULL},
    [OC_FILE_MEMINFO] = {"proc/meminfo", NULL},
    [OC_FILE_LOADAVG] = {"proc/loadavg", NULL},
    [OC_FILE_UPTIME] = {"proc/uptime", NULL},
    [OC_FILE_FILE_NR] = {"proc/sys/fs/file-nr", NULL},
    [OC_FILE_DISKSTATS] = {"proc/diskstats", NULL},
    [OC_FILE_NET_DEV] = {"proc/net/dev", "proc/1/net/dev"},
    [OC_FILE_MOUNTINFO] = {"proc/self/mountinfo", "proc/1/mountinfo"},
    [OC_FILE_PRESSURE_CPU] = {"proc/pressure/cpu", NULL},
    [OC_FILE_PRESSURE_MEMORY] = {"proc/pressure/memory", NULL},
    [OC_FILE_PRESSURE_IO] = {"proc/pressure/io", NULL},
};

void oc_kept_init(struct oc_kept_file *f)
{
    f->fd = -1;
    f->absent = false;
}

void oc_kept_close(struct oc_kept_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    oc_kept_init(f);
}

static bool grow_text(struct oc_system *s)
{
    if (s->text_size >= TEXT_MAX) {
        return false;
    }
    size_t size = s->text_size ? s->text_size * 2 : TEXT_FIRST;
    char *text = realloc(s->text, size);
    if (!text) {
        return false;
    }
    s->text = text;
    s->text_size = size;
    return true;
}

/* Reads until the end: a seq_file hands out whole records, so one short read does not mean that it
 * is over. Text beyond the largest buffer is left out. */
static ssize_t read_all(struct oc_system *s, int fd)
{
    size_t used = 0;
    for (;;) {
        if (used == s->text_size && !grow_text(s)) {
            return (ssize_t)used;
        }
        ssize_t n = pread(fd, s->text + used, s->text_size - used, (off_t)used);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            return (ssize_t)used;
        }
        used += (size_t)n;
    }
}

bool oc_system_read_path(struct oc_system *s, struct oc_kept_file *f, const char *path,
                         struct oc_scan *text)
{
    if (f->absent) {
        return false;
    }
    if (f->fd < 0) {
        f->fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
    }
    if (f->fd < 0) {
        f->absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == EOPNOTSUPP;
        return false;
    }
    ssize_t len = read_all(s, f->fd);
    if (len < 0) {
        oc_kept_close(f); /* the thing behind it may be gone (a cgroup): open it afresh next time */
        return false;
    }
    text->p = s->text;
    text->end = s->text + len;
    return true;
}

bool oc_system_read(struct oc_system *s, enum oc_system_file file, struct oc_scan *text)
{
    struct oc_kept_file *f = &s->files[file];
    bool foreign = paths[file].theirs && strcmp(s->root, "/") != 0;
    if (foreign && f->fd < 0 && faccessat(s->root_fd, paths[file].theirs, R_OK, 0) != 0) {
        foreign = false;
    }
    return oc_system_read_path(s, f, foreign ? paths[file].theirs : paths[file].ours, text);
}

bool oc_system_read_number(struct oc_system *s, struct oc_kept_file *f, const char *path,
                           uint64_t *value)
{
    struct oc_scan text;
    return oc_system_read_path(s, f, path, &text) && oc_scan_number(&text, value);
}

bool oc_system_open_files(struct oc_system *s, struct oc_error *err)
{
    struct statfs fs;
    s->root_fd = s->proc_fd = -1;
    for (size_t i = 0; i < OC_FILE_COUNT; i++) {
        oc_kept_init(&s->files[i]);
    }
    s->root_fd = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s->root_fd < 0 || !grow_text(s)) {
        oc_fail(err, OC_E_CONFIG, "root is not a folder that can be opened: %s", s->root);
        return false;
    }
    s->proc_fd = openat(s->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->proc_fd < 0) {
        oc_fail(err, OC_E_CONFIG, "there is no proc below the root %s", s->root);
        return false;
    }
    s->live = fstatfs(s->proc_fd, &fs) == 0 && fs.f_type == PROC_MAGIC;
    return true;
}

void oc_system_close_files(struct oc_system *s)
{
    for (size_t i = 0; i < OC_FILE_COUNT; i++) {
        oc_kept_close(&s->files[i]);
    }
    if (s->proc_fd >= 0) {
        close(s->proc_fd);
    }
    if (s->root_fd >= 0) {
        close(s->root_fd);
    }
    free(s->text);
}
