/* The body of GET /api/health: it is asked for far more often than it changes. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/compat/compat.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define FIGURES_MS OC_SECOND       /* samples alone: not anew more often than this */
#define AGE_MAX_MS (5 * OC_SECOND) /* and never older than this, whatever nobody told us of */
#define SHARE      4               /* under a flood of changes it takes a fifth of the time */
#define CHEAP_MS   10 /* what costs no more than this is made whenever somebody waits for it */

static const struct {
    const char *topic;
    bool figures; /* no state of anything, only numbers */
} topics[] = {{"health.*", false},        {"alert.*", false},  {"silence.*", false},
              {"plugin.*", false},        {"config.*", false}, {"collector.swept", false},
              {"collector.detail", true}, {"samples", true}};

struct oc_health_cache {
    const struct oc_env *env;
    struct oc_subscription *subscriptions[OC_COUNT(topics)];
    struct oc_http_blob *blob; /* NULL: nobody has asked yet */
    int64_t made_ms, cost_ms;
    bool changed, urgent, figures;
};

static void on_change(void *ctx, const struct oc_event *event)
{
    struct oc_health_cache *c = ctx;
    c->changed = true;
    /* who acknowledges an alert looks at once whether it worked */
    c->urgent = c->urgent || strncmp(event->topic, "health.", 7) != 0;
}

static void on_figures(void *ctx, const struct oc_event *event)
{
    (void)event;
    ((struct oc_health_cache *)ctx)->figures = true;
}

struct oc_health_cache *oc_health_cache_create(const struct oc_env *env)
{
    struct oc_health_cache *c = oc_calloc(1, sizeof *c);
    c->env = env;
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        c->subscriptions[i] = oc_bus_subscribe(env->bus, topics[i].topic,
                                               topics[i].figures ? on_figures : on_change, c);
    }
    return c;
}

void oc_health_cache_destroy(struct oc_health_cache *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        oc_bus_unsubscribe(c->subscriptions[i]);
    }
    oc_http_blob_destroy(c->blob);
    free(c);
}

static bool is_stale(const struct oc_health_cache *c, int64_t now)
{
    int64_t age = now - c->made_ms;
    bool affordable = age >= SHARE * c->cost_ms;
    return !c->blob || (c->urgent && (affordable || c->cost_ms <= CHEAP_MS)) ||
           (c->changed && affordable) || (c->figures && affordable && age >= FIGURES_MS) ||
           age >= AGE_MAX_MS;
}

/* Takes the snapshot. */
static void make(struct oc_health_cache *c, json_t *snapshot)
{
    json_object_del(snapshot, "checks"); /* ours; the original's are agents and services */
    oc_compat_alerts(json_object_get(snapshot, "alerts"));
    char *text = json_dumps(snapshot, OC_JSON_WIRE);
    json_decref(snapshot);
    oc_http_blob_destroy(c->blob);
    c->blob = oc_http_blob_create_tagged(OC_HTTP_TYPE_JSON, text, strlen(text));
    c->changed = c->urgent = c->figures = false;
}

struct oc_http_blob *oc_health_cache_get(struct oc_health_cache *c)
{
    int64_t now = oc_time_mono();
    if (is_stale(c, now)) {
        json_t *snapshot = oc_ops_ask(c->env->ops, "health.snapshot", NULL);
        if (!snapshot) {
            return NULL;
        }
        make(c, snapshot);
        c->made_ms = oc_time_mono();
        c->cost_ms = c->made_ms - now;
    }
    return c->blob;
}
