/* What is due: judged by the wall clock, however that moved. SPDX-License-Identifier: MIT
 *
 * Each entry remembers up to which due time everything has been judged (`seen`). A look counts the due times since then: the
 * last of them may be on time, the others were missed. A clock that goes back finds nothing new until it is past `seen`
 * again, so nothing runs twice; one that leaps ahead, a machine that slept and a host that was down are all the same thing. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/service/cron/internal.h"

#define LOOK_EVERY                                                                                 \
    (30 * OC_SECOND) /* the clock may be set, or the machine sleep, while the timer waits */
#define EMIT_EVERY OC_MINUTE
#define RECENT     (OC_CRON_CATCH_UP + 1)
#define HOLD       (2 * OC_MINUTE) /* a plugin's operations are not there at once */

int64_t oc_cron_next_start(const struct oc_cron_entry *e)
{
    return oc_cron_definition_start(&e->def, oc_cron_definition_next(&e->def, e->seen));
}

static void follow_clock(struct oc_cron_entry *e, int64_t now)
{
    if (e->seen - now > OC_CRON_BACK_MAX) {
        oc_warn("the clock was set back by more than a day, schedules follow it anew",
                "schedule=%s", e->name);
        e->seen = now;
        e->dirty = true;
    }
}

/* ---- what has become due ---- */

struct judgement {
    int64_t count, last;    /* due times that have come, and the latest */
    int64_t recent[RECENT]; /* the latest of them, as a ring */
    bool on_time;           /* the latest is not missed */
};

static void count_due(struct oc_cron_entry *e, int64_t now, struct judgement *j)
{
    *j = (struct judgement){0};
    while (j->count < OC_CRON_COUNT_MAX) {
        int64_t due = oc_cron_definition_next(&e->def, e->seen);
        int64_t start = oc_cron_definition_start(&e->def, due);
        if (start > now) {
            return;
        }
        e->seen = j->last = due;
        e->dirty = true;
        j->recent[j->count++ % RECENT] = due;
        j->on_time = now - start <= OC_CRON_GRACE;
    }
    e->seen = now; /* that many are not counted one by one */
}

static void wait_for(struct oc_cron_entry *e, int64_t due, enum oc_cron_trigger trigger)
{
    struct oc_cron_wait w = {.due = due, .trigger = trigger};
    OC_VEC_PUSH(&e->waiting, w);
}

/* The next run may begin before anybody has looked at a sample: what nothing makes up for is told of for a while. */
static void show_missed(struct oc_cron_entry *e)
{
    if (e->def.o.catch_up != OC_CRON_ONCE) {
        e->shown = e->missed;
        e->shown_until = oc_time_mono() + OC_CRON_SHOW;
    }
}

static void tell_missed(struct oc_cron_entry *e, int64_t count, int64_t due, const char *message)
{
    struct oc_cron_service *s = e->service;
    json_t *event = json_object();
    e->missed += count;
    show_missed(e);
    s->changed = true;
    oc_cron_note(e, "missed", due, count, message);
    oc_warn("scheduled runs were missed", "schedule=%s missed=%lld", e->name, (long long)count);
    oc_json_set_str(event, "schedule", e->name);
    oc_json_set_int(event, "missed", e->missed);
    oc_json_set_time(event, "due", due);
    oc_bus_publish(s->env.bus, "cron.missed", event);
}

static void judge_missed(struct oc_cron_entry *e, const struct judgement *j)
{
    int64_t missed = j->count - j->on_time, kept = 0;
    bool once = e->def.o.catch_up == OC_CRON_ONCE && !j->on_time;
    if (e->def.o.catch_up == OC_CRON_ALL) {
        kept = missed < OC_CRON_CATCH_UP ? missed : OC_CRON_CATCH_UP;
    }
    if (missed > kept) {
        tell_missed(e, missed - kept, j->recent[(missed - 1) % RECENT],
                    e->def.o.catch_up == OC_CRON_ONCE  ? "made up for by one run"
                    : e->def.o.catch_up == OC_CRON_ALL ? "too many to make up for all of them"
                                                       : "not made up for");
    }
    for (int64_t i = missed - kept; i < missed; i++) {
        wait_for(e, j->recent[i % RECENT], OC_CRON_CATCHING_UP);
    }
    if (once) {
        wait_for(e, j->last, OC_CRON_CATCHING_UP);
    }
}

/* One that is due while others of its kind go on. */
static void judge_overlap(struct oc_cron_entry *e, int64_t due)
{
    bool busy = e->running.count > 0;
    for (size_t i = 0; i < e->waiting.count; i++) {
        busy = busy || e->waiting.items[i].trigger == OC_CRON_DUE;
    }
    if (e->def.o.overlap == OC_CRON_NO_OVERLAP && busy) {
        tell_missed(e, 1, due, "the run before was still going on");
    } else if (e->def.o.overlap == OC_CRON_QUEUE && e->waiting.count > 0) {
        tell_missed(e, 1, due, "one was waiting already");
    } else if (e->def.o.overlap == OC_CRON_PARALLELS &&
               e->running.count + e->waiting.count >= OC_CRON_PARALLEL) {
        tell_missed(e, 1, due, "too many were running beside each other");
    } else {
        wait_for(e, due, OC_CRON_DUE);
    }
}

