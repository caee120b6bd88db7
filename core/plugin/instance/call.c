/* Calls of methods: queue, worker, deadline and fence. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"

#define QUEUE_MAX  64u
#define RELOAD_MAX 4096u /* while a reload holds the queue: none is to be lost */
/* The plugin is told a deadline a little before ours, so that one that keeps it is not fenced. */
#define MARGIN_PART   20
#define MARGIN_MAX_MS 250

/* ---- life of a call ---- */

static void deliver(void *ctx, const struct oc_record *records, size_t count)
{
    struct oc_method_call *c = ctx;
    if (!c->answered && c->inv.on_records) {
        c->delivered = true;
        c->inv.on_records(c->inv.ctx, records, count);
    }
}

static struct oc_method_call *call_create(struct oc_instance *i, const struct oc_invocation *inv)
{
    struct oc_method_call *c = oc_calloc(1, sizeof *c);
    c->instance = i;
    c->inv = *inv;
    c->inv.params = oc_strdup(inv->params);
    c->inv.method = oc_strdup(inv->method);
    if (c->inv.timeout_ms <= 0) {
        c->inv.timeout_ms = i->plugin->terms.limits.call_ms;
    }
    c->id = ++i->last_id;
    c->until_ms = oc_time_mono() + c->inv.timeout_ms;
    return c;
}

static void call_free(struct oc_method_call *c)
{
    if (c->records) {
        oc_records_destroy(c->records);
    }
    free((char *)(uintptr_t)c->inv.method);
    free((char *)(uintptr_t)c->inv.params);
    free(c);
}

/* The only place that tells the caller. */
static void answer(struct oc_method_call *c, int code, const struct oc_error *err)
{
    const int64_t took_ms = c->begun_ms ? oc_time_mono() - c->begun_ms : 0;
    c->answered = true;
    if (!c->internal) {
        oc_stats_add(&c->instance->stats, code, err->message, took_ms);
    }
    c->inv.on_done(c->inv.ctx, code, err, took_ms);
}

static void answer_text(struct oc_method_call *c, int code, const char *message)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, code, "%s: %s", c->inv.method, message);
    answer(c, code, &err);
}

/* ---- the queue ---- */

static void dequeue(struct oc_method_call *c)
{
    TAILQ_REMOVE(&c->instance->queue, c, link);
    c->instance->queued--;
}

static void fail_waiting(struct oc_method_call *c, int code, const char *message)
{
    dequeue(c);
    answer_text(c, code, message);
    call_free(c);
}

static struct oc_method_call *first_to_fail(const struct oc_instance *i, int code)
{
    struct oc_method_call *c = TAILQ_FIRST(&i->queue);
    while (c && code == OC_E_CRASHED && c->replayed) {
        c = TAILQ_NEXT(c, link);
    }
    return c;
}

/* After a crash those stay that are to be made once more. */
void oc_calls_fail_queued(struct oc_instance *i, int code, const char *message)
{
    struct oc_method_call *c;
    while ((c = first_to_fail(i, code))) {
        fail_waiting(c, code, message);
    }
}

static int refuse_state(const struct oc_instance *i, struct oc_error *err)
{
    const char *state = oc_instance_state_name(i->state);
    if (i->state == OC_INSTANCE_RESTARTING || i->state == OC_INSTANCE_QUARANTINED) {
        oc_error_set(err, OC_E_CRASHED, "%s is %s: %s", i->name, state, i->err.message);
        oc_error_hint(err, "%s", i->err.hint);
        return OC_E_CRASHED;
    }
    if (i->state == OC_INSTANCE_FENCED || i->state == OC_INSTANCE_FAILED) {
        return oc_error_set(err, OC_E_CONFLICT, "%s is %s: %s", i->name, state, i->err.message);
    }
    return oc_error_set(err, OC_E_CONFLICT, "%s is %s", i->name, state);
}

