/* Life of the rule service: samples in, events out. SPDX-License-Identifier: MIT */
#include "core/service/rule/service.h"

#include <stdio.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/rule/advise.h"

#define TICK_EVERY (5 * OC_SECOND) /* how late the end of keep_firing_for may be noticed */

static void publish(void *ctx, const char *topic, json_t *data)
{
    const struct oc_rule_service *s = ctx;
    oc_bus_publish(s->env->bus, topic, data);
}

/* Tells first and writes then: a crash in between tells again, and who listens drops the repeat by
 * its fingerprint. */
static void settle(struct oc_rule_service *s)
{
    if (s->env->ephemeral) {
        return;
    }
    oc_rule_engine_publish(s->engine, publish, s);
    oc_rule_engine_save(
        s->engine, NULL); /* the store says what is wrong with it; what is not written stays due */
}

static void on_samples(void *ctx, const struct oc_event *event)
{
    struct oc_rule_service *s = ctx;
    const struct oc_batch *batch = event->native;
    oc_rule_engine_samples(s->engine, batch->samples, batch->sample_count);
    settle(s);
}

static void on_timer(void *ctx)
{
    struct oc_rule_service *s = ctx;
    oc_rule_engine_tick(s->engine, oc_time_wall());
    settle(s);
}

struct oc_rule_service *oc_rule_create(const struct oc_env *env)
{
    struct oc_rule_service *s = oc_calloc(1, sizeof(*s));
    s->env = env;
    s->source.path = "alerts.rules";
    s->engine = oc_rule_engine_create(env->store);
    oc_rule_add_ops(s);
    if (!env->ephemeral) {
        s->samples = oc_bus_subscribe(env->bus, "samples", on_samples, s);
        s->timer = oc_timer_create(env->loop, on_timer, s);
        oc_timer_start(s->timer, TICK_EVERY, TICK_EVERY);
    }
    return s;
}

/* The rules stand in the order of their groups. */
static void advise(struct oc_rule_service *s, const struct oc_node *root, struct oc_diags *diags)
{
    const struct oc_node *list = s->source.rules;
    struct oc_rule_advisor advisor = {.store = s->env->store,
                                      .plugins = s->env->plugins,
                                      .channels = oc_node_get(root, "alerts.channels")};
    size_t rule = 0;
    char path[80];
    bool usable = list && list->type == OC_NODE_LIST;
    for (size_t i = 0; usable && i < list->count && rule < s->engine->rules.count; i++) {
        if (list->children[i]->type == OC_NODE_GROUP) {
            snprintf(path, sizeof path, "%s[%zu]", s->source.path, i);
            oc_rule_advise(&advisor, s->engine->rules.items[rule++], &s->engine->thresholds,
                           list->children[i], path, diags);
        }
    }
    oc_rule_advisor_finish(&advisor);
}

void oc_rule_configure(struct oc_rule_service *s, const struct oc_config *config,
                       struct oc_diags *diags)
{
    const struct oc_node *root = oc_config_root(config);
    s->source.thresholds = oc_node_get(root, "thresholds");
    s->source.defaults = oc_config_default(config, "thresholds");
    s->source.rules = oc_node_get(root, "alerts.rules");
    oc_rule_engine_configure(s->engine, &s->source, oc_time_wall(), diags);
    advise(s, root, diags);
    if (!s->restored) {
        s->restored = true;
        oc_rule_engine_restore(s->engine, oc_time_wall());
    }
    settle(s);
}

void oc_rule_destroy(struct oc_rule_service *s)
{
    if (s == NULL) {
        return;
    }
    oc_bus_unsubscribe(s->samples);
    oc_timer_destroy(s->timer);
    if (!s->env->ephemeral) {
        oc_rule_engine_save_all(s->engine, NULL);
    }
    oc_rule_engine_destroy(s->engine);
    free(s);
}

void oc_rule_describe(json_t *sections)
{
    oc_json_take(sections, "alerts.rules",
                 oc_options_json(oc_rule_options, sizeof(oc_rule_options[0])));
}
