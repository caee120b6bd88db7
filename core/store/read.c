/* Reading the points of one series back, from disk and memory. SPDX-License-Identifier: MIT */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/internal.h"

/* Chunks, pieces and the tail may overlap (a crash between, a reader beside a running daemon): a
 * point counts once, and times only grow. No statement is open while fn runs, so it may use the
 * store. */
struct reading {
    struct oc_store *store;
    struct oc_series_entry *series;
    int64_t from_ms, to_ms;
    int64_t last_ms; /* given to fn so far */
    void (*fn)(void *ctx, const struct oc_point *points, size_t count);
    void *ctx;
    struct oc_error *err;
    struct oc_point points[OC_CHUNK_POINTS];
};

static void give(struct reading *r, size_t count)
{
    size_t first = 0;
    int64_t from = r->from_ms > r->last_ms ? r->from_ms : r->last_ms + 1;

    while (first < count && r->points[first].time_ms < from) {
        first++;
    }
    while (count > first && r->points[count - 1].time_ms >= r->to_ms) {
        count--;
    }
    if (first < count) {
        r->last_ms = r->points[count - 1].time_ms;
        r->fn(r->ctx, r->points + first, count - first);
    }
}

static void give_chunk(struct reading *r, const void *data, size_t len)
{
    int count = oc_chunk_decode(data, len, r->points);
    if (count < 0) {
        oc_warn("a damaged chunk was skipped", "series=%u", r->series->pub.id);
        return;
    }
    give(r, (size_t)count);
}

/* One row of a statement that gives a key from *key on and a chunk: 1 and the key, 0 when there is
 * none, or OC_E_*. */
static int decode_row(struct reading *r, sqlite3_stmt *row, int64_t *key, int *count)
{
    int rc = oc_db_row(&r->store->db, row, r->err);
    if (rc > 0 && sqlite3_column_int64(row, 0) < *key) {
        rc = 0; /* not a key of ours: going on behind it would never end */
    }
    if (rc > 0) {
        *key = sqlite3_column_int64(row, 0);
        *count = oc_chunk_decode(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                                 r->points);
    }
    oc_db_done(row);
    return rc;
}

static void give_row(struct reading *r, int count)
{
    if (count < 0) {
        oc_warn("a damaged chunk was skipped", "series=%u", r->series->pub.id);
    } else {
        give(r, (size_t)count);
    }
}

static int read_chunks(struct reading *r, int64_t bucket)
{
    struct oc_db *db = &r->store->db;
    int64_t key = oc_chunk_id(bucket, r->series->pub.id, 0);
    int64_t end = oc_chunk_id(bucket, r->series->pub.id + 1, 0);
    int rc, count;

    while ((rc = decode_row(r, oc_db_select(db, OC_SQL_CHUNK_NEXT, r->err, "ii", key, end), &key,
                            &count)) > 0) {
        give_row(r, count);
        key++;
    }
    return rc;
}

static int read_pieces(struct reading *r, int64_t bucket)
{
    struct oc_db *db = &r->store->db;
    int64_t series = r->series->pub.id;
    int64_t start = 0;
    int rc, count;

    while ((rc = decode_row(
                r, oc_db_select(db, OC_SQL_PIECE_NEXT, r->err, "iii", bucket, series, start),
                &start, &count)) > 0) {
        give_row(r, count);
        start++;
    }
    return rc;
}

/* The first and last bucket of a table, from the statement that gives its ends; false when it is
 * empty. */
static int range(struct reading *r, enum oc_sql id, unsigned shift, int64_t *first, int64_t *last)
{
    sqlite3_stmt *row = oc_db_select(&r->store->db, id, r->err, "");
    int rc = oc_db_row(&r->store->db, row, r->err);

    *first = INT64_MAX;
    *last = -1;
    if (rc > 0 && sqlite3_column_type(row, 0) != SQLITE_NULL) {
        *first = sqlite3_column_int64(row, 0) >> shift;
        *last = sqlite3_column_int64(row, 1) >> shift;
    }
    oc_db_done(row);
    return rc < 0 ? rc : OC_OK;
}

static int64_t lower(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t higher(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int read_disk(struct reading *r)
{
    int64_t chunk_first, chunk_last, piece_first, piece_last;
    int rc = range(r, OC_SQL_CHUNK_RANGE, 40, &chunk_first, &chunk_last);

    if (rc == OC_OK) {
        rc = range(r, OC_SQL_PIECE_RANGE, 0, &piece_first, &piece_last);
    }
    if (rc != OC_OK) {
        return rc;
    }
    int64_t bucket = higher(oc_bucket(r->from_ms), lower(chunk_first, piece_first));
    int64_t end = lower(oc_bucket(r->to_ms - 1), higher(chunk_last, piece_last));
    for (; bucket <= end && rc == OC_OK; bucket++) {
        if (bucket >= chunk_first && bucket <= chunk_last) {
            rc = read_chunks(r, bucket);
        }
        if (rc == OC_OK && bucket >= piece_first && bucket <= piece_last) {
            rc = read_pieces(r, bucket);
        }
    }
    return rc;
}

/* fn may append or flush: what is pending is looked for anew after each piece. */
static const struct oc_piece *next_pending(const struct reading *r)
{
    const struct oc_piece *p = r->store->pieces;
    while (p && (p->series != r->series || p->start_ms <= r->last_ms || p->start_ms >= r->to_ms)) {
        p = p->next;
    }
    return p;
}

static void read_pending(struct reading *r)
{
    const struct oc_piece *p;

    for (int64_t seen = r->last_ms; (p = next_pending(r)); seen = r->last_ms) {
        int64_t start = p->start_ms;
        give_chunk(r, p->data, p->len);
        if (r->last_ms == seen) {
            r->last_ms = start; /* nothing of it was wanted */
        }
    }
}

int oc_store_read(struct oc_store *s, struct oc_series *series, int64_t from_ms, int64_t to_ms,
                  void (*fn)(void *ctx, const struct oc_point *points, size_t count), void *ctx,
                  struct oc_error *err)
{
    struct oc_error local;
    int64_t newest_ms = oc_series_entry(series)->tail.last_ms;

    err = err ? err : &local;
    oc_error_init(err);
    from_ms = higher(from_ms, 1);
    to_ms = lower(to_ms, OC_TIME_MAX);
    if (newest_ms) { /* what lies behind the newest point is of a clock that was wrong */
        to_ms = lower(to_ms, newest_ms + 1);
    }
    if (from_ms >= to_ms) {
        return OC_OK;
    }
    struct reading *r = oc_alloc(sizeof *r);
    r->store = s;
    r->series = oc_series_entry(series);
    r->from_ms = from_ms;
    r->to_ms = to_ms;
    r->last_ms = 0;
    r->fn = fn;
    r->ctx = ctx;
    r->err = err;
    int rc = read_disk(r);
    if (rc < 0 && oc_db_corrupt(&s->db) && !s->depth) {
        oc_store_note(s, rc, err);
    }
    read_pending(r);
    give(r, oc_tail_points(&r->series->tail, r->points));
    free(r);
    return rc;
}
