/* Reads an archive that may be hostile. SPDX-License-Identifier: MIT */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/archive/ocp/ocp.h"
#include "core/base/mem.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

#define PIECE (128u << 10)

struct reader {
    struct archive *archive;
    const struct oc_ocp_target *target;
    struct oc_ocp_names names;
    struct oc_ocp_failure *f;
    char *piece;
    unsigned entries;
    uint64_t bytes; /* unpacked so far */
};

static int sys_fail(struct oc_ocp_failure *f, const char *what, const char *path)
{
    f->reason = "";
    return oc_error_errno(&f->err, 0, errno, "cannot %s %s", what, path);
}

/* libarchive's own words, which may quote the archive. */
static int archive_fail(struct reader *r)
{
    const char *said = archive_error_string(r->archive);
    char text[160] = "it is not a plugin archive";
    for (size_t i = 0; said && i + 1 < sizeof text; i++) {
        text[i] = said[i] >= 0x20 && said[i] < 0x7f ? said[i] : '?';
        text[i + 1] = '\0';
        if (!said[i]) {
            text[i] = '\0';
            break;
        }
    }
    if (strstr(text, "runcated")) {
        return oc_ocp_fail(r->f, "archive-truncated", "the archive ends too early: %s", text);
    }
    return oc_ocp_fail(r->f, "archive-format", "the archive cannot be read: %s", text);
}

/* ---- caps ---- */

/* Counts bytes before they are written. */
static int count_bytes(struct reader *r, uint64_t more)
{
    const int64_t packed = archive_filter_bytes(r->archive, -1);
    r->bytes += more;
    if (r->bytes > OC_OCP_BYTES) {
        return oc_ocp_fail(r->f, "archive-size", "the archive holds more than %llu MB",
                           (unsigned long long)(OC_OCP_BYTES >> 20));
    }
    if (r->bytes > OC_OCP_FREE && r->bytes / OC_OCP_RATIO > (uint64_t)(packed > 0 ? packed : 0)) {
        return oc_ocp_fail(r->f, "archive-size", "the archive unpacks to more than %u times itself",
                           OC_OCP_RATIO);
    }
    return OC_OK;
}

static int check_entry(struct reader *r, struct archive_entry *e, const char *path)
{
    const mode_t type = archive_entry_filetype(e);
    if (++r->entries > OC_OCP_ENTRIES) {
        return oc_ocp_fail(r->f, "archive-size", "the archive has more than %u files",
                           OC_OCP_ENTRIES);
    }
    if (archive_entry_hardlink(e) || archive_entry_symlink(e) || type == AE_IFLNK) {
        return oc_ocp_fail(r->f, "archive-link", "the archive has a link: %s", path);
    }
    if (type != AE_IFREG && type != AE_IFDIR) {
        return oc_ocp_fail(r->f, "archive-special", "%s is neither file nor folder", path);
    }
    if (archive_entry_mode(e) & (S_ISUID | S_ISGID | S_ISVTX)) {
        return oc_ocp_fail(r->f, "archive-mode", "%s is setuid, setgid or sticky", path);
    }
    if (type == AE_IFREG && (uint64_t)archive_entry_size(e) > OC_OCP_BYTES) {
        return oc_ocp_fail(r->f, "archive-size", "%s is larger than %llu MB", path,
                           (unsigned long long)(OC_OCP_BYTES >> 20));
    }
    return OC_OK;
}

/* ---- writing beneath the folder ---- */

