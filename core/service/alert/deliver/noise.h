/* What keeps alerts from being missed, and people from being drowned in them. SPDX-License-Identifier: MIT  [loop]
 *
 * Escalation, notices about silences, the dead-man switch, alerts that must keep coming, storm digests and fail-over of channels share the round of the service:
 * whatever they promise is written in the same frame as what they remember about it, so each happens at most once and survives a crash. */
#ifndef OC_SERVICE_ALERT_NOISE_H
#define OC_SERVICE_ALERT_NOISE_H

#include "core/policy/ask.h"
#include "core/service/alert/deliver/deadman.h"
#include "core/service/alert/route/interval.h"
#include "core/service/alert/service.h"

struct oc_noise_post {
    const char *topic;
    json_t *data; /* owned */
};

struct oc_noise {
    struct oc_alert_service *service; /* borrowed */
    struct oc_intervals intervals;
    struct oc_question *escalate;
    struct oc_kept *channels;      /* what a policy sees of the configured channels */
    struct oc_escalate_memo *memo; /* escalate_ask.h; owned */
    bool escalate_failed;          /* and said */
    struct oc_escalation *planned; /* owned: the step that was planned last */
    struct oc_deadman deadman;
    struct oc_expects expects;
    OC_VEC(struct oc_noise_post) posts; /* events of this round */
};

struct oc_noise *oc_noise_create(struct oc_alert_service *s);
void oc_noise_destroy(struct oc_noise *n); /* NULL is fine */
void oc_noise_configure(struct oc_alert_service *s, const struct oc_node *root,
                        struct oc_diags *diags);
/* What oc_noise_configure would find. */
void oc_noise_check(const struct oc_node *root, struct oc_diags *diags);
void oc_noise_describe(json_t *sections);

/* What is due now; part of a round, before it is written. */
void oc_noise_round(struct oc_alert_service *s, int64_t now);
/* When there is something due again; INT64_MAX: never. */
int64_t oc_noise_next(const struct oc_alert_service *s, int64_t now);
/* An event, published at the end of the round; `data` is taken. */
void oc_noise_post(struct oc_alert_service *s, const char *topic, json_t *data);
void oc_noise_publish(struct oc_alert_service *s);

/* ---- notices: messages of the host itself, told like alerts ---- */

struct oc_notice_text {
    const char *id; /* what receivers deduplicate by */
    enum oc_alert_severity severity;
    const char *rule, *title, *message;
};
/* The alert that such a message looks like; owned by the caller. */
json_t *oc_notice_json(const struct oc_notice_text *text, int64_t now);
/* Promises it to the channels of these names; with none, to all whose levels admit its severity. Returns to how many. */
size_t oc_notice_send(struct oc_alert_service *s, const struct oc_notice_text *text,
                      const char *const *channels, size_t count, int64_t now);
/* Counts as told: the end of the alert is told this channel, too. */
void oc_noise_remember(struct oc_alert_service *s, struct oc_alert *a, const char *channel);

#endif
