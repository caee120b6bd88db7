/* The outbox in the journal: promises written, kept, restored, ended. SPDX-License-Identifier: MIT */
#include "outbox.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/deliver/sender.h"
#include "core/service/alert/table/codec.h"

#define BEHIND (OC_DELIVERY_QUEUE_MAX / 2)
#define ID_LEN 36

void oc_outbox_init(struct oc_outbox *o, const struct oc_env *env, void (*wake)(void *ctx),
                    void *wake_ctx)
{
    memset(o, 0, sizeof *o);
    o->env = env;
    o->wake = wake;
    o->wake_ctx = wake_ctx;
    o->host = json_object();
}

static void free_delivery(void *delivery)
{
    oc_delivery_destroy(delivery);
}

void oc_outbox_finish(struct oc_outbox *o)
{
    for (size_t i = 0; i < o->ended.count; i++) {
        free(o->ended.items[i]);
    }
    OC_VEC_FINISH(&o->ended);
    oc_map_finish(&o->loaded, free_delivery);
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
    if (d->segment) {
        OC_VEC_PUSH(&o->ended, oc_strdup(d->id));
        o->wake(o->wake_ctx);
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
    o->failed++;
    oc_sender_report_failure(o, d, &err);
    oc_failover_pass(o, oc_outbox_channel(o, d->channel), d, message);
    oc_outbox_end(o, d);
}

static void queue(struct oc_outbox *o, struct oc_channel *ch, struct oc_delivery *d)
{
    oc_delivery_push(&ch->queue, d);
    if (ch->queue.count <= OC_DELIVERY_QUEUE_MAX) {
        return;
    }
    struct oc_delivery *victim =
        oc_delivery_sacrifice(&ch->queue, ch->incidents ? "firing" : "resolved");
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
            oc_channel_release(old, OC_INSTANCE_GRACE, NULL, NULL);
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
    oc_channel_release(ch, OC_INSTANCE_GRACE, NULL, NULL);
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

static void keep_loaded(struct oc_outbox *o, struct oc_delivery *d, uint32_t segment)
{
    d->segment = segment;
    oc_delivery_destroy(oc_map_set(&o->loaded, d->id, d));
}

static void load_promise(struct oc_outbox *o, uint32_t segment, const char *data, size_t len)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *json = oc_json_parse(data, len, &err);
    struct oc_delivery *d = oc_delivery_load(json);
    if (d) {
        keep_loaded(o, d, segment);
    } else {
        oc_warn("unreadable outbox record dropped", "reason=%s", err.message);
    }
    json_decref(json);
}

void oc_outbox_load(struct oc_outbox *o, uint32_t segment, unsigned type, const void *data,
                    size_t len)
{
    char id[ID_LEN + 1] = "";
    if (len < ID_LEN) {
        return;
    }
    memcpy(id, data, ID_LEN);
    if (type == OC_KEEP_ENDED) {
        oc_delivery_destroy(oc_map_remove(&o->loaded, id));
    } else {
        load_promise(o, segment, (const char *)data + ID_LEN, len - ID_LEN);
    }
}

void oc_outbox_import(struct oc_outbox *o, const char *id, const json_t *json)
{
    struct oc_delivery *d = oc_delivery_load(json);
    if (d) {
        keep_loaded(o, d, 0);
    } else {
        oc_warn("unreadable outbox record dropped", "id=%s", id);
    }
}

void oc_outbox_restore(struct oc_outbox *o)
{
    OC_VEC(struct oc_delivery *) list = {0};
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&o->loaded, &it, &id, &value);) {
        OC_VEC_PUSH(&list, value);
    }
    oc_map_finish(&o->loaded, NULL);
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

void oc_outbox_promise(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                       const json_t *alert, const char *text)
{
    oc_outbox_promise_more(o, ch, event, alert, text, NULL);
}

void oc_outbox_promise_text(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                            const struct oc_delivery_subject *subject, const char *text)
{
    oc_delivery_push(&o->fresh, oc_delivery_make(ch->name, event, subject, text, ++o->seq));
}

void oc_outbox_promise_more(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                            const json_t *alert, const char *text, const char *more)
{
    struct oc_delivery *d = oc_delivery_create(ch->name, event, alert, text, ++o->seq);
    d->more = more ? oc_strdup(more) : NULL;
    oc_delivery_push(&o->fresh, d);
}

