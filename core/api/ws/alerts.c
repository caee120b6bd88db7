/* The topic `alerts`: rows of alert.list that changed, ids of those that are gone. SPDX-License-Identifier: MIT */
#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"

/* Of a row only its hash is remembered: there may be very many. */
static void *hash_of(const json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
    OC_ASSERT(text);
    const uint64_t hash = oc_hash_bytes(text, strlen(text), 0) | 1;
    free(text);
    return (void *)(uintptr_t)hash;
}

static json_t *ask(struct oc_ws_hub *h)
{
    json_t *rows = oc_ops_ask(h->api->env->ops, "alert.list", NULL);
    return rows ? rows : json_array();
}

static json_t *take_changed(struct oc_map *known, struct oc_map *now, const json_t *rows)
{
    json_t *changed = json_array(), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *id = oc_json_str(row, "id", "");
        void *hash = hash_of(row);
        if (oc_map_get(known, id) != hash) {
            json_array_append(changed, row);
        }
        oc_map_set(now, id, hash);
    }
    return changed;
}

static json_t *take_removed(const struct oc_map *known, const struct oc_map *now)
{
    json_t *removed = json_array();
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(known, &it, &id, &value);) {
        if (!oc_map_get(now, id)) {
            json_array_append_new(removed, json_string(id));
        }
    }
    return removed;
}

static void look(struct oc_ws_hub *h, bool tell)
{
    struct oc_map now = {0};
    json_t *rows = ask(h), *changed = take_changed(&h->alerts, &now, rows);
    json_t *removed = take_removed(&h->alerts, &now);
    json_decref(rows);
    oc_map_finish(&h->alerts, NULL);
    h->alerts = now;
    if (json_array_size(changed) + json_array_size(removed) > 0) {
        oc_packet_unref(h->alert_snapshot);
        h->alert_snapshot = NULL;
    }
    if (tell && json_array_size(changed) + json_array_size(removed) > 0) {
        json_t *data = json_object();
        oc_json_take(data, "changed", changed);
        oc_json_take(data, "removed", removed);
        oc_ws_tell(h, OC_WS_ALERTS, NULL, data);
        return;
    }
    json_decref(changed);
    json_decref(removed);
}

void oc_ws_alerts_begin(struct oc_ws_hub *h)
{
    look(h, false);
}

void oc_ws_alerts_tell(struct oc_ws_hub *h)
{
    look(h, true);
}

void oc_ws_alerts_end(struct oc_ws_hub *h)
{
    oc_map_finish(&h->alerts, NULL);
    oc_packet_unref(h->alert_snapshot);
    h->alert_snapshot = NULL;
}

struct oc_packet *oc_ws_alerts_snapshot(struct oc_ws_hub *h)
{
    if (!h->alert_snapshot) {
        look(h, true); /* so that deltas go on from exactly this */
        json_t *data = json_object();
        oc_json_take(data, "alerts", ask(h));
        json_t *frame = oc_ws_frame("snapshot", oc_ws_topic_name(OC_WS_ALERTS), h->seq, data);
        h->alert_snapshot = oc_packet_json(frame);
        json_decref(frame);
    }
    return h->alert_snapshot;
}
