/* The topic `alerts`: rows of alert.list that changed, ids of those that are told no more. SPDX-License-Identifier: MIT */
#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/service/alert/look/watch.h"

#define MOST 10000 /* of those that fire, the gravest: a page cannot show more */

static void set_left_out(const struct oc_ws_hub *h, json_t *data)
{
    oc_json_set_int(data, "left_out", (int64_t)oc_alert_watch_left_out(h->alerts));
}

static void look(struct oc_ws_hub *h, bool tell)
{
    json_t *data = json_object(), *changed = json_array(), *removed = json_array();
    const bool any = oc_alert_watch_look(h->alerts, changed, removed);
    oc_json_take(data, "changed", changed);
    oc_json_take(data, "removed", removed);
    set_left_out(h, data);
    if (any) {
        oc_packet_unref(h->alert_snapshot);
        h->alert_snapshot = NULL;
    }
    if (any && tell) {
        oc_ws_tell(h, OC_WS_ALERTS, NULL, data);
    } else {
        json_decref(data);
    }
}

void oc_ws_alerts_begin(struct oc_ws_hub *h)
{
    h->alerts = oc_alert_watch_open(h->api->outside.alert, MOST);
    look(h, false);
}

void oc_ws_alerts_tell(struct oc_ws_hub *h)
{
    look(h, true);
}

void oc_ws_alerts_end(struct oc_ws_hub *h)
{
    oc_alert_watch_close(h->alerts);
    h->alerts = NULL;
    oc_packet_unref(h->alert_snapshot);
    h->alert_snapshot = NULL;
}

struct oc_packet *oc_ws_alerts_snapshot(struct oc_ws_hub *h)
{
    if (!h->alert_snapshot) {
        look(h, true); /* so that deltas go on from exactly this */
        json_t *data = json_object();
        oc_json_take(data, "alerts", oc_alert_watch_rows(h->alerts));
        set_left_out(h, data);
        json_t *frame = oc_ws_frame("snapshot", oc_ws_topic_name(OC_WS_ALERTS), h->seq, data);
        h->alert_snapshot = oc_packet_json(frame);
        json_decref(frame);
    }
    return h->alert_snapshot;
}
