/* Sending: one delivery of a channel after the other, with retries. SPDX-License-Identifier: MIT
 * [loop]
 *
 * RETRY and TIMEOUT are tried again after 1 s, 4 s, 16 s ... (and up to a quarter more, so that
 * many hosts do not come back as one), or after what the receiver asked for if that is longer. An
 * instance that takes no calls now (fenced, failed) costs no attempt: its deliveries wait. */
#ifndef OC_SERVICE_ALERT_SENDER_H
#define OC_SERVICE_ALERT_SENDER_H

#include "core/base/time.h"
#include "core/service/alert/deliver/outbox.h"

void oc_sender_pump(
    struct oc_channel *ch); /* sends the next delivery if there is one and none is under way */
void oc_sender_on_retry(void *channel);

/* Publishes alert.failed for a delivery. */
void oc_sender_report_failure(struct oc_outbox *o, const struct oc_delivery *d,
                              const struct oc_error *err);
/* The pause after `attempts` failed ones, without the random part. */
int64_t oc_sender_backoff(unsigned attempts);

#endif
