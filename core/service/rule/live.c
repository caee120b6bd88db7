/* Live states: making, ending, saving and restoring them. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/rule/watch.h"

void oc_rule_fingerprint(const char *rule, const struct oc_series *series, char out[17])
{
    uint64_t hash = oc_hash_bytes(rule, strlen(rule) + 1, 0);
    for (uint32_t i = 0; i < series->label_count; i++) {
        hash = oc_hash_bytes(series->labels[i].name, strlen(series->labels[i].name) + 1, hash);
        hash = oc_hash_bytes(series->labels[i].value, strlen(series->labels[i].value) + 1, hash);
    }
    snprintf(out, 17, "%016llx", (unsigned long long)hash);
}

/* ---- the set ---- */

static void touch(struct oc_rule_engine *e, const char *fingerprint)
{
    struct oc_rule_key key;
    memcpy(key.fingerprint, fingerprint, sizeof(key.fingerprint));
    OC_VEC_PUSH(&e->touched, key);
}

void oc_rule_live_touch(struct oc_rule_engine *e, const struct oc_rule_live *live)
{
    touch(e, live->fingerprint);
}

static void unlink_live(struct oc_rule_engine *e, struct oc_rule_live *live)
{
    if (live->subject != NULL) {
        live->subject->live = NULL;
    }
    oc_map_remove(&e->live, live->fingerprint);
    touch(e, live->fingerprint);
    free(live);
}

/* Resolved states are kept for show; they go when their room is needed. */
static void drop_resolved(struct oc_rule_engine *e)
{
    OC_VEC(struct oc_rule_live *) resolved = {0};
    const char *key;
    void *value;
    for (size_t it = 0; oc_map_next(&e->live, &it, &key, &value);) {
        struct oc_rule_live *live = value;
        if (live->machine.state == OC_RULE_RESOLVED) {
            OC_VEC_PUSH(&resolved, live);
        }
    }
    for (size_t i = 0; i < resolved.count; i++) {
        unlink_live(e, resolved.items[i]);
    }
    OC_VEC_FINISH(&resolved);
}

static bool has_room(struct oc_rule_engine *e)
{
    if (e->live.count < e->live_max) {
        return true;
    }
    if (!e->full) {
        drop_resolved(e);
    }
    if (e->live.count < e->live_max) {
        return true;
    }
    if (!e->full) {
        oc_err("too many rule states: new alerts are not raised", "limit=%zu", e->live_max);
        e->full = true;
    }
    return false;
}

struct oc_rule_live *oc_rule_live_add(struct oc_rule_engine *e, struct oc_rule *rule,
                                      struct oc_series *series)
{
    if (!has_room(e)) {
        return NULL;
    }
    struct oc_rule_live *live = oc_calloc(1, sizeof(*live));
    live->rule = rule;
    live->series = series;
    oc_rule_fingerprint(rule->o.name, series, live->fingerprint);
    free(oc_map_set(&e->live, live->fingerprint, live));
    return live;
}

void oc_rule_live_drop(struct oc_rule_engine *e, struct oc_rule_live *live)
{
    unlink_live(e, live);
    e->full = false;
}

static void add_event(struct oc_rule_engine *e, const char *topic, const struct oc_rule_live *live,
                      int64_t at_ms, const char *reason)
{
    struct oc_rule_event event = {.topic = topic, .data = oc_rule_event_json(live, at_ms, reason)};
    OC_VEC_PUSH(&e->events, event);
}

void oc_rule_live_changed(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t at_ms,
                          const char *reason)
{
    touch(e, live->fingerprint);
    switch (live->machine.state) {
    case OC_RULE_PENDING:
        add_event(e, "rule.pending", live, at_ms, reason);
        break;
    case OC_RULE_FIRING:
        live->told = true;
        add_event(e, "rule.firing", live, at_ms, reason);
        break;
    case OC_RULE_RESOLVED:
        live->told = false;
        e->full = false; /* there is room to be made again */
        add_event(e, "rule.resolved", live, at_ms, reason);
        break;
    case OC_RULE_INACTIVE: /* never fired: nobody was told */
    default:
        if (live->subject != NULL) {
            oc_rule_live_drop(e, live);
        }
        break;
    }
}

void oc_rule_live_end(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t at_ms,
                      const char *reason)
{
    if (oc_rule_machine_end(&live->machine, at_ms)) {
        oc_rule_live_changed(e, live, at_ms, reason);
    }
}

/* ---- the store ---- */

#define LABELS_MAX 17 /* those of a record and the instance */

