/* Asking drivers and checks, and what a unit looks like. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/unit/internal.h"

#define STATUS_MS (10 * OC_SECOND)
#define CHECK_MS  (15 * OC_SECOND)

/* ---- one call of the driver ---- */

struct drive {
    struct unit *unit;
    json_t *answer;
    drive_fn done;
    void *ctx;
};

static void drive_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct drive *d = ctx;
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == OC_RECORD_JSON) {
            json_decref(d->answer);
            d->answer = oc_json_parse(records[i].text.ptr, records[i].text.len, NULL);
        }
    }
}

static void drive_end(struct drive *d, int code, const struct oc_error *err)
{
    struct oc_error bad;
    oc_error_init(&bad);
    if (code == OC_OK && !json_is_object(d->answer)) {
        code = oc_error_set(&bad, OC_E_PERMANENT, "the driver of %s did not answer with an object",
                            d->unit->name);
        err = &bad;
    }
    d->done(d->ctx, code, code == OC_OK ? d->answer : NULL, err);
    json_decref(d->answer);
    oc_unit_unref(d->unit);
    free(d);
}

static void drive_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    (void)took_ms;
    drive_end(ctx, code, err);
}

static json_t *drive_params(const struct unit *u, json_t *more)
{
    json_t *params = more ? more : json_object();
    oc_json_set_str(params, "unit", u->name);
    oc_json_set_str(params, "state", u->service->state_dir);
    oc_json_set_str(params, "logs", u->service->logs_dir);
    oc_json_set_int(params, "stop_timeout_ms", u->options.stop_ms);
    return params;
}

void oc_unit_drive(struct unit *u, const char *method, json_t *more, int64_t timeout_ms,
                   drive_fn done, void *ctx)
{
    struct drive *d = oc_calloc(1, sizeof *d);
    struct oc_error err;
    oc_error_init(&err);
    *d = (struct drive){.unit = oc_unit_ref(u), .done = done, .ctx = ctx};
    json_t *params = drive_params(u, more);
    char *text = oc_json_text(params);
    struct oc_invocation inv = {.method = method,
                                .params = text,
                                .timeout_ms = timeout_ms,
                                .on_records = drive_records,
                                .on_done = drive_done,
                                .ctx = d};
    int code = oc_unit_open(u);
    if (code != OC_OK) {
        err = u->error;
    } else {
        code = oc_instance_call(u->driver, &inv, NULL, &err);
    }
    free(text);
    json_decref(params);
    if (code != OC_OK) {
        drive_end(d, code, &err);
    }
}

/* ---- looking ---- */

struct look {
    struct unit *unit;
    oc_loop_fn done;
    void *ctx;
    int worst; /* OC_STATE_*, -1 = nothing was said */
    char output[512];
};

static const char *state_of(const struct unit *u)
{
    return oc_json_str(u->last, "state", "unknown");
}

static void tell_change(struct unit *u)
{
    const char *state = state_of(u);
    if (strcmp(u->told, state) == 0) {
        return;
    }
    if (*u->told) {
        json_t *event = json_object();
        oc_json_set_str(event, "unit", u->name);
        oc_json_set_str(event, "from", u->told);
        oc_json_set_str(event, "to", state);
        oc_bus_publish(u->service->env.bus, "unit.changed", event);
    }
    oc_copy(u->told, sizeof u->told, state);
}

static void look_end(struct look *l)
{
    struct unit *u = l->unit;
    tell_change(u);
    l->done(l->ctx);
    oc_unit_unref(u);
    free(l);
}

static void look_records(void *ctx, const struct oc_record *records, size_t count)
{
    static const int gravity[] = {0, 1, 3, 2}; /* ok, warning, critical, unknown */
    struct look *l = ctx;
    for (size_t i = 0; i < count; i++) {
        const struct oc_record *r = &records[i];
        int state = r->state >= 0 && r->state <= OC_STATE_UNKNOWN ? r->state : OC_STATE_UNKNOWN;
        if (r->type == OC_RECORD_STATUS && (l->worst < 0 || gravity[state] > gravity[l->worst])) {
            char *text = oc_utf8_clean(r->text.ptr ? r->text.ptr : "", r->text.len);
            l->worst = state;
            oc_copy(l->output, sizeof l->output, text);
            free(text);
        }
    }
}

static void look_checked(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    static const enum unit_health healths[] = {HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL,
                                               HEALTH_UNKNOWN};
    struct look *l = ctx;
    struct unit *u = l->unit;
    (void)took_ms;
    u->health = code == OC_OK && l->worst >= 0 ? healths[l->worst]
                : code == OC_E_CANCELLED       ? HEALTH_UNKNOWN
                                               : HEALTH_CRITICAL;
    oc_copy(u->output, sizeof u->output, code == OC_OK ? l->output : err->message);
    look_end(l);
}

