/* What survives a restart: key/value, events, series, the outbox. SPDX-License-Identifier: MIT
 *
 * SQLite in WAL mode in <home>/data/openclaw.db behind this table of functions; other back ends come as plugins. A
 * key/value write that returned OC_OK with `durable` survives kill -9 and power loss; events and samples survive up to
 * the last flush. A file that SQLite finds corrupt is renamed to openclaw.db.corrupt-<time>, a new one is begun and the
 * loss is said (log and event "store.corrupt"); so is one that is empty or gone where there was one, as an empty file of that name. A file that was removed while it is open is written again from what is
 * open, before the next flush or durable write; until that works the store is not healthy and durable writes fail. When
 * the disk is full or read-only the store goes on in memory within bounds, says so once, and catches up when writing
 * works again (oc_store_healthy). [loop] */
#ifndef OC_STORE_STORE_H
#define OC_STORE_STORE_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/loop/bus.h"
#include "core/loop/loop.h"
#include "core/store/series.h"

struct oc_store_options {
    const char *path;          /* the database file; ":memory:" for tests */
    int64_t retention_ms;      /* 30 days */
    int64_t flush_interval_ms; /* 10 s */
    size_t max_series;         /* 0 = 200 000 */
    /* look only: no writes, no repair (ephemeral commands beside a running daemon) */
    bool read_only;
    /* other files of the host show that there was a store: one that is empty or not there is lost, not new */
    bool existed;
};

/* `loop` and `bus` may be NULL (tools, tests): then the caller flushes. */
struct oc_store *oc_store_open(const struct oc_store_options *options, struct oc_loop *loop,
                               struct oc_bus *bus, struct oc_error *err);
void oc_store_close(struct oc_store *s); /* flushes; NULL is fine */
int oc_store_flush(struct oc_store *s, struct oc_error *err);
/* where its file is; ":memory:" */
const char *oc_store_path(const struct oc_store *s);
/* opened to look only: nothing that belongs to it is to be written */
bool oc_store_looks_only(const struct oc_store *s);
/* false: writes fail now, and why */
bool oc_store_healthy(const struct oc_store *s, struct oc_error *why);
/* series, samples, bytes on disk, bytes a sample, last flush, ... */
json_t *oc_store_stats(struct oc_store *s);
/* Drops what is older than the retention, merges small chunks, gives pages back; bounded work, called by the schedule. */
int oc_store_maintain(struct oc_store *s, struct oc_error *err);

/* Key/value: small JSON documents in named spaces ("alert", "silence", "rule", "kv:<instance>"). `durable` commits with
 * fsync before it returns; several puts between begin and end are one durable transaction (all or nothing). */
int oc_kv_put(struct oc_store *s, const char *space, const char *key, const json_t *value,
              bool durable, struct oc_error *err);
int oc_kv_remove(struct oc_store *s, const char *space, const char *key, bool durable,
                 struct oc_error *err);
/* owned by the caller; NULL when absent */
json_t *oc_kv_get(struct oc_store *s, const char *space, const char *key);
/* One document of the store in `path`, which may be another process's: nothing of it is changed. OC_OK, and *value (owned by the
 * caller) is NULL when the document is absent; OC_E_NOT_FOUND: there is no store. */
int oc_kv_peek(const char *path, const char *space, const char *key, json_t **value,
               struct oc_error *err);
/* {key: value, ...} of one space; owned by the caller. */
json_t *oc_kv_all(struct oc_store *s, const char *space);
/* Everything in one space becomes that of another, unless there is something in that one: all of it, or nothing. */
int oc_kv_move(struct oc_store *s, const char *from, const char *to, struct oc_error *err);
void oc_store_begin(struct oc_store *s);
/* on failure nothing since begin is kept */
int oc_store_end(struct oc_store *s, struct oc_error *err);

/* Events: the history of facts. Appended in order; ids grow across restarts. */
int oc_events_append(struct oc_store *s, int64_t time_ms, const char *topic, const json_t *data,
                     struct oc_error *err);
struct oc_event_query {
    const char *topic;      /* in which * and ? match as in oc_glob; NULL = all */
    int64_t from_ms, to_ms; /* to 0 = now */
    uint64_t after_id;
    size_t limit; /* newest first up to this many; 0 = 100 */
    /* What it refuses is left out and does not count; NULL: all of it is wanted. */
    bool (*shows)(const void *ctx, const char *topic);
    const void *ctx;
};
/* [{"id","time","topic","data"}] newest first; owned by the caller; NULL on failure. */
json_t *oc_events_query(struct oc_store *s, const struct oc_event_query *q, struct oc_error *err);

#endif
