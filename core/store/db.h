/* One SQLite connection with the store's schema and statements. SPDX-License-Identifier: MIT [loop]
 *
 * The only place that knows how SQLite is set up: write-ahead log, small page cache, no memory map
 * (the daemon is to stay small), statements prepared once. Results are OC_OK or the OC_E_* code
 * that oc_db_error made of SQLite's. */
#ifndef OC_STORE_DB_H
#define OC_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/* Parameters are bound in order by oc_db_run and oc_db_select: i int64_t, t text, b pointer and
 * size_t. */
#define OC_SQL_MAP(X)                                                                              \
    X(SERIES_ALL, "SELECT id, kind, name, labels FROM series ORDER BY id")                         \
    X(SERIES_PUT, "INSERT OR REPLACE INTO series(id, kind, name, labels) VALUES(?, ?, ?, ?)")      \
    X(SERIES_REMOVE, "DELETE FROM series WHERE id = ?")                                            \
    X(SERIES_LAST, "SELECT seq FROM sqlite_sequence WHERE name = 'series'")                        \
    X(HEAD_ALL, "SELECT data FROM head ORDER BY id")                                               \
    X(HEAD_PUT, "INSERT INTO head(data) VALUES(?)")                                                \
    X(HEAD_CLEAR, "DELETE FROM head")                                                              \
    X(SNAPSHOT_ALL, "SELECT data FROM snapshot ORDER BY id")                                       \
    X(SNAPSHOT_PUT, "INSERT INTO snapshot(data) VALUES(?)")                                        \
    X(SNAPSHOT_CLEAR, "DELETE FROM snapshot")                                                      \
    X(PIECE_PUT,                                                                                   \
      "INSERT OR REPLACE INTO piece(bucket, series, start, count, data) VALUES(?, ?, ?, ?, ?)")    \
    X(PIECE_NEXT, "SELECT start, data FROM piece WHERE bucket = ? AND series = ? AND start >= ? "  \
                  "ORDER BY start LIMIT 1")                                                        \
    X(PIECE_FIRST,                                                                                 \
      "SELECT bucket, series FROM piece WHERE bucket < ? ORDER BY bucket, series LIMIT 1")         \
    X(PIECE_RANGE, "SELECT (SELECT min(bucket) FROM piece), (SELECT max(bucket) FROM piece)")      \
    X(PIECE_REMOVE, "DELETE FROM piece WHERE bucket = ? AND series = ?")                           \
    X(PIECE_EXPIRE,                                                                                \
      "DELETE FROM piece WHERE (bucket, series, start) IN "                                        \
      "(SELECT bucket, series, start FROM piece WHERE bucket < ? LIMIT ?) RETURNING count")        \
    X(CHUNK_PUT, "INSERT INTO chunk(id, count, data) VALUES(?, ?, ?)")                             \
    X(CHUNK_NEXT, "SELECT id, data FROM chunk WHERE id >= ? AND id < ? ORDER BY id LIMIT 1")       \
    X(CHUNK_LAST, "SELECT max(id) FROM chunk WHERE id >= ? AND id < ?")                            \
    X(CHUNK_RANGE, "SELECT (SELECT min(id) FROM chunk), (SELECT max(id) FROM chunk)")              \
    X(CHUNK_EXPIRE,                                                                                \
      "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE id < ? LIMIT ?) RETURNING count") \
    X(META_GET, "SELECT value FROM meta WHERE key = ?")                                            \
    X(META_PUT, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)")                            \
    X(EVENT_PUT, "INSERT INTO event(id, time, topic, data) VALUES(?, ?, ?, ?)")                    \
    X(EVENT_LAST, "SELECT seq FROM sqlite_sequence WHERE name = 'event'")                          \
    X(EVENT_ALL,                                                                                   \
      "SELECT id, time, topic, data FROM event WHERE id > ? AND time >= ? AND time < ? "           \
      "ORDER BY id DESC LIMIT ?")                                                                  \
    X(EVENT_TOPIC,                                                                                 \
      "SELECT id, time, topic, data FROM event WHERE id > ? AND time >= ? AND time < ? "           \
      "AND topic = ? ORDER BY id DESC LIMIT ?")                                                    \
    X(EVENT_PREFIX,                                                                                \
      "SELECT id, time, topic, data FROM event WHERE id > ? AND time >= ? AND time < ? "           \
      "AND topic >= ? AND topic < ? ORDER BY id DESC LIMIT ?")                                     \
    X(EVENT_EXPIRE,                                                                                \
      "DELETE FROM event WHERE time < ? AND id IN (SELECT id FROM event ORDER BY id LIMIT ?)")     \
    X(KV_PUT, "INSERT OR REPLACE INTO kv(space, key, value) VALUES(?, ?, ?)")                      \
    X(KV_REMOVE, "DELETE FROM kv WHERE space = ? AND key = ?")                                     \
    X(KV_GET, "SELECT value FROM kv WHERE space = ? AND key = ?")                                  \
    X(KV_ALL, "SELECT key, value FROM kv WHERE space = ? ORDER BY key")                            \
    X(PAGE_COUNT, "PRAGMA page_count")                                                             \
    X(FREE_COUNT, "PRAGMA freelist_count")

