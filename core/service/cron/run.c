/* One run of a schedule: claimed on the disk, called, recorded. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/cron/internal.h"

const char *oc_cron_trigger_name(enum oc_cron_trigger trigger)
{
    static const char *const names[] = {"schedule", "catch_up", "repeat", "manual"};
    return names[trigger];
}

static json_t *event_json(const json_t *record)
{
    json_t *event = json_object();
    json_object_set(event, "schedule", json_object_get(record, "schedule"));
    json_object_set(event, "run", json_object_get(record, "run"));
    return event;
}

static void publish_started(const struct oc_cron_run *run)
{
    json_t *event = event_json(run->record);
    json_object_set(event, "op", json_object_get(run->record, "op"));
    json_object_set(event, "due", json_object_get(run->record, "due"));
    oc_json_set_str(event, "trigger", oc_cron_trigger_name(run->trigger));
    oc_bus_publish(run->service->env.bus, "cron.started", event);
}

void oc_cron_publish_ended(struct oc_cron_service *s, const json_t *record)
{
    json_t *event = event_json(record);
    json_object_set(event, "state", json_object_get(record, "state"));
    json_object_set(event, "code", json_object_get(record, "code"));
    json_object_set(event, "took_ms", json_object_get(record, "took_ms"));
    oc_bus_publish(s->env.bus, "cron.ended", event);
}

/* ---- the end ---- */

static void leave_lists(struct oc_cron_run *run)
{
    struct oc_cron_service *s = run->service;
    for (size_t i = 0; i < s->runs.count; i++) {
        if (s->runs.items[i] == run) {
            OC_VEC_REMOVE(&s->runs, i);
            break;
        }
    }
    for (size_t i = 0; run->entry && i < run->entry->running.count; i++) {
        if (run->entry->running.items[i] == run) {
            OC_VEC_REMOVE(&run->entry->running, i);
            break;
        }
    }
}

void oc_cron_run_destroy(struct oc_cron_run *run)
{
    if (run->service) {
        leave_lists(run);
    }
    oc_timer_destroy(run->timer);
    json_decref(run->record);
    free(run);
}

/* The run stays open in what is written, and is found as interrupted by the next start. */
static void leave_open(struct oc_cron_run *run)
{
    if (run->entry) {
        OC_VEC_PUSH(&run->entry->left, run->number);
    }
}

void oc_cron_run_orphan(struct oc_cron_run *run)
{
    leave_open(run);
    leave_lists(run);
    oc_timer_destroy(run->timer);
    run->timer = NULL;
    run->entry = NULL;
    run->service = NULL;
    run->asker = NULL;
}

/* A summary of what came back, cut where a character begins. */
void oc_cron_record_output(json_t *record, const json_t *result)
{
    char *text = result && !json_is_null(result) ? oc_json_text(result) : NULL;
    size_t len = text ? strlen(text) : 0;
    if (len > OC_CRON_OUTPUT_MAX) {
        len = OC_CRON_OUTPUT_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
        text[len] = '\0';
        oc_json_set_bool(record, "cut", true);
    }
    oc_json_set_str(record, "output", text);
    free(text);
}

static const char *state_of(const struct oc_cron_run *run, int code)
{
    if (run->timed_out) {
        return "timeout";
    }
    if (code == OC_E_APPROVAL) {
        return "waiting"; /* governance runs it when it is approved */
    }
    return code == OC_OK ? "ok" : code == OC_E_CANCELLED ? "cancelled" : "failed";
}

static void answer_asker(struct oc_cron_run *run)
{
    struct oc_call *asker = run->asker;
    run->asker = NULL;
    if (asker) {
        oc_call_succeed(asker, json_incref(run->record));
    }
}

static bool waits(const struct oc_cron_run *run)
{
    return strcmp(oc_json_str(run->record, "state", ""), "waiting") == 0;
}

static void fill_record(struct oc_cron_run *run, int code, const json_t *result,
                        const struct oc_error *err)
{
    oc_json_set_str(run->record, "state", state_of(run, code));
    oc_json_set_str(run->record, "code", oc_error_name(run->timed_out ? OC_E_TIMEOUT : code));
    if (waits(run)) {
        oc_json_set_str(run->record, "proposal", oc_json_str(result, "proposal", ""));
    } else {
        oc_json_set_time(run->record, "ended", oc_time_wall());
        oc_json_set_int(run->record, "took_ms", oc_time_mono() - run->began_mono);
    }
    if (run->timed_out) {
        oc_json_set_str(run->record, "message", "it was cancelled: its timeout had passed");
    } else if (code != OC_OK && err) {
        oc_json_set_str(run->record, "message", err->message);
        oc_json_set_str(run->record, "hint", err->hint);
    }
    oc_cron_record_output(run->record, result);
}

