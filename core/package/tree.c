/* Walks over folders. SPDX-License-Identifier: MIT */
#include "core/package/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

#define DEPTH_MAX 64
#define FILE_MAX  (UINT64_C(1) << 30)

static int fail(struct oc_error *err, const char *what, const char *path)
{
    return oc_error_errno(err, 0, errno, "cannot %s %s", what, path);
}

/* What is done with each thing in a folder. `rel` is its path below the top. */
struct visit {
    /* a folder is entered when it is not NULL and says OC_OK */
    int (*enter)(struct visit *v, const char *path, const char *rel);
    int (*leave)(struct visit *v, const char *path, const char *rel);
    int (*leaf)(struct visit *v, const char *path, const char *rel, const struct stat *st);
    void *ctx;
    struct oc_error *err;
};

static int walk(struct visit *v, const char *path, const char *rel, unsigned depth);

static int visit_one(struct visit *v, const char *path, const char *rel, unsigned depth)
{
    struct stat st;
    if (lstat(path, &st)) {
        return fail(v->err, "look at", path);
    }
    return S_ISDIR(st.st_mode) ? walk(v, path, rel, depth + 1) : v->leaf(v, path, rel, &st);
}

/* The names first, then the visits: a visit may remove what it sees. */
static char **names_of(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;
    if (!dir) {
        return NULL;
    }
    char **names = oc_calloc(1, sizeof *names);
    for (const struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            names = oc_realloc(names, (count + 2) * sizeof *names);
            names[count++] = oc_strdup(e->d_name);
            names[count] = NULL;
        }
    }
    closedir(dir);
    return names;
}

static int walk_names(struct visit *v, const char *path, const char *rel, unsigned depth)
{
    char **names = names_of(path);
    int code = OC_OK;
    if (!names) {
        return fail(v->err, "read the folder", path);
    }
    for (char **name = names; *name; name++) {
        if (code == OC_OK) {
            char *child = oc_path_join(path, *name);
            char *below = *rel ? oc_path_join(rel, *name) : oc_strdup(*name);
            code = visit_one(v, child, below, depth);
            free(below);
            free(child);
        }
        free(*name);
    }
    free(names);
    return code;
}

static int walk(struct visit *v, const char *path, const char *rel, unsigned depth)
{
    if (depth > DEPTH_MAX) {
        return oc_error_set(v->err, OC_E_CONFIG, "%s is too deep", path);
    }
    int code = v->enter ? v->enter(v, path, rel) : OC_OK;
    if (code == OC_OK) {
        code = walk_names(v, path, rel, depth);
    }
    return code == OC_OK && v->leave ? v->leave(v, path, rel) : code;
}

/* ---- remove ---- */

static int make_writable(struct visit *v, const char *path, const char *rel)
{
    (void)v;
    (void)rel;
    (void)!chmod(path, 0700); /* what matters fails by itself */
    return OC_OK;
}

static int remove_folder(struct visit *v, const char *path, const char *rel)
{
    (void)rel;
    return rmdir(path) && errno != ENOENT ? fail(v->err, "remove", path) : OC_OK;
}

static int remove_leaf(struct visit *v, const char *path, const char *rel, const struct stat *st)
{
    (void)rel;
    (void)st;
    return unlink(path) && errno != ENOENT ? fail(v->err, "remove", path) : OC_OK;
}

int oc_tree_remove(const char *path, struct oc_error *err)
{
    struct visit v = {
        .enter = make_writable, .leave = remove_folder, .leaf = remove_leaf, .err = err};
    struct stat st;
    if (lstat(path, &st)) {
        return errno == ENOENT ? OC_OK : fail(err, "look at", path);
    }
    return visit_one(&v, path, "", 0);
}

/* ---- seal ---- */

static int sync_and_chmod(const char *path, int flags, mode_t mode, struct oc_error *err)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
    if (fd < 0) {
        return fail(err, "open", path);
    }
    const int code = (mode && fchmod(fd, mode)) || fsync(fd) ? fail(err, "write", path) : OC_OK;
    close(fd);
    return code;
}

static int seal_leaf(struct visit *v, const char *path, const char *rel, const struct stat *st)
{
    const bool *read_only = v->ctx;
    (void)rel;
    if (!S_ISREG(st->st_mode)) {
        return OC_OK; /* a link of a generation: its name is all there is */
    }
    const mode_t mode = st->st_mode & 0100 ? 0555 : 0444;
    return sync_and_chmod(path, 0, *read_only ? mode : 0, v->err);
}

static int seal_folder(struct visit *v, const char *path, const char *rel)
{
    const bool *read_only = v->ctx;
    return sync_and_chmod(path, O_DIRECTORY, *read_only && *rel ? 0555 : 0, v->err);
}

