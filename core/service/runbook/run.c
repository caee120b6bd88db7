/* What is kept of a run, who is told of it, and how it ends. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/runbook/internal.h"
#include "core/sys/crypto.h"

#define SPACE "runbook"
#define ALIVE (10 * OC_SECOND) /* so often a watcher hears something, at the least */

const char *oc_runbook_run_state(const struct run *r)
{
    return oc_json_str(r->doc, "state", "");
}

bool oc_runbook_run_is_over(const char *state)
{
    static const char *const over[] = {"done", "failed", "aborted", "unknown"};
    for (size_t i = 0; i < OC_COUNT(over); i++) {
        if (strcmp(over[i], state) == 0) {
            return true;
        }
    }
    return false;
}

int oc_runbook_run_keep(struct run *r, struct oc_error *err)
{
    return oc_kv_put(r->service->env->store, SPACE, r->id, r->doc, true, err);
}

static void keep_or_warn(struct run *r)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_runbook_run_keep(r, &err) != OC_OK) {
        oc_warn("run of a runbook not written down", "run=%s reason=%s", r->id, err.message);
    }
}

void oc_runbook_run_set_state(struct run *r, const char *state)
{
    if (strcmp(oc_runbook_run_state(r), state) != 0) {
        oc_json_set_str(r->doc, "state", state);
        keep_or_warn(r);
    }
}

/* ---- watchers ---- */

static double fraction(const struct run *r)
{
    const json_t *step;
    size_t i, over = 0, all = json_array_size(r->steps);
    json_array_foreach(r->steps, i, step)
    {
        const char *state = oc_json_str(step, "state", "pending");
        over += strcmp(state, "pending") != 0 && strcmp(state, "running") != 0 &&
                strcmp(state, "waiting") != 0;
    }
    return all ? (double)over / (double)all : 1;
}

static void tell_alive(void *ctx)
{
    struct run *r = ctx;
    const json_t *step, *now = NULL;
    size_t i;
    json_array_foreach(r->steps, i, step)
    {
        const char *state = oc_json_str(step, "state", "");
        bool busy = strcmp(state, "running") == 0 || strcmp(state, "waiting") == 0 ||
                    strcmp(state, "undoing") == 0;
        now = busy && !now ? step : now;
    }
    for (struct watcher *w = r->watchers; w; w = w->next) {
        oc_call_progress(w->call, fraction(r), oc_json_str(now, "title", oc_runbook_run_state(r)));
    }
}

static void unwatch(struct oc_call *call, void *ctx)
{
    struct watcher *w = ctx, **at = &w->run->watchers;
    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    char id[64];
    oc_copy(id, sizeof id, w->run->id);
    free(w);
    oc_call_failf(call, OC_E_CANCELLED,
                  "`openclaw runbook status` shows it; `openclaw runbook "
                  "abort` ends it.",
                  "nobody watches run %s any more: it goes on", id);
}

void oc_runbook_run_watch(struct run *r, struct oc_call *call)
{
    struct watcher *w = oc_calloc(1, sizeof *w);
    *w = (struct watcher){.call = call, .run = r, .next = r->watchers};
    r->watchers = w;
    oc_call_on_cancel(call, unwatch, w);
    if (!oc_timer_active(r->alive)) {
        oc_timer_start(r->alive, ALIVE, ALIVE);
    }
}

static void tell_row(struct run *r, const json_t *row)
{
    for (struct watcher *w = r->watchers; w; w = w->next) {
        oc_call_row(w->call, json_deep_copy(row));
    }
    tell_alive(r);
}

/* What can be done about a run that did not reach its end. */
static void add_hint(const struct run *r, struct oc_error *err)
{
    if (oc_json_str(r->doc, "then", NULL)) {
        oc_error_hint(err, "%sRun the runbook again once its cause is mended.",
                      oc_runbook_undo_is_left(r->service, r->doc)
                          ? "Put right by hand what was not undone. "
                          : "");
    } else if (oc_runbook_undo_can(r->service, r->doc)) {
        oc_error_hint(err,
                      "Mend it and give `openclaw runbook resume %s`, or `openclaw runbook abort "
                      "%s --undo`.",
                      r->id, r->id);
    } else {
        oc_error_hint(err, "Mend it and give `openclaw runbook resume %s`.", r->id);
    }
}

/* An abort has succeeded when the run is as it was asked for: with --undo, when nothing of it is left. */
static bool is_fine(const struct run *r, const struct watcher *w, const char *state)
{
    if (strcmp(state, "aborted") == 0 && strcmp(oc_call_op(w->call)->name, "runbook.abort") == 0) {
        return !r->undo || !oc_runbook_undo_is_left(r->service, r->doc);
    }
    return strcmp(state, "done") == 0;
}

