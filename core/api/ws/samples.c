/* The topic `samples`: values of chosen series as they come. SPDX-License-Identifier: MIT
 *
 * Clients that chose the same share one view: what it matches is remembered by series, and its delta is framed once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/store.h"

#define PENDING_MAX  20000 /* points of one tick */
#define SNAPSHOT_MAX 5000  /* series */
#define SERIES_TEXT  2048

enum match { UNKNOWN, NO, YES };

struct oc_ws_view {
    struct oc_ws_view *next;
    unsigned refs;
    char *key; /* the selectors, one a line */
    OC_VEC(char *) selectors;
    uint8_t *match; /* enum match by the id of the series */
    size_t match_size;
    OC_VEC(struct oc_sample) pending;
};

/* ---- what a view wants ---- */

/* A selector with a brace is a pattern of the whole "name{label="value"}", else of the name. */
static bool selects(const char *selector, const struct oc_series *series)
{
    char text[SERIES_TEXT];
    return strchr(selector, '{') ? oc_glob(selector, oc_series_format(series, text, sizeof text))
                                 : oc_glob(selector, series->name);
}

static bool matches(const struct oc_ws_view *v, const struct oc_series *series)
{
    for (size_t i = 0; i < v->selectors.count; i++) {
        if (selects(v->selectors.items[i], series)) {
            return true;
        }
    }
    return false;
}

static bool wants(struct oc_ws_view *v, const struct oc_series *series)
{
    if (series->id >= v->match_size) {
        const size_t size = ((size_t)series->id + 1) * 3 / 2;
        v->match = oc_realloc(v->match, size);
        memset(v->match + v->match_size, UNKNOWN, size - v->match_size);
        v->match_size = size;
    }
    if (v->match[series->id] == UNKNOWN) {
        v->match[series->id] = matches(v, series) ? YES : NO;
    }
    return v->match[series->id] == YES;
}

/* ---- views ---- */

/* A brace that nothing closes: no series ends like that, and it would wait for ever. */
static bool is_torn(const char *text, size_t len)
{
    return *text == '{' || (strchr(text, '{') && !strchr("}*?", text[len - 1]));
}

static bool is_selector(const char *text)
{
    const size_t len = text ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return len > 0 && len <= OC_WS_SELECTOR_MAX && !is_torn(text, len);
}

const char *oc_ws_samples_complaint(const json_t *selectors)
{
    size_t i;
    const json_t *s;
    if (!selectors || json_is_null(selectors)) {
        return NULL;
    }
    if (!json_is_array(selectors) || json_array_size(selectors) > OC_WS_SELECTORS_MAX) {
        return "expected `selectors`, a list of at most 256 patterns";
    }
    json_array_foreach(selectors, i, s)
    {
        if (!is_selector(json_string_value(s))) {
            return "expected patterns of 1 to 512 bytes as `selectors`, such as name or "
                   "name{label=\"x\"}";
        }
    }
    return NULL;
}

static char *key_of(const json_t *selectors)
{
    struct oc_buf key = {0};
    size_t i;
    const json_t *s;
    json_array_foreach(selectors, i, s)
    {
        oc_buf_addf(&key, "%s\n", json_string_value(s));
    }
    return key.len ? oc_buf_take(&key) : oc_strdup("*\n");
}

static struct oc_ws_view *view_create(struct oc_ws_hub *h, char *key)
{
    struct oc_ws_view *v = oc_calloc(1, sizeof *v);
    v->key = key;
    for (const char *s = key; *s;) {
        const size_t len = strcspn(s, "\n");
        OC_VEC_PUSH(&v->selectors, oc_strndup(s, len));
        s += len + (s[len] == '\n');
    }
    v->next = h->views;
    h->views = v;
    return v;
}

