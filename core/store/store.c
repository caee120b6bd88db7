/* Opening, flushing and closing the store. SPDX-License-Identifier: MIT */
#include "core/store/store.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/internal.h"
#include "core/sys/file.h"

#define SERIES_MAX 200000

/* ---- open ---- */

static bool in_memory(const struct oc_store *s)
{
    return strcmp(s->path, ":memory:") == 0;
}

static void make_dir(const char *path)
{
    char *dir = oc_path_dir(path);
    oc_dir_make(dir, 0700, NULL); /* when it fails, opening the file says why */
    free(dir);
}

/* The file cannot be written: better to watch without a memory than not at all, as long as it is
 * said. */
static int drift(struct oc_store *s, struct oc_error *err)
{
    s->mode = OC_STORE_ADRIFT;
    oc_warn("the store is kept in memory only and will be lost", "path=%s", s->path);
    oc_store_fail(s, err);
    return oc_db_open(&s->db, ":memory:", OC_DB_WRITE, err);
}

static int open_look(struct oc_store *s, struct oc_error *err)
{
    s->mode = OC_STORE_LOOK;
    int rc = in_memory(s) || !oc_file_exists(s->path)
                 ? OC_E_NOT_FOUND
                 : oc_db_open(&s->db, s->path, OC_DB_LOOK, err);
    return rc == OC_E_NOT_FOUND ? oc_db_open(&s->db, ":memory:", OC_DB_WRITE, err) : rc;
}

static int open_disk(struct oc_store *s, struct oc_error *err)
{
    if (!in_memory(s)) {
        make_dir(s->path);
    }
    int rc = oc_store_connect(s, err);
    bool held = s->db.last == SQLITE_BUSY || s->db.last == SQLITE_LOCKED;
    return rc == OC_OK || rc == OC_E_UNSUPPORTED || held ? rc : drift(s, err);
}

static void reset_registry(struct oc_store *s)
{
    size_t max = s->registry.max;

    oc_store_pieces_drop(s);
    oc_registry_finish(&s->registry);
    oc_registry_init(&s->registry, max);
}

static int load(struct oc_store *s, struct oc_error *err)
{
    int rc = oc_store_load(s, err);

    if (rc == OC_OK || s->mode != OC_STORE_DISK) {
        return rc;
    }
    reset_registry(s);
    if (oc_db_corrupt(&s->db)) {
        oc_store_replace(s, err);
        return OC_OK;
    }
    oc_db_close(&s->db);
    return drift(s, err);
}

static void on_flush_timer(void *store)
{
    oc_store_flush(store, NULL); /* what fails is told as the store's health */
}

static void on_maintain_timer(void *store)
{
    oc_store_maintain(store, NULL);
}

static void start_timers(struct oc_store *s, const struct oc_store_options *options)
{
    if (s->loop && s->mode != OC_STORE_LOOK && options->flush_interval_ms > 0) {
        oc_timer_start(s->flush_timer, options->flush_interval_ms, options->flush_interval_ms);
    }
}

static struct oc_store *create(const struct oc_store_options *options, struct oc_loop *loop,
                               struct oc_bus *bus)
{
    struct oc_store *s = oc_calloc(1, sizeof *s);

    s->path = oc_strdup(options->path);
    s->retention_ms = options->retention_ms > 0 ? options->retention_ms : 30 * OC_DAY;
    s->existed = options->existed;
    s->loop = loop;
    s->bus = bus;
    s->pieces_end = &s->pieces;
    s->events_end = &s->events;
    s->next_event = 1;
    oc_registry_init(&s->registry, options->max_series ? options->max_series : SERIES_MAX);
    if (loop) {
        s->flush_timer = oc_timer_create(loop, on_flush_timer, s);
        s->maintain_timer = oc_timer_create(loop, on_maintain_timer, s);
        s->news_timer = oc_timer_create(loop, oc_store_news_deliver, s);
    }
    return s;
}