int oc_instance_call(struct oc_instance *i, const struct oc_invocation *inv, uint64_t *call_id,
                     struct oc_error *err)
{
    if (i->state != OC_INSTANCE_STARTING && i->state != OC_INSTANCE_READY &&
        i->state != OC_INSTANCE_BUSY) {
        return refuse_state(i, err);
    }
    if (!oc_plugin_has_method(i->plugin, inv->method)) {
        return oc_error_set(err, OC_E_UNSUPPORTED, "%s: plugin %s has no method %s", i->name,
                            i->plugin->name, inv->method);
    }
    const size_t most = oc_reload_holds(i) ? RELOAD_MAX : QUEUE_MAX;
    if (i->queued >= most) {
        return oc_error_set(err, OC_E_RETRY, "%s: %zu calls are waiting already", i->name, most);
    }
    struct oc_method_call *c = call_create(i, inv);
    if (call_id) {
        *call_id = c->id;
    }
    TAILQ_INSERT_TAIL(&i->queue, c, link);
    i->queued++;
    oc_calls_begin_next(i);
    oc_instance_arm(i);
    return OC_OK;
}

/* ---- when it came back ---- */

/* What the plugin wrote is text from outside: ended, clean, and never empty for a failure. */
static void tidy_error(struct oc_method_call *c)
{
    char otherwise[160] = "";
    if (c->code > OC_OK || c->code < OC_E_CRASHED) {
        const int32_t code = c->code;
        c->code = oc_error_set(&c->err, OC_E_INTERNAL, "%s returned the unknown code %d",
                               c->inv.method, code);
        return;
    }
    if (c->code != OC_OK) {
        snprintf(otherwise, sizeof otherwise, "%s failed and did not say why (%s)", c->inv.method,
                 oc_error_name(c->code));
    }
    oc_body_tidy_error(&c->err, c->code, otherwise);
}

/* Bad records are said when they begin, not at every call. */
static void tell_bad_records(struct oc_method_call *c, const struct oc_records_report *r)
{
    struct oc_instance *i = c->instance;
    const bool bad = r->first[0] || r->over;
    if (bad && !i->said_bad) {
        oc_warn("plugin emits bad records",
                "instance=%s plugin=%s method=%s dropped=%u cut=%u cleaned=%u over=%d first=%s",
                i->name, i->plugin->name, c->inv.method, r->dropped, r->cut, r->cleaned, r->over,
                r->first);
    }
    i->said_bad = bad;
}

static void judge(struct oc_method_call *c)
{
    const struct oc_records_report *r = oc_records_report(c->records);
    c->instance->stats.records += r->records;
    tell_bad_records(c, r);
    tidy_error(c);
    if (r->over && c->code == OC_OK) {
        c->code = oc_error_set(&c->err, OC_E_PERMANENT,
                               "%s emitted more than %u records or %u bytes, the rest was cut",
                               c->inv.method, OC_CALL_RECORDS_MAX, OC_CALL_BYTES_MAX);
    }
    if (c->cancelled && c->code != OC_OK) {
        c->code = oc_error_set(&c->err, OC_E_CANCELLED, "%s: cancelled", c->inv.method);
    }
}

/* First in the queue again, as if it had not begun: it runs when the process is there again, or its time is over. */
static void put_back(struct oc_method_call *c)
{
    struct oc_instance *i = c->instance;
    oc_records_destroy(c->records);
    c->records = NULL;
    c->body = NULL;
    c->replayed = true;
    TAILQ_INSERT_HEAD(&i->queue, c, link);
    i->queued++;
}

static void call_returned(struct oc_method_call *c)
{
    struct oc_instance *i = c->instance;
    i->running = NULL;
    if (c->code == OC_E_CRASHED && oc_supervision_may_replay(c)) {
        put_back(c);
    } else {
        oc_records_drain(c->records);
        judge(c);
        const int code = c->code;
        const bool counts = !c->internal;
        answer(c, code, &c->err);
        call_free(c);
        if (counts) {
            oc_reload_noted(i, code);
        }
    }
    oc_instance_idle(i);
}