static void answer(const struct run *r, struct watcher *w, const json_t *report, const char *state)
{
    struct oc_error err;
    oc_error_init(&err);
    if (is_fine(r, w, state)) {
        oc_call_succeed(w->call, json_deep_copy(report));
        return;
    }
    oc_error_set(&err, OC_E_PERMANENT, "%s",
                 oc_json_str(report, "message", "the runbook did not reach its end"));
    add_hint(r, &err);
    oc_call_fail_with(w->call, &err, json_deep_copy(report));
}

void oc_runbook_run_answer(struct oc_runbook *s, struct oc_call *call, json_t *doc)
{
    const struct run r = {
        .service = s, .doc = doc, .id = (char *)(uintptr_t)oc_json_str(doc, "run", "")};
    struct watcher w = {.call = call};
    json_t *report = oc_runbook_run_report(doc);
    answer(&r, &w, report, oc_runbook_run_state(&r));
    json_decref(report);
    json_decref(doc);
}

static void answer_all(struct run *r, const char *state)
{
    json_t *report = oc_runbook_run_report(r->doc);
    while (r->watchers) {
        struct watcher *w = r->watchers;
        r->watchers = w->next;
        answer(r, w, report, state);
        free(w);
    }
    json_decref(report);
}

void oc_runbook_run_detach_all(struct run *r)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "the host stops: run %s goes on when it is back", r->id);
    while (r->watchers) {
        struct watcher *w = r->watchers;
        r->watchers = w->next;
        oc_call_fail(w->call, &err);
        free(w);
    }
}

/* ---- steps ---- */

static void stamp(json_t *step, const char *state)
{
    if (strcmp(state, "running") == 0) {
        oc_json_set_int(step, "began_ms", oc_time_wall());
        oc_json_set_int(step, "attempts", oc_json_int(step, "attempts", 0) + 1);
        json_object_del(step, "acted");
        json_object_del(step, "ended_ms");
    } else if (strcmp(state, "waiting") != 0 && strcmp(state, "undoing") != 0) {
        oc_json_set_int(step, "ended_ms", oc_time_wall());
    }
}

int oc_runbook_step_set(struct run *r, size_t index, const char *state, const char *message)
{
    static const char *const told[] = {"title", "op"};
    json_t *step = json_array_get(r->steps, index), *row = json_object();
    struct oc_error err;
    oc_error_init(&err);
    stamp(step, state);
    oc_json_set_str(step, "state", state);
    oc_json_set_str(step, "message", message);
    int rc = oc_runbook_run_keep(r, &err);
    if (rc != OC_OK) {
        oc_warn("step of a runbook not written down", "run=%s step=%s reason=%s", r->id,
                oc_json_str(step, "id", ""), err.message);
    }
    oc_json_set_str(row, "run", r->id);
    oc_json_set_str(row, "runbook", oc_json_str(r->doc, "runbook", ""));
    oc_json_set_str(row, "step", oc_json_str(step, "id", ""));
    oc_json_set_int(row, "index", (int64_t)index);
    for (size_t i = 0; i < OC_COUNT(told); i++) {
        json_object_set(row, told[i], json_object_get(step, told[i]));
    }
    oc_json_set_str(row, "state", state);
    oc_json_set_str(row, "message", message);
    tell_row(r, row);
    oc_bus_publish(r->service->env->bus, "runbook.step", row);
    return rc;
}

/* ---- life ---- */

struct run *oc_runbook_run_find(struct oc_runbook *s, const char *id)
{
    struct run *r = s->runs;
    while (r && strcmp(r->id, id) != 0) {
        r = r->next;
    }
    return r;
}

struct run *oc_runbook_run_adopt(struct oc_runbook *s, json_t *doc)
{
    struct run *r = oc_calloc(1, sizeof *r);
    r->service = s;
    r->doc = doc;
    r->steps = json_object_get(doc, "steps");
    r->id = oc_strdup(oc_json_str(doc, "run", ""));
    r->actor = oc_asprintf("runbook:%s", r->id);
    r->role = (enum oc_role)oc_json_int(doc, "role", OC_ROLE_VIEWER);
    r->alive = oc_timer_create(s->env->loop, tell_alive, r);
    r->next = s->runs;
    s->runs = r;
    return r;
}

/* "20261122-133000-1f3a": to be read and to be typed. */
static void make_id(char id[40])
{
    char time[40];
    uint16_t chance;
    oc_random(&chance, sizeof chance);
    oc_time_format(oc_time_wall(), time, sizeof time);
    snprintf(id, 40, "%.4s%.2s%.2s-%.2s%.2s%.2s-%04x", time, time + 5, time + 8, time + 11,
             time + 14, time + 17, chance);
}

