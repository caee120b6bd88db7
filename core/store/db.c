/* Opening SQLite and running prepared statements. SPDX-License-Identifier: MIT */
#include "core/store/db.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sys/file.h"

#define BUSY_MS 500 /* how long the loop may wait for a reader beside it */

#define SQL_TEXT(name, text) text,
static const char *const texts[OC_SQL_COUNT] = {OC_SQL_MAP(SQL_TEXT)};

/* ---- errors ---- */

static int code_of(int primary)
{
    switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return OC_E_PERMANENT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return OC_E_DENIED;
    default:
        return OC_E_RETRY;
    }
}

static const char *remedy(int primary)
{
    switch (primary) {
    case SQLITE_FULL:
        return "Free space on the disk; the store catches up by itself.";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "Make the data folder writable for the user that runs openclawd.";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "Another process holds the store; end it if it hangs.";
    case SQLITE_IOERR:
        return "Look at the disk and its limits (space, quota, kernel log).";
    default:
        return "";
    }
}

int oc_db_error(struct oc_db *db, struct oc_error *err, const char *doing)
{
    db->last = sqlite3_errcode(db->sql) & 0xff;
    int code = code_of(db->last);
    oc_error_set(err, code, "%s: %s", doing, sqlite3_errmsg(db->sql));
    oc_error_hint(err, "%s", remedy(db->last));
    return code;
}

bool oc_db_corrupt(const struct oc_db *db)
{
    return db->last == SQLITE_CORRUPT || db->last == SQLITE_NOTADB;
}

/* ---- opening ---- */

static void sync_dir(const char *path)
{
    char *dir = oc_path_dir(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(dir);
}

/* SQLite would make the file readable for everybody; its -wal and -shm take the mode of the file.
 * The name must be on the disk before the first durable commit is. */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        sync_dir(path);
    }
}

/* Counts for a new file only, and in any other it would write the header once more, durably. */
static const char setup_new[] = "PRAGMA auto_vacuum = INCREMENTAL;";

static const char setup[] = "PRAGMA journal_mode = WAL;"
                            "PRAGMA synchronous = NORMAL;"
                            "PRAGMA journal_size_limit = 4194304;"
                            "PRAGMA cache_size = -512;"
                            "PRAGMA mmap_size = 0;"
                            "PRAGMA temp_store = MEMORY;";

static const char setup_look[] = "PRAGMA query_only = ON;"
                                 "PRAGMA cache_size = -512;"
                                 "PRAGMA mmap_size = 0;"
                                 "PRAGMA temp_store = MEMORY;";

static int set_up(struct oc_db *db, enum oc_db_mode mode, struct oc_error *err)
{
    if (mode == OC_DB_LOOK) {
        int rc = oc_db_exec(db, setup_look, err);
        return rc == OC_OK ? oc_db_check(db, err) : rc;
    }
    if (sqlite3_db_readonly(db->sql, "main") == 1) {
        db->last = SQLITE_READONLY;
        oc_error_set(err, OC_E_DENIED, "could not open the store: the file is read-only");
        oc_error_hint(err, "%s", remedy(SQLITE_READONLY));
        return OC_E_DENIED;
    }
    int rc = OC_OK;
    if (oc_db_number(db, OC_SQL_PAGE_COUNT, 0, "") == 0) {
        rc = oc_db_exec(db, setup_new, err);
    }
    rc = rc == OC_OK ? oc_db_exec(db, setup, err) : rc;
    return rc == OC_OK ? oc_db_migrate(db, err) : rc;
}

int oc_db_open(struct oc_db *db, const char *path, enum oc_db_mode mode, struct oc_error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc;

    *db = (struct oc_db){0};
    if (mode == OC_DB_LOOK) {
        flags |= SQLITE_OPEN_READONLY;
    } else {
        flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        if (strcmp(path, ":memory:") != 0) {
            oc_db_found(path);
            make_private(path);
        }
    }
    if (sqlite3_open_v2(path, &db->sql, flags, NULL) != SQLITE_OK) {
        rc = oc_db_error(db, err, "could not open the store");
    } else {
        sqlite3_busy_timeout(db->sql, BUSY_MS);
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        rc = set_up(db, mode, err);
    }
    if (rc != OC_OK) {
        oc_db_close(db);
    }
    return rc;
}

