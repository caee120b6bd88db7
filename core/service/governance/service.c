/* Governance: its life. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define TICK (5 * OC_SECOND)

/* Saves what is new, and looks at what no proposal's own clock watches. */
static void tick(void *ctx)
{
    struct oc_governance *g = ctx;
    if (!g->stopping) {
        oc_governance_write_endings(g);
        oc_governance_mode_tick(g);
    }
    oc_governance_save(g);
}

/* The operations of plugins are there by now: what waits for being carried out can be. Checks may have come and gone. */
static void begin(void *ctx)
{
    struct oc_governance *g = ctx;
    if (g->stopping) {
        return;
    }
    oc_governance_reach_ask(g);
    if (!g->resumed) {
        g->resumed = true;
        oc_governance_resume(g);
        oc_governance_poke_all(g);
    }
}

/* People have accepted what the ledger has lost: what we remember begins at its end. */
static void on_accepted(void *ctx, const struct oc_event *event)
{
    struct oc_governance *g = ctx;
    struct oc_error err;
    (void)event;
    oc_error_init(&err);
    g->saved = UINT64_MAX; /* what is saved speaks of entries that are gone */
    if (oc_governance_save_now(g, &err) != OC_OK) {
        oc_warn("the state of governance cannot be saved", "reason=%s", err.message);
    }
    oc_governance_alert(g, "governance-ledger-short", "ledger", "critical",
                        "what the ledger has lost was accepted", false);
    oc_governance_poke_all(g);
}

struct oc_governance *oc_governance_create(const struct oc_env *env)
{
    struct oc_governance *g = oc_calloc(1, sizeof *g);
    struct oc_error err;
    oc_error_init(&err);
    g->env = env;
    g->due = INT64_MAX;
    g->state = oc_governance_state_new();
    g->keyring = oc_keyring_create();
    g->sheets = oc_sheet_seen_create();
    oc_gov_rules_default(&g->rules);
    g->settings = (struct oc_governance_settings){.review_within_ms = OC_DAY,
                                                  .deadlock_ms = 5 * OC_MINUTE,
                                                  .human_ms = OC_DAY,
                                                  .degraded_after_ms = 10 * OC_MINUTE,
                                                  .posting_ms = 4 * OC_HOUR};
    if (env->ledger && oc_governance_load(g, &err) != OC_OK) {
        oc_err("the ledger of governance cannot be read", "reason=%s", err.message);
    }
    oc_governance_add_ops(g);
    if (!env->ephemeral) {
        g->accepted = oc_bus_subscribe(env->bus, "ledger.accepted", on_accepted, g);
        oc_governance_reach_begin(g);
        g->save = oc_timer_create(env->loop, tick, g);
        oc_timer_start(g->save, TICK, TICK);
        g->begin = oc_timer_create(env->loop, begin, g);
    }
    return g;
}

void oc_governance_configure(struct oc_governance *g, const struct oc_config *config,
                             struct oc_diags *diags)
{
    oc_governance_bind(g, config, diags);
    if (g->begin) {
        oc_timer_start(g->begin, 0, 0);
    }
}

static void give_up_waiting(void *ctx)
{
    struct oc_governance *g = ctx;
    if (g->stopped) {
        oc_loop_fn fn = g->stopped;
        g->stopped = NULL;
        fn(g->stopped_ctx);
    }
}

void oc_governance_stop(struct oc_governance *g, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    g->stopping = true;
    oc_governance_reach_end(g);
    oc_governance_end_watches(g);
    oc_governance_stop_snapshot(g);
    if (!oc_governance_running(g) || !g->begin) {
        done(ctx);
        return;
    }
    g->stopped = done;
    g->stopped_ctx = ctx;
    oc_timer_destroy(g->begin);
    g->begin = oc_timer_create(g->env->loop, give_up_waiting, g);
    oc_timer_start(g->begin, grace_ms, 0);
}

static void save_at_the_end(struct oc_governance *g)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!g->env->ephemeral && g->env->ledger && oc_ledger_is_kept(g->env->ledger) &&
        oc_governance_save_now(g, &err) != OC_OK) {
        oc_warn("the state of governance cannot be saved", "reason=%s", err.message);
    }
}

void oc_governance_destroy(struct oc_governance *g)
{
    unsigned stuck = 0;
    if (!g) {
        return;
    }
    oc_governance_reach_end(g);
    oc_governance_end_watches(g);
    oc_governance_forget_writing(g);
    oc_governance_forget_runs(g);
    if (g->accepted) {
        oc_bus_unsubscribe(g->accepted);
    }
    oc_timer_destroy(g->timer);
    oc_timer_destroy(g->save);
    oc_timer_destroy(g->begin);
    if (g->workers) {
        oc_governance_stop_snapshot(g);
        stuck = oc_workers_destroy(g->workers, 2 * OC_SECOND);
        oc_governance_forget_verifying(g);
    }
    if (!stuck) { /* else it is being written */
        oc_governance_forget_snapshot(g);
        save_at_the_end(g);
    }
    oc_keyring_destroy(g->keyring);
    oc_sheet_seen_destroy(g->sheets);
    oc_map_finish(&g->clocks, free);
    oc_map_finish(&g->spans, free);
    oc_governance_forget_endings(g);
    oc_map_finish(&g->overdue, NULL);
    oc_map_finish(&g->allowances, free);
    json_decref(g->state);
    free(g);
}

void oc_governance_add_ops(struct oc_governance *g)
{
    static const struct {
        const struct oc_op *ops;
        const size_t *count;
    } lists[] = {
#define X(list) {list, &list##_count},
        OC_GOVERNANCE_OP_LISTS(X)
#undef X
    };
    for (size_t i = 0; i < OC_COUNT(lists); i++) {
        for (size_t k = 0; k < *lists[i].count; k++) {
            oc_ops_add(g->env->ops, &lists[i].ops[k], g);
        }
    }
}
