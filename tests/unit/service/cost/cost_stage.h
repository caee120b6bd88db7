/* What the tests of the cost service stand on: a gateway that they play, and its figures. SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVICE_COST_STAGE_H
#define TESTS_SERVICE_COST_STAGE_H

#include "tests/unit/service/stage.h"

#include <math.h>

#include "core/service/cost/internal.h"
#include "core/store/query.h"

struct fixture {
    struct stage s;
    struct oc_cost *cost;
    const char *gateway;                   /* which tells now: "gate" */
    double requests, input, output, spend; /* the gateway's counters of one model */
};

static struct fixture f;

/* ---- the gateway ---- */

struct call {
    OC_VEC(struct oc_sample) samples;
};

static inline void put(struct call *c, const char *name, double value, const char *model,
                       const char *agent, const char *label, const char *text)
{
    struct oc_label labels[5];
    uint32_t n = 0;
    labels[n++] = (struct oc_label){{"key", 3}, {"team", 4}};
    if (model) {
        labels[n++] = (struct oc_label){{"model", 5}, {model, strlen(model)}};
    }
    if (agent) {
        labels[n++] = (struct oc_label){{"agent", 5}, {agent, strlen(agent)}};
    }
    if (label) {
        labels[n++] = (struct oc_label){{label, strlen(label)}, {text, strlen(text)}};
    }
    uint32_t kind = model ? OC_KIND_COUNTER : OC_KIND_GAUGE;
    struct oc_series *series =
        oc_store_series(f.s.env.store, f.gateway, (struct oc_view){name, strlen(name)}, kind,
                        labels, model ? n : 0);
    int64_t at = oc_time_wall();
    oc_store_append(f.s.env.store, series, at, value);
    struct oc_sample sample = {.series = series, .time_ms = at, .value = value};
    OC_VEC_PUSH(&c->samples, sample);
}

static inline void publish(struct call *c)
{
    struct oc_batch batch = {.instance = f.gateway,
                             .plugin = "x",
                             .time_ms = oc_time_wall(),
                             .samples = c->samples.items,
                             .sample_count = c->samples.count,
                             .last = true};
    oc_bus_publish_native(f.s.env.bus, "samples", &batch);
    OC_VEC_FINISH(&c->samples);
}

/* One call of the collector: the counters as they are, begun at `since`. */
static inline void tell_of(const char *model, const char *agent, double since)
{
    struct call c = {0};
    put(&c, "usage.since", since, NULL, NULL, NULL, NULL);
    put(&c, "usage.requests", f.requests, model, agent, "status", "ok");
    put(&c, "usage.tokens", f.input, model, agent, "type", "input");
    put(&c, "usage.tokens", f.output, model, agent, "type", "output");
    put(&c, "usage.spend_dollars", f.spend, model, agent, NULL, NULL);
    put(&c, "usage.tracked", 1, NULL, NULL, NULL, NULL);
    publish(&c);
}

#define TODAY (STAGE_WALL / 1000.0 - 600) /* ten minutes before the stage's clock */

static inline void tell(void)
{
    tell_of("gpt-4o", "coder", TODAY);
    stage_pass(&f.s, OC_MINUTE);
}

static inline void use(double requests, double input, double output, double spend)
{
    f.requests += requests;
    f.input += input;
    f.output += output;
    f.spend += spend;
    tell();
}

static inline void configure(const char *text)
{
    struct oc_config *old = stage_load(&f.s, text);
    oc_cost_configure(f.cost, f.s.config, &f.s.diags);
    oc_config_destroy(old);
}

static inline int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    f.gateway = "gate";
    stage_begin(&f.s);
    f.cost = oc_cost_create(&f.s.env);
    configure("");
    return 0;
}

static inline int teardown(void **state)
{
    char path[128];
    (void)state;
    oc_cost_destroy(f.cost);
    snprintf(path, sizeof path, "%s/prices/openai.json", f.s.home);
    unlink(path);
    snprintf(path, sizeof path, "%s/prices", f.s.home);
    rmdir(path);
    stage_end(&f.s);
    return 0;
}

/* As after a kill: what was not written is gone. */
static inline void restart(void)
{
    oc_cost_flush(f.cost);
    f.cost->dirty = false;
    oc_cost_destroy(f.cost);
    oc_ops_destroy(f.s.env.ops);
    f.s.env.ops = oc_ops_create(f.s.env.loop, f.s.env.bus);
    f.cost = oc_cost_create(&f.s.env);
    oc_cost_configure(f.cost, f.s.config, &f.s.diags);
}

static inline void near(double value, double wanted)
{
    if (isnan(value) || fabs(value - wanted) > 1e-9 + fabs(wanted) * 1e-12) {
        fail_msg("%.15g is not %.15g", value, wanted);
    }
}

static inline double figure(const char *key)
{
    return oc_json_num(stage_ask(&f.s, "cost.summary", NULL), key, NAN);
}

static inline double value_of(const char *metric)
{
    struct oc_selector sel;
    struct oc_series_list found = {0};
    assert_int_equal(oc_selector_init(&sel, metric, NULL), OC_OK);
    oc_store_select(f.s.env.store, &sel, 1, &found);
    oc_selector_finish(&sel);
    double value = found.list.count ? found.list.items[0]->value : NAN;
    oc_series_list_finish(&found);
    return value;
}

#endif
