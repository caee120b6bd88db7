/* The tables and how older files become newer ones. SPDX-License-Identifier: MIT
 *
 * user_version counts the steps that a file has been through. Steps are only ever added.
 *
 * head and snapshot hold what the tails in memory hold: the snapshot as it was, the head rows what
 * came since. piece holds sealed tails, small and by series. chunk holds them merged for good once
 * their bucket of time is over; its id is bucket << 40 | series << 16 | number, so packing appends
 * at the end of the table (full pages), retention takes from the front (whole pages), and a series
 * is found in each bucket by its key. */
#include <stddef.h>

#include "core/store/db.h"

static const char *const steps[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE kv(space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(space, key)) WITHOUT ROWID;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
    " topic TEXT NOT NULL, data TEXT NOT NULL);"
    "CREATE INDEX event_topic ON event(topic);"
    "CREATE TABLE series(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
    " name TEXT NOT NULL, labels BLOB NOT NULL);"
    "CREATE TABLE snapshot(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE head(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE piece(bucket INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL,"
    " count INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(bucket, series, start)) WITHOUT "
    "ROWID;"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL);",
};

#define NEWEST ((int)(sizeof steps / sizeof steps[0]))

static int version(struct oc_db *db, int *out, struct oc_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->sql, "PRAGMA user_version", -1, &stmt, NULL);

    if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        *out = sqlite3_column_int(stmt, 0);
        sqlite3_finalize(stmt);
        return OC_OK;
    }
    int code = oc_db_error(db, err, "could not read the store");
    sqlite3_finalize(stmt);
    return code;
}

static int refuse(int found, struct oc_error *err)
{
    oc_error_set(err, OC_E_UNSUPPORTED, "the store has schema %d, this program knows %d at most",
                 found, NEWEST);
    oc_error_hint(err,
                  "Run the newer openclaw again, or move the file aside to begin a new store.");
    return OC_E_UNSUPPORTED;
}

static int upgrade(struct oc_db *db, int from, struct oc_error *err)
{
    char set[48];
    int rc = oc_db_begin(db, true, err);

    for (int i = from; rc == OC_OK && i < NEWEST; i++) {
        rc = oc_db_exec(db, steps[i], err);
    }
    if (rc == OC_OK) {
        sqlite3_snprintf(sizeof set, set, "PRAGMA user_version = %d", NEWEST);
        rc = oc_db_exec(db, set, err);
    }
    if (rc != OC_OK) {
        oc_db_rollback(db);
        return rc;
    }
    return oc_db_commit(db, err);
}

int oc_db_migrate(struct oc_db *db, struct oc_error *err)
{
    int found = 0;
    int rc = version(db, &found, err);

    if (rc != OC_OK || found == NEWEST) {
        return rc;
    }
    return found > NEWEST || found < 0 ? refuse(found, err) : upgrade(db, found, err);
}

int oc_db_check(struct oc_db *db, struct oc_error *err)
{
    int found = 0;
    int rc = version(db, &found, err);

    if (rc != OC_OK || found == NEWEST) {
        return rc;
    }
    if (found == 0) {
        return oc_error_set(err, OC_E_NOT_FOUND, "the store is empty");
    }
    if (found > NEWEST || found < 0) {
        return refuse(found, err);
    }
    oc_error_set(err, OC_E_UNSUPPORTED, "the store has the older schema %d", found);
    oc_error_hint(err, "Start openclawd once: it brings the file up to date.");
    return OC_E_UNSUPPORTED;
}
