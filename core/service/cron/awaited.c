/* Runs that wait for a decision: what came of them, and taking them back. SPDX-License-Identifier: MIT
 *
 * Governance carries out what was approved. The run stays in the history as `waiting` and is looked at again whenever governance
 * writes of its proposal, and once after a start, for a decision may have fallen meanwhile. When the schedule goes nobody wants its
 * operation any more: the proposal is to be withdrawn, which is on the disk together with the end of the schedule and is tried until
 * governance has answered. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/op/decision.h"
#include "core/service/cron/internal.h"

#define TRY_AGAIN (30 * OC_SECOND)

/* ---- what came of it ---- */

static void refuse(json_t *record, const json_t *p)
{
    const char *reason = oc_json_str(p, "reason", "");
    oc_json_set_str(record, "state", "rejected");
    oc_json_set_str(record, "code", oc_error_name(OC_E_REFUSED));
    oc_json_take(record, "message",
                 json_sprintf("governance: %s%s%.300s", oc_json_str(p, "status", ""),
                              *reason ? ": " : "", reason));
    oc_json_take(record, "hint", json_null());
}

static void carry_over(json_t *record, const json_t *execution, bool good)
{
    const int64_t began = oc_json_int(execution, "started_at", 0);
    const int64_t ended = oc_json_int(execution, "ended_at", 0);
    oc_json_set_str(record, "state", good ? "ok" : "failed");
    oc_json_set_str(record, "code",
                    oc_json_str(execution, "code", oc_error_name(good ? OC_OK : OC_E_PERMANENT)));
    oc_json_set_str(record, "message",
                    good ? NULL
                         : oc_json_str(execution, "message", "it was approved and has failed"));
    oc_json_set_str(record, "hint", good ? NULL : oc_json_str(execution, "hint", NULL));
    oc_json_take(record, "took_ms",
                 began && ended >= began ? json_integer(ended - began) : json_null());
    oc_cron_record_output(record, json_object_get(execution, "result"));
}

/* False: it is still to be decided, or to be carried out. */
static bool fill(json_t *record, const json_t *p)
{
    const json_t *execution = json_object_get(p, "execution");
    const char *done = oc_json_str(execution, "status", "");
    if (strcmp(done, "completed") == 0) {
        carry_over(record, execution, true);
    } else if (strcmp(done, "failed") == 0 || strcmp(done, "rolled_back") == 0) {
        carry_over(record, execution, false);
    } else if (oc_decision_refused(oc_json_str(p, "status", ""))) {
        refuse(record, p);
    } else {
        return false;
    }
    oc_json_set_time(record, "ended", oc_time_wall());
    return true;
}

/* One that began later, and is over, stays the last one; what the history has let go does not come back. */
static void keep(struct oc_cron_entry *e, json_t *record)
{
    const int64_t number = oc_json_int(record, "run", 0);
    if (oc_json_int(e->last, "run", 0) <= number) {
        oc_cron_settle(e, json_incref(record));
    } else if (e->number - number < OC_CRON_HISTORY) {
        json_array_append(e->service->records, record);
    }
    e->dirty = true;
    oc_cron_flush_soon(e->service);
}

static void settle(struct oc_cron_entry *e, json_t *record)
{
    const bool good = strcmp(oc_json_str(record, "state", ""), "ok") == 0;
    e->failed = good ? 0 : e->failed + 1;
    keep(e, record);
    oc_cron_publish_ended(e->service, record);
    if (!good) {
        oc_warn("a scheduled run failed", "schedule=%s run=%lld code=%s message=%s", e->name,
                (long long)oc_json_int(record, "run", 0), oc_json_str(record, "code", ""),
                oc_json_str(record, "message", ""));
    }
}

static void look(struct oc_cron_entry *e)
{
    size_t kept = 0;
    bool changed = false;
    e->look = false;
    for (size_t i = 0; i < e->asked.count; i++) {
        json_t *record = e->asked.items[i];
        /* NULL: governance does not know it, or is not there */
        json_t *p = oc_ops_ask(e->service->env.ops, "governance.show",
                               json_pack("{s:s}", "proposal", oc_json_str(record, "proposal", "")));
        if (p && fill(record, p)) {
            settle(e, record);
            json_decref(record);
            changed = true;
        } else {
            e->asked.items[kept++] = record;
        }
        json_decref(p);
    }
    e->asked.count = kept;
    if (changed) {
        oc_cron_wake(e->service);
    }
}

void oc_cron_await(struct oc_cron_entry *e, json_t *record)
{
    OC_VEC_PUSH(&e->asked, record);
    while (e->asked.count > OC_CRON_HISTORY) { /* asked again it is the same proposal */
        json_decref(e->asked.items[0]);
        OC_VEC_REMOVE(&e->asked, 0);
    }
    e->look = e->dirty = true;
    oc_timer_start(e->service->decider, 0, 0);
}

void oc_cron_await_forget(struct oc_cron_entry *e)
{
    while (e->asked.count > 0) {
        json_decref(e->asked.items[--e->asked.count]);
    }
    OC_VEC_FINISH(&e->asked);
}

void oc_cron_warn_of_asked(struct oc_call *call, const struct oc_cron_entry *e)
{
    const char *before = "";
    for (size_t i = 0; i < e->asked.count; i++) {
        const char *proposal = oc_json_str(e->asked.items[i], "proposal", "");
        if (strcmp(proposal, before) != 0) {
            oc_call_warn(call,
                         "a run waits for a decision and is carried out as it was asked for: "
                         "`openclaw governance withdraw %s` takes it back",
                         proposal);
        }
        before = proposal;
    }
}