static void judge(struct oc_cron_entry *e, int64_t now)
{
    struct judgement j;
    follow_clock(e, now);
    count_due(e, now, &j);
    if (j.count - j.on_time > 0) {
        judge_missed(e, &j);
    }
    if (j.on_time) {
        judge_overlap(e, j.last);
    }
}

/* ---- starting ---- */

/* Some may not be done again after they were interrupted. */
static bool may_repeat(struct oc_cron_entry *e)
{
    const struct oc_op *op = oc_ops_find(e->service->env.ops, e->def.o.op);
    return op && (op->flags & OC_OP_REPLAY_SAFE || !(op->flags & OC_OP_MUTATES));
}

static bool may_start(struct oc_cron_entry *e)
{
    while (e->waiting.count > 0 && e->waiting.items[0].trigger == OC_CRON_REPEAT &&
           !may_repeat(e)) {
        oc_cron_note(e, "skipped", e->waiting.items[0].due, 1,
                     "it was interrupted, and its operation may not be done twice");
        OC_VEC_REMOVE(&e->waiting, 0);
    }
    if (e->waiting.count == 0 || e->running.count >= OC_CRON_PARALLEL) {
        return false;
    }
    return e->running.count == 0 ||
           (e->def.o.overlap == OC_CRON_PARALLELS && e->waiting.items[0].trigger == OC_CRON_DUE);
}

/* At the head again: its turn has come already. */
static void wait_on(struct oc_cron_entry *e, const struct oc_cron_wait *w)
{
    OC_VEC_PUSH(&e->waiting, *w);
    memmove(e->waiting.items + 1, e->waiting.items, (e->waiting.count - 1) * sizeof(*w));
    e->waiting.items[0] = *w;
}

static void start_waiting(struct oc_cron_service *s)
{
    OC_VEC(struct oc_cron_claim) claims = {0};
    struct oc_error err;
    oc_error_init(&err);
    s->failing = false;
    for (size_t i = 0; i < s->entries.count; i++) {
        struct oc_cron_entry *e = s->entries.items[i];
        if (oc_cron_active(e) && may_start(e)) {
            struct oc_cron_claim claim = {.entry = e, .wait = e->waiting.items[0]};
            OC_VEC_PUSH(&claims, claim);
            OC_VEC_REMOVE(&e->waiting, 0);
        }
    }
    if (claims.count > 0 && oc_cron_claim(s, claims.items, claims.count, &err) != OC_OK) {
        oc_warn("scheduled runs cannot be written down, so they wait", "count=%zu error=%s",
                claims.count, err.message);
        for (size_t i = 0; i < claims.count; i++) {
            wait_on(claims.items[i].entry, &claims.items[i].wait);
        }
        s->failing = true;
    }
    OC_VEC_FINISH(&claims);
}

/* ---- the look ---- */

static void check_all(struct oc_cron_service *s)
{
    uint64_t generation = oc_ops_generation(s->env.ops);
    if (generation == s->generation) {
        return;
    }
    s->generation = generation;
    for (size_t i = 0; i < s->entries.count; i++) {
        oc_cron_check(s->entries.items[i]);
    }
}

static bool anything_waits(const struct oc_cron_service *s)
{
    for (size_t i = 0; i < s->entries.count; i++) {
        const struct oc_cron_entry *e = s->entries.items[i];
        if (e->waiting.count > 0 && e->running.count == 0 && oc_cron_active(e)) {
            return true;
        }
    }
    return false;
}

static void arrange_next(struct oc_cron_service *s, int64_t now)
{
    int64_t delay = LOOK_EVERY;
    for (size_t i = 0; i < s->entries.count; i++) {
        const struct oc_cron_entry *e = s->entries.items[i];
        int64_t start = oc_cron_active(e) ? oc_cron_next_start(e) : OC_CRON_NEVER;
        if (start != OC_CRON_NEVER && start - now < delay) {
            delay = start - now;
        }
    }
    if (anything_waits(s)) {
        delay = s->failing ? OC_SECOND : 0;
    }
    oc_timer_start(s->timer, delay > 0 ? delay : 0, 0);
}

void oc_cron_tick(void *service)
{
    struct oc_cron_service *s = service;
    int64_t now = oc_time_wall();
    if (s->stopping || oc_ops_stopping(s->env.ops) || s->ticking || s->env.ephemeral ||
        !s->configured) {
        return;
    }
    bool held = oc_time_mono() - s->configured_ms > HOLD;
    s->ticking = true;
    check_all(s);
    for (size_t i = 0; i < s->entries.count; i++) {
        struct oc_cron_entry *e = s->entries.items[i];
        if (oc_cron_active(e)) {
            judge(e, now);
        } else if (e->seen < now && (!oc_cron_enabled(e) || held)) {
            e->seen = now; /* what comes while it is off is not missed */
        }
    }
    start_waiting(s);
    if (oc_time_mono() - s->emitted_ms >= EMIT_EVERY || s->changed) {
        oc_cron_emit(s);
    }
    s->ticking = false;
    arrange_next(s, now);
}

void oc_cron_wake(struct oc_cron_service *s)
{
    s->changed = true;
    if (!s->stopping && !s->env.ephemeral && s->configured) {
        oc_timer_start(s->timer, 0, 0);
    }
}