static json_t *state_json(const struct oc_rule_live *live)
{
    char version[17];
    json_t *json = json_object();
    snprintf(version, sizeof(version), "%016llx", (unsigned long long)live->rule->version);
    oc_json_set_str(json, "rule", live->rule->o.name);
    oc_json_set_str(json, "version", version);
    oc_json_set_str(json, "metric", live->series->name);
    oc_json_set_int(json, "kind", live->series->kind);
    oc_json_take(json, "labels", oc_rule_labels_json(live->series));
    oc_json_set_str(json, "state", oc_rule_state_name(live->machine.state));
    oc_json_set_int(json, "since", live->machine.since_ms);
    oc_json_set_int(json, "clear", live->machine.clear_ms);
    oc_json_set_int(json, "at", live->machine.at_ms);
    oc_json_set_num(json, "value", live->value);
    if (live->machine.state ==
        OC_RULE_FIRING) { /* to end the alert even when the rule or the series is no more */
        oc_json_take(json, "event", oc_rule_event_json(live, live->machine.at_ms, ""));
    }
    return json;
}

static bool worth_saving(const struct oc_rule_live *live)
{
    return live->machine.state == OC_RULE_PENDING || live->machine.state == OC_RULE_FIRING;
}

static void save_key(struct oc_rule_engine *e, const char *fingerprint)
{
    const struct oc_rule_live *live = oc_map_get(&e->live, fingerprint);
    if (live == NULL || !worth_saving(live)) {
        oc_kv_remove(e->store, OC_RULE_SPACE, fingerprint, true, NULL);
        return;
    }
    json_t *json = state_json(live);
    oc_kv_put(e->store, OC_RULE_SPACE, fingerprint, json, true, NULL);
    json_decref(json);
}

int oc_rule_engine_save(struct oc_rule_engine *e, struct oc_error *err)
{
    if (e->touched.count == 0) {
        return OC_OK;
    }
    oc_store_begin(e->store);
    for (size_t i = 0; i < e->touched.count; i++) {
        save_key(e, e->touched.items[i].fingerprint);
    }
    int code = oc_store_end(e->store, err);
    if (code == OC_OK) {
        e->touched.count = 0;
    }
    return code;
}

int oc_rule_engine_save_all(struct oc_rule_engine *e, struct oc_error *err)
{
    const char *fingerprint;
    void *value;
    for (size_t it = 0; oc_map_next(&e->live, &it, &fingerprint, &value);) {
        const struct oc_rule_live *live = value;
        if (live->machine.state == OC_RULE_PENDING) {
            touch(e, fingerprint);
        }
    }
    return oc_rule_engine_save(e, err);
}

/* What a saved state belongs to: the rule as it is now, or one that tells its end. */
static struct oc_rule *rule_of(struct oc_rule_engine *e, const json_t *saved)
{
    char version[17];
    struct oc_rule *rule = oc_rule_engine_find(e, oc_json_str(saved, "rule", ""));
    if (rule == NULL) {
        return NULL;
    }
    snprintf(version, sizeof(version), "%016llx", (unsigned long long)rule->version);
    return strcmp(version, oc_json_str(saved, "version", "")) == 0 ? rule : NULL;
}

/* The alert that this state raised cannot end by itself any more. */
static void end_saved(struct oc_rule_engine *e, const char *fingerprint, const json_t *saved,
                      int64_t now_ms, const char *reason)
{
    if (strcmp(oc_json_str(saved, "state", ""), "firing") == 0) {
        json_t *data = json_deep_copy(json_object_get(saved, "event"));
        if (!json_is_object(data)) {
            json_decref(data);
            data = json_object();
        }
        oc_json_set_str(data, "fingerprint", fingerprint);
        oc_json_set_int(data, "at", now_ms);
        oc_json_set_str(data, "reason", reason);
        struct oc_rule_event event = {.topic = "rule.resolved", .data = data};
        OC_VEC_PUSH(&e->events, event);
    }
    if (strlen(fingerprint) == 16) {
        touch(e, fingerprint);
    } else {
        oc_kv_remove(e->store, OC_RULE_SPACE, fingerprint, false, NULL); /* not written by us */
    }
}

/* The series that a saved state watched. A crash may have come before the store had written the
 * series itself down: it is the same one when it is made again, and its next sample finds the
 * state. NULL when it cannot be made. */