int oc_tree_seal(const char *path, bool read_only, struct oc_error *err)
{
    struct visit v = {.leave = seal_folder, .leaf = seal_leaf, .ctx = &read_only, .err = err};
    return walk(&v, path, "", 0);
}

int oc_tree_close(const char *path, struct oc_error *err)
{
    return sync_and_chmod(path, O_DIRECTORY, 0555, err);
}

/* The home may be a link to another disk, and so may the folder of the packages. */
int oc_tree_sync_folder(const char *path, struct oc_error *err)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, "open", path);
    }
    const int code = fsync(fd) ? fail(err, "write", path) : OC_OK;
    close(fd);
    return code;
}

int oc_tree_make(const char *path, mode_t mode, struct oc_error *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return OC_OK;
    }
    char *parent = oc_path_dir(path);
    int code = strcmp(parent, path) != 0 ? oc_tree_make(parent, mode, err) : OC_OK;
    if (code == OC_OK) {
        code = mkdir(path, mode) && errno != EEXIST ? fail(err, "make the folder", path) : OC_OK;
    }
    if (code == OC_OK) {
        code = oc_tree_sync_folder(parent, err);
    }
    free(parent);
    return code;
}

/* ---- copy ---- */

static int copy_bytes(int in, int out)
{
    char piece[65536];
    ssize_t n;
    while ((n = read(in, piece, sizeof piece)) > 0) {
        const int rc = oc_fd_write_all(out, piece, (size_t)n);
        if (rc) {
            return rc;
        }
    }
    return n < 0 ? -errno : 0;
}

static int copy_leaf(struct visit *v, const char *path, const char *rel, const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        return oc_error_set(v->err, OC_E_REFUSED, "%s is not a regular file", path);
    }
    char *to = oc_path_join(v->ctx, rel);
    const int in = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const int out =
        in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int code = in < 0 ? fail(v->err, "open", path) : out < 0 ? fail(v->err, "write", to) : OC_OK;
    if (code == OC_OK) {
        const int rc = copy_bytes(in, out);
        if (rc || fchmod(out, st->st_mode & 0100 ? 0755 : 0644)) {
            errno = rc ? -rc : errno;
            code = fail(v->err, "copy", path);
        }
    }
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    free(to);
    return code;
}

static int copy_folder(struct visit *v, const char *path, const char *rel)
{
    char *to = *rel ? oc_path_join(v->ctx, rel) : oc_strdup(v->ctx);
    (void)path;
    const int code = mkdir(to, 0755) ? fail(v->err, "make the folder", to) : OC_OK;
    free(to);
    return code;
}

int oc_tree_copy(const char *from, const char *to, struct oc_error *err)
{
    struct visit v = {
        .enter = copy_folder, .leaf = copy_leaf, .ctx = (void *)(uintptr_t)to, .err = err};
    struct stat st;
    if (lstat(from, &st) == 0 && S_ISREG(st.st_mode)) {
        v.ctx = (void *)(uintptr_t)to;
        return copy_leaf(&v, from, to, &st); /* an absolute `rel` is the target itself */
    }
    return walk(&v, from, "", 0);
}

/* ---- sums ---- */

static int size_leaf(struct visit *v, const char *path, const char *rel, const struct stat *st)
{
    uint64_t *total = v->ctx;
    (void)path;
    (void)rel;
    *total += (uint64_t)st->st_blocks * 512;
    return OC_OK;
}

uint64_t oc_tree_size(const char *path)
{
    struct oc_error err;
    uint64_t total = 0;
    oc_error_init(&err);
    struct visit v = {.leaf = size_leaf, .ctx = &total, .err = &err};
    walk(&v, path, "", 0);
    return total;
}

static int sum_leaf(struct visit *v, const char *path, const char *rel, const struct stat *st)
{
    char hex[OC_SHA256_HEX];
    if (strncmp(rel, ".openclaw/", 10) == 0) {
        return OC_OK;
    }
    if (!S_ISREG(st->st_mode)) {
        return oc_error_set(v->err, OC_E_VERIFY, "%s is not a regular file", path);
    }
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return fail(v->err, "open", path);
    }
    const int code = oc_sha256_fd(fd, FILE_MAX, hex, NULL, v->err);
    close(fd);
    if (code == OC_OK) {
        oc_json_set_str(v->ctx, rel, hex);
    }
    return code;
}

json_t *oc_tree_files(const char *path, struct oc_error *err)
{
    json_t *files = json_object();
    struct visit v = {.leaf = sum_leaf, .ctx = files, .err = err};
    if (walk(&v, path, "", 0) != OC_OK) {
        json_decref(files);
        return NULL;
    }
    return files;
}