/* Opens the folder `path` below `dir`, making what is missing; no part of it may be a link. */
static int open_folder(int dir, const char *path, size_t len)
{
    int at = dup(dir);
    for (const char *part = path; at >= 0 && part < path + len;) {
        char *name = oc_strndup(part, strcspn(part, "/"));
        int next = -1;
        if (mkdirat(at, name, 0755) == 0 || errno == EEXIST) {
            next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        close(at);
        at = next;
        part += strlen(name) + 1;
        free(name);
    }
    return at;
}

/* The new file, or -1 and errno. */
static int open_file(int dir, const char *path, mode_t mode)
{
    const char *slash = strrchr(path, '/');
    const int folder = open_folder(dir, path, slash ? (size_t)(slash - path) : 0);
    if (folder < 0) {
        return -1;
    }
    const int fd = openat(folder, slash ? slash + 1 : path,
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    const int saved = errno;
    close(folder);
    errno = saved;
    return fd;
}

/* Copies the entry's content to `out` (-1: nowhere), never more than the caps allow. */
static int copy(struct reader *r, int out, const char *path, uint64_t *size)
{
    for (;;) {
        const la_ssize_t n = archive_read_data(r->archive, r->piece, PIECE);
        if (n < 0) {
            return archive_fail(r);
        }
        if (n == 0) {
            return OC_OK;
        }
        const int code = count_bytes(r, (uint64_t)n);
        if (code != OC_OK) {
            return code;
        }
        *size += (uint64_t)n;
        const int rc = out < 0 ? 0 : oc_fd_write_all(out, r->piece, (size_t)n);
        if (rc) {
            errno = -rc;
            return sys_fail(r->f, "write", path);
        }
    }
}

static int take_file(struct reader *r, struct archive_entry *e, const char *path)
{
    const mode_t mode = archive_entry_perm(e) & 0111 ? 0755 : 0644;
    struct oc_ocp_file file = {.path = path};
    char sha256[OC_SHA256_HEX];
    int code, fd = -1;
    if (r->target->dir >= 0) {
        fd = open_file(r->target->dir, path, mode);
        if (fd < 0) {
            return sys_fail(r->f, "write", path);
        }
    }
    code = copy(r, fd, path, &file.size);
    if (code == OC_OK && fd >= 0) {
        code = fchmod(fd, mode) || fsync(fd) ? sys_fail(r->f, "write", path) : OC_OK;
        if (code == OC_OK) {
            code = oc_sha256_fd(fd, OC_OCP_BYTES, sha256, NULL, &r->f->err);
            file.sha256 = sha256;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    if (code == OC_OK && r->target->on_file) {
        r->target->on_file(r->target->ctx, &file);
    }
    return code;
}

static int take_folder(struct reader *r, const char *path)
{
    if (r->target->dir < 0) {
        return OC_OK;
    }
    const int fd = open_folder(r->target->dir, path, strlen(path));
    if (fd < 0) {
        return sys_fail(r->f, "make", path);
    }
    close(fd);
    return OC_OK;
}

static int take_entry(struct reader *r, struct archive_entry *e)
{
    const char *given = archive_entry_pathname(e); /* NULL: not even text in this locale */
    const bool folder = archive_entry_filetype(e) == AE_IFDIR;
    char *path = oc_strdup(given ? given : "\x7f");
    const size_t len = strlen(path);
    if (folder && len > 1 && path[len - 1] == '/') {
        path[len - 1] = '\0';
    }
    int code = oc_ocp_names_add(&r->names, path, folder, r->f);
    if (code == OC_OK) {
        code = check_entry(r, e, path);
    }
    if (code == OC_OK) {
        code = folder ? take_folder(r, path) : take_file(r, e, path);
    }
    free(path);
    return code;
}

/* ---- the whole ---- */

static int read_entries(struct reader *r)
{
    for (;;) {
        struct archive_entry *e;
        const int rc = archive_read_next_header(r->archive, &e);
        if (rc == ARCHIVE_EOF) {
            return r->entries ? OC_OK : oc_ocp_fail(r->f, "archive-format", "the archive is empty");
        }
        if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
            return archive_fail(r);
        }
        const int code = take_entry(r, e);
        if (code != OC_OK) {
            return code;
        }
        if (rc == ARCHIVE_WARN) {
            return archive_fail(r);
        }
    }
}

int oc_ocp_read(int fd, const struct oc_ocp_target *target, struct oc_ocp_failure *f)
{
    struct reader r = {.archive = archive_read_new(), .target = target, .f = f};
    OC_ASSERT(r.archive);
    oc_error_init(&f->err);
    f->reason = "";
    r.piece = oc_alloc(PIECE);
    archive_read_support_filter_zstd(r.archive);
    archive_read_support_format_tar(r.archive);
    int code = archive_read_open_fd(r.archive, fd, PIECE) == ARCHIVE_OK ? OC_OK : archive_fail(&r);
    if (code == OC_OK && archive_filter_code(r.archive, 0) != ARCHIVE_FILTER_ZSTD) {
        code = oc_ocp_fail(f, "archive-format", "the archive is not compressed with zstd");
    }
    if (code == OC_OK) {
        code = read_entries(&r);
    }
    archive_read_free(r.archive);
    oc_ocp_names_finish(&r.names);
    free(r.piece);
    return code;
}
