/* Packing pieces into chunks, retention, giving pages back. SPDX-License-Identifier: MIT
 *
 * A call does a slice of the work, so that the loop is never held for long; with a loop the next
 * slice follows by itself, without one the next call goes on. */
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/internal.h"

#define SLICE_SERIES 256  /* series of one bucket packed in a call */
#define SLICE_MS     20   /* and no new one is begun after so long */
#define SLICE_ROWS   2048 /* rows removed in a call, of each table */
#define SLICE_PAGES  256  /* given back in a call */
#define SPARE_PAGES  1024 /* kept for what comes */
#define PAUSE_MS     250  /* between slices */

/* A bucket is over a little after its end: late samples are on their way. */
#define GRACE_MS (2 * OC_MINUTE)

struct packing {
    struct oc_store *store;
    int64_t bucket, series;
    uint32_t number; /* of the next chunk */
    size_t count;    /* points gathered in store->points */
    int64_t last_ms; /* of the points so far */
    int64_t found;   /* points in the pieces */
    int64_t kept;
    struct oc_point piece[OC_CHUNK_POINTS];
    struct oc_error *err;
};

static int put_chunk(struct packing *p)
{
    struct oc_store *s = p->store;

    if (!p->count) {
        return OC_OK;
    }
    if (p->number > UINT16_MAX) {
        return oc_error_set(p->err, OC_E_PERMANENT, "series %d has too many chunks",
                            (int)p->series);
    }
    oc_buf_clear(&s->scratch);
    oc_chunk_encode(s->points, p->count, &s->scratch);
    int64_t id = oc_chunk_id(p->bucket, p->series, p->number++);
    int64_t count = (int64_t)p->count;
    p->kept += count;
    p->count = 0;
    return oc_db_run(&s->db, OC_SQL_CHUNK_PUT, p->err, "iib", id, count, s->scratch.data,
                     s->scratch.len);
}

static int gather(struct packing *p, int count)
{
    int rc = OC_OK;

    for (int i = 0; i < count && rc == OC_OK; i++) {
        if (p->piece[i].time_ms <= p->last_ms) {
            continue;
        }
        p->last_ms = p->piece[i].time_ms;
        p->store->points[p->count++] = p->piece[i];
        if (p->count == OC_CHUNK_POINTS) {
            rc = put_chunk(p);
        }
    }
    return rc;
}

/* The next piece from *start on into p->piece: 1, its start and how many points (-1: damaged), 0
 * the end, OC_E_*. */
static int next_piece(struct packing *p, int64_t *start, int *count)
{
    struct oc_db *db = &p->store->db;
    sqlite3_stmt *row =
        oc_db_select(db, OC_SQL_PIECE_NEXT, p->err, "iii", p->bucket, p->series, *start);
    int rc = oc_db_row(db, row, p->err);

    if (rc > 0 && sqlite3_column_int64(row, 0) < *start) {
        rc = 0; /* not a key of ours */
    }
    if (rc > 0) {
        *start = sqlite3_column_int64(row, 0);
        *count = oc_chunk_decode(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                                 p->piece);
    }
    oc_db_done(row);
    return rc;
}

static int gather_pieces(struct packing *p)
{
    int rc, count;

    for (int64_t start = 0; (rc = next_piece(p, &start, &count)) > 0; start++) {
        if (count < 0) {
            oc_warn("a damaged piece was dropped", "series=%d", (int)p->series);
            continue;
        }
        p->found += count;
        if ((rc = gather(p, count)) != OC_OK) {
            return rc;
        }
    }
    return rc;
}

static int pack_series(struct packing *p)
{
    int64_t first = oc_chunk_id(p->bucket, p->series, 0);
    int64_t last = oc_db_number(&p->store->db, OC_SQL_CHUNK_LAST, first - 1, "ii", first,
                                oc_chunk_id(p->bucket, p->series + 1, 0));

    p->number = (uint32_t)(last + 1 - first);
    p->count = 0;
    p->last_ms = 0;
    int rc = gather_pieces(p);
    return rc == OC_OK ? put_chunk(p) : rc;
}

/* All pieces of one series in one bucket become chunks, behind those that may be there already. */
static int pack(struct packing *p)
{
    bool ours = p->bucket >= 0 && p->bucket <= OC_BUCKET_MAX && p->series > 0 &&
                p->series <= OC_SERIES_ID_MAX; /* else the row is none that we wrote: it goes */
    int rc = ours ? pack_series(p) : OC_OK;

    return rc == OC_OK
               ? oc_db_run(&p->store->db, OC_SQL_PIECE_REMOVE, p->err, "ii", p->bucket, p->series)
               : rc;
}

static int next_to_pack(struct packing *p, int64_t now_bucket)
{
    struct oc_db *db = &p->store->db;
    sqlite3_stmt *row = oc_db_select(db, OC_SQL_PIECE_FIRST, p->err, "i", now_bucket);
    int rc = oc_db_row(db, row, p->err);

    if (rc > 0) {
        p->bucket = sqlite3_column_int64(row, 0);
        p->series = sqlite3_column_int64(row, 1);
    }
    oc_db_done(row);
    return rc;
}

