/* The outbox in the store: promises written, kept, restored, removed. SPDX-License-Identifier: MIT */
#include "outbox.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/service/alert/sender.h"

#define SPACE "outbox"

void oc_outbox_init(struct oc_outbox *o, const struct oc_env *env, void (*wake)(void *ctx),
                    void *wake_ctx)
{
    memset(o, 0, sizeof *o);
    o->env = env;
    o->wake = wake;
    o->wake_ctx = wake_ctx;
    o->host = json_object();
}

void oc_outbox_finish(struct oc_outbox *o)
{
    for (size_t i = 0; i < o->ended.count; i++) {
        free(o->ended.items[i]);
    }
    OC_VEC_FINISH(&o->ended);
    OC_VEC_FINISH(&o->channels);
    oc_delivery_queue_finish(&o->fresh);
    json_decref(o->host);
}

void oc_outbox_set_host(struct oc_outbox *o, const char *name)
{
    oc_json_set_str(o->host, "name", name);
}

struct oc_channel *oc_outbox_channel(const struct oc_outbox *o, const char *name)
{
    for (size_t i = 0; i < o->channels.count; i++) {
        if (strcmp(o->channels.items[i]->name, name) == 0) {
            return o->channels.items[i];
        }
    }
    return NULL;
}

void oc_outbox_end(struct oc_outbox *o, struct oc_delivery *d)
{
    if (d->stored) {
        OC_VEC_PUSH(&o->ended, oc_strdup(d->id));
        o->wake(o->wake_ctx);
    } else if (o->unstored > 0) {
        o->unstored--;
    }
    oc_delivery_destroy(d);
}

/* `d` is taken. */
static void give_up(struct oc_outbox *o, struct oc_delivery *d, const char *message)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_PERMANENT, "%s", message);
    oc_warn("alert not delivered", "channel=%s delivery=%s reason=%s", d->channel, d->id, message);
    oc_sender_report_failure(o, d, &err);
    oc_outbox_end(o, d);
}

static void queue(struct oc_outbox *o, struct oc_channel *ch, struct oc_delivery *d)
{
    oc_delivery_push(&ch->queue, d);
    if (ch->queue.count <= OC_DELIVERY_QUEUE_MAX) {
        return;
    }
    struct oc_delivery *victim = oc_delivery_sacrifice(&ch->queue);
    if (victim) {
        ch->dropped++;
        give_up(o, victim, "the queue of the channel is full");
    }
}

void oc_outbox_adopt(struct oc_outbox *o, struct oc_channel *ch)
{
    ch->outbox = o;
    ch->retry = oc_timer_create(o->env->loop, oc_sender_on_retry, ch);
    for (size_t i = 0; i < o->channels.count; i++) {
        struct oc_channel *old = o->channels.items[i];
        if (strcmp(old->name, ch->name) == 0) {
            ch->queue = old->queue;
            memset(&old->queue, 0, sizeof old->queue);
            ch->sent = old->sent;
            ch->failed = old->failed;
            ch->dropped = old->dropped;
            o->channels.items[i] = ch;
            oc_channel_release(old, OC_CHANNEL_GRACE, NULL, NULL);
            oc_sender_pump(ch);
            return;
        }
    }
    OC_VEC_PUSH(&o->channels, ch);
}

void oc_outbox_remove(struct oc_outbox *o, size_t i)
{
    struct oc_channel *ch = o->channels.items[i];
    struct oc_delivery *d;
    OC_VEC_REMOVE(&o->channels, i);
    while ((d = oc_delivery_pop(&ch->queue))) {
        give_up(o, d, "the channel is no longer configured");
    }
    oc_channel_release(ch, OC_CHANNEL_GRACE, NULL, NULL);
}

