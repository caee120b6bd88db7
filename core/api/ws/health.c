/* The topic `health`: the snapshot, then what is another than last time. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static void take_answer(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    json_t **answer = ctx;
    (void)err;
    *answer = code == OC_OK ? json_incref((json_t *)(uintptr_t)result) : NULL;
}

/* As oc_ops_ask, without the copy: with a thousand checks it would cost as much as the rest. */
static json_t *ask(struct oc_ws_hub *h, bool alerts)
{
    json_t *answer = NULL;
    const struct oc_call_request req = {.op = "health.snapshot",
                                        .params = json_pack("{s:b}", "alerts", alerts),
                                        .actor = {.name = "websocket", .role = OC_ROLE_VIEWER},
                                        .on_done = take_answer,
                                        .ctx = &answer};
    OC_ASSERT(!oc_ops_call(h->api->env->ops, &req));
    return answer ? answer : json_object();
}

static void free_json(void *value)
{
    json_decref(value);
}

/* ---- differences ---- */

/* Entries of `list` that are new or another than `known` has them; `known` is brought up to date. */
static json_t *take_changes(struct oc_map *known, const json_t *list, const char *key)
{
    json_t *changed = json_array(), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        const char *id = oc_json_str(entry, key, "");
        const json_t *old = oc_map_get(known, id);
        if (old && json_equal(old, entry)) {
            continue;
        }
        json_array_append(changed, entry);
        json_decref(oc_map_set(known, id, json_incref(entry)));
    }
    return changed;
}

/* Adds the ids of what `known` has and `list` has not; they are forgotten. */
static void take_removed(struct oc_map *known, const json_t *list, const char *key, json_t *removed)
{
    struct oc_map here = {0};
    OC_VEC(char *) gone = {0};
    const json_t *entry;
    const char *id;
    void *value;
    size_t i;
    if (known->count == json_array_size(list)) {
        return; /* all of the list are known by now */
    }
    json_array_foreach(list, i, entry)
    {
        oc_map_set(&here, oc_json_str(entry, key, ""), known);
    }
    for (size_t it = 0; oc_map_next(known, &it, &id, &value);) {
        if (!oc_map_get(&here, id)) {
            OC_VEC_PUSH(&gone, oc_strdup(id));
        }
    }
    for (i = 0; i < gone.count; i++) {
        json_decref(oc_map_remove(known, gone.items[i]));
        json_array_append_new(removed, json_string(gone.items[i]));
        free(gone.items[i]);
    }
    OC_VEC_FINISH(&gone);
    oc_map_finish(&here, NULL);
}

static bool take_list(struct oc_map *known, const json_t *snapshot, const char *name,
                      const char *key, json_t *delta, json_t *removed)
{
    const json_t *list = json_object_get(snapshot, name);
    json_t *changed = take_changes(known, list, key);
    const size_t before = json_array_size(removed);
    take_removed(known, list, key, removed);
    const bool any = json_array_size(changed) > 0 || json_array_size(removed) > before;
    oc_json_take(delta, name, changed);
    return any;
}

static bool take_object(json_t **known, json_t *snapshot, const char *name, json_t *delta)
{
    json_t *now = json_object_get(snapshot, name);
    if (*known && now && json_equal(*known, now)) {
        return false;
    }
    json_decref(*known);
    *known = json_incref(now);
    json_object_set(delta, name, now);
    return true;
}

/* The delta from what was told last to `snapshot`; NULL when there is none. */
static json_t *take_delta(struct oc_ws_hub *h, json_t *snapshot)
{
    json_t *delta = json_object(), *removed = json_array();
    json_object_set(delta, "timestamp", json_object_get(snapshot, "timestamp"));
    uint32_t parts = 0;
    parts |= take_list(&h->health.agents, snapshot, "agents", "id", delta, removed)
                 ? OC_WS_PART_AGENTS
                 : 0;
    parts |= take_list(&h->health.services, snapshot, "services", "id", delta, removed)
                 ? OC_WS_PART_SERVICES
                 : 0;
    const bool checks = take_list(&h->health.checks, snapshot, "checks", "service", delta, removed);
    parts |=
        take_object(&h->health.resources, snapshot, "resources", delta) ? OC_WS_PART_RESOURCES : 0;
    parts |= take_object(&h->health.summary, snapshot, "summary", delta) ? OC_WS_PART_SUMMARY : 0;
    oc_json_take(delta, "removed", removed);
    h->health.changed_legacy |= parts;
    if (!parts && !checks) {
        json_decref(delta);
        return NULL;
    }
    return delta;
}

/* ---- the topic ---- */

static void look(struct oc_ws_hub *h, bool tell)
{
    json_t *snapshot = ask(h, false), *delta = take_delta(h, snapshot);
    json_decref(snapshot);
    if (!delta) {
        return;
    }
    oc_packet_unref(h->health.snapshot);
    h->health.snapshot = NULL;
    if (tell) {
        oc_ws_tell(h, OC_WS_HEALTH, NULL, delta);
    } else {
        json_decref(delta);
    }
}

void oc_ws_health_begin(struct oc_ws_hub *h)
{
    look(h, false);
}

void oc_ws_health_tell(struct oc_ws_hub *h)
{
    look(h, true);
}

void oc_ws_health_settle(struct oc_ws_hub *h)
{
    if (!h->health.snapshot) {
        look(h, true);
    }
}

void oc_ws_health_end(struct oc_ws_hub *h)
{
    oc_map_finish(&h->health.agents, free_json);
    oc_map_finish(&h->health.services, free_json);
    oc_map_finish(&h->health.checks, free_json);
    json_decref(h->health.resources);
    json_decref(h->health.summary);
    oc_packet_unref(h->health.snapshot);
    memset(&h->health, 0, sizeof h->health);
}

struct oc_packet *oc_ws_health_snapshot(struct oc_ws_hub *h)
{
    if (!h->health.snapshot) {
        look(h, true); /* so that deltas go on from exactly this */
        json_t *frame =
            oc_ws_frame("snapshot", oc_ws_topic_name(OC_WS_HEALTH), h->seq, ask(h, true));
        h->health.snapshot = oc_packet_json(frame);
        json_decref(frame);
    }
    return h->health.snapshot;
}
