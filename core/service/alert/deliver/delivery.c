/* Promised deliveries and their queues. SPDX-License-Identifier: MIT */
#include "delivery.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/crypto.h"

struct oc_delivery *oc_delivery_make(const char *channel, const char *event,
                                     const struct oc_delivery_subject *subject, const char *text,
                                     int64_t seq)
{
    struct oc_delivery *d = oc_calloc(1, sizeof *d);
    oc_id_make(d->id);
    d->channel = oc_strdup(channel);
    d->event = oc_strdup(event);
    d->alert = oc_strdup(text);
    d->rule = oc_strdup(subject->rule);
    oc_copy(d->subject, sizeof d->subject, subject->id);
    oc_copy(d->severity, sizeof d->severity, subject->severity);
    d->seq = seq;
    d->created = oc_time_wall();
    return d;
}

struct oc_delivery *oc_delivery_create(const char *channel, const char *event, const json_t *alert,
                                       const char *text, int64_t seq)
{
    const struct oc_delivery_subject subject = {oc_json_str(alert, "id", ""),
                                                oc_json_str(alert, "rule", ""),
                                                oc_json_str(alert, "severity", "")};
    return oc_delivery_make(channel, event, &subject, text, seq);
}

void oc_delivery_destroy(struct oc_delivery *d)
{
    if (d) {
        free(d->alert);
        free(d->more);
        json_decref(d->listed);
        free(d->rule);
        free(d->channel);
        free(d->event);
        free(d);
    }
}

void oc_delivery_save(const struct oc_delivery *d, struct oc_buf *out)
{
    oc_buf_adds(out, "{\"channel\":");
    oc_json_put_str(out, d->channel);
    oc_buf_adds(out, ",\"created\":");
    oc_buf_addi(out, d->created);
    /* ids are UUIDs, events are words of ours: nothing to escape */
    oc_buf_adds(out, ",\"event\":\"");
    oc_buf_adds(out, d->event);
    oc_buf_adds(out, "\",\"id\":\"");
    oc_buf_adds(out, d->id);
    oc_buf_adds(out, "\",\"seq\":");
    oc_buf_addi(out, d->seq);
    oc_buf_adds(out, ",\"alert\":");
    oc_buf_adds(out, d->alert);
    if (d->more) {
        oc_buf_adds(out, ",\"more\":");
        oc_buf_adds(out, d->more);
    }
    oc_buf_addc(out, '}');
}

struct oc_delivery *oc_delivery_load(const json_t *json)
{
    const char *id = oc_json_str(json, "id", "");
    const char *channel = oc_json_str(json, "channel", "");
    const char *event = oc_json_str(json, "event", "");
    json_t *alert = json_object_get(json, "alert");
    if (strlen(id) != 36 || !*channel || !*event || !json_is_object(alert)) {
        return NULL;
    }
    char *text = oc_json_text(alert);
    struct oc_delivery *d =
        oc_delivery_create(channel, event, alert, text, oc_json_int(json, "seq", 0));
    oc_copy(d->id, sizeof d->id, id);
    d->created = oc_json_int(json, "created", d->created);
    const json_t *more = json_object_get(json, "more");
    d->more = json_is_object(more) ? oc_json_text(more) : NULL;
    free(text);
    return d;
}

void oc_delivery_push(struct oc_delivery_queue *q, struct oc_delivery *d)
{
    d->next = NULL;
    if (q->tail) {
        q->tail->next = d;
    } else {
        q->head = d;
    }
    q->tail = d;
    q->count++;
}

struct oc_delivery *oc_delivery_pop(struct oc_delivery_queue *q)
{
    struct oc_delivery *d = q->head;
    if (d) {
        q->head = d->next;
        if (!q->head) {
            q->tail = NULL;
        }
        q->count--;
        d->next = NULL;
    }
    return d;
}

static struct oc_delivery *take_after(struct oc_delivery_queue *q, struct oc_delivery *before)
{
    struct oc_delivery *d = before->next;
    before->next = d->next;
    if (q->tail == d) {
        q->tail = before;
    }
    q->count--;
    d->next = NULL;
    return d;
}

struct oc_delivery *oc_delivery_sacrifice(struct oc_delivery_queue *q, const char *event)
{
    for (struct oc_delivery *d = q->head; d && d->next; d = d->next) {
        if (strcmp(d->next->event, event) == 0) {
            return take_after(q, d);
        }
    }
    return q->head && q->head->next ? take_after(q, q->head) : NULL;
}

void oc_delivery_queue_finish(struct oc_delivery_queue *q)
{
    struct oc_delivery *d;
    while ((d = oc_delivery_pop(q))) {
        oc_delivery_destroy(d);
    }
}
