/* Which plugin was being loaded when the process ended. SPDX-License-Identifier: MIT */
#include "core/plugin/library/sentinel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/sys/file.h"

#define FOLDER   "run/loading"
#define FILE_MAX 4096u

struct row {
    char *plugin, *digest, *at;
    int64_t tries;  /* unfinished loads in a row, from the files that were found */
    unsigned depth; /* of loads under way in this process */
};

struct oc_sentinels {
    char *dir;
    OC_VEC(struct row) rows;
};

static void row_finish(struct row *r)
{
    free(r->plugin);
    free(r->digest);
    free(r->at);
}

static struct row *find(const struct oc_sentinels *s, const char *plugin)
{
    for (size_t i = 0; i < s->rows.count; i++) {
        if (strcmp(s->rows.items[i].plugin, plugin) == 0) {
            return &s->rows.items[i];
        }
    }
    return NULL;
}

/* ---- what was found ---- */

/* A file that was not finished still tells its plugin by its name. */
static void read_one(struct oc_sentinels *s, const char *name)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(s->dir, name);
    if (!oc_file_read(path, FILE_MAX, &text, NULL)) {
        json_t *json = oc_json_parse(text.data ? text.data : "", text.len, NULL);
        const int64_t tries = oc_json_int(json, "tries", 1);
        const struct row row = {.plugin = oc_strdup(name),
                                .digest = oc_strdup(oc_json_str(json, "digest", "")),
                                .at = oc_strdup(oc_json_str(json, "at", "an unknown time")),
                                .tries = tries > 0 && tries < 1000 ? tries : 1};
        OC_VEC_PUSH(&s->rows, row);
        json_decref(json);
    }
    oc_buf_finish(&text);
    free(path);
}

struct oc_sentinels *oc_sentinels_open(const char *home)
{
    struct oc_sentinels *s = oc_calloc(1, sizeof *s);
    s->dir = oc_path_join(home, FOLDER);
    DIR *dir = opendir(s->dir);
    const struct dirent *e;
    while (dir && (e = readdir(dir))) {
        if (oc_name_valid(e->d_name)) {
            read_one(s, e->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return s;
}

void oc_sentinels_close(struct oc_sentinels *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->rows.count; i++) {
        row_finish(&s->rows.items[i]);
    }
    OC_VEC_FINISH(&s->rows);
    free(s->dir);
    free(s);
}

int oc_sentinels_check(const struct oc_sentinels *s, const char *plugin, const char *digest,
                       bool bundled, struct oc_error *err)
{
    const struct row *r = find(s, plugin);
    if (!r || r->depth || r->tries < (bundled ? OC_SENTINEL_BUNDLED : 1) ||
        strcmp(r->digest, digest) != 0) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT,
                 "skipped: the daemon ended while this plugin was being loaded at %s", r->at);
    oc_error_hint(err, "Update the plugin, or let it load again with `openclaw plugin reset %s`.",
                  plugin);
    return OC_E_CONFLICT;
}

/* ---- loads of this process ---- */

static void sync_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static int open_file(const struct oc_sentinels *s, const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(path, flags, 0600);
    if (fd < 0 && errno == ENOENT && !oc_dir_make(s->dir, 0700, NULL)) {
        fd = open(path, flags, 0600);
    }
    return fd;
}

/* Not by a temporary file: a half-written one still names the plugin, which is what matters. */
static void write_file(const struct oc_sentinels *s, const struct row *r, bool durable)
{
    char *path = oc_path_join(s->dir, r->plugin);
    char *text = oc_asprintf("{\"digest\":\"%s\",\"at\":\"%s\",\"tries\":%lld,\"pid\":%ld}\n",
                             r->digest, r->at, (long long)r->tries + 1, (long)getpid());
    const int fd = open_file(s, path);
    if (fd < 0 || oc_fd_write_all(fd, text, strlen(text)) || (durable && fsync(fd))) {
        oc_debug("no sentinel for a plugin that is loaded", "path=%s", path);
    } else if (durable) {
        sync_folder(s->dir);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    free(path);
}

void oc_sentinels_begin(struct oc_sentinels *s, const char *plugin, const char *digest,
                        bool bundled)
{
    char at[32];
    struct row *r = find(s, plugin);
    if (!r) {
        const struct row row = {.plugin = oc_strdup(plugin)};
        OC_VEC_PUSH(&s->rows, row);
        r = &s->rows.items[s->rows.count - 1];
    }
    if (r->depth++ > 0) {
        return;
    }
    if (r->digest && strcmp(r->digest, digest) != 0) {
        r->tries = 0;
    }
    free(r->digest);
    free(r->at);
    r->digest = oc_strdup(digest);
    r->at = oc_strdup(oc_time_format(oc_time_wall(), at, sizeof at));
    write_file(s, r, !bundled);
}

static void forget(struct oc_sentinels *s, struct row *r)
{
    char *path = oc_path_join(s->dir, r->plugin);
    unlink(path);
    free(path);
    row_finish(r);
    OC_VEC_REMOVE(&s->rows, (size_t)(r - s->rows.items));
}

void oc_sentinels_end(struct oc_sentinels *s, const char *plugin)
{
    struct row *r = find(s, plugin);
    OC_ASSERT(r && r->depth > 0);
    if (--r->depth == 0) {
        forget(s, r);
    }
}

bool oc_sentinels_clear(struct oc_sentinels *s, const char *plugin)
{
    struct row *r = find(s, plugin);
    const bool found = r && r->tries > 0;
    if (found && r->depth == 0) {
        forget(s, r);
    } else if (found) {
        r->tries = 0;
    }
    return found;
}
