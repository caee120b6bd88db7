/* The life of schedules: where they come from, and their end. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cron/internal.h"

/* ---- entries ---- */

struct oc_cron_entry *oc_cron_find(struct oc_cron_service *s, const char *name)
{
    for (size_t i = 0; i < s->entries.count; i++) {
        if (strcmp(s->entries.items[i]->name, name) == 0) {
            return s->entries.items[i];
        }
    }
    return NULL;
}

bool oc_cron_enabled(const struct oc_cron_entry *e)
{
    return e->enabled_by_hand >= 0 ? e->enabled_by_hand : e->def.o.enabled;
}

bool oc_cron_active(const struct oc_cron_entry *e)
{
    return oc_cron_enabled(e) && e->available;
}

static int by_name(const void *a, const void *b)
{
    const struct oc_cron_entry *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

struct oc_cron_entry *oc_cron_entry_add(struct oc_cron_service *s, struct oc_cron_definition *def,
                                        enum oc_cron_origin origin)
{
    struct oc_cron_entry *e = oc_calloc(1, sizeof *e);
    e->service = s;
    e->name = oc_strdup(def->o.name);
    e->origin = origin;
    e->def = *def;
    memset(def, 0, sizeof *def);
    oc_cron_load_entry(e);
    oc_cron_check(e);
    OC_VEC_PUSH(&s->entries, e);
    qsort(s->entries.items, s->entries.count, sizeof *s->entries.items, by_name);
    return e;
}

void oc_cron_entry_change(struct oc_cron_entry *e, struct oc_cron_definition *def,
                          enum oc_cron_origin origin)
{
    char *before = oc_cron_definition_when(&e->def), *after = oc_cron_definition_when(def);
    if (strcmp(before, after) != 0) { /* what was due by the old times is no matter any more */
        e->seen = oc_time_wall();
        e->missed = e->shown = 0;
        e->waiting.count = 0;
        e->dirty = true;
    }
    free(before);
    free(after);
    oc_cron_definition_finish(&e->def);
    e->def = *def;
    memset(def, 0, sizeof *def);
    e->origin = origin;
    oc_cron_check(e);
}

static void entry_free(struct oc_cron_entry *e)
{
    for (size_t i = 0; i < e->running.count; i++) {
        e->running.items[i]->entry = NULL;
    }
    OC_VEC_FINISH(&e->running);
    OC_VEC_FINISH(&e->waiting);
    OC_VEC_FINISH(&e->left);
    oc_cron_await_forget(e);
    oc_cron_definition_finish(&e->def);
    json_decref(e->last);
    free(e->name);
    free(e);
}

void oc_cron_entry_drop(struct oc_cron_service *s, struct oc_cron_entry *e)
{
    for (size_t i = 0; i < s->entries.count; i++) {
        if (s->entries.items[i] == e) {
            OC_VEC_REMOVE(&s->entries, i);
            break;
        }
    }
    if (!s->env.ephemeral) {
        oc_cron_emit_gone(e);
    }
    entry_free(e);
}

/* ---- whether its operation can be called ---- */

static int check_params(const struct oc_cron_definition *d, const struct oc_op *op,
                        struct oc_error *err)
{
    static const struct oc_option none[] = {{0}};
    struct oc_arena arena = {0};
    void *target = oc_calloc(1, op->params_size ? op->params_size : 1);
    json_t *empty = json_object();
    int code = oc_bind_json(op->params ? op->params : none, d->params ? d->params : empty, target,
                            op->params_size, &arena, err);
    json_decref(empty);
    oc_arena_finish(&arena);
    free(target);
    return code == OC_OK ? code : oc_error_prefix(err, "params");
}

int oc_cron_check_op(struct oc_cron_service *s, const struct oc_cron_definition *d,
                     struct oc_error *err)
{
    const struct oc_op *op = oc_ops_find(s->env.ops, d->o.op);
    if (!op || op->flags & OC_OP_INTERNAL) {
        oc_error_set(err, OC_E_NOT_FOUND, "operation %s is not available on this host", d->o.op);
        oc_error_hint(err, "It runs at its times as soon as there is such an operation.");
        return OC_E_NOT_FOUND;
    }
    if (op->flags & (OC_OP_STREAMS | OC_OP_PRIVATE)) {
        oc_error_set(err, OC_E_UNSUPPORTED, "operation %s %s", d->o.op,
                     op->flags & OC_OP_STREAMS ? "never ends by itself"
                                               : "never runs within the running host");
        return OC_E_UNSUPPORTED;
    }
    if (op->flags & OC_OP_TELLS_SECRET) {
        oc_error_set(err, OC_E_UNSUPPORTED,
                     "operation %s tells a secret, which a schedule has nobody to tell", d->o.op);
        oc_error_hint(err, "Only who is there to take it may call it: call it yourself.");
        return OC_E_UNSUPPORTED;
    }
    if (d->o.role < (int32_t)op->role) {
        oc_error_set(err, OC_E_DENIED, "operation %s needs the role %s, the schedule has %s",
                     d->o.op, oc_cron_role_name((int32_t)op->role), oc_cron_role_name(d->o.role));
        oc_error_hint(err, "Give it role = \"%s\".", oc_cron_role_name((int32_t)op->role));
        return OC_E_DENIED;
    }
    return check_params(d, op, err);
}

void oc_cron_check(struct oc_cron_entry *e)
{
    struct oc_error err;
    oc_error_init(&err);
    bool before = e->available;
    e->available = oc_cron_check_op(e->service, &e->def, &err) == OC_OK;
    oc_copy(e->reason, sizeof e->reason, e->available ? "" : err.message);
    e->dirty = e->dirty || e->available != before;
    if (e->available && !before && oc_cron_enabled(e) && e->service->configured) {
        oc_info("the operation of a schedule is there now", "schedule=%s op=%s", e->name,
                e->def.o.op);
    }
}

/* ---- life ---- */

struct oc_cron_service *oc_cron_service_create(const struct oc_env *env)
{
    struct oc_cron_service *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->records = json_array();
    s->timer = oc_timer_create(env->loop, oc_cron_tick, s);
    s->flusher = oc_timer_create(env->loop, oc_cron_flush_timer, s);
    s->decider = oc_timer_create(env->loop, oc_cron_decider_timer, s);
    s->decisions = oc_bus_subscribe(env->bus, "governance.*", oc_cron_decided, s);
    oc_cron_add_look_ops(s);
    oc_cron_add_edit_ops(s);
    oc_cron_add_act_ops(s);
    oc_cron_add_import_op(s);
    return s;
}

static void finish_stop(struct oc_cron_service *s)
{
    oc_loop_fn fn = s->stopped;
    oc_timer_stop(s->grace);
    s->stopped = NULL;
    if (fn) {
        fn(s->stopped_ctx);
    }
}

static void grace_over(void *ctx)
{
    struct oc_cron_service *s = ctx;
    while (s->runs.count > 0) {
        struct oc_cron_run *run = s->runs.items[0];
        size_t before = s->runs.count;
        if (run->call) {
            oc_call_cancel(run->call);
        }
        if (s->runs.count == before) {
            oc_cron_run_orphan(run);
        }
    }
    finish_stop(s);
}

static void watch_end(void *ctx)
{
    struct oc_cron_service *s = ctx;
    if (s->runs.count == 0 || oc_time_mono() >= s->stop_by) {
        grace_over(s);
    }
}

void oc_cron_service_stop(struct oc_cron_service *s, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    s->stopping = true;
    s->stopped = done;
    s->stopped_ctx = ctx;
    s->stop_by = oc_time_mono() + grace_ms;
    oc_timer_stop(s->timer);
    s->grace = oc_timer_create(s->env.loop, watch_end, s);
    if (s->runs.count == 0 || grace_ms <= 0) {
        grace_over(s);
    } else {
        oc_timer_start(s->grace, 10, 10);
    }
}

void oc_cron_service_describe(json_t *sections)
{
    /* Any members, also nested ones: what they are is the operation's to say. */
    static const struct oc_option params[] = {
        {.name = "params", .type = OC_OPT_MAP, .help = "the parameters of the operation, a group"},
        {0}};
    json_t *options = oc_options_json(oc_cron_options, sizeof *oc_cron_options);
    json_t *more = oc_options_json(params, sizeof *params);
    json_array_extend(options, more);
    json_decref(more);
    oc_json_take(sections, "schedules", options);
}

void oc_cron_service_destroy(struct oc_cron_service *s)
{
    if (!s) {
        return;
    }
    oc_timer_destroy(s->timer);
    oc_timer_destroy(s->grace);
    oc_timer_destroy(s->flusher);
    oc_timer_destroy(s->decider);
    oc_bus_unsubscribe(s->decisions);
    oc_cron_withdraw_forget(s);
    while (s->runs.count > 0) {
        oc_cron_run_orphan(s->runs.items[0]);
    }
    OC_VEC_FINISH(&s->runs);
    if (!s->env.ephemeral) {
        oc_cron_flush(s, NULL);
    }
    while (s->entries.count > 0) {
        entry_free(s->entries.items[--s->entries.count]);
    }
    OC_VEC_FINISH(&s->entries);
    json_decref(s->records);
    free(s);
}
