/* Sending and retrying. SPDX-License-Identifier: MIT */
#include "sender.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/failover.h"
#include "core/sys/crypto.h"

#define HOLD_MS     (1 * OC_SECOND) /* between two looks at an instance that takes no calls */
#define BACKOFF_MAX (5 * OC_MINUTE)

int64_t oc_sender_backoff(unsigned attempts)
{
    int64_t delay = OC_SECOND;
    for (unsigned i = 1; i < attempts && delay < BACKOFF_MAX; i++) {
        delay *= 4;
    }
    return delay < BACKOFF_MAX ? delay : BACKOFF_MAX;
}

static int64_t jitter(int64_t delay)
{
    uint32_t random;
    oc_random(&random, sizeof random);
    return (int64_t)(random % (uint32_t)(delay / 4 + 1));
}

static json_t *report(const struct oc_delivery *d)
{
    json_t *json = json_object();
    oc_json_set_str(json, "alert", d->subject);
    oc_json_set_str(json, "rule", d->rule);
    oc_json_set_str(json, "severity", d->severity);
    oc_json_set_str(json, "event", d->event);
    oc_json_set_str(json, "channel", d->channel);
    oc_json_set_str(json, "delivery", d->id);
    oc_json_set_int(json, "attempts", d->attempts);
    return json;
}

void oc_sender_report_failure(struct oc_outbox *o, const struct oc_delivery *d,
                              const struct oc_error *err)
{
    json_t *json = report(d);
    oc_json_set_str(json, "code", oc_error_name(err->code));
    oc_json_set_str(json, "message", err->message);
    oc_bus_publish(o->env->bus, "alert.failed", json);
}

static void succeed(struct oc_channel *ch, struct oc_delivery *d, int64_t took_ms)
{
    struct oc_outbox *o = ch->outbox;
    json_t *json = report(d);
    oc_json_set_int(json, "took_ms", took_ms);
    ch->sent++;
    o->sent++;
    ch->last_ms = took_ms;
    ch->last_error[0] = '\0';
    oc_outbox_end(o, d);
    oc_bus_publish(o->env->bus, "alert.notified", json);
}

static void fail(struct oc_channel *ch, struct oc_delivery *d, const struct oc_error *err)
{
    ch->failed++;
    ch->outbox->failed++;
    oc_warn("alert not delivered", "channel=%s delivery=%s attempts=%u reason=%s", ch->name, d->id,
            d->attempts, err->message);
    oc_sender_report_failure(ch->outbox, d, err);
    oc_failover_pass(ch->outbox, ch, d, err->message);
    oc_outbox_end(ch->outbox, d);
}

static bool worth_retrying(const struct oc_channel *ch, const struct oc_delivery *d, int code)
{
    bool passing = code == OC_E_RETRY || code == OC_E_TIMEOUT || code == OC_E_CANCELLED;
    return passing && d->attempts <= (unsigned)ch->options.retries;
}

static void wait(struct oc_channel *ch, int64_t delay)
{
    ch->retry_at = oc_time_wall() + delay;
    oc_timer_start(ch->retry, delay, 0);
}

static void retry_later(struct oc_channel *ch, const struct oc_delivery *d)
{
    int64_t delay = oc_sender_backoff(d->attempts);
    delay += jitter(delay);
    if (ch->answer.retry_after_ms > delay) {
        delay = ch->answer.retry_after_ms;
    }
    wait(ch, delay);
}

/* The host answered for an instance that takes no calls: the plugin never saw the delivery. */
static bool never_began(const struct oc_channel *ch, int code)
{
    enum oc_instance_state state = oc_instance_state(ch->instance);
    return code == OC_E_CONFLICT && state != OC_INSTANCE_READY && state != OC_INSTANCE_BUSY;
}

static void fail_or_retry(struct oc_channel *ch, int code, const struct oc_error *err)
{
    struct oc_delivery *d = ch->queue.head;
    oc_copy(ch->last_error, sizeof ch->last_error, err->message);
    if (ch->answer.retry_after_ms > OC_CHANNEL_PATIENCE) {
        ch->rests_until = oc_time_mono() + ch->answer.retry_after_ms;
    }
    if (never_began(ch, code)) {
        d->attempts--;
        wait(ch, HOLD_MS);
    } else if (worth_retrying(ch, d, code)) {
        retry_later(ch, d);
    } else {
        fail(ch, oc_delivery_pop(&ch->queue), err);
    }
}

static void on_sent(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct oc_channel *ch = ctx;
    ch->in_flight = false;
    if (!ch->outbox) { /* let go meanwhile: the store, or the channel that took over, has the
                          delivery */
        oc_channel_unref(ch);
        return;
    }
    ch->queue.head->attempts++;
    if (code == OC_OK) {
        succeed(ch, oc_delivery_pop(&ch->queue), took_ms);
    } else {
        fail_or_retry(ch, code, err);
    }
    oc_sender_pump(ch);
    oc_channel_unref(ch);
}

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct oc_channel *ch = ctx;
    oc_channel_answer_read(&ch->answer, records, count);
}

void oc_sender_on_retry(void *channel)
{
    oc_sender_pump(channel);
}

static int call(struct oc_channel *ch, const struct oc_delivery *d, struct oc_error *err)
{
    char *params =
        oc_outbox_params(ch->outbox, d->id, d->event, d->alert, d->more, d->attempts + 1);
    struct oc_invocation inv = {.method = OC_CHANNEL_SEND,
                                .params = params,
                                .timeout_ms = ch->options.timeout,
                                .on_records = on_records,
                                .on_done = on_sent,
                                .ctx = ch};
    memset(&ch->answer, 0, sizeof ch->answer);
    int rc = oc_instance_call(ch->instance, &inv, NULL, err);
    free(params);
    return rc;
}

void oc_sender_pump(struct oc_channel *ch)
{
    struct oc_error err;
    if (oc_failover_drain(ch) || !ch->outbox || !ch->instance || ch->in_flight || !ch->queue.head ||
        oc_timer_active(ch->retry)) {
        return;
    }
    if (oc_digest_hold(ch)) {
        return;
    }
    oc_error_init(&err);
    ch->in_flight = true;
    ch->refs++;
    if (call(ch, ch->queue.head, &err) != OC_OK) {
        ch->in_flight = false;
        ch->refs--;
        oc_copy(ch->last_error, sizeof ch->last_error, err.message);
        wait(ch, HOLD_MS);
    }
}
