/* Reading back series, tails and counters at open. SPDX-License-Identifier: MIT */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/internal.h"

static void load_row(struct oc_store *s, sqlite3_stmt *row)
{
    struct oc_label labels[OC_SERIES_LABELS];
    struct oc_series_key key;
    uint32_t count;
    int64_t id = sqlite3_column_int64(row, 0);
    uint32_t kind = (uint32_t)sqlite3_column_int(row, 1);
    const char *name = (const char *)sqlite3_column_text(row, 2);
    struct oc_view view = {name, (uint64_t)sqlite3_column_bytes(row, 2)};
    const char *blob = sqlite3_column_blob(row, 3);

    if (id < 1 || id > OC_SERIES_ID_MAX || !name ||
        !oc_series_unpack(blob, (size_t)sqlite3_column_bytes(row, 3), labels, &count)) {
        return;
    }
    if (oc_series_key_init(&key, NULL, view, labels, count) &&
        !oc_registry_find(&s->registry, &key)) {
        struct oc_series_entry *e = oc_registry_add(&s->registry, &key, (uint32_t)id,
                                                    kind <= OC_KIND_BOOL ? kind : OC_KIND_GAUGE);
        if (e) {
            e->saved = true;
            s->registry.unsaved--;
        }
    }
    oc_series_key_finish(&key);
}

static int load_series(struct oc_store *s, struct oc_error *err)
{
    sqlite3_stmt *rows = oc_db_select(&s->db, OC_SQL_SERIES_ALL, err, "");
    int rc;

    while ((rc = oc_db_row(&s->db, rows, err)) > 0) {
        load_row(s, rows);
    }
    oc_db_done(rows);
    int64_t last = oc_db_number(&s->db, OC_SQL_SERIES_LAST, 0, "");
    if (last >= s->registry.next_id && last < OC_SERIES_ID_MAX) {
        s->registry.next_id = (uint32_t)last + 1;
    }
    return rc;
}

/* Feeds the blobs of a table to `read`; *whole says whether it took all of them. */
static int load_blobs(struct oc_store *s, enum oc_sql id,
                      bool (*read)(struct oc_store *s, const void *data, size_t len), size_t *bytes,
                      bool *whole, struct oc_error *err)
{
    sqlite3_stmt *rows = oc_db_select(&s->db, id, err, "");
    int rc;

    *bytes = 0;
    while ((rc = oc_db_row(&s->db, rows, err)) > 0) {
        const void *data = sqlite3_column_blob(rows, 0);
        size_t len = (size_t)sqlite3_column_bytes(rows, 0);
        *bytes += len;
        *whole = *whole && read(s, data, len);
    }
    oc_db_done(rows);
    return rc;
}

static int load_tails(struct oc_store *s, bool *whole, struct oc_error *err)
{
    s->snapshot_due = true; /* what is replayed must not be logged again */
    int rc = load_blobs(s, OC_SQL_SNAPSHOT_ALL, oc_snapshot_read, &s->snapshot_bytes, whole, err);
    if (rc == OC_OK) {
        rc = load_blobs(s, OC_SQL_HEAD_ALL, oc_store_replay, &s->head_bytes, whole, err);
    }
    s->snapshot_due = !*whole || s->pieces;
    s->dropped = 0;
    if (!*whole) {
        oc_warn("part of the newest samples could not be read back", "path=%s", s->path);
    }
    return rc;
}

struct sweep {
    struct oc_store *store;
    int64_t horizon_ms;
};

static bool gone(void *ctx, const struct oc_series_entry *e)
{
    struct sweep *sweep = ctx;
    return e->tail.last_ms < sweep->horizon_ms && oc_db_run(&sweep->store->db, OC_SQL_SERIES_REMOVE,
                                                            NULL, "i", (int64_t)e->pub.id) == OC_OK;
}

static bool any_gone(const struct oc_store *s, int64_t horizon_ms)
{
    for (size_t i = 0; i < s->registry.count; i++) {
        if (s->registry.items[i]->tail.last_ms < horizon_ms) {
            return true;
        }
    }
    return false;
}

/* Series without a sample within the retention are forgotten here, before a handle is out. */
static void sweep_series(struct oc_store *s)
{
    struct sweep sweep = {s, oc_time_wall() - s->retention_ms - OC_BUCKET_MS};

    if (s->mode != OC_STORE_DISK || !any_gone(s, sweep.horizon_ms) ||
        oc_db_begin(&s->db, false, NULL) != OC_OK) {
        return;
    }
    oc_registry_sweep(&s->registry, gone, &sweep);
    oc_db_commit(&s->db, NULL);
}

int oc_store_load(struct oc_store *s, struct oc_error *err)
{
    bool whole = true;
    int rc = oc_db_exec(&s->db, "BEGIN", err); /* one moment, even beside a running daemon */

    if (rc == OC_OK) {
        rc = load_series(s, err);
    }
    if (rc == OC_OK) {
        rc = load_tails(s, &whole, err);
    }
    if (rc == OC_OK) {
        s->stored = oc_db_number(&s->db, OC_SQL_META_GET, 0, "t", "samples");
        s->next_event = (uint64_t)oc_db_number(&s->db, OC_SQL_EVENT_LAST, 0, "") + 1;
    }
    oc_db_rollback(&s->db);
    if (rc == OC_OK && whole) {
        sweep_series(s);
    }
    return rc;
}
