/* From counters of collectors to rows of usage. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/floor.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cost/internal.h"
#include "core/service/cost/spread.h"

#define SOURCES_SPACE "cost.source"
#define WRITE_APART   (10 * OC_SECOND)
#define SINCE_MAX     253402300799.0 /* seconds: the end of the year 9999 */

/* ---- sources ---- */

void oc_cost_source_destroy(void *source)
{
    struct oc_cost_source *s = source;
    free(s->name);
    json_decref(s->endpoints);
    free(s);
}

static struct oc_cost_source *source_of(struct oc_cost *c, const char *name)
{
    struct oc_cost_source *s = oc_map_get(&c->sources, name);
    if (!s) {
        s = oc_calloc(1, sizeof *s);
        s->name = oc_strdup(name);
        s->ledger = NAN;
        oc_map_set(&c->sources, name, s);
    }
    return s;
}

void oc_cost_load_sources(struct oc_cost *c)
{
    json_t *all = oc_kv_all(c->env.store, SOURCES_SPACE), *value;
    const char *name;
    json_object_foreach(all, name, value)
    {
        struct oc_cost_source *s = source_of(c, name);
        s->since = oc_json_num(value, "since", 0);
        s->epoch = oc_json_int(value, "epoch", 0);
        s->tracked_ms = oc_json_int(value, "tracked", 0);
        s->seen_ms = oc_json_int(value, "seen", s->tracked_ms);
        s->charged = oc_json_num(value, "charged", 0);
        s->charged_whole = oc_json_bool(value, "charged_whole", false);
        s->told = oc_json_bool(value, "told", false);
        s->forgot = oc_json_bool(value, "forgot", false);
        s->gone = oc_json_bool(value, "gone", false);
    }
    json_decref(all);
}

void oc_cost_write_sources(struct oc_cost *c)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->sources, &it, &name, &value)) {
        const struct oc_cost_source *s = value;
        if (s->dirty) {
            json_t *o = json_object();
            oc_json_set_num(o, "since", s->since);
            oc_json_set_int(o, "epoch", s->epoch);
            oc_json_set_int(o, "tracked", s->tracked_ms);
            oc_json_set_int(o, "seen", s->seen_ms);
            oc_json_set_num(o, "charged", s->charged);
            oc_json_set_bool(o, "charged_whole", s->charged_whole);
            oc_json_set_bool(o, "told", s->told);
            oc_json_set_bool(o, "forgot", s->forgot);
            oc_json_set_bool(o, "gone", s->gone);
            oc_kv_put(c->env.store, SOURCES_SPACE, name, o, false, NULL);
            json_decref(o);
        }
    }
}

void oc_cost_written_sources(struct oc_cost *c)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->sources, &it, &name, &value)) {
        ((struct oc_cost_source *)value)->dirty = false;
    }
}

/* ---- books ---- */

static int64_t utc_day(int64_t at_ms)
{
    return oc_floor_div(at_ms, OC_DAY);
}

static bool is_today(int64_t at_ms)
{
    return utc_day(at_ms) == utc_day(oc_time_wall());
}

double oc_cost_ledger_today(const struct oc_cost_source *s)
{
    return is_today(s->ledger_ms) ? s->ledger : NAN;
}

double oc_cost_charged_today(const struct oc_cost_source *s)
{
    return s->charged_whole && is_today(s->seen_ms) ? s->charged : NAN;
}

/* At the first look of another day: whether it was watched from its beginning, or its counters began on it. */
static void begin_books(struct oc_cost_source *s)
{
    const int64_t midnight = utc_day(s->seen_ms) * OC_DAY;
    s->charged = 0;
    s->charged_whole =
        (s->before_ms && s->before_ms <= midnight) || s->since * 1000 >= (double)midnight;
}

/* ---- rows ---- */

static const char *label(const struct oc_series *s, const char *name)
{
    for (uint32_t i = 0; i < s->label_count; i++) {
        if (strcmp(s->labels[i].name, name) == 0) {
            return s->labels[i].value;
        }
    }
    return "";
}

/* The field that a series is counted in; OC_USAGE_FIELDS: none. */
static enum oc_usage_field field_of(const struct oc_series *s)
{
    const char *what = s->name + 6; /* behind "usage." */
    const char *type = label(s, "type");
    if (strcmp(what, "requests") == 0) {
        return strcmp(label(s, "status"), "failed") == 0 ? OC_USAGE_FAILED : OC_USAGE_REQUESTS;
    }
    if (strcmp(what, "spend_dollars") == 0) {
        return OC_USAGE_REPORTED;
    }
    if (strcmp(what, "tokens") != 0) {
        return OC_USAGE_FIELDS;
    }
    return strcmp(type, "input") == 0         ? OC_USAGE_INPUT
           : strcmp(type, "output") == 0      ? OC_USAGE_OUTPUT
           : strcmp(type, "cache_read") == 0  ? OC_USAGE_CACHE_READ
           : strcmp(type, "cache_write") == 0 ? OC_USAGE_CACHE_WRITE
                                              : OC_USAGE_FIELDS;
}

