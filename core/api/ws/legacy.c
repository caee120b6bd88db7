/* The frames of the health server of old, for clients that offer no subprotocol. SPDX-License-Identifier: MIT
 *
 * initial-data, health-update, alert, pong; subscribe and unsubscribe name parts of the snapshot and really filter. */
#include <string.h>

#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"

static const struct {
    const char *name;
    uint32_t parts;
} names[] = {{"agents", OC_WS_PART_AGENTS},
             {"services", OC_WS_PART_SERVICES},
             {"resources", OC_WS_PART_RESOURCES},
             {"summary", OC_WS_PART_SUMMARY},
             {"alerts", OC_WS_PART_ALERTS},
             {"alert", OC_WS_PART_ALERTS},
             {"health", OC_WS_PARTS_ALL & ~OC_WS_PART_ALERTS},
             {"health-update", OC_WS_PARTS_ALL & ~OC_WS_PART_ALERTS},
             {"all", OC_WS_PARTS_ALL},
             {"*", OC_WS_PARTS_ALL}};

static uint32_t parts_of(const json_t *list)
{
    uint32_t parts = 0;
    size_t i;
    const json_t *name;
    if (json_is_string(list)) {
        for (i = 0; i < OC_COUNT(names); i++) {
            parts |= strcmp(json_string_value(list), names[i].name) == 0 ? names[i].parts : 0;
        }
    }
    json_array_foreach(list, i, name)
    {
        parts |= json_is_string(name) ? parts_of(name) : 0;
    }
    return parts;
}

/* Watches what the parts need. */
static void choose(struct oc_ws_client *c, uint32_t parts)
{
    const uint32_t wanted = parts ? 1u << OC_WS_HEALTH : 0;
    c->parts = parts;
    if (wanted && !c->topics) {
        oc_ws_watch(c->hub, OC_WS_HEALTH);
    } else if (!wanted && c->topics) {
        oc_ws_unwatch(c->hub, OC_WS_HEALTH);
    }
    c->topics = wanted;
}

void oc_ws_legacy_subscribe(struct oc_ws_client *c, const json_t *list)
{
    choose(c, list ? parts_of(list) : OC_WS_PARTS_ALL);
}

void oc_ws_legacy_unsubscribe(struct oc_ws_client *c, const json_t *list)
{
    choose(c, list ? c->parts & ~parts_of(list) : 0);
}

/* ---- frames ---- */

static json_t *snapshot_of(const struct oc_ws_hub *h, uint32_t parts)
{
    json_t *whole = oc_ops_ask(h->api->env->ops, "health.snapshot", NULL);
    json_object_del(whole, "checks");
    for (size_t i = 0; i < 5; i++) { /* the first five are the parts */
        if (!(parts & names[i].parts)) {
            json_object_del(whole, names[i].name);
        }
    }
    return whole ? whole : json_object();
}

static struct oc_packet *make_frame(const char *type, bool stamped, const char *key, json_t *data)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", type);
    if (stamped) {
        oc_json_set_time(o, "timestamp", oc_time_wall());
    }
    oc_json_take(o, key, data);
    struct oc_packet *p = oc_packet_json(o);
    json_decref(o);
    return p;
}

void oc_ws_legacy_hello(struct oc_ws_client *c)
{
    if (!c->parts) {
        choose(c, OC_WS_PARTS_ALL);
    }
    struct oc_packet *p =
        make_frame("initial-data", false, "data", snapshot_of(c->hub, OC_WS_PARTS_ALL));
    oc_ws_push(c, OC_WS_HEALTH, p);
    oc_packet_unref(p);
}

static struct oc_packet *update_of(struct oc_ws_hub *h, uint32_t parts)
{
    return make_frame("health-update", true, "data", snapshot_of(h, parts));
}

void oc_ws_legacy_tick(struct oc_ws_hub *h, int64_t now)
{
    struct oc_packet *of[OC_WS_PARTS_ALL + 1] = {0};
    if (!h->health.changed_legacy ||
        (h->health.told_legacy && now - h->health.told_legacy < OC_WS_LEGACY_MS)) {
        return;
    }
    const uint32_t changed = h->health.changed_legacy;
    h->health.changed_legacy = 0;
    h->health.told_legacy = now;
    for (struct oc_ws_client *c = h->clients; c; c = c->next) {
        if (c->legacy && c->parts & changed) {
            of[c->parts] = of[c->parts] ? of[c->parts] : update_of(h, c->parts);
            oc_ws_push(c, OC_WS_HEALTH, of[c->parts]);
        }
    }
    for (uint32_t i = 0; i <= OC_WS_PARTS_ALL; i++) {
        oc_packet_unref(of[i]);
    }
}

void oc_ws_legacy_alert(struct oc_ws_hub *h, const struct oc_event *event)
{
    struct oc_packet *p = NULL;
    if (strcmp(event->topic, "alert.firing") != 0 && strcmp(event->topic, "alert.resolved") != 0) {
        return;
    }
    for (struct oc_ws_client *c = h->clients; c; c = c->next) {
        if (c->legacy && c->parts & OC_WS_PART_ALERTS) {
            p = p ? p : make_frame("alert", true, "alert", json_incref(event->data));
            oc_ws_push(c, OC_WS_HEALTH, p);
        }
    }
    oc_packet_unref(p);
}
