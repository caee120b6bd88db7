/* Packs a folder so that the same files give the same bytes. SPDX-License-Identifier: MIT */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/archive/ocp/ocp.h"
#include "core/base/mem.h"
#include "core/base/vec.h"

#define PIECE (128u << 10)
#define LEVEL "19"

struct packer {
    int root;
    struct archive *archive;
    struct oc_ocp_names names;
    struct oc_ocp_failure *f;
    int64_t mtime;
    uint64_t bytes;
    OC_VEC(char *) paths;
};

static int sys_fail(struct oc_ocp_failure *f, const char *what, const char *path)
{
    f->reason = "";
    return oc_error_errno(&f->err, 0, errno, "cannot %s %s", what, path);
}

static int write_fail(struct packer *p)
{
    const char *said = archive_error_string(p->archive);
    p->f->reason = "";
    return oc_error_set(&p->f->err, OC_E_PERMANENT, "cannot write the archive: %s",
                        said ? said : "unknown reason");
}

/* ---- the list of files ---- */

static int walk(struct packer *p, int dir, const char *prefix);

static int walk_folder(struct packer *p, int parent, const char *name, const char *path)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return sys_fail(p->f, "open", path);
    }
    return walk(p, fd, path);
}

static int take(struct packer *p, int parent, const char *name, const char *path)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW)) {
        return sys_fail(p->f, "look at", path);
    }
    const int code = oc_ocp_names_add(&p->names, path, S_ISDIR(st.st_mode), p->f);
    if (code != OC_OK) {
        return code;
    }
    if (S_ISDIR(st.st_mode)) {
        return walk_folder(p, parent, name, path);
    }
    if (!S_ISREG(st.st_mode)) {
        return oc_ocp_fail(p->f, S_ISLNK(st.st_mode) ? "archive-link" : "archive-special",
                           "%s is not a regular file", path);
    }
    if (st.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) {
        return oc_ocp_fail(p->f, "archive-mode", "%s is setuid, setgid or sticky", path);
    }
    p->bytes += (uint64_t)st.st_size;
    if (p->paths.count == OC_OCP_ENTRIES || p->bytes > OC_OCP_BYTES) {
        return oc_ocp_fail(p->f, "archive-size", "more than %u files or %llu MB", OC_OCP_ENTRIES,
                           (unsigned long long)(OC_OCP_BYTES >> 20));
    }
    OC_VEC_PUSH(&p->paths, oc_strdup(path));
    return OC_OK;
}

/* Takes `dir`. */
static int walk(struct packer *p, int dir, const char *prefix)
{
    DIR *stream = fdopendir(dir);
    const struct dirent *e;
    int code = OC_OK;
    OC_ASSERT(stream);
    while (code == OC_OK && (e = readdir(stream))) {
        const bool dots = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        if (dots || (!*prefix && strcmp(e->d_name, ".openclaw") == 0)) {
            continue;
        }
        char *path = oc_asprintf("%s%s%s", prefix, *prefix ? "/" : "", e->d_name);
        code = take(p, dirfd(stream), e->d_name, path);
        free(path);
    }
    closedir(stream);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- writing ---- */

static int put_header(struct packer *p, const char *path, const struct stat *st)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, path);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, st->st_mode & 0100 ? 0755 : 0644);
    archive_entry_set_size(e, st->st_size);
    archive_entry_set_mtime(e, (time_t)p->mtime, 0);
    const int rc = archive_write_header(p->archive, e);
    archive_entry_free(e);
    return rc == ARCHIVE_OK ? OC_OK : write_fail(p);
}

/* Exactly as many bytes as the header said. */
static int put_content(struct packer *p, int fd, const char *path, uint64_t size)
{
    char *piece = oc_alloc(PIECE);
    int code = OC_OK;
    while (code == OC_OK && size > 0) {
        const ssize_t n = read(fd, piece, size < PIECE ? (size_t)size : PIECE);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n < 0 ? errno : EIO; /* it became shorter meanwhile */
            code = sys_fail(p->f, "read", path);
        } else if (archive_write_data(p->archive, piece, (size_t)n) != n) {
            code = write_fail(p);
        } else {
            size -= (uint64_t)n;
        }
    }
    free(piece);
    return code;
}

static int put_file(struct packer *p, const char *path)
{
    struct stat st;
    const int fd = openat(p->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return sys_fail(p->f, "open", path);
    }
    int code = fstat(fd, &st) ? sys_fail(p->f, "look at", path) : put_header(p, path, &st);
    if (code == OC_OK) {
        code = put_content(p, fd, path, (uint64_t)st.st_size);
    }
    close(fd);
    return code;
}

static int put_all(struct packer *p, int fd)
{
    p->archive = archive_write_new();
    OC_ASSERT(p->archive);
    archive_write_add_filter_zstd(p->archive);
    archive_write_set_filter_option(p->archive, "zstd", "compression-level", LEVEL);
    archive_write_set_format_pax_restricted(p->archive);
    archive_write_set_bytes_in_last_block(p->archive, 1); /* no padding behind the frame */
    int code = archive_write_open_fd(p->archive, fd) == ARCHIVE_OK ? OC_OK : write_fail(p);
    for (size_t i = 0; code == OC_OK && i < p->paths.count; i++) {
        code = put_file(p, p->paths.items[i]);
    }
    if (code == OC_OK && archive_write_close(p->archive) != ARCHIVE_OK) {
        code = write_fail(p);
    }
    archive_write_free(p->archive);
    return code;
}

int oc_ocp_pack(int dir, int fd, int64_t mtime, struct oc_ocp_failure *f)
{
    struct packer p = {.root = dir, .f = f, .mtime = mtime};
    oc_error_init(&f->err);
    f->reason = "";
    int code = walk(&p, dup(dir), "");
    if (code == OC_OK && p.paths.count == 0) {
        code = oc_ocp_fail(f, "archive-format", "the folder is empty");
    }
    if (code == OC_OK) {
        qsort(p.paths.items, p.paths.count, sizeof(char *), by_name);
        code = put_all(&p, fd);
    }
    for (size_t i = 0; i < p.paths.count; i++) {
        free(p.paths.items[i]);
    }
    OC_VEC_FINISH(&p.paths);
    oc_ocp_names_finish(&p.names);
    return code;
}
