/* The store's series by the family that they are exported in. SPDX-License-Identifier: MIT
 *
 * Series are never taken out of the store while it is open, so the table only grows: an update looks at those that are new. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/prometheus/prometheus.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/store/registry.h"

/* ---- help ---- */

struct help_search {
    const char *name;
    char *found; /* owned */
};

static void search_manifest(void *ctx, struct oc_plugin *plugin)
{
    struct help_search *s = ctx;
    const struct oc_manifest *m = s->found ? NULL : oc_plugin_manifest(plugin);
    s->found = m ? oc_manifest_metric_help(m, s->name) : s->found;
}

static char *help_of(const struct oc_family_table *t, const char *name)
{
    static const struct {
        const char *name, *help;
    } own[] = {
        {"service.health_score", "share of good results among the last ten of a checked service"},
        {"service.uptime_percent", "share of good results of the last day of a checked service"},
    };
    for (size_t i = 0; i < OC_COUNT(own); i++) {
        if (strcmp(name, own[i].name) == 0) {
            return oc_strdup(own[i].help);
        }
    }
    struct help_search s = {.name = name};
    if (t->env->plugins) {
        oc_plugins_each(t->env->plugins, search_manifest, &s);
    }
    char *help = s.found             ? oc_utf8_clean(s.found, strlen(s.found))
                 : strchr(name, '.') ? oc_asprintf("%s, as its collector reports it", name)
                                     : oc_asprintf("%s of a page that was scraped", name);
    free(s.found);
    return help;
}

/* ---- growing ---- */

static struct oc_family *family_create(struct oc_family_table *t, const struct oc_series *series,
                                       const struct oc_export_name *name)
{
    struct oc_family *f = oc_calloc(1, sizeof *f);
    f->name = *name;
    f->source = series->name;
    f->help = help_of(t, series->name);
    oc_map_set(&t->names, name->text, f);
    OC_VEC_PUSH(&t->list, f);
    t->sorted = false;
    return f;
}

static void add_label(void *ctx, const char *name, const char *value)
{
    struct oc_buf *out = ctx;
    oc_buf_adds(out, out->len ? "," : "{");
    oc_buf_adds(out, name);
    oc_buf_adds(out, "=\"");
    oc_export_escape(out, value);
    oc_buf_addc(out, '"');
}

static void add_member(struct oc_family *f, struct oc_series *series,
                       const struct oc_export_name *name)
{
    struct oc_buf labels = {0};
    oc_export_labels(series, add_label, &labels);
    oc_buf_adds(&labels, labels.len ? "}" : "");
    struct oc_family_member m = {.series = series,
                                 .labels = oc_strndup(labels.data ? labels.data : "", labels.len),
                                 .scale = f->mixed && name->divide * f->name.multiply !=
                                                          name->multiply * f->name.divide
                                              ? oc_memdup(name, sizeof *name)
                                              : NULL};
    oc_buf_finish(&labels);
    OC_VEC_PUSH(&f->members, m);
}

static void add_series(void *ctx, struct oc_series *series)
{
    struct oc_family_table *t = ctx;
    if (series->id <= t->last_id) {
        return;
    }
    t->last_id = series->id;
    char key[OC_EXPORT_NAME_MAX];
    size_t len = oc_copy(key, sizeof key - 2, series->name);
    key[len++] = (char)('0' + series->kind % 10);
    struct oc_family *f = oc_map_getn(&t->sources, key, len);
    struct oc_export_name name;
    if (!f || f->mixed) {
        oc_export_name(series->name, series->kind, &name);
        f = oc_map_get(&t->names, name.text);
        f = f ? f : family_create(t, series, &name);
        f->mixed = f->mixed || f->source != series->name || f->name.type != name.type;
        oc_map_setn(&t->sources, key, len, f);
    } else {
        name = f->name;
    }
    add_member(f, series, &name);
}

static int by_name(const void *a, const void *b)
{
    const struct oc_family *const *x = a, *const *y = b;
    return strcmp((*x)->name.text, (*y)->name.text);
}

void oc_family_table_update(struct oc_family_table *t)
{
    oc_store_series_each(t->env->store, add_series, t);
    if (!t->sorted && t->list.count > 1) {
        qsort(t->list.items, t->list.count, sizeof *t->list.items, by_name);
    }
    t->sorted = true;
}

/* ---- writing ---- */

/* A value that nobody renewed says nothing of now. What comes seldom is waited for. */
static bool is_alive(struct oc_series *s, int64_t now)
{
    int64_t patience = 3 * oc_series_entry(s)->tail.step_ms;
    patience = patience > OC_PROMETHEUS_STALE_MS ? patience : OC_PROMETHEUS_STALE_MS;
    return s->time_ms && !isnan(s->value) && now - s->time_ms <= patience;
}

/* True when this line's name and labels, which begin at `from`, were there already: it is taken back. */
static bool is_double(struct oc_page *p, size_t from, struct oc_map *seen)
{
    if (oc_map_setn(seen, p->text.data + from, p->text.len - from, p)) {
        p->text.len = from;
        p->text.data[from] = '\0';
        return true;
    }
    return false;
}

static void write_member(struct oc_page *p, const struct oc_family *f,
                         const struct oc_family_member *m, struct oc_map *seen)
{
    size_t from = p->text.len;
    oc_buf_adds(&p->text, f->name.text);
    oc_buf_adds(&p->text, m->labels);
    if (!f->mixed || !is_double(p, from, seen)) {
        oc_buf_addc(&p->text, ' ');
        oc_export_number(&p->text,
                         oc_export_value(m->scale ? m->scale : &f->name, m->series->value));
        oc_buf_addc(&p->text, '\n');
    }
}

static void write_family(struct oc_page *p, const struct oc_family *f)
{
    static const enum oc_page_type types[] = {[OC_EXPORT_GAUGE] = OC_PAGE_GAUGE,
                                              [OC_EXPORT_COUNTER] = OC_PAGE_COUNTER,
                                              [OC_EXPORT_UNKNOWN] = OC_PAGE_UNKNOWN};
    const int64_t now = oc_time_wall();
    struct oc_map seen = {0};
    bool begun = false;
    if (oc_page_has(p,
                    f->name.text)) { /* one of the host's own: a plugin cannot speak in its name */
        return;
    }
    for (size_t i = 0; i < f->members.count; i++) {
        if (!is_alive(f->members.items[i].series, now)) {
            continue;
        }
        if (!begun) {
            oc_page_family(p, f->name.text, types[f->name.type], f->help);
            begun = true;
        }
        write_member(p, f, &f->members.items[i], &seen);
    }
    oc_map_finish(&seen, NULL);
}

void oc_family_table_write(struct oc_family_table *t, struct oc_page *p)
{
    for (size_t i = 0; i < t->list.count; i++) {
        write_family(p, t->list.items[i]);
    }
}

void oc_family_table_finish(struct oc_family_table *t)
{
    for (size_t i = 0; i < t->list.count; i++) {
        struct oc_family *f = t->list.items[i];
        for (size_t k = 0; k < f->members.count; k++) {
            free(f->members.items[k].labels);
            free(f->members.items[k].scale);
        }
        OC_VEC_FINISH(&f->members);
        free(f->help);
        free(f);
    }
    OC_VEC_FINISH(&t->list);
    oc_map_finish(&t->names, NULL);
    oc_map_finish(&t->sources, NULL);
    const struct oc_env *env = t->env;
    memset(t, 0, sizeof *t);
    t->env = env;
}
