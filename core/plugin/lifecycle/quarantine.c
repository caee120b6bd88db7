/* Which artifacts crashed too often to be started again. SPDX-License-Identifier: MIT */
#include "core/plugin/lifecycle/quarantine.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/sys/file.h"

#define FILE_MAX (1u << 20)
#define SCHEMA   1

struct row {
    char *plugin, *digest, *why;
    int64_t crashes[OC_QUARANTINE_CRASHES]; /* monotonic, a ring */
    unsigned next, count;
    int64_t since_ms; /* wall; 0 = free */
};

struct oc_quarantine {
    char *path; /* NULL: in memory only */
    OC_VEC(struct row) rows;
};

static void row_finish(struct row *r)
{
    free(r->plugin);
    free(r->digest);
    free(r->why);
}

static struct row *find(const struct oc_quarantine *q, const char *plugin, const char *digest)
{
    for (size_t i = 0; i < q->rows.count; i++) {
        struct row *r = &q->rows.items[i];
        if (strcmp(r->plugin, plugin) == 0 && strcmp(r->digest, digest) == 0) {
            return r;
        }
    }
    return NULL;
}

static struct row *add(struct oc_quarantine *q, const char *plugin, const char *digest)
{
    if (q->rows.count >= OC_QUARANTINE_ROWS_MAX) {
        row_finish(&q->rows.items[0]);
        OC_VEC_REMOVE(&q->rows, 0);
    }
    const struct row row = {.plugin = oc_strdup(plugin), .digest = oc_strdup(digest)};
    OC_VEC_PUSH(&q->rows, row);
    return &q->rows.items[q->rows.count - 1];
}

/* ---- the file ---- */

json_t *oc_quarantine_json(const struct oc_quarantine *q)
{
    json_t *list = json_array();
    for (size_t i = 0; i < q->rows.count; i++) {
        const struct row *r = &q->rows.items[i];
        if (r->since_ms) {
            json_t *json = json_object();
            oc_json_set_str(json, "plugin", r->plugin);
            oc_json_set_str(json, "digest", r->digest);
            oc_json_set_time(json, "at", r->since_ms);
            oc_json_set_int(json, "crashes", r->count);
            oc_json_set_str(json, "reason", r->why);
            json_array_append_new(list, json);
        }
    }
    return list;
}

static void save(const struct oc_quarantine *q)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!q->path) {
        return;
    }
    json_t *json = json_object();
    oc_json_set_int(json, "schema", SCHEMA);
    oc_json_take(json, "quarantined", oc_quarantine_json(q));
    char *text = oc_json_pretty(json);
    if (oc_file_write(q->path, text, strlen(text), 0600, &err)) {
        oc_warn("the list of quarantined plugins cannot be written", "reason=%s", err.message);
    }
    free(text);
    json_decref(json);
}

static void read_row(struct oc_quarantine *q, const json_t *json)
{
    const char *plugin = oc_json_str(json, "plugin", NULL);
    const char *digest = oc_json_str(json, "digest", NULL);
    int64_t at = 0;
    if (!plugin || !digest || find(q, plugin, digest) ||
        oc_time_parse(oc_json_str(json, "at", ""), 0, &at)) {
        return;
    }
    const int64_t crashes = oc_json_int(json, "crashes", OC_QUARANTINE_CRASHES);
    struct row *r = add(q, plugin, digest);
    r->why = oc_strdup(oc_json_str(json, "reason", ""));
    r->since_ms = at > 0 ? at : 1;
    r->count = crashes > 0 && crashes < 1000000 ? (unsigned)crashes : OC_QUARANTINE_CRASHES;
}

static void load(struct oc_quarantine *q)
{
    struct oc_buf text = {0};
    struct oc_error err;
    size_t i;
    json_t *row;
    oc_error_init(&err);
    int code = oc_file_read(q->path, FILE_MAX, &text, &err);
    json_t *json = code ? NULL : oc_json_parse(text.data ? text.data : "", text.len, &err);
    if (json) {
        json_array_foreach(json_object_get(json, "quarantined"), i, row)
        {
            read_row(q, row);
        }
    } else if (code != OC_E_NOT_FOUND) {
        oc_warn("the list of quarantined plugins cannot be read", "path=%s reason=%s", q->path,
                err.message);
    }
    json_decref(json);
    oc_buf_finish(&text);
}

/* ---- */

struct oc_quarantine *oc_quarantine_create(const char *path)
{
    struct oc_quarantine *q = oc_calloc(1, sizeof *q);
    q->path = oc_strdup(path);
    if (path) {
        load(q);
    }
    return q;
}

void oc_quarantine_destroy(struct oc_quarantine *q)
{
    if (!q) {
        return;
    }
    for (size_t i = 0; i < q->rows.count; i++) {
        row_finish(&q->rows.items[i]);
    }
    OC_VEC_FINISH(&q->rows);
    free(q->path);
    free(q);
}

/* Crashes that are too old to count make their rows superfluous. */
static void forget_old(struct oc_quarantine *q, int64_t mono_ms)
{
    for (size_t i = q->rows.count; i-- > 0;) {
        struct row *r = &q->rows.items[i];
        const int64_t last =
            r->crashes[(r->next + OC_QUARANTINE_CRASHES - 1) % OC_QUARANTINE_CRASHES];
        if (!r->since_ms && last + OC_QUARANTINE_WINDOW_MS < mono_ms) {
            row_finish(r);
            OC_VEC_REMOVE(&q->rows, i);
        }
    }
}

bool oc_quarantine_crashed(struct oc_quarantine *q, const char *plugin, const char *digest,
                           int64_t mono_ms, int64_t wall_ms, const char *why)
{
    forget_old(q, mono_ms);
    struct row *r = find(q, plugin, digest);
    r = r ? r : add(q, plugin, digest);
    r->crashes[r->next] = mono_ms;
    r->next = (r->next + 1) % OC_QUARANTINE_CRASHES;
    r->count++;
    const int64_t oldest = r->crashes[r->next]; /* of as many as it takes */
    if (!r->since_ms && r->count >= OC_QUARANTINE_CRASHES &&
        mono_ms - oldest <= OC_QUARANTINE_WINDOW_MS) {
        r->since_ms = wall_ms > 0 ? wall_ms : 1;
        r->why = oc_strdup(why ? why : "");
        save(q);
    }
    return r->since_ms != 0;
}

int oc_quarantine_check(const struct oc_quarantine *q, const char *plugin, const char *digest,
                        struct oc_error *err)
{
    const struct row *r = find(q, plugin, digest);
    char at[32];
    if (!r || !r->since_ms) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "in quarantine since %s after %u crashes: %s",
                 oc_time_format(r->since_ms, at, sizeof at), r->count, r->why);
    oc_error_hint(err, "Update the plugin, or let it start again with `openclaw plugin reset %s`.",
                  plugin);
    return OC_E_CONFLICT;
}

bool oc_quarantine_clear(struct oc_quarantine *q, const char *plugin)
{
    bool any = false, kept = false;
    for (size_t i = q->rows.count; i-- > 0;) {
        if (strcmp(q->rows.items[i].plugin, plugin) == 0) {
            any = true;
            kept = kept || q->rows.items[i].since_ms;
            row_finish(&q->rows.items[i]);
            OC_VEC_REMOVE(&q->rows, i);
        }
    }
    if (kept) {
        save(q);
    }
    return any;
}