/* What a health service says counts only when it was found out after the unit was started. */
static void check_by_health(struct unit *u)
{
    json_t *snapshot =
        oc_ops_ask(u->service->env.ops, "health.snapshot", json_pack("{s:b}", "alerts", 0));
    const json_t *check, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(snapshot, "checks"), i, check)
    {
        found = strcmp(oc_json_str(check, "service", ""), u->check_of) == 0 ? check : found;
    }
    const char *state = oc_json_str(found, "state", "pending");
    int64_t checked = 0;
    oc_time_parse(oc_json_str(found, "checked", "@0"), 0, &checked);
    bool stale = checked <= oc_json_int(u->last, "started_ms", 0);
    u->health = stale                            ? HEALTH_UNKNOWN
                : strcmp(state, "ok") == 0       ? HEALTH_OK
                : strcmp(state, "warning") == 0  ? HEALTH_WARNING
                : strcmp(state, "critical") == 0 ? HEALTH_CRITICAL
                                                 : HEALTH_UNKNOWN;
    oc_copy(u->output, sizeof u->output,
            !found  ? "there is no such health service"
            : stale ? "not checked since it was started"
                    : oc_json_str(found, "output", ""));
    json_decref(snapshot);
}

static void begin_check(struct look *l)
{
    struct unit *u = l->unit;
    struct oc_error err;
    oc_error_init(&err);
    if (strcmp(state_of(u), "running") != 0 || (!u->check && !u->check_of)) {
        u->health = HEALTH_NONE;
        u->output[0] = '\0';
        look_end(l);
    } else if (u->check_of) {
        check_by_health(u);
        look_end(l);
    } else {
        struct oc_invocation inv = {.method = "collector.collect/1",
                                    .timeout_ms = CHECK_MS,
                                    .on_records = look_records,
                                    .on_done = look_checked,
                                    .ctx = l};
        int code = oc_instance_call(u->check, &inv, NULL, &err);
        if (code != OC_OK) {
            look_checked(l, code, &err, 0);
        }
    }
}

static void look_answered(void *ctx, int code, const json_t *answer, const struct oc_error *err)
{
    struct look *l = ctx;
    struct unit *u = l->unit;
    json_decref(u->last);
    if (code == OC_OK) {
        u->last = json_deep_copy(answer);
    } else {
        u->last = json_object();
        oc_json_set_str(u->last, "state", "unknown");
        oc_json_set_str(u->last, "message", err->message);
    }
    begin_check(l);
}

void oc_unit_look(struct unit *u, oc_loop_fn done, void *ctx)
{
    struct look *l = oc_calloc(1, sizeof *l);
    *l = (struct look){.unit = oc_unit_ref(u), .done = done, .ctx = ctx, .worst = -1};
    oc_unit_drive(u, "driver.status/1", NULL, STATUS_MS, look_answered, l);
}

/* ---- as JSON ---- */

bool oc_unit_is_healthy(const struct unit *u)
{
    return strcmp(state_of(u), "running") == 0 &&
           (u->health == HEALTH_NONE || u->health == HEALTH_OK);
}

static json_t *strings(const struct oc_list *list)
{
    const char *const *items = list->items;
    json_t *array = json_array();
    for (uint64_t i = 0; i < list->count; i++) {
        json_array_append_new(array, json_string(items[i]));
    }
    return array;
}

json_t *oc_unit_json(const struct unit *u)
{
    static const char *const healths[] = {"none", "ok", "warning", "critical", "unknown"};
    static const char *const copied[] = {"pid", "started_ms", "memory_bytes", "cpu_ms", "message"};
    json_t *o = json_object();
    int64_t started = oc_json_int(u->last, "started_ms", 0);
    oc_json_set_str(o, "name", u->name);
    oc_json_set_str(o, "driver", u->options.driver);
    oc_json_set_str(o, "state", state_of(u));
    oc_json_set_bool(o, "healthy", oc_unit_is_healthy(u));
    oc_json_set_str(o, "health", healths[u->health]);
    oc_json_set_str(o, "output", u->output);
    for (size_t i = 0; i < OC_COUNT(copied); i++) {
        json_t *value = json_object_get(u->last, copied[i]);
        oc_json_take(o, copied[i], value ? json_incref(value) : json_null());
    }
    oc_json_set_time(o, "started", started);
    oc_json_set_int(o, "order", u->options.order);
    oc_json_take(o, "tags", strings(&u->options.tags));
    oc_json_take(o, "after", strings(&u->options.after));
    oc_json_set_str(o, "doing", oc_unit_busy(u));
    return o;
}