#define OC_SQL_ENUM(name, text) OC_SQL_##name,
enum oc_sql { OC_SQL_MAP(OC_SQL_ENUM) OC_SQL_COUNT };

enum oc_db_mode { OC_DB_WRITE, OC_DB_LOOK /* read only, nothing is made or repaired */ };

struct oc_db {
    sqlite3 *sql;
    sqlite3_stmt *statements[OC_SQL_COUNT];
    int last; /* SQLite's primary code of the last failure */
};

/* Opens and migrates; `db` is closed again when it fails. OC_E_UNSUPPORTED: written by a newer
 * program; OC_E_NOT_FOUND: there is nothing to look at. */
int oc_db_open(struct oc_db *db, const char *path, enum oc_db_mode mode, struct oc_error *err);
void oc_db_close(struct oc_db *db);                        /* a closed one is fine */
int oc_db_migrate(struct oc_db *db, struct oc_error *err); /* core/store/schema.c */
/* Makes the file with its tables when there is nothing at `path`; what fails is left for opening it to say. core/store/found.c */
void oc_db_found(const char *path);
/* The schema is ours; else as oc_db_open. */
int oc_db_check(struct oc_db *db, struct oc_error *err);

/* What SQLite said last, as "`doing`: ..." with a remedy; returns the code. */
int oc_db_error(struct oc_db *db, struct oc_error *err, const char *doing);
bool oc_db_corrupt(const struct oc_db *db); /* the last failure was a damaged file */

int oc_db_exec(struct oc_db *db, const char *sql, struct oc_error *err);
/* `durable`: what is committed is on the disk when oc_db_commit returns. */
int oc_db_begin(struct oc_db *db, bool durable, struct oc_error *err);
int oc_db_commit(struct oc_db *db, struct oc_error *err); /* rolls back when it fails */
void oc_db_rollback(struct oc_db *db);                    /* nothing open is fine */

/* To the end; rows are dropped. */
int oc_db_run(struct oc_db *db, enum oc_sql id, struct oc_error *err, const char *types, ...);
/* Text and blobs are borrowed until oc_db_done, which must follow. NULL: it cannot be prepared. */
sqlite3_stmt *oc_db_select(struct oc_db *db, enum oc_sql id, struct oc_error *err,
                           const char *types, ...);
/* 1 a row, 0 the end, or OC_E_*. */
int oc_db_row(struct oc_db *db, sqlite3_stmt *stmt, struct oc_error *err);
void oc_db_done(sqlite3_stmt *stmt); /* NULL is fine */
/* The first column of the first row, or the fall-back. */
int64_t oc_db_number(struct oc_db *db, enum oc_sql id, int64_t fallback, const char *types, ...);

#endif
