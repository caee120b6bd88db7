/* Sending: one batch after the other, the oldest first, until the receiver has it. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/meter.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/export/internal.h"

#define BACKOFF_FIRST OC_SECOND

static struct oc_meter ended = {.name = "openclaw_remote_write_samples_total",
                                .help = "Samples of remote write that ended: sent, refused by the "
                                        "receiver, dropped because too many waited",
                                .kind = OC_METER_COUNTER,
                                .labels = {"remote", "result"}};
static struct oc_meter waiting = {.name = "openclaw_remote_write_waiting_samples",
                                  .help = "Samples that wait to be sent",
                                  .kind = OC_METER_GAUGE,
                                  .labels = {"remote"}};
static struct oc_meter retries = {.name = "openclaw_remote_write_retries_total",
                                  .help = "Requests that failed and are tried again",
                                  .kind = OC_METER_COUNTER,
                                  .labels = {"remote"}};
static struct oc_meter took = {.name = "openclaw_remote_write_duration_seconds",
                               .help = "How long requests took",
                               .kind = OC_METER_SECONDS,
                               .labels = {"remote"}};

static void show_waiting(const struct oc_remote *r)
{
    oc_meter_set(&waiting, (double)(r->queue.samples + r->batch_samples), r->name, NULL, NULL);
}

static void tell_lost(struct oc_remote *r, uint64_t samples, const char *result, const char *reason)
{
    oc_meter_add(&ended, (double)samples, r->name, result, NULL);
    oc_warn("samples not sent", "remote=%s samples=%llu reason=%s", r->name,
            (unsigned long long)samples, reason);
    json_t *event = json_object();
    oc_json_set_str(event, "remote", r->name);
    oc_json_set_int(event, "samples", (json_int_t)samples);
    oc_json_set_str(event, "reason", reason);
    if (r->service) {
        oc_bus_publish(r->service->env->bus, "export.dropped", event);
    } else {
        json_decref(event);
    }
}

/* The oldest make room; the one that is on its way stays. */
static void make_room(struct oc_remote *r)
{
    uint64_t lost = 0;
    while (r->queue.bytes > (uint64_t)r->options.queue_bytes) {
        size_t first = r->in_flight && r->queue.list.items[0].seq == r->in_flight_seq ? 1 : 0;
        if (r->queue.list.count <= first + 1) {
            break; /* the newest is never dropped */
        }
        lost += oc_export_queue_remove(&r->queue, first);
    }
    if (lost) {
        r->dropped += lost;
        tell_lost(r, lost, "dropped", "more than queue_size waits: the oldest was dropped");
    }
}

void oc_remote_seal(struct oc_remote *r)
{
    if (r->batch_samples) {
        oc_export_queue_push(&r->queue, &r->batch, r->batch_samples);
        r->batch_samples = 0;
        make_room(r);
    }
    show_waiting(r);
}

/* ---- one request ---- */

/* The whole batch lies ready; the plugin pulls it. [worker] */
static int64_t read_batch(void *ctx, void *buf, uint64_t cap)
{
    struct oc_remote_sending *s = ctx;
    size_t left = s->data.len - s->at, take = left < cap ? left : (size_t)cap;
    if (take) {
        memcpy(buf, s->data.data + s->at, take);
    }
    s->at += take;
    return (int64_t)take;
}

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct oc_remote *r = ctx;
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == OC_RECORD_JSON) {
            json_t *json = oc_json_parse(records[i].text.ptr, records[i].text.len, NULL);
            double seconds = oc_json_num(json, "retry_after", 0);
            if (seconds > 0) {
                double most = (double)r->options.backoff_ms;
                double ms = seconds * (double)OC_SECOND;
                r->retry_after_ms = (int64_t)(ms < most ? ms : most);
            }
            json_decref(json);
        }
    }
}

static int64_t pause_after(const struct oc_remote *r)
{
    int64_t ms = BACKOFF_FIRST;
    for (unsigned i = 1; i < r->failures && ms < r->options.backoff_ms; i++) {
        ms *= 2;
    }
    ms = ms > r->retry_after_ms ? ms : r->retry_after_ms;
    return ms < r->options.backoff_ms ? ms : r->options.backoff_ms;
}

