/* Which members can be reached: what the health service says of them. SPDX-License-Identifier: MIT
 *
 * A member's checks are those whose service or target has its name: `alpha`, `agent/alpha`. It cannot be reached when all of them are
 * down for certain. One that has no check counts as there; while nothing is known of a check, what was known of the member stays. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

enum standing { STANDING_UNKNOWN, STANDING_UP, STANDING_DOWN };

/* What was said last of one check. */
struct check {
    char *member; /* owned */
    enum standing standing;
};

static void free_check(void *check)
{
    struct check *c = check;
    if (c) {
        free(c->member);
        free(c);
    }
}

static const char *member_of(const struct oc_governance *g, const char *service, const char *target)
{
    for (uint32_t i = 0; i < g->rules.triad_count; i++) {
        const char *name = g->rules.triad[i];
        if (strcmp(name, service) == 0 || strcmp(name, target) == 0) {
            return name;
        }
    }
    return NULL;
}

static enum standing standing_of(const char *state)
{
    if (strcmp(state, "pending") == 0 || strcmp(state, "unknown") == 0) {
        return STANDING_UNKNOWN;
    }
    return strcmp(state, "ok") == 0 || strcmp(state, "warning") == 0 ? STANDING_UP : STANDING_DOWN;
}

/* Keeps what is said; the member that it is said of, or NULL: of nobody, or not for certain. */
static const char *keep(struct oc_governance *g, const json_t *said, const char *state)
{
    const char *service = oc_json_str(said, "service", "");
    const char *member = member_of(g, service, oc_json_str(said, "target", ""));
    if (!member || !*service) {
        return NULL;
    }
    const bool certain = oc_json_bool(said, "hard", true);
    struct check *c = oc_map_get(&g->checks, service);
    if (!c) {
        c = oc_calloc(1, sizeof *c);
        c->member = oc_strdup(member);
        oc_map_set(&g->checks, service, c);
    }
    if (certain) {
        c->standing = standing_of(state);
    }
    return certain ? member : NULL;
}

static void judge(struct oc_governance *g, const char *member)
{
    size_t up = 0, down = 0, unknown = 0;
    const char *name;
    void *value;
    for (size_t it = 0; oc_map_next(&g->checks, &it, &name, &value);) {
        const struct check *c = value;
        if (strcmp(c->member, member) == 0) {
            up += c->standing == STANDING_UP;
            down += c->standing == STANDING_DOWN;
            unknown += c->standing == STANDING_UNKNOWN;
        }
    }
    if (up > 0 || unknown == 0) {
        oc_governance_hear(g, member, up > 0 || down == 0);
    }
}

static void on_health(void *ctx, const struct oc_event *event)
{
    struct oc_governance *g = ctx;
    const char *member = keep(g, event->data, oc_json_str(event->data, "to", ""));
    if (member) {
        judge(g, member);
    }
}

void oc_governance_reach_ask(struct oc_governance *g)
{
    json_t *params = json_object(), *check;
    size_t i;
    oc_json_set_bool(params, "alerts", false);
    json_t *snapshot = oc_ops_ask(g->env->ops, "health.snapshot", params);
    if (!snapshot) {
        return;
    }
    oc_map_finish(&g->checks, free_check);
    json_array_foreach(json_object_get(snapshot, "checks"), i, check)
    {
        keep(g, check, oc_json_str(check, "state", ""));
    }
    for (uint32_t k = 0; k < g->rules.triad_count; k++) {
        judge(g, g->rules.triad[k]);
    }
    json_decref(snapshot);
}

void oc_governance_reach_begin(struct oc_governance *g)
{
    g->health = oc_bus_subscribe(g->env->bus, "health.changed", on_health, g);
}

void oc_governance_reach_end(struct oc_governance *g)
{
    oc_bus_unsubscribe(g->health);
    g->health = NULL;
    oc_map_finish(&g->checks, free_check);
}