void oc_cron_decided(void *service, const struct oc_event *event)
{
    struct oc_cron_service *s = service;
    const char *proposal = oc_json_str(event->data, "proposal", "");
    for (size_t i = 0; i < s->entries.count; i++) {
        struct oc_cron_entry *e = s->entries.items[i];
        for (size_t k = 0; *proposal && k < e->asked.count; k++) {
            if (strcmp(oc_json_str(e->asked.items[k], "proposal", ""), proposal) == 0) {
                e->look = true;
                oc_timer_start(s->decider, 0, 0); /* once whoever decided has written it all */
            }
        }
    }
}

void oc_cron_decider_timer(void *service)
{
    struct oc_cron_service *s = service;
    if (s->env.ephemeral || s->stopping) {
        return;
    }
    for (size_t i = 0; i < s->entries.count; i++) {
        if (s->entries.items[i]->look) {
            look(s->entries.items[i]);
        }
    }
    oc_cron_withdraw(s, NULL);
}

/* ---- taking it back ---- */

struct oc_cron_withdrawal {
    struct oc_cron_service *service; /* NULL: it is no more */
    struct oc_call *asker;           /* who is told, as long as it is asked; NULL */
    char *proposal;                  /* owned */
    bool begun, over;
};

static void withdrawal_free(struct oc_cron_withdrawal *w)
{
    for (size_t i = 0; w->service && i < w->service->withdrawals.count; i++) {
        if (w->service->withdrawals.items[i] == w) {
            OC_VEC_REMOVE(&w->service->withdrawals, i);
            break;
        }
    }
    free(w->proposal);
    free(w);
}

static void tell(const struct oc_cron_withdrawal *w, const char *what, const char *why)
{
    if (w->asker) {
        oc_call_warn(w->asker, "proposal %s %s: %s", w->proposal, what, why);
    } else {
        oc_warn("a proposal of a schedule that is no more is not withdrawn",
                "proposal=%s reason=%s", w->proposal, why);
    }
}

static void on_withdrawn(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct oc_cron_withdrawal *w = ctx;
    struct oc_cron_service *s = w->service;
    (void)result;
    w->over = true;
    if (s && (code == OC_OK || code == OC_E_CONFLICT)) { /* the latter: it is decided */
        oc_kv_remove(s->env.store, OC_CRON_WITHDRAWALS, w->proposal, true, NULL);
    }
    if (s && code == OC_E_CONFLICT) {
        tell(w, "cannot be withdrawn any more", err->message);
    } else if (s && code != OC_OK) {
        tell(w, "is still open", err->message);
        if (code != OC_E_NOT_FOUND && !s->stopping) { /* else only another start can help */
            oc_timer_start(s->decider, TRY_AGAIN, 0);
        }
    }
    if (w->begun) {
        withdrawal_free(w);
    }
}

static bool is_under_way(const struct oc_cron_service *s, const char *proposal)
{
    for (size_t i = 0; i < s->withdrawals.count; i++) {
        if (strcmp(s->withdrawals.items[i]->proposal, proposal) == 0) {
            return true;
        }
    }
    return false;
}

/* In the name of the schedule, which has proposed it. */
static void withdraw_one(struct oc_cron_service *s, const char *proposal, const char *schedule,
                         struct oc_call *asker)
{
    struct oc_cron_withdrawal *w = oc_calloc(1, sizeof *w);
    char *actor = oc_asprintf("schedule:%s", schedule);
    *w = (struct oc_cron_withdrawal){.service = s, .asker = asker, .proposal = oc_strdup(proposal)};
    OC_VEC_PUSH(&s->withdrawals, w);
    oc_ops_call(s->env.ops, &(struct oc_call_request){
                                .op = "governance.withdraw",
                                .params = json_pack("{s:s,s:s}", "proposal", proposal, "reason",
                                                    "the schedule that asked for it was removed"),
                                .actor = {.name = actor, .role = OC_ROLE_OPERATOR},
                                .on_done = on_withdrawn,
                                .ctx = w});
    w->asker = NULL;
    w->begun = true;
    if (w->over) {
        withdrawal_free(w);
    }
    free(actor);
}

void oc_cron_withdraw(struct oc_cron_service *s, struct oc_call *asker)
{
    json_t *all =
        s->env.ephemeral || s->stopping ? NULL : oc_kv_all(s->env.store, OC_CRON_WITHDRAWALS);
    const char *proposal;
    json_t *schedule;
    json_object_foreach(all, proposal, schedule)
    {
        if (!is_under_way(s, proposal)) {
            withdraw_one(s, proposal, oc_json_str(schedule, "schedule", ""), asker);
        }
    }
    json_decref(all);
}

void oc_cron_withdraw_later(struct oc_cron_service *s, const char *schedule, const char *proposal)
{
    json_t *item = json_pack("{s:s}", "schedule", schedule);
    oc_kv_put(s->env.store, OC_CRON_WITHDRAWALS, proposal, item, true, NULL);
    json_decref(item);
    oc_timer_start(s->decider, 0, 0);
}

void oc_cron_withdraw_forget(struct oc_cron_service *s)
{
    for (size_t i = 0; i < s->withdrawals.count; i++) {
        s->withdrawals.items[i]->service = NULL;
    }
    OC_VEC_FINISH(&s->withdrawals);
}