static void destroy(struct oc_store *s)
{
    oc_store_news_drop(s);
    oc_timer_destroy(s->flush_timer);
    oc_timer_destroy(s->maintain_timer);
    oc_timer_destroy(s->news_timer);
    oc_db_close(&s->db);
    oc_store_pieces_drop(s);
    oc_events_drop(s);
    oc_head_finish(&s->head);
    oc_buf_finish(&s->scratch);
    oc_registry_finish(&s->registry);
    free(s->path);
    free(s);
}

struct oc_store *oc_store_open(const struct oc_store_options *options, struct oc_loop *loop,
                               struct oc_bus *bus, struct oc_error *err)
{
    struct oc_store *s = create(options, loop, bus);
    struct oc_error local;

    err = err ? err : &local;
    oc_error_init(err);
    int rc = options->read_only ? open_look(s, err) : open_disk(s, err);
    if (rc == OC_OK) {
        rc = load(s, err);
    }
    if (rc != OC_OK) {
        oc_error_prefix(err, "%s", s->path);
        destroy(s);
        return NULL;
    }
    start_timers(s, options);
    return s;
}

void oc_store_close(struct oc_store *s)
{
    if (!s) {
        return;
    }
    OC_ASSERT(s->depth == 0);
    if (oc_store_flush(s, NULL) != OC_OK) {
        oc_warn("the last samples and events are not on disk", "path=%s", s->path);
    }
    destroy(s);
}

/* ---- flush ---- */

static int write_series(struct oc_store *s, struct oc_error *err)
{
    int rc = OC_OK;

    for (size_t i = 0; s->registry.unsaved && i < s->registry.count && rc == OC_OK; i++) {
        const struct oc_series_entry *e = s->registry.items[i];
        if (!e->saved) {
            oc_buf_clear(&s->scratch);
            oc_series_pack(&e->pub, &s->scratch);
            rc = oc_db_run(&s->db, OC_SQL_SERIES_PUT, err, "iitb", (int64_t)e->pub.id,
                           (int64_t)e->pub.kind, e->pub.name, s->scratch.data, s->scratch.len);
        }
    }
    return rc;
}

static int write_pieces(struct oc_store *s, struct oc_error *err)
{
    int rc = OC_OK;

    for (const struct oc_piece *p = s->pieces; p && rc == OC_OK; p = p->next) {
        rc = oc_db_run(&s->db, OC_SQL_PIECE_PUT, err, "iiiib", oc_bucket(p->start_ms),
                       (int64_t)p->series->pub.id, p->start_ms, (int64_t)p->count,
                       (const void *)p->data, (size_t)p->len);
    }
    if (rc == OC_OK && s->pieces) {
        rc = oc_db_run(&s->db, OC_SQL_META_PUT, err, "ti", "samples", s->stored + s->piece_samples);
    }
    return rc;
}

/* The log, or all tails when that is less to read back. */
static int write_head(struct oc_store *s, size_t *snapshot, struct oc_error *err)
{
    size_t limit = s->snapshot_bytes > OC_HEAD_BYTES_MIN ? s->snapshot_bytes : OC_HEAD_BYTES_MIN;

    if (s->snapshot_due || s->head_bytes + s->head.buf.len > limit) {
        s->snapshot_due = true;
        return oc_snapshot_write(s, snapshot, err);
    }
    return s->head.buf.len
               ? oc_db_run(&s->db, OC_SQL_HEAD_PUT, err, "b", s->head.buf.data, s->head.buf.len)
               : OC_OK;
}

static int write_all(struct oc_store *s, size_t *snapshot, struct oc_error *err)
{
    int rc = oc_db_begin(&s->db, false, err);

    if (rc != OC_OK) {
        return rc;
    }
    if ((rc = write_series(s, err)) == OC_OK && (rc = oc_events_write(s, err)) == OC_OK &&
        (rc = write_pieces(s, err)) == OC_OK && (rc = write_head(s, snapshot, err)) == OC_OK) {
        return oc_db_commit(&s->db, err);
    }
    oc_db_rollback(&s->db);
    return rc;
}

