/* Status and receivers. SPDX-License-Identifier: MIT
 *
 * config.original is what Alertmanager's configuration would have to be to do what ours does, as far as it can be said
 * there: amtool reads it. */
#include <string.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/base/version.h"

#define API_VERSION                                                                                \
    "0.25.0" /* of Alertmanager, whose API this is: its tools compare it with theirs */

static void add_duration(struct oc_buf *yaml, const struct oc_config *config, const char *key,
                         const char *name, const char *fallback)
{
    const struct oc_node *node = oc_node_get(oc_config_root(config), key);
    bool text = node && node->type == OC_NODE_STRING;
    oc_buf_addf(yaml, "  %s: %s\n", name, text ? node->string : fallback);
}

static void add_group_by(struct oc_buf *yaml, const struct oc_config *config)
{
    const struct oc_node *node = oc_node_get(oc_config_root(config), "alerts.group_by");
    oc_buf_adds(yaml, "  group_by:");
    if (!node || !node->count) {
        oc_buf_adds(yaml, node ? " []" : "\n  - alertname");
    }
    for (size_t i = 0; node && i < node->count; i++) {
        if (node->children[i]->type == OC_NODE_STRING) {
            oc_buf_adds(yaml, "\n  - ");
            oc_am_add_string(yaml, node->children[i]->string);
        }
    }
    oc_buf_addc(yaml, '\n');
}

struct listing {
    struct oc_buf *out;
    const char *before, *after;
    size_t count;
};

static void list_receiver(void *ctx, const char *name)
{
    struct listing *l = ctx;
    l->count++;
    oc_buf_adds(l->out, l->before);
    oc_am_add_string(l->out, name);
    oc_buf_adds(l->out, l->after);
}

static void first_receiver(void *ctx, const char *name)
{
    struct listing *l = ctx;
    if (!l->count) {
        list_receiver(ctx, name);
    }
}

static void add_levels(struct oc_buf *yaml, const json_t *levels)
{
    json_t *level;
    size_t i;
    oc_buf_adds(yaml, "    matchers:\n    - severity=~\"");
    json_array_foreach(levels, i, level)
    {
        oc_buf_addf(yaml, "%s%s", i ? "|" : "", json_string_value(level));
    }
    oc_buf_adds(yaml, "\"\n");
}

/* Every channel hears of what its levels admit. */
static void add_routes(struct oc_buf *yaml, const struct oc_env *env)
{
    json_t *rows = oc_ops_ask(env->ops, "alert.channels", NULL), *row;
    size_t i;
    if (json_array_size(rows)) {
        oc_buf_adds(yaml, "  routes:\n");
    }
    json_array_foreach(rows, i, row)
    {
        oc_buf_adds(yaml, "  - receiver: ");
        oc_am_add_string(yaml, oc_json_str(row, "name", ""));
        oc_buf_adds(yaml, "\n    continue: true\n");
        if (json_array_size(json_object_get(row, "levels"))) {
            add_levels(yaml, json_object_get(row, "levels"));
        }
    }
    json_decref(rows);
}

static void add_config(struct oc_buf *yaml, const struct oc_alertmanager *am)
{
    const struct oc_config *config = am->api->outside.config(am->api->outside.ctx);
    struct listing root = {yaml, "", "", 0}, all = {yaml, "- name: ", "\n", 0};
    oc_buf_adds(yaml, "global:\n");
    add_duration(yaml, config, "alerts.resolve_timeout", "resolve_timeout", "5m");
    oc_buf_adds(yaml, "route:\n  receiver: ");
    oc_alert_view_receivers(am->alert, first_receiver, &root);
    oc_buf_adds(yaml, "\n");
    add_group_by(yaml, config);
    add_duration(yaml, config, "alerts.repeat_interval", "repeat_interval", "4h");
    add_routes(yaml, am->api->env);
    oc_buf_adds(yaml, "receivers:\n");
    oc_alert_view_receivers(am->alert, list_receiver, &all);
    oc_buf_adds(yaml, "templates: []\n");
}

void oc_am_get_status(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_buf body = {0}, yaml = {0};
    add_config(&yaml, am);
    oc_buf_adds(&body,
                "{\"cluster\":{\"peers\":[],\"status\":\"disabled\"},\"config\":{\"original\":");
    oc_am_add_string(&body, yaml.data);
    oc_buf_adds(&body, "},\"uptime\":");
    oc_am_add_time(&body, am->started_ms);
    oc_buf_adds(&body,
                ",\"versionInfo\":{\"branch\":\"openclaw\",\"buildDate\":\"\",\"buildUser\":\"\","
                "\"goVersion\":\"none\",\"revision\":\"" OC_VERSION "\",\"version\":\"" API_VERSION
                "\"}}\n");
    oc_am_send(r, &body);
    oc_buf_finish(&yaml);
}

static void add_receiver(void *ctx, const char *name)
{
    struct oc_buf *body = ctx;
    oc_buf_adds(body, body->len > 1 ? ",{\"name\":" : "{\"name\":");
    oc_am_add_string(body, name);
    oc_buf_addc(body, '}');
}

void oc_am_get_receivers(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_buf body = {0};
    oc_buf_addc(&body, '[');
    oc_alert_view_receivers(am->alert, add_receiver, &body);
    oc_buf_adds(&body, "]\n");
    oc_am_send(r, &body);
}
