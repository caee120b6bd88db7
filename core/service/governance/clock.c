/* The time of a proposal, and the one timer for all of them. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/flow.h"

struct clock {
    struct oc_deadline time;
    int64_t due; /* monotonic: when to look again; INT64_MAX = never */
};

/* ---- time ---- */

int64_t oc_flow_deadline(const json_t *p)
{
    return oc_json_int(json_object_get(p, "rules"), "deadline", 0);
}

static struct clock *clock_of(struct oc_governance *g, const json_t *p)
{
    const char *id = oc_json_str(p, "id", "");
    struct clock *c = oc_map_get(&g->clocks, id);
    if (!c) {
        const struct oc_clocks now = oc_clocks_read();
        const int64_t opened = oc_json_int(p, "submitted_at", 0);
        c = oc_calloc(1, sizeof *c);
        c->due = INT64_MAX;
        oc_deadline_resume(&c->time, &now, opened, oc_flow_deadline(p),
                           oc_json_int(p, "time", opened), false);
        oc_map_set(&g->clocks, id, c);
    }
    return c;
}

int64_t oc_governance_now(struct oc_governance *g, const json_t *p)
{
    const struct oc_clocks now = oc_clocks_read();
    if (oc_governance_is_closed(p)) {
        const int64_t last = oc_json_int(p, "time", 0);
        return now.wall > last ? now.wall : last;
    }
    return oc_deadline_now(&clock_of(g, p)->time, &now);
}

void oc_governance_forget_clock(struct oc_governance *g, const char *id)
{
    free(oc_map_remove(&g->clocks, id));
}

/* ---- spans ---- */

int64_t oc_governance_left(struct oc_governance *g, const char *key, int64_t begun, int64_t until)
{
    const struct oc_clocks now = oc_clocks_read();
    struct oc_deadline *d = oc_map_get(&g->spans, key);
    if (!d || d->deadline != until) {
        oc_governance_forget_left(g, key);
        d = oc_calloc(1, sizeof *d);
        oc_deadline_resume(d, &now, begun, until, begun, false);
        oc_map_set(&g->spans, key, d);
    }
    return oc_deadline_until(d, &now, until);
}

void oc_governance_forget_left(struct oc_governance *g, const char *key)
{
    free(oc_map_remove(&g->spans, key));
}

/* ---- the timer ---- */

static void on_due(void *ctx)
{
    struct oc_governance *g = ctx;
    const int64_t now = oc_time_mono();
    OC_VEC(char *) due = {0};
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&g->clocks, &it, &id, &value);) {
        if (((struct clock *)value)->due <= now) {
            OC_VEC_PUSH(&due, oc_strdup(id));
        }
    }
    for (size_t i = 0; i < due.count; i++) {
        oc_governance_poke(g, due.items[i]);
        free(due.items[i]);
    }
    OC_VEC_FINISH(&due);
    int64_t next = INT64_MAX;
    for (size_t it = 0; oc_map_next(&g->clocks, &it, NULL, &value);) {
        const int64_t at = ((struct clock *)value)->due;
        next = at < next ? at : next;
    }
    g->due = next;
    if (next != INT64_MAX) {
        oc_timer_start(g->timer, next > now ? next - now : 0, 0);
    }
}

void oc_flow_look_again(struct oc_governance *g, const json_t *p, int64_t look)
{
    struct clock *c = clock_of(g, p);
    const struct oc_clocks clocks = oc_clocks_read();
    c->due = look == OC_TALLY_NEVER
                 ? INT64_MAX
                 : oc_time_mono() + oc_deadline_until(&c->time, &clocks, look + 1);
    if (!g->timer && !g->env->ephemeral) {
        g->timer = oc_timer_create(g->env->loop, on_due, g);
        g->due = INT64_MAX;
    }
    if (g->timer && c->due < g->due) {
        g->due = c->due;
        oc_timer_start(g->timer, c->due - oc_time_mono(), 0);
    }
}
