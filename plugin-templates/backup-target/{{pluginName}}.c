/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * Where backups go. As it stands it is a folder. Keys come from the host: words joined by '/'. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define PIECE    65536
#define PATH_LEN 4096
#define TEMP     ".put-" /* what a file is called until it is whole; a key does not begin with a dot */
#define NAME_LEN (255 - (sizeof TEMP - 1)) /* NAME_MAX, less what stands before it for a while */

struct target {
    const char *folder; /* option */
};

static const struct oc_option options[] = {
    {.name = "folder",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct target, folder),
     .help = "the folder that holds the backups; it has to be there"},
    {0},
};

/* The parameters as an object; NULL and `err` when they are none. */
static json_t *read_params(const struct oc_request *req, struct oc_error *err)
{
    json_t *params = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    if (!json_is_object(params)) {
        json_decref(params);
        oc_fail(err, OC_E_CONFIG, "the parameters have to be a JSON object");
        return NULL;
    }
    return params;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Takes `value`. */
static int32_t emit_json(const struct oc_sink *out, json_t *value, struct oc_error *err)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(value);
    if (!text) {
        return oc_fail(err, OC_E_INTERNAL, "the result cannot be written as JSON");
    }
    const int32_t rc = oc_emit_text(out, OC_RECORD_JSON, text, strlen(text));
    free(text);
    return rc;
}

static int32_t fail(struct oc_error *err, const char *what, const char *path, int problem)
{
    const int32_t code = problem == ENOENT                       ? OC_E_NOT_FOUND
                         : problem == EACCES || problem == EPERM ? OC_E_DENIED
                                                                 : OC_E_RETRY;
    return oc_fail(err, code, "cannot %s %s: %s", what, path, strerror(problem));
}

/* ---- keys as names of files ---- */

/* '/' and '%' as "%2F" and "%25": a key never leads out of the folder, and no two share a file. 0 when the name would be too
 * long. */
static int name_of_key(const char *key, char name[NAME_LEN + 1])
{
    size_t len = 0;
    for (; *key; key++) {
        const char *written = *key == '/' ? "%2F" : *key == '%' ? "%25" : NULL;
        const size_t n = written ? 3 : 1;
        if (len + n > NAME_LEN) {
            return 0;
        }
        memcpy(name + len, written ? written : key, n);
        len += n;
    }
    name[len] = '\0';
    return 1;
}

/* The way back; 0 for a file that `put` did not write. */
static int key_of_name(const char *name, char key[NAME_LEN + 1])
{
    size_t len = 0;
    if (*name == '.' || strlen(name) > NAME_LEN) {
        return 0;
    }
    for (; *name; name++) {
        if (*name == '%' && strncmp(name, "%2F", 3) != 0 && strncmp(name, "%25", 3) != 0) {
            return 0;
        }
        key[len++] = *name != '%' ? *name : name[2] == 'F' ? '/' : '%';
        name += *name == '%' ? 2 : 0;
    }
    key[len] = '\0';
    return 1;
}

/* The path of the key's file, and of `put`'s until it is whole when `temp` is not NULL. */
static int32_t path_of(const struct target *t, const struct oc_request *req, char path[PATH_LEN],
                       char *temp, struct oc_error *err)
{
    char name[NAME_LEN + 1];
    json_t *params = read_params(req, err);
    if (!params) {
        return err->code;
    }
    const char *key = text_of(params, "key");
    const int good = *key && *key != '.' && name_of_key(key, name);
    json_decref(params);
    if (!good) {
        return oc_fail(err, OC_E_CONFIG, "the key is no name of at most %d bytes", (int)NAME_LEN);
    }
    if (strlen(t->folder) + 1 + sizeof TEMP + strlen(name) > PATH_LEN) {
        return oc_fail(err, OC_E_CONFIG, "the path of the folder is too long");
    }
    snprintf(path, PATH_LEN, "%s/%s", t->folder, name);
    if (temp) {
        snprintf(temp, PATH_LEN, "%s/" TEMP "%s", t->folder, name);
    }
    return OC_OK;
}

/* ---- the methods ---- */

