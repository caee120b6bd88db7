/* The dead-man switch: a sign of life every so often. SPDX-License-Identifier: MIT */
#include "deadman.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/config/bind.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/deliver/noise.h"

struct deadman_options {
    int64_t interval;
    struct oc_list channels;
};

static const struct oc_option options[] = {{.name = "interval",
                                            .type = OC_OPT_DURATION,
                                            .offset = offsetof(struct deadman_options, interval),
                                            .default_text = "5m",
                                            .min = 10000,
                                            .max = 86400000,
                                            .help = "time between two signs of life"},
                                           {.name = "channels",
                                            .type = OC_OPT_STRINGS,
                                            .flags = OC_OPT_REQUIRED,
                                            .offset = offsetof(struct deadman_options, channels),
                                            .help = "channels that receive them"},
                                           {0}};

json_t *oc_deadman_options_json(void)
{
    return oc_options_json(options, sizeof options[0]);
}

void oc_deadman_finish(struct oc_deadman *d)
{
    for (size_t i = 0; i < d->channels.count; i++) {
        free(d->channels.items[i]);
    }
    OC_VEC_FINISH(&d->channels);
    d->interval = 0;
}

static bool is_channel(const struct oc_node *root, const char *name)
{
    const struct oc_node *list = oc_node_get(root, "alerts.channels");
    if (!list || list->type != OC_NODE_LIST) {
        return strcmp(name, "console") == 0; /* the default */
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct oc_node *at = oc_node_get(list->children[i], "name");
        at = at ? at : oc_node_get(list->children[i], "plugin");
        if (at && at->type == OC_NODE_STRING && strcmp(at->string, name) == 0) {
            return true;
        }
    }
    return oc_node_get(root, "plugins") != NULL; /* a plugin of its own may be the channel */
}

void oc_deadman_configure(struct oc_deadman *d, const struct oc_node *root, struct oc_diags *diags)
{
    const struct oc_node *group = oc_node_get(root, "alerts.deadman");
    struct deadman_options o = {0};
    struct oc_arena arena = {0};
    oc_deadman_finish(d);
    if (group && oc_bind(options, sizeof options[0], group, "alerts.deadman", NULL, &o, sizeof o,
                         &arena, diags) == 0) {
        const char *const *names = o.channels.items;
        d->interval = o.interval;
        for (size_t i = 0; i < o.channels.count; i++) {
            if (!is_channel(root, names[i])) {
                oc_diags_add(diags, false, oc_node_get(group, "channels"),
                             "alerts.deadman.channels", "Name channels of alerts.channels.",
                             "there is no channel named %s", names[i]);
            }
            OC_VEC_PUSH(&d->channels, oc_strdup(names[i]));
        }
    }
    oc_arena_finish(&arena);
}

int64_t oc_deadman_next(const struct oc_deadman *d)
{
    if (d->interval <= 0 || d->channels.count == 0) {
        return INT64_MAX;
    }
    return d->sent_at ? d->sent_at + d->interval : 0;
}

/* One sign of life that could not be delivered yet is enough: they must not pile up. */
static bool waits(const struct oc_alert_service *s, const char *name)
{
    const struct oc_channel *ch = oc_failover_usable(&s->outbox, name);
    for (const struct oc_delivery *d = ch ? ch->queue.head : NULL; d; d = d->next) {
        if (strcmp(d->subject, "deadman") == 0) {
            return true;
        }
    }
    return false;
}

void oc_deadman_round(struct oc_alert_service *s, int64_t now)
{
    struct oc_deadman *d = &s->noise->deadman;
    char every[32];
    /* A clock that was set back must not silence it. */
    d->sent_at = d->sent_at > now ? 0 : d->sent_at;
    if (s->env->ephemeral || oc_deadman_next(d) > now) {
        return;
    }
    char *message = oc_asprintf("%s is alive and says so every %s",
                                oc_json_str(s->outbox.host, "name", "this host"),
                                oc_duration_human(d->interval, every, sizeof every));
    struct oc_notice_text text = {"deadman", OC_ALERT_INFO, "deadman", "sign of life", message};
    for (size_t i = 0; i < d->channels.count; i++) {
        const char *name = d->channels.items[i];
        if (!waits(s, name)) {
            oc_notice_send(s, &text, &name, 1, now);
        }
    }
    d->sent_at = now;
    free(message);
}
