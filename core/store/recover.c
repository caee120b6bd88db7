/* A damaged file: set aside, a new one begun, what can be saved is. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/internal.h"
#include "core/sys/file.h"

/* "<path>.corrupt-20261122T133000", with a number behind it when that is taken. */
static char *aside_name(const char *path)
{
    time_t now = (time_t)(oc_time_wall() / 1000);
    struct tm tm = {0};
    char stamp[32];

    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &tm);
    char *name = oc_asprintf("%s.corrupt-%s", path, stamp);
    for (int i = 2; access(name, F_OK) == 0; i++) {
        free(name);
        name = oc_asprintf("%s.corrupt-%s-%d", path, stamp, i);
    }
    return name;
}

static int move(const char *from, const char *to, const char *suffix)
{
    char *a = oc_asprintf("%s%s", from, suffix);
    char *b = oc_asprintf("%s%s", to, suffix);
    int failed = rename(a, b) == 0 ? 0 : errno;

    free(a);
    free(b);
    return failed;
}

/* An empty file stands for one that is gone: it is what the doctor finds. Where it cannot be made, nothing else is lost. */
static int move_file(const char *path, const char *name)
{
    int failed = move(path, name, "");
    if (failed == ENOENT) {
        const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        failed = 0;
        if (fd >= 0) {
            close(fd);
        }
    }
    return failed;
}

/* The -wal first: a new file must never meet the log of an old one. */
static char *set_aside(const char *path, struct oc_error *err)
{
    char *name = aside_name(path);
    int failed = move(path, name, "-wal");

    failed = !failed || failed == ENOENT ? move(path, name, "-shm") : failed;
    failed = !failed || failed == ENOENT ? move_file(path, name) : failed;
    if (failed) {
        oc_error_errno(err, OC_E_DENIED, failed, "could not set the damaged store aside");
        OC_FREE(name);
    }
    return name;
}

/* The key/value pairs that can still be read, [[space, key, text], ...]: they hold what people acknowledged. */
static json_t *read_keys(sqlite3 *sql)
{
    json_t *keys = json_array();
    sqlite3_stmt *rows = NULL;

    sqlite3_prepare_v2(sql, "SELECT space, key, value FROM kv", -1, &rows, NULL);
    while (rows && sqlite3_step(rows) == SQLITE_ROW) {
        json_t *row = json_array();
        for (int i = 0; i < 3; i++) {
            json_array_append_new(row, json_string((const char *)sqlite3_column_text(rows, i)));
        }
        if (json_array_size(row) == 3) { /* else one was no text */
            json_array_append_new(keys, row);
        } else {
            json_decref(row);
        }
    }
    sqlite3_finalize(rows);
    return keys;
}

static json_t *read_keys_of(const char *aside)
{
    struct oc_db old;
    struct stat st;

    /* beside an empty file SQLite would remove the log, which somebody may still want to look at */
    if (stat(aside, &st) != 0 || st.st_size == 0 ||
        oc_db_open(&old, aside, OC_DB_LOOK, NULL) != OC_OK) {
        return NULL;
    }
    json_t *keys = read_keys(old.sql);
    oc_db_close(&old);
    return keys;
}

static int save_keys(struct oc_store *s, const json_t *keys)
{
    int saved = 0;
    size_t i;
    const json_t *row;

    if (!keys || oc_db_begin(&s->db, true, NULL) != OC_OK) {
        return 0;
    }
    json_array_foreach(keys, i, row)
    {
        saved +=
            oc_db_run(&s->db, OC_SQL_KV_PUT, NULL, "ttt", json_string_value(json_array_get(row, 0)),
                      json_string_value(json_array_get(row, 1)),
                      json_string_value(json_array_get(row, 2))) == OC_OK;
    }
    return oc_db_commit(&s->db, NULL) == OC_OK ? saved : 0;
}

static void say(struct oc_store *s, const char *aside, const char *message, int saved)
{
    oc_err("the store is damaged and was set aside, a new one was begun",
           "path=%s aside=%s error=%s saved_keys=%d", s->path, aside, message, saved);
    json_t *data = json_object();
    oc_json_set_str(data, "path", aside);
    oc_json_set_str(data, "message", message);
    oc_json_set_int(data, "saved_keys", saved);
    oc_store_tell(s, "store.corrupt", data);
}

/* `keys`: what was read before; NULL or none: what the file set aside still gives is taken. */
static int begin_anew(struct oc_store *s, const char *message, json_t *keys, struct oc_error *err)
{
    char *aside = set_aside(s->path, err);
    int rc;

    if (!aside) {
        return OC_E_DENIED;
    }
    json_t *left = json_array_size(keys) ? json_incref(keys) : read_keys_of(aside);
    rc = oc_db_open(&s->db, s->path, OC_DB_WRITE, err);
    say(s, aside, message, rc == OC_OK ? save_keys(s, left) : 0);
    json_decref(left);
    free(aside);
    oc_store_remember(s);
    return rc;
}

/* SQLite would begin a new database, and nobody would know of what is lost. NULL: it is not. */
static const char *find_loss(const struct oc_store *s)
{
    struct stat st;
    if (!s->existed) {
        return NULL;
    }
    if (lstat(s->path, &st) != 0) { /* a link to what is not mounted yet has lost nothing */
        return errno == ENOENT ? "the database is gone" : NULL;
    }
    return stat(s->path, &st) == 0 && st.st_size == 0 ? "the database is empty" : NULL;
}

int oc_store_connect(struct oc_store *s, struct oc_error *err)
{
    const char *loss = find_loss(s);
    if (loss) {
        return begin_anew(s, loss, NULL, err);
    }
    int rc = oc_db_open(&s->db, s->path, OC_DB_WRITE, err);

    if (rc != OC_OK && oc_db_corrupt(&s->db)) {
        struct oc_error found = *err;
        return begin_anew(s, found.message, NULL, err);
    }
    oc_store_remember(s);
    return rc;
}

/* Nothing of ours is in the new file: series, tails and all are written again. */
static void forget_disk(struct oc_store *s)
{
    for (size_t i = 0; i < s->registry.count; i++) {
        s->registry.items[i]->saved = false;
    }
    s->registry.unsaved = s->registry.count;
    s->snapshot_due = true;
    s->head_bytes = s->snapshot_bytes = 0;
    s->stored = 0;
    oc_head_clear(&s->head);
}

void oc_store_replace(struct oc_store *s, const struct oc_error *why)
{
    struct oc_error err;
    struct oc_error found = *why;

    oc_error_init(&err);
    json_t *keys = read_keys(s->db.sql); /* the pages may be in SQLite's cache or in its log */
    oc_db_close(&s->db);
    forget_disk(s);
    int rc = begin_anew(s, found.message, keys, &err);
    json_decref(keys);
    if (rc == OC_OK) {
        return;
    }
    s->mode = OC_STORE_ADRIFT;
    oc_store_fail(s, &err);
    oc_db_open(&s->db, ":memory:", OC_DB_WRITE, &err);
}