void oc_db_close(struct oc_db *db)
{
    for (size_t i = 0; i < OC_SQL_COUNT; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    if (db->sql && oc_db_corrupt(db)) { /* a damaged file is kept as it was found, log and all */
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    sqlite3_close_v2(db->sql);
    db->sql = NULL; /* `last` stays: why it was closed */
}

/* ---- transactions ---- */

int oc_db_exec(struct oc_db *db, const char *sql, struct oc_error *err)
{
    if (sqlite3_exec(db->sql, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return oc_db_error(db, err, "could not use the store");
    }
    return OC_OK;
}

int oc_db_begin(struct oc_db *db, bool durable, struct oc_error *err)
{
    /* With a write-ahead log FULL adds the fsync at each commit that NORMAL leaves to the
     * checkpoint. It covers all of the log so far, and cannot be changed once the transaction is
     * open. */
    int rc =
        oc_db_exec(db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err);
    return rc == OC_OK ? oc_db_exec(db, "BEGIN IMMEDIATE", err) : rc;
}

int oc_db_commit(struct oc_db *db, struct oc_error *err)
{
    int rc = oc_db_exec(db, "COMMIT", err);
    if (rc != OC_OK) {
        oc_db_rollback(db);
    }
    return rc;
}

void oc_db_rollback(struct oc_db *db)
{
    if (!sqlite3_get_autocommit(db->sql)) { /* SQLite may have rolled back by itself */
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* ---- statements ---- */

static sqlite3_stmt *prepared(struct oc_db *db, enum oc_sql id, struct oc_error *err)
{
    sqlite3_stmt **stmt = &db->statements[id];
    if (!*stmt && sqlite3_prepare_v3(db->sql, texts[id], -1, SQLITE_PREPARE_PERSISTENT, stmt,
                                     NULL) != SQLITE_OK) {
        oc_db_error(db, err, "could not use the store");
    }
    return *stmt;
}

static void bind(sqlite3_stmt *stmt, const char *types, va_list ap)
{
    for (int i = 1; *types; i++, types++) {
        const void *data;
        switch (*types) {
        case 'i':
            sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
            break;
        case 't':
            sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
            break;
        default:
            data = va_arg(ap, const void *);
            sqlite3_bind_blob64(stmt, i, data ? data : "", va_arg(ap, size_t), SQLITE_STATIC);
        }
    }
}

int oc_db_run(struct oc_db *db, enum oc_sql id, struct oc_error *err, const char *types, ...)
{
    sqlite3_stmt *stmt = prepared(db, id, err);
    va_list ap;
    int rc;

    if (!stmt) {
        return code_of(db->last);
    }
    va_start(ap, types);
    bind(stmt, types, ap);
    va_end(ap);
    do {
        rc = oc_db_row(db, stmt, err);
    } while (rc > 0);
    oc_db_done(stmt);
    return rc;
}

sqlite3_stmt *oc_db_select(struct oc_db *db, enum oc_sql id, struct oc_error *err,
                           const char *types, ...)
{
    sqlite3_stmt *stmt = prepared(db, id, err);
    va_list ap;

    if (stmt) {
        va_start(ap, types);
        bind(stmt, types, ap);
        va_end(ap);
    }
    return stmt;
}

int oc_db_row(struct oc_db *db, sqlite3_stmt *stmt, struct oc_error *err)
{
    if (!stmt) {
        return code_of(db->last);
    }
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    return rc == SQLITE_DONE ? 0 : oc_db_error(db, err, "could not use the store");
}

void oc_db_done(sqlite3_stmt *stmt)
{
    if (stmt) {
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
    }
}

int64_t oc_db_number(struct oc_db *db, enum oc_sql id, int64_t fallback, const char *types, ...)
{
    sqlite3_stmt *stmt = prepared(db, id, NULL);
    va_list ap;

    if (!stmt) {
        return fallback;
    }
    va_start(ap, types);
    bind(stmt, types, ap);
    va_end(ap);
    if (oc_db_row(db, stmt, NULL) > 0 && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        fallback = sqlite3_column_int64(stmt, 0);
    }
    oc_db_done(stmt);
    return fallback;
}