static bool can_write(const struct oc_outbox *o)
{
    return o->journal && !oc_journal_failing(o->journal, NULL);
}

static void write_one(const struct oc_outbox *o, struct oc_delivery *d)
{
    struct oc_buf out = {0};
    oc_buf_add(&out, d->id, ID_LEN);
    oc_delivery_save(d, &out);
    if (out.len <= OC_JOURNAL_RECORD_MAX) {
        oc_journal_add(o->journal, OC_KEEP_PROMISE, out.data, out.len);
        d->segment = oc_journal_segment(o->journal);
    }
    oc_buf_finish(&out);
}

static void write_queue(struct oc_outbox *o, struct oc_delivery_queue *q, uint32_t last)
{
    for (struct oc_delivery *d = q->head; d; d = d->next) {
        if (d->segment <= last) {
            write_one(o, d);
        }
    }
}

void oc_outbox_write(struct oc_outbox *o)
{
    if (!can_write(o)) {
        return;
    }
    write_queue(o, &o->fresh, 0);
    for (size_t i = 0; i < o->ended.count; i++) {
        oc_journal_add(o->journal, OC_KEEP_ENDED, o->ended.items[i], ID_LEN);
        free(o->ended.items[i]);
    }
    o->ended.count = 0;
}

void oc_outbox_rewrite(struct oc_outbox *o, uint32_t last)
{
    for (size_t i = 0; can_write(o) && i < o->channels.count; i++) {
        write_queue(o, &o->channels.items[i]->queue, last);
    }
}

static void release(struct oc_outbox *o)
{
    /* What is promised on the way is not written yet: it waits for the next round. */
    struct oc_delivery_queue written = o->fresh;
    struct oc_delivery *d;
    memset(&o->fresh, 0, sizeof o->fresh);
    while ((d = oc_delivery_pop(&written))) {
        struct oc_channel *ch = oc_outbox_channel(o, d->channel);
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

void oc_outbox_hand_over(struct oc_outbox *o)
{
    char id[ID_LEN + 1];
    const struct oc_delivery *only = o->fresh.count == 1 ? o->fresh.head : NULL;
    struct oc_channel *ch = only ? oc_outbox_channel(o, only->channel) : NULL;
    if (!ch || ch->queue.count > 0) {
        oc_outbox_write(o);
        release(o);
        return;
    }
    oc_copy(id, sizeof id, only->id);
    release(o);
    struct oc_delivery *d = ch->queue.head; /* gone when it became part of something else */
    while (d && strcmp(d->id, id) != 0) {
        d = d->next;
    }
    if (d && d->segment == 0 && can_write(o)) {
        write_one(o, d);
    }
    oc_outbox_write(o);
}

bool oc_outbox_is_behind(const struct oc_outbox *o)
{
    for (size_t i = 0; i < o->channels.count; i++) {
        const struct oc_channel *ch = o->channels.items[i];
        if (ch->queue.count >= BEHIND && ch->in_flight && !oc_timer_active(ch->retry)) {
            return true;
        }
    }
    return o->fresh.count >= BEHIND;
}

char *oc_outbox_params(const struct oc_outbox *o, const char *delivery, const char *event,
                       const char *alert, const char *more, unsigned attempt)
{
    struct oc_buf out = {0};
    oc_buf_reserve(&out, strlen(alert) + 256);
    oc_buf_adds(&out, "{\"alert\":");
    oc_buf_adds(&out, alert);
    if (more && more[0] == '{' && more[1] != '}') {
        oc_buf_addc(&out, ',');
        oc_buf_add(&out, more + 1, strlen(more) - 2);
    }
    /* ids are UUIDs, events are words of ours: nothing to escape */
    oc_buf_adds(&out, ",\"id\":\"");
    oc_buf_adds(&out, delivery);
    oc_buf_adds(&out, "\",\"event\":\"");
    oc_buf_adds(&out, event);
    oc_buf_adds(&out, "\",\"host\":");
    oc_json_put_wire(&out, o->host);
    oc_buf_adds(&out, ",\"attempt\":");
    oc_buf_addi(&out, attempt);
    oc_buf_addc(&out, '}');
    return oc_buf_take(&out);
}
