/* What counters of collectors have grown by. SPDX-License-Identifier: MIT
 *
 * Only growth counts. A counter that is lower than before, or one of a source that says that it began anew, has grown by all
 * that it shows. What a source shows at first sight is of unknown age and left out, unless it began today. Counters are
 * written together with the figures that they have become, so a restart of ours loses nothing and counts nothing twice.
 *
 * One whose series has ended is kept: it may come back with all that it has counted. Only when there are too many, those that
 * have ended are forgotten: of what appears from then on nobody knows what it has counted before, until the source begins
 * anew. When none has ended, what is new cannot be counted, and that is said. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/cost/internal.h"

#define SPACE       "cost.counter"
#define SERIES_TEXT 2048

/* ---- the store ---- */

/* [last, epoch, ended] */
void oc_cost_load_counters(struct oc_cost *c)
{
    json_t *all = oc_kv_all(c->env.store, SPACE), *value;
    const char *name;
    json_object_foreach(all, name, value)
    {
        struct oc_cost_counter *n = oc_calloc(1, sizeof *n);
        n->last = json_number_value(json_array_get(value, 0));
        n->epoch = json_integer_value(json_array_get(value, 1));
        n->ended = json_is_true(json_array_get(value, 2));
        c->counters_ended += n->ended;
        free(oc_map_set(&c->counters, name, n));
    }
    json_decref(all);
}

void oc_cost_write_counters(struct oc_cost *c)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->counters, &it, &name, &value)) {
        const struct oc_cost_counter *n = value;
        if (n->dirty) {
            json_t *row = json_pack("[f,I,b]", n->last, (json_int_t)n->epoch, n->ended);
            oc_kv_put(c->env.store, SPACE, name, row, false, NULL);
            json_decref(row);
        }
    }
}

void oc_cost_written_counters(struct oc_cost *c)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->counters, &it, &name, &value)) {
        ((struct oc_cost_counter *)value)->dirty = false;
    }
}

/* ---- room ---- */

/* What they have become is written first: it could not be found out again. */
static void forget_ended(struct oc_cost *c)
{
    struct oc_map kept = {0};
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->sources, &it, NULL, &value)) {
        struct oc_cost_source *s = value;
        s->forgot = s->dirty = c->dirty = true;
    }
    it = 0;
    oc_cost_flush(c);
    oc_store_begin(c->env.store);
    while (oc_map_next(&c->counters, &it, &name, &value)) {
        if (((struct oc_cost_counter *)value)->ended) {
            oc_kv_remove(c->env.store, SPACE, name, false, NULL);
            free(value);
        } else {
            oc_map_set(&kept, name, value);
        }
    }
    oc_store_end(c->env.store,
                 NULL); /* the store says why it cannot; they are forgotten again then */
    oc_info("counters of usage that have ended are forgotten", "counters=%zu", c->counters_ended);
    oc_map_finish(&c->counters, NULL);
    c->counters = kept;
    c->counters_ended = 0;
}

static bool has_room(struct oc_cost *c)
{
    if (c->counters.count >= c->counters_max && c->counters_ended > 0) {
        forget_ended(c);
    }
    const bool full = c->counters.count >= c->counters_max;
    if (full && !c->full) {
        oc_warn("too many counters of usage, what is new is not counted",
                "most=%zu hint=\"have the gateway tell fewer labels: usage and budgets are too "
                "low\"",
                c->counters_max);
    }
    c->full = full;
    return !full;
}

/* ---- growth ---- */

bool oc_cost_began_today(struct oc_cost *c, const struct oc_cost_source *s, int64_t at_ms)
{
    char began[OC_ZONE_DAY], now[OC_ZONE_DAY];
    return s->since > 0 && strcmp(oc_zone_day(&c->zone, (int64_t)(s->since * 1000), began),
                                  oc_zone_day(&c->zone, at_ms, now)) == 0;
}

double oc_cost_growth(struct oc_cost *c, const struct oc_cost_source *s, const struct oc_sample *p)
{
    char text[SERIES_TEXT];
    oc_series_format(p->series, text, sizeof text);
    struct oc_cost_counter *n = oc_map_get(&c->counters, text);
    bool first = !n;
    if (first) {
        if (!has_room(c)) {
            return 0;
        }
        n = oc_calloc(1, sizeof *n);
        n->epoch = s->epoch;
        oc_map_set(&c->counters, text, n);
    }
    double last = n->epoch == s->epoch ? n->last : 0;
    double grown = p->value >= last ? p->value - last : p->value;
    if (first && (s->forgot || (!s->told && !oc_cost_began_today(c, s, p->time_ms)))) {
        grown = 0;
    }
    n->dirty = n->dirty || n->last != p->value || n->epoch != s->epoch || first || n->ended;
    c->counters_ended -= n->ended;
    n->ended = false;
    n->last = p->value;
    n->epoch = s->epoch;
    return grown;
}

void oc_cost_counter_end(struct oc_cost *c, const struct oc_series *series)
{
    char text[SERIES_TEXT];
    oc_series_format(series, text, sizeof text);
    struct oc_cost_counter *n = oc_map_get(&c->counters, text);
    if (n && !n->ended) {
        n->ended = n->dirty = c->dirty = true;
        c->counters_ended++;
    }
}
