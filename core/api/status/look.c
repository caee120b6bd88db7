/* What the status page knows: rows of services and their uptime. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/status/status.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define SPACE    "status"        /* in the store: uptime by service */
#define GAP_MS   (2 * OC_MINUTE) /* longer without a look: nobody knows what was */
#define SAVE_MS  (5 * OC_MINUTE)
#define ROWS_MAX 1000

/* ---- rows ---- */

bool oc_status_shows(const struct oc_status_area *s, const char *service)
{
    const struct oc_list *shown = &s->api->options.status_services;
    const char *const *globs = shown->items;
    for (size_t i = 0; i < shown->count; i++) {
        if (oc_glob(globs[i], service)) {
            return true;
        }
    }
    return shown->count == 0; /* by no name: all of them are the host */
}

struct oc_status_row *oc_status_find(const struct oc_status_area *s, const char *service)
{
    for (size_t i = 0; i < s->rows.count; i++) {
        if (strcmp(s->rows.items[i]->service, service) == 0) {
            return s->rows.items[i];
        }
    }
    return NULL;
}

void oc_status_row_free(struct oc_status_row *row)
{
    free(row->service);
    free(row);
}

static struct oc_status_row *row_of(struct oc_status_area *s, const char *service)
{
    struct oc_status_row *row = oc_status_find(s, service);
    if (!row && s->rows.count < ROWS_MAX) {
        row = oc_calloc(1, sizeof *row);
        row->service = oc_strdup(service);
        row->now = OC_UP_NONE;
        json_t *kept = oc_kv_get(s->api->env->store, SPACE, service);
        oc_uptime_load(&row->uptime, kept);
        json_decref(kept);
        OC_VEC_PUSH(&s->rows, row);
    }
    return row;
}

static void drop_unseen(struct oc_status_area *s)
{
    for (size_t i = s->rows.count; i-- > 0;) {
        if (!s->rows.items[i]->seen) {
            oc_status_row_free(s->rows.items[i]);
            OC_VEC_REMOVE(&s->rows, i);
        }
    }
}

/* ---- conditions ---- */

const char *oc_status_word(enum oc_up up)
{
    static const char *const words[] = {"operational", "degraded", "down", "maintenance",
                                        "unknown"};
    return words[up];
}

/* A soft state is not yet news; until it is hard the service counts as what it was. */
static enum oc_up condition_of(const json_t *check, enum oc_up before)
{
    const char *state = oc_json_str(check, "state", "pending");
    if (oc_json_bool(check, "maintenance", false)) {
        return OC_UP_MAINTENANCE;
    }
    if (strcmp(state, "ok") == 0) {
        return OC_UP_OK;
    }
    if (strcmp(state, "pending") == 0 || strcmp(state, "unknown") == 0) {
        return OC_UP_NONE;
    }
    if (!oc_json_bool(check, "hard", true)) {
        return before;
    }
    return strcmp(state, "warning") == 0 ? OC_UP_DEGRADED : OC_UP_DOWN;
}

/* The whole is as bad as all of its parts: down when nothing is left, degraded when something is missing. */
static enum oc_up whole_of(const size_t counts[OC_UP_COUNT + 1])
{
    if (counts[OC_UP_DOWN] && !counts[OC_UP_OK] && !counts[OC_UP_DEGRADED]) {
        return OC_UP_DOWN;
    }
    if (counts[OC_UP_DOWN] || counts[OC_UP_DEGRADED]) {
        return OC_UP_DEGRADED;
    }
    return counts[OC_UP_OK] ? OC_UP_OK : counts[OC_UP_MAINTENANCE] ? OC_UP_MAINTENANCE : OC_UP_NONE;
}

/* ---- looking ---- */

static void set(struct oc_status_area *s, struct oc_status_row *row, enum oc_up now, int64_t at)
{
    if (s->looked_ms && at - s->looked_ms <= GAP_MS) {
        oc_uptime_add(&row->uptime, s->looked_ms, at, row->now);
    }
    row->since_ms = row->now == now && row->since_ms ? row->since_ms : at;
    row->now = now;
    row->seen = true;
}

static void take_check(struct oc_status_area *s, const json_t *check, int64_t at,
                       size_t counts[OC_UP_COUNT + 1])
{
    const char *service = oc_json_str(check, "service", "");
    struct oc_status_row *row;
    if (!oc_status_shows(s, service)) {
        return;
    }
    if (s->api->options.status_services.count == 0) { /* nameless: only counted */
        counts[condition_of(check, OC_UP_OK)]++;
        return;
    }
    row = row_of(s, service);
    if (row) {
        const enum oc_up now = condition_of(check, row->now);
        const json_t *response = json_object_get(check, "response_ms");
        set(s, row, now, at);
        row->response_ms = json_is_number(response) ? json_number_value(response) : (double)NAN;
        counts[now]++;
    }
}

static void free_blob(void *blob)
{
    oc_http_blob_destroy(blob);
}

void oc_status_look(struct oc_status_area *s)
{
    const int64_t now = oc_time_wall();
    size_t counts[OC_UP_COUNT + 1] = {0}, i;
    json_t *report = oc_ops_ask(s->api->env->ops, "health.report", NULL), *check;
    struct oc_status_row *whole = row_of(s, OC_STATUS_HOST);
    for (i = 0; i < s->rows.count; i++) {
        s->rows.items[i]->seen = false;
    }
    json_array_foreach(json_object_get(report, "details"), i, check)
    {
        take_check(s, check, now, counts);
    }
    set(s, whole, whole_of(counts), now);
    whole->response_ms = (double)NAN;
    drop_unseen(s);
    json_decref(report);
    s->looked_ms = now;
    oc_map_finish(&s->blobs, free_blob);
    if (oc_time_mono() - s->saved_ms >= SAVE_MS) {
        oc_status_save(s);
    }
}

static bool is_whole(const struct oc_status_row *row)
{
    return strcmp(row->service, OC_STATUS_HOST) == 0;
}

double oc_status_percent(const struct oc_status_area *s, const struct oc_status_row *row,
                         int64_t now_ms, unsigned days)
{
    double sum = 0;
    size_t count = 0;
    if (!is_whole(row) || s->rows.count <= 1) {
        return oc_uptime_percent(&row->uptime, now_ms, days);
    }
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct oc_status_row *one = s->rows.items[i];
        const double percent = oc_uptime_percent(&one->uptime, now_ms, days);
        if (!is_whole(one) && !isnan(percent)) {
            sum += percent;
            count++;
        }
    }
    return count ? sum / (double)count : (double)NAN;
}

void oc_status_save(struct oc_status_area *s)
{
    s->saved_ms = oc_time_mono();
    for (size_t i = 0; i < s->rows.count; i++) {
        json_t *json = oc_uptime_json(&s->rows.items[i]->uptime);
        struct oc_error err;
        oc_error_init(&err);
        oc_kv_put(s->api->env->store, SPACE, s->rows.items[i]->service, json, false, &err);
        json_decref(json);
    }
}