/* A disk that is nearly full takes a part first; why it takes no more is said by the next write. */
static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int32_t take_stream(int fd, const char *path, const struct oc_request *req,
                           struct oc_error *err)
{
    char piece[PIECE];
    while (req->read && !OC_CANCELLED(req)) {
        const int64_t n = req->read(req->read_ctx, piece, sizeof piece);
        if (n <= 0) {
            return n < 0 ? oc_fail(err, (int32_t)n, "the backup cannot be read") : OC_OK;
        }
        if (write_all(fd, piece, (size_t)n) != 0) {
            return fail(err, "write", path, errno);
        }
    }
    return OC_CANCELLED(req) ? oc_fail(err, OC_E_CANCELLED, "cancelled")
                             : oc_fail(err, OC_E_CONFIG, "there is no stream to read from");
}

/* Under another name until it is whole: what is listed can be restored. */
static int32_t put(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err)
{
    char path[PATH_LEN], temp[PATH_LEN];
    int32_t rc = path_of(self, req, path, temp, err);
    (void)out;
    if (rc != OC_OK) {
        return rc;
    }
    unlink(temp); /* left by a call that did not come to its end */
    const int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(err, "create", temp, errno);
    }
    rc = take_stream(fd, temp, req, err);
    if (rc == OC_OK && fsync(fd) != 0) {
        rc = fail(err, "write", temp, errno);
    }
    close(fd);
    if (rc == OC_OK && rename(temp, path) != 0) {
        rc = fail(err, "rename", temp, errno);
    }
    if (rc != OC_OK) {
        unlink(temp);
    }
    return rc;
}

static int32_t get(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err)
{
    char path[PATH_LEN], piece[PIECE];
    int32_t rc = path_of(self, req, path, NULL, err);
    ssize_t n = 1;
    if (rc != OC_OK) {
        return rc;
    }
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return fail(err, "open", path, errno);
    }
    while (rc == OC_OK && n > 0) {
        if (OC_CANCELLED(req)) { /* OK would say that this was all of it */
            rc = oc_fail(err, OC_E_CANCELLED, "cancelled");
        } else if ((n = read(fd, piece, sizeof piece)) < 0) {
            rc = fail(err, "read", path, errno);
        } else if (n > 0) {
            rc = oc_emit_text(out, OC_RECORD_BYTES, piece, (uint64_t)n);
        }
    }
    close(fd);
    return rc;
}

/* {"key","size","time_ms"}, when the file is a backup. */
static int32_t list_one(const struct oc_sink *out, int folder, const char *name,
                        struct oc_error *err)
{
    char key[NAME_LEN + 1];
    struct stat st;
    if (!key_of_name(name, key) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode)) {
        return OC_OK;
    }
    json_t *row = json_pack("{s:s,s:I,s:I}", "key", key, "size", (json_int_t)st.st_size, "time_ms",
                            (json_int_t)st.st_mtime * 1000);
    return row ? emit_json(out, row, err) : OC_OK; /* a name that is no UTF-8 was no key */
}

/* One JSON record for each backup. */
static int32_t list(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    const struct target *t = self;
    int32_t rc = OC_OK;
    DIR *dir = opendir(t->folder);
    if (!dir) {
        return fail(err, "read", t->folder, errno);
    }
    for (const struct dirent *e; rc == OC_OK && (e = readdir(dir));) {
        rc = OC_CANCELLED(req) ? oc_fail(err, OC_E_CANCELLED, "cancelled")
                               : list_one(out, dirfd(dir), e->d_name, err);
    }
    closedir(dir);
    return rc;
}

static int32_t remove_one(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    char path[PATH_LEN];
    const int32_t rc = path_of(self, req, path, NULL, err);
    (void)out;
    if (rc != OC_OK) {
        return rc;
    }
    return unlink(path) == 0 || errno == ENOENT ? OC_OK : fail(err, "remove", path, errno);
}

static const struct oc_method methods[] = {
    {"storage.put/1", put},           {"storage.get/1", get}, {"storage.list/1", list},
    {"storage.remove/1", remove_one}, {NULL, NULL},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct target),
    .options = options,
    .methods = methods,
};