struct run *oc_runbook_run_create(struct oc_runbook *s, json_t *plan, const struct oc_actor *actor,
                                  bool skip_unavailable)
{
    static const char *const taken[] = {"runbook", "title",    "severity", "params",
                                        "plan",    "findings", "warnings", "steps"};
    char id[40];
    json_t *doc = json_object(), *step;
    size_t i;
    make_id(id);
    oc_json_set_str(doc, "run", id);
    for (i = 0; i < OC_COUNT(taken); i++) {
        oc_json_take(doc, taken[i], json_deep_copy(json_object_get(plan, taken[i])));
    }
    json_array_foreach(json_object_get(doc, "steps"), i, step)
    {
        oc_json_set_str(step, "state", "pending");
    }
    oc_json_set_str(doc, "by", actor->name);
    oc_json_set_int(doc, "role", actor->role);
    oc_json_set_str(doc, "approval", actor->approval);
    oc_json_set_bool(doc, "skip_unavailable", skip_unavailable);
    oc_json_set_str(doc, "state", "running");
    oc_json_set_int(doc, "began_ms", oc_time_wall());
    return oc_runbook_run_adopt(s, doc);
}

void oc_runbook_run_free(struct run *r)
{
    struct run **at = &r->service->runs;
    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
    while (r->execs) {
        oc_runbook_exec_free(r->execs);
    }
    oc_timer_destroy(r->alive);
    json_decref(r->doc);
    free(r->id);
    free(r->actor);
    free(r);
}

void oc_runbook_run_end(struct run *r, const char *state, const char *message)
{
    struct oc_bus *bus = r->service->env->bus;
    int64_t now = oc_time_wall();
    json_t *event = json_object();
    oc_json_set_str(r->doc, "message", message);
    oc_json_set_int(r->doc, "ended_ms", now);
    oc_json_set_str(r->doc, "state", state);
    keep_or_warn(r);
    oc_json_set_str(event, "run", r->id);
    oc_json_set_str(event, "runbook", oc_json_str(r->doc, "runbook", ""));
    oc_json_set_str(event, "state", state);
    oc_json_set_str(event, "message", message);
    oc_json_set_int(event, "took_ms", now - oc_json_int(r->doc, "began_ms", now));
    oc_info("runbook ended", "run=%s state=%s message=%s", r->id, state, message ? message : "");
    oc_bus_publish(bus, "runbook.ended", event);
    answer_all(r, state);
    oc_runbook_run_free(r);
}

json_t *oc_runbook_run_document(struct oc_runbook *s, const char *id)
{
    struct run *r = oc_runbook_run_find(s, id);
    return r ? json_deep_copy(r->doc) : oc_kv_get(s->env->store, SPACE, id);
}

void oc_runbook_runs_prune(struct oc_runbook *s)
{
    json_t *all = oc_kv_all(s->env->store, SPACE), *doc;
    const char *id, *oldest = NULL;
    size_t count = json_object_size(all);
    while (count > (size_t)s->keep) {
        oldest = NULL;
        json_object_foreach(all, id, doc)
        {
            bool over = oc_runbook_run_is_over(oc_json_str(doc, "state", "")) &&
                        !oc_runbook_run_find(s, id);
            oldest = over && (!oldest || strcmp(id, oldest) < 0) ? id : oldest;
        }
        if (!oldest) {
            break;
        }
        oc_kv_remove(s->env->store, SPACE, oldest, false, NULL);
        json_object_del(all, oldest);
        count--;
    }
    json_decref(all);
}

/* ---- what people are given ---- */

static json_t *step_report(const json_t *step)
{
    static const char *const told[] = {"id",      "title",  "op",       "params",   "state",
                                       "message", "result", "attempts", "proposal", "optional"};
    json_t *o = json_object();
    for (size_t i = 0; i < OC_COUNT(told); i++) {
        if (json_object_get(step, told[i])) {
            json_object_set(o, told[i], json_object_get(step, told[i]));
        }
    }
    int64_t began = oc_json_int(step, "began_ms", 0), ended = oc_json_int(step, "ended_ms", 0);
    oc_json_set_time(o, "began", began);
    oc_json_take(o, "took_ms", began && ended >= began ? json_integer(ended - began) : json_null());
    return o;
}

json_t *oc_runbook_run_report(const json_t *doc)
{
    static const char *const told[] = {"run", "runbook", "title",   "severity", "params",  "plan",
                                       "by",  "state",   "message", "findings", "warnings"};
    json_t *o = json_object(), *steps = json_array(), *counts = json_object();
    const json_t *step;
    size_t i;
    for (i = 0; i < OC_COUNT(told); i++) {
        json_t *value = json_object_get(doc, told[i]);
        oc_json_take(o, told[i], value ? json_incref(value) : json_null());
    }
    int64_t began = oc_json_int(doc, "began_ms", 0), ended = oc_json_int(doc, "ended_ms", 0);
    oc_json_set_time(o, "began", began);
    oc_json_set_time(o, "ended", ended);
    oc_json_take(o, "took_ms", ended ? json_integer(ended - began) : json_null());
    json_array_foreach(json_object_get(doc, "steps"), i, step)
    {
        const char *state = oc_json_str(step, "state", "pending");
        json_array_append_new(steps, step_report(step));
        oc_json_set_int(counts, state, oc_json_int(counts, state, 0) + 1);
    }
    oc_json_take(o, "counts", counts);
    oc_json_take(o, "steps", steps);
    return o;
}
