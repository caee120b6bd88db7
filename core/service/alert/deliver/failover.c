/* Fail-over between channels. SPDX-License-Identifier: MIT */
#include "failover.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#define HOPS_MAX 64 /* as many as there can be channels */

static struct oc_channel *next_of(const struct oc_outbox *o, const struct oc_channel *ch)
{
    return ch && ch->options.fallback ? oc_outbox_channel(o, ch->options.fallback) : NULL;
}

/* It would be told now, or within a time that an alert can wait. */
static bool is_awake(const struct oc_channel *ch)
{
    return oc_channel_usable(ch) && !oc_channel_rests(ch);
}

struct oc_channel *oc_failover_usable(const struct oc_outbox *o, const char *name)
{
    struct oc_channel *ch = oc_outbox_channel(o, name), *resting = NULL;
    for (int hops = 0; ch && hops < HOPS_MAX; hops++) {
        if (is_awake(ch)) {
            return ch;
        }
        resting = !resting && oc_channel_usable(ch) ? ch : resting;
        ch = next_of(o, ch);
    }
    return resting;
}

bool oc_failover_can(const struct oc_channel *ch)
{
    return oc_channel_usable(ch) || (ch->outbox && oc_failover_usable(ch->outbox, ch->name));
}

/* ---- passing on ---- */

static bool was_tried(const json_t *tried, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(tried, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0) {
            return true;
        }
    }
    return false;
}

/* The further parameters of the delivery, with `from` among the channels that were tried; owned by the caller. */
static json_t *more_of(const struct oc_delivery *d, const char *from)
{
    json_t *more = d->more ? json_loads(d->more, 0, NULL) : NULL;
    more = more ? more : json_object();
    json_t *tried = json_object_get(more, "failed_over");
    if (!json_is_array(tried)) {
        tried = json_array();
        oc_json_take(more, "failed_over", tried);
    }
    json_array_append_new(tried, json_string(from));
    return more;
}

static struct oc_channel *find_next(const struct oc_outbox *o, const struct oc_channel *from,
                                    const json_t *tried)
{
    struct oc_channel *ch = next_of(o, from);
    for (int hops = 0; ch && hops < HOPS_MAX; hops++) {
        if (is_awake(ch) && !was_tried(tried, ch->name)) {
            return ch;
        }
        ch = next_of(o, ch);
    }
    return NULL;
}

static void report(const struct oc_outbox *o, const struct oc_delivery *d, const char *to,
                   const char *reason)
{
    json_t *json = json_object();
    oc_json_set_str(json, "alert", d->subject);
    oc_json_set_str(json, "rule", d->rule);
    oc_json_set_str(json, "severity", d->severity);
    oc_json_set_str(json, "event", d->event);
    oc_json_set_str(json, "channel", d->channel);
    oc_json_set_str(json, "to", to);
    oc_json_set_str(json, "delivery", d->id);
    oc_json_set_str(json, "message", reason);
    oc_info("delivery passed to another channel", "channel=%s to=%s delivery=%s reason=%s",
            d->channel, to, d->id, reason);
    oc_bus_publish(o->env->bus, "alert.failed_over", json);
}

const struct oc_channel *oc_failover_pass(struct oc_outbox *o, const struct oc_channel *from,
                                          const struct oc_delivery *d, const char *reason)
{
    if (!from || !from->options.fallback) {
        return NULL;
    }
    json_t *more = more_of(d, from->name);
    struct oc_channel *to = find_next(o, from, json_object_get(more, "failed_over"));
    json_t *alert = to ? json_loads(d->alert, 0, NULL) : NULL;
    if (alert) {
        char *text = oc_json_text(more);
        oc_outbox_promise_more(o, to, d->event, alert, d->alert, text);
        free(text);
        if (o->passed) {
            o->passed(o->wake_ctx, d, to->name);
        }
        report(o, d, to->name, reason);
        o->wake(o->wake_ctx);
    }
    json_decref(more);
    json_decref(alert);
    return alert ? to : NULL;
}

static const char *trouble(const struct oc_channel *ch)
{
    if (ch->error.code != OC_OK) {
        return ch->error.message;
    }
    if (oc_channel_rests(ch)) {
        return "the receiver asks for a long pause";
    }
    return ch->options.enabled ? "the channel cannot be used" : "the channel is disabled";
}

bool oc_failover_drain(struct oc_channel *ch)
{
    struct oc_outbox *o = ch->outbox;
    if (!o || ch->in_flight || is_awake(ch) || !ch->options.fallback) {
        return false;
    }
    while (ch->queue.head) {
        if (!oc_failover_pass(o, ch, ch->queue.head, trouble(ch))) {
            return false; /* nobody else can: it waits here */
        }
        oc_outbox_end(o, oc_delivery_pop(&ch->queue));
    }
    return true;
}

/* ---- the configuration ---- */

static const char *text_of(const struct oc_node *group, const char *key)
{
    const struct oc_node *node = group->type == OC_NODE_GROUP ? oc_node_get(group, key) : NULL;
    return node && node->type == OC_NODE_STRING ? node->string : NULL;
}

static const char *name_of(const struct oc_node *item)
{
    const char *name = text_of(item, "name");
    name = name ? name : text_of(item, "plugin");
    return name ? name : "";
}

static const struct oc_node *named(const struct oc_node *list, const char *name)
{
    for (size_t i = 0; name && i < list->count; i++) {
        if (strcmp(name_of(list->children[i]), name) == 0) {
            return list->children[i];
        }
    }
    return NULL;
}

/* True when one comes back to `item` by following fallbacks. */
static bool is_circle(const struct oc_node *list, const struct oc_node *item)
{
    const struct oc_node *at = item;
    for (size_t i = 0; i <= list->count && at; i++) {
        at = named(list, text_of(at, "fallback"));
        if (at == item) {
            return true;
        }
    }
    return false;
}

void oc_failover_check(const struct oc_node *root, struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(root, "alerts.channels");
    for (size_t i = 0; list && list->type == OC_NODE_LIST && i < list->count; i++) {
        const struct oc_node *item = list->children[i];
        const char *fallback = text_of(item, "fallback");
        if (!fallback) {
            continue;
        }
        char *path = oc_asprintf("alerts.channels[%zu].fallback", i);
        const struct oc_node *at = oc_node_get(item, "fallback");
        if (!named(list, fallback)) {
            oc_diags_add(diags, false, at, path, "Name a channel of this list.",
                         "there is no channel named %s", fallback);
        } else if (is_circle(list, item)) {
            oc_diags_add(diags, false, at, path,
                         "The last channel of a chain has no fallback of its own.",
                         "the fallbacks of %s lead back to it", name_of(item));
        }
        free(path);
    }
}
