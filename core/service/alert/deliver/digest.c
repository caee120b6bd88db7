/* Storm digests: when a channel is to wait, and what it is told then. SPDX-License-Identifier: MIT
 *
 * What is gathered was promised as text, and reading it takes its time: that is done ahead, in slices between which the host does other things. The rest
 * is done at once, so that there is no moment in which an alert is in the digest and also waits to be told alone. */
#include "digest.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/deliver/outbox.h"
#include "core/service/alert/deliver/sender.h"

#define ALERTS_MAX 1000 /* in one digest, and at most those of one delivery more */
#define SLICE_MS   4

static bool is_notice(const struct oc_delivery *d)
{
    return strcmp(d->event, "notice") == 0;
}

static bool is_grave(const struct oc_delivery *d)
{
    return strcmp(d->severity, "critical") == 0 && strcmp(d->event, "firing") == 0;
}

static void refill(struct oc_digest *d, double limit, int64_t now)
{
    if (!d->filled) {
        d->tokens = limit;
    } else if (now > d->filled) {
        d->tokens += (double)(now - d->filled) * limit / (double)OC_MINUTE;
    }
    d->tokens = d->tokens < limit ? d->tokens : limit;
    d->filled = now ? now : 1;
}

/* ---- gathering ---- */

/* What a list says of one alert; the object is a whole alert. */
static json_t *item_of(const json_t *alert, const char *event)
{
    const json_t *labels = json_object_get(alert, "labels");
    json_t *item = json_object();
    oc_json_set_str(item, "id", oc_json_str(alert, "id", ""));
    oc_json_set_str(item, "severity", oc_json_str(alert, "severity", ""));
    oc_json_set_str(item, "event", event);
    oc_json_set_str(item, "rule", oc_json_str(alert, "rule", ""));
    oc_json_set_str(item, "title", oc_json_str(alert, "title", ""));
    oc_json_set_str(item, "category", oc_json_str(alert, "category", ""));
    oc_json_set_str(item, "agent", oc_json_str(labels, "agent", ""));
    return item;
}

static void list_alerts(struct oc_delivery *d)
{
    json_t *more = d->more ? json_loads(d->more, 0, NULL) : NULL;
    json_t *alerts = json_object_get(more, "alerts"), *alert;
    size_t i;
    d->listed = json_array();
    json_array_foreach(alerts, i, alert)
    {
        const char *state = oc_json_str(alert, "state", d->event);
        json_array_append_new(
            d->listed, item_of(alert, strcmp(state, "resolved") == 0 ? "resolved" : "firing"));
    }
    if (json_array_size(alerts) == 0) {
        alert = json_loads(d->alert, 0, NULL);
        json_array_append_new(d->listed, item_of(alert, d->event));
        json_decref(alert);
    }
    json_decref(more);
}

/* What has been tried already stays: it may have arrived. */
static bool may_take(const struct oc_delivery *d)
{
    return !is_notice(d) && d->attempts == 0;
}

/* A slice of reading what the next digest says; true when all of it has been read. */
static bool prepare(struct oc_channel *ch)
{
    const int64_t until = oc_time_mono() + SLICE_MS;
    size_t count = 0, alerts = 0;
    for (struct oc_delivery *d = ch->queue.head; d; d = d->next) {
        if (!may_take(d)) {
            continue;
        }
        if (count >= OC_DIGEST_MAX || alerts >= ALERTS_MAX) {
            break;
        }
        if (!d->listed) {
            if (oc_time_mono() >= until) {
                return false;
            }
            list_alerts(d);
        }
        count++;
        alerts += json_array_size(d->listed);
    }
    return true;
}

/* One alert is listed once, as it was last. */
static void add_delivery(json_t *by_id, const struct oc_delivery *d)
{
    json_t *item;
    size_t i;
    json_array_foreach(d->listed, i, item)
    {
        json_object_set(by_id, oc_json_str(item, "id", ""), item);
    }
}

static json_t *list_of(const json_t *by_id)
{
    json_t *list = json_array(), *item;
    const char *id;
    json_object_foreach((json_t *)by_id, id, item)
    {
        json_array_append(list, item);
    }
    json_t *sorted = oc_digest_sort(list);
    json_decref(list);
    return sorted;
}

/* Of those that fire, which come first; that something is over is no more than information. */
static enum oc_alert_severity gravest(const json_t *items)
{
    enum oc_alert_severity severity = OC_ALERT_INFO;
    const json_t *first = json_array_get(items, 0);
    if (strcmp(oc_json_str(first, "event", ""), "resolved") != 0) {
        oc_alert_severity_parse(oc_json_str(first, "severity", ""), &severity);
    }
    return severity;
}

static void report(const struct oc_channel *ch, const char *id, const json_t *items, size_t count)
{
    json_t *json = json_object(), *ids = json_array(), *item;
    size_t i;
    json_array_foreach(items, i, item)
    {
        json_array_append(ids, json_object_get(item, "id"));
    }
    oc_json_set_str(json, "channel", ch->name);
    oc_json_set_str(json, "digest", id);
    oc_json_set_int(json, "deliveries", (json_int_t)count);
    oc_json_take(json, "alerts", ids);
    oc_bus_publish(ch->outbox->env->bus, "alert.digest", json);
}