static int pack_slice(struct oc_store *s, int64_t now_bucket, bool *more, struct oc_error *err)
{
    struct packing *p = oc_alloc(sizeof *p);
    int64_t began = oc_time_mono();
    int rc;

    p->store = s;
    p->err = err;
    p->found = p->kept = 0;
    for (int i = 0; (rc = next_to_pack(p, now_bucket)) > 0; i++) {
        if (i == SLICE_SERIES || oc_time_mono() - began >= SLICE_MS) {
            *more = true;
            rc = OC_OK;
            break;
        }
        if ((rc = pack(p)) != OC_OK) {
            break;
        }
    }
    s->stored += p->kept - p->found;
    free(p);
    return rc;
}

/* ---- retention ---- */

static int expire_samples(struct oc_store *s, enum oc_sql id, int64_t horizon, bool *more,
                          struct oc_error *err)
{
    sqlite3_stmt *rows = oc_db_select(&s->db, id, err, "ii", horizon, (int64_t)SLICE_ROWS);
    int rc, count = 0;

    while ((rc = oc_db_row(&s->db, rows, err)) > 0) {
        s->stored -= sqlite3_column_int64(rows, 0);
        count++;
    }
    oc_db_done(rows);
    *more |= count == SLICE_ROWS;
    return rc;
}

static int expire(struct oc_store *s, int64_t horizon_ms, bool *more, struct oc_error *err)
{
    int64_t bucket = oc_bucket(horizon_ms);
    int rc = expire_samples(s, OC_SQL_CHUNK_EXPIRE, oc_chunk_id(bucket, 0, 0), more, err);

    if (rc == OC_OK) {
        rc = expire_samples(s, OC_SQL_PIECE_EXPIRE, bucket, more, err);
    }
    if (rc == OC_OK) {
        rc = oc_db_run(&s->db, OC_SQL_EVENT_EXPIRE, err, "ii", horizon_ms, (int64_t)SLICE_ROWS);
        *more |= rc == OC_OK && sqlite3_changes(s->db.sql) == SLICE_ROWS;
    }
    return rc;
}

/* ---- the slice ---- */

static int work(struct oc_store *s, int64_t now_ms, bool *more, struct oc_error *err)
{
    int rc = oc_db_begin(&s->db, false, err);

    if (rc != OC_OK) {
        return rc;
    }
    rc = pack_slice(s, oc_bucket(now_ms - GRACE_MS), more, err);
    if (rc == OC_OK && now_ms > s->retention_ms) {
        rc = expire(s, now_ms - s->retention_ms, more, err);
    }
    if (rc == OC_OK) {
        rc = oc_db_run(&s->db, OC_SQL_META_PUT, err, "ti", "samples", s->stored);
    }
    if (rc == OC_OK) {
        return oc_db_commit(&s->db, err);
    }
    oc_db_rollback(&s->db);
    return rc;
}

/* Tails of a bucket that is over hold up nothing, but their series may never get another sample. */
static void seal_old(struct oc_store *s, int64_t now_bucket)
{
    for (size_t i = 0; i < s->registry.count; i++) {
        struct oc_series_entry *e = s->registry.items[i];
        if (e->tail.count && oc_bucket(e->tail.first_ms) < now_bucket) {
            oc_store_seal(s, e);
        }
    }
}

static int give_back(struct oc_store *s, bool *more, struct oc_error *err)
{
    char sql[64];
    int64_t pages = oc_db_number(&s->db, OC_SQL_PAGE_COUNT, 0, "");
    int64_t spare = oc_db_number(&s->db, OC_SQL_FREE_COUNT, 0, "");

    if (spare <= SPARE_PAGES || spare <= pages / 4) {
        return OC_OK;
    }
    *more = true;
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA incremental_vacuum(%d)", SLICE_PAGES);
    return oc_db_exec(&s->db, sql, err);
}

int oc_store_maintain(struct oc_store *s, struct oc_error *err)
{
    struct oc_error local;
    int64_t now_ms = oc_time_wall();
    bool more = false;

    err = err ? err : &local;
    oc_error_init(err);
    if (s->mode != OC_STORE_DISK || s->depth) {
        return OC_OK;
    }
    seal_old(s, oc_bucket(now_ms - GRACE_MS));
    int rc = oc_store_flush(s, err);
    if (rc != OC_OK) {
        return rc;
    }
    int64_t stored = s->stored;
    rc = work(s, now_ms, &more, err);
    if (rc != OC_OK) {
        s->stored = stored;
    } else {
        rc = give_back(s, &more, err);
    }
    if (rc == OC_OK && more && s->loop) {
        oc_timer_start(s->maintain_timer, PAUSE_MS, 0);
    }
    return oc_store_note(s, rc, err);
}