/* A row of a day as it was before this batch: what it gains in dollars is only known when all of it is there. */
struct before {
    struct oc_usage_row *row;
    double dollars, tokens;
    int64_t from_ms, to_ms; /* when it has gained that */
};

struct intake {
    struct oc_cost *c;
    struct oc_cost_spread spread; /* of the samples at hand; empty before the first */
    int64_t from_ms, to_ms;       /* that it was made for */
    OC_VEC(struct before) rows;
};

static void remember(struct intake *in, struct oc_usage_row *row, const struct oc_cost_piece *piece)
{
    if (row->noted) {
        return;
    }
    row->noted = true;
    struct before b = {row, oc_cost_dollars(in->c, row), oc_cost_tokens(row), piece->from_ms,
                       piece->to_ms};
    OC_VEC_PUSH(&in->rows, b);
}

/* Since when this source's growth may have come: since it was looked at last, but not before its counters began. */
static int64_t grown_since(struct oc_cost *c, const struct oc_cost_source *s, int64_t at_ms)
{
    const int64_t began = (int64_t)(s->since * 1000);
    if (!s->before_ms) {
        return oc_cost_began_today(c, s, at_ms) ? began : at_ms;
    }
    return began > s->before_ms ? began : s->before_ms;
}

/* The samples of one call share their time, and with it their spread. */
static void spread_over(struct intake *in, int64_t from_ms, int64_t to_ms)
{
    if (!in->spread.pieces.count || in->from_ms != from_ms || in->to_ms != to_ms) {
        oc_cost_spread_finish(&in->spread);
        oc_cost_spread_init(&in->spread, in->c, from_ms, to_ms);
        in->from_ms = from_ms;
        in->to_ms = to_ms;
    }
}

static void add_to(struct intake *in, const struct oc_cost_piece *piece,
                   const struct oc_usage_id *id, enum oc_usage_field field, double amount)
{
    struct oc_usage_row *row = oc_bucket_row(piece->bucket, id);
    oc_bucket_touch(piece->bucket, row);
    if (piece->is_day) {
        remember(in, row, piece);
    }
    if (piece->is_day && strcmp(piece->bucket->name, in->c->today) != 0) {
        oc_cost_reprice(in->c); /* the scopes add up what was before today only once a day */
    }
    row->v[field] += amount;
    row->reported_known = row->reported_known || field == OC_USAGE_REPORTED;
}

static void count(struct intake *in, struct oc_cost_source *source, const struct oc_series *s,
                  enum oc_usage_field field, double grown, int64_t at_ms)
{
    const struct oc_usage_id id = {*label(s, "model") ? label(s, "model") : "unknown",
                                   label(s, "provider"), label(s, "agent"), label(s, "key")};
    spread_over(in, grown_since(in->c, source, at_ms), at_ms);
    if (field == OC_USAGE_REPORTED) {
        const int64_t midnight = utc_day(at_ms) * OC_DAY;
        source->charged += grown - oc_cost_spread_until(&in->spread, grown, false, midnight);
    }
    for (size_t i = 0; i < in->spread.pieces.count; i++) {
        const struct oc_cost_piece *piece = &in->spread.pieces.items[i];
        double amount = oc_cost_spread_share(&in->spread, grown, field != OC_USAGE_REPORTED, piece);
        if (amount > 0 || piece->to_ms == in->spread.to_ms) {
            add_to(in, piece, &id, field, amount);
        }
    }
    in->c->stale = in->c->dirty = true;
}

/* The counters were looked at. Of a clock that was set back nothing is known but now. */
static void see(struct oc_cost *c, struct oc_cost_source *s, int64_t at_ms)
{
    if (s->seen_ms != at_ms) {
        s->before_ms = s->seen_ms < at_ms ? s->seen_ms : at_ms;
        const bool another_day = utc_day(at_ms) != utc_day(s->seen_ms);
        s->seen_ms = at_ms;
        s->dirty = c->dirty = true;
        if (another_day) {
            begin_books(s);
        }
    }
}

static void take_since(struct oc_cost_source *s, double since)
{
    if (!(since >= 0 && since <= SINCE_MAX)) {
        return; /* no time at all says nothing */
    }
    /* Some clocks say the same start a little differently each time. */
    if (s->since > 0 && since > s->since + 1) {
        s->epoch++;
        s->forgot = false; /* they all begin at 0 */
        s->dirty = true;
        oc_info("usage counters began anew", "source=%s", s->name);
    }
    if (s->since != since) {
        s->since = since;
        s->dirty = true;
    }
}

