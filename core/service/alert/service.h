/* The alert service's own state, shared by its files. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_SERVICE_H
#define OC_SERVICE_ALERT_SERVICE_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/service/alert/alert.h"
#include "core/service/alert/notice.h"
#include "core/service/alert/outbox.h"
#include "core/service/alert/silence.h"

#define OC_ALERTS_MAX 20000 /* kept at once; resolved ones make room first */

struct oc_alert_options {
    int64_t cooldown, repeat_interval, keep_resolved;
};

struct oc_alert_service {
    const struct oc_env *env;
    struct oc_alert_options options;
    struct oc_map alerts;         /* id -> struct oc_alert, owned */
    struct oc_map rule_cooldowns; /* rule -> int64_t ms, owned */
    struct oc_silences silences;
    struct oc_outbox outbox;
    struct oc_subscription *firing, *resolved;
    struct oc_timer *commit;  /* one round of oc_alert_commit; not started when ephemeral */
    int64_t commit_at;        /* wall ms, for what `commit` is set */
    OC_VEC(char *) forgotten; /* ids of alerts that the store still has */
    size_t stopping;          /* channels whose instances are not gone yet */
    oc_loop_fn stopped;
    void *stopped_ctx;
    bool configured, all_silences_changed, store_failing, full;
};

/* One round: what is due is decided and routed, written in one transaction, then told and sent. */
void oc_alert_commit(struct oc_alert_service *s);
/* A round in at most `delay_ms`; nothing when ephemeral. */
void oc_alert_wake(struct oc_alert_service *s, int64_t delay_ms);
/* After silences changed: every alert is looked at again. */
void oc_alert_silences_changed(struct oc_alert_service *s);

struct oc_alert *oc_alert_find(const struct oc_alert_service *s, const char *id);
/* `id` may be a prefix of one id only. NULL and err otherwise. */
struct oc_alert *oc_alert_find_prefix(const struct oc_alert_service *s, const char *id,
                                      struct oc_error *err);
/* Writes one alert durably now. */
int oc_alert_save(struct oc_alert_service *s, const struct oc_alert *a, struct oc_error *err);

void oc_alert_add_ops(struct oc_alert_service *s);
void oc_alert_add_silence_ops(struct oc_alert_service *s);
void oc_alert_add_channel_ops(struct oc_alert_service *s);

/* Channels of the configuration, made and unmade. */
void oc_alert_configure_channels(struct oc_alert_service *s, const struct oc_node *root,
                                 struct oc_diags *diags);

#endif