static void view_destroy(struct oc_ws_hub *h, struct oc_ws_view *v)
{
    struct oc_ws_view **at = &h->views;
    while (*at != v) {
        at = &(*at)->next;
    }
    *at = v->next;
    for (size_t i = 0; i < v->selectors.count; i++) {
        free(v->selectors.items[i]);
    }
    OC_VEC_FINISH(&v->selectors);
    OC_VEC_FINISH(&v->pending);
    free(v->match);
    free(v->key);
    free(v);
}

void oc_ws_samples_leave(struct oc_ws_client *c)
{
    struct oc_ws_view *v = c->view;
    c->view = NULL;
    if (v && --v->refs == 0) {
        view_destroy(c->hub, v);
    }
}

void oc_ws_samples_select(struct oc_ws_client *c, const json_t *selectors)
{
    char *key = key_of(selectors);
    struct oc_ws_view *v = c->hub->views;
    while (v && strcmp(v->key, key) != 0) {
        v = v->next;
    }
    if (v) {
        free(key);
    } else {
        v = view_create(c->hub, key);
    }
    v->refs++;
    oc_ws_samples_leave(c);
    c->view = v;
}

/* ---- telling ---- */

static json_t *sample_json(const struct oc_series *series, int64_t time_ms, double value)
{
    char text[SERIES_TEXT];
    json_t *o = json_object();
    oc_json_set_str(o, "series", oc_series_format(series, text, sizeof text));
    oc_json_set_int(o, "t", time_ms);
    oc_json_set_num(o, "v", value);
    return o;
}

void oc_ws_samples_batch(struct oc_ws_hub *h, const struct oc_batch *batch)
{
    for (struct oc_ws_view *v = h->views; v; v = v->next) {
        for (size_t i = 0; i < batch->sample_count; i++) {
            if (v->pending.count < PENDING_MAX && wants(v, batch->samples[i].series)) {
                OC_VEC_PUSH(&v->pending, batch->samples[i]);
            }
        }
        if (v->pending.count > 0) {
            oc_ws_changed(h, OC_WS_SAMPLES);
        }
    }
}

static void tell_view(struct oc_ws_hub *h, struct oc_ws_view *v)
{
    json_t *list = json_array(), *data = json_object();
    for (size_t i = 0; i < v->pending.count; i++) {
        const struct oc_sample *s = &v->pending.items[i];
        json_array_append_new(list, sample_json(s->series, s->time_ms, s->value));
    }
    OC_VEC_FINISH(&v->pending);
    oc_json_take(data, "samples", list);
    json_t *frame = oc_ws_frame("delta", oc_ws_topic_name(OC_WS_SAMPLES), oc_ws_next(h), data);
    struct oc_packet *p = oc_packet_json(frame);
    json_decref(frame);
    for (struct oc_ws_client *c = h->clients; c; c = c->next) {
        if (c->view == v) {
            oc_ws_push(c, OC_WS_SAMPLES, p);
        }
    }
    oc_packet_unref(p);
}

void oc_ws_samples_tell(struct oc_ws_hub *h)
{
    for (struct oc_ws_view *v = h->views; v; v = v->next) {
        if (v->pending.count > 0) {
            tell_view(h, v);
        }
    }
}

struct latest {
    struct oc_ws_view *view;
    json_t *list;
};

static void take_latest(void *ctx, struct oc_series *series)
{
    struct latest *l = ctx;
    if (series->time_ms && !isnan(series->value) && json_array_size(l->list) < SNAPSHOT_MAX &&
        wants(l->view, series)) {
        json_array_append_new(l->list, sample_json(series, series->time_ms, series->value));
    }
}

void oc_ws_samples_snapshot(struct oc_ws_client *c)
{
    struct latest l = {.view = c->view, .list = json_array()};
    json_t *data = json_object();
    if (c->view) {
        oc_store_series_each(c->hub->api->env->store, take_latest, &l);
    }
    oc_json_take(data, "samples", l.list);
    oc_ws_push_json(c, OC_WS_SAMPLES,
                    oc_ws_frame("snapshot", oc_ws_topic_name(OC_WS_SAMPLES), c->hub->seq, data));
}
