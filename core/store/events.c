/* The history of facts: gathered in memory, written by the flush. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/internal.h"

#define TOPIC_MAX     128
#define DATA_MAX      (1u << 20)
#define LIMIT_DEFAULT 100
#define LIMIT_MAX     100000

/* ---- pending ---- */

static void shift(struct oc_store *s)
{
    struct oc_pending_event *e = s->events;

    s->events = e->next;
    if (!s->events) {
        s->events_end = &s->events;
    }
    s->event_bytes -= e->size;
    free(e);
}

void oc_events_drop(struct oc_store *s)
{
    while (s->events) {
        shift(s);
    }
}

static void push(struct oc_store *s, int64_t time_ms, const char *topic, const char *data)
{
    size_t topic_size = strlen(topic) + 1, data_size = strlen(data) + 1;
    size_t size = sizeof(struct oc_pending_event) + topic_size + data_size;
    struct oc_pending_event *e = oc_alloc(size);

    *e = (struct oc_pending_event){.id = s->next_event++, .time_ms = time_ms, .size = size};
    memcpy(e->topic, topic, topic_size);
    e->data = memcpy(e->topic + topic_size, data, data_size);
    *s->events_end = e;
    s->events_end = &e->next;
    s->event_bytes += size;
    while (s->event_bytes > OC_PENDING_BYTES_MAX) {
        shift(s);
    }
}

int oc_events_append(struct oc_store *s, int64_t time_ms, const char *topic, const json_t *data,
                     struct oc_error *err)
{
    if (s->mode == OC_STORE_LOOK) {
        return oc_error_set(err, OC_E_DENIED, "the store is open for reading only");
    }
    struct oc_buf text = {0};
    int rc = OC_OK;
    if (data) {
        oc_json_put(&text, data);
    } else {
        oc_buf_adds(&text, "{}");
    }
    if (!*topic || strlen(topic) > TOPIC_MAX || text.len > DATA_MAX) {
        rc = oc_error_set(err, OC_E_CONFIG,
                          "an event has a topic of 1 to %d bytes and at most %u of data", TOPIC_MAX,
                          DATA_MAX);
    } else {
        push(s, time_ms, topic, text.data);
    }
    oc_buf_finish(&text);
    return rc;
}

int oc_events_write(struct oc_store *s, struct oc_error *err)
{
    int rc = OC_OK;

    for (const struct oc_pending_event *e = s->events; e && rc == OC_OK; e = e->next) {
        rc = oc_db_run(&s->db, OC_SQL_EVENT_PUT, err, "iitt", (int64_t)e->id, e->time_ms, e->topic,
                       e->data);
    }
    return rc;
}

/* ---- queries ---- */

static json_t *row_json(int64_t id, int64_t time_ms, const char *topic, const char *data)
{
    json_t *row = json_object();
    json_t *parsed = data ? oc_json_parse(data, strlen(data), NULL) : NULL;

    oc_json_set_int(row, "id", id);
    oc_json_set_time(row, "time", time_ms);
    oc_json_set_str(row, "topic", topic);
    oc_json_take(row, "data", parsed ? parsed : json_object());
    return row;
}

static size_t literal_of(const char *pattern)
{
    return strcspn(pattern, "*?");
}

static bool is_shown(const struct oc_event_query *q, const char *topic)
{
    return (!q->topic || oc_glob(q->topic, topic)) && (!q->shows || q->shows(q->ctx, topic));
}

static bool wanted(const struct oc_event_query *q, const struct oc_pending_event *e)
{
    if (e->id <= q->after_id || e->time_ms < q->from_ms || (q->to_ms && e->time_ms >= q->to_ms)) {
        return false;
    }
    return is_shown(q, e->topic);
}

/* The newest `limit` of what is pending, newest first. */
static void add_pending(const struct oc_store *s, const struct oc_event_query *q, size_t limit,
                        json_t *out)
{
    for (const struct oc_pending_event *e = s->events; e; e = e->next) {
        if (wanted(q, e)) {
            json_array_insert_new(out, 0, row_json((int64_t)e->id, e->time_ms, e->topic, e->data));
            if (json_array_size(out) > limit) {
                json_array_remove(out, limit);
            }
        }
    }
}

struct range {
    char from[TOPIC_MAX + 1], behind[TOPIC_MAX + 1]; /* topics, without the end */
};

/* Those whose topic begins as the pattern does; what else it asks for is_shown says. The statement borrows the range. */
static sqlite3_stmt *select_rows(struct oc_store *s, const struct oc_event_query *q, size_t limit,
                                 struct range *range, struct oc_error *err)
{
    int64_t after = q->after_id > INT64_MAX ? INT64_MAX : (int64_t)q->after_id;
    int64_t to = q->to_ms ? q->to_ms : INT64_MAX;
    const size_t literal = q->topic ? literal_of(q->topic) : 0;

    if (literal == 0) {
        return oc_db_select(&s->db, OC_SQL_EVENT_ALL, err, "iiii", after, q->from_ms, to,
                            (int64_t)limit);
    }
    if (!q->topic[literal]) {
        return oc_db_select(&s->db, OC_SQL_EVENT_TOPIC, err, "iiiti", after, q->from_ms, to,
                            q->topic, (int64_t)limit);
    }
    memcpy(range->from, q->topic, literal);
    memcpy(range->behind, q->topic, literal);
    range->behind[literal - 1]++; /* compared by bytes, of which none is 0xff in UTF-8 */
    return oc_db_select(&s->db, OC_SQL_EVENT_PREFIX, err, "iiitti", after, q->from_ms, to,
                        range->from, range->behind, (int64_t)limit);
}

/* Rows may be selected that are not shown: they do not count. */
static bool selects_more(const struct oc_event_query *q)
{
    const char *rest = q->topic ? q->topic + literal_of(q->topic) : "";
    return q->shows || (*rest && strcmp(rest, "*") != 0);
}

static int add_rows(struct oc_store *s, const struct oc_event_query *q, size_t limit, json_t *out,
                    struct oc_error *err)
{
    struct range range = {"", ""};
    sqlite3_stmt *rows = select_rows(s, q, selects_more(q) ? INT32_MAX : limit, &range, err);
    int rc = 0;

    while (limit > 0 && (rc = oc_db_row(&s->db, rows, err)) > 0) {
        const char *topic = (const char *)sqlite3_column_text(rows, 2);
        if (is_shown(q, topic)) {
            json_array_append_new(out, row_json(sqlite3_column_int64(rows, 0),
                                                sqlite3_column_int64(rows, 1), topic,
                                                (const char *)sqlite3_column_text(rows, 3)));
            limit--;
        }
    }
    oc_db_done(rows);
    return rc;
}

json_t *oc_events_query(struct oc_store *s, const struct oc_event_query *q, struct oc_error *err)
{
    size_t limit = !q->limit ? LIMIT_DEFAULT : q->limit < LIMIT_MAX ? q->limit : LIMIT_MAX;
    json_t *out = json_array();
    struct oc_error local;

    err = err ? err : &local;
    oc_error_init(err);
    if (q->topic && literal_of(q->topic) > TOPIC_MAX) {
        return out; /* no topic is as long */
    }
    add_pending(s, q, limit, out);
    if (json_array_size(out) < limit) {
        int rc = add_rows(s, q, limit - json_array_size(out), out, err);
        if (rc < 0) {
            json_decref(out);
            out = NULL;
            if (oc_db_corrupt(&s->db) && !s->depth) {
                oc_store_note(s, rc, err);
            }
        }
    }
    return out;
}
