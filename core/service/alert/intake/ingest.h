/* Alerts that come from outside: the Alertmanager's v2 document, straight into the table. SPDX-License-Identifier: MIT  [loop]
 *
 * A batch is a JSON array of {labels, annotations, startsAt, endsAt, generatorURL}. Each alert is judged alone: sound ones
 * are taken, the others are counted and the first of them are named, as Alertmanager does. An alert is its label set: its id
 * is FNV-1a over the sorted labels (fingerprint.h), and a post with the same labels continues the same alert:
 *
 *   endsAt missing or zero   it fires until `alerts.resolve_timeout` (5m) after the last post
 *   endsAt in the future     it fires until then, unless posted again
 *   endsAt past              it is resolved (an alert never seen before is then not taken in at all)
 *   startsAt missing         now; where two posts overlap, the earlier start and the later end hold
 *
 * Labels with an empty value are dropped; `alertname` names the rule, `severity` is info, warning or critical (error, page,
 * high, ... are mapped, anything else is a warning). From then on it is an alert like those of our own rules: cooldown, silences,
 * acknowledgement, repeats, `route` policy, outbox. */
#ifndef OC_SERVICE_ALERT_INGEST_H
#define OC_SERVICE_ALERT_INGEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_INGEST_BODY_MAX   (32u << 20) /* bytes of one batch */
#define OC_INGEST_ALERTS_MAX 100000      /* in one batch */
#define OC_INGEST_LABELS_MAX 64          /* of one alert; as many annotations */
#define OC_INGEST_NAME_MAX   512         /* bytes of a label's or annotation's name */
#define OC_INGEST_VALUE_MAX  4096        /* of a label's value */
#define OC_INGEST_TEXT_MAX   16384       /* of an annotation or the generatorURL */

struct oc_alert_service;

/* What kind of thing was wrong first, for those who answer in Alertmanager's words. */
enum oc_ingest_reason {
    OC_INGEST_INVALID,    /* an alert was understood and refused */
    OC_INGEST_MALFORMED,  /* the document, or a time in it, was not understood */
    OC_INGEST_INCOMPLETE, /* something required is missing: labels, or the document itself */
    OC_INGEST_NO_URI,     /* the generatorURL is none */
};

struct oc_ingest_result {
    /* OC_OK: every alert was taken and is on the disk. OC_E_CONFIG (400): some, or the whole document, were refused, and what
     * was sound is on the disk. OC_E_RETRY (503): it could not be written, or there is no room; what was taken is in memory
     * and people are told, and the sender is to post again. */
    int code;
    enum oc_ingest_reason reason; /* when something was refused */
    size_t taken, refused;
    struct oc_error
        error; /* the first refusals, "; " between them; code OC_OK when there is nothing to say */
};

typedef void (*oc_ingest_fn)(void *ctx, const struct oc_ingest_result *result);

/* Reads `body` (borrowed for the call alone) and takes in what is sound. done(ctx, result) runs once, later: when the batch is
 * durable (all batches of one turn of the loop share one fsync, which is made on a worker). Never from within this call. */
void oc_alert_ingest(struct oc_alert_service *s, const char *body, size_t len, oc_ingest_fn done,
                     void *ctx);

#endif
