/* What the store keeps of schedules: definitions, states, the records of runs. SPDX-License-Identifier: MIT
 *
 *   cron.schedule  name -> the definition of one that people added
 *   cron.state     name -> {"when","cursor","number","missed","failed","active","enabled"?,
 *                         "open":[numbers of runs under way],"repeat":[due times of those to be done again],
 *                         "asked":{number: proposal} of those that wait for a decision}
 *   cron.withdraw  see awaited.c
 *   cron.run       name/000000000042 -> the record; the newest OC_CRON_HISTORY of each schedule */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/cron/internal.h"

#define DEFINITIONS "cron.schedule"
#define STATES      "cron.state"
#define RECORDS     "cron.run"

#define KEY_SIZE    96
#define TRY_AGAIN   (5 * OC_SECOND)
#define RECORDS_MAX 10000 /* that wait for a store that cannot be written to */

static char *record_key(const char *name, int64_t number, char key[KEY_SIZE])
{
    snprintf(key, KEY_SIZE, "%s/%012lld", name, (long long)number);
    return key;
}

/* ---- writing ---- */

/* What waits is not yet done: after a crash it is found again, as missed. */
static int64_t cursor_of(const struct oc_cron_entry *e)
{
    int64_t cursor = e->seen;
    for (size_t i = 0; i < e->waiting.count; i++) {
        const struct oc_cron_wait *w = &e->waiting.items[i];
        if (w->trigger != OC_CRON_REPEAT && w->due <= cursor) {
            cursor = w->due - 1;
        }
    }
    return cursor;
}

static json_t *asked_json(const struct oc_cron_entry *e)
{
    json_t *asked = json_object();
    for (size_t i = 0; i < e->asked.count; i++) {
        char number[24];
        snprintf(number, sizeof number, "%lld",
                 (long long)oc_json_int(e->asked.items[i], "run", 0));
        oc_json_set_str(asked, number, oc_json_str(e->asked.items[i], "proposal", ""));
    }
    return asked;
}

static void write_state(const struct oc_cron_entry *e)
{
    json_t *state = json_object(), *open = json_array(), *repeat = json_array();
    char *when = oc_cron_definition_when(&e->def);
    oc_json_set_str(state, "when", when);
    oc_json_set_bool(state, "active", oc_cron_active(e));
    oc_json_set_int(state, "cursor", cursor_of(e));
    oc_json_set_int(state, "number", e->number);
    oc_json_set_int(state, "missed", e->missed);
    oc_json_set_int(state, "failed", e->failed);
    if (e->enabled_by_hand >= 0) {
        oc_json_set_bool(state, "enabled", e->enabled_by_hand);
    }
    for (size_t i = 0; i < e->running.count; i++) {
        json_array_append_new(open, json_integer(e->running.items[i]->number));
    }
    for (size_t i = 0; i < e->left.count; i++) {
        json_array_append_new(open, json_integer(e->left.items[i]));
    }
    for (size_t i = 0; i < e->waiting.count; i++) {
        if (e->waiting.items[i].trigger == OC_CRON_REPEAT) {
            json_array_append_new(repeat, json_integer(e->waiting.items[i].due));
        }
    }
    oc_json_take(state, "open", open);
    oc_json_take(state, "repeat", repeat);
    oc_json_take(state, "asked", asked_json(e));
    oc_kv_put(e->service->env.store, STATES, e->name, state, true, NULL);
    json_decref(state);
    free(when);
}

static void write_record(struct oc_store *store, const json_t *record)
{
    char key[KEY_SIZE];
    const char *name = oc_json_str(record, "schedule", "");
    int64_t number = oc_json_int(record, "run", 0);
    oc_kv_put(store, RECORDS, record_key(name, number, key), record, true, NULL);
    if (number > OC_CRON_HISTORY) {
        oc_kv_remove(store, RECORDS, record_key(name, number - OC_CRON_HISTORY, key), true, NULL);
    }
}

int oc_cron_flush(struct oc_cron_service *s, struct oc_error *err)
{
    const json_t *record;
    size_t i;
    oc_store_begin(s->env.store);
    json_array_foreach(s->records, i, record)
    {
        write_record(s->env.store, record);
    }
    for (i = 0; i < s->entries.count; i++) {
        if (s->entries.items[i]->dirty) {
            write_state(s->entries.items[i]);
        }
    }
    int code = oc_store_end(s->env.store, err);
    if (code == OC_OK || json_array_size(s->records) > RECORDS_MAX) {
        json_array_clear(s->records);
    }
    for (i = 0; code == OC_OK && i < s->entries.count; i++) {
        s->entries.items[i]->dirty = false;
    }
    return code;
}

void oc_cron_flush_timer(void *service)
{
    struct oc_cron_service *s = service;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_cron_flush(s, &err) != OC_OK) {
        oc_warn("schedules could not be written, they are tried again", "error=%s", err.message);
        oc_timer_start(s->flusher, TRY_AGAIN, 0);
    }
}

void oc_cron_flush_soon(struct oc_cron_service *s)
{
    if (!oc_timer_active(s->flusher)) {
        oc_timer_start(s->flusher, 0, 0);
    }
}

void oc_cron_settle(struct oc_cron_entry *e, json_t *record)
{
    json_array_append(e->service->records, record);
    json_decref(e->last);
    e->last = record;
    e->dirty = true;
    oc_cron_flush_soon(e->service);
}