static struct oc_series *series_of(struct oc_rule_engine *e, const json_t *saved)
{
    struct oc_label labels[LABELS_MAX];
    uint32_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(saved, "labels"), name, value)
    {
        if (count < LABELS_MAX && json_is_string(value)) {
            const char *text = json_string_value(value);
            labels[count++] = (struct oc_label){{name, strlen(name)}, {text, strlen(text)}};
        }
    }
    const char *metric = oc_json_str(saved, "metric", "");
    return oc_store_series(e->store, NULL, (struct oc_view){metric, strlen(metric)},
                           (uint32_t)oc_json_int(saved, "kind", OC_KIND_GAUGE), labels, count);
}

struct catching {
    struct oc_rule_engine *engine;
    struct oc_rule_live *live;
};

static void pass_one(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t at_ms)
{
    struct oc_rule_machine *m = &live->machine;
    if (oc_rule_machine_doubts(m, at_ms)) {
        oc_rule_machine_expect(m, oc_rule_usual_step(e, live->series, m->at_ms));
    }
    oc_rule_machine_pass(m, at_ms);
}

static void pass(void *ctx, const struct oc_point *points, size_t count)
{
    const struct catching *c = ctx;
    for (size_t i = 0; i < count; i++) {
        pass_one(c->engine, c->live, points[i].time_ms);
    }
}

/* After a crash the state is as old as when it began, or a gap was left out: until when it was measured since then its samples
 * say. Those before would bring gaps that since_ms leaves out already. */
static void catch_up(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t now_ms)
{
    struct oc_rule_machine *m = &live->machine;
    struct catching c = {.engine = e, .live = live};
    struct oc_error err;
    if (m->state != OC_RULE_PENDING || m->at_ms > now_ms) {
        return;
    }
    oc_error_init(&err);
    oc_store_read(e->store, live->series, m->at_ms + 1, now_ms + 1, pass, &c, &err);
    m->resumed = true;
}

static void restore_one(struct oc_rule_engine *e, const char *fingerprint, const json_t *saved,
                        int64_t now_ms)
{
    char expected[17] = "";
    struct oc_rule *rule = rule_of(e, saved);
    struct oc_series *series = series_of(e, saved);
    int state = oc_rule_state_parse(oc_json_str(saved, "state", ""));
    if (rule == NULL) {
        end_saved(e, fingerprint, saved, now_ms, "rule changed");
        return;
    }
    if (series != NULL) {
        oc_rule_fingerprint(rule->o.name, series, expected);
    }
    if (strcmp(expected, fingerprint) != 0 || state <= OC_RULE_INACTIVE ||
        state == OC_RULE_RESOLVED) {
        end_saved(e, fingerprint, saved, now_ms, "gone");
        return;
    }
    struct oc_rule_live *live = oc_map_get(&e->live, fingerprint);
    if (live != NULL || (live = oc_rule_live_add(e, rule, series)) == NULL) {
        return;
    }
    live->machine = (struct oc_rule_machine){.state = (enum oc_rule_state)state,
                                             .since_ms = oc_json_int(saved, "since", now_ms),
                                             .clear_ms = oc_json_int(saved, "clear", 0),
                                             .at_ms = oc_json_int(saved, "at", now_ms)};
    live->value = oc_json_num(saved, "value", NAN);
    catch_up(e, live, now_ms);
}

void oc_rule_engine_restore(struct oc_rule_engine *e, int64_t now_ms)
{
    json_t *all = oc_kv_all(e->store, OC_RULE_SPACE), *saved;
    const char *fingerprint;
    json_object_foreach(all, fingerprint, saved)
    {
        restore_one(e, fingerprint, saved, now_ms);
    }
    json_decref(all);
    for (size_t i = 0; i < e->subjects.count; i++) {
        struct oc_rule_subject *s = e->subjects.items[i];
        char key[17];
        oc_rule_fingerprint(s->rule->o.name, s->series, key);
        s->live = oc_map_get(&e->live, key);
        if (s->live != NULL) {
            s->live->subject = s;
        }
    }
}

void oc_rule_engine_publish(struct oc_rule_engine *e,
                            void (*publish)(void *ctx, const char *topic, json_t *data), void *ctx)
{
    if (e->publishing) {
        return; /* the loop below us goes on until nothing is left */
    }
    e->publishing = true;
    for (size_t i = 0; i < e->events.count;
         i++) { /* a subscriber may bring more samples, and more events */
        struct oc_rule_event event = e->events.items[i];
        e->events.items[i].data = NULL;
        publish(ctx, event.topic, event.data);
    }
    e->events.count = 0;
    e->publishing = false;
}