static int by_seq(const void *a, const void *b)
{
    const struct oc_delivery *const *x = a, *const *y = b;
    return ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

static void restore_one(struct oc_outbox *o, struct oc_delivery *d)
{
    struct oc_channel *ch = oc_outbox_channel(o, d->channel);
    o->seq = d->seq > o->seq ? d->seq : o->seq;
    if (ch && ch->options.enabled) {
        queue(o, ch, d);
    } else {
        give_up(o, d, ch ? "the channel is disabled" : "the channel is no longer configured");
    }
}

void oc_outbox_restore(struct oc_outbox *o)
{
    OC_VEC(struct oc_delivery *) list = {0};
    json_t *all = oc_kv_all(o->env->store, SPACE);
    const char *id;
    json_t *json;
    json_object_foreach(all, id, json)
    {
        struct oc_delivery *d = oc_delivery_load(json);
        if (d) {
            OC_VEC_PUSH(&list, d);
        } else {
            oc_warn("unreadable outbox record dropped", "id=%s", id);
            OC_VEC_PUSH(&o->ended, oc_strdup(id));
        }
    }
    json_decref(all);
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, by_seq);
        oc_info("deliveries of the last run are taken up again", "count=%zu", list.count);
    }
    for (size_t i = 0; i < list.count; i++) {
        restore_one(o, list.items[i]);
    }
    OC_VEC_FINISH(&list);
    for (size_t i = 0; i < o->channels.count; i++) {
        oc_sender_pump(o->channels.items[i]);
    }
}

void oc_outbox_promise(struct oc_outbox *o, struct oc_channel *ch, const char *event, json_t *alert)
{
    oc_delivery_push(&o->fresh, oc_delivery_create(ch->name, event, alert, ++o->seq));
}

bool oc_outbox_pending(const struct oc_outbox *o)
{
    return o->fresh.count > 0 || o->ended.count > 0 || o->unstored > 0;
}

static void write_one(const struct oc_outbox *o, const struct oc_delivery *d)
{
    if (!d->stored) {
        json_t *json = oc_delivery_save(d);
        oc_kv_put(o->env->store, SPACE, d->id, json, true, NULL);
        json_decref(json);
    }
}

void oc_outbox_write(struct oc_outbox *o)
{
    for (const struct oc_delivery *d = o->fresh.head; d; d = d->next) {
        write_one(o, d);
    }
    for (size_t i = 0; o->unstored > 0 && i < o->channels.count; i++) {
        for (const struct oc_delivery *d = o->channels.items[i]->queue.head; d; d = d->next) {
            write_one(o, d);
        }
    }
    for (size_t i = 0; i < o->ended.count; i++) {
        oc_kv_remove(o->env->store, SPACE, o->ended.items[i], true, NULL);
    }
}

static void mark_stored(struct oc_outbox *o)
{
    for (size_t i = 0; o->unstored > 0 && i < o->channels.count; i++) {
        for (struct oc_delivery *d = o->channels.items[i]->queue.head; d; d = d->next) {
            d->stored = true;
        }
    }
    o->unstored = 0;
    for (size_t i = 0; i < o->ended.count; i++) {
        free(o->ended.items[i]);
    }
    o->ended.count = 0;
}

void oc_outbox_release(struct oc_outbox *o, bool written)
{
    struct oc_delivery *d;
    if (written) {
        mark_stored(o);
    }
    while ((d = oc_delivery_pop(&o->fresh))) {
        struct oc_channel *ch = oc_outbox_channel(o, d->channel);
        d->stored = written;
        o->unstored += written ? 0 : 1;
        if (ch) {
            queue(o, ch, d);
        } else {
            give_up(o, d, "the channel is no longer configured");
        }
    }
    for (size_t i = 0; i < o->channels.count; i++) {
        oc_sender_pump(o->channels.items[i]);
    }
}

char *oc_outbox_params(const struct oc_outbox *o, const char *delivery, const char *event,
                       const json_t *alert, unsigned attempt)
{
    json_t *params = json_object();
    oc_json_set_str(params, "id", delivery);
    oc_json_set_str(params, "event", event);
    json_object_set(params, "alert", (json_t *)alert);
    json_object_set(params, "host", o->host);
    oc_json_set_int(params, "attempt", attempt);
    char *text = oc_json_text(params);
    json_decref(params);
    return text;
}
