/* What is kept of a service across restarts: its state, since when, and its score. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/health/table.h"

void oc_health_restore(struct oc_health *h, struct service *s)
{
    json_t *kept = oc_kv_get(h->env.store, "health", s->name);
    if (!kept) {
        return;
    }
    enum oc_check_state state = oc_check_state_parse(oc_json_str(kept, "state", NULL));
    if (state != OC_CHECK_PENDING) {
        s->check.state = s->check.hard_state = state;
        s->check.since_ms = s->check.hard_since_ms = oc_json_int(kept, "since", oc_time_wall());
        s->check.attempt = state == OC_CHECK_OK ? 0 : s->check.max_attempts;
        s->check.scores = s->kept_scores = (uint32_t)oc_json_int(kept, "scores", 0);
        s->check.results = s->kept_results =
            (uint8_t)(oc_json_int(kept, "results", 0) % (OC_FLAP_RESULTS + 1));
    }
    json_decref(kept);
}

/* As many as a score looks at. */
static uint8_t results_of(const struct service *s)
{
    return s->check.results < OC_SCORE_RESULTS ? s->check.results : OC_SCORE_RESULTS;
}

void oc_health_keep(struct oc_health *h, struct service *s)
{
    json_t *o = json_object();
    oc_json_set_str(o, "state", oc_check_state_name(s->check.hard_state));
    oc_json_set_int(o, "since", s->check.hard_since_ms);
    oc_json_set_int(o, "scores", s->check.scores);
    oc_json_set_int(o, "results", results_of(s));
    s->kept_scores = s->check.scores;
    s->kept_results = results_of(s);
    oc_kv_put(h->env.store, "health", s->name, o, false, NULL);
    json_decref(o);
}

/* The scores of what is not well, and the first that is well again: a restart makes it look neither better nor worse than it is. */
static bool score_is_due(const struct service *s)
{
    const struct oc_check kept = {.scores = s->kept_scores, .results = s->kept_results};
    return (s->check.scores != s->kept_scores || results_of(s) != s->kept_results) &&
           s->check.hard_state != OC_CHECK_PENDING &&
           (oc_check_score(&s->check) < 1 || oc_check_score(&kept) < 1 ||
            s->check.hard_state != OC_CHECK_OK);
}

void oc_health_keep_scores(void *ctx)
{
    struct oc_health *h = ctx;
    bool begun = false; /* a host where all is well writes nothing */
    for (size_t i = 0; i < h->order.count; i++) {
        if (!score_is_due(h->order.items[i])) {
            continue;
        }
        if (!begun) {
            oc_store_begin(h->env.store);
            begun = true;
        }
        oc_health_keep(h, h->order.items[i]);
    }
    if (begun) {
        oc_store_end(h->env.store, NULL);
    }
}

void oc_health_forget_kept(struct oc_health *h, const char *instance)
{
    json_t *kept = oc_kv_all(h->env.store, "health"), *value;
    const char *name;
    json_object_foreach(kept, name, value)
    {
        if (oc_health_is_named_by(name, instance) && !oc_health_find(h, name)) {
            oc_kv_remove(h->env.store, "health", name, false, NULL);
        }
    }
    json_decref(kept);
}