/* A call of a process comes here too; it has died then, so that the instance stays fenced until that is told. */
static void call_returned_late(struct oc_method_call *c)
{
    struct oc_instance *i = c->instance;
    if (i->given_up) {
        return; /* what it still holds of the plugin is not known */
    }
    i->running = NULL;
    i->stats.records += oc_records_report(c->records)->records;
    call_free(c);
    if (i->state == OC_INSTANCE_FENCED && !i->killed) {
        oc_error_init(&i->err);
        oc_instance_set_state(i, OC_INSTANCE_READY, "plugin.unfenced");
    }
    oc_instance_idle(i);
}

static void private_returned(struct oc_method_call *c)
{
    if (!c->abandoned) {
        oc_records_drain(c->records);
        tidy_error(c);
    }
    c->ended(c->ended_ctx, c);
    call_free(c);
}

void oc_call_ended(struct oc_method_call *c)
{
    if (c->ended) {
        private_returned(c);
    } else if (c->abandoned) {
        call_returned_late(c);
    } else {
        call_returned(c);
    }
}

/* ---- begin, cancel, expire ---- */

static int64_t plugin_deadline(const struct oc_method_call *c)
{
    const int64_t margin = c->inv.timeout_ms / MARGIN_PART;
    return c->until_ms - (margin < MARGIN_MAX_MS ? margin : MARGIN_MAX_MS);
}

static void begin_in(struct oc_body *b, struct oc_method_call *c)
{
    c->body = b;
    atomic_store(&c->body->host.interrupted, false);
    c->told_ms = plugin_deadline(c);
    c->begun_ms = oc_time_mono();
    if (c->inv.time_ms <= 0) {
        c->inv.time_ms = oc_time_wall();
    }
    c->records = oc_records_create(b->plugin->owner->loop, c->inv.time_ms, deliver, c);
    if (c->inv.write) {
        oc_records_stream(c->records, c->inv.write, c->inv.stream_ctx);
    }
    c->body->kind->call(c->body, c);
}

static void begin(struct oc_method_call *c)
{
    struct oc_instance *i = c->instance;
    i->running = c;
    i->state = OC_INSTANCE_BUSY;
    begin_in(i->body, c);
}

/* A reload may have taken away the method of a call that waited. */
void oc_calls_begin_next(struct oc_instance *i)
{
    struct oc_method_call *c;
    while (i->state == OC_INSTANCE_READY && !i->running && !oc_reload_holds(i) &&
           (c = TAILQ_FIRST(&i->queue))) {
        if (!oc_plugin_has_method(i->plugin, c->inv.method)) {
            fail_waiting(c, OC_E_UNSUPPORTED, "the plugin has no such method any more");
            continue;
        }
        dequeue(c);
        begin(c);
    }
}

void oc_calls_begin_internal(struct oc_instance *i, const struct oc_invocation *inv)
{
    OC_ASSERT(!i->running && i->state == OC_INSTANCE_READY);
    struct oc_method_call *c = call_create(i, inv);
    c->internal = true;
    begin(c);
    oc_instance_arm(i);
}

/* ---- calls of another body ---- */

struct oc_method_call *oc_call_private(struct oc_body *b, const struct oc_invocation *inv,
                                       void (*ended)(void *ctx, struct oc_method_call *c),
                                       void *ctx)
{
    struct oc_method_call *c = call_create(b->instance, inv);
    c->internal = true;
    c->ended = ended;
    c->ended_ctx = ctx;
    begin_in(b, c);
    return c;
}

bool oc_call_private_late(struct oc_method_call *c, enum oc_body_late *late)
{
    if (c->body->kind->call_withdraw(c->body, c)) {
        call_free(c);
        return true;
    }
    oc_records_drain(c->records);
    atomic_store(&c->body->host.interrupted, true);
    oc_records_cancel(c->records);
    c->body->kind->interrupt(c->body);
    c->abandoned = true;
    c->answered = true; /* nobody listens any more */
    *late = c->body->kind->call_late(c->body, c);
    return false;
}