static void settle(struct oc_cron_run *run)
{
    struct oc_cron_entry *e = run->entry;
    const bool good = strcmp(oc_json_str(run->record, "state", ""), "ok") == 0;
    if (waits(run)) {
        oc_cron_await(e, json_incref(run->record)); /* what comes of it says whether it failed */
    } else {
        e->failed = good ? 0 : e->failed + 1;
    }
    oc_cron_settle(e, json_incref(run->record));
    oc_cron_publish_ended(e->service, run->record);
    if (!good && !waits(run)) {
        oc_warn("a scheduled run failed", "schedule=%s run=%lld code=%s message=%s", e->name,
                (long long)run->number, oc_json_str(run->record, "code", ""),
                oc_json_str(run->record, "message", ""));
    }
}

/* Calls are cancelled before we are told that the host goes. */
static bool is_leaving(const struct oc_cron_service *s)
{
    return s->stopping || oc_ops_stopping(s->env.ops);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct oc_cron_run *run = ctx;
    struct oc_cron_service *s = run->service;
    run->over = true;
    if (!s) {
        oc_cron_run_destroy(run);
        return;
    }
    fill_record(run, code, result, err);
    if (code == OC_E_CANCELLED && is_leaving(s) && !run->timed_out) {
        leave_open(run);
    } else if (run->entry) {
        settle(run);
    } else if (waits(run)) { /* the schedule is no more */
        oc_cron_withdraw_later(s, oc_json_str(run->record, "schedule", ""),
                               oc_json_str(run->record, "proposal", ""));
    }
    answer_asker(run);
    if (!run->starting) {
        oc_cron_run_destroy(run);
        oc_cron_wake(s);
    }
}

static void on_timeout(void *ctx)
{
    struct oc_cron_run *run = ctx;
    run->timed_out = true;
    if (run->call) {
        oc_call_cancel(run->call); /* may free the run */
    }
}

/* ---- the beginning ---- */

static struct oc_cron_run *create(const struct oc_cron_claim *claim)
{
    struct oc_cron_entry *e = claim->entry;
    struct oc_cron_run *run = oc_calloc(1, sizeof *run);
    int64_t now = oc_time_wall();
    run->entry = e;
    run->service = e->service;
    run->number = ++e->number;
    run->due = claim->wait.due;
    run->trigger = claim->wait.trigger;
    run->began_mono = oc_time_mono();
    run->asker = claim->asker;
    run->record = json_object();
    oc_json_set_int(run->record, "run", run->number);
    oc_json_set_str(run->record, "schedule", e->name);
    oc_json_set_str(run->record, "op", e->def.o.op);
    oc_json_set_str(run->record, "state", "running");
    oc_json_set_str(run->record, "trigger", oc_cron_trigger_name(run->trigger));
    oc_json_set_time(run->record, "due", run->due);
    oc_json_set_time(run->record, "at", now);
    OC_VEC_PUSH(&e->running, run);
    OC_VEC_PUSH(&run->service->runs, run);
    e->dirty = true;
    return run;
}

static void give_up(struct oc_cron_run *run)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "the schedule was removed before its run began");
    fill_record(run, OC_E_CANCELLED, NULL, &err);
    answer_asker(run);
    oc_cron_run_destroy(run);
}

static void begin(struct oc_cron_run *run)
{
    struct oc_cron_entry *e = run->entry;
    struct oc_cron_service *s = run->service;
    char actor[96];
    if (!e) { /* what was begun before it in this very turn has removed the schedule */
        give_up(run);
        return;
    }
    snprintf(actor, sizeof actor, "schedule:%s", e->name);
    const struct oc_call_request req = {
        .op = e->def.o.op,
        .params = e->def.params ? json_deep_copy(e->def.params) : NULL,
        .actor = {.name = actor, .role = (enum oc_role)e->def.o.role},
        .on_done = on_done,
        .ctx = run};
    e->missed = 0;
    s->changed = true;
    publish_started(run);
    run->starting = true;
    run->call = oc_ops_call(s->env.ops, &req);
    run->starting = false;
    if (run->over) {
        oc_cron_run_destroy(run);
        oc_cron_wake(s);
    } else if (run->entry && run->entry->def.o.timeout > 0) {
        run->timer = oc_timer_create(s->env.loop, on_timeout, run);
        oc_timer_start(run->timer, run->entry->def.o.timeout, 0);
    }
}

int oc_cron_claim(struct oc_cron_service *s, const struct oc_cron_claim *claims, size_t count,
                  struct oc_error *err)
{
    struct oc_cron_run **runs = oc_calloc(count, sizeof(*runs));
    size_t before = json_array_size(s->records);
    for (size_t i = 0; i < count; i++) {
        runs[i] = create(&claims[i]);
        json_array_append(s->records, runs[i]->record);
    }
    int code = oc_cron_flush(s, err);
    while (code != OC_OK && json_array_size(s->records) > before) {
        json_array_remove(s->records, json_array_size(s->records) - 1);
    }
    for (size_t i = 0; i < count; i++) {
        if (code == OC_OK) {
            begin(runs[i]);
        } else {
            oc_cron_run_destroy(runs[i]);
        }
    }
    free(runs);
    return code;
}