static void try_again(struct oc_remote *r, const struct oc_error *err)
{
    if (r->failures++ == 0) {
        oc_warn("remote does not take samples", "remote=%s reason=%s", r->name, err->message);
    }
    oc_meter_add(&retries, 1, r->name, NULL, NULL);
    if (r->retry) {
        oc_timer_start(r->retry, pause_after(r), 0);
    }
}

/* The batch that was on its way is the oldest: nothing passes it. */
static uint64_t take_sent(struct oc_remote *r)
{
    bool there = r->queue.list.count && r->queue.list.items[0].seq == r->in_flight_seq;
    return there ? oc_export_queue_remove(&r->queue, 0) : 0;
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct oc_remote *r = ctx;
    r->in_flight = false;
    if (code == OC_OK) {
        uint64_t samples = take_sent(r);
        r->sent += samples;
        r->sent_ms = oc_time_wall();
        r->last_error[0] = '\0';
        oc_meter_add(&ended, (double)samples, r->name, "sent", NULL);
        oc_meter_observe(&took, took_ms * 1000, r->name, NULL, NULL);
    } else {
        oc_copy(r->last_error, sizeof r->last_error, err->message);
    }
    if (code ==
        OC_E_PERMANENT) { /* it would be refused for ever, and everything behind it with it */
        uint64_t samples = take_sent(r);
        r->refused += samples;
        tell_lost(r, samples, "refused", err->message);
    }
    if (code == OC_OK || code == OC_E_PERMANENT) {
        if (r->failures && code == OC_OK) {
            oc_info("remote takes samples again", "remote=%s", r->name);
        }
        r->failures = 0;
        oc_remote_pump(r);
    } else {
        try_again(r, err);
    }
    show_waiting(r);
}

static void free_sending(struct oc_remote_sending **s)
{
    if (*s) {
        oc_buf_finish(&(*s)->data);
        OC_FREE(*s);
    }
}

/* A batch whose file somebody took away is lost. One that cannot be read for now is not: it is tried again. */
static int read_oldest(struct oc_remote *r, struct oc_buf *data, struct oc_error *err)
{
    int rc = OC_E_NOT_FOUND;
    while (rc == OC_E_NOT_FOUND && r->queue.list.count) {
        oc_error_init(err);
        rc = oc_export_queue_peek(&r->queue, data, err);
        if (rc == OC_E_NOT_FOUND) {
            const uint64_t samples = oc_export_queue_remove(&r->queue, 0);
            r->dropped += samples;
            tell_lost(r, samples, "dropped", err->message);
        }
    }
    return rc;
}

static int send_oldest(struct oc_remote *r, struct oc_error *err)
{
    struct oc_remote_sending *s = oc_calloc(1, sizeof *s);
    int rc = read_oldest(r, &s->data, err);
    if (rc != OC_OK) {
        free_sending(&s);
        show_waiting(r);
        return rc == OC_E_NOT_FOUND ? OC_OK : rc; /* nothing is left to be sent */
    }
    char params[64];
    snprintf(params, sizeof params, "{\"bytes\":%zu}", s->data.len);
    const struct oc_invocation inv = {.method = OC_EXPORT_METHOD,
                                      .params = params,
                                      .timeout_ms = r->options.timeout_ms,
                                      .on_records = on_records,
                                      .on_done = on_done,
                                      .ctx = r,
                                      .read = read_batch,
                                      .stream_ctx = s};
    r->in_flight = true;
    r->in_flight_seq = r->queue.list.items[0].seq;
    r->retry_after_ms = 0;
    rc = oc_instance_call(r->instance, &inv, NULL, err);
    if (rc != OC_OK) {
        r->in_flight = false;
        free_sending(&s);
        return rc;
    }
    /* The instance took a call, so the one before it has returned: nobody reads that batch any more. But one call may pass
     * its deadline while the next waits in the queue, so one more is kept. */
    free_sending(&r->late);
    r->late = r->sending;
    r->sending = s;
    return OC_OK;
}

void oc_remote_pump(struct oc_remote *r)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!r->instance || r->in_flight || !r->queue.list.count ||
        (r->retry && oc_timer_active(r->retry))) {
        return;
    }
    if (send_oldest(r, &err) != OC_OK) {
        oc_copy(r->last_error, sizeof r->last_error, err.message);
        try_again(r, &err);
    }
}

void oc_remote_on_flush(void *remote)
{
    oc_remote_seal(remote);
    oc_remote_pump(remote);
}

void oc_remote_on_retry(void *remote)
{
    oc_remote_pump(remote);
}
