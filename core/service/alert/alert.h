/* The alert service: from what rules say to what people are told. SPDX-License-Identifier: MIT
 *
 * It hears rule.firing and rule.resolved on the bus, takes in what others post (ingest.h), keeps one alert per fingerprint, decides what
 * is worth telling (dedup, cooldown, silences, acknowledgements, repeats), asks the `route` policy
 * whom to tell, and makes every promised delivery, also across a crash: an outbox record is in the journal
 * before the first attempt. Alerts and the outbox live in the journal beside the store (keep.c), silences in the store; the rest is derived.
 * Who renders alerts reads them through view.h.
 *
 * Operations: alert.list show ack unack assign unassign escalate silence unsilence silences test history channels summary groups.
 * Events: alert.firing resolved acknowledged assigned notified failed storm
 * escalated failed_over digest, silence.created updated expired expiring.
 * [loop] */
#ifndef OC_SERVICE_ALERT_ALERT_H
#define OC_SERVICE_ALERT_ALERT_H

#include "core/config/config.h"
#include "core/service/env.h"

struct oc_alert_service;

/* The keys of an item of `alerts.channels` that are not its plugin's, NULL-terminated. The first is `plugin`. */
extern const char *const oc_channel_keys[];

/* Reads alerts and silences from the store and adds the operations. `env` is borrowed. */
struct oc_alert_service *oc_alert_create(const struct oc_env *env);

/* Takes `alerts` (less `alerts.rules`) and `host.name`. At the first call the outbox is read and
 * its deliveries begin. A channel whose configuration did not change keeps its instance and its
 * queue. A channel that cannot be used is disabled alone: findings go to `diags`, the reason is
 * kept for alert.channels. */
void oc_alert_configure(struct oc_alert_service *s, const struct oc_config *config,
                        struct oc_diags *diags);

/* What oc_alert_configure would find, without starting a channel: loads the channels' plugins and
 * checks their options too. For `config validate`. */
void oc_alert_check(const struct oc_env *env, const struct oc_config *config,
                    struct oc_diags *diags);
/* Sends nothing more, writes what is not yet written, and stops the channels: done(ctx) when their
 * instances are gone, at the latest after about `grace_ms`. Deliveries not yet made stay in the
 * outbox. */
void oc_alert_stop(struct oc_alert_service *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
/* The instance of a channel that answers for `plugin` (and `name`, unless NULL); NULL when there is none. */
struct oc_instance *oc_alert_find_instance(const struct oc_alert_service *s, const char *plugin,
                                           const char *name);
/* Every instance of a channel, with the section that it is of. */
void oc_alert_each(const struct oc_alert_service *s,
                   void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                   void *ctx);
/* Adds the option tables of alerts and alerts.channels to `sections` (core/daemon/sections.h), for the reference. */
void oc_alert_describe(json_t *sections);
/* After stop; the operations must not be called any more. NULL is fine. */
void oc_alert_destroy(struct oc_alert_service *s);

#endif
