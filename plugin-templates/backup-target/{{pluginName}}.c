/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * Where backups go. As it stands it is a folder. Keys come from the host: words joined by '/', at most 255 bytes. */
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
    const int32_t code = problem == ENOENT   ? OC_E_NOT_FOUND
                         : problem == EACCES ? OC_E_DENIED
                                             : OC_E_RETRY;
    return oc_fail(err, code, "cannot %s %s: %s", what, path, strerror(problem));
}

/* folder/key, '/' written as '+': a key never leads out of the folder, nor into another one. */
static int32_t path_of(const struct target *t, const struct oc_request *req, char path[PATH_LEN],
                       struct oc_error *err)
{
    json_t *params = read_params(req, err);
    if (!params) {
        return err->code;
    }
    const char *key = text_of(params, "key");
    const int good = *key && *key != '.' && strlen(key) <= 255;
    const int n = snprintf(path, PATH_LEN, "%s/%s", t->folder, key);
    for (char *c = path + strlen(t->folder) + 1; good && n < PATH_LEN && *c; c++) {
        *c = *c == '/' ? '+' : *c;
    }
    json_decref(params);
    return good && n < PATH_LEN ? OC_OK : oc_fail(err, OC_E_CONFIG, "the key is no name");
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
        if (write(fd, piece, (size_t)n) != n) {
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
    char path[PATH_LEN], temp[PATH_LEN + 16];
    int32_t rc = path_of(self, req, path, err);
    (void)out;
    if (rc != OC_OK) {
        return rc;
    }
    snprintf(temp, sizeof temp, "%s.partial", path);
    const int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
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
    int32_t rc = path_of(self, req, path, err);
    ssize_t n = 0;
    if (rc != OC_OK) {
        return rc;
    }
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return fail(err, "open", path, errno);
    }
    while (rc == OC_OK && !OC_CANCELLED(req) && (n = read(fd, piece, sizeof piece)) > 0) {
        rc = oc_emit_text(out, OC_RECORD_BYTES, piece, (uint64_t)n);
    }
    if (rc == OC_OK && n < 0) {
        rc = fail(err, "read", path, errno);
    }
    close(fd);
    return rc;
}

/* One JSON record for each backup: {"key","size","time_ms"}. */
static int32_t list(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    const struct target *t = self;
    int32_t rc = OC_OK;
    struct stat st;
    DIR *dir = opendir(t->folder);
    if (!dir) {
        return fail(err, "read", t->folder, errno);
    }
    for (const struct dirent *e; rc == OC_OK && !OC_CANCELLED(req) && (e = readdir(dir));) {
        const char *end = strrchr(e->d_name, '.');
        if (e->d_name[0] == '.' || (end && strcmp(end, ".partial") == 0) ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
            continue;
        }
        char key[256];
        snprintf(key, sizeof key, "%s", e->d_name);
        for (char *c = key; *c; c++) {
            *c = *c == '+' ? '/' : *c;
        }
        rc = emit_json(out,
                       json_pack("{s:s,s:I,s:I}", "key", key, "size", (json_int_t)st.st_size,
                                 "time_ms", (json_int_t)st.st_mtime * 1000),
                       err);
    }
    closedir(dir);
    return rc;
}

static int32_t remove_one(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    char path[PATH_LEN];
    const int32_t rc = path_of(self, req, path, err);
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
