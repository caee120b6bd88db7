/* Listening to the bus: one long call after the other, and what to do when it breaks. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/message/internal.h"
#include "core/store/store.h"

#define LISTEN_METHOD "bus.listen/1"
#define LISTEN_MS     OC_HOUR /* of one call; the next goes on where it ended */
#define BACKOFF_STEPS 4       /* 1, 2, 4, 8, 16, 16 .. s */
#define REPORT_EVERY  (30 * OC_SECOND)

/* ---- state ---- */

void oc_message_set_state(struct oc_message_service *m, enum oc_bridge_state state,
                          const struct oc_error *err)
{
    const bool same = m->state == state && strcmp(m->error.message, err ? err->message : "") == 0;
    if (err) {
        m->error = *err;
    } else {
        oc_error_init(&m->error);
    }
    if (same) {
        return;
    }
    if (state == OC_BRIDGE_FAILED && m->state != OC_BRIDGE_FAILED) {
        oc_warn("bridge down", "plugin=%s reason=%s", m->plugin, m->error.message);
    } else if (state == OC_BRIDGE_UP) {
        oc_info("bridge up", "plugin=%s", m->plugin);
    }
    m->state = state;
    m->since_ms = oc_time_wall();
    json_t *data = json_object();
    oc_json_set_str(data, "state", oc_bridge_state_name(state));
    oc_json_set_str(data, "error", m->error.message);
    oc_bus_publish(m->env->bus, "bridge.changed", data);
    oc_message_report(m);
}

/* ---- health ---- */

static void add_sample(struct oc_message_service *m, size_t i, const char *name, uint32_t kind,
                       double value, struct oc_sample *samples, size_t *count)
{
    const int64_t now = oc_time_wall();
    const struct oc_view view = {name, strlen(name)};
    m->series[i] = m->series[i]
                       ? m->series[i]
                       : oc_store_series(m->env->store, OC_OWN_BRIDGE, view, kind, NULL, 0);
    if (m->series[i] && oc_store_append(m->env->store, m->series[i], now, value)) {
        samples[(*count)++] = (struct oc_sample){m->series[i], now, value};
    }
}

void oc_message_report(void *service)
{
    struct oc_message_service *m = service;
    struct oc_sample samples[4];
    size_t count = 0;
    if (m->state == OC_BRIDGE_OFF || m->state == OC_BRIDGE_CONNECTING || m->stopping) {
        return;
    }
    const bool up = m->state == OC_BRIDGE_UP;
    add_sample(m, 0, "bridge.connected", OC_KIND_BOOL, up, samples, &count);
    add_sample(m, 1, "bridge.received_total", OC_KIND_COUNTER, (double)m->received, samples,
               &count);
    add_sample(m, 2, "bridge.sent_total", OC_KIND_COUNTER, (double)m->published, samples, &count);
    add_sample(m, 3, "bridge.refused_total", OC_KIND_COUNTER, (double)m->refused, samples, &count);
    const struct oc_status status = {.target = "",
                                     .state = up ? OC_STATE_OK : OC_STATE_CRITICAL,
                                     .text = up ? "messages are carried" : m->error.message};
    const struct oc_batch batch = {.instance = OC_OWN_BRIDGE,
                                   .plugin = oc_store_intern(m->env->store, m->plugin),
                                   .time_ms = oc_time_wall(),
                                   .samples = samples,
                                   .sample_count = count,
                                   .statuses = &status,
                                   .status_count = 1,
                                   .last = true};
    oc_bus_publish_native(m->env->bus, "samples", &batch);
    oc_timer_start(m->report, REPORT_EVERY, 0);
}

/* ---- what is heard ---- */

/* One call: when it ends, another instance may have taken its place. */
struct listening {
    struct oc_message_service *service;
    struct oc_instance *instance;
};

void oc_message_expect_echo(struct oc_message_service *m, const char *id)
{
    snprintf(m->sent[m->sent_next], sizeof m->sent[0], "%s", id);
    m->sent_next = (m->sent_next + 1) % OC_MESSAGES_SENT;
}

static bool is_echo(struct oc_message_service *m, const char *id)
{
    for (size_t i = 0; i < OC_MESSAGES_SENT; i++) {
        if (m->sent[i][0] && strcmp(m->sent[i], id) == 0) {
            m->sent[i][0] = '\0';
            return true;
        }
    }
    return false;
}

static void take_message(struct oc_message_service *m, const json_t *data)
{
    const char *channel = oc_json_str(data, "channel", ""), *payload;
    payload = oc_json_str(data, "payload", NULL);
    if (!payload || strlen(channel) > OC_MESSAGE_CHANNEL_MAX) {
        m->refused++;
        return;
    }
    json_t *row = oc_envelope_read(channel, payload, strlen(payload), oc_time_wall(), ++m->serial);
    m->received++;
    if (is_echo(m, oc_json_str(row, "id", ""))) {
        json_decref(row);
    } else {
        oc_message_deliver(m, row);
    }
}

static bool is_topic(const struct oc_record *r, const char *topic)
{
    return r->name.len == strlen(topic) && memcmp(r->name.ptr, topic, r->name.len) == 0;
}

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    const struct listening *l = ctx;
    struct oc_message_service *m = l->service;
    for (size_t i = 0; i < count && l->instance == m->listener; i++) {
        if (records[i].type != OC_RECORD_EVENT) {
            continue;
        }
        if (is_topic(&records[i], "bus.listening")) {
            m->failures = 0;
            oc_message_set_state(m, OC_BRIDGE_UP, NULL);
        } else if (is_topic(&records[i], "bus.message")) {
            json_t *data = json_loadb(records[i].text.ptr, records[i].text.len, 0, NULL);
            take_message(m, data);
            json_decref(data);
        }
    }
}

/* ---- one call after the other ---- */

static void try_later(struct oc_message_service *m, const struct oc_error *err)
{
    const unsigned step = m->failures < BACKOFF_STEPS ? m->failures : BACKOFF_STEPS;
    const int64_t wait = OC_SECOND << step;
    m->failures++;
    m->retry_at = oc_time_wall() + wait;
    oc_timer_start(m->retry, wait, 0);
    oc_message_set_state(m, OC_BRIDGE_FAILED, err);
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct listening *l = ctx;
    struct oc_message_service *m = l->service;
    const bool ours = l->instance == m->listener;
    (void)took_ms;
    free(l);
    if (!ours || m->stopping) {
        return;
    }
    m->listening = false;
    if (code == OC_OK) {
        oc_timer_start(m->retry, 0, 0); /* it goes on where it was */
    } else {
        try_later(m, err);
    }
}

void oc_message_listen(void *service)
{
    struct oc_message_service *m = service;
    struct oc_error err;
    struct listening *l;
    struct oc_invocation inv = {.method = LISTEN_METHOD,
                                .timeout_ms = LISTEN_MS,
                                .on_records = on_records,
                                .on_done = on_done};
    oc_error_init(&err);
    m->retry_at = 0;
    if (!m->listener || m->listening || m->stopping) {
        return;
    }
    inv.ctx = l = oc_alloc(sizeof *l);
    *l = (struct listening){m, m->listener};
    m->listening = true;
    if (oc_instance_call(m->listener, &inv, &m->call, &err) != OC_OK) {
        const struct oc_error *why = oc_instance_error(m->listener);
        free(l);
        m->listening = false;
        try_later(m, why && why->code ? why : &err);
    }
}
