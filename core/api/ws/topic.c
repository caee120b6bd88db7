/* The topics: what they are called, who may watch them, what begins and ends with them. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/text.h"

static const struct topic {
    const char *name;
    enum oc_role role;
    void (*begin)(struct oc_ws_hub *h);
    void (*end)(struct oc_ws_hub *h);
    void (*tell)(struct oc_ws_hub *h);
    void (*settle)(struct oc_ws_hub *h); /* tells at once what its snapshot would have as well */
} topics[OC_WS_TOPICS] = {
    [OC_WS_HEALTH] = {.name = "health",
                      .role = OC_ROLE_VIEWER,
                      .begin = oc_ws_health_begin,
                      .end = oc_ws_health_end,
                      .tell = oc_ws_health_tell,
                      .settle = oc_ws_health_settle},
    [OC_WS_ALERTS] = {.name = "alerts",
                      .role = OC_ROLE_VIEWER,
                      .begin = oc_ws_alerts_begin,
                      .end = oc_ws_alerts_end,
                      .tell = oc_ws_alerts_tell},
    [OC_WS_JOBS] = {.name = "jobs", .role = OC_ROLE_VIEWER},
    [OC_WS_MESSAGES] = {.name = "messages", .role = OC_ROLE_VIEWER},
    [OC_WS_LOGS] = {.name = "logs",
                    .role = OC_ROLE_VIEWER,
                    .begin = oc_ws_logs_begin,
                    .end = oc_ws_logs_end,
                    .tell = oc_ws_logs_tell,
                    .settle = oc_ws_logs_settle},
    [OC_WS_SAMPLES] = {.name = "samples", .role = OC_ROLE_VIEWER, .tell = oc_ws_samples_tell},
    [OC_WS_EVENTS] = {.name = "events:", .role = OC_ROLE_VIEWER},
};

const char *oc_ws_topic_name(enum oc_ws_topic topic)
{
    return topics[topic].name;
}

int oc_ws_topic_find(const char *name)
{
    for (int i = 0; i < OC_WS_EVENTS; i++) {
        if (strcmp(name, topics[i].name) == 0) {
            return i;
        }
    }
    return oc_starts(name, topics[OC_WS_EVENTS].name) && name[strlen(topics[OC_WS_EVENTS].name)]
               ? OC_WS_EVENTS
               : -1;
}

enum oc_role oc_ws_topic_role(enum oc_ws_topic topic)
{
    return topics[topic].role;
}

void oc_ws_topic_begin(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    if (topics[topic].begin) {
        topics[topic].begin(h);
    }
}

void oc_ws_topic_end(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    if (topics[topic].end) {
        topics[topic].end(h);
    }
}

void oc_ws_topic_settle(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    if (h->live[topic] && topics[topic].settle) {
        topics[topic].settle(h);
    }
}

void oc_ws_topic_tell(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    if (topics[topic].tell) {
        topics[topic].tell(h);
    }
}

static json_t *list_of(struct oc_ws_client *c, const char *key, const char *op, const char *params)
{
    json_t *o = json_object();
    json_t *rows = oc_ops_ask(c->hub->api->env->ops, op, json_loads(params, 0, NULL));
    oc_json_take(o, key, rows ? rows : json_array());
    return o;
}

static void send_snapshot(struct oc_ws_client *c, enum oc_ws_topic topic, json_t *data)
{
    oc_ws_push_json(c, topic, oc_ws_frame("snapshot", topics[topic].name, c->hub->seq, data));
}

void oc_ws_topic_snapshot(struct oc_ws_client *c, enum oc_ws_topic topic)
{
    switch (topic) {
    case OC_WS_HEALTH:
        oc_ws_push(c, topic, oc_ws_health_snapshot(c->hub));
        break;
    case OC_WS_ALERTS:
        oc_ws_push(c, topic, oc_ws_alerts_snapshot(c->hub));
        break;
    case OC_WS_JOBS:
        send_snapshot(c, topic, oc_ws_jobs_json(c));
        break;
    case OC_WS_MESSAGES:
        send_snapshot(c, topic, list_of(c, "messages", "message.list", "{}"));
        break;
    case OC_WS_LOGS:
        send_snapshot(c, topic, list_of(c, "lines", "logs", "{\"lines\":200}"));
        break;
    case OC_WS_SAMPLES:
        oc_ws_samples_snapshot(c);
        break;
    case OC_WS_EVENTS:
    case OC_WS_TOPICS:
        break;
    }
}
