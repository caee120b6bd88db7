/* Fuzzes the JSON frames of WebSocket clients: each line is one frame, the first byte says which kind of client. SPDX-License-Identifier: MIT */
// uses: oc_api
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/bridge/bridge.h"
#include "core/api/ws/hub.h"
#include "core/base/log.h"
#include "core/service/alert/alert.h"
#include "core/store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct oc_env env;
static struct oc_api api;
static struct oc_ws_hub *hub;

static void answer(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_row(call, json_object());
    oc_call_succeed(call, json_object());
}

static const struct oc_op op = {
    .name = "op", .summary = "answer", .role = OC_ROLE_OPERATOR, .handler = answer};

static void begin(void)
{
    static const struct oc_store_options memory = {.path = ":memory:", .max_series = 100};
    oc_log_set_level(OC_LOG_ERROR);
    env.loop = oc_loop_create();
    env.bus = oc_bus_create();
    env.ops = oc_ops_create(env.loop, env.bus);
    env.store = oc_store_open(&memory, env.loop, env.bus, NULL);
    oc_ops_add(env.ops, &op, NULL);
    api.env = &env;
    env.home = "/nonexistent"; /* nothing is kept */
    api.access = oc_access_create(&env);
    api.outside.alert = oc_alert_create(&env);
    hub = oc_area_ws.create(&api);
}

/* Of a frame of the bridge only what becomes of it: it needs no client. */
static void try_bridge(const char *text, size_t len)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *frame = json_loadb(text, len, 0, NULL);
    json_t *params = json_is_object(frame) ? oc_bridge_send_params(frame, &err) : NULL;
    json_decref(params);
    json_decref(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!hub) {
        begin();
    }
    if (size < 1) {
        return 0;
    }
    struct oc_identity who = {.kind = OC_IDENTITY_TOKEN, .role = (enum oc_role)(data[0] >> 1 & 1)};
    struct oc_ws_client *c = oc_ws_client_create(hub, &who, data[0] & 1);
    for (size_t i = 1; i < size;) {
        const uint8_t *end = memchr(data + i, '\n', size - i);
        const size_t len = end ? (size_t)(end - (data + i)) : size - i;
        char *text = strndup((const char *)data + i, len);
        oc_ws_client_handler.on_message(c, true, text, strlen(text));
        try_bridge(text, strlen(text));
        free(text);
        i += len + 1;
    }
    if (c->patterns.count > OC_WS_PATTERNS_MAX || c->call_count > OC_WS_CALLS_MAX) {
        abort();
    }
    oc_ws_client_destroy(c);
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        if (hub->watchers[i] != 0) {
            abort();
        }
    }
    return 0;
}
