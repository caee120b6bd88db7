/* Paths, types, validators and ranges. SPDX-License-Identifier: MIT */
#include "core/serve/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/text.h"

#define PATH_LIMIT 300

static bool path_ok(const char *path)
{
    if (!oc_starts(path, "v1/") || strlen(path) > PATH_LIMIT) {
        return false;
    }
    for (const char *c = path; *c; c++) {
        const bool begins = c == path || c[-1] == '/';
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' ||
                           *c == '.' || (*c == '/' && !begins);
        if (!plain || (begins && *c == '.')) {
            return false;
        }
    }
    return true;
}

static const char *type_of(const char *path)
{
    return oc_ends(path, ".json")    ? "application/json"
           : oc_ends(path, ".jsonl") ? "application/x-ndjson"
                                     : "application/octet-stream";
}

/* The 64 digits of a digest somewhere in the name; NULL. */
static const char *digest_of(const char *path)
{
    for (const char *c = strrchr(path, '/'); c && *c; c++) {
        const size_t n = strspn(c, "0123456789abcdef");
        if (n == 64) {
            return c;
        }
        c += n ? n - 1 : 0;
    }
    return NULL;
}

static int open_below(int root, const char *path)
{
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    const int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    /* a kernel before 5.6: the path has no "..", so only a link in the keeper's own folder leads out */
    return fd < 0 && errno == ENOSYS
               ? openat(root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
               : fd;
}

bool oc_served_open(int root, const char *url, struct oc_served *file)
{
    const char *path = url[0] == '/' ? url + 1 : url;
    struct stat st;
    if (!path_ok(path) || (file->fd = open_below(root, path)) < 0) {
        return false;
    }
    if (fstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(file->fd);
        return false;
    }
    const char *digest = digest_of(path);
    file->size = (uint64_t)st.st_size;
    file->type = type_of(path);
    file->immutable = digest || (oc_starts(path, "v1/root.") || oc_starts(path, "v1/snapshot."));
    if (digest) {
        snprintf(file->etag, sizeof file->etag, "\"%.64s\"", digest);
    } else {
        snprintf(file->etag, sizeof file->etag, "\"%" PRIx64 "-%" PRIx64 "-%lx\"", file->size,
                 (uint64_t)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec);
    }
    return true;
}

/* Digits only, at most 18 of them. */
static bool read_number(const char **text, uint64_t *value)
{
    const size_t n = strspn(*text, "0123456789");
    if (n == 0 || n > 18) {
        return false;
    }
    *value = strtoull(*text, NULL, 10);
    *text += n;
    return true;
}

int oc_served_range(const char *header, uint64_t size, uint64_t *first, uint64_t *count)
{
    uint64_t from = 0, to = size - 1;
    if (!header || !oc_starts(header, "bytes=") || strchr(header, ',')) {
        return 0;
    }
    const char *s = header + 6;
    if (*s == '-') {
        s++;
        if (!read_number(&s, &to) || *s) {
            return 0;
        }
        from = to >= size ? 0 : size - to;
        if (to == 0 || size == 0) {
            return -1;
        }
        to = size - 1;
    } else {
        if (!read_number(&s, &from) || *s++ != '-') {
            return 0;
        }
        if (*s && (!read_number(&s, &to) || *s || to < from)) {
            return 0;
        }
        if (from >= size) {
            return -1;
        }
        to = to >= size ? size - 1 : to;
    }
    *first = from;
    *count = to - from + 1;
    return 1;
}