static void written(struct oc_store *s, size_t snapshot)
{
    for (size_t i = 0; s->registry.unsaved && i < s->registry.count; i++) {
        s->registry.unsaved -= !s->registry.items[i]->saved;
        s->registry.items[i]->saved = true;
    }
    s->stored += s->piece_samples;
    oc_store_pieces_drop(s);
    oc_events_drop(s);
    if (s->snapshot_due) {
        s->snapshot_due = false;
        s->snapshot_bytes = snapshot;
        s->head_bytes = 0;
    } else {
        s->head_bytes += s->head.buf.len;
    }
    oc_head_clear(&s->head);
}

static bool anything(const struct oc_store *s)
{
    return s->registry.unsaved || s->pieces || s->events || s->head.buf.len || s->snapshot_due;
}

const char *oc_store_path(const struct oc_store *s)
{
    return s->path;
}

bool oc_store_looks_only(const struct oc_store *s)
{
    return s->mode == OC_STORE_LOOK;
}

int oc_store_flush(struct oc_store *s, struct oc_error *err)
{
    struct oc_error local;
    size_t snapshot = 0;

    err = err ? err : &local;
    oc_error_init(err);
    if (s->depth) {
        return oc_error_set(err, OC_E_CONFLICT, "a transaction is open");
    }
    if (s->mode == OC_STORE_ADRIFT) {
        *err = s->why;
        return err->code;
    }
    int rc = oc_store_present(s, err);
    if (rc == OC_OK && (s->mode == OC_STORE_LOOK || !anything(s))) {
        return OC_OK;
    }
    int64_t began = oc_time_mono();
    rc = rc == OC_OK ? write_all(s, &snapshot, err) : rc;
    if (rc == OC_OK) {
        written(s, snapshot);
        s->flushed_ms = oc_time_wall();
        s->flush_took_ms = oc_time_mono() - began;
    } else {
        s->snapshot_due = true; /* the tails hold all of it, and need less room than the log */
        oc_head_finish(&s->head);
    }
    return oc_store_note(s, rc, err);
}

/* ---- figures ---- */

static int64_t file_bytes(const char *path, const char *suffix)
{
    struct stat st;
    char *name = oc_asprintf("%s%s", path, suffix);
    int64_t size = stat(name, &st) == 0 ? st.st_size : 0;

    free(name);
    return size;
}

json_t *oc_store_stats(struct oc_store *s)
{
    static const char *const modes[] = {"disk", "read_only", "memory"};
    int64_t bytes = file_bytes(s->path, "") + file_bytes(s->path, "-wal");
    int64_t samples = s->stored + s->piece_samples;
    json_t *stats = json_object();

    for (size_t i = 0; i < s->registry.count; i++) {
        samples += s->registry.items[i]->tail.count;
    }
    oc_json_set_str(stats, "path", s->path);
    oc_json_set_str(stats, "mode", modes[s->mode]);
    oc_json_set_bool(stats, "healthy", !s->failing);
    oc_json_set_str(stats, "error", s->failing ? s->why.message : NULL);
    oc_json_set_int(stats, "series", (int64_t)s->registry.count);
    oc_json_set_int(stats, "series_max", (int64_t)s->registry.max);
    oc_json_set_int(stats, "samples", samples);
    oc_json_set_int(stats, "bytes", bytes);
    oc_json_set_num(stats, "bytes_per_sample", samples ? (double)bytes / (double)samples : 0);
    oc_json_set_int(stats, "appended", (int64_t)s->appended);
    oc_json_set_int(stats, "dropped", (int64_t)s->dropped);
    oc_json_set_int(stats, "lost", (int64_t)s->lost);
    oc_json_set_time(stats, "flushed", s->flushed_ms);
    oc_json_set_int(stats, "flush_took_ms", s->flush_took_ms);
    return stats;
}
