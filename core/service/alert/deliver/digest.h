/* Storm digests: when there is too much to tell, it is told as a list. SPDX-License-Identifier: MIT  [loop]
 *
 * A channel is told `alerts.storm_limit` messages a minute one by one. Beyond, what is promised waits in its queue and is gathered into one notice: at most
 * OC_DIGEST_SOON later when something critical is among it, else `alerts.storm_interval` later. The notice counts by severity and category and by agent and lists every
 * alert, the critical ones first. A channel of incidents (`incidents` of the manifest) is told each alone: a digest would be an incident that nothing closes, and
 * the end of one that was told before must not be lost in a list. Its promise and the ends of those it stands for are in one frame of the journal: each alert is either told alone or is in
 * a digest. One digest lists some 1000 alerts; a greater storm is told in several. Notices themselves are neither counted nor gathered. The storm is over when a digest has gone and half of the limit is free. */
#ifndef OC_SERVICE_ALERT_DIGEST_H
#define OC_SERVICE_ALERT_DIGEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define OC_DIGEST_SOON INT64_C(10000) /* ms */
#define OC_DIGEST_MAX  1000           /* deliveries in one */

struct oc_channel;
struct oc_timer;

/* Of one channel. */
struct oc_digest {
    double tokens;  /* messages that may go alone now */
    int64_t filled; /* monotonic; when `tokens` was counted; 0: never */
    int64_t since;  /* monotonic; when gathering began */
    bool storm;
    struct oc_timer *timer;  /* NULL until the first storm */
    uint64_t sent, gathered; /* digests, and deliveries in them */
};

/* To be asked before the head of the queue is sent: true when it is to wait. May put a notice in front, or replace the queue by a digest. */
bool oc_digest_hold(struct oc_channel *ch);
/* With the channel. */
void oc_digest_finish(struct oc_digest *d);

/* ---- digest_text.c ---- */

/* `format` with each {{name}} replaced by the text or number `values` has of it, or by nothing; owned by the caller. */
char *oc_digest_fill(const char *format, const json_t *values);
/* What a digest of `items` ([{"id","severity","event","title","category","agent"}], sorted by oc_digest_sort) says; both owned by the caller. Title:
 * "12 critical alerts in service", or how many there are when there are several kinds. */
char *oc_digest_title(const json_t *items);
char *oc_digest_message(const json_t *items);
/* Firing before resolved, then the graver first; a new list, owned by the caller. */
json_t *oc_digest_sort(const json_t *items);

#define OC_DIGEST_BY_CATEGORY "{{count}} {{severity}} {{alerts}} in {{category}}"
#define OC_DIGEST_BY_AGENT    "{{count}} {{alerts}} for agent {{agent}}"

#endif
