/* From a page's text to records. SPDX-License-Identifier: MIT */
#include "exposition/scrape.h"

#include "exposition/series.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define RECORD_LABELS 16 /* what a record may have, `target` included */
#define NAME_MAX_LEN  255

struct ratio_sum {
    double numerator, denominator;
};

struct scrape {
    const struct scrape_options *o;
    const char *target;
    const struct oc_sink *out;
    struct scrape_result *result;
    struct series_set *series; /* NULL: samples are emitted as they come */
    struct ratio_sum *sums;    /* one for each ratio */
    /* What was decided about the last name: most lines have the name of the line before. */
    struct oc_view last;
    char *last_name; /* owned; the name as it is emitted, NULL = left out */
    char **names;    /* owned; earlier last_names, which the series still point to */
    size_t name_count, name_size;
};

/* ---- names ---- */

static bool matches(struct oc_list globs, const char *name)
{
    const char *const *glob = globs.items;
    for (uint64_t i = 0; i < globs.count; i++) {
        if (fnmatch(glob[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static const char *renamed(const struct scrape_options *o, const char *name)
{
    const struct oc_pair *pair = o->rename.items;
    for (uint64_t i = 0; i < o->rename.count; i++) {
        if (strcmp(pair[i].name, name) == 0) {
            return pair[i].value;
        }
    }
    return NULL;
}

/* The name under which samples of `name` are emitted, owned by the caller; NULL = not wanted. */
static char *name_for(const struct scrape_options *o, struct oc_view name)
{
    char text[NAME_MAX_LEN + 1];
    char *result = NULL;
    if (name.len > NAME_MAX_LEN) {
        return NULL;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    if ((o->include.count && !matches(o->include, text)) || matches(o->exclude, text)) {
        return NULL;
    }
    const char *other = renamed(o, text);
    if (other) {
        return strdup(other);
    }
    return asprintf(&result, "%s%s", o->prefix ? o->prefix : "", text) < 0 ? NULL : result;
}

static bool keep_name(struct scrape *s, char *name)
{
    if (s->name_count == s->name_size) {
        size_t size = s->name_size ? s->name_size * 2 : 64;
        char **grown = realloc(s->names, size * sizeof *grown);
        if (!grown) {
            return false;
        }
        s->names = grown;
        s->name_size = size;
    }
    s->names[s->name_count++] = name;
    return true;
}

/* Decides about the name of a sample, unless that was just done. */
static const char *decide_name(struct scrape *s, struct oc_view name)
{
    if (s->last.len == name.len && memcmp(s->last.ptr, name.ptr, name.len) == 0) {
        return s->last_name;
    }
    s->last = name;
    s->last_name = name_for(s->o, name);
    if (s->last_name && !keep_name(s, s->last_name)) {
        free(s->last_name);
        s->last_name = NULL;
    }
    return s->last_name;
}

/* ---- labels ---- */

static bool label_wanted(const struct scrape_options *o, struct oc_view name)
{
    char text[NAME_MAX_LEN + 1];
    size_t len = name.len < NAME_MAX_LEN ? (size_t)name.len : NAME_MAX_LEN;
    if (o->label_keep.count == 0 && o->label_drop.count == 0) {
        return true;
    }
    memcpy(text, name.ptr, len);
    text[len] = '\0';
    return (o->label_keep.count == 0 || matches(o->label_keep, text)) &&
           !matches(o->label_drop, text);
}

/* The labels of the record: ours first, then the page's. False when there are too many. */
static bool copy_labels(const struct scrape *s, const struct exposition_sample *sample,
                        struct oc_label *labels, uint32_t *count)
{
    uint32_t n = 0;
    if (s->target[0]) {
        labels[n++] = oc_label("target", s->target);
    }
    for (uint32_t i = 0; i < sample->label_count; i++) {
        if (!label_wanted(s->o, sample->labels[i].name)) {
            continue;
        }
        if (n == RECORD_LABELS) {
            return false;
        }
        labels[n] = sample->labels[i];
        if (labels[n].name.len == 6 && memcmp(labels[n].name.ptr, "target", 6) == 0) {
            labels[n].name = oc_view(
                "exported_target"); /* as Prometheus does with labels that clash with its own */
        }
        n++;
    }
    *count = n;
    return true;
}

/* ---- samples ---- */

static bool view_is(struct oc_view v, const char *text)
{
    return strlen(text) == v.len && memcmp(v.ptr, text, v.len) == 0;
}

static void add_to_ratios(struct scrape *s, const struct exposition_sample *sample)
{
    const struct scrape_ratio *ratio = s->o->ratios.items;
    for (uint64_t i = 0; i < s->o->ratios.count && isfinite(sample->value); i++) {
        if (view_is(sample->name, ratio[i].numerator)) {
            s->sums[i].numerator += sample->value;
        }
        if (view_is(sample->name, ratio[i].denominator)) {
            s->sums[i].denominator += sample->value;
        }
    }
}

static bool emit(struct scrape *s, struct oc_record *record)
{
    if (s->result->emitted == (size_t)s->o->max_samples) {
        s->result->capped = true;
        return false;
    }
    record->struct_size = sizeof *record;
    record->type = OC_RECORD_SAMPLE;
    s->result->code = s->out->emit(s->out->ctx, record);
    s->result->emitted += s->result->code == OC_OK;
    return s->result->code == OC_OK;
}

static bool take_sample(void *ctx, const struct exposition_sample *sample)
{
    struct scrape *s = ctx;
    struct oc_label labels[RECORD_LABELS];
    uint32_t count = 0;
    if (s->o->watch) {
        s->o->watch(s->o->watch_ctx, sample);
    }
    add_to_ratios(s, sample);
    const char *name = sample->created ? NULL : decide_name(s, sample->name);
    if (!name || s->result->capped) {
        return true; /* go on: ratios may follow */
    }
    if (!isfinite(sample->value) || !copy_labels(s, sample, labels, &count)) {
        s->result->skipped++;
        return true;
    }
    if (s->series) {
        bool room = series_count(s->series) < (size_t)s->o->max_samples;
        s->result->capped = !room;
        return !room ||
               series_add(s->series, oc_view(name), sample->kind, sample->value, labels, count);
    }
    struct oc_record record = {.name = oc_view(name),
                               .kind = sample->kind,
                               .value = sample->value,
                               .labels = labels,
                               .label_count = count,
                               .time_ms = s->o->honor_timestamps ? sample->time_ms : 0};
    return emit(s, &record) || s->result->code == OC_OK;
}

static void emit_series(struct scrape *s)
{
    for (size_t i = 0; s->series && i < series_count(s->series); i++) {
        struct oc_record record = {0};
        series_get(s->series, i, &record);
        if (!emit(s, &record)) {
            return;
        }
    }
}

/* ---- ratios ---- */

/* The increase of a counter that may have begun anew. */
static double increase(double before, double now)
{
    return now >= before ? now - before : now;
}

static void emit_ratios(struct scrape *s, struct ratio_state *states)
{
    const struct scrape_ratio *ratio = s->o->ratios.items;
    for (uint64_t i = 0; i < s->o->ratios.count && s->result->code == OC_OK; i++) {
        struct ratio_state *was = &states[i];
        double part = increase(was->numerator, s->sums[i].numerator);
        double whole = increase(was->denominator, s->sums[i].denominator);
        if (was->known && whole > 0) {
            struct oc_label label = oc_label("target", s->target);
            s->result->code =
                oc_emit_sample(s->out, ratio[i].metric, OC_KIND_GAUGE,
                               part / whole * ratio[i].scale, &label, s->target[0] != '\0');
        }
        *was = (struct ratio_state){s->sums[i].numerator, s->sums[i].denominator, true};
    }
}

void scrape_emit(const struct scrape_options *o, const char *target, char *text, size_t len,
                 struct ratio_state *ratios, const struct oc_sink *out,
                 struct scrape_result *result)
{
    struct scrape s = {.o = o, .target = target, .out = out, .result = result};
    memset(result, 0, sizeof *result);
    s.sums = calloc((size_t)o->ratios.count + 1, sizeof *s.sums);
    if (o->label_keep.count || o->label_drop.count) {
        s.series = series_create();
    }
    if (!s.sums || ((o->label_keep.count || o->label_drop.count) && !s.series)) {
        result->code = OC_E_INTERNAL;
        goto out;
    }
    exposition_parse(text, len, take_sample, &s, &result->page);
    if (result->code == OC_OK) {
        emit_series(&s);
    }
    if (result->code == OC_OK) {
        emit_ratios(&s, ratios);
    }
out:
    for (size_t i = 0; i < s.name_count; i++) {
        free(s.names[i]);
    }
    free(s.names);
    free(s.sums);
    series_destroy(s.series);
}