/* Takes back a call that no worker has begun. */
static bool take_back(struct oc_method_call *c, int code, const char *message)
{
    struct oc_instance *i = c->instance;
    if (c->abandoned || !c->body->kind->call_withdraw(c->body, c)) {
        return false;
    }
    i->running = NULL;
    if (i->state == OC_INSTANCE_BUSY) {
        i->state = OC_INSTANCE_READY;
    }
    answer_text(c, code, message);
    call_free(c);
    return true;
}

static void interrupt(struct oc_method_call *c)
{
    atomic_store(&c->body->host.interrupted, true);
    oc_records_cancel(c->records);
    c->body->kind->interrupt(c->body);
}

void oc_calls_cancel_running(struct oc_instance *i)
{
    struct oc_method_call *c = i->running;
    if (c && !take_back(c, OC_E_CANCELLED, "cancelled")) {
        c->cancelled = true;
        interrupt(c);
    }
}

void oc_instance_cancel(struct oc_instance *i, uint64_t call_id)
{
    if (i->running && i->running->id == call_id) {
        oc_calls_cancel_running(i);
        if (!i->running) {
            oc_instance_idle(i);
        }
        return;
    }
    struct oc_method_call *c;
    TAILQ_FOREACH(c, &i->queue, link)
    {
        if (c->id == call_id) {
            fail_waiting(c, OC_E_CANCELLED, "cancelled");
            return;
        }
    }
}

/* Tells the caller and leaves the worker to itself; its process, if it has one, is killed. */
static enum oc_body_late abandon(struct oc_method_call *c, int code, const char *message)
{
    oc_records_drain(c->records);
    interrupt(c);
    c->abandoned = true;
    const enum oc_body_late late = c->body->kind->call_late(c->body, c);
    if (!c->answered) {
        answer_text(c, code, message);
    }
    return late;
}

static void fence(struct oc_method_call *c)
{
    struct oc_instance *i = c->instance;
    char message[128];
    snprintf(message, sizeof message, "did not return within %" PRId64 " ms", c->inv.timeout_ms);
    oc_error_set(&i->err, OC_E_TIMEOUT, "%s %s", c->inv.method, message);
    if (i->state == OC_INSTANCE_BUSY) {
        oc_instance_set_state(i, OC_INSTANCE_FENCED, "plugin.fenced");
    }
    i->killed = abandon(c, c->cancelled ? OC_E_CANCELLED : OC_E_TIMEOUT, message) == OC_LATE_KILLED;
    oc_reload_fenced(i);
    if (i->state != OC_INSTANCE_FENCED) {
        return; /* an older generation takes over, and with it what waits */
    }
    oc_calls_fail_queued(i, OC_E_CONFLICT,
                         i->killed ? "the instance is fenced until its process is there again"
                                   : "the instance is fenced until a late call returns");
}

void oc_calls_expire(struct oc_instance *i, int64_t now_ms)
{
    struct oc_method_call *c = TAILQ_FIRST(&i->queue), *next;
    for (; c; c = next) {
        next = TAILQ_NEXT(c, link);
        if (c->until_ms <= now_ms) {
            fail_waiting(c, OC_E_TIMEOUT, "waited for an earlier call until its deadline");
            next = TAILQ_FIRST(&i->queue); /* the caller may have changed the queue */
        }
    }
    c = i->running;
    if (c && !c->abandoned && c->until_ms <= now_ms) {
        if (take_back(c, OC_E_TIMEOUT, "no worker was free until its deadline")) {
            oc_instance_idle(i);
        } else {
            fence(c);
        }
    }
}

int64_t oc_calls_earliest(const struct oc_instance *i, int64_t before_ms)
{
    const struct oc_method_call *c;
    if (i->running && !i->running->abandoned && i->running->until_ms < before_ms) {
        before_ms = i->running->until_ms;
    }
    TAILQ_FOREACH(c, &i->queue, link)
    {
        before_ms = c->until_ms < before_ms ? c->until_ms : before_ms;
    }
    return before_ms;
}

void oc_calls_give_up(struct oc_instance *i)
{
    struct oc_method_call *c = i->running;
    if (c && !c->abandoned) {
        abandon(c, OC_E_CANCELLED, "given up: the instance is being stopped");
    }
}