static void take_tracked(struct oc_cost *c, struct oc_cost_source *s, bool tracked, int64_t at_ms)
{
    if (tracked) {
        see(c, s, at_ms);
        s->tracked_ms = at_ms;
        s->told = s->dirty = true;
        c->dirty = true;
    }
}

static void take_counter(struct intake *in, struct oc_cost_source *s, const struct oc_sample *p)
{
    enum oc_usage_field field = field_of(p->series);
    if (field == OC_USAGE_FIELDS) {
        return;
    }
    see(in->c, s, p->time_ms);
    double grown = oc_cost_growth(in->c, s, p);
    if (grown > 0 || (field == OC_USAGE_REPORTED && oc_cost_began_today(in->c, s, p->time_ms))) {
        count(in, s, p->series, field, grown, p->time_ms);
    }
}

static void take_sample(struct intake *in, struct oc_cost_source *s, const struct oc_sample *p)
{
    const char *what = p->series->name + 6;
    if (!isfinite(p->value)) { /* the end of a series: it says nothing about what was counted */
        oc_cost_counter_end(in->c, p->series);
        return;
    }
    s->dirty = s->dirty || s->gone;
    s->gone = false;
    if (strcmp(what, "tracked") == 0) {
        take_tracked(in->c, s, p->value > 0, p->time_ms);
    } else if (strcmp(what, "ledger_today_dollars") == 0) {
        s->ledger = p->value;
        s->ledger_ms = p->time_ms;
    } else {
        take_counter(in, s, p);
    }
}

/* What the batch has added goes to the burn rates of everybody and of the agent. */
static void note_growth(struct intake *in)
{
    for (size_t i = 0; i < in->rows.count; i++) {
        const struct before *b = &in->rows.items[i];
        b->row->noted = false;
        double dollars = oc_cost_dollars(in->c, b->row) - b->dollars;
        double tokens = oc_cost_tokens(b->row) - b->tokens;
        oc_cost_note(in->c, OC_COST_GLOBAL, dollars, tokens, b->from_ms, b->to_ms);
        oc_cost_note(in->c, b->row->id.agent, dollars, tokens, b->from_ms, b->to_ms);
    }
}

/* Before the counters, wherever it stands: what they have grown by depends on it. */
static void take_beginning(struct oc_cost *c, const struct oc_batch *batch)
{
    for (size_t i = 0; i < batch->sample_count; i++) {
        const struct oc_sample *p = &batch->samples[i];
        if (strcmp(p->series->name, "usage.since") == 0) {
            take_since(source_of(c, batch->instance), p->value);
        }
    }
}

void oc_cost_take(void *ctx, const struct oc_event *event)
{
    const struct oc_batch *batch = event->native;
    struct intake in = {.c = ctx};
    struct oc_cost_source *s = NULL;
    take_beginning(in.c, batch);
    for (size_t i = 0; i < batch->sample_count; i++) {
        const struct oc_sample *p = &batch->samples[i];
        if (oc_starts(p->series->name, "usage.")) {
            s = s ? s : source_of(in.c, batch->instance);
            take_sample(&in, s, p);
        }
    }
    note_growth(&in);
    bool grown = in.rows.count > 0;
    OC_VEC_FINISH(&in.rows);
    oc_cost_spread_finish(&in.spread);
    if (grown) {
        oc_cost_emit(in.c, batch->time_ms);
    }
    if (s && batch->last && oc_time_mono() - in.c->flushed_ms >= WRITE_APART) {
        oc_cost_flush(in.c);
    }
}

void oc_cost_take_detail(void *ctx, const struct oc_event *event)
{
    struct oc_cost *c = ctx;
    json_t *endpoints = oc_json_path(event->data, "detail.usage_sources");
    if (json_is_object(endpoints)) {
        struct oc_cost_source *s = source_of(c, oc_json_str(event->data, "instance", ""));
        json_decref(s->endpoints);
        s->endpoints = json_incref(endpoints);
    }
}

void oc_cost_take_swept(void *ctx, const struct oc_event *event)
{
    struct oc_cost *c = ctx;
    struct oc_cost_source *s = oc_map_get(&c->sources, oc_json_str(event->data, "instance", ""));
    if (!s || s->gone || oc_json_int(event->data, "since", 0) != INT64_MAX) {
        return;
    }
    s->gone = s->dirty = c->dirty = true;
    s->ledger = NAN;
    json_decref(s->endpoints);
    s->endpoints = NULL;
    oc_cost_emit_anew(c);
}