void oc_cron_note(struct oc_cron_entry *e, const char *state, int64_t due, int64_t count,
                  const char *message)
{
    json_t *record = json_object();
    oc_json_set_int(record, "run", ++e->number);
    oc_json_set_str(record, "schedule", e->name);
    oc_json_set_str(record, "state", state);
    oc_json_set_time(record, "due", due);
    oc_json_set_time(record, "at", oc_time_wall());
    oc_json_set_int(record, "count", count);
    oc_json_set_str(record, "message", message);
    oc_cron_settle(e, record);
}

int oc_cron_write_definition(struct oc_cron_service *s, const struct oc_cron_definition *d,
                             struct oc_error *err)
{
    return oc_kv_put(s->env.store, DEFINITIONS, d->o.name, d->json, true, err);
}

int oc_cron_forget(struct oc_cron_service *s, const char *name, int64_t number,
                   struct oc_error *err)
{
    char key[KEY_SIZE];
    json_t *state = oc_kv_get(s->env.store, STATES, name), *proposal;
    const char *run;
    oc_store_begin(s->env.store);
    json_object_foreach(json_object_get(state, "asked"), run, proposal)
    {
        oc_cron_withdraw_later(s, name, json_string_value(proposal));
    }
    json_decref(state);
    oc_kv_remove(s->env.store, DEFINITIONS, name, true, NULL);
    oc_kv_remove(s->env.store, STATES, name, true, NULL);
    for (int64_t n = number; n > 0 && n > number - OC_CRON_HISTORY; n--) {
        oc_kv_remove(s->env.store, RECORDS, record_key(name, n, key), true, NULL);
    }
    return oc_store_end(s->env.store, err);
}

/* ---- reading ---- */

json_t *oc_cron_definitions(struct oc_cron_service *s)
{
    return oc_kv_all(s->env.store, DEFINITIONS);
}

json_t *oc_cron_states(struct oc_cron_service *s)
{
    return oc_kv_all(s->env.store, STATES);
}

static json_t *read_record(const struct oc_cron_entry *e, int64_t number)
{
    char key[KEY_SIZE];
    return oc_kv_get(e->service->env.store, RECORDS, record_key(e->name, number, key));
}

json_t *oc_cron_history(const struct oc_cron_entry *e, size_t limit)
{
    json_t *list = json_array();
    for (int64_t n = e->number; n > 0 && n > e->number - OC_CRON_HISTORY; n--) {
        json_t *record = json_array_size(list) < limit ? read_record(e, n) : NULL;
        if (record) {
            json_array_append_new(list, record);
        }
    }
    return list;
}

static void wait_again(struct oc_cron_entry *e, int64_t due)
{
    struct oc_cron_wait again = {.due = due, .trigger = OC_CRON_REPEAT};
    if (e->def.o.catch_up != OC_CRON_SKIP) {
        OC_VEC_PUSH(&e->waiting, again);
    }
}

/* The host ended in the middle of it: whether its operation was done nobody knows. What was itself a second try, and what
 * somebody asked for, is not done again. */
static void interrupt(struct oc_cron_entry *e, int64_t number)
{
    json_t *record = read_record(e, number);
    const char *trigger = oc_json_str(record, "trigger", "");
    int64_t due = 0;
    if (!record) {
        return;
    }
    oc_time_parse(oc_json_str(record, "due", "@0"), 0, &due);
    oc_json_set_str(record, "state", "interrupted");
    oc_json_set_str(record, "message", "the host ended while it ran");
    oc_warn("a scheduled run was interrupted", "schedule=%s run=%lld", e->name, (long long)number);
    if (strcmp(trigger, oc_cron_trigger_name(OC_CRON_DUE)) == 0 ||
        strcmp(trigger, oc_cron_trigger_name(OC_CRON_CATCHING_UP)) == 0) {
        wait_again(e, due);
    }
    e->failed++;
    oc_cron_settle(e, record);
}

static void load_unfinished(struct oc_cron_entry *e, const json_t *state)
{
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(state, "repeat"), i, item)
    {
        wait_again(e, json_integer_value(item));
    }
    json_array_foreach(json_object_get(state, "open"), i, item)
    {
        interrupt(e, json_integer_value(item));
    }
}

/* A decision may have fallen meanwhile. */
static void load_asked(struct oc_cron_entry *e, const json_t *state)
{
    const char *run;
    json_t *proposal;
    json_object_foreach(json_object_get(state, "asked"), run, proposal)
    {
        json_t *record = read_record(e, strtoll(run, NULL, 10));
        if (strcmp(oc_json_str(record, "state", ""), "waiting") == 0) {
            oc_cron_await(e, record);
        } else {
            json_decref(record);
        }
    }
}

/* Other times than before: what was due by those is no matter any more. */
static void load_times(struct oc_cron_entry *e, const json_t *state)
{
    char *when = oc_cron_definition_when(&e->def);
    if (strcmp(oc_json_str(state, "when", ""), when) == 0 && oc_json_bool(state, "active", true)) {
        e->seen = oc_json_int(state, "cursor", e->seen);
        e->missed = oc_json_int(state, "missed", 0);
    }
    free(when);
}

void oc_cron_load_entry(struct oc_cron_entry *e)
{
    json_t *state = oc_kv_get(e->service->env.store, STATES, e->name);
    e->seen = oc_time_wall();
    e->enabled_by_hand = -1;
    e->dirty = !state;
    if (state) {
        load_times(e, state);
        e->number = oc_json_int(state, "number", 0);
        e->failed = oc_json_int(state, "failed", 0);
        e->last = e->number ? read_record(e, e->number) : NULL;
        if (json_is_boolean(json_object_get(state, "enabled"))) {
            e->enabled_by_hand = oc_json_bool(state, "enabled", false);
        }
        load_asked(e, state);
        if (!e->service->env.ephemeral) {
            load_unfinished(e, state);
        }
    }
    json_decref(state);
}