static void promise(struct oc_channel *ch, const json_t *items, size_t count)
{
    char *title = oc_digest_title(items), *message = oc_digest_message(items);
    char *id = oc_asprintf("digest-%s-%" PRId64, ch->name, oc_time_wall());
    struct oc_notice_text text = {id, gravest(items), "storm", title, message};
    json_t *alert = oc_notice_json(&text, oc_time_wall());
    json_t *more = json_object();
    json_object_set(more, "alerts", (json_t *)items);
    oc_json_set_str(more, "text", title);
    char *alert_text = oc_json_text(alert), *more_text = oc_json_text(more);
    oc_outbox_promise_more(ch->outbox, ch, "notice", alert, alert_text, more_text);
    oc_info("a storm is told as a digest", "channel=%s alerts=%zu", ch->name,
            json_array_size(items));
    report(ch, id, items, count);
    free(alert_text);
    free(more_text);
    json_decref(alert);
    json_decref(more);
    free(title);
    free(message);
    free(id);
}

/* Takes what has been prepared out of the queue. */
static size_t gather(struct oc_channel *ch, json_t *by_id)
{
    struct oc_delivery_queue kept = {NULL, NULL, 0};
    struct oc_delivery *d;
    size_t count = 0, alerts = 0;
    while ((d = oc_delivery_pop(&ch->queue))) {
        if (!may_take(d) || count >= OC_DIGEST_MAX || alerts >= ALERTS_MAX) {
            oc_delivery_push(&kept, d);
            continue;
        }
        alerts += json_array_size(d->listed);
        add_delivery(by_id, d);
        count++;
        oc_outbox_end(ch->outbox, d);
    }
    ch->queue = kept;
    return count;
}

static void tell(struct oc_channel *ch)
{
    json_t *by_id = json_object();
    size_t count = gather(ch, by_id);
    if (count > 0) {
        json_t *items = list_of(by_id);
        promise(ch, items, count);
        ch->digest.sent++;
        ch->digest.gathered += count;
        json_decref(items);
        ch->outbox->wake(ch->outbox->wake_ctx);
    }
    json_decref(by_id);
}

/* ---- when ---- */

static void on_timer(void *ctx)
{
    oc_sender_pump(ctx);
}

static bool has_grave(const struct oc_channel *ch)
{
    for (const struct oc_delivery *d = ch->queue.head; d; d = d->next) {
        if (is_grave(d)) {
            return true;
        }
    }
    return false;
}

static int64_t due(const struct oc_channel *ch)
{
    int64_t wait = ch->outbox->storm_interval;
    if (ch->queue.count >= OC_DIGEST_MAX) {
        return ch->digest.since;
    }
    wait = wait > OC_DIGEST_SOON && has_grave(ch) ? OC_DIGEST_SOON : wait;
    return ch->digest.since + wait;
}

/* True when a notice is at the head now. */
static bool prefer_notice(struct oc_channel *ch)
{
    struct oc_delivery_queue rest = {NULL, NULL, 0};
    struct oc_delivery *d, *notice = NULL;
    while ((d = oc_delivery_pop(&ch->queue))) {
        if (!notice && (is_notice(d) || d->attempts > 0)) {
            notice = d;
        } else {
            oc_delivery_push(&rest, d);
        }
    }
    if (notice) {
        oc_delivery_push(&ch->queue, notice);
        notice->next = rest.head;
        ch->queue.tail = rest.tail ? rest.tail : notice;
        ch->queue.count += rest.count;
        return true;
    }
    ch->queue = rest;
    return false;
}

static void wait_for(struct oc_channel *ch, int64_t at, int64_t now)
{
    if (!ch->digest.timer) {
        ch->digest.timer = oc_timer_create(ch->outbox->env->loop, on_timer, ch);
    }
    oc_timer_start(ch->digest.timer, at > now ? at - now : 0, 0);
}

bool oc_digest_hold(struct oc_channel *ch)
{
    struct oc_digest *d = &ch->digest;
    double limit = (double)ch->outbox->storm_limit;
    int64_t now = oc_time_mono();
    if (limit <= 0 || ch->incidents || !ch->queue.head) {
        return false;
    }
    refill(d, limit, now);
    if (is_notice(ch->queue.head) || ch->queue.head->attempts > 0) {
        return false;
    }
    if (!d->storm && d->tokens >= 1) {
        d->tokens -= 1;
        return false;
    }
    if (!d->storm) {
        d->storm = true;
        d->since = now;
    }
    if (prefer_notice(ch)) {
        return false;
    }
    if (due(ch) > now) {
        wait_for(ch, due(ch), now);
        return true;
    }
    if (!prepare(ch)) {
        wait_for(ch, now, now);
        return true;
    }
    tell(ch);
    d->since = now;
    d->storm = d->tokens < limit / 2 || ch->queue.head != NULL;
    return true;
}

void oc_digest_finish(struct oc_digest *d)
{
    oc_timer_destroy(d->timer);
    d->timer = NULL;
}
